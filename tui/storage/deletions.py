"""What is deleted is only marked, can be brought back for some days, and is then gone for good."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tui.storage.database import next_change
from tui.storage.schema import unindex
from tui.storage.writes import count_messages, revive

if TYPE_CHECKING:
    from sqlite3 import Connection

KEPT = 7 * 24 * 3600.0
"""Seconds for which a deletion can be undone."""


def delete_conversation(db: Connection, conversation_id: str, run: str) -> None:
    """Take it out of the list."""
    deletion = _record(db, conversation_id, None, None, run)
    db.execute(
        "UPDATE conversation SET deletion = ?, change = ? WHERE id = ? AND deletion IS NULL",
        (deletion, next_change(db), conversation_id),
    )


def delete_branch(
    db: Connection, conversation_id: str, message_id: str, head: str | None, run: str
) -> None:
    """Take a message out, with all that follows it; the conversation then goes on from `head`."""
    (before,) = db.execute(
        "SELECT head FROM conversation WHERE id = ?", (conversation_id,)
    ).fetchone()
    deletion = _record(db, conversation_id, message_id, before, run)
    change = next_change(db)
    db.execute(
        "WITH RECURSIVE below (id) AS (VALUES (?1) UNION ALL SELECT message.id FROM message"
        " JOIN below ON message.parent = below.id)"
        " UPDATE message SET deletion = ?2, change = ?3 WHERE id IN below AND deletion IS NULL",
        (message_id, deletion, change),
    )
    db.execute(
        "UPDATE conversation SET head = ?, change = ? WHERE id = ?", (head, change, conversation_id)
    )
    count_messages(db, conversation_id)


def undo(db: Connection, run: str) -> str | None:
    """Bring back what this run deleted last, else what any run did.

    Gives back the conversation's id, `None` if there is nothing.
    """
    row = db.execute(
        "SELECT id, conversation, message, head FROM deletion"
        # Nothing is left of those that somebody has gone on from since.
        " WHERE EXISTS (SELECT 1 FROM conversation WHERE deletion = deletion.id)"
        " OR EXISTS (SELECT 1 FROM message WHERE deletion = deletion.id)"
        " ORDER BY by = ? DESC, id DESC LIMIT 1",
        (run,),
    ).fetchone()
    if row is None:
        return None
    deletion, conversation_id, message_id, head = row
    change = next_change(db)
    if message_id is not None:
        db.execute(
            "UPDATE message SET deletion = NULL, change = ? WHERE deletion = ?", (change, deletion)
        )
        db.execute("UPDATE conversation SET head = ? WHERE id = ?", (head, conversation_id))
        parent = db.execute("SELECT parent FROM message WHERE id = ?", (message_id,)).fetchone()
        revive(db, conversation_id, parent[0] if parent else None, change)
        count_messages(db, conversation_id)
    db.execute(
        "UPDATE conversation SET deletion = NULL, change = ? WHERE id = ?",
        (change, conversation_id),
    )
    db.execute("DELETE FROM deletion WHERE id = ?", (deletion,))
    return str(conversation_id)


def purge(db: Connection, *, older_than: float = KEPT) -> None:
    """Erase what was deleted so many seconds ago."""
    until = time.time() - older_than
    if not db.execute("SELECT 1 FROM deletion WHERE at <= ?", (until,)).fetchone():
        return
    gone = "(SELECT id FROM deletion WHERE at <= ?1)"
    of_conversations = f"(SELECT id FROM conversation WHERE deletion IN {gone})"
    rows = db.execute(
        "SELECT seq, text FROM message"
        f" WHERE (deletion IN {gone} OR conversation IN {of_conversations}) AND writer IS NULL",
        (until,),
    ).fetchall()
    for seq, text in rows:
        unindex(db, seq, text)
    if rows:
        # Until it is merged into one piece, the index only notes that words are gone from it.
        db.execute("INSERT INTO word (word) VALUES ('optimize')")
    db.execute(f"DELETE FROM message WHERE deletion IN {gone}", (until,))
    db.execute(f"DELETE FROM conversation WHERE deletion IN {gone}", (until,))
    db.execute(
        "DELETE FROM conversation WHERE draft = '' AND waiting = '[]'"
        " AND id IN (SELECT conversation FROM deletion WHERE at <= ?)"
        " AND NOT EXISTS (SELECT 1 FROM message WHERE conversation = conversation.id)",
        (until,),
    )
    db.execute(
        "DELETE FROM deletion WHERE at <= ? OR conversation NOT IN (SELECT id FROM conversation)",
        (until,),
    )


def _record(
    db: Connection, conversation_id: str, message_id: str | None, head: str | None, run: str
) -> int:
    cursor = db.execute(
        "INSERT INTO deletion (at, by, conversation, message, head) VALUES (?, ?, ?, ?, ?)",
        (time.time(), run, conversation_id, message_id, head),
    )
    return cursor.lastrowid or 0
