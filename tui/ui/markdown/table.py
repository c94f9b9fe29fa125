"""Tables that grow row by row and never lay out again what stands above.

The first rows decide the widths of the columns (`_FIRST`). From then on a column only ever gets
wider, for a later cell that needs it, out of what the table leaves free of its width; and in a
table that leaves nothing free, a column of numbers has a little set aside. So a cell is broken into
lines only when nothing is left to widen its column with, the heights above stay as they are, and
each row's widths depend on nothing but the rows before it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from tui.chat.hygiene import make_visible
from tui.ui.markdown.columns import keep_columns
from tui.ui.markdown.inline import spans
from tui.ui.markdown.lines import Span, text_of, width_of
from tui.ui.markdown.parser import parse_inline
from tui.ui.markdown.stack import Block
from tui.ui.markdown.wrap import wrap

if TYPE_CHECKING:
    from tui.ui.markdown.lines import Line
    from tui.ui.markdown.parser import References

_FIRST = 50
"""Rows that decide the widths, the header not counted."""
_SPARE_DIGITS = 3
"""Cells set aside for a column of numbers: from 9 to 1000 and more."""
_NARROWEST = 4
"""Cells below which a column is no use; then each row is a record of its own."""
_GAP = " │ "
_KEPT = 256
"""Rows that are kept as they look; a screen has fewer."""

_NUMBER = re.compile(r"[^\w\s]*\d[\d\W]*")
# A wide character is a word of its own: lines may break on both sides of it.
_WORD = re.compile(
    r"[^\s\u1100-\u11ff\u2e80-\ud7ff\uf900-\ufaff\ufe30-\uffef\U0001f000-\U0003ffff]+"
)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
# Links may be shown with a target that the cell does not have, tabs have no width of their own.
_MAY_GROW = re.compile(r"[\[\t<]")
# But such a link, which most are in tables, is shown with no more than it is written with.
_LINK = re.compile(r"(?<!!)\[[^\[\]\\`<\t]*\]\(https?://[\w./:?#&=+~@,;-]*\)", re.ASCII)
# A cell that is nothing but code, or all strong.
_WHOLE = re.compile(r"`(?P<code>[^`\t]+)`|\*\*(?P<strong>\w(?:[\w ,.:;/%()+-]*\w)?)\*\*")
# A cell without any of these is its own text; to parse it would take ten times as long.
_MARKUP = re.compile(r"[\\`*_~\[\]<>!&$:@/\t\n]|\.[^\W\d]|^\s|\s$")


class _Widths(NamedTuple):
    """The columns, and what they may still take."""

    columns: tuple[int, ...]
    set_aside: tuple[int, ...]
    free: int


class Table(Block):
    """A table without an outer frame; light rules set off rows of more than one line.

    With too many columns for the width every row becomes a record of `header: value` lines.
    """

    def __init__(self, rows: list[list[str]], aligns: list[str], references: References) -> None:
        self._references = references
        self._aligns = aligns
        self._rows: list[list[str]] = []
        self._missed: set[str] = set()
        self._sizes: list[list[_Size]] = []  # of the header's and the first rows' cells
        self._widths: list[tuple[int, _Widths]] = []  # and the row from which on they are so
        self._bottoms: list[int] = []  # of the rows that are laid out, the header's first
        self._tall: list[bool] = []  # of these, whether it has more than one line
        self._shown: dict[int, list[Line]] = {}
        self._parsed_row = -1  # the row that was last parsed, and what of it
        self._parsed: dict[int, Line] = {}
        self._names: list[Line] = []  # of the columns, as records have them
        self.replace(0, rows)

    @property
    def source(self) -> str:
        """The table as Markdown."""
        if not self._rows:
            return ""
        rules = {"left": ":--", "center": ":-:", "right": "--:"}
        rule = [rules.get(self._align(column), "---") for column in range(self._count)]
        escaped = [[cell.replace("|", "\\|") for cell in row] for row in self._rows]
        rows = [escaped[0], rule, *escaped[1:]]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)

    @property
    def missed(self) -> set[str]:
        """Labels of links for which there was no definition, in the cells that were parsed."""
        return self._missed

    @property
    def height(self) -> int:
        """In lines, as if each fitted for the rows that are not laid out."""
        bottoms = self._bottoms
        if not bottoms:
            return len(self._rows) + 1 if self._rows else 0
        return bottoms[-1] + len(self._rows) - len(bottoms)

    @property
    def is_laid_out(self) -> bool:
        """Whether every row is."""
        return len(self._bottoms) == len(self._rows)

    def replace(self, start: int, rows: list[list[str]]) -> None:
        """Put `rows` in the place of all from `start` on, the header being row 0."""
        self._rows[start:] = rows
        del self._sizes[start:]
        self._cut(start if start > _FIRST + 1 else 0)

    def forget(self) -> None:
        """Parse all of it again, as link definitions have changed."""
        self._missed = set()
        self._sizes.clear()
        self._cut(0)

    def set_width(self, width: int) -> None:
        """Be `width` cells wide; the natural widths of the first rows stay."""
        if width != self.width:
            self.width = width
            self._cut(0)

    def lay_out(self) -> None:
        """Make the height exact."""
        rows = self._rows
        if self.is_laid_out:
            return
        if not self._widths and not self._has_records:
            self._measure()
        bottoms = self._bottoms
        bottom = bottoms[-1] if bottoms else 0
        for index in range(len(bottoms), len(rows)):
            if index > _FIRST and not self._has_records:
                self._widen(index)
            bottom += self._height(index)
            bottoms.append(bottom)

    def line(self, y: int) -> Line:
        """One line of it."""
        index = bisect_right(self._bottoms, y)
        lines = self._shown.get(index)
        if lines is None:
            lines = self._shown[index] = self._render(index)
            if len(self._shown) > _KEPT:
                del self._shown[next(iter(self._shown))]
        return lines[y - (self._bottoms[index - 1] if index else 0)]

    @property
    def _count(self) -> int:
        return len(self._rows[0]) if self._rows else 0

    @property
    def _room(self) -> int:
        """What the columns have between them."""
        return self.width - len(_GAP) * (self._count - 1)

    @property
    def _has_records(self) -> bool:
        return self._room < _NARROWEST * self._count

    def _cut(self, start: int) -> None:
        """Lay out from this row on."""
        self._parsed_row = -1
        if not start:
            self._names.clear()
        for index in range(start, len(self._bottoms)):
            self._shown.pop(index, None)
        del self._bottoms[start:]
        del self._tall[start:]
        while self._widths and self._widths[-1][0] >= start:
            self._widths.pop()
            self._shown.clear()

    def _measure(self) -> None:
        """Share the width out among the columns, as the first rows need it."""
        for index in range(len(self._sizes), min(len(self._rows), _FIRST + 1)):
            cells = [self._parse(index, column) for column in range(self._count)]
            self._sizes.append([_size(cell) for cell in cells])
        columns = list(zip(*self._sizes, strict=True))
        natural = [max(size.natural for size in sizes) for sizes in columns]
        words = [max(size.word for size in sizes) for sizes in columns]
        aside = [_SPARE_DIGITS if _is_numeric(sizes) else 0 for sizes in columns]
        if len(self._rows) <= _FIRST + 1:
            aside = [0] * len(columns)
        wanted = [sum(pair) for pair in zip(natural, aside, strict=True)]
        needed = [
            min(want, max(_NARROWEST, word)) for want, word in zip(wanted, words, strict=True)
        ]
        least = _share(needed, [0] * len(columns), self._room)
        widths = _share(wanted, least, self._room)
        shown = tuple(map(min, natural, widths))
        left = tuple(width - now for width, now in zip(widths, shown, strict=True))
        self._widths = [(0, _Widths(shown, left, max(0, self._room - sum(widths))))]

    def _widen(self, index: int) -> None:
        """Let the columns grow for a row behind the first ones."""
        columns, set_aside, free = self._widths[-1][1]
        if not free and not any(set_aside):
            return
        now, aside = list(columns), list(set_aside)
        for column, width in enumerate(columns):
            if self._fits(index, column, width):
                continue
            wanted = _size(self._parse(index, column)).natural - width
            if wanted > 0:
                own = min(wanted, aside[column])
                more = min(wanted - own, free)
                now[column] += own + more
                aside[column] -= own
                free -= more
        if now != list(columns):
            self._widths.append((index, _Widths(tuple(now), tuple(aside), free)))
            self._shown.clear()

    def _cell(self, index: int, column: int) -> str:
        row = self._rows[index]
        return row[column] if column < len(row) else ""

    def _fits(self, index: int, column: int, width: int) -> bool:
        """Whether a cell surely takes one line; without parsing it, as most do."""
        cell = self._cell(index, column)
        if whole := _WHOLE.fullmatch(cell):
            return cell_len(keep_columns(whole["code"] or whole["strong"])) <= width
        # Markup takes more room than what it makes.
        more = 0
        if _MAY_GROW.search(cell):
            rest = _LINK.sub("", cell)
            if _MAY_GROW.search(rest):
                return False
            more = 0 if rest else 1
        return cell_len(keep_columns(cell)) <= width + more

    def _parse(self, index: int, column: int) -> Line:
        """What a cell says; that of one row is kept, as it is asked for more than once."""
        if index != self._parsed_row:
            self._parsed_row = index
            self._parsed.clear()
        line = self._parsed.get(column)
        if line is None:
            line = self._parsed[column] = self._parse_cell(index, column)
        return line

    def _parse_cell(self, index: int, column: int) -> Line:
        cell = self._cell(index, column)
        base = "" if index else "table-head"
        if not _MARKUP.search(cell):
            return [Span(keep_columns(make_visible(cell)), base)] if cell else []
        # What others have missed is put aside: it may be the same labels.
        others, self._references.missed = self._references.missed, self._missed
        try:
            line = spans(parse_inline(cell, self._references), base)
        finally:
            self._references.missed = others | self._missed
        return [Span("\n") if _is_break(span) else span for span in line]

    def _height(self, index: int) -> int:
        """With its rule; says for the next row whether this one is tall."""
        if self._has_records:
            self._tall.append(False)
            return self._record_height(index)
        widths = self._widths[-1][1].columns
        height = max(
            1 if self._fits(index, column, width) else len(self._wrap(index, column, width))
            for column, width in enumerate(widths)
        )
        self._tall.append(height > 1)
        return height + self._has_rule(index)

    def _has_rule(self, index: int) -> bool:
        """The header has one below; a row above, if either side of it takes more than a line."""
        return not index or (index > 1 and (self._tall[index] or self._tall[index - 1]))

    def _wrap(self, index: int, column: int, width: int) -> list[Line]:
        return wrap(self._parse(index, column), max(1, width))

    def _render(self, index: int) -> list[Line]:
        if self._has_records:
            return self._record(index)
        widths = self._widths[-1][1].columns
        lines: list[Line] = []
        cells = [self._wrap(index, column, width) for column, width in enumerate(widths)]
        for parts in zip_longest(*cells, fillvalue=[]):
            line: Line = []
            for column, (part, width) in enumerate(zip(parts, widths, strict=True)):
                if column:
                    line.append(Span(_GAP, "table-line"))
                line += _aligned(part, width, self._align(column))
            if line and line[-1].text.isspace():
                line.pop()
            lines.append(line)
        if not index:
            lines.append([Span("─┼─".join("─" * width for width in widths), "table-line")])
        elif self._has_rule(index):
            lines.insert(0, [Span("╌┼╌".join("╌" * width for width in widths), "table-line")])
        return lines

    def _record(self, index: int) -> list[Line]:
        """A row with its headers. The header has no lines of its own if there are rows."""
        width = max(1, self.width)
        if not index and len(self._rows) > 1:
            return []
        lines: list[Line] = []
        if index > 1:
            lines.append([Span("─" * width, "table-line")])
        for column in range(self._count):
            lines += wrap(self._entry(index, column), width)
        return lines

    def _record_height(self, index: int) -> int:
        if not index:
            return len(self._record(index))
        height = int(index > 1)
        for column in range(self._count):
            name = self._name(column)
            fits = self._fits(index, column, self.width - width_of(name)) and Span("\n") not in name
            height += 1 if fits else len(wrap(self._entry(index, column), max(1, self.width)))
        return height

    def _entry(self, index: int, column: int) -> Line:
        """What a record says about one column."""
        return self._name(column) + self._parse(index, column) if index else self._parse(0, column)

    def _name(self, column: int) -> Line:
        while len(self._names) <= column:
            name = self._parse_cell(0, len(self._names))
            self._names.append([*name, Span(": ", "table-head")] if name else [])
        return self._names[column]

    def _align(self, column: int) -> str:
        return self._aligns[column] if column < len(self._aligns) else ""


class _Size(NamedTuple):
    """What a cell would like to have."""

    natural: int
    word: int
    is_number: bool
    is_empty: bool


def _size(cell: Line) -> _Size:
    lines = text_of(cell).split("\n")
    return _Size(
        natural=max(map(cell_len, lines)),
        word=max((cell_len(word) for line in lines for word in _WORD.findall(line)), default=0),
        is_number=len(lines) == 1 and _NUMBER.fullmatch(lines[0].strip()) is not None,
        is_empty=not any(lines),
    )


def _is_break(span: Span) -> bool:
    return span.look.endswith("html") and _BREAK.fullmatch(span.text) is not None


def _is_numeric(sizes: tuple[_Size, ...]) -> bool:
    body = [size for size in sizes[1:] if not size.is_empty]
    return bool(body) and all(size.is_number for size in body)


def _share(wanted: list[int], least: list[int], room: int) -> list[int]:
    """What each gets of `room`: no more than it wants, no less than its least if there is so much.

    Between these bounds all get the same.
    """

    def at(level: int) -> list[int]:
        return [max(low, min(want, level)) for want, low in zip(wanted, least, strict=True)]

    level = bisect_right(range(max(wanted, default=0) + 1), room, key=lambda n: sum(at(n))) - 1
    shares = at(max(0, level))
    over = room - sum(shares)
    for index, want in enumerate(wanted):
        if over > 0 and shares[index] < want:
            shares[index] += 1
            over -= 1
    return shares


def _aligned(line: Line, width: int, align: str) -> Line:
    spare = max(0, width - width_of(line))
    left = {"right": spare, "center": spare // 2}.get(align, 0)
    spans = [Span(" " * left), *line, Span(" " * (spare - left))]
    return [span for span in spans if span.text]
