"""Conversations from elsewhere become part of the history: what is missing comes, nothing else.

A conversation that is here already, by its id or its origin, gets the messages that it does not
have, and the rest of replies that were exported before they had ended. What stands here stays as it
is: titles, drafts, models and parameters that were chosen, the branch being read. What was deleted
here stays deleted for as long as the deletion can be undone; after that nothing is known of it, and
it comes like any other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from tui.chat.ending import Outcome
from tui.storage.database import next_change
from tui.storage.exchange.imported import stable_id
from tui.storage.rows import choice_column, to_json
from tui.storage.schema import index
from tui.storage.standing import restate
from tui.storage.words import fold
from tui.storage.writes import insert_message, rewrite_message

if TYPE_CHECKING:
    from collections.abc import Collection
    from sqlite3 import Connection

    from tui.chat.conversation import Conversation
    from tui.chat.message import Message
    from tui.storage.records import Kept


class Became(Enum):
    """What taking a conversation in came to."""

    NEW = auto()
    GROWN = auto()
    KNOWN = auto()
    DELETED = auto()
    """It was deleted here, and is not brought back."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a conversation, and how many messages came with it."""

    became: Became
    messages: int = 0


@dataclass(slots=True)
class _Difference:
    """What of a tree is not here: new messages with their parents, and what was deleted here.

    `longer` are replies of which only the beginning is here.

    `path` is that of the conversation, under the ids that its messages have here.
    """

    missing: list[tuple[Message, str | None]] = field(default_factory=list)
    longer: list[Message] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    """A message as it is here; `text` is `None` if it is not."""

    id: str
    text: str | None = None
    is_deleted: bool = False
    is_interrupted: bool = False


def take_in(db: Connection, kept: Kept, *, again: bool = False) -> Taken:
    """Within a transaction that the caller has begun; `again` brings back what was deleted here."""
    conversation = kept.conversation
    row = db.execute(
        "SELECT id, deletion FROM conversation WHERE id = ?1 OR origin = ?2 ORDER BY id <> ?1",
        (conversation.id, kept.origin),
    ).fetchone()
    here, deletion = row or (conversation.id, None)
    if deletion is not None and not again:
        return Taken(Became.DELETED)
    difference = _compare(db, conversation, here, again=again)
    count = len(difference.missing) + len(difference.longer) + len(difference.deleted)
    if row is not None and deletion is None and not count:
        return Taken(Became.KNOWN)
    change = next_change(db)
    if row is None:
        _insert(db, kept, change)
    if deletion is not None or difference.deleted:
        _bring_back(db, here, difference.deleted, change)
    for message in difference.longer:
        rewrite_message(db, message, change)
    for message, parent in difference.missing:
        index(db, insert_message(db, here, message, parent, change=change), message.text)
    _grow(db, kept, here, difference.path, change)
    return Taken(Became.NEW if row is None else Became.GROWN, count)


def _compare(db: Connection, conversation: Conversation, here: str, *, again: bool) -> _Difference:
    found = _Difference()
    ids: dict[str | None, str] = {}
    taken: set[str] = set()
    for message, parent in conversation.messages():
        if parent is not None and parent not in ids:
            continue  # what it follows was deleted here, and so it would have been, too
        place = _find_place(db, message.id, here, taken)
        taken.add(place.id)
        if place.is_deleted and not again:
            continue
        ids[message.id] = place.id
        if place.is_deleted:
            found.deleted.append(place.id)
        elif place.text is None:
            found.missing.append((replace(message, id=place.id), ids.get(parent)))
        elif place.is_interrupted and _goes_on(message, place.text):
            found.longer.append(replace(message, id=place.id))
    for message in conversation.path():
        if message.id not in ids:
            break
        found.path.append(ids[message.id])
    return found


def _find_place(db: Connection, message_id: str, here: str, taken: Collection[str]) -> _Place:
    """Where a message is in the conversation `here`, or would be.

    One that another conversation has already, or that another message has `taken`, is told by an
    id of its own, the same every time.
    """
    id_ = message_id
    while True:
        row = db.execute(
            "SELECT conversation, text, deletion IS NOT NULL, writer IS NULL AND"
            """ reply LIKE '%"outcome":"interrupted"%' FROM message WHERE id = ?""",
            (id_,),
        ).fetchone()
        if id_ not in taken:
            if row is None:
                return _Place(id_)
            if row[0] == here:
                return _Place(id_, row[1], bool(row[2]), bool(row[3]))
        id_ = stable_id(here, id_)


def _goes_on(message: Message, beginning: str) -> bool:
    is_interrupted = message.ending is not None and message.ending.outcome is Outcome.INTERRUPTED
    return message.text.startswith(beginning) and (
        not is_interrupted or len(message.text) > len(beginning)
    )


def _insert(db: Connection, kept: Kept, change: int) -> None:
    conversation = kept.conversation
    title = conversation.title
    db.execute(
        "INSERT INTO conversation (id, title, folded, given_title, system, draft, waiting, pinned,"
        " created_at, updated_at, model, messages, origin, choice, change)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, ?, ?, ?)",
        (
            *(conversation.id, title, fold(title), conversation.given_title, conversation.system),
            *(kept.draft, to_json(kept.waiting), kept.is_pinned),
            *(kept.created_at, min(kept.updated_at, time.time()), kept.origin),
            *(choice_column(conversation.choice), change),
        ),
    )


def _bring_back(db: Connection, here: str, messages: list[str], change: int) -> None:
    db.execute("UPDATE conversation SET deletion = NULL WHERE id = ?", (here,))
    db.executemany(
        "UPDATE message SET deletion = NULL, change = ? WHERE id = ?",
        [(change, id_) for id_ in messages],
    )
    db.execute(
        "DELETE FROM deletion WHERE conversation = ? AND NOT EXISTS"
        " (SELECT 1 FROM message WHERE message.deletion = deletion.id)",
        (here,),
    )


def _grow(db: Connection, kept: Kept, here: str, path: list[str], change: int) -> None:
    """Let the conversation go on from the end of `path`, if it stood on it."""
    title, head = db.execute(
        "SELECT title, head FROM conversation WHERE id = ?", (here,)
    ).fetchone()
    if path and (head is None or head in path):
        head = path[-1]
    title = title or kept.conversation.title
    db.execute(
        "UPDATE conversation SET title = ?, folded = ?, head = ?, change = ?,"
        " updated_at = max(updated_at, ?) WHERE id = ?",
        (title, fold(title), head, change, min(kept.updated_at, time.time()), here),
    )
    restate(db, here)
