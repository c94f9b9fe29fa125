"""One conversation of elia's database.

Its ids are small numbers, so another database has the same ones; the time at which a chat began
tells them apart, and never changes. Messages are in the order of their ids, because `parent_id` is
never set by the versions that were looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.conversation import Conversation
from tui.chat.message import Message, Role, TextPart
from tui.storage.exchange.imported import (
    EMPTY,
    Skipped,
    add_all,
    paragraphs,
    remark,
    seconds,
    stable_id,
    text,
)
from tui.storage.records import Kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui.chat.message import Part

_ROLES = {
    "user": Role.USER,
    "human": Role.USER,
    "assistant": Role.ASSISTANT,
    "ai": Role.ASSISTANT,
}


def read_elia(
    chat: Mapping[str, object], rows: Sequence[Mapping[str, object]], where: str, changed: float
) -> Kept | Skipped:
    """The conversation of one row of `chat` and its rows of `message`.

    `changed` is when the file was: it stands for what has no time.
    """
    told = [row for row in rows if text(row, "role") != "system"]
    if not told:
        return Skipped(where, EMPTY)
    began = text(chat, "started_at") or text(told[0], "timestamp") or text(told[0], "content")
    origin = f"elia:{chat.get('id')}-{stable_id('elia', began)[:12]}"
    conversation = Conversation(
        id=stable_id(origin),
        title=text(chat, "title"),
        system="\n\n".join(text(row, "content") for row in rows if text(row, "role") == "system"),
    )
    time = started = seconds(chat.get("started_at")) or changed
    messages: list[tuple[Message, str | None]] = []
    for row in told:
        time = seconds(row.get("timestamp")) or time
        before = messages[-1][0].id if messages else None
        if (parent := row.get("parent_id")) is not None:
            before = stable_id(origin, str(parent))
        id_ = stable_id(origin, str(row.get("number")))
        role = _ROLES.get(text(row, "role"), Role.ASSISTANT)
        parts = _parts(row)
        message = Message(Role.USER, parts, id=id_, created_at=time)
        if role is Role.ASSISTANT:
            model = text(row, "model") or text(chat, "model")
            message = Message(role, parts, id=id_, created_at=time, model=model)
        messages.append((message, before))
    add_all(conversation, messages, messages[-1][0].id)
    return Kept(conversation, created_at=started, updated_at=time, origin=origin)


def _parts(row: Mapping[str, object]) -> tuple[Part, ...]:
    role = text(row, "role")
    of_whom = [] if role in _ROLES else [TextPart(remark(f"by {role or 'nobody'}"))]
    return paragraphs([*of_whom, TextPart(text(row, "content"))])
