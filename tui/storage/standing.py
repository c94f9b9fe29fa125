"""What the list says of a conversation, made anew from its messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.storage import reads
from tui.storage.codec import CodecError, from_json
from tui.storage.database import next_change
from tui.storage.rows import to_json
from tui.storage.words import fold
from tui.storage.writes import count_messages

if TYPE_CHECKING:
    from sqlite3 import Connection

    from tui.chat.message import JsonValue


def restate(db: Connection, conversation_id: str) -> None:
    """Bring the number of messages up to date, and what the newest reply says: model and ending."""
    count_messages(db, conversation_id)
    row = db.execute(
        "SELECT reply FROM message WHERE conversation = ? AND role = 'assistant'"
        " AND deletion IS NULL AND writer IS NULL ORDER BY created_at DESC, seq DESC LIMIT 1",
        (conversation_id,),
    ).fetchone()
    model, ending = _said_of(row[0] if row else None)
    db.execute(
        "UPDATE conversation SET model = ?, ending = ? WHERE id = ?",
        (model, None if ending is None else to_json(ending), conversation_id),
    )


def _said_of(reply: str | None) -> tuple[str, JsonValue]:
    """The model and the ending in that column; nothing of one that is damaged."""
    try:
        found = {} if reply is None else from_json(reply, "reply")
    except CodecError:
        found = {}
    if not isinstance(found, dict):
        return "", None
    return str(found.get("model", "")), found.get("ending")


def put_right(db: Connection, conversation_id: str) -> None:
    """Bring all of it up to date, and go on from the newest message if the head is none of them."""
    db.execute(
        "UPDATE conversation SET head = (SELECT id FROM message WHERE"
        " conversation = conversation.id AND message.deletion IS NULL ORDER BY seq DESC LIMIT 1)"
        " WHERE id = ? AND NOT EXISTS (SELECT 1 FROM message WHERE message.id = head"
        " AND conversation = conversation.id AND message.deletion IS NULL)",
        (conversation_id,),
    )
    restate(db, conversation_id)
    if (opened := reads.load(db, conversation_id, None)) is None:
        return  # it is deleted
    conversation = opened.kept.conversation
    title = conversation.given_title or conversation.title or conversation.beginning
    db.execute(
        "UPDATE conversation SET title = ?, folded = ?, change = ? WHERE id = ?",
        (title, fold(title), next_change(db), conversation_id),
    )
