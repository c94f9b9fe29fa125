"""The messages on the screen, drawn line by line."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from rich.segment import Segment
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui.ui.markdown.lines import width_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.filter import LineFilter

    from tui.ui.markdown.lines import Line
    from tui.ui.palette import Palette
    from tui.ui.widgets.message_content import MessageContent
    from tui.ui.widgets.selection import Selection

_LEFT = 2
_KEPT = 400
"""Lines of a message that stay drawn besides those on the screen; each takes some kilobytes."""
GUTTER = _LEFT + 1
"""Cells of a line that are not text: the bar of a prompt, and one on each side."""


class Look(NamedTuple):
    """All that decides how a line is drawn, but for what it says."""

    width: int
    palette: Palette
    filters: tuple[LineFilter, ...]
    """Textual's, for NO_COLOR."""


class Row:
    """A message in the transcript, and those of its lines that have been drawn."""

    def __init__(self, index: int, content: MessageContent) -> None:
        self.index = index
        self.content = content
        self.selection: Selection | None = None
        self.is_marked = False
        self._look: Look | None = None
        self._drawn: dict[int, tuple[Line, bool, Strip]] = {}

    def strips(self, first: int, count: int, look: Look) -> list[Strip]:
        """Some lines; a line that says what it said is the same strip as before."""
        if look != self._look:
            self._look = look
            self._drawn.clear()
        strips = []
        drawn = self._drawn
        last = self.content.height - 1
        for y, text in enumerate(self.content.lines(first, count), first):
            line = self.selection.show(self.index, y, text) if self.selection else text
            known = drawn.get(y)
            is_marked = self.is_marked and y < last
            if known is None or known[0] != line or known[1] is not is_marked:
                is_filled = self.content.is_prompt and y < last
                strip = _draw(line, look, is_filled=is_filled, is_marked=is_marked)
                known = drawn[y] = line, is_marked, strip
            strips.append(known[2])
        if len(drawn) > _KEPT + count:
            for y in [y for y in drawn if not first - _KEPT // 2 <= y < first + count + _KEPT // 2]:
                del drawn[y]
        return strips


class Piece(NamedTuple):
    """The part of a row that is on the screen."""

    row: Row
    first: int
    lines: int


class MessageView(Widget):
    """Shows pieces of messages one below the other, the last one at its bottom.

    One widget for all of them: whatever comes or is scrolled, nothing has to be laid out by
    Textual, and what it is asked to paint are the lines that are not what they were. They are drawn
    here, gutter included, and past Textual's cache of styled lines, which knows lines only by where
    they stand.
    """

    ALLOW_SELECT = False
    can_focus = False

    def __init__(self, palette: Callable[[], Palette]) -> None:
        super().__init__()
        self._palette = palette
        self._pieces: Sequence[Piece] = ()
        self._size = Size()
        self._look: Look | None = None
        self._blank = Strip.blank(0)
        self._strips: list[Strip] = []

    def show(self, pieces: Sequence[Piece], size: Size) -> list[Region]:
        """Show these; where anything changed by that."""
        self._pieces = pieces
        self._size = size
        before = self._strips
        self._draw()
        if len(before) != len(self._strips):
            return [size.region]
        changed = (old is not new for old, new in zip(before, self._strips, strict=True))
        regions = []
        for is_changed, run in groupby(enumerate(changed), key=lambda line: line[1]):
            if is_changed:
                ys = [y for y, _ in run]
                regions.append(Region(0, ys[0], size.width, len(ys)))
        return regions

    def render_line(self, y: int) -> Strip:
        """One line of it."""
        return self.render_lines(Region(0, y, self._size.width, 1))[0]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines that are asked for.

        Textual asks for all lines of all widgets whenever anything is painted anywhere.
        """
        if self._find_look() != self._look:
            self._draw()
        strips = self._strips[crop.y : crop.bottom]
        if crop.column_span != (0, self._size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def _find_look(self) -> Look:
        return Look(self._size.width, self._palette(), tuple(self.get_line_filters()))

    def _draw(self) -> None:
        look = self._find_look()
        if look != self._look:
            self._look = look
            self._blank = _draw([], look, is_filled=False)
        strips = [strip for row, y, count in self._pieces for strip in row.strips(y, count, look)]
        self._strips = [self._blank] * (self._size.height - len(strips)) + strips


def _draw(line: Line, look: Look, *, is_filled: bool, is_marked: bool = False) -> Strip:
    palette, width = look.palette, look.width
    blank = palette.style("prompt" if is_filled else "")
    bar = Segment("  ", blank)
    if is_filled or is_marked:
        name = f"{'prompt' if is_filled else 'reply'}-bar{' marked' if is_marked else ''}"
        bar = Segment("█ " if is_marked else "▌ ", palette.style(name))
    segments = [bar, *(Segment(span.text, palette.style(span.look)) for span in line if span.text)]
    used = width_of(line) + 2
    if used < width:
        segments.append(Segment(" " * (width - used), blank))
    strip = Strip(segments, max(used, width))
    if used > width:
        strip = strip.crop(0, width)
    for line_filter in look.filters:
        strip = strip.apply_filter(line_filter, palette.background)
    return strip
