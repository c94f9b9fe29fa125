"""OpenRouter's `reasoning_details`: thoughts in pieces, put together so that they can go back."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tui.chat.json_text import repair_object
from tui.providers import loose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.chat.message import JsonObject, JsonValue

_FLOWING = ("text", "summary")


class ReasoningDetails:
    """The entries of one reply.

    A later piece of an entry repeats its `type` and `index`. What flows is joined; the rest, a
    `signature` or encrypted `data`, comes once, often in a last piece without text.
    """

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._latest: dict[tuple[str | None, int | None], _Entry] = {}

    def add(self, pieces: Sequence[JsonValue]) -> str:
        """Take the pieces of one chunk; gives back what a person can read in them."""
        readable: list[str] = []
        for value in pieces:
            if isinstance(value, dict):
                piece = cast("JsonObject", value)
                self._entry(piece).add(piece)
                readable += [loose.piece(piece, name) for name in _FLOWING]
        return "".join(readable)

    def whole(self) -> Sequence[JsonObject]:
        """The entries as they have to go back."""
        return [entry.whole() for entry in self._entries]

    def _entry(self, piece: JsonObject) -> _Entry:
        kind, index = loose.text(piece, "type"), loose.count(piece, "index")
        entry = self._latest.get((kind, index))
        if index is None and entry is not None and entry is not self._entries[-1]:
            entry = None  # without numbers only neighbours can belong together
        if entry is None or not entry.goes_on(piece):
            entry = self._latest[kind, index] = _Entry()
            self._entries.append(entry)
        return entry


class _Entry:
    def __init__(self) -> None:
        self._fields: dict[str, JsonValue] = {}
        self._pieces: dict[str, list[str]] = {}

    def goes_on(self, piece: JsonObject) -> bool:
        """Whether a piece can belong to this entry: two ids are two entries, and so is new data."""
        if loose.count(piece, "index") is None and piece.get("data"):
            return False
        ids = {loose.text(self._fields, "id"), loose.text(piece, "id")} - {None}
        return len(ids) < 2

    def add(self, piece: JsonObject) -> None:
        for name, value in piece.items():
            if name in _FLOWING and isinstance(value, str):
                self._pieces.setdefault(name, []).append(value)
                self._fields[name] = ""  # its place; `whole` fills it
            elif value is not None or name not in self._fields:
                self._fields[name] = value

    def whole(self) -> JsonObject:
        joined = {name: "".join(pieces) for name, pieces in self._pieces.items()}
        return repair_object({**self._fields, **joined})
