"""The user's words, fit to be shown somewhere else: in a Markdown reply or on a line of the log."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"[\\`*\[\]<~]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)")


def shortened(text: str, limit: int = 60) -> str:
    """One line of printable characters, cut at a limit.

    Escape sequences, bidi controls and lone surrogates are not printable and are left out.
    """
    visible = (c if c.isprintable() else " " if c.isspace() else "" for c in text[: limit * 50])
    line = " ".join("".join(visible).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def quoted(text: str) -> str:
    """The same in quotation marks, and as Markdown that renders as itself inside a paragraph."""
    return f"“{_MARKUP.sub(lambda match: chr(92) + match.group(), shortened(text))}”"
