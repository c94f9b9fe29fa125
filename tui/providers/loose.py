"""Reading JSON from servers that may send anything: what is usable, else `None`.

A missing, null or wrongly typed field is not an error in a stream (PROTOCOLS section 0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tui.chat.hygiene import repair_surrogates
from tui.chat.json_text import parse_array, parse_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.chat.message import JsonObject, JsonValue


def text(source: JsonObject, key: str) -> str | None:
    """A string, its surrogates repaired."""
    value = source.get(key)
    return repair_surrogates(value) if isinstance(value, str) else None


def piece(source: JsonObject, key: str) -> str:
    """A piece of a longer text, `""` if there is none; it may end in half a surrogate pair."""
    value = source.get(key)
    return value if isinstance(value, str) else ""


def count(source: JsonObject, key: str) -> int | None:
    """A number of things, small enough for SQLite's integers."""
    value = source.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < 2**63 else None


def mapping(source: JsonObject, key: str) -> JsonObject | None:
    """An object."""
    value = source.get(key)
    return cast("JsonObject", value) if isinstance(value, dict) else None


def sequence(source: JsonObject, key: str) -> Sequence[JsonValue]:
    """A list, empty if there is none."""
    value = source.get(key)
    return value if isinstance(value, list) else ()


def first_object(body: str) -> JsonObject | None:
    """The object that a text is, or the first of the list that it is: Gemini sends such lists."""
    if (document := parse_object(body)) is not None:
        return document
    first = next(iter(parse_array(body.strip()) or ()), None)
    return first if isinstance(first, dict) else None
