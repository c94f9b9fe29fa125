"""A conversation on the screen, wherever in it the reader is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import VerticalScroll
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import DockArrangeResult, WidgetPlacement
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from tui.ui.palette import Palette
from tui.ui.widgets.message_view import GUTTER, MessageView
from tui.ui.widgets.scroll_bar import ScrollBar
from tui.ui.widgets.selection import Selecting, Spot
from tui.ui.widgets.window import Window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.content import Content
    from textual.geometry import Offset

    from tui.ui.widgets.message_content import MessageContent
    from tui.ui.widgets.painting import Frame


class Viewport(VerticalScroll):
    """Shows what its `window` says is on the screen, and moves it.

    Where the reader is, the window knows; `scroll_y` is only what Textual is told of it. Textual
    lays out three widgets that never move; what they show, `_show` brings up to date.
    """

    marked: reactive[int | None] = reactive(None, repaint=False)
    """The message that is singled out, to do something with it."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        self._welcome = Static(classes="welcome")
        self._view = MessageView(self._palette)
        self._bar = ScrollBar()
        super().__init__(self._welcome, self._view, self._bar, id=id)
        self.window = Window(self._content)
        self.selecting = Selecting(self.window)
        self._arranged: DockArrangeResult | None = None
        self._arranged_for = Size()
        self._variables: Mapping[str, str] = {}
        self._palette_now: Palette | None = None

    def _content(self, index: int) -> MessageContent:
        """What a message shows."""
        raise NotImplementedError

    def show_welcome(self, content: Content) -> None:
        """Say what stands in a conversation in which nothing was said yet."""
        self._welcome.update(content)
        if not self.window.messages:  # it may have become longer
            self._arranged = None
            self.refresh(layout=True, repaint=False)

    @property
    def is_following(self) -> bool:
        """Whether the end is in view and stays so."""
        return self.window.is_following

    def spot_at(self, offset: Offset) -> Spot | None:
        """What is at a place of the screen."""
        region = self._view.region
        if not self.window.messages or not region.contains_point(offset):
            return None
        bottom = region.bottom
        for row, first, lines in reversed(self.window.pieces):
            bottom -= lines
            if offset.y >= bottom:
                x = offset.x - region.x - GUTTER + 1
                return Spot(row.index, first + offset.y - bottom, max(0, x))
        return None

    def follow(self) -> None:
        """Go to the end and stay there as it moves."""
        self._set_following(is_following=True)
        self._show()

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
        self._show()

    def _set_following(self, *, is_following: bool) -> None:
        self.window.is_following = is_following

    def arrange(self, size: Size, optimal: bool = False) -> DockArrangeResult:  # noqa: ARG002 - Textual's signature
        """Where everything is; whatever has to be laid out for that is."""
        if self._arranged is None or size != self._arranged_for:
            self._arranged_for = size
            # The bar has its column even when there is nothing to scroll: text must not jump.
            room = Size(max(1, size.width - 1), size.height)
            self.window.resize(room)
            self._look()  # all of it is painted anyway
            placement = _fixed(room.region, self._view)
            if not self.window.messages:
                placement = self._place_welcome()
            bar = _fixed(Region(size.width - 1, 0, 1, size.height), self._bar)
            widgets = {placement.widget, self._bar}
            self._arranged = DockArrangeResult([placement, bar], widgets, NULL_SPACING)
        return self._arranged

    def _show(self) -> None:
        """Something may be elsewhere, or say something else: have painted what does."""
        if not self.window.size:
            return
        has_welcome = self._arranged is not None and self._welcome in self._arranged.widgets
        if has_welcome is bool(self.window.messages):
            self._arranged = None
            self.refresh(layout=True, repaint=False)
            return
        for widget, regions in self._look().items():
            if regions:
                widget.refresh(*regions)

    def _look(self) -> Frame:
        """Tell the view and the bar what they show now; where they are different by that."""
        window = self.window
        if window.messages:
            window.fill()
            self._set_scroll(window.first)
        for piece in window.pieces:
            piece.row.selection = self.selecting.selection
            piece.row.is_marked = piece.row.index == self.marked
        return {
            self._view: self._view.show(window.pieces, window.size),
            self._bar: self._bar.show(window.first, window.size.height, window.total),
        }

    def _place_welcome(self) -> WidgetPlacement:
        size = self.window.size
        gutter = self._welcome.styles.gutter
        width = max(1, size.width - gutter.width)
        height = gutter.height + self._welcome.get_content_height(size, size, width)
        region = Region(0, max(0, size.height - height), size.width, min(height, size.height))
        return _fixed(region, self._welcome)

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

    def _palette(self) -> Palette:
        """The colours of the present theme."""
        variables = self.app.theme_variables
        if self._palette_now is None or variables is not self._variables:
            if self._palette_now is None or variables != self._variables:
                self._palette_now = Palette(variables)
            self._variables = variables
        return self._palette_now


def _fixed(region: Region, widget: Widget) -> WidgetPlacement:
    """A place on the screen, wherever in the conversation that is."""
    return WidgetPlacement(region, NULL_OFFSET, NULL_SPACING, widget, fixed=True)
