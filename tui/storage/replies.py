"""Replies under way: what has come of them is in the journal until they end, or their run does."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tui.chat.ending import Ending, Outcome
from tui.chat.reply import Reply
from tui.storage.codec import CodecError, decode_events, encode, encode_events, from_json
from tui.storage.database import next_change
from tui.storage.rows import MESSAGE_COLUMNS, read_message, to_json
from tui.storage.writes import (
    count_messages,
    insert_message,
    revive,
    revive_branch,
    rewrite_message,
    save,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from sqlite3 import Connection

    from tui.chat.events import ReplyEvent
    from tui.chat.message import Message
    from tui.storage.records import Sheet


def begin_reply(
    db: Connection, conversation_id: str, message: Message, parent: str, run: str
) -> None:
    """A reply is asked for; until `end_reply` it belongs to this run."""
    change = next_change(db)
    revive(db, conversation_id, parent, change)
    insert_message(db, conversation_id, message, parent, change=change, writer=run)
    db.execute(
        "UPDATE conversation SET updated_at = ?, change = ? WHERE id = ?",
        (time.time(), change, conversation_id),
    )


def append_journal(db: Connection, message_id: str, events: Sequence[ReplyEvent]) -> None:
    """More of a reply has come."""
    if encoded := encode_events(events):
        db.execute(
            "INSERT INTO journal (message, events) VALUES (?, ?)", (message_id, to_json(encoded))
        )


def end_reply(db: Connection, sheet: Sheet, message: Message, run: str) -> None:
    """A reply has ended, as `message`; somebody has seen it, so its branch is there."""
    save(db, sheet, run)
    revive_branch(db, message.id, next_change(db))
    _finish(db, sheet.id, message)


def interrupt_dead(db: Connection, is_alive: Callable[[str], bool]) -> list[str]:
    """End the replies that nobody receives any more; gives back their conversations.

    A conversation that still stands at the prompt goes on from the reply, as if that had ended.
    """
    rows = db.execute(
        f"SELECT writer, conversation, {MESSAGE_COLUMNS} FROM message"
        " WHERE writer IS NOT NULL ORDER BY seq"
    ).fetchall()
    found = []
    for writer, conversation_id, *row in rows:
        if is_alive(writer):
            continue
        id_, parent = row[:2]
        try:
            begun = read_message(row)
            ended = interrupted(begun, journal(db, id_)[0])
        except CodecError:
            # Damaged, or of a newer Rill. It stays as it is, and keeps nobody from all the rest.
            db.execute("UPDATE message SET writer = NULL WHERE id = ?", (id_,))
            continue
        _finish(db, conversation_id, ended)
        db.execute(
            "UPDATE conversation SET head = ? WHERE id = ? AND head = ?",
            (id_, conversation_id, parent),
        )
        found.append(conversation_id)
    return found


def journal(db: Connection, message_id: str, after: int = 0) -> tuple[list[ReplyEvent], int]:
    """What has come of a reply after a number, and the number of the last of it."""
    events: list[ReplyEvent] = []
    last = after
    for number, text in db.execute(
        "SELECT id, events FROM journal WHERE message = ? AND id > ? ORDER BY id",
        (message_id, after),
    ):
        where = f"journal {number}"
        events += decode_events(from_json(text, where), where)
        last = number
    return events, last


def interrupted(begun: Message, events: Iterable[ReplyEvent]) -> Message:
    """A reply as far as it came; how long that took nobody knows."""
    reply = Reply.to_tell_again(begun)
    for event in events:
        reply.apply(event)
    return replace(
        reply.message(),
        id=begun.id,
        created_at=begun.created_at,
        timing=begun.timing,
        ending=Ending(Outcome.INTERRUPTED),
    )


def _finish(db: Connection, conversation_id: str, message: Message) -> None:
    change = next_change(db)
    rewrite_message(db, message, change)
    db.execute("DELETE FROM journal WHERE message = ?", (message.id,))
    ending = None if message.ending is None else to_json(encode(message.ending))
    db.execute(
        "UPDATE conversation SET model = ?, ending = ?, updated_at = ?, change = ? WHERE id = ?",
        (message.model, ending, time.time(), change, conversation_id),
    )
    count_messages(db, conversation_id)
