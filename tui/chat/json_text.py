"""JSON from servers and models: read strictly, and made safe to keep."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

from tui.chat.hygiene import repair_surrogates

if TYPE_CHECKING:
    from tui.chat.message import JsonObject, JsonValue

# Python's own limit depends on how deep the stack is just then, so what could be read might not be
# writable into the next request.
_MAX_DEPTH = 200


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# Python's own reading also takes NaN and Infinity, and would write them into the next request.
DECODER = json.JSONDecoder(parse_constant=_no_constant)


def parse_object(text: str) -> JsonObject | None:
    """The JSON object that `text` is, `None` if it is anything else.

    Strings in it may hold halves of surrogate pairs: their other halves may be in the next delta.
    """
    value = _parse(text)
    return value if isinstance(value, dict) else None


def parse_array(text: str) -> list[JsonValue] | None:
    """The same for an array."""
    value = _parse(text)
    return value if isinstance(value, list) else None


def _parse(text: str) -> JsonValue:
    """What `text` says, `None` if it is no JSON, or so deep that it could not be written again."""
    try:
        value: JsonValue = DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    may_be_deep = text.count("{") + text.count("[") > _MAX_DEPTH
    return None if may_be_deep and is_deeper(value, _MAX_DEPTH) else value


def is_deeper(value: object, depth: int) -> bool:
    """Whether objects and arrays stand in each other that deep: Python reads deeper than it writes.

    `value` is what JSON was read as.
    """
    level = [value]
    for _ in range(depth):
        if not level:
            return False
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
    return bool(level)


def repair_object(value: JsonObject) -> JsonObject:
    """Replace lone surrogates, which JSON escapes can spell, wherever they stand in `value`."""
    text = json.dumps(value, ensure_ascii=False)
    repaired = repair_surrogates(text)
    # The repair changes no structure, so what comes back is an object again.
    return value if repaired is text else parse_object(repaired) or {}
