"""Colours for code that grows, at a cost per line that does not.

A lexer's rules can look as far ahead as they like, so what a line looks like would depend on every
line before and after it. Here code is cut into segments of 64 to 256 lines, by a rule that looks
only at the text before a cut, and each segment is lexed by itself: a finished one never changes,
and to show the end of a long fence nothing but its last segment has to be lexed.

A cut comes before a line without indentation that follows a blank one, where, in ordinary code,
nothing is open. A light scan knows the few things that do stay open there (docstrings, comments,
template strings, here-documents, `<script>`); a segment that has to begin inside of one is lexed
with its opening in front and its closing behind. In 30,000 lines of Python and 26,000 of Perl,
JSON, PHP and CSS none looks other than when the whole file is lexed; in C it is one in 350.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from rich.cells import cell_len

from tui.ui.markdown.columns import expand_tabs, keep_columns
from tui.ui.markdown.lines import Span

if TYPE_CHECKING:
    from pygments.lexer import Lexer

    from tui.ui.markdown.lines import Line

_SHORTEST = 64
_LONGEST = 256
_LARGEST = 16_384
"""Characters after which a segment ends in any case: Pygments needs 25 ms for so many."""
_WIDEST = 2000
"""Characters of a line that is not highlighted: minified code, data."""
_KEPT = 32
"""Finished segments whose looks are kept; three fill a screen."""

_LOOKS = {
    "Comment.PreprocFile": "tok-string",
    "Comment.Preproc": "tok-decorator",
    "Comment": "tok-comment",
    "Keyword.Constant": "tok-constant",
    "Keyword.Type": "tok-class",
    "Keyword": "tok-keyword",
    "Operator.Word": "tok-keyword",
    "Operator": "tok-operator",
    "Punctuation": "tok-punctuation",
    "Name.Function": "tok-function",
    "Name.Class": "tok-class",
    "Name.Exception": "tok-class",
    "Name.Builtin": "tok-builtin",
    "Name.Decorator": "tok-decorator",
    "Name.Tag": "tok-tag",
    "Name.Attribute": "tok-attribute",
    "Name.Property": "tok-attribute",
    "Name.Constant": "tok-constant",
    "Name.Entity": "tok-constant",
    "Name": "tok-name",
    "Literal.String.Escape": "tok-constant",
    "Literal.String": "tok-string",
    "Literal.Number": "tok-number",
    "Literal.Date": "tok-number",
    "Literal": "tok-constant",
    "Generic.Inserted": "tok-inserted",
    "Generic.Deleted": "tok-deleted",
    "Generic.Heading": "tok-heading",
    "Generic.Subheading": "tok-heading",
    "Generic.Prompt": "tok-comment",
}
"""By Pygments' token types, for all that are of such a type."""


_Kind: TypeAlias = tuple[str, ...]
"""Pygments' token types are tuples of names."""


class _Open(NamedTuple):
    """Something that goes on over the end of a line."""

    start: str
    end: str
    holds_code: bool


class _Mark(NamedTuple):
    """How things stand before a line: what is open, and the characters up to here."""

    open: _Open | None
    position: int


_STRINGS = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
_REGEX = r"[=(,:]\s*/(?![*/])(?:[^\\/]|\\.)+/"
_C_LIKE = r"//.*|(?P<open>/\*|\"\"\"|`)|" + _REGEX + "|" + _STRINGS

# What hides an opening, and what opens. Each is searched in one line after the other.
_OPENINGS = {
    "python python2 numpy cython toml julia elixir graphql starlark": (
        r"(?P<open>[rRbBfFuU]{0,2}(?:\"\"\"|'''))|#.*|" + _STRINGS
    ),
    "c cpp csharp objective-c java kotlin scala groovy swift dart rust go zig solidity "
    "javascript typescript jsx tsx css scss less cuda glsl hlsl qml": _C_LIKE,
    "sql postgresql mysql plpgsql tsql sqlite3": r"--.*|(?P<open>/\*)|" + _STRINGS,
    "html xml django html+jinja erb html+erb html+php vue": (
        r"(?i)(?P<open><!--|<script\b[^>]*>|<style\b[^>]*>)"
    ),
    "php": r"(?P<open><\?(?:php|=)?)",
    "bash sh zsh fish docker": (
        r"(?:^|\s)#.*|(?P<open>(?<!<)<<-?\s*(?P<quote>[\"']?)(?P<word>[A-Za-z_]\w*)(?P=quote))|"
    )
    + _STRINGS,
    "ruby perl": (
        r"(?P<open><<[-~]?(?P<quote>[\"']?)(?P<word>[A-Z_]\w*)(?P=quote)|^=[a-z]\w*)|#.*|"
    )
    + _STRINGS,
    "markdown": r"^\s*(?P<open>(?P<word>```+|~~~+).*)",
}
_CLOSINGS = {
    '"""': '"""',
    "'''": "'''",
    "/*": "*/",
    "`": "`",
    "<!--": "-->",
    "<script": "</script>",
    "<style": "</style>",
    "<?": "?>",
    "=begin": "=end",
    "=": "=cut",
}


class _Language:
    """A lexer, and where its code may be cut."""

    def __init__(self, lexer: Lexer) -> None:
        self.lexer = lexer
        names = set(lexer.aliases)
        pattern = next((p for of, p in _OPENINGS.items() if names & set(of.split())), None)
        self._openings = re.compile(pattern) if pattern else None
        self._is_php = "php" in names

    def at_start(self, first: str) -> _Open | None:
        """What is open before the first line: PHP is often quoted without its `<?php`."""
        return _Open("<?php", "?>", holds_code=True) if self._is_php and first[:1] != "<" else None

    def scan(self, line: str, opened: _Open | None) -> _Open | None:
        """What is open after a line."""
        at = 0
        while self._openings:
            if opened:
                at = line.find(opened.end, at)
                if at < 0:
                    return opened
                at += len(opened.end)
            for match in self._openings.finditer(line, at):
                if match["open"]:
                    opened = _opened(match)
                    at = match.end()
                    break
            else:
                return None
        return None

    def spans(self, lines: list[str], before: _Open | None, after: _Open | None) -> list[Line]:
        """The lines as they look when they are all there is; tabs stay."""
        # Many lexers take an opening for an operator when they cannot find its end.
        head = [before.start] if before else []
        source = "\n".join([*head, *lines, after.end if after else ""]) + "\n"
        tokens: list[tuple[_Kind, str]] = []
        try:
            tokens = [(kind, value) for _, kind, value in self.lexer.get_tokens_unprocessed(source)]
            broken = "".join([value for _, value in tokens]) != source
        except Exception:  # noqa: BLE001
            # 500 lexers by as many authors, written to be run over whole files: they pop empty
            # stacks and recurse without end. Whatever it is, the text can be shown without colours.
            broken = True
        if broken:
            return [[Span(line)] if line else [] for line in lines]
        return _split(tokens)[len(head) : len(head) + len(lines)]


def language_of(info: str) -> str:
    """The language a fence's info string names: `python` in `{.python title=x}`, `py:main.py`."""
    match = re.match(r"[\s{.]*([\w+#.-]{1,40})", info)
    return match[1] if match else ""


class Highlighter:
    """Lines of code, and how each of them looks.

    While code grows, its last lines may have provisional looks. Once `settle` was called the looks
    depend on the text alone.
    """

    def __init__(self, language: str, look: str = "fence") -> None:
        self.language = language
        self.lines: list[str] = []
        self._look = look
        self._starts = [0]  # of the segments, as far as they are known
        self._marks: list[_Mark] = []  # before each line that was scanned, and after the last
        self._finished: dict[int, list[Line]] = {}  # by the start of the segment
        self._open: list[Line] = []  # of the last segment
        self._open_start = 0
        self._settled = 0  # how many of these were lexed together
        self._is_exact = False
        self._wants_exact = False

    def replace(self, start: int, lines: list[str]) -> None:
        """Put `lines` in the place of all from `start` on."""
        self.lines[start:] = lines
        del self._marks[start + 1 if start else 0 :]
        while self._starts[-1] >= start > 0 or (not start and len(self._starts) > 1):
            self._finished.pop(self._starts.pop(), None)
        self._finished.pop(self._starts[-1], None)
        self._keep_open(max(0, start - self._open_start))
        self._is_exact = self._wants_exact = False

    def settle(self) -> None:
        """Ask for exact looks, until lines are replaced again."""
        self._wants_exact = True

    def line(self, index: int) -> Line:
        """One line, its tabs expanded."""
        text = self.lines[index]
        language = _find(self.language) if text and len(text) <= _WIDEST else None
        if language is None:
            return _finish([Span(keep_columns(text))], self._look) if text else []
        start, end = self._segment(language, index)
        if end:
            return self._finished_lines(language, start, end)[index - start]
        return self._open_line(language, start, index)

    def _segment(self, language: _Language, index: int) -> tuple[int, int]:
        """Where the segment of a line starts and ends; it ends at 0 as long as it is open."""
        starts, marks, lines = self._starts, self._marks, self.lines
        if not marks:
            marks.append(_Mark(language.at_start(lines[0]), 0))
        while starts[-1] <= index and len(marks) <= len(lines):
            at = len(marks) - 1
            opened, position = marks[at]
            if self._is_cut(at):
                starts.append(at)
            line = lines[at]
            if len(line) <= _WIDEST:
                opened = language.scan(line, opened)
                position += len(line) + 1
            marks.append(_Mark(opened, position))
        which = bisect_right(starts, index)
        return starts[which - 1], starts[which] if which < len(starts) else 0

    def _is_cut(self, at: int) -> bool:
        start = self._starts[-1]
        opened, position = self._marks[at]
        if at - start < _SHORTEST and position - self._marks[start].position < _LARGEST:
            return False
        if at - start >= _LONGEST or position - self._marks[start].position >= _LARGEST:
            return at > start
        line = self.lines[at]
        return (
            (opened is None or opened.holds_code)
            and line != ""
            and not line[0].isspace()
            and not self.lines[at - 1].strip()
        )

    def _finished_lines(self, language: _Language, start: int, end: int) -> list[Line]:
        lines = self._finished.get(start)
        if lines is None:
            lines = self._finished[start] = self._lex(language, start, end)
            if len(self._finished) > _KEPT:
                del self._finished[next(iter(self._finished))]
        return lines

    def _open_line(self, language: _Language, start: int, index: int) -> Line:
        """A line of the segment that still grows.

        New lines are lexed one by one, and all again when they are a fifth of it: that comes to
        five times per line, however long the segment gets.
        """
        if self._open_start != start:
            self._open_start = start
            self._keep_open(0)
        count = len(self.lines) - start
        is_due = self._wants_exact or (count - self._settled) * 4 >= self._settled
        if is_due and not self._is_exact:
            self._open = self._lex(language, start, len(self.lines))
            self._settled = count
            self._is_exact = True
        for at in range(start + len(self._open), index + 1):
            self._open += self._lex(language, at, at + 1)
        return self._open[index - start]

    def _keep_open(self, count: int) -> None:
        del self._open[count:]
        self._settled = min(self._settled, count)

    def _lex(self, language: _Language, start: int, end: int) -> list[Line]:
        lines = [
            keep_columns(line) if len(line) <= _WIDEST else "" for line in self.lines[start:end]
        ]
        spans = language.spans(lines, self._marks[start].open, self._marks[end].open)
        return [_finish(line, self._look) for line in spans]


def load(language: str) -> None:
    """Load what code in a language needs, so that the first of it has not to wait for that."""
    _find(language)


@cache
def _find(word: str) -> _Language | None:
    lexer = _names().get(word.lower()) or _names().get(word.lower().rpartition(".")[2])
    if lexer is None:
        return None
    # Pygments takes 15 ms to import and a lexer 5 to 30: nothing to spend at start-up, before
    # there is any code to be seen.
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415

    return _Language(get_lexer_by_name(lexer))


@cache
def _names() -> dict[str, str]:
    """The lexer by each of its aliases, and by the file name extensions nobody has as an alias.

    `get_lexer_by_name` itself would search all installed packages for an alias it does not know.
    """
    from pygments.lexers import get_all_lexers  # noqa: PLC0415

    names = {"jsonc": "json", "plist": "xml", "gql": "graphql", "node": "javascript"}
    extensions: dict[str, str] = {}
    for _, aliases, patterns, _ in get_all_lexers(plugins=False):
        if aliases and aliases[0] not in ("text", "output"):
            names.update(dict.fromkeys(map(str.lower, aliases), aliases[0]))
            for pattern in patterns:
                extensions.setdefault(pattern.removeprefix("*.").lower(), aliases[0])
    return extensions | names


def _opened(match: re.Match[str]) -> _Open:
    start = match["open"]
    end = match.groupdict().get("word") or next(
        end for key, end in _CLOSINGS.items() if key in start.lower()
    )
    return _Open(start, end, holds_code=end in ("?>", "</script>", "</style>"))


def _split(tokens: list[tuple[_Kind, str]]) -> list[Line]:
    line: Line = []
    lines = [line]
    for kind, value in tokens:
        look = _look_of(kind)
        for number, text in enumerate(value.split("\n")):
            if number:
                line = []
                lines.append(line)
            if text and line and line[-1].look == look:
                line[-1] = Span(line[-1].text + text, look)
            elif text:
                line.append(Span(text, look))
    return lines


@cache
def _look_of(kind: _Kind) -> str:
    names = list(kind)
    for count in range(len(names), 0, -1):
        if look := _LOOKS.get(".".join(names[:count])):
            return look
    return ""


def _finish(line: Line, base: str) -> Line:
    """Lay the looks on that of the block, and put spaces for tabs."""
    finished: Line = []
    column = 0
    has_tabs = any("\t" in span.text for span in line)
    for span in line:
        text = span.text
        if has_tabs:
            text = expand_tabs(text, column)
            column += cell_len(text)
        finished.append(Span(text, f"{base} {span.look}" if span.look else base))
    return finished
