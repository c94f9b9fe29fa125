"""Everything that changes the history, each within one transaction that the caller has begun."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tui.chat.conversation import TITLE_LENGTH
from tui.chat.hygiene import one_line
from tui.chat.message import new_id
from tui.storage.database import next_change
from tui.storage.rows import MESSAGE_COLUMNS, choice_column, message_row, to_json
from tui.storage.schema import index, unindex
from tui.storage.words import fold

if TYPE_CHECKING:
    from sqlite3 import Connection

    from tui.chat.message import Message
    from tui.storage.records import Sheet

# Conversations


def save(db: Connection, sheet: Sheet, run: str) -> None:
    """Keep a conversation as it is now; one that nothing is in any more is forgotten.

    A draft that another run has written meanwhile goes to the unsent prompts: nobody has read it
    here.
    """
    change = next_change(db)
    known = db.execute(
        "SELECT draft, draft_by, waiting, messages FROM conversation WHERE id = ?", (sheet.id,)
    ).fetchone()
    is_in_use = bool(sheet.head or sheet.draft or sheet.waiting)
    if known is None:
        if is_in_use:
            _insert(db, sheet, change, run, time.time())
        return
    before, before_by, waiting, messages = known
    draft, by = (before, before_by) if sheet.draft is None else (sheet.draft, run)
    if sheet.waiting is not None:
        waiting = to_json(sheet.waiting)
    if before and before_by != by and not draft.startswith(before):
        keep_unsent(db, before, sheet.id)
    if not (is_in_use or messages or _has_deleted(db, sheet.id)):
        # What was thrown away in it can be taken up again all the same.
        db.execute("UPDATE unsent SET conversation = NULL WHERE conversation = ?", (sheet.id,))
        db.execute("DELETE FROM conversation WHERE id = ?", (sheet.id,))
        return
    db.execute(
        "UPDATE conversation SET system = ?, head = ?, draft = ?, draft_by = ?, waiting = ?,"
        " choice = coalesce(?, choice), change = ? WHERE id = ?",
        (
            *(sheet.system, sheet.head, draft, by, waiting),
            *(choice_column(sheet.choice) if sheet.is_chosen else None, change, sheet.id),
        ),
    )
    # Another run may have given it a title; only `rename` changes that.
    if not sheet.given_title:
        db.execute(
            "UPDATE conversation SET title = ?, folded = ? WHERE id = ? AND given_title = ''",
            (sheet.title, fold(sheet.title), sheet.id),
        )


def _has_deleted(db: Connection, conversation_id: str) -> bool:
    """Whether there are messages that can be brought back."""
    return bool(
        db.execute(
            "SELECT 1 FROM message WHERE conversation = ? LIMIT 1", (conversation_id,)
        ).fetchone()
    )


def _insert(db: Connection, sheet: Sheet, change: int, run: str, now: float) -> None:
    db.execute(
        "INSERT INTO conversation (id, title, folded, given_title, system, head, draft, draft_by,"
        " waiting, pinned, created_at, updated_at, model, messages, choice, change)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, '', 0, ?, ?)",
        (
            *(sheet.id, sheet.title, fold(sheet.title), sheet.given_title, sheet.system),
            *(sheet.head, sheet.draft or "", run, to_json(sheet.waiting or ()), now, now),
            *(choice_column(sheet.choice), change),
        ),
    )


def rename(db: Connection, conversation_id: str, title: str) -> None:
    """Give it a title, or with `""` that of its first prompt again."""
    given = one_line(title, TITLE_LENGTH)
    shown = given
    if not given:
        row = db.execute(
            "SELECT text FROM message WHERE conversation = ? AND parent IS NULL AND role = 'user'"
            " AND deletion IS NULL ORDER BY seq LIMIT 1",
            (conversation_id,),
        ).fetchone()
        shown = one_line(row[0], TITLE_LENGTH) if row else ""
    db.execute(
        "UPDATE conversation SET given_title = ?, title = ?, folded = ?, change = ? WHERE id = ?",
        (given, shown, fold(shown), next_change(db), conversation_id),
    )


def pin(db: Connection, conversation_id: str, *, is_pinned: bool) -> None:
    """Keep it on top of the list, or not."""
    db.execute(
        "UPDATE conversation SET pinned = ?, change = ? WHERE id = ?",
        (is_pinned, next_change(db), conversation_id),
    )


def duplicate(db: Connection, conversation_id: str) -> str | None:
    """A copy with all branches, as new as can be; gives back its id, `None` if there is nothing."""
    known = db.execute("SELECT head FROM conversation WHERE id = ?", (conversation_id,)).fetchone()
    if known is None:
        return None
    (head,) = known
    change, copy, now = next_change(db), new_id(), time.time()
    rows = db.execute(
        f"SELECT {MESSAGE_COLUMNS} FROM message WHERE conversation = ? AND deletion IS NULL"
        " AND writer IS NULL ORDER BY seq",
        (conversation_id,),
    ).fetchall()
    ids = {row[0]: new_id() for row in rows}
    db.execute(
        "INSERT INTO conversation (id, title, folded, given_title, system, head, draft, waiting,"
        " pinned, created_at, updated_at, model, ending, messages, choice, change)"
        " SELECT ?, title, folded, given_title, system, NULL, draft, '[]', 0, ?, ?, model, ending,"
        " 0, choice, ? FROM conversation WHERE id = ?",
        (copy, now, now, change, conversation_id),
    )
    for id_, parent, *columns in rows:
        seq = db.execute(
            "INSERT INTO message (id, conversation, parent, role, created_at, text, parts, reply,"
            " change) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (ids[id_], copy, ids.get(parent), *columns, change),
        ).lastrowid
        index(db, seq or 0, columns[2])
    # The head may be a reply that is still running: then the copy goes on from its prompt.
    while head is not None and head not in ids:
        row = db.execute("SELECT parent FROM message WHERE id = ?", (head,)).fetchone()
        head = row[0] if row else None
    db.execute(
        "UPDATE conversation SET head = ?, messages = ? WHERE id = ?",
        (ids.get(head or ""), len(ids), copy),
    )
    return copy


# Messages


def add_message(
    db: Connection, sheet: Sheet, message: Message, parent: str | None, run: str
) -> None:
    """Something was said."""
    save(db, sheet, run)
    change = next_change(db)
    revive(db, sheet.id, parent, change)
    db.execute(
        "UPDATE conversation SET updated_at = ?, change = ? WHERE id = ?",
        (time.time(), change, sheet.id),
    )
    seq = insert_message(db, sheet.id, message, parent, change=change)
    index(db, seq, message.text)
    count_messages(db, sheet.id)


def insert_message(
    db: Connection,
    conversation_id: str,
    message: Message,
    parent: str | None,
    *,
    change: int,
    writer: str | None = None,
) -> int:
    """The bare row; gives back its number."""
    row = message_row(message)
    cursor = db.execute(
        "INSERT INTO message (id, conversation, parent, role, created_at, text, parts, reply,"
        " writer, change) VALUES (:id, :conversation, :parent, :role, :created_at, :text, :parts,"
        " :reply, :writer, :change)",
        {
            **row,
            "conversation": conversation_id,
            "parent": parent,
            "writer": writer,
            "change": change,
        },
    )
    return cursor.lastrowid or 0


def rewrite_message(db: Connection, message: Message, change: int) -> None:
    """Put its present state in the place of an older one; nobody receives it any more."""
    seq, text, writer = db.execute(
        "SELECT seq, text, writer FROM message WHERE id = ?", (message.id,)
    ).fetchone()
    if writer is None:  # one that is being received is not in the index yet
        unindex(db, seq, text)
    row = message_row(message)
    db.execute(
        "UPDATE message SET text = ?, parts = ?, reply = ?, writer = NULL, change = ?"
        " WHERE seq = ?",
        (row["text"], row["parts"], row["reply"], change, seq),
    )
    index(db, seq, message.text)


def revive(db: Connection, conversation_id: str, message_id: str | None, change: int) -> None:
    """Somebody goes on here: what was deleted meanwhile is there again, up to this message."""
    db.execute(
        "UPDATE conversation SET deletion = NULL, change = ? WHERE id = ? AND deletion IS NOT NULL",
        (change, conversation_id),
    )
    revive_branch(db, message_id, change)


def revive_branch(db: Connection, message_id: str | None, change: int) -> None:
    """What comes before a message that is there, is there."""
    db.execute(
        "WITH RECURSIVE up (id, parent) AS (SELECT id, parent FROM message WHERE id = ?1"
        " AND deletion IS NOT NULL UNION ALL SELECT message.id, message.parent FROM up"
        " JOIN message ON message.id = up.parent AND deletion IS NOT NULL)"
        " UPDATE message SET deletion = NULL, change = ?2 WHERE id IN (SELECT id FROM up)",
        (message_id, change),
    )


def count_messages(db: Connection, conversation_id: str) -> None:
    """Bring the number in the list up to date."""
    db.execute(
        "UPDATE conversation SET messages = (SELECT count(*) FROM message WHERE"
        " conversation = ?1 AND deletion IS NULL) WHERE id = ?1",
        (conversation_id,),
    )


def keep_unsent(db: Connection, text: str, conversation_id: str | None) -> None:
    """A prompt was written and not sent; it stays among the prompts that can be taken up again."""
    known = (
        conversation_id
        and db.execute("SELECT 1 FROM conversation WHERE id = ?", (conversation_id,)).fetchone()
    )
    db.execute(
        "INSERT INTO unsent (at, text, conversation) VALUES (?, ?, ?)",
        (time.time(), text, conversation_id if known else None),
    )
