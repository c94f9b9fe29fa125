"""Parameters as a person writes and reads them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tui.chat.hygiene import one_line
from tui.chat.json_text import DECODER
from tui.chat.parameters import PARAMETERS
from tui.errors import UsageError
from tui.hints import nearest
from tui.storage.settings import check_parameter

if TYPE_CHECKING:
    from tui.chat.parameters import Parameters

_WHOLE = {"max_tokens", "top_k", "seed", "thinking_budget"}
_FRACTIONS = {"temperature", "top_p"}


def parse_parameter(name: str, text: str) -> int | float | str | tuple[str, ...]:
    """The value that was written. Raises UsageError."""
    value: int | float | str | tuple[str, ...]
    try:
        if name in _WHOLE:
            value = int(text.replace(",", "").replace("_", ""))
        elif name in _FRACTIONS:
            value = float(text)
        else:
            value = _strings(text) if name == "stop" else text.lower()
    except ValueError:
        kind = "a whole number" if name in _WHOLE else "a number"
        kind = 'a list of strings, as in ["END"]' if name == "stop" else kind
        raise UsageError(f"{name} must be {kind}, not {one_line(text, 60)!r}.") from None
    if wrong := check_parameter(name, value):
        raise UsageError(f"{name} {wrong}")
    return value


def parameter_text(value: object) -> str:
    """A value as it can be written again."""
    if isinstance(value, tuple):
        is_plain = len(value) == 1 and value[0].isprintable() and not value[0].startswith("[")
        return value[0] if is_plain else json.dumps(value, ensure_ascii=False)
    return f"{value:,}" if type(value) is int and value >= 0 else str(value)


def with_set(parameters: Parameters, words: str) -> Parameters:
    """`NAME VALUE` as typed behind `/set`; a name alone takes it away. Raises UsageError."""
    name, _, text = words.strip().partition(" ")
    name = name.rstrip("=:").lower()
    if name not in PARAMETERS:
        raise UsageError(f"{name!r} is no parameter; {nearest(name, PARAMETERS)}")
    value = parse_parameter(name, text.strip()) if text.strip() else None
    return parameters.with_value(name, value)


def _strings(text: str) -> tuple[str, ...]:
    if not text.startswith("["):
        return (text,)
    try:
        found = DECODER.decode(text)
    except RecursionError:
        raise ValueError from None
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError
    return tuple(found)
