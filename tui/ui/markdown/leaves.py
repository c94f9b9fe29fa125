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
from typing import TYPE_CHECKING, Any

from markdown_it.rules_block.html_block import HTML_SEQUENCES

from tui.ui.markdown.parser import parse_blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

    from tui.ui.markdown.parser import BlockStart, References


_PERHAPS_DEFINITION = re.compile(r"\[(?:[^\]\\]|\\.)*(?:\]:|\]?\Z)", re.DOTALL)


class Kind(StrEnum):
    """What a leaf is."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    FENCE = "fence"
    INDENTED = "indented code"
    HTML = "HTML"
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
    def is_long(self) -> bool:
        """Whether it can grow without an end, and be gone on with in its middle."""
        match self.kind:
            case Kind.FENCE:  # unless its closing line has come
                return self.end - self.start < len(self.lines) + 2
            case Kind.PARAGRAPH:
                return not _PERHAPS_DEFINITION.match("\n".join(self.lines[:100]))
            case Kind.HTML:
                _, end = _html_ends(self.opening)
                return not (self.lines and end.search(self.lines[-1].strip(" \t")))
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
    line = leaf.frames[kept].line if leaf.fresh else leaf.start
    frames = _carried(leaf.frames, kept)
    return Resume(_header(frames), line, frames)


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
            return Resume(header, line, frames, len(header))
    frames = _carried(leaf.frames, len(leaf.frames))
    return Resume((*outer.header, *lead_in), line, frames, len(outer.header) + first, skip)


def read_leaves(source: str, resume: Resume, references: References) -> list[Leaf]:
    """The leaves of `source`, which goes on where `resume` says.

    A leaf that goes on comes first, with only what `source` adds to it.
    """
    header = "".join(f"{line}\n" for line in resume.header)
    whole = header + source
    tokens, starts = parse_blocks(whole, references)
    return _Reader(whole, tokens, starts, resume).read()


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


class _Reader:
    """One walk over the tokens of a text."""

    def __init__(
        self, source: str, tokens: list[Token], starts: list[BlockStart], resume: Resume
    ) -> None:
        self._source = source
        self._lines = source.split("\n")
        self._tokens = tokens
        self._starts = starts
        self._resume = resume
        self._seen = 0  # block starts
        self._stack: list[Frame] = []
        self._fresh: list[bool] = []
        self._leaves: list[Leaf] = []

    def read(self) -> list[Leaf]:
        index = 0
        while index < len(self._tokens):
            token = self._tokens[index]
            match token.type:
                case "bullet_list_open" | "ordered_list_open":
                    self._seen += 1
                    self._open(token, self._list(token))
                case "blockquote_open":
                    self._seen += 1
                    self._open(token, self._container(Container.QUOTE, token, index))
                case "list_item_open":
                    self._open(token, self._item(token, index))
                case "blockquote_close" | "list_item_close":
                    self._close()
                case "bullet_list_close" | "ordered_list_close":
                    self._stack.pop()
                    self._fresh.pop()
                case "table_open":
                    self._seen += 1
                    index = self._table(index)
                case "paragraph_open" | "heading_open":
                    self._seen += 1
                    index += 1
                    self._text(token, self._tokens[index].content)
                case "fence" | "code_block" | "html_block" | "hr" | "definition":
                    self._seen += 1
                    self._literal(token)
            index += 1
        return self._leaves

    def _line(self, token: Token) -> int:
        """Where it begins in the whole text; below the line of the resume if in its header."""
        return self._relative(token) - len(self._resume.header) + self._resume.line

    @staticmethod
    def _relative(token: Token) -> int:
        return token.map[0] if token.map else 0

    def _open(self, token: Token, frame: Frame) -> None:
        depth = len(self._stack)
        is_known = self._relative(token) < len(self._resume.header)
        if is_known and depth < len(self._resume.frames):
            frame = self._resume.frames[depth]
        self._stack.append(frame)
        self._fresh.append(not is_known)

    def _close(self) -> None:
        """End a quote or an item; an empty one is a leaf that says nothing."""
        frame, is_fresh = self._stack[-1], self._fresh[-1]
        if is_fresh:
            self._add(Kind.EMPTY, frame.line, frame.line + 1)
        self._stack.pop()
        self._fresh.pop()

    def _list(self, token: Token) -> Frame:
        return Frame(
            Container.LIST,
            self._line(token),
            is_ordered=token.type == "ordered_list_open",
            number=int(token.attrs.get("start", 1)),
            depth=sum(f.kind is Container.LIST and not f.is_ordered for f in self._stack),
        )

    def _item(self, token: Token, index: int) -> Frame:
        around = self._stack[-1]
        item = replace(
            self._container(Container.ITEM, token, index),
            is_ordered=around.is_ordered,
            marker=token.markup,
            number=around.number,
            depth=around.depth,
            is_checked=token.meta.get("checked"),
            last=around.last,
        )
        if self._relative(token) >= len(self._resume.header):
            last = (item.line, item.reopen)
            self._stack[-1] = replace(around, number=around.number + 1, last=last)
        return item

    def _container(self, kind: Container, token: Token, index: int) -> Frame:
        line = self._relative(token)
        text = self._lines[line]
        reopen = text.rstrip() + " "
        if self._seen < len(self._starts) and self._tokens[index + 1].nesting >= 0:
            start = self._starts[self._seen]
            if start.line == line:
                reopen = self._before(start)
                if self._tokens[index + 1].type == "code_block":
                    reopen = reopen.rstrip() + " "
        return Frame(kind, self._line(token), reopen)

    def _before(self, start: BlockStart) -> str:
        """The line of a block up to its first character."""
        begin = self._source.rfind("\n", 0, start.position) + 1
        return self._source[begin : start.position]

    def _text(self, token: Token, text: str) -> None:
        kind = Kind.PARAGRAPH if token.type == "paragraph_open" else Kind.HEADING
        level = int(token.tag[1]) if kind is Kind.HEADING else 0
        self._add_token(kind, token, text.split("\n"), level=level)

    def _literal(self, token: Token) -> None:
        begin, end = token.map or [0, 0]
        lines = token.content.split("\n")
        if not lines[-1]:
            lines.pop()
        match token.type:
            case "fence":
                self._add_token(Kind.FENCE, token, lines, token.markup, info=token.info)
            case "code_block":
                self._add_token(Kind.INDENTED, token, lines)
            case "html_block":
                begin_tag, _ = _html_ends(lines[0].strip(" \t"))
                self._add_token(Kind.HTML, token, lines, begin_tag)
            case "hr":
                self._add_token(Kind.RULE, token, [])
            case "definition":
                first = self._starts[self._seen - 1]
                said = [self._source[first.position :].partition("\n")[0]]
                said += [line.strip(" \t>") for line in self._lines[begin + 1 : end]]
                self._add_token(Kind.DEFINITION, token, said)

    def _table(self, index: int) -> int:
        opening = self._tokens[index]
        rows: list[list[str]] = []
        aligns: list[str] = []
        while (token := self._tokens[index]).type != "table_close":
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(token.content)
            elif token.type == "th_open":
                aligns.append(str(token.attrs.get("style", "")).removeprefix("text-align:"))
            index += 1
        self._add_token(Kind.TABLE, opening, [], rows=rows, aligns=tuple(aligns))
        return index

    def _add_token(
        self,
        kind: Kind,
        token: Token,
        lines: list[str],
        opening: str = "x",
        *,
        rows: list[list[str]] | None = None,
        aligns: tuple[str, ...] = (),
        info: str = "",
        level: int = 0,
    ) -> None:
        begin, end = token.map or [0, 0]
        resume = self._resume
        if begin == resume.opened_at:
            lines, rows = lines[resume.skip :], (rows or [])[resume.skip :]
        elif begin < len(resume.header):
            return
        shift = resume.line - len(resume.header)
        indent = self._before(self._starts[self._seen - 1])
        self._add(
            kind,
            begin + shift,
            end + shift,
            lines,
            rows or [],
            indent=indent,
            opening=opening,
            info=info,
            level=level,
            aligns=aligns,
        )

    def _add(
        self,
        kind: Kind,
        start: int,
        end: int,
        lines: Sequence[str] = (),
        rows: Sequence[list[str]] = (),
        **rest: Any,  # noqa: ANN401 - the other fields of a leaf
    ) -> None:
        fresh = sum(self._fresh)
        self._fresh = [False] * len(self._fresh)
        frames = tuple(self._stack)
        self._leaves.append(Leaf(kind, start, end, frames, fresh, list(lines), list(rows), **rest))


def _html_ends(first_line: str) -> tuple[str, re.Pattern[str]]:
    """The shortest line that begins the same kind of HTML block, and what ends it."""
    for begin, end, _ in HTML_SEQUENCES[:5]:
        if match := begin.search(first_line):
            return match.group(), end
    return "<div>", HTML_SEQUENCES[5][1]
