"""Which letters of a line were looked for, and what of it to show if not all fits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from rich.cells import cell_len

from tui.storage.words import fold, terms

if TYPE_CHECKING:
    from collections.abc import Sequence

Part: TypeAlias = tuple[int, int]
"""The first character, and the one after the last."""


def letters(text: str, query: str) -> list[Part]:
    """Where in a title the letters are by which `titled` finds it: in one piece if possible.

    Textual's matcher looks at every possible way, which takes it minutes for some titles.
    """
    piece = " ".join(fold(query).split())
    if not piece:
        return []
    folded, origin = [], []
    for index, each in enumerate(text):
        for letter in fold(each):
            folded.append(letter)
            origin.append(index)
    whole = "".join(folded)
    at = whole.find(piece)
    if at >= 0:
        places = list(range(at, at + len(piece)))
    else:
        places = in_order(whole, piece.replace(" ", ""))
    parts: list[Part] = []
    for index in (origin[place] for place in places):
        if parts and parts[-1][1] >= index:
            parts[-1] = parts[-1][0], index + 1
        else:
            parts.append((index, index + 1))
    return parts


def in_order(text: str, wanted: str) -> list[int]:
    """Where letters stand one after the other, as close together as their first end allows.

    Empty if they do not. Both have to be folded.
    """
    at = -1
    for letter in wanted:
        at = text.find(letter, at + 1)
        if at < 0:
            return []
    places = []
    at += 1
    for letter in reversed(wanted):
        at = text.rfind(letter, 0, at)
        places.append(at)
    return places[::-1]


def crop_around(text: str, parts: Sequence[Part], width: int) -> tuple[str, Sequence[Part]]:
    """Let go of the beginning if the first of the parts would not be seen well in so many cells."""
    is_seen = parts and cell_len(text[: parts[0][1]]) <= width * 2 // 3
    if not parts or is_seen or cell_len(text) <= width:
        return text, parts
    first = begin = parts[0][0]
    while begin and cell_len(text[begin - 1 : first]) <= width // 3:
        begin -= 1
    begin = text.find(" ", begin, first) + 1 or begin
    if not begin:
        return text, parts
    gone = begin - 1  # the ellipsis is one again
    return f"…{text[begin:]}", [(start - gone, end - gone) for start, end in parts]


def words_in(text: str, query: str) -> list[Part]:
    """Where in a text the words are by which `prompts` finds it: anywhere, not only beginnings."""
    lower = text.lower()
    if len(lower) != len(text):  # İ becomes two characters
        return []
    return [
        (match.start(), match.end())
        for term in terms(query)
        for match in re.finditer(re.escape(term.lower()), lower)
    ]
