"""What blocks are made of: spans of text that look the same, in lines."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from rich.cells import cell_len


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
