"""A conversation on the screen: as many views as fit, wherever in it the reader is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import DockArrangeResult, WidgetPlacement
from textual.widget import Widget
from textual.widgets import Static

from tui.ui.palette import Palette
from tui.ui.widgets.message_view import GUTTER, MessageView
from tui.ui.widgets.scroll_bar import ScrollBar
from tui.ui.widgets.selection import Selecting, Spot
from tui.ui.widgets.window import Window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.geometry import Offset

    from tui.ui.widgets.message_content import MessageContent
    from tui.ui.widgets.message_view import Row


class Viewport(VerticalScroll):
    """Shows what its `window` says is on the screen, and moves it.

    Where the reader is, the window knows; `scroll_y` is only what Textual is told of it. Textual
    asks `arrange` where the views are whenever it lays out the screen. There, in the same pass,
    messages are laid out as far as they can be seen, and views are given to them. No widget is
    mounted for that, so there is never a hole.
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        self._welcome = Static(classes="welcome")
        self._bar = ScrollBar()
        super().__init__(self._welcome, self._bar, id=id)
        self.window = Window(self._content)
        self.selecting = Selecting(self.window)
        self._views: list[MessageView] = []
        self._arranged: DockArrangeResult | None = None
        self._arranged_for = Size()
        self._variables: Mapping[str, str] = {}
        self._palette_now: Palette | None = None

    def _content(self, index: int) -> MessageContent:
        """What a message shows."""
        raise NotImplementedError

    @property
    def welcome(self) -> Content:
        """What stands in a conversation in which nothing was said yet."""
        content = self._welcome.content
        return content if isinstance(content, Content) else Content()

    @welcome.setter
    def welcome(self, content: Content) -> None:
        self._welcome.update(content)

    @property
    def is_following(self) -> bool:
        """Whether the end is in view and stays so."""
        return self.window.is_following

    def spot_at(self, offset: Offset) -> Spot | None:
        """What is at a place of the screen."""
        for view in self._views:
            region = view.region
            if view.row is not None and view.display and region.contains_point(offset):
                x = offset.x - region.x - GUTTER + 1
                return Spot(view.row.index, view.first + offset.y - region.y, max(0, x))
        return None

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

    def arrange(self, size: Size, optimal: bool = False) -> DockArrangeResult:  # noqa: ARG002 - Textual's signature
        """Where the views are; whatever has to be laid out for that is."""
        if self._arranged is None or size != self._arranged_for:
            # The bar has its column even when there is nothing to scroll: text must not jump.
            window = self.window
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

    def _refresh_changed(self, row: Row) -> None:
        for view in self._views:
            if view.row is row:
                view.refresh_changed()

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
