"""What is looked for, and where in a text it stands.

Punctuation is indexed as well, each mark as a word of its own, so that `c++` and `=>` are found and
no operator is anything but text. So is each character of scripts that are written without spaces:
two of them then find a word in the middle of a sentence. Any of that is looked for as a sequence.
"""

from __future__ import annotations

import re
import unicodedata

from tui.chat.hygiene import one_line, repair_surrogates

# Thai, Lao, Burmese, Khmer; kana, bopomofo, Han. (Hangul has spaces.)
_SINGLE = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u312f\u31a0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
# The dots that make GA of KA: another letter, not an accent.
_VOICED = "\u3099\u309a"
# They choose how an emoji looks.
_SELECTORS = range(0xFE00, 0xFE10)
# What is typed: words, or several between double quotes, which then have to follow each other.
_TERM = re.compile(r'"([^"]*)"|([^\s"]+)')
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
# What is pasted may be of any length; the end of it is not looked for.
_LONGEST_QUERY, _MOST_TERMS = 4000, 50
_LONGEST_PATTERN = 8000  # SQLite refuses one of more than 50,000 bytes
_EXCERPT = 160
_BEFORE = 40


class _Folded(dict[int, str]):
    """What becomes of each character when texts are compared; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = "".join(filter(_counts, _decomposed(chr(code))))
        return folded


class _Indexed(dict[int, str]):
    """What becomes of each character in the index: some stand alone."""

    def __missing__(self, code: int) -> str:
        self[code] = spaced = "".join(
            f" {each} " if _stands_alone(each) else each for each in _FOLDED[code]
        )
        return spaced


def fold(text: str) -> str:
    """A text as it is compared: case, width and accents do not matter, nor what is not seen."""
    return text.lower() if text.isascii() else text.translate(_FOLDED)


def searchable(text: str) -> str:
    """A text as it is indexed."""
    return repair_surrogates(text).translate(_INDEXED)


def terms(query: str) -> list[str]:
    """What is looked for, one by one. Operators and punctuation are nothing but text."""
    query = _CONTROL.sub(" ", repair_surrogates(query[:_LONGEST_QUERY]))
    found = (" ".join((quoted or word).split()) for quoted, word in _TERM.findall(query))
    return list(dict.fromkeys(term for term in found if fold(term).strip()))[:_MOST_TERMS]


def match_expression(query: str) -> str:
    """The query in FTS5's language: all of the terms, each the beginning of a word."""
    return " ".join(f'"{searchable(term)}"*' for term in terms(query))


def like_pattern(text: str, *, apart: bool = False) -> str:
    r"""`text` for LIKE with `ESCAPE '\'`; `apart`: its characters in this order, however far."""
    text = repair_surrogates(text[:_LONGEST_PATTERN])
    characters = (re.sub(r"([\\%_])", r"\\\1", each) for each in text)
    return f"%{('%' if apart else '').join(characters)}%"


def excerpt(text: str, query: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """One safe line of `text` around the first hit, and where in it hits are."""
    wanted = terms(query)
    first = next(iter(_places(text, wanted)), (0, 0))[0]
    start = max(0, first - _BEFORE)
    if start:
        start = text.find(" ", start, first) + 1 or start
    line = one_line(text[start : start + 2 * _EXCERPT], _EXCERPT)
    if start:
        line = f"…{line}"
    return line, tuple(_places(line, wanted))


def places(text: str, query: str) -> list[tuple[int, int]]:
    """Where hits are in `text`, as pairs of the first character and the one after the last."""
    return _places(text, terms(query))


def _places(text: str, wanted: list[str]) -> list[tuple[int, int]]:
    folded, origin = _fold_with_origin(text)
    found: list[tuple[int, int]] = []
    for term in wanted:
        # The index knows nothing of how much white space there is.
        pattern = r"\s+".join(map(re.escape, fold(term).split()))
        found += [
            (origin[match.start()], origin[match.end() - 1] + 1)
            for match in re.finditer(pattern, folded)
            if _begins_word(folded, match.start())
        ]
    found.sort()
    # Terms may overlap: one begins where another has not ended.
    apart: list[tuple[int, int]] = []
    for begin, end in found:
        if apart and begin < apart[-1][1]:
            apart[-1] = apart[-1][0], max(end, apart[-1][1])
        else:
            apart.append((begin, end))
    return apart


def _fold_with_origin(text: str) -> tuple[str, range | list[int]]:
    """`fold(text)`, and from which character of `text` each one of it comes."""
    folded = fold(text)
    if text.isascii() or all(len(_FOLDED[ord(each)]) == 1 for each in set(text)):
        return folded, range(len(text))
    return folded, [index for index, each in enumerate(text) for _ in _FOLDED[ord(each)]]


def _begins_word(text: str, at: int) -> bool:
    return at == 0 or any(
        not _in_word(each) or _SINGLE.match(each) for each in (text[at - 1], text[at])
    )


def _decomposed(character: str) -> str:
    # Capitals may come of taking apart (🄰), and what is to be taken apart of small letters (ŉ).
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())


def _counts(character: str) -> bool:
    is_mark = unicodedata.combining(character) and character not in _VOICED
    is_unseen = unicodedata.category(character) in {"Cf", "Cs"} or ord(character) in _SELECTORS
    return not (is_mark or is_unseen)


def _stands_alone(character: str) -> bool:
    return unicodedata.category(character)[0] in "PSC" or bool(_SINGLE.match(character))


def _in_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


_FOLDED = _Folded()
_INDEXED = _Indexed()
