"""Code on a background of its own, one screen line for what fits, some for what does not."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.cells import cell_len, get_character_cell_size

from tui.ui.markdown.columns import expand_tabs, keep_columns
from tui.ui.markdown.highlight import Highlighter, language_of
from tui.ui.markdown.lines import Span, width_of
from tui.ui.markdown.stack import Block

if TYPE_CHECKING:
    from tui.ui.markdown.lines import Line

_MARK = "↪ "
"""In front of what did not fit into the line above."""
_TOO_NARROW = 8
"""Cells below which there is room for neither padding nor marks."""


class Code(Block):
    """A fence, indented code, or with `plain` other source text, without background and label.

    The height needs no more than the lengths of the lines; what they look like is found out
    segment by segment as they are asked for.
    """

    def __init__(
        self, lines: list[str], info: str = "", look: str = "fence", *, plain: bool = False
    ) -> None:
        self._look = look
        self._is_plain = plain
        self._highlighter = Highlighter("" if plain else language_of(info), look)
        self._bottoms: list[int] = []  # of the lines that were measured, below the label
        self._row = -1  # the line that was last cut into rows, and these
        self._rows: list[Line] = []
        self.replace(0, lines)

    @property
    def source(self) -> str:
        """The code as it was given."""
        return "\n".join(self._highlighter.lines)

    @property
    def is_code(self) -> bool:
        """Whether it is code, and not merely shown as it stands."""
        return not self._is_plain

    @property
    def height(self) -> int:
        """In lines, as if each fitted for those that have not been measured."""
        bottoms = self._bottoms
        measured = bottoms[-1] if bottoms else 0
        return self._label + measured + len(self._highlighter.lines) - len(bottoms)

    @property
    def is_laid_out(self) -> bool:
        """Whether all lines have been measured at this width."""
        return len(self._bottoms) == len(self._highlighter.lines)

    def replace(self, start: int, lines: list[str]) -> None:
        """Put `lines` in the place of all from `start` on."""
        self._highlighter.replace(start, lines)
        del self._bottoms[start:]
        self._row = -1

    def close(self) -> None:
        """Nothing more comes: what was coloured as it came is coloured for good."""
        self._highlighter.settle()
        self._row = -1

    def set_width(self, width: int) -> None:
        """Be `width` cells wide; colours stay."""
        if width != self.width:
            self.width = width
            self._bottoms.clear()
            self._row = -1

    def lay_out(self) -> None:
        """Measure the lines that have not been."""
        bottoms = self._bottoms
        bottom = bottoms[-1] if bottoms else 0
        lines = self._highlighter.lines
        for index in range(len(bottoms), len(lines)):
            bottom += self._measure(lines[index])
            bottoms.append(bottom)

    def line(self, y: int) -> Line:
        """One line of it, filled up to the width."""
        if y < self._label:
            label = _fitting(self._highlighter.language, self._inner)
            return self._padded([Span(label, f"{self._look} label")])
        y -= self._label
        index = bisect_right(self._bottoms, y)
        if index != self._row:
            self._rows = self._cut(index)
            self._row = index
        return self._padded(self._rows[y - (self._bottoms[index - 1] if index else 0)])

    def joint(self, y: int) -> str:
        """Nothing, where a line of code goes on in the next row."""
        y -= self._label
        return "\n" if y < 0 or self._bottoms[bisect_right(self._bottoms, y)] == y + 1 else ""

    @property
    def _label(self) -> int:
        return 1 if self._highlighter.language else 0

    @property
    def _padding(self) -> int:
        return 0 if self._is_plain or self.width < _TOO_NARROW else 1

    @property
    def _inner(self) -> int:
        return max(1, self.width - 2 * self._padding)

    @property
    def _indent(self) -> int:
        return 0 if self.width < _TOO_NARROW else len(_MARK)

    def _measure(self, line: str) -> int:
        width = self._inner
        # Most lines are short and plain; nothing else is as cheap to find out about them.
        if line.isascii() and "\t" not in line:
            length = len(line)
            if length <= width:
                return 1
            return 1 - (width - length) // (width - self._indent)
        return len(_breaks(_shown(line), width, width - self._indent)) - 1

    def _cut(self, index: int) -> list[Line]:
        """The rows of one line of code."""
        line = self._highlighter.line(index)
        width = self._inner
        text = _shown(self._highlighter.lines[index])
        if text.isascii() and len(text) <= width:
            return [line]
        rows = _slices(line, _breaks(text, width, width - self._indent))
        if self._indent:
            mark = Span(_MARK, f"{self._look} wrap")
            rows[1:] = [[mark, *row] for row in rows[1:]]
        return rows

    def _padded(self, line: Line) -> Line:
        if self._is_plain:
            return line
        left = " " * self._padding
        right = " " * max(0, self.width - self._padding - width_of(line))
        padded = [Span(left, f"{self._look} pad"), *line, Span(right, f"{self._look} pad")]
        return [span for span in padded if span.text]


def _shown(line: str) -> str:
    return expand_tabs(keep_columns(line), 0)


def _fitting(text: str, width: int) -> str:
    return text if cell_len(text) <= width else text[: width // 2]


def _breaks(text: str, first: int, others: int) -> list[int]:
    """Where the rows of a text begin, and where the last one ends.

    What takes no cells stays with what it follows.
    """
    length = len(text)
    if text.isascii():
        return [0, *range(first, length, others), max(length, 0)] if length else [0, 0]
    breaks = [0]
    left = first
    for at, character in enumerate(text):
        size = get_character_cell_size(character)
        if size > left and at > breaks[-1]:
            breaks.append(at)
            left = others
        left -= size
    breaks.append(length)
    return breaks


def _slices(line: Line, breaks: list[int]) -> list[Line]:
    """The pieces of a line between these offsets."""
    rows: list[Line] = []
    spans = iter(line)
    text, look, href = next(spans, Span(""))
    for start, end in pairwise(breaks):
        row: Line = []
        wanted = end - start
        while wanted:
            if not text:
                text, look, href = next(spans)
            row.append(Span(text[:wanted], look, href))
            wanted -= len(row[-1].text)
            text = text[len(row[-1].text) :]
        rows.append(row)
    return rows
