"""Messages to rows of the database and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tui.chat.ending import Ending
from tui.chat.hygiene import repair_surrogates
from tui.chat.message import Message, Role, TextPart
from tui.chat.parameters import Choice
from tui.storage.codec import CodecError, decode, encode, from_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui.chat.message import JsonValue

MESSAGE_COLUMNS = "id, parent, role, created_at, text, parts, reply"
NO_CHOICE = "{}"
_IN_COLUMNS = ("id", "role", "created_at", "parts")
_ROLES = {role.value: role for role in Role}


def message_row(message: Message) -> Mapping[str, object]:
    """The columns that say what a message is."""
    plain = message.parts == (TextPart(message.text),)
    reply = encode(message)
    assert isinstance(reply, dict)  # noqa: S101 - a dataclass is encoded as an object
    parts = reply["parts"]
    for name in _IN_COLUMNS:
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
    where = f"message {id_}"
    if parts is None and reply is None and role in _ROLES:  # a prompt, as a rule: short work
        return Message(_ROLES[role], (TextPart(text),), id_, created_at)
    found = {} if reply is None else from_json(reply, where)
    if not isinstance(found, dict):
        raise CodecError(f"{where} is not an object")
    found["parts"] = [{"kind": "text", "text": text}] if parts is None else from_json(parts, where)
    return decode(Message, {**found, "id": id_, "role": role, "created_at": created_at}, where)


def to_json(value: JsonValue) -> str:
    """JSON as it stands in the database, where half a surrogate pair has to be escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if repair_surrogates(text) == text:
        return text
    return json.dumps(value, separators=(",", ":"))


def read_ending(text: str | None) -> Ending | None:
    """How a reply ended, from its column. Raises CodecError."""
    return None if text is None else decode(Ending, from_json(text, "ending"), "ending")


def choice_column(choice: Choice) -> str:
    """The column that says what was chosen for a conversation."""
    return to_json(encode(choice))


def read_choice(text: str) -> Choice:
    """What was chosen for a conversation, from its column. Raises CodecError."""
    if text == NO_CHOICE:  # as a rule
        return Choice()
    return decode(Choice, from_json(text, "choice"), "choice")


def read_waiting(text: str) -> tuple[str, ...]:
    """The prompts that wait in a conversation, from its column. Raises CodecError."""
    found = from_json(text, "waiting")
    if not isinstance(found, list):
        raise CodecError("waiting is not a list")
    prompts = tuple(each for each in found if isinstance(each, str))
    if len(prompts) != len(found):
        raise CodecError("waiting is not a list of texts")
    return prompts
