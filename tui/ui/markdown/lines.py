"""What blocks are made of: spans of text that look the same, in lines."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from rich.cells import cell_len, split_graphemes


class Span(NamedTuple):
    """A run of text on one line.

    `look` has names of the palette, a space between them, later ones on top. `href` is where a link
    leads: shown and opened only on purpose.
    """

    text: str
    look: str = ""
    href: str = ""


Line: TypeAlias = list[Span]


def width_of(line: Line) -> int:
    """Its width in cells."""
    return sum(cell_len(span.text) for span in line)


def text_of(line: Line) -> str:
    """Its text alone."""
    return "".join(span.text for span in line)


def cut(line: Line, start: int, stop: int) -> tuple[Line, Line, Line]:
    """What of a line stands before, in and after the cells from `start` to `stop`.

    A wide character belongs to the cells if half of it does; combining ones to what they combine.
    """
    pieces: tuple[Line, Line, Line] = ([], [], [])
    cell = 0
    for span in line:
        width = cell_len(span.text)
        for part, text in _split(span.text, width, start - cell, stop - cell):
            pieces[part].append(span._replace(text=text))
        cell += width
    return pieces


def _split(text: str, width: int, start: int, stop: int) -> list[tuple[int, str]]:
    """The parts of a text, 0 to 2, that are before, in and after these cells."""
    if width <= start or stop <= 0 or (start <= 0 and width <= stop):
        return [(0 if width <= start else 2 if stop <= 0 else 1, text)] if text else []
    parts = ["", "", ""]
    cell = 0
    for begin, end, size in split_graphemes(text)[0]:
        part = 0 if cell + size <= start else 2 if cell >= stop else 1
        parts[part] += text[begin:end]
        cell += size
    return [(number, part) for number, part in enumerate(parts) if part]
