"""What is selected in the transcript: everything from one cell of its text to another."""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import split_graphemes

from tui.ui.markdown.lines import cut, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.ui.markdown.lines import Line

_FURNITURE = {"pad", "wrap", "bar", "label"}
"""Looks of what is drawn around a text and does not belong to it."""
_TO_THE_END = 1 << 30


class Spot(NamedTuple):
    """A cell of the transcript: which message, which line of it, which cell of that."""

    row: int
    y: int
    x: int


class Selection(NamedTuple):
    """The text between two spots, both of them in it; either may come first."""

    anchor: Spot
    head: Spot

    @property
    def bounds(self) -> tuple[Spot, Spot]:
        """The spot that comes first, and the one that comes last."""
        first, last = sorted(self)
        return first, last

    def cells(self, row: int, y: int) -> tuple[int, int] | None:
        """The cells of a line that are in it, the second one not; `None` for no line of it."""
        first, last = self.bounds
        if not (first.row, first.y) <= (row, y) <= (last.row, last.y):
            return None
        start = first.x if (row, y) == (first.row, first.y) else 0
        stop = last.x + 1 if (row, y) == (last.row, last.y) else _TO_THE_END
        return start, stop

    def show(self, row: int, y: int, line: Line) -> Line:
        """A line as it looks with what is selected of it."""
        if (cells := self.cells(row, y)) is None:
            return line
        before, inside, after = cut(line, *cells)
        return [*before, *(span._replace(look=f"{span.look} selected") for span in inside), *after]

    def text(self, row: int, y: int, line: Line) -> str:
        """What of a line is in it, without what is only drawn around the text."""
        _, inside, _ = cut(line, *(self.cells(row, y) or (0, 0)))
        words = (span.text for span in inside if not _FURNITURE.intersection(span.look.split()))
        return "".join(words).rstrip()


def word_at(line: Line, x: int) -> tuple[int, int]:
    """The first and the last cell of the word at a cell; of the cell itself, if there is none."""
    text = text_of(line)
    cells = [(cell, text[begin:end]) for cell, begin, end in _cells(text)]
    at = bisect_right(cells, x, key=itemgetter(0)) - 1
    if at < 0 or not _is_word(cells[at][1]):
        return x, x
    first = last = at
    while first and _is_word(cells[first - 1][1]):
        first -= 1
    while last + 1 < len(cells) and _is_word(cells[last + 1][1]):
        last += 1
    return cells[first][0], cells[last][0]


def _cells(text: str) -> Iterator[tuple[int, int, int]]:
    cell = 0
    for begin, end, size in split_graphemes(text)[0]:
        yield cell, begin, end
        cell += size


def _is_word(character: str) -> bool:
    return character[0].isalnum() or character[0] in "_-./@"
