"""Text that is as wide as we think it is, in every terminal."""

from __future__ import annotations

import re

from rich.cells import cell_len

# Zero-width formatting, and what is zero, one or two cells wide depending on whom one asks: the
# soft hyphen, the Hangul fillers, the variation selectors 15 and 16, the tags of subdivision flags.
# The zero-width joiner goes even between letters: `cell_len` does not count what follows one.
_FORMATTING = re.compile(
    "[\u00ad\u180e\u200b\u200d\u2060-\u2064\u206a-\u206f\u3164\ufe0e\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0001\U000e0020-\U000e007f]+"
)
_SKIN_TONES = re.compile("(?P<base>(?<=\\S))?[\U0001f3fb-\U0001f3ff]+")
_NON_JOINER = "\u200c"
_JOINING_LETTERS = "\u0590-\u1cff\ua800-\uabff\ufb1d-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff"
_USELESS_NON_JOINER = re.compile(
    f"(?<![{_JOINING_LETTERS}]){_NON_JOINER}|{_NON_JOINER}(?![{_JOINING_LETTERS}])"
)
_FLAG_LETTERS = re.compile("([\U0001f1e6-\U0001f1ff]{2})|[\U0001f1e6-\U0001f1ff]")
_DISPUTED = re.compile(
    f"{_FORMATTING.pattern}|[{_NON_JOINER}\U0001f3fb-\U0001f3ff\U0001f1e6-\U0001f1ff]"
)


def keep_columns(text: str) -> str:
    """Take out what terminals disagree about, so that all give the text `cell_len(text)` cells.

    Joined emoji come apart, an emoji loses its skin tone and its variation selector. A skin tone on
    its own becomes U+FFFD, half a flag the letter that it stands for.
    """
    if text.isascii() or not _DISPUTED.search(text):
        return text
    text = _FORMATTING.sub("", text)
    text = _SKIN_TONES.sub(_without_base, text)
    text = _USELESS_NON_JOINER.sub("", text)
    return _FLAG_LETTERS.sub(_flag, text)


def expand_tabs(text: str, column: int, size: int = 4) -> str:
    """Spaces for the tabs of one line; stops are every `size` cells, `text` begins at `column`."""
    if "\t" not in text:
        return text
    first, *others = text.split("\t")
    column += cell_len(first)
    parts = [first]
    for part in others:
        gap = size - column % size
        parts.append(" " * gap + part)
        column += gap + cell_len(part)
    return "".join(parts)


def _without_base(match: re.Match[str]) -> str:
    return "" if match["base"] is not None else "\ufffd"


def _flag(match: re.Match[str]) -> str:
    return match[1] or chr(ord(match[0]) - 0x1F1E6 + ord("A"))
