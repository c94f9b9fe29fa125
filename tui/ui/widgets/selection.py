"""What is selected in the transcript: everything from one cell of its text to another.

Told by messages and their lines, not by widgets and rows of the screen, so that it may begin and
end far outside of what can be seen.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, split_graphemes

from tui.storage.words import places
from tui.ui.markdown.lines import Span, cut, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.ui.markdown.lines import Line
    from tui.ui.widgets.window import Window

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
        before, inside, after = cut(line or [Span(" ")], *cells)
        return [*before, *(span._replace(look=f"{span.look} selected") for span in inside), *after]

    def text(self, row: int, y: int, line: Line) -> str:
        """What of a line is in it, without what is only drawn around the text."""
        _, inside, _ = cut(line, *(self.cells(row, y) or (0, 0)))
        words = (span.text for span in inside if not _FURNITURE.intersection(span.look.split()))
        return "".join(words).rstrip()


class Selecting:
    """A selection in a window, and the ways to change it. With `keys` it has a cursor: its head."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self.selection: Selection | None = None
        self.keys = False

    def clear(self) -> None:
        """Select nothing."""
        self.selection = None
        self.keys = False

    def begin(self, spot: Spot) -> None:
        """Select one cell, to go on from there."""
        self.selection = Selection(spot, spot)

    def begin_by_keys(self) -> None:
        """Put the cursor where a selection ends, or else on the first text that can be seen."""
        if self.selection is None:
            for row in {piece.row.index for piece in self._window.pieces}:
                self._window.settle(row)
            self._window.fill()
            pieces = self._window.pieces
            spots = (
                Spot(p.row.index, y, 0) for p in pieces for y in range(p.first, p.first + p.lines)
            )
            first = next((spot for spot in spots if text_of(self.line(spot)).strip()), None)
            if first is None:
                return
            self.begin(first)
        self.keys = True

    def stretch(self, spot: Spot) -> None:
        """Let it end there instead."""
        if self.selection is not None:
            self.selection = self.selection._replace(head=spot)

    def take_word(self, spot: Spot) -> None:
        """Select a word."""
        first, last = word_at(self.line(spot), spot.x)
        self.selection = Selection(spot._replace(x=first), spot._replace(x=last))

    def take_line(self, spot: Spot) -> None:
        """Select a line."""
        self.selection = Selection(spot._replace(x=0), spot._replace(x=self._last_cell(spot)))

    def move(self, *, lines: int = 0, cells: int = 0) -> None:
        """Move the head by lines or by characters; at the end of a line to the next one."""
        if self.selection is None:
            return
        spot = self.selection.head
        for _ in range(abs(lines)):
            spot = self._next_line(spot, 1 if lines > 0 else -1)
        if cells:
            starts = [cell for cell, _, _ in _cells(text_of(self.line(spot)))]
            at = bisect_right(starts, spot.x) - 1 + cells
            if 0 <= at < len(starts):
                spot = spot._replace(x=starts[at])
            elif (other := self._next_line(spot, cells)) != spot:
                spot = other._replace(x=0 if cells > 0 else self._last_cell(other))
        self._go(spot)

    def to_line_end(self, *, start: bool) -> None:
        """Move the head to the start or to the end of its line."""
        if self.selection is not None:
            head = self.selection.head
            self._go(head._replace(x=0 if start else self._last_cell(head)))

    def to_end(self, *, start: bool) -> None:
        """Move the head to the start or to the end of everything."""
        if self.selection is not None:
            row = 0 if start else self._window.last
            self._window.settle(row)
            y = 0 if start else self._window.row(row).content.height - 1
            self._go(Spot(row, y, 0))

    def shift(self, rows: int) -> None:
        """So many messages have come before all others."""
        if self.selection is not None:
            anchor, head = (spot._replace(row=spot.row + rows) for spot in self.selection)
            self.selection = Selection(anchor, head)

    def find(self, row: int, query: str) -> bool:
        """Select the first place in a message where the query is; false if it cannot be seen."""
        self._window.settle(row)
        content = self._window.row(row).content
        starts: list[int] = []
        said = ""
        for y, line in enumerate(content.lines(0, content.height)):
            starts.append(len(said))
            said += text_of(line) + content.joint(y)
        found = places(said, query)
        if not found:
            return False
        self.selection = Selection(*(self._spot(row, at, starts, said) for at in _ends(found[0])))
        return True

    def _spot(self, row: int, at: int, starts: list[int], said: str) -> Spot:
        y = bisect_right(starts, at) - 1
        return Spot(row, y, cell_len(said[starts[y] : at]))

    def text(self) -> str:
        """What is selected, as plain text; only lines that the screen broke are whole again."""
        if self.selection is None:
            return ""
        first, last = self.selection.bounds
        pieces: list[str] = []
        for row in range(first.row, last.row + 1):
            content = self._window.row(row).content
            top = first.y if row == first.row else 0
            content.reveal_down(top, _TO_THE_END)
            bottom = last.y + 1 if row == last.row else content.height
            for y, line in enumerate(content.lines(top, bottom - top), top):
                pieces += self.selection.text(row, y, line), content.joint(y)
        return "".join(pieces[:-1]).strip("\n")

    def line(self, spot: Spot) -> Line:
        """The line of a spot."""
        content = self._window.row(spot.row).content
        content.reveal_down(spot.y, 1)
        return content.lines(spot.y, 1)[0]

    def _go(self, spot: Spot) -> None:
        self.stretch(spot)
        self._window.reveal(spot.row, spot.y)

    def _next_line(self, spot: Spot, step: int) -> Spot:
        row, y = spot.row, spot.y + step
        if y < 0 and not row:
            return spot
        if y < 0:
            self._window.settle(row - 1)
            return spot._replace(row=row - 1, y=self._window.row(row - 1).content.height - 1)
        self._window.settle(row)
        if y < self._window.row(row).content.height:
            return spot._replace(y=y)
        return spot._replace(row=row + 1, y=0) if row < self._window.last else spot

    def _last_cell(self, spot: Spot) -> int:
        return max(0, cell_len(text_of(self.line(spot)).rstrip()) - 1)


def _ends(place: tuple[int, int]) -> tuple[int, int]:
    """The first and the last character of a place."""
    first, end = place
    return first, end - 1


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
