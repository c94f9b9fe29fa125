"""Messages to rows of the database and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tui.chat.ending import Ending
from tui.chat.hygiene import repair_surrogates
from tui.chat.message import Message, Role, TextPart
from tui.storage.codec import decode, encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui.chat.message import JsonValue

MESSAGE_COLUMNS = "id, parent, role, created_at, text, parts, reply"
_OF_REPLY = ("id", "role", "created_at", "parts")


def message_row(message: Message) -> Mapping[str, object]:
    """The columns that say what a message is."""
    plain = message.parts == (TextPart(message.text),)
    reply = encode(message)
    assert isinstance(reply, dict)  # noqa: S101 - a dataclass is encoded as an object
    parts = reply["parts"]
    for name in _OF_REPLY:
        del reply[name]
    return {
        "id": message.id,
        "role": message.role.value,
        "created_at": message.created_at,
        "text": repair_surrogates(message.text),
        "parts": None if plain else to_json(parts),
        "reply": to_json(reply) if reply else None,
    }


def read_message(row: Sequence[Any]) -> Message:
    """A message from its MESSAGE_COLUMNS. Raises CodecError."""
    id_, _, role, created_at, text, parts, reply = row
    if parts is None and reply is None:  # a prompt, as a rule: short work
        return Message(Role(role), (TextPart(text),), id_, created_at)
    found = {} if reply is None else json.loads(reply)
    found["parts"] = [{"kind": "text", "text": text}] if parts is None else json.loads(parts)
    found |= {"id": id_, "role": role, "created_at": created_at}
    return decode(Message, found, f"message {id_}")


def to_json(value: JsonValue) -> str:
    """JSON as it stands in the database, where half a surrogate pair has to be escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if repair_surrogates(text) == text:
        return text
    return json.dumps(value, separators=(",", ":"))


def read_ending(text: str | None) -> Ending | None:
    """How a reply ended, from its column. Raises CodecError."""
    return None if text is None else decode(Ending, json.loads(text), "ending")
