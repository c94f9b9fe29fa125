"""A Markdown text that grows: blocks that stay, and a few at the end that may still change.

After any sequence of `append`s and a `close` the blocks are those of the whole text parsed at once.
What makes that cheap: only the last leaf of a text can be changed by what comes after it (see
`leaves`), so each append parses that leaf alone, and of a long one only its last lines.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from tui.ui.markdown.code import Code
from tui.ui.markdown.framed import Framed, Plain, Rule
from tui.ui.markdown.leaves import Container, Kind, Resume, resume_at, resume_inside
from tui.ui.markdown.paragraph import Paragraph
from tui.ui.markdown.parser import LONGEST_DEFINITION, References
from tui.ui.markdown.reader import read_leaves
from tui.ui.markdown.stack import Stack
from tui.ui.markdown.table import Table

if TYPE_CHECKING:
    from tui.ui.markdown.leaves import Leaf
    from tui.ui.markdown.stack import Block

# A line that has only begun, and would turn what stands before it into a heading, or itself into
# an empty item, for as long as nothing more has come.
_UNDECIDED = re.compile(
    r"[ \t>]*(?:(?P<mark>[-=]+|[*+]|#{1,6})|\d{1,9}(?P<dot>[.)]))[ \t]*", re.ASCII
)
_AIRY = {Kind.HEADING, Kind.FENCE, Kind.INDENTED, Kind.TABLE, Kind.RULE}
_LITERAL = {Kind.FENCE, Kind.INDENTED, Kind.HTML, Kind.MATH}


class Document(Stack):
    """The blocks of a text so far. The text has no carriage returns and no control characters.

    Of an open leaf with more than `long` characters each append parses the end alone.
    """

    def __init__(self, *, long: int = 1000) -> None:
        super().__init__()
        self._long = long
        self._references = References()
        self._resume = Resume()
        self._pending = ""  # the text that goes on where `_resume` says
        self._settled = 0  # blocks that stay
        self._above: Leaf | None = None  # the last leaf of those
        self._open: list[Leaf] = []  # what the other blocks show
        self._tried = 0  # characters of `_pending` in which nothing could be settled
        # Of a long open leaf: its beginning, how much of it is no longer pending, and, should it
        # not be what it seemed, how to go back to where it began.
        self._begun: Leaf | None = None
        self._said = 0
        self._text = ""
        self._way_back: tuple[Resume, str] | None = None

    def append(self, text: str) -> None:
        """More has come."""
        if self._way_back is not None:
            self._way_back = (self._way_back[0], self._way_back[1] + text)
        self._pending += text
        if len(self._pending) > self._long:
            self._settle()
        leaves = self._read_tentatively()
        if len(leaves) > 1 and self._settle():
            leaves = self._read_tentatively()
        self._show(leaves)

    def close(self) -> None:
        """Nothing more comes: what stands there is what it is."""
        references = References(self._references)
        self._show(self._read(self._pending, references))
        self._settled = len(self.blocks)
        self._learn(references)
        for block in self.blocks:
            _finish(block)
        self.changed(0)

    def _read_tentatively(self) -> list[Leaf]:
        """The open leaves as far as they have come."""
        leaves = self._read(self._pending, References(self._references))
        undecided = _UNDECIDED.fullmatch(self._pending, self._pending.rfind("\n") + 1)
        if undecided is None or not leaves or leaves[-1].kind in _LITERAL:
            return leaves
        at = undecided.start(undecided.lastgroup or 0)
        as_text = f"{self._pending[:at]}\\{self._pending[at:]}"
        return self._read(as_text, References(self._references))

    def _read(self, source: str, references: References) -> list[Leaf]:
        leaves = read_leaves(source, self._resume, references)
        if self._begun is not None and leaves[0].kind is not self._begun.kind:
            # Not the paragraph that it was gone on with, but a heading: its underline has come.
            source = self._go_back(source)
            leaves = read_leaves(source, self._resume, references)
        return leaves

    def _go_back(self, source: str) -> str:
        """Parse a long leaf from its beginning; gives back `source` with all that was before."""
        if self._way_back is None:
            return source
        resume, text = self._way_back
        cut = len(text) - len(self._pending)
        self._resume, self._pending, self._tried = resume, text, 0
        self._begun, self._said, self._text, self._way_back = None, 0, "", None
        return text[:cut] + source

    def _settle(self) -> bool:
        """Let what whole lines make stay, but for their last leaf. Whether there was anything."""
        whole = self._pending[: self._pending.rfind("\n") + 1]
        if len(whole) <= self._tried:
            return False
        references = References(self._references)
        leaves = self._read(whole, references)
        self._tried = len(whole)
        if not leaves:
            return False
        last = len(leaves) - 1
        if last > 0 and _may_be_title(leaves[last - 1], leaves[last]):
            last -= 1
        if last:
            self._show(leaves)
            self._settle_leaves(leaves[:last])
            self._go_on(resume_at(leaves[last]), references)
            self._open = leaves[last:]
        is_cut = len(leaves) == last + 1 and self._cut(leaves[last], references)
        return last > 0 or is_cut

    def _settle_leaves(self, leaves: list[Leaf]) -> None:
        for block in self.blocks[self._settled : self._settled + len(leaves)]:
            _finish(block)
        self._settled += len(leaves)
        self._above = leaves[-1]
        self._begun, self._said, self._text, self._way_back = None, 0, "", None

    def _cut(self, leaf: Leaf, references: References) -> bool:
        """Of a long leaf that goes on, parse only what comes next."""
        if len(self._pending) <= self._long or not leaf.is_long or not leaf.final:
            return False
        self._show([leaf])
        if self._begun is None:
            self._begun = leaf
            if leaf.kind is Kind.PARAGRAPH:
                self._way_back = (self._resume, self._pending)
        said = "\n".join(leaf.lines[: leaf.final])
        if leaf.kind is Kind.PARAGRAPH:
            self._text += said + "\n"
        self._said += leaf.final
        final = leaf.final
        self._open = [replace(leaf, lines=leaf.lines[final:], rows=leaf.rows[final:])]
        source = self._pending.split("\n")
        self._go_on(resume_inside(leaf, self._resume, source), references)
        return True

    def _go_on(self, resume: Resume, references: References) -> None:
        """Parse from there on; what was defined before that stays so."""
        passed = resume.line - self._resume.line
        begun = len(self._resume.header) + passed
        at = 0
        for _ in range(passed):
            at = self._pending.find("\n", at) + 1
        self._pending = self._pending[at:]
        self._resume = resume
        self._tried = 0
        self._learn({k: v for k, v in references.items() if v["map"][0] < begun})

    def _learn(self, definitions: dict[str, dict[str, object]]) -> None:
        """Let text that came before them have the links that it asked for."""
        new = definitions.keys() - self._references.keys()
        if not new:
            return
        self._references.update({label: definitions[label] for label in new})
        for index, block in enumerate(self.blocks):
            content = _content(block)
            if isinstance(content, Paragraph | Table) and not content.missed.isdisjoint(new):
                content.forget()
                self.changed(index)

    def _show(self, leaves: list[Leaf]) -> None:
        """Let the blocks behind the settled ones be these."""
        blocks: list[Block] = []
        above = self._above
        for index, leaf in enumerate(leaves):
            at = self._settled + index
            old = self._open[index] if index < len(self._open) else None
            block = self.blocks[at] if at < len(self.blocks) else None
            goes_on = self._begun is not None and index == 0
            if block is None or old is None or not (goes_on or _is_like(old, leaf)):
                block = self._make(leaf, above)
            elif old is not leaf:
                self._update(_content(block), old, leaf, self._said if goes_on else 0)
            blocks.append(block)
            above = leaf
        self.replace(self._settled, blocks)
        self._open = leaves

    def _update(self, content: Block, old: Leaf, leaf: Leaf, said: int) -> None:
        """Let a block show `leaf` where it showed `old`; both come behind what is `said`."""
        match content:
            case Code():
                same = _common(old.lines, leaf.lines)
                if same < max(len(old.lines), len(leaf.lines)):
                    content.replace(said + same, leaf.lines[same:])
            case Table():
                same = _common(old.rows, leaf.rows)
                if same < max(len(old.rows), len(leaf.rows)):
                    content.replace(said + same, leaf.rows[same:])
            case Paragraph():
                text = self._text if said else ""
                content.set_text((text + "\n".join(leaf.lines)).rstrip())

    def _make(self, leaf: Leaf, above: Leaf | None) -> Block:
        content = self._make_content(leaf)
        gap = above is not None and _gap(above, leaf)
        return Framed(content, leaf.frames, leaf.fresh, gap=gap)

    def _make_content(self, leaf: Leaf) -> Block:
        match leaf.kind:
            case Kind.FENCE:
                return Code(leaf.lines, leaf.info)
            case Kind.INDENTED:
                return Code(leaf.lines)
            case Kind.HTML:
                return Code(leaf.lines, look="html", plain=True)
            case Kind.MATH:
                return Code(leaf.lines, look="math", plain=True)
            case Kind.TABLE:
                return Table(leaf.rows, list(leaf.aligns), self._references)
            case Kind.RULE:
                return Rule()
            case Kind.DEFINITION:
                return Plain("\n".join(leaf.lines), "dim")
            case _:
                in_quote = any(frame.kind is Container.QUOTE for frame in leaf.frames)
                look = f"heading{leaf.level}" if leaf.level else "quote" if in_quote else ""
                return Paragraph("\n".join(leaf.lines), self._references, look)


def _content(block: Block) -> Block:
    return cast("Framed", block).content  # a document makes no others


def _finish(block: Block) -> None:
    content = _content(block)
    if isinstance(content, Code):
        content.close()


def _is_like(old: Leaf, leaf: Leaf) -> bool:
    """Whether the block that shows `old` can show `leaf` instead."""
    if (old.kind, old.start, old.frames, old.fresh) != (
        leaf.kind,
        leaf.start,
        leaf.frames,
        leaf.fresh,
    ):
        return False
    if (old.info, old.level, old.aligns) != (leaf.info, leaf.level, leaf.aligns):
        return False
    return leaf.kind is not Kind.DEFINITION or old.lines == leaf.lines


def _may_be_title(above: Leaf, leaf: Leaf) -> bool:
    """Whether a leaf may turn out to be the title of the link above, once its end has come."""
    is_next = above.kind is Kind.DEFINITION and leaf.start == above.end
    return is_next and leaf.end - above.start <= LONGEST_DEFINITION


def _gap(above: Leaf, leaf: Leaf) -> bool:
    """Whether a line is left free between two leaves: where the text has one, and around what
    stands for itself. Not by whether a list is loose, which its last item may decide.
    """
    if leaf.begin > above.end:
        return True
    return not leaf.frames and not above.frames and bool({above.kind, leaf.kind} & _AIRY)


def _common(old: list[str] | list[list[str]], new: list[str] | list[list[str]]) -> int:
    """How many of the first ones are the same."""
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return count
