"""The one Markdown parser: markdown-it, set up for what models write.

Blocks and inline text are parsed apart: the blocks of a text while it grows, the inline text of a
block only when somebody looks at it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_block.reference import reference
from mdit_py_plugins.dollarmath import dollarmath_plugin

from tui.chat.hygiene import make_visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_DEEPEST = 60
"""Levels of tokens, two to a list and one to a quote; what is deeper is shown as it stands."""
TOO_DEEP = "too deep"
"""The `info` of the code block that this becomes."""
DISPLAY_MATH = {"$$": "$$", "\\[": "\\]"}
"""How mathematics on lines of its own begins and ends."""
LONGEST_DEFINITION = 20
"""Lines that the definition of a link may take, with its title."""
_MANY_BRACKETS = 300
"""With so many in one text nothing is a link: of `![[](` a character takes the parser 30 µs."""


class References(dict[str, dict[str, Any]]):
    """Link definitions by label. Remembers which labels were asked for in vain."""

    def __init__(self, known: References | None = None) -> None:
        super().__init__(known or {})
        self.missed: set[str] = set()

    def get(self, label: str, default: Any = None) -> Any:  # noqa: ANN401 - as dict has it
        """Look a label up, as markdown-it does for every pair of brackets that might be a link."""
        if label not in self:
            self.missed.add(label)
        return super().get(label, default)


class BlockStart(NamedTuple):
    """Where a block began: its line, its level in the token stream, its first character."""

    line: int
    level: int
    position: int


def parse_blocks(source: str, references: References) -> tuple[list[Token], list[BlockStart]]:
    """The block tokens of a text without carriage returns, and where each block began.

    Definitions are added to `references`; those that are there already win.
    """
    starts: list[BlockStart] = []
    tokens: list[Token] = []
    _blocks.block.parse(source, _blocks, {"references": references, "starts": starts}, tokens)
    return tokens, starts


def parse_inline(text: str, references: References) -> list[Token]:
    """The inline tokens of one paragraph, heading or cell."""
    parser = _inline if text.count("[") < _MANY_BRACKETS else _linkless
    tokens = parser.parseInline(text, {"references": references})
    return tokens[0].children or [] if tokens else []


def _note_start(state: StateBlock, start: int, _end: int, silent: bool) -> bool:
    """A rule that matches nothing; it is tried first wherever a block begins."""
    if not silent:
        position = state.bMarks[start] + state.tShift[start]
        state.env["starts"].append(BlockStart(start, state.level, position))
    return False


def _too_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Show what is nested beyond all measure as code; markdown-it would drop it."""
    if silent or state.level < _DEEPEST:
        return False
    line = last = start
    while line < end and (state.isEmpty(line) or state.sCount[line] >= state.blkIndent):
        last = last if state.isEmpty(line) else line
        line += 1
    state.line = last + 1
    token = state.push("code_block", "code", 0)
    token.content = state.getLines(start, state.line, state.blkIndent, keepLastLF=True)
    token.map = [start, state.line]
    token.info = TOO_DEEP
    return True


def _display_math(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""`$$` or `\[` on a line of its own, up to the line with its end, or to a blank one.

    In its lines a minus is no bullet and an equals sign no underline. TeX allows none to be blank.
    """
    close = DISPLAY_MATH.get(_line_of(state, start))
    if close is None or state.is_code_block(start):
        return False
    if silent:
        return True
    line = start + 1
    while line < end and state.sCount[line] >= state.blkIndent and not state.isEmpty(line):
        line += 1
        if close in _line_of(state, line - 1):
            break
    state.line = line
    token = state.push("math_block", "math", 0)
    token.content = state.getLines(start, line, state.blkIndent, keepLastLF=True)
    token.markup = _line_of(state, start)
    token.map = [start, line]
    return True


def _line_of(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip(" \t")


def _no_footnote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """`[^1]: text` is a footnote, which stays text, and not the definition of a link.

    A definition may take a few lines; else each paragraph that begins like one might go on to be
    one without an end.
    """
    position = state.bMarks[start] + state.tShift[start]
    if state.src.startswith("[^", position):
        return False
    bottom = state.lineMax
    state.lineMax = min(bottom, start + LONGEST_DEFINITION)
    try:
        return reference(state, start, end, silent)
    finally:
        state.lineMax = bottom


def _bracket_math(state: StateInline, silent: bool) -> bool:
    r"""`\(x\)` and `\[x\]`, whose backslashes would otherwise be eaten as escapes."""
    close = {"\\(": "\\)", "\\[": "\\]"}.get(state.src[state.pos : state.pos + 2])
    end = state.src.find(close, state.pos + 2, state.posMax) if close else -1
    if close is None or end < state.pos + 3:
        return False
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content = state.src[state.pos + 2 : end]
        token.markup = state.src[state.pos : state.pos + 2]
        token.info = close
    state.pos = end + 2
    return True


def _harmless(state: StateCore) -> None:
    """What is made of `&#x202e;` is as harmless as the character itself is made before."""
    _make_visible(state.tokens)


def _make_visible(tokens: Iterable[Token]) -> None:
    for token in tokens:
        if token.children:
            _make_visible(token.children)
        elif token.type == "text":
            token.content = make_visible(token.content)


def _make_block_parser() -> MarkdownIt:
    parser = MarkdownIt(
        "gfm-like", {"inline_definitions": True, "tasklists": True, "maxNesting": _DEEPEST + 2}
    )
    parser.block.ruler.at("reference", _no_footnote)
    parser.block.ruler.before(
        "fence",
        "display_math",
        _display_math,
        {"alt": ["paragraph", "reference", "blockquote", "list"]},
    )
    parser.block.ruler.before("table", "too_deep", _too_deep)
    parser.block.ruler.before("too_deep", "note_start", _note_start)
    return parser


def _make_inline_parser() -> MarkdownIt:
    parser = MarkdownIt("gfm-like")
    # Only inside of a paragraph: the plugin's blocks look ahead without an end.
    parser.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)
    parser.inline.ruler.before("escape", "bracket_math", _bracket_math)
    if parser.linkify is not None:  # main.py and README.md are no hosts, git@example.com no address
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    parser.core.ruler.push("harmless", _harmless)
    return parser


_blocks = _make_block_parser()
_inline = _make_inline_parser()
_linkless = _make_inline_parser().disable(["link", "image"])
