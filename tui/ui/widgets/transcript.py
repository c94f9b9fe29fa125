"""The messages of the open conversation; the reader owns the scroll."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from textual import on
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import NULL_OFFSET, NULL_SPACING, Offset, Region, Size
from textual.layout import DockArrangeResult, WidgetPlacement
from textual.message import Message as UiMessage
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from tui.chat.events import ReplyStarted, TextDelta, ThinkingDelta
from tui.ui.keys import Place, bindings
from tui.ui.markdown.lines import cut
from tui.ui.palette import Palette
from tui.ui.widgets.message_content import MessageContent
from tui.ui.widgets.message_view import GUTTER, MessageView
from tui.ui.widgets.scroll_bar import ScrollBar
from tui.ui.widgets.selection import Selecting, Spot
from tui.ui.widgets.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.events import Click, MouseDown, MouseMove, MouseUp
    from textual.timer import Timer

    from tui.chat.conversation import Conversation
    from tui.chat.events import ReplyEvent
    from tui.chat.message import Message
    from tui.chat.reply import Reply
    from tui.ui.markdown.stack import Block
    from tui.ui.widgets.message_view import Row

FRAME = 1 / 30


class Transcript(VerticalScroll):
    """Follows the stream until the reader scrolls up; `follow` takes it up again.

    Where the reader is, its `window` knows; `scroll_y` is only what Textual is told of it. Textual
    asks `arrange` where the views are whenever it lays out the screen. There, in the same pass,
    messages are laid out as far as they can be seen, and views are given to them. No widget is
    mounted for that, so there is never a hole.
    """

    BINDINGS = [*bindings(Place.TRANSCRIPT)]  # noqa: RUF012 - Textual's own way to declare them

    class LinkClicked(UiMessage):
        """Somebody has pointed at a link."""

        def __init__(self, text: str, href: str) -> None:
            super().__init__()
            self.text = text
            self.href = href

    selected_lines: reactive[int] = reactive(0, repaint=False)
    """Lines that are selected, at least in part; -1 if in more than one message."""
    new_lines: reactive[int] = reactive(0, repaint=False)
    """Lines that have come below what the reader sees since the reader left the end."""

    def __init__(self) -> None:
        self._welcome = Static(classes="welcome")
        self._bar = ScrollBar()
        super().__init__(self._welcome, self._bar, id="transcript")
        self._conversation: Conversation | None = None
        self.window = Window(self._content)
        self.selecting = Selecting(self.window)
        self._pressed: Spot | None = None  # where the mouse went down
        self._beyond = 0  # lines that it is beyond the edge
        self._dragging: Timer | None = None
        self._reply: Reply | None = None
        self._alternative: tuple[int, int] | None = None
        self._views: list[MessageView] = []
        self._arranged: DockArrangeResult | None = None
        self._arranged_for = Size()
        self._thinking_open = False
        self._variables: Mapping[str, str] = {}
        self._palette_now: Palette | None = None
        self._next_paint = 0.0
        self._frame: Timer | None = None

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
            for old, new in zip(self.window.messages, messages, strict=False):
                if old is not new:
                    break
                kept += 1
        self._conversation = conversation
        self._reply = running
        self._alternative = alternative
        if running is not None:
            messages.append(running.message())
        self._next_paint = 0.0
        self.selecting.clear()
        self.selected_lines = 0
        self.window.show(messages, kept)
        self.follow()
        await self._provide_views()

    async def add(self, message: Message, reply: Reply, *, follow: bool) -> None:
        """Show a prompt and the reply to it at the end, and go there if `follow`."""
        self._reply = reply
        self._alternative = None
        self._next_paint = 0.0
        lines = self.window.append(message, reply.message())
        if follow:
            self.follow()
        else:
            self._count_new(lines)
        self._rearrange()
        await self._provide_views()

    def toggle_thinking(self) -> None:
        """Unfold or fold what the model thought, in all replies, those to come as well."""
        is_open = self._thinking_open = not self._thinking_open
        self.select(Selecting.clear)
        self.window.change(lambda content: content.unfold_thinking(is_open=is_open))
        for view in self._views:
            view.refresh()
        self._rearrange()

    def spot_at(self, offset: Offset) -> Spot | None:
        """What is at a place of the screen."""
        for view in self._views:
            region = view.region
            if view.row is not None and view.display and region.contains_point(offset):
                x = offset.x - region.x - GUTTER + 1
                return Spot(view.row.index, view.first + offset.y - region.y, max(0, x))
        return None

    def block_at(self, spot: Spot) -> Block | None:
        """The block of text that a spot is in."""
        return self.window.row(spot.row).content.block_at(spot.y)

    def code_block(self) -> Block | None:
        """The code under the cursor or the mouse, else the last that is on the screen."""
        selection = self.selecting.selection
        spots = [selection.head] if selection else []
        if under_mouse := self.spot_at(self.app.mouse_position):
            spots.append(under_mouse)
        for row, first, lines in reversed(self.window.pieces):
            spots += [Spot(row.index, first + y, 0) for y in reversed(range(lines))]
        blocks = (self.block_at(spot) for spot in spots)
        return next((block for block in blocks if block is not None and block.is_code), None)

    def links(self) -> list[tuple[str, str]]:
        """The texts and addresses of the links that are on the screen, top to bottom."""
        links: dict[str, str] = {}
        for row, first, lines in self.window.pieces:
            for line in row.content.lines(first, lines):
                for span in line:
                    if span.href:
                        links.setdefault(span.href, span.text)
        return [(text, href) for href, text in links.items()]

    # Selecting

    def select(self, change: Callable[[Selecting], None]) -> None:
        """Change what is selected, and show it."""
        change(self.selecting)
        selection = self.selecting.selection
        self.selected_lines = 0
        if selection is not None:
            first, last = selection.bounds
            self.selected_lines = last.y - first.y + 1 if first.row == last.row else -1
        if self.selecting.keys:
            self.window.is_following = False
        for view in self._views:
            if view.row is not None:
                view.row.selection = selection
        self._rearrange()
        for view in self._views:
            view.refresh_changed()

    def on_mouse_down(self, event: MouseDown) -> None:
        """Begin to select; what was selected is let go."""
        spot = self.spot_at(event.screen_offset)
        self.select(Selecting.clear)
        if spot is not None and event.button == 1:
            self._pressed = spot
            self.capture_mouse()

    def on_mouse_move(self, event: MouseMove) -> None:
        """Select up to the mouse; beyond the edge, scroll."""
        if self._pressed is None:
            return
        area = self.content_region
        by = min(0, event.screen_y - area.y) + max(0, event.screen_y - area.bottom + 1)
        self._drag(by, event.screen_offset)
        if by and self._dragging is None:
            self._dragging = self.set_interval(FRAME, lambda: self._drag(self._beyond, None))
        elif not by and self._dragging is not None:
            self._dragging.stop()
            self._dragging = None

    def _drag(self, by: int, to: Offset | None) -> None:
        """Scroll by so many lines, and let the selection end where the mouse is."""
        self._beyond = by
        if by:
            self.scroll_y += by
        area = self.content_region
        offset = to or self.app.mouse_position
        y = min(max(offset.y, area.y), area.bottom - 1)
        spot = self.spot_at(Offset(offset.x, y))
        if spot is None or self._pressed is None:
            return
        if self.selecting.selection is None:
            if spot == self._pressed:
                return
            self.selecting.begin(self._pressed)
        self.select(lambda selecting: selecting.stretch(spot))

    def on_mouse_up(self, event: MouseUp) -> None:
        """Be done; where nothing was selected a link says where it leads."""
        self.release_mouse()
        if self._dragging is not None:
            self._dragging.stop()
            self._dragging = None
        pressed, self._pressed = self._pressed, None
        if pressed is None or self.selecting.selection is not None:
            return
        for span in cut(self.selecting.line(pressed), pressed.x, pressed.x + 1)[1]:
            if span.href:
                event.stop()
                self.post_message(self.LinkClicked(span.text, span.href))

    def on_click(self, event: Click) -> None:
        """Twice selects a word, three times a line."""
        spot = self.spot_at(event.screen_offset)
        if spot is not None and event.chain in {2, 3}:
            take = Selecting.take_word if event.chain == 2 else Selecting.take_line
            self.select(lambda selecting: take(selecting, spot))

    # The stream

    def stream(self, event: ReplyEvent) -> None:
        """Paint what one event of the running reply brought, not later than in the next frame."""
        row = self.window.row(self.window.last)
        row.content.show(event)
        match event:
            case TextDelta() | ThinkingDelta():
                self._paint_soon()
            case ReplyStarted():
                self._refresh_changed(row)

    def end(self, message: Message) -> None:
        """The running reply has ended as `message`."""
        self.window.row(self.window.last).content.end(message)
        self.window.messages[-1] = message
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
        window = self.window
        row = window.row(window.last)
        height = row.content.height
        window.change(MessageContent.paint, only=window.last)
        # As far as it could be seen from the end: what is counted must be exact, too.
        grown = window.measure(window.last) - height
        self._count_new(grown)
        if not grown or not self.is_following:
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
        if not self.is_following:
            self.new_lines = max(0, self.new_lines + lines)

    # The reader

    @property
    def is_following(self) -> bool:
        """Whether the end is in view and stays so."""
        return self.window.is_following

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
        if self.window.messages:
            self.window.go_to(0, 0)
            self._scrolled()

    def scroll_end(self, **_options: object) -> None:
        """Go to the end, and follow."""
        self.follow()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Somebody has scrolled, by key, wheel, scroll bar or code; go through what is there."""
        super().watch_scroll_y(old_value, new_value)
        window = self.window
        by = round(new_value) - window.first
        if not window.messages or not window.size or not by:
            return
        if abs(by) > 2 * window.size.height:
            window.jump(round(new_value))
        else:
            window.move(by)
        self._scrolled()

    def _scrolled(self) -> None:
        self.window.is_following = False
        self.window.fill()
        self._set_following(is_following=self.window.is_at_end)
        self._rearrange()

    def _set_following(self, *, is_following: bool) -> None:
        self.window.is_following = is_following
        if is_following:
            self.new_lines = 0

    # Where the views are

    def arrange(self, size: Size, optimal: bool = False) -> DockArrangeResult:  # noqa: ARG002 - Textual's signature
        """Where the views are; whatever has to be laid out for that is."""
        if self._arranged is None or size != self._arranged_for:
            # The bar has its column even when there is nothing to scroll: text must not jump.
            window = self.window
            if size.width != self._arranged_for.width:
                self.selecting.clear()  # its lines are others now
                self.selected_lines = 0
            window.resize(Size(max(1, size.width - 1), size.height))
            if window.messages:
                window.fill()
                self._set_scroll(window.first)
                placements = self._place_views()
            else:
                placements = self._arrange_welcome()
            self._bar.show(window.first, size.height, window.total)
            placements.append(_fixed(Region(size.width - 1, 0, 1, size.height), self._bar))
            widgets = {placement.widget for placement in placements}
            self._arranged = DockArrangeResult(placements, widgets, NULL_SPACING)
            self._arranged_for = size
        return self._arranged

    def _rearrange(self) -> None:
        self._arranged = None
        self.refresh(layout=True, repaint=False)

    def _arrange_welcome(self) -> list[WidgetPlacement]:
        size = self.window.size
        gutter = self._welcome.styles.gutter
        width = max(1, size.width - gutter.width)
        height = gutter.height + self._welcome.get_content_height(size, size, width)
        region = Region(0, max(0, size.height - height), size.width, min(height, size.height))
        return [_fixed(region, self._welcome)]

    def _set_scroll(self, y: int) -> None:
        """Say where the top is; this is not somebody who scrolls."""
        self.set_reactive(Widget.scroll_y, y)
        self.set_reactive(Widget.scroll_target_y, y)

    @on(ScrollBar.Moved)
    def _jump(self, event: ScrollBar.Moved) -> None:
        event.stop()
        self.scroll_y = event.top * self.window.total

    @property
    def allow_vertical_scroll(self) -> bool:
        """Always; Textual would ask its own scroll bar."""
        return True

    @property
    def max_scroll_y(self) -> int:
        """The number of the line that is first on the screen when the last one is at its bottom."""
        return max(0, self.window.total - self.window.size.height)

    # Messages and views

    def _content(self, index: int) -> MessageContent:
        message = self.window.messages[index]
        reply = self._reply if index == self.window.last else None
        return MessageContent(
            message,
            alternative=self._alternative if reply else self._number(message),
            reply=reply,
            thinking_open=self._thinking_open,
        )

    def _number(self, message: Message) -> tuple[int, int] | None:
        """Which one a message is of how many, if there are several."""
        assert self._conversation is not None  # noqa: S101 - the message is one of it
        siblings: Sequence[str] = self._conversation.siblings(message.id)
        if len(siblings) == 1:
            return None
        return siblings.index(message.id) + 1, len(siblings)

    async def _provide_views(self) -> None:
        """Mount as many as can be on the screen at once: no message has fewer than two lines."""
        height = self.window.size.height or self.app.size.height
        wanted = min(len(self.window.messages), height // 2 + 2)
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
        kept = {piece.row.serial for piece in self.window.pieces}
        spare = [view for view in self._views if view.row is None or view.row.serial not in kept]
        placements = []
        # What does not fill the screen stands at its bottom.
        y = self.window.size.height - sum(piece.lines for piece in self.window.pieces)
        for row, first, lines in self.window.pieces:
            view = taken.get(row.serial) or (spare.pop() if spare else None)
            if view is None:
                break
            row.selection = self.selecting.selection
            view.show(row, first, lines)
            region = Region(0, y, self.window.size.width, lines)
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
