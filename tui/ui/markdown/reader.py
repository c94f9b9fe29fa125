"""The leaves of a text, read from the parser's tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from markdown_it.rules_block.table import escapedSplit

from tui.ui.markdown.leaves import Container, Frame, Kind, Leaf, html_ends
from tui.ui.markdown.parser import parse_blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

    from tui.ui.markdown.leaves import Resume
    from tui.ui.markdown.parser import BlockStart, References


def read_leaves(source: str, resume: Resume, references: References) -> list[Leaf]:
    """The leaves of `source`, which goes on where `resume` says.

    A leaf that goes on comes first, with only what `source` adds to it.
    """
    header = "".join(f"{line}\n" for line in resume.header)
    whole = header + source
    tokens, starts = parse_blocks(whole, references)
    return _Reader(whole, tokens, starts, resume).read()


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
                case "fence" | "code_block" | "html_block" | "math_block" | "hr" | "definition":
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
                self._add_token(Kind.INDENTED, token, lines, info=token.info)
            case "html_block":
                begin_tag, _ = html_ends(lines[0].strip(" \t"))
                self._add_token(Kind.HTML, token, lines, begin_tag)
            case "math_block":
                self._add_token(Kind.MATH, token, lines, token.markup)
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
        line = 0
        while (token := self._tokens[index]).type != "table_close":
            if token.type == "tr_open":
                line = self._relative(token)
                rows.append([])
            elif token.type == "tr_close" and len(rows) > 1:
                _keep_surplus(rows[-1], self._lines[line])
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


def _keep_surplus(row: list[str], line: str) -> None:
    """Put into the last cell what the table has no column for, and the parser drops.

    Mostly it is the bars in `a|b`, which cut even code.
    """
    line = line.strip(" \t").lstrip(" \t>")
    if line.count("|") < len(row) + line.startswith("|") + line.endswith("|"):
        return
    cells = escapedSplit(line.removeprefix("|"))
    if not cells[-1].strip():
        cells.pop()
    row[-1] = "|".join(cells[len(row) - 1 :]).strip()
