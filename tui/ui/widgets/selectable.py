"""Text on the screen that can be selected, and the code and the links in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Offset
from textual.message import Message as UiMessage
from textual.reactive import reactive

from tui.ui.markdown.lines import cut
from tui.ui.widgets.selection import Selecting, Spot
from tui.ui.widgets.viewport import Viewport

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.events import Click, MouseDown, MouseMove, MouseUp
    from textual.geometry import Size
    from textual.layout import DockArrangeResult
    from textual.timer import Timer

    from tui.ui.markdown.stack import Block

_SCROLL = 1 / 30
"""Seconds between two steps while the mouse is held beyond the edge."""


class SelectableViewport(Viewport):
    """A viewport in which the mouse selects, and the keys by way of `select`."""

    class LinkClicked(UiMessage):
        """Somebody has pointed at a link."""

        def __init__(self, text: str, href: str) -> None:
            super().__init__()
            self.text = text
            self.href = href

    selected_lines: reactive[int] = reactive(0, repaint=False)
    """Lines that are selected, at least in part; -1 if in more than one message."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._pressed: Spot | None = None  # where the mouse went down
        self._beyond = 0  # lines that it is beyond the edge
        self._dragging: Timer | None = None

    def arrange(self, size: Size, optimal: bool = False) -> DockArrangeResult:
        """Where everything is; what was selected is gone when lines break elsewhere."""
        if size.width != self._arranged_for.width:
            self._let_go()
        return super().arrange(size, optimal)

    def select(self, change: Callable[[Selecting], None]) -> None:
        """Change what is selected, and show it."""
        change(self.selecting)
        selection = self.selecting.selection
        self.selected_lines = 0
        if selection is not None:
            first, last = selection.bounds
            self.selected_lines = last.y - first.y + 1 if first.row == last.row else -1
            self.window.pinned = (first.row, last.row)
        if self.selecting.keys:
            self._set_following(is_following=False)
        elif selection is None:
            self._set_following(is_following=self.is_following or self.window.is_at_end)
        self._show()

    def _let_go(self) -> None:
        """Select nothing, and forget that the mouse is down."""
        self.selecting.clear()
        self.selected_lines = 0
        self.window.pinned = ()
        self._end_drag()

    def on_mouse_release(self) -> None:
        """The mouse is somebody else's, a dialog's for instance: what it did here is over."""
        if self.app.mouse_captured is not self:
            self._end_drag()

    def _end_drag(self) -> None:
        self._pressed = None
        if self._dragging is not None:
            self._dragging.stop()
            self._dragging = None

    def on_mouse_down(self, event: MouseDown) -> None:
        """Begin to select; what was selected is let go."""
        if event.button != 1:
            return
        self._let_go()
        self._show()
        if (spot := self._settled_spot_at(event.screen_offset)) is not None:
            self._pressed = spot
            self.capture_mouse()

    def _settled_spot_at(self, offset: Offset) -> Spot | None:
        """A spot that will be the same text however far one goes from it."""
        for row in {piece.row.index for piece in self.window.pieces}:
            self.window.settle(row)
        self._show()
        return self.spot_at(offset)

    def on_mouse_move(self, event: MouseMove) -> None:
        """Select up to the mouse; beyond the edge, scroll."""
        if self._pressed is None:
            return
        area = self.content_region
        by = min(0, event.screen_y - area.y) + max(0, event.screen_y - area.bottom + 1)
        self._drag(by, event.screen_offset)
        if by and self._dragging is None:
            self._dragging = self.set_interval(_SCROLL, lambda: self._drag(self._beyond, None))
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
        spot = self._settled_spot_at(Offset(offset.x, y))
        if spot is None or self._pressed is None:
            return
        if self.selecting.selection is None:
            if spot == self._pressed:
                return
            self.selecting.begin(self._pressed)
        self.select(lambda selecting: selecting.stretch(spot))

    def on_mouse_up(self, event: MouseUp) -> None:
        """Be done; where nothing was selected a link says where it leads."""
        pressed = self._pressed
        self.release_mouse()
        self._end_drag()
        if pressed is None or self.selecting.selection is not None:
            return
        for span in cut(self.selecting.line(pressed), pressed.x, pressed.x + 1)[1]:
            if span.href:
                event.stop()
                self.post_message(self.LinkClicked(span.text, span.href))

    def on_click(self, event: Click) -> None:
        """Twice selects a word, three times a line."""
        if event.chain not in {2, 3}:
            return
        if (spot := self._settled_spot_at(event.screen_offset)) is not None:
            take = Selecting.take_word if event.chain == 2 else Selecting.take_line
            self.select(lambda selecting: take(selecting, spot))

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
