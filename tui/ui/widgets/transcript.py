"""The messages of the open conversation; the reader owns the scroll."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from textual import on
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import DockArrangeResult, WidgetPlacement
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from tui.chat.events import ReplyStarted, TextDelta, ThinkingDelta
from tui.ui.keys import Place, bindings
from tui.ui.palette import Palette
from tui.ui.widgets.heights import Heights
from tui.ui.widgets.message_content import MessageContent
from tui.ui.widgets.message_view import GUTTER, MessageView, Row
from tui.ui.widgets.scroll_bar import ScrollBar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.geometry import Offset
    from textual.timer import Timer

    from tui.chat.conversation import Conversation
    from tui.chat.events import ReplyEvent
    from tui.chat.message import Message
    from tui.chat.reply import Reply
    from tui.ui.markdown.stack import Block

FRAME = 1 / 30
_KEPT = 64
"""Rows that are kept laid out, the nearest ones."""
_SAMPLE = 50
"""Messages from which the height of those is told that nobody has looked at."""


class Spot(NamedTuple):
    """Something in the transcript: a row, and a line and a cell of its text."""

    row: Row
    y: int
    x: int


class _Piece(NamedTuple):
    """The part of a row that is on the screen."""

    row: Row
    first: int
    lines: int


class Transcript(VerticalScroll):
    """Follows the stream until the reader scrolls up; `follow` takes it up again.

    The truth about where the reader is are a message and a line of it, the first on the screen.
    `scroll_y` is derived from it: heights are estimates where nobody has looked, and when one turns
    out to be wrong the number changes and not what is on the screen. So scrolling goes through the
    lines that are really there, however far, and only the scroll bar's handle can jump over them.

    Textual asks `arrange` where the views are whenever it lays out the screen. There, in the same
    pass, rows are laid out as far as they can be seen, and views are given to them. No widget is
    mounted for that, so there is never a hole.
    """

    BINDINGS = [*bindings(Place.TRANSCRIPT)]  # noqa: RUF012 - Textual's own way to declare them

    new_lines: reactive[int] = reactive(0, repaint=False)
    """Lines that have come below what the reader sees since the reader left the end."""

    def __init__(self) -> None:
        self._welcome = Static(classes="welcome")
        self._bar = ScrollBar()
        super().__init__(self._welcome, self._bar, id="transcript")
        self._conversation: Conversation | None = None
        self._messages: list[Message] = []
        self._reply: Reply | None = None
        self._alternative: tuple[int, int] | None = None
        self._rows: dict[int, Row] = {}
        self._heights = Heights()
        self._views: list[MessageView] = []
        self._pieces: list[_Piece] = []
        self._following = True
        self._top = (0, 0)  # the row and the line of it that are first on the screen
        self._size_now = Size()
        self._arranged_for = Size()
        self._width = 0  # of the text; 0 before it is known
        self._arranged: DockArrangeResult | None = None
        self._thinking_open = False
        self._variables: Mapping[str, str] = {}
        self._palette_now: Palette | None = None
        self._next_paint = 0.0
        self._frame: Timer | None = None
        self.rows_made = 0
        """How many messages have been looked at so closely that they had to be laid out."""

    # What is shown

    @property
    def welcome(self) -> Content:
        """What stands in a conversation in which nothing was said yet."""
        content = self._welcome.content
        return content if isinstance(content, Content) else Content()

    @welcome.setter
    def welcome(self, content: Content) -> None:
        self._welcome.update(content)

    async def show(
        self,
        conversation: Conversation,
        *,
        running: Reply | None = None,
        alternative: tuple[int, int] | None = None,
    ) -> None:
        """Show another conversation instead, or another branch of it; what is on both stays.

        `running` is a reply under way, which comes last, and `alternative` its number among how
        many.
        """
        messages = list(conversation.path())
        kept = 0
        if conversation is self._conversation:
            for old, new in zip(self._messages, messages, strict=False):
                if old is not new:
                    break
                kept += 1
        if not kept:
            self._heights = Heights()
        self._conversation = conversation
        self._reply = None
        for index in [index for index in self._rows if index >= kept]:
            del self._rows[index]
        self._heights.truncate(kept)
        self._messages = messages
        if running is not None:
            self._run(running, alternative)
        self._heights.count = len(self._messages)
        if not kept:
            self._estimate()
        self.follow()
        await self._provide_views()

    async def add(self, message: Message, reply: Reply, *, follow: bool) -> None:
        """Show a prompt and the reply to it at the end, and go there if `follow`."""
        before = self._heights.total
        self._messages.append(message)
        self._run(reply, None)
        self._heights.count = len(self._messages)
        if not before:
            self._estimate()
        if follow:
            self.follow()
        else:
            first = len(self._messages) - 2
            for index in (first, first + 1):
                self._measure(index)
            self._count_new(self._heights.total - self._heights.top(first))
        self._rearrange()
        await self._provide_views()

    def _run(self, reply: Reply, alternative: tuple[int, int] | None) -> None:
        self._messages.append(reply.message())
        self._reply = reply
        self._alternative = alternative
        self._next_paint = 0.0
        self._row(len(self._messages) - 1)

    def toggle_thinking(self) -> None:
        """Unfold or fold what the model thought, in all replies, those to come as well."""
        self._thinking_open = not self._thinking_open
        index, y = self._top
        top = self._row(index) if self._messages else None
        place = top.content.place(y) if top else None
        for row in self._rows.values():
            row.content.unfold_thinking(is_open=self._thinking_open)
        for view in self._views:
            view.refresh()
        if top and place:
            self._top = index, top.content.find(place)
        self._measure_rows()
        self._rearrange()

    def content_at(self, offset: Offset) -> Spot | None:
        """What is at a place of the screen."""
        for view in self._views:
            region = view.region
            if view.row is not None and view.display and region.contains_point(offset):
                x = offset.x - region.x - GUTTER + 1
                return Spot(view.row, view.first + offset.y - region.y, max(0, x))
        return None

    def block_at(self, offset: Offset) -> Block | None:
        """The block of text at a place of the screen."""
        spot = self.content_at(offset)
        return spot.row.content.block_at(spot.y) if spot else None

    # The stream

    def stream(self, event: ReplyEvent) -> None:
        """Paint what one event of the running reply brought, not later than in the next frame."""
        row = self._row(len(self._messages) - 1)
        row.content.show(event)
        match event:
            case TextDelta() | ThinkingDelta():
                self._paint_soon()
            case ReplyStarted():
                self._refresh_changed(row)

    def end(self, message: Message) -> None:
        """The running reply has ended as `message`."""
        index = len(self._messages) - 1
        self._row(index).content.end(message)
        self._messages[index] = message
        self._reply = None
        if self._frame is not None:
            self._frame.stop()
        self._paint()

    def _paint_soon(self) -> None:
        """Now, if the last frame is long enough ago. No timer runs in which nothing came."""
        if self._frame is not None:
            return
        wait = self._next_paint - monotonic()
        if wait > 0:
            self._frame = self.set_timer(wait, self._paint)
        else:
            self._paint()

    def _paint(self) -> None:
        self._frame = None
        began = monotonic()
        self._next_paint = began + FRAME
        index = len(self._messages) - 1
        row = self._row(index)
        height = row.content.height
        place = row.content.place(self._top[1]) if self._top[0] == index else None
        row.content.paint()
        # As far as it could be seen from the end: what is counted must be exact, too.
        row.content.reveal_up(row.content.height, self._size_now.height)
        if place is not None and not self._following:
            self._top = index, row.content.find(place)
        self._heights[index] = row.content.height
        grown = row.content.height - height
        if grown and not self._following:
            self._count_new(grown)
        if not grown or not self._following:
            self._refresh_changed(row)
        if grown:
            self._rearrange()
        self.call_after_refresh(self._painted, began)

    def _refresh_changed(self, row: Row) -> None:
        for view in self._views:
            if view.row is row:
                view.refresh_changed()

    def _painted(self, began: float) -> None:
        """Leave at least as much time to others as the frame took, however slow the machine."""
        now = monotonic()
        self._next_paint = max(began + FRAME, now + (now - began))

    def _count_new(self, lines: int) -> None:
        if not self._following:
            self.new_lines = max(0, self.new_lines + lines)

    # The reader

    @property
    def is_following(self) -> bool:
        """Whether the end is in view and stays so."""
        return self._following

    def follow(self) -> None:
        """Go to the end and stay there as it moves."""
        self._set_following(is_following=True)
        self._rearrange()

    def scroll_to(self, x: float | None = None, y: float | None = None, **_options: object) -> None:
        """Scroll at once, whatever is asked for: lines that fly past can not be read."""
        del x
        if y is not None:
            self.scroll_y = y

    def scroll_home(self, **_options: object) -> None:
        """Go to the first line of the first message."""
        if self._messages:
            self._top = (0, 0)
            self._scrolled()

    def scroll_end(self, **_options: object) -> None:
        """Go to the end, and follow."""
        self.follow()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Somebody has scrolled, by key, wheel, scroll bar or code; go through what is there."""
        super().watch_scroll_y(old_value, new_value)
        if not self._messages or not self._size_now:
            return
        by = round(new_value) - self._heights.top(self._top[0]) - self._top[1]
        if not by:
            return
        if abs(by) > 2 * self._size_now.height:
            index, y = self._heights.find(round(new_value))
            self._top = index, 0
            self._go_down(y)
        elif by > 0:
            self._go_down(by)
        else:
            self._go_up(-by)
        self._scrolled()

    def _scrolled(self) -> None:
        self._following = False
        self._fill()
        self._set_following(is_following=self._is_at_end())
        self._rearrange()

    def _set_following(self, *, is_following: bool) -> None:
        self._following = is_following
        if is_following:
            self.new_lines = 0

    def _is_at_end(self) -> bool:
        if not self._pieces:
            return True
        row, first, lines = self._pieces[-1]
        return row.index == len(self._messages) - 1 and first + lines >= row.content.height

    # Where the rows are

    def arrange(self, size: Size, optimal: bool = False) -> DockArrangeResult:  # noqa: ARG002 - Textual's signature
        """Where the views are; whatever has to be laid out for that is."""
        if self._arranged is None or size != self._arranged_for:
            # The bar has its column even when there is nothing to scroll: text must not jump.
            self._size_now = Size(max(1, size.width - 1), size.height)
            if self._messages:
                self._resize()
                self._fill()
                placements = self._place_views()
            else:
                placements = self._arrange_welcome()
            first = self._heights.top(self._top[0]) + self._top[1]
            self._bar.show(first, size.height, self._heights.total)
            placements.append(_fixed(Region(size.width - 1, 0, 1, size.height), self._bar))
            widgets = {placement.widget for placement in placements}
            self._arranged = DockArrangeResult(placements, widgets, NULL_SPACING)
            self._arranged_for = size
        return self._arranged

    def _rearrange(self) -> None:
        self._arranged = None
        self.refresh(layout=True, repaint=False)

    def _arrange_welcome(self) -> list[WidgetPlacement]:
        size = self._size_now
        gutter = self._welcome.styles.gutter
        width = max(1, size.width - gutter.width)
        height = gutter.height + self._welcome.get_content_height(size, size, width)
        region = Region(0, max(0, size.height - height), size.width, min(height, size.height))
        return [_fixed(region, self._welcome)]

    def _resize(self) -> None:
        """Keep the line that is first on the screen where it is; all others break elsewhere."""
        width = max(1, self._size_now.width - GUTTER)
        if width == self._width:
            return
        self._width = width
        index, y = self._top
        top = self._row(index)
        place = top.content.place(y)
        for row in self._rows.values():
            row.content.set_width(width)
        self._estimate()
        self._top = index, top.content.find(place)

    def _fill(self) -> None:
        """Lay out what is on the screen: what ends at the end, or begins where the reader is."""
        size = self._size_now
        if self._following:
            self._to_end()
        self._pieces = self._take(size.height)
        missing = size.height - sum(piece.lines for piece in self._pieces)
        if missing and self._top != (0, 0):
            self._to_end()
            self._pieces = self._take(size.height)
        self._let_go()
        self._set_scroll(self._heights.top(self._top[0]) + self._top[1])

    def _to_end(self) -> None:
        index = len(self._messages) - 1
        self._top = index, self._row(index).content.height
        self._go_up(self._size_now.height)

    def _take(self, count: int) -> list[_Piece]:
        """The next `count` lines from the top on, as far as there are any."""
        pieces = []
        index, first = self._top
        while count > 0 and index < len(self._messages):
            row = self._row(index)
            row.content.reveal_down(first, count)
            self._heights[index] = row.content.height
            if (here := min(count, row.content.height - first)) > 0:
                pieces.append(_Piece(row, first, here))
                count -= here
            index += 1
            first = 0
        return pieces

    def _go_down(self, count: int) -> None:
        """Move the top by so many lines."""
        index, y = self._top
        last = len(self._messages) - 1
        while True:
            content = self._row(index).content
            content.reveal_down(y, count)
            self._heights[index] = content.height
            if y + count < content.height or index == last:
                self._top = index, min(y + count, content.height - 1)
                break
            count -= content.height - y
            index, y = index + 1, 0

    def _go_up(self, count: int) -> None:
        index, y = self._top
        while True:
            content = self._row(index).content
            y += content.reveal_up(y, count)
            self._heights[index] = content.height
            if y >= count or index == 0:
                self._top = index, max(0, y - count)
                break
            count -= y
            index -= 1
            y = self._row(index).content.height

    def _set_scroll(self, y: int) -> None:
        """Say where the top is; this is not somebody who scrolls."""
        self.set_reactive(Widget.scroll_y, y)
        self.set_reactive(Widget.scroll_target_y, y)

    @on(ScrollBar.Moved)
    def _jump(self, event: ScrollBar.Moved) -> None:
        event.stop()
        self.scroll_y = event.top * self._heights.total

    @property
    def allow_vertical_scroll(self) -> bool:
        """Always; Textual would ask its own scroll bar."""
        return True

    @property
    def max_scroll_y(self) -> int:
        """The number of the line that is first on the screen when the last one is at its bottom."""
        return max(0, self._heights.total - self._size_now.height)

    # Rows and views

    def _row(self, index: int) -> Row:
        row = self._rows.get(index)
        if row is None:
            self.rows_made += 1
            row = self._rows[index] = Row(index, self._content(index))
        return row

    def _content(self, index: int) -> MessageContent:
        message = self._messages[index]
        reply = self._reply if index == len(self._messages) - 1 else None
        alternative = self._alternative if reply else self._number(message)
        content = MessageContent(
            message, alternative=alternative, reply=reply, thinking_open=self._thinking_open
        )
        content.set_width(self._width)
        return content

    def _number(self, message: Message) -> tuple[int, int] | None:
        """Which one a message is of how many, if there are several."""
        assert self._conversation is not None  # noqa: S101 - the message is one of it
        siblings: Sequence[str] = self._conversation.siblings(message.id)
        if len(siblings) == 1:
            return None
        return siblings.index(message.id) + 1, len(siblings)

    def _measure(self, index: int) -> None:
        content = self._row(index).content
        content.reveal_up(content.height, self._size_now.height)
        self._heights[index] = content.height

    def _measure_rows(self) -> None:
        for index, row in self._rows.items():
            self._heights[index] = row.content.height

    def _let_go(self) -> None:
        """Give up the rows that are far away; their heights stay known."""
        if len(self._rows) > 2 * _KEPT:
            middle = self._top[0]
            running = len(self._messages) - 1 if self._reply else -1
            nearest = sorted(self._rows, key=lambda index: abs(index - middle))
            for index in nearest[_KEPT:]:
                if index != running:
                    del self._rows[index]

    def _estimate(self) -> None:
        """Guess what nobody has looked at from a few messages: all of them would take too long."""
        count = len(self._messages)
        width = max(20, self._width)
        # Spread by the golden ratio: even steps would meet prompts only.
        indexes = (int(at * 0.618034 % 1 * count) for at in range(min(_SAMPLE, count)))
        sample = [self._messages[index].text for index in indexes]
        lines = sum(text.count("\n") + len(text) // width + 3 for text in sample)
        self._heights = Heights(count, max(2, round(lines / max(1, len(sample)))))
        self._measure_rows()

    async def _provide_views(self) -> None:
        """Mount as many as can be on the screen at once: no message has fewer than two lines."""
        height = self._size_now.height or self.app.size.height
        wanted = min(len(self._messages), height // 2 + 2)
        if wanted > len(self._views):
            views = [MessageView(self._palette) for _ in range(wanted - len(self._views))]
            self._views += views
            with self.app.batch_update():
                await self.mount_all(views)
                self._rearrange()

    async def on_resize(self) -> None:
        """A higher screen may show more messages."""
        await self._provide_views()

    def _place_views(self) -> list[WidgetPlacement]:
        """Give a view to each piece, the one that it had, if it had one."""
        taken = {view.row.serial: view for view in self._views if view.row is not None}
        kept = {piece.row.serial for piece in self._pieces}
        spare = [view for view in self._views if view.row is None or view.row.serial not in kept]
        placements = []
        # What does not fill the screen stands at its bottom.
        y = self._size_now.height - sum(piece.lines for piece in self._pieces)
        for row, first, lines in self._pieces:
            view = taken.get(row.serial) or (spare.pop() if spare else None)
            if view is None:
                break
            view.show(row, first, lines)
            region = Region(0, y, self._size_now.width, lines)
            # Textual paints what has another `order` than before even if it is in the same place.
            placements.append(_fixed(region, view, order=row.serial << 32 | first))
            y += lines
        for view in spare:
            view.row = None
        return placements

    def _palette(self) -> Palette:
        """The colours of the present theme."""
        variables = self.app.theme_variables
        if self._palette_now is None or variables is not self._variables:
            if self._palette_now is None or variables != self._variables:
                self._palette_now = Palette(variables)
            self._variables = variables
        return self._palette_now


def _fixed(region: Region, widget: Widget, order: int = 0) -> WidgetPlacement:
    """A place on the screen, wherever in the conversation that is."""
    return WidgetPlacement(region, NULL_OFFSET, NULL_SPACING, widget, order=order, fixed=True)
