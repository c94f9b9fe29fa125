"""Breaking lines between words."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from rich.cells import get_character_cell_size, split_graphemes

from tui.ui.markdown.lines import Span, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.ui.markdown.lines import Line

# One cell each: most of what prose in Latin, Greek and Cyrillic is written with, its typographic
# quotes, dashes and arrows too. Rich's own fast path ends at the first curly quote.
_NOT_SINGLE = re.compile(
    "[^\n\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u058a\u1e00-\u1fff\u2010-\u2027"
    "\u2030-\u205e\u2070-\u20cf\u2100-\u2319\u2400-\u25fc\u2800-\u28ff]"
)
_SPACES = re.compile(" *")
_NEVER_FIRST = frozenset(
    "、。，．・：；？！）」』】〉》〕］｝〗〙〛ーゝゞ々〟％…‥”’»›!%),.:;?]}"  # noqa: RUF001
)
_NEVER_LAST = frozenset("（「『【〈《〔［｛〖〘〚〝“‘«‹([{")  # noqa: RUF001
_FLAG_LETTERS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))


def wrap(spans: Iterable[Span], width: int) -> list[Line]:
    r"""Lines of at most `width` cells, but for a wide character in a column of one.

    Only U+0020 is a space; none is left at either end of a line. Every "\n" forces a break;
    there are no other controls in the text.
    """
    lines, rest = wrap_open(spans, width)
    lines.append(without_trailing_spaces(rest))
    return lines


def wrap_open(spans: Iterable[Span], width: int) -> tuple[list[Line], Line]:
    """The lines that more text cannot change any more, and all that stands after them.

    Wrapping what came back as the second together with what follows goes on as if both had been
    wrapped at once, even in the middle of a word.
    """
    runs = _merged(spans)
    text = "".join([span.text for span in runs])
    if text.isascii() or not _NOT_SINGLE.search(text):
        breaks, rest = _break_lines(text, _Narrow(text, width))
    else:
        breaks, rest = _break_lines(text, _Mixed(runs, text, width))
    breaks.append((rest, len(text)))
    lines = _slices(runs, breaks)
    return lines, lines.pop()


def without_trailing_spaces(line: Line) -> Line:
    """The line as it is shown if nothing comes after it."""
    if not line or not line[-1].text.endswith(" "):
        return line
    line = line.copy()
    while line:
        text, look, href = line.pop()
        if kept := text.rstrip(" "):
            line.append(Span(kept, look, href))
            break
    return line


def joints(text: str, lines: list[Line]) -> list[str]:
    """What a text has behind each of the lines that it was wrapped to: a break, a space, nothing.

    Behind the last one there is a break.
    """
    found: list[str] = []
    at = 0
    for line in lines:
        shown = text_of(line)
        while not text.startswith(shown, at) and text[at : at + 1] == " ":
            at += 1
        end = at = at + len(shown)
        while text[at : at + 1] == " ":
            at += 1
        if text[at : at + 1] == "\n":
            at += 1
            found.append("\n")
        else:
            found.append(" " if at > end else "")
    return [*found[:-1], "\n"]


class _Narrow:
    """Where lines can end in a text of which every character takes one cell."""

    def __init__(self, text: str, width: int) -> None:
        self._text = text
        self._width = width

    def reach(self, start: int) -> int:
        """The end of what fits in a line from `start` on; may be past the end of the text."""
        return start + self._width

    def last_break(self, start: int, stop: int) -> int:
        """Where to break at the latest, `stop` being inside of the text; behind `start`."""
        if self._text[stop] == " ":
            return stop
        return self._text.rfind(" ", start, stop) + 1 or stop


class _Mixed:
    """The same for wide characters and for such as take no cell."""

    def __init__(self, runs: list[Span], text: str, width: int) -> None:
        self._text = text
        self._width = width
        self._sizes = [size for span in runs for size in _sizes(span.text)]
        self._cells = list(accumulate(self._sizes, initial=0))

    def reach(self, start: int) -> int:
        """As for a narrow text. Marks without a cell of their own come with what they follow."""
        cells = self._cells
        stop = bisect_right(cells, cells[start] + self._width, start) - 1
        if stop > start:
            return stop
        # A wide character in a column of one; it has to go somewhere.
        return bisect_right(cells, cells[start + 1], start + 1) - 1

    def last_break(self, start: int, stop: int) -> int:
        """As for a narrow text, and next to wide characters."""
        at = stop
        while at > start:
            if self._may_break(at):
                return at
            at -= 1
        letters = 0
        while stop - letters > start and self._text[stop - letters - 1] in _FLAG_LETTERS:
            letters += 1
        splits_flag = letters % 2 and stop - start > 1 and self._text[stop] in _FLAG_LETTERS
        return stop - 1 if splits_flag else stop

    def _may_break(self, at: int) -> bool:
        before, after = self._text[at - 1], self._text[at]
        if self._sizes[at] == 0:
            return False
        if before == " " or after == " ":
            return True
        return (
            (self._sizes[at - 1] == 2 or self._sizes[at] == 2)
            and after not in _NEVER_FIRST
            and before not in _NEVER_LAST
        )


def _sizes(text: str) -> list[int]:
    """Cells by character; a grapheme's are all its first one's."""
    if "\u200d" not in text and "\ufe0f" not in text:
        return list(map(get_character_cell_size, text))
    sizes = [0] * len(text)
    for start, _, cells in split_graphemes(text)[0]:
        if start < len(text):
            sizes[start] = cells
    return sizes


def _break_lines(text: str, measure: _Narrow | _Mixed) -> tuple[list[tuple[int, int]], int]:
    """Start and end of every line that is complete, and the start of the one that is not."""
    breaks: list[tuple[int, int]] = []
    length = len(text)
    start = _after_spaces(text, 0)
    while start < length:
        stop = measure.reach(start)
        forced = text.find("\n", start, stop + 1)
        if forced >= 0:
            breaks.append((start, forced))
            start = _after_spaces(text, forced + 1)
            continue
        if stop >= length:
            break
        end = measure.last_break(start, stop)
        following = _after_spaces(text, end)
        if following == length:
            break  # spaces at the end: the line is still the last one
        breaks.append((start, end))
        start = following
        if text[start] == "\n":
            start = _after_spaces(text, start + 1)
    return breaks, start


def _after_spaces(text: str, at: int) -> int:
    if text[at : at + 1] != " ":
        return at
    match = _SPACES.match(text, at)
    return match.end() if match else at


def _merged(spans: Iterable[Span]) -> list[Span]:
    """No two neighbours that look the same, none that is empty."""
    runs: list[Span] = []
    parts: list[str] = []
    look = href = ""
    for span in spans:
        if not span.text:
            continue
        if parts and (span.look != look or span.href != href):
            runs.append(Span("".join(parts), look, href))
            parts = []
        parts.append(span.text)
        look, href = span.look, span.href
    if parts:
        runs.append(Span("".join(parts), look, href))
    return runs


def _slices(runs: list[Span], breaks: list[tuple[int, int]]) -> list[Line]:
    """The lines between the offsets, cut out of the runs. All but the last lose their spaces."""
    lines: list[Line] = []
    last = len(breaks) - 1
    index = top = 0  # the run at hand and its first character's offset
    bottom = len(runs[0].text) if runs else 0
    for number, (start, end) in enumerate(breaks):
        line: Line = []
        at = start
        while at < end:
            while at >= bottom:
                index += 1
                top = bottom
                bottom += len(runs[index].text)
            text, look, href = runs[index]
            line.append(Span(text[at - top : end - top], look, href))
            at = bottom
        lines.append(without_trailing_spaces(line) if number < last else line)
    return lines
