"""A Markdown text as a flat list of leaves: paragraphs, fences, tables, each with what it is in.

Quotes, lists and items are no blocks of their own but what stands to the left of a leaf. So a list
of two thousand items is two thousand small leaves, and only the last leaf of a growing text can
still change. `Resume` says how to parse on from there as if all that came before were still in
front: a few lines that open the same containers again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from markdown_it.rules_block.html_block import HTML_SEQUENCES

from tui.ui.markdown.parser import DISPLAY_MATH, LONGEST_DEFINITION, TOO_DEEP

if TYPE_CHECKING:
    from collections.abc import Sequence


_PERHAPS_DEFINITION = re.compile(r"\[(?:[^\]\\]|\\.)*(?:\]:|\]?\Z)", re.DOTALL)


class Kind(StrEnum):
    """What a leaf is."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    FENCE = "fence"
    INDENTED = "indented code"
    HTML = "HTML"
    MATH = "mathematics"
    TABLE = "table"
    RULE = "rule"
    DEFINITION = "definition of a link"
    EMPTY = "nothing"


class Container(StrEnum):
    """What leaves and other containers can be in."""

    QUOTE = "quote"
    LIST = "list"
    ITEM = "item"


@dataclass(frozen=True, slots=True)
class Frame:
    """A container that is open where a leaf stands.

    `reopen` is its first line up to where its content begins. `number` is that of an item, or of
    the next item of a list, and `last` the item before that: where it was opened, and how. `marker`
    is what stands behind the number, or the bullet; `depth` counts the bullet lists around.
    """

    kind: Container
    line: int
    reopen: str = ""
    is_ordered: bool = False
    marker: str = ""
    number: int = 0
    depth: int = 0
    is_checked: bool | None = None
    last: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A block without blocks inside.

    `start` and `end` are lines of the whole text; `end` is the first one after it. `lines` is what
    it says: Markdown for paragraphs and headings, code as it is for the rest. A table has `rows`
    of cells instead. `fresh` of its `frames`, the innermost ones, have no leaf before this one.
    `indent` and `opening` make a line that begins such a leaf again.
    """

    kind: Kind
    start: int
    end: int
    frames: tuple[Frame, ...]
    fresh: int
    lines: list[str]
    rows: list[list[str]]
    indent: str = ""
    opening: str = "x"
    info: str = ""
    level: int = 0
    aligns: tuple[str, ...] = ()

    @property
    def begin(self) -> int:
        """Its first line, or that of the outermost container that begins with it."""
        return self.frames[len(self.frames) - self.fresh].line if self.fresh else self.start

    @property
    def is_long(self) -> bool:
        """Whether it can grow without an end, and be gone on with in its middle."""
        match self.kind:
            case Kind.FENCE:  # unless its closing line has come
                return self.end - self.start < len(self.lines) + 2
            case Kind.PARAGRAPH:
                is_longer = len(self.lines) > LONGEST_DEFINITION
                return is_longer or not _PERHAPS_DEFINITION.match("\n".join(self.lines))
            case Kind.HTML:
                _, end = html_ends(self.opening)
                return not (self.lines and end.search(self.lines[-1].strip(" \t")))
            case Kind.MATH:
                return not (self.lines and DISPLAY_MATH[self.opening] in self.lines[-1])
            case kind:
                return kind in {Kind.INDENTED, Kind.TABLE}

    @property
    def final(self) -> int:
        """How many of its lines or rows, all of them whole, nothing can change any more."""
        if self.kind is Kind.INDENTED:
            return max(i for i, text in enumerate(self.lines) if text.strip())
        if self.kind is Kind.PARAGRAPH:
            return len(self.lines) - 1
        if self.kind is Kind.HTML and len(self.lines) == 1:
            return 0  # the next line can still make it the head of a table
        return len(self.lines) + len(self.rows)


@dataclass(frozen=True, slots=True)
class Resume:
    """How to go on in the middle of a text.

    `header` are the lines to put in front, `line` is the number of the next line of the whole text.
    `frames` are open there. If a leaf goes on, `opened_at` is its line in the header; the first
    `skip` of what it then seems to say is the header's and not the text's.
    """

    header: tuple[str, ...] = ()
    line: int = 0
    frames: tuple[Frame, ...] = ()
    opened_at: int | None = None
    skip: int = 0


def resume_at(leaf: Leaf) -> Resume:
    """Go on at the beginning of `leaf`, in which everything that it is the first leaf of begins."""
    kept = len(leaf.frames) - leaf.fresh
    frames = _carried(leaf.frames, kept)
    return Resume(_header(frames), leaf.begin, frames)


def resume_inside(leaf: Leaf, resume: Resume, source: Sequence[str]) -> Resume:
    """Go on behind what of `leaf` is final; `source` are the lines that it was read from.

    The last line of a paragraph and of indented code is read again.
    """
    said = leaf.final
    if resume.opened_at is not None:
        return replace(resume, line=resume.line + said)
    outer = resume_at(leaf)
    first = leaf.start - outer.line
    begun = source[outer.line - resume.line :]
    lead_in = (*begun[:first], leaf.indent + leaf.opening)
    line, skip = leaf.start + said, 1
    match leaf.kind:
        case Kind.FENCE:
            line, skip = line + 1, 0
        case Kind.TABLE:
            lead_in, line = tuple(begun[: first + 2]), line + 1
        case Kind.INDENTED:
            frames = _carried(leaf.frames, len(leaf.frames))
            header = _header(frames)
            if leaf.info == TOO_DEEP:  # and so is the heading at the end of the header
                return Resume(header, line, frames, len(header) - 1, 1)
            return Resume(header, line, frames, len(header))
    frames = _carried(leaf.frames, len(leaf.frames))
    return Resume((*outer.header, *lead_in), line, frames, len(outer.header) + first, skip)


def _carried(frames: tuple[Frame, ...], kept: int) -> tuple[Frame, ...]:
    """The first `kept` containers, their lists ready for the next item."""
    carried = list(frames[:kept])
    for index, (outer, item) in enumerate(pairwise(frames[: kept + 1])):
        if outer.kind is Container.LIST:
            is_open = index + 1 < kept
            number = item.number + 1 if is_open else item.number
            last = (item.line, item.reopen) if is_open else item.last
            carried[index] = replace(outer, number=number, last=last)
    return tuple(carried)


def _header(frames: tuple[Frame, ...]) -> tuple[str, ...]:
    """Lines that open these containers: their own first lines, with a heading for content.

    A heading, because it is over at the end of its line and changes nothing after it.
    """
    opened: list[tuple[int, str]] = []
    for index, frame in enumerate(frames):
        if frame.kind is not Container.LIST:
            entry = (frame.line, frame.reopen)
        elif index == len(frames) - 1 and frame.last is not None:
            # Indented as far as can be, so that what follows is not inside: the item may have been
            # empty, and then it was over with the next line.
            entry = (frame.last[0], frame.last[1].rstrip() + "    ")
        else:
            continue
        if opened and opened[-1][0] == entry[0]:
            opened.pop()
        opened.append(entry)
    return tuple(f"{reopen}# x" for _, reopen in opened)


def html_ends(first_line: str) -> tuple[str, re.Pattern[str]]:
    """The shortest line that begins the same kind of HTML block, and what ends it."""
    for begin, end, _ in HTML_SEQUENCES[:5]:
        if match := begin.search(first_line):
            return match.group(), end
    return "<div>", HTML_SEQUENCES[5][1]
