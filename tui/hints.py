"""What to say about a word that is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint at the known name that was probably meant, or the list of them all."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    names = sorted(known)
    if close := get_close_matches(word, names, n=1):
        return f"did you mean {close[0]!r}?"
    return f"known are: {', '.join(names) or 'none'}."
