"""Where in the conversation the reader is."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from rich.color import Color
    from textual.events import MouseDown, MouseMove, MouseUp

_EIGHTHS = " ▁▂▃▄▅▆▇"


class ScrollBar(Widget):
    """A bar that is drawn from three numbers, and asks to be scrolled by the mouse.

    Textual's own is painted again in a frame of its own whenever one line is added, however little
    of it changes.
    """

    ALLOW_SELECT = False
    can_focus = False

    class Moved(Message):
        """The reader has put the handle somewhere."""

        def __init__(self, top: float) -> None:
            super().__init__()
            self.top = top
            """Where its upper end is: 0 is the beginning of everything, 1 would be the end."""

    def __init__(self) -> None:
        super().__init__(classes="scroll-bar")
        self._top = 0
        self._bottom = 0
        self._grabbed_at: float | None = None
        self._look: tuple[object, ...] = ()
        self._strips: list[Strip] = []

    def show(self, first: int, shown: int, total: int) -> list[Region]:
        """Of `total` lines there are `shown` on the screen, from `first` on.

        Gives back where the handle's ends have moved; nothing else changes.
        """
        rows = shown  # its own height may not have been told it yet
        if total <= shown or not rows:
            top = bottom = 0
        else:
            top = min(first * rows * 8 // total, rows * 8 - 8)
            bottom = max(top + 8, -(-(first + shown) * rows * 8 // total))
        moved = [(self._top, top), (self._bottom, bottom)]
        self._top, self._bottom = top, bottom
        return [_rows(*sorted(edge)) for edge in moved if edge[0] != edge[1]]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The handle, to an eighth of a line. Asked for with every frame, and drawn if it moved."""
        styles = self.styles
        handle = styles.scrollbar_color
        if self._grabbed_at is not None:
            handle = styles.scrollbar_color_active
        elif self.mouse_hover:
            handle = styles.scrollbar_color_hover
        look = (self._top, self._bottom, self.outer_size, handle, styles.scrollbar_background)
        if look != self._look:
            self._look = look
            self._strips = self._draw(handle.rich_color, styles.scrollbar_background.rich_color)
        return self._strips[crop.y : crop.bottom]

    def _draw(self, handle: Color, track: Color) -> list[Strip]:
        width, height = self.outer_size
        on_track = Style(color=handle, bgcolor=track)
        on_handle = Style(color=track, bgcolor=handle)
        filters, background = self.get_line_filters(), self.background_colors[1]

        @cache
        def strip(text: str, style: Style) -> Strip:
            drawn = Strip([Segment(text * width, style)], width)
            for line_filter in filters:
                drawn = drawn.apply_filter(line_filter, background)
            return drawn

        strips = []
        for y in range(height):
            top, bottom = self._top - y * 8, self._bottom - y * 8
            if top >= 8 or bottom <= 0:
                strips.append(strip(" ", on_track))
            elif top > 0:
                strips.append(strip(_EIGHTHS[8 - top], on_track))
            elif bottom < 8:
                strips.append(strip(_EIGHTHS[8 - bottom], on_handle))
            else:
                strips.append(strip(" ", on_handle))
        return strips

    def on_mouse_down(self, event: MouseDown) -> None:
        """Take the handle; next to it, it comes to the mouse."""
        event.stop()
        if self._bottom:
            at = event.y * 8 - self._top
            is_on_it = -8 < at < self._bottom - self._top
            self._grabbed_at = at / 8 if is_on_it else (self._bottom - self._top) / 16
            self.capture_mouse()
            if not is_on_it:
                self._move_to(event.y)
            self.refresh()

    def on_mouse_move(self, event: MouseMove) -> None:
        """Move the handle, however far beside it the mouse is."""
        if self._grabbed_at is not None:
            event.stop()
            self._move_to(event.screen_y - self.region.y)

    def on_mouse_up(self, event: MouseUp) -> None:
        """Let go."""
        event.stop()
        self._grabbed_at = None
        self.release_mouse()

    def on_mouse_release(self) -> None:
        """The mouse is somebody else's, a dialog's for instance: let go, too."""
        if self.app.mouse_captured is not self:
            self._grabbed_at = None
        self.refresh()

    def _move_to(self, y: float) -> None:
        assert self._grabbed_at is not None  # noqa: S101 - both callers have looked
        self.post_message(self.Moved((y - self._grabbed_at) / max(1, self.outer_size.height)))


def _rows(top: int, bottom: int) -> Region:
    """Of the bar, from one eighth of a line to another."""
    return Region(0, top // 8, 1, -(-bottom // 8) - top // 8)
