"""Our own format: one JSON document of whole conversations, which imports without loss."""

from __future__ import annotations

import json
from sys import float_info
from typing import TYPE_CHECKING, TypeVar, cast

from tui.chat.conversation import Conversation
from tui.chat.hygiene import repair_surrogates
from tui.chat.json_text import is_deeper
from tui.chat.message import Message
from tui.chat.parameters import PARAMETERS, Choice
from tui.storage.codec import CodecError, decode, encode
from tui.storage.exchange.imported import Skipped
from tui.storage.records import Kept
from tui.storage.settings import check_parameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_Value = TypeVar("_Value")

FORMAT = "rill-conversations"
VERSION = 1
_DEEPEST = 300
_FIELDS = {
    *("id", "title", "system", "created_at", "updated_at", "is_pinned", "draft", "waiting"),
    *("origin", "head", "messages", "choice"),
}


def write_json(conversations: Iterable[Kept]) -> Iterator[str]:
    """The document in pieces, a conversation at a time. Siblings stand oldest first."""
    yield f'{{\n"format": "{FORMAT}",\n"version": {VERSION},\n"conversations": ['
    between = "\n"
    for kept in conversations:
        yield between + _text(_entry(kept))
        between = ",\n"
    yield "\n]\n}\n"


def read_rill(entry: Mapping[str, object], where: str) -> Kept | Skipped:
    """The conversation of one entry of `conversations`."""
    try:
        return _kept(entry)
    except CodecError as error:
        return Skipped(where, str(error))


def _text(entry: object) -> str:
    try:
        written = json.dumps(entry, ensure_ascii=False, allow_nan=False, indent=1)
    except ValueError:  # an infinity, which a model can spell as `1e999` in the input of a tool
        written = json.dumps(_finite(entry), ensure_ascii=False, indent=1)
    return repair_surrogates(written)


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return max(-float_info.max, min(float_info.max, value))
    return value


def _entry(kept: Kept) -> dict[str, object]:
    conversation = kept.conversation
    if not conversation.is_whole:
        raise ValueError(f"conversation {conversation.id} is known only in part")
    choice = encode(conversation.choice)
    return {
        "id": conversation.id,
        "title": conversation.given_title,
        "system": conversation.system,
        # A Rill that knows no choices can read all conversations without one.
        **({"choice": choice} if choice else {}),
        "created_at": kept.created_at,
        "updated_at": kept.updated_at,
        "is_pinned": kept.is_pinned,
        "draft": kept.draft,
        "waiting": list(kept.waiting),
        "origin": kept.origin,
        "head": conversation.head,
        "messages": [
            {"parent": parent, **cast("dict[str, object]", encode(message))}
            for message, parent in conversation.messages()
        ],
    }


def _kept(entry: Mapping[str, object]) -> Kept:
    if unknown := entry.keys() - _FIELDS:
        raise CodecError(f"it has {min(unknown)!r}, which is not known")
    # Without its id a conversation would be a new one at every import.
    if not (id_ := _field(entry, "id", str)):
        raise CodecError("its 'id' is empty")
    conversation = Conversation(
        id=id_,
        system=_field(entry, "system", str),
        title=_field(entry, "title", str),
    )
    conversation.choice = _choice(entry)
    for number, item in enumerate(_field(entry, "messages", list)):
        message, parent = _message(item, f"messages[{number}]")
        if message.id in conversation:
            raise CodecError(f"messages[{number}] has the id of another one")
        if parent is not None and parent not in conversation:
            raise CodecError(f"messages[{number}] has a parent that does not stand before it")
        conversation.add([(message, parent)])
    head = _optional(entry, "head")
    if head is not None and head not in conversation:
        raise CodecError("its head is none of its messages")
    conversation.rewind(head)
    waiting = _field(entry, "waiting", list)
    if not all(isinstance(text, str) for text in waiting):
        raise CodecError("something in 'waiting' is not a str")
    return Kept(
        conversation,
        created_at=_time(entry, "created_at"),
        updated_at=_time(entry, "updated_at"),
        is_pinned=_field(entry, "is_pinned", bool),
        draft=_field(entry, "draft", str),
        waiting=tuple(repair_surrogates(text) for text in waiting),
        origin=_optional(entry, "origin"),
    )


def _choice(entry: Mapping[str, object]) -> Choice:
    choice = decode(Choice, entry.get("choice", {}), "choice")
    for name in PARAMETERS:
        if wrong := check_parameter(name, getattr(choice.parameters, name)):
            raise CodecError(f"choice.parameters.{name} {wrong}")
    return choice


def _message(item: object, where: str) -> tuple[Message, str | None]:
    if not isinstance(item, dict):
        raise CodecError(f"{where} is not an object")
    # Without its id a message would be a new one at every import.
    if "id" not in item:
        raise CodecError(f"{where} has no 'id'")
    if is_deeper(item, _DEEPEST):
        raise CodecError(f"{where} is nested too deeply")
    fields = {name: value for name, value in item.items() if name != "parent"}
    return decode(Message, fields, where), _optional(item, "parent")


def _field(entry: Mapping[str, object], name: str, kind: type[_Value]) -> _Value:
    value = entry.get(name)
    if not isinstance(value, kind):
        raise CodecError(f"its {name!r} is not a {kind.__name__}")
    return cast("_Value", repair_surrogates(value)) if isinstance(value, str) else value


def _optional(entry: Mapping[str, object], name: str) -> str | None:
    return None if entry.get(name) is None else _field(entry, name, str)


def _time(entry: Mapping[str, object], name: str) -> float:
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
        raise CodecError(f"its {name!r} is not a number")
    return float(value)
