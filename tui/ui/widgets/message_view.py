"""The part of one message that is on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.ui.markdown.lines import width_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.ui.markdown.lines import Line
    from tui.ui.palette import Palette
    from tui.ui.widgets.message_content import MessageContent
    from tui.ui.widgets.selection import Selection

_LEFT = 2
GUTTER = _LEFT + 1
"""Cells of a line that are not text: the bar of a prompt, and one on each side."""


class Row:
    """A message in the transcript, and those of its lines that have been drawn."""

    _serials = 0

    def __init__(self, index: int, content: MessageContent) -> None:
        self.index = index
        self.content = content
        Row._serials += 1
        self.serial = Row._serials
        """No other row ever has it."""
        self.selection: Selection | None = None
        self._palette: Palette | None = None
        self._width = 0
        self._drawn: dict[int, tuple[Line, Strip]] = {}

    def strips(self, first: int, count: int, width: int, palette: Palette) -> list[Strip]:
        """Some lines, `width` cells wide; those are drawn anew that have changed."""
        if palette is not self._palette or width != self._width:
            self._palette, self._width = palette, width
            self._drawn.clear()
        strips = []
        last = self.content.height - 1
        for y, text in enumerate(self.content.lines(first, count), first):
            line = self.selection.show(self.index, y, text) if self.selection else text
            drawn = self._drawn.get(y)
            if drawn is None or drawn[0] != line:
                is_filled = self.content.is_prompt and y < last
                drawn = self._drawn[y] = line, _draw(line, width, palette, is_filled=is_filled)
            strips.append(drawn[1])
        return strips


class MessageView(Widget):
    """A window on one row: the lines that are on the screen, and no others.

    There are as many views as a screen can need, and each shows one message after the other: which
    one, the transcript says. It draws its lines itself, gutter included, and past Textual's cache
    of styled lines, which knows lines only by where they stand.
    """

    ALLOW_SELECT = False
    can_focus = False

    def __init__(self, palette: Callable[[], Palette]) -> None:
        super().__init__()
        self.row: Row | None = None
        self.first = 0
        """The row's line that is this view's first."""
        self._count = 0
        self._palette = palette
        self._strips: list[Strip] = []
        self._drawn_with: Palette | None = None

    def show(self, row: Row, first: int, count: int) -> None:
        """Show `count` lines of a row from its line `first` on."""
        self.row = row
        self.first = first
        self._count = count
        self._drawn_with = None

    def refresh_changed(self) -> None:
        """Paint the lines that are not any more what was drawn."""
        before = self._strips
        self._drawn_with = None
        for y, (old, new) in enumerate(zip(before, self._draw(), strict=False)):
            if old is not new:
                self.refresh(Region(0, y, self.outer_size.width, 1))

    def render_line(self, y: int) -> Strip:
        """One line of it."""
        return self._draw()[y]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines that are asked for.

        Textual asks for all lines of all widgets whenever anything is painted anywhere.
        """
        strips = self._draw()[crop.y : crop.bottom]
        if crop.column_span != (0, self.outer_size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def _draw(self) -> list[Strip]:
        palette = self._palette()
        if self.row is not None and palette is not self._drawn_with:
            self._drawn_with = palette
            strips = self.row.strips(self.first, self._count, self.outer_size.width, palette)
            for line_filter in self.get_line_filters():  # for NO_COLOR
                background = self.background_colors[1]
                strips = [strip.apply_filter(line_filter, background) for strip in strips]
            self._strips = strips
        return self._strips


def _draw(line: Line, width: int, palette: Palette, *, is_filled: bool) -> Strip:
    base = "prompt" if is_filled else ""
    blank = palette.style(base)
    bar = Segment("▌ ", palette.style("prompt-bar")) if is_filled else Segment("  ", blank)
    segments = [bar, *(Segment(span.text, palette.style(span.look)) for span in line if span.text)]
    used = width_of(line) + 2
    if used < width:
        segments.append(Segment(" " * (width - used), blank))
    strip = Strip(segments, max(used, width))
    return strip if used <= width else strip.crop(0, width)
