"""Messages and reply events as JSON: what the database keeps, and what an export holds.

A value of `tui.chat` becomes an object of its fields; a field that has its default is left out, and
what is left out is read as the default. So the names of those fields are a file format: one that is
renamed needs a migration. What may be of several kinds says which under `kind`, by the names here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args, get_origin, get_type_hints

from tui.chat import ending, events, message
from tui.chat.hygiene import repair_surrogates
from tui.chat.json_text import repair_object

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from tui.chat.events import ReplyEvent
    from tui.chat.message import JsonObject, JsonValue, Part

_Value = TypeVar("_Value")

_PARTS: Mapping[str, type] = {
    "text": message.TextPart,
    "thinking": message.ThinkingPart,
    "redacted_thinking": message.RedactedThinkingPart,
    "tool_use": message.ToolUsePart,
    "tool_result": message.ToolResultPart,
    "server": message.ServerPart,
}
# What of a stream leaves something behind; the rest only says how far it is.
_EVENTS: Mapping[str, type] = {
    "accepted": events.ResponseAccepted,
    "started": events.ReplyStarted,
    "text": events.TextDelta,
    "thinking": events.ThinkingDelta,
    "signature": events.PartSigned,
    "redacted_thinking": events.ThinkingRedacted,
    "citation": events.CitationAdded,
    "tool_use": events.ToolUseStarted,
    "tool_input": events.ToolInputDelta,
    "server": events.ServerBlock,
    "usage": events.UsageReported,
}
_KINDS = {kind: name for kinds in (_PARTS, _EVENTS) for name, kind in kinds.items()}
# The names that the annotations in `tui.chat` use.
_NAMES = {**vars(ending), **vars(events), **vars(message), "Sequence": Sequence, "Mapping": Mapping}


class CodecError(ValueError):
    """Something is not the JSON that it should be; the text says where, and what it should be."""


def from_json(text: str, where: str) -> JsonValue:
    """What stands as JSON in a column. Raises CodecError."""
    try:
        return cast("JsonValue", json.loads(text))
    except (ValueError, TypeError, RecursionError) as error:
        raise CodecError(f"{where} is not JSON") from error


def encode(value: object) -> JsonValue:
    """A value of `tui.chat` as JSON."""
    if isinstance(value, Enum):
        return cast("str", value.value)
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if not is_dataclass(value):
        return cast("JsonValue", value)
    kind = _KINDS.get(type(value))
    found: dict[str, JsonValue] = {} if kind is None else {"kind": kind}
    for field in fields(value):
        item = getattr(value, field.name)
        if item != field.default:
            found[field.name] = encode(item)
    return found


def decode(kind: type[_Value], data: object, where: str) -> _Value:
    """The value of that kind; `where` says in errors where the JSON stood. Raises CodecError."""
    if not isinstance(data, Mapping):
        raise CodecError(f"{where} is not an object")
    readers, required = _readers(cast("Hashable", kind))
    values = {}
    for name, item in data.items():
        reader = readers.get(name)
        if reader is None:
            if name == "kind":
                continue
            raise CodecError(f"{where} has {name!r}, which is not known")
        values[name] = reader(item, f"{where}.{name}")
    if missing := required - values.keys():
        raise CodecError(f"{where} has no {min(missing)!r}")
    return kind(**values)


def decode_part(data: object, where: str) -> Part:
    """One part of a message. Raises CodecError."""
    return cast("Part", _decode_kind(_PARTS, data, where))


def encode_events(happened: Sequence[ReplyEvent]) -> list[JsonValue]:
    """Those that leave something behind; pieces of one block that follow each other are joined."""
    found: list[dict[str, JsonValue]] = []
    for event in happened:
        if type(event) not in _KINDS:
            continue
        item = cast("dict[str, JsonValue]", encode(event))
        key = "partial_json" if isinstance(event, events.ToolInputDelta) else "text"
        last = found[-1] if found else {}
        same = [last.get(name) == item.get(name) for name in ("kind", "block")]
        before, more = last.get(key), item.get(key)
        if all(same) and isinstance(before, str) and isinstance(more, str):
            last[key] = before + more
        else:
            found.append(item)
    return list(found)


def decode_events(data: object, where: str) -> list[ReplyEvent]:
    """Raises CodecError."""
    if not isinstance(data, list):
        raise CodecError(f"{where} is not a list")
    return [
        cast("ReplyEvent", _decode_kind(_EVENTS, item, f"{where}[{index}]"))
        for index, item in enumerate(data)
    ]


def _decode_kind(kinds: Mapping[str, type], data: object, where: str) -> object:
    name = data.get("kind") if isinstance(data, Mapping) else None
    if not isinstance(name, str) or name not in kinds:
        raise CodecError(f"{where} has no kind that is one of {', '.join(kinds)}")
    return decode(kinds[name], data, where)


@cache
def _readers(
    kind: Hashable,
) -> tuple[Mapping[str, Callable[[object, str], object]], frozenset[str]]:
    """How to read each field, and the names of those without a default."""
    hints = get_type_hints(kind, localns=_NAMES)
    named = fields(cast("type[Any]", kind))
    required = [f.name for f in named if f.default is MISSING and f.default_factory is MISSING]
    return {field.name: _reader(hints[field.name]) for field in named}, frozenset(required)


def _reader(hint: object) -> Callable[[object, str], object]:
    """What reads a JSON value as a type hint says."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Mapping:
        return _json_object
    if origin is tuple:
        one = _reader(arguments[0])
        return lambda item, where: tuple(
            one(each, f"{where}[{index}]") for index, each in enumerate(_list(item, where))
        )
    if NoneType in arguments:
        (inner,) = (_reader(each) for each in arguments if each is not NoneType)
        return lambda item, where: None if item is None else inner(item, where)
    if hint == message.Part:
        return decode_part
    kind = cast("type[Any]", hint)
    if issubclass(kind, Enum):
        return lambda item, where: _enum(kind, item, where)
    if is_dataclass(kind):
        return lambda item, where: decode(kind, item, where)
    return lambda item, where: _plain(kind, item, where)


def _plain(kind: type, item: object, where: str) -> object:
    if kind is str and isinstance(item, str):
        return repair_surrogates(item)
    if kind is float and type(item) in {int, float}:
        # JSON can spell numbers (`1e999`) that Python could not write as JSON again.
        if not abs(cast("float", item)) < 1e300:
            raise CodecError(f"{where} is too large")
        return float(cast("float", item))
    if type(item) is not kind:
        raise CodecError(f"{where} is not a {kind.__name__}")
    return item


def _enum(kind: type[Enum], item: object, where: str) -> Enum:
    try:
        return kind(item)
    except ValueError:
        known = ", ".join(str(each.value) for each in kind)
        raise CodecError(f"{where} is none of {known}") from None


def _json_object(item: object, where: str) -> JsonObject:
    if not isinstance(item, dict):
        raise CodecError(f"{where} is not an object")
    try:
        return repair_object(item)
    except RecursionError as error:  # Python reads deeper than it writes
        raise CodecError(f"{where} is nested too deeply") from error


def _list(item: object, where: str) -> Sequence[Any]:
    if not isinstance(item, list):
        raise CodecError(f"{where} is not a list")
    return item
