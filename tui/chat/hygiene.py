"""Making text from a model, a server or a file safe to keep and safe to show.

Two separate duties. *Keeping*: Python lets half a UTF-16 surrogate pair stand in a `str`, and then
fails to encode it, so halves are joined or replaced before text is stored (`repair_surrogates`,
`SurrogateJoiner`). *Showing*: controls that would drive a terminal, and bidi overrides that would
make text read as something else, are replaced by visible marks of the same width (`make_visible`).
Stored text keeps its controls; only what goes to a terminal passes through `make_visible`.
"""

from __future__ import annotations

import re

_SURROGATE = re.compile("[\ud800-\udfff]")
_HIGH_SURROGATES = range(0xD800, 0xDC00)

# C0 but for tab and line feed, DEL, C1, the line and paragraph separators, and everything that
# overrides, embeds or isolates a writing direction (Unicode TR9; "Trojan Source").
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_SPACES = re.compile(r"\s+")


def repair_surrogates(text: str) -> str:
    """Join the halves of surrogate pairs and replace lone ones by U+FFFD.

    `json.loads` makes lone surrogates from escapes; proxies that slice UTF-16 strings send them.
    """
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class SurrogateJoiner:
    """Repairs a text that arrives in pieces: a trailing high half waits for its other half."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = ""

    def push(self, piece: str) -> str:
        """Return what of the text so far can be shown now."""
        if not self._held and piece.isascii():
            return piece
        piece = self._held + piece
        self._held = ""
        if piece and ord(piece[-1]) in _HIGH_SURROGATES:
            self._held = piece[-1]
            piece = piece[:-1]
        return repair_surrogates(piece)

    def flush(self) -> str:
        """End of this text: a half that is still held stands for nothing but U+FFFD."""
        held, self._held = self._held, ""
        return repair_surrogates(held)


def _mark(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)  # the block of control pictures: ESC shows as ␛
    if code == 0x7F:
        return "\u2421"
    return "\ufffd"


def make_visible(text: str) -> str:
    """Replace everything that could drive a terminal or disguise text, one mark a character.

    Tabs and line feeds stay; a CR LF pair counts as the line end that it is.
    """
    return _UNSAFE.sub(_mark, text.replace("\r\n", "\n"))


class VisiblePieces:
    """`make_visible` for a text that arrives in pieces: a CR waits to see whether a LF follows."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = ""

    def push(self, piece: str) -> str:
        """Return what of the text so far can be shown now."""
        piece = self._held + piece
        self._held = "\r" if piece.endswith("\r") else ""
        return make_visible(piece.removesuffix("\r"))

    def flush(self) -> str:
        """End of this text: a CR that is still held stands for itself."""
        held, self._held = self._held, ""
        return make_visible(held)


def one_line(text: str, limit: int = 0) -> str:
    """Text for a title, a status bar or an error sentence: visible, one line, at most `limit`.

    A `limit` of 0 is none. What is cut ends in an ellipsis that counts as one of the characters.
    """
    # A long text is not scanned whole for the few characters that will be shown of it.
    head = text[: limit * 4] if limit else text
    line = make_visible(_SPACES.sub(" ", head).strip())
    if limit and (len(line) > limit or len(head) < len(text)):
        return line[: limit - 1].rstrip() + "…"
    return line
