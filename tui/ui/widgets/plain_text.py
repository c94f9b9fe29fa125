"""Text that is shown as it was written, only broken where the screen ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui.ui.markdown.columns import expand_tabs, keep_columns
from tui.ui.markdown.lines import Span, text_of
from tui.ui.markdown.stack import Block, Stack
from tui.ui.markdown.wrap import joints, wrap

if TYPE_CHECKING:
    from tui.ui.markdown.lines import Line

_LONGEST = 4000
"""Characters of a line that are laid out together: what grows must not be laid out whole."""


class PlainLine(Block):
    """One line of a text, as many lines as it takes on the screen.

    `bar` stands before each of these; with one they are filled up to the right.
    """

    def __init__(self, text: str, look: str = "", bar: Span | None = None) -> None:
        self._text = text
        self._look = look
        self._bar = bar
        self._lines: list[Line] | None = None

    @property
    def height(self) -> int:
        """An estimate takes all characters for narrow ones."""
        if self._lines is not None:
            return len(self._lines)
        return max(1, -(-len(self._text) // max(1, self._room)))

    @property
    def is_laid_out(self) -> bool:
        """Whether `height` is exact."""
        return self._lines is not None

    @property
    def source(self) -> str:
        """The text itself."""
        return self._text

    @property
    def _room(self) -> int:
        return self.width - (cell_len(self._bar.text) if self._bar else 0)

    def set_width(self, width: int) -> None:
        """Be `width` cells wide from now on."""
        self.width = width
        self._lines = None

    def lay_out(self) -> None:
        """Break the text."""
        rows = wrap_plain(self._text, self._room)
        if self._bar is None:
            self._lines = [[Span(row, self._look)] for row in rows]
        else:
            fill = [row + " " * (self._room - cell_len(row)) for row in rows]
            self._lines = [[self._bar, Span(row, self._look)] for row in fill]

    def line(self, y: int) -> Line:
        """One line of it."""
        if self._lines is None:
            self.lay_out()
        assert self._lines is not None  # noqa: S101 - `lay_out` has just set it
        return self._lines[y]

    def joint(self, y: int) -> str:
        """What the text itself has between a line and the next one."""
        if self._bar or not self._lines:
            return "\n"
        return joints(keep_columns(expand_tabs(self._text, 0)), self._lines)[y]


class FixedLine(Block):
    """A line that is never broken; what is too long for the screen is cut off."""

    def __init__(self, line: Line) -> None:
        self._line = line

    @property
    def height(self) -> int:
        """One, always."""
        return 1

    @property
    def is_laid_out(self) -> bool:
        """There is nothing to lay out."""
        return True

    def set_width(self, width: int) -> None:
        """Change nothing but the number."""
        self.width = width

    def lay_out(self) -> None:
        """Do nothing."""

    def line(self, y: int) -> Line:  # noqa: ARG002 - there is only one
        """The line."""
        return self._line


class PlainText(Stack):
    """A text that may grow, a block a line. What grows is laid out alone, not all of it.

    Line ends at the very end are held back until there is something to stand below them.
    """

    def __init__(self, look: str = "") -> None:
        super().__init__()
        self._look = look
        self._held = 0

    def append(self, text: str) -> None:
        """More has come; it has been made visible."""
        body = text.rstrip("\n")
        if not body:
            self._held += len(text)
            return
        first, *rest = ("\n" * self._held + body).split("\n")
        self._held = len(text) - len(body)
        start = max(0, len(self.blocks) - 1)
        if self.blocks:
            first = self.blocks[-1].source + first
        self.replace(start, [block for line in (first, *rest) for block in self._blocks(line)])

    def close(self) -> None:
        """Nothing more comes."""

    def _blocks(self, line: str) -> list[PlainLine]:
        starts = range(0, max(1, len(line)), _LONGEST)
        return [PlainLine(line[start : start + _LONGEST], self._look) for start in starts]


def wrap_plain(text: str, width: int) -> list[str]:
    """Break a line between words; unlike running text it keeps its indentation."""
    width = max(1, width)
    text = keep_columns(expand_tabs(text, 0))
    words = text.lstrip(" ")
    indent = min(len(text) - len(words), width // 2)
    # Spaces that are none: `wrap` leaves no others at the beginning of a line.
    lines = wrap([Span("\xa0" * indent + words)], width)
    first, *others = map(text_of, lines)
    return [" " * indent + first[indent:], *others]
