"""Everything that is asked of the history, without changing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.conversation import Conversation
from tui.chat.hygiene import repair_surrogates
from tui.chat.parameters import Choice
from tui.storage.codec import CodecError, from_json
from tui.storage.records import Changes, Entry, Hit, Kept, Opened, RunningElsewhere
from tui.storage.replies import journal
from tui.storage.rows import (
    MESSAGE_COLUMNS,
    read_choice,
    read_ending,
    read_message,
    read_waiting,
)
from tui.storage.words import excerpt, fold, like_pattern, match_expression, terms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection
    from typing import Any

    from tui.chat.message import Message
    from tui.storage.presence import Presence

_ENTRY = (
    "conversation.id, title, model, updated_at, messages, pinned, draft <> '' OR waiting <> '[]',"
    " ending, EXISTS (SELECT 1 FROM message INDEXED BY message_running"
    " WHERE message.conversation = conversation.id AND writer IS NOT NULL)"
)
_CHANGE = (
    "max(change, coalesce((SELECT max(change) FROM message"
    " WHERE conversation = conversation.id), 0))"
)
"""The number of the last change to a conversation or to anything in it."""
_NEWEST = "ORDER BY pinned DESC, updated_at DESC"
_KEPT = (
    "id, title, given_title, system, choice, head, draft, waiting, pinned, created_at, updated_at,"
    f" origin, {_CHANGE}"
)
_FINISHED = "deletion IS NULL AND writer IS NULL"
_ANY_CHANGE = 1 << 62


# Lists


def newest(db: Connection, count: int, after: int = 0) -> list[Entry]:
    """The list of conversations from a place on: pinned ones first, then the newest."""
    rows = db.execute(
        f"SELECT {_ENTRY} FROM conversation WHERE deletion IS NULL {_NEWEST} LIMIT ? OFFSET ?",
        (count, after),
    )
    return [_entry(row) for row in rows]


def count(db: Connection) -> int:
    """How many conversations there are."""
    row = db.execute("SELECT count(*) FROM conversation WHERE deletion IS NULL").fetchone()
    return int(row[0])


def titled(db: Connection, query: str, most: int) -> list[Entry]:
    """Conversations whose titles have the characters of `query` in this order.

    First come those that have it in one piece, and the newest of both kinds first.
    """
    words = fold(query).split()
    best_first = "ORDER BY instr(folded, ?2) = 0, pinned DESC, updated_at DESC"
    # Twice, so that only what is shown is read, and not all that there is to sort.
    rows = db.execute(
        f"SELECT {_ENTRY} FROM conversation WHERE rowid IN (SELECT rowid FROM conversation"
        f" WHERE deletion IS NULL AND folded LIKE ?1 ESCAPE '\\' {best_first} LIMIT ?3)"
        f" {best_first}",
        (like_pattern("".join(words), apart=True), " ".join(words), most),
    )
    return [_entry(row) for row in rows]


def search(db: Connection, query: str, most: int) -> list[Hit]:
    """Messages in which all the words of `query` begin a word, the newest first."""
    if not (expression := match_expression(query)):
        return []
    rows = db.execute(
        f"SELECT message.id, message.text, {_ENTRY} FROM word"
        " CROSS JOIN message ON message.seq = word.rowid"
        " JOIN conversation ON conversation.id = message.conversation"
        " WHERE word MATCH ? AND message.deletion IS NULL AND conversation.deletion IS NULL"
        " ORDER BY word.rowid DESC LIMIT ?",
        (expression, most),
    )
    found = [Hit(_entry(row[2:]), row[0], *excerpt(row[1], query)) for row in rows]
    # What was imported came late, and may be old.
    return sorted(found, key=lambda hit: hit.entry.updated_at, reverse=True)


def prompts(db: Connection, query: str, most: int) -> list[str]:
    """What was written, sent or not, the newest first, each once; all words of `query` in it."""
    conditions = " AND ".join(["text LIKE ? ESCAPE '\\'"] * len(terms(query))) or "1"
    patterns = [like_pattern(term) for term in terms(query)]
    sent = (
        "SELECT text, message.created_at AS at FROM message JOIN conversation"
        " ON conversation.id = message.conversation WHERE role = 'user'"
        " AND message.deletion IS NULL AND conversation.deletion IS NULL"
        f" AND {conditions} ORDER BY seq DESC LIMIT ?"
    )
    unsent = f"SELECT text, at FROM unsent WHERE {conditions} ORDER BY id DESC LIMIT ?"
    rows = db.execute(sent, (*patterns, most)).fetchall()
    rows += db.execute(unsent, (*patterns, most)).fetchall()
    rows.sort(key=lambda row: row[1], reverse=True)
    return list(dict.fromkeys(text for text, _ in rows if text.strip()))[:most]


# One conversation


def find_conversation(db: Connection, beginning: str) -> list[tuple[str, str]]:
    """Ids and titles of the conversations whose id begins so, the newest first; ten at most."""
    rows = db.execute(
        "SELECT id, title FROM conversation WHERE deletion IS NULL"
        " AND substr(id, 1, length(?1)) = ?1 ORDER BY updated_at DESC LIMIT 10",
        (repair_surrogates(beginning),),
    )
    return rows.fetchall()


def last(db: Connection) -> str | None:
    """The id of the conversation in which something was last said."""
    row = db.execute(
        "SELECT id FROM conversation WHERE deletion IS NULL AND messages > 0"
        " ORDER BY updated_at DESC LIMIT 1"
    ).fetchone()
    return row[0] if row else None


def recent_models(db: Connection) -> dict[str, str]:
    """For each provider of the newest replies (those of some days, not all) its newest model."""
    rows = db.execute(
        "SELECT reply FROM message WHERE role = 'assistant' AND deletion IS NULL"
        " AND reply IS NOT NULL ORDER BY seq DESC LIMIT 200"
    )
    models: dict[str, str] = {}
    for (reply,) in rows:
        try:
            found = from_json(reply, "reply")
        except CodecError:
            continue
        if isinstance(found, dict):
            provider, model = found.get("provider"), found.get("model")
            if isinstance(provider, str) and isinstance(model, str) and model:
                models.setdefault(provider, model)
    return models


def drafted(db: Connection) -> list[tuple[str, str]]:
    """Conversations of nothing but a draft, with the runs that wrote it, the newest first."""
    return db.execute(
        "SELECT id, draft_by FROM conversation WHERE deletion IS NULL AND messages = 0"
        " AND draft <> '' AND draft_by IS NOT NULL ORDER BY updated_at DESC LIMIT 10"
    ).fetchall()


def load(
    db: Connection,
    conversation_id: str,
    presence: Presence | None,
    last: int | None = None,
    *,
    until: int = _ANY_CHANGE,
) -> Opened | None:
    """A conversation, whole or no more than the `last` messages; `None` if it is not there.

    What of it has changed after the change `until` is left to `changes`.
    """
    row = db.execute(
        f"SELECT {_KEPT} FROM conversation WHERE id = ? AND deletion IS NULL",
        (conversation_id,),
    ).fetchone()
    if row is None:
        return None
    id_, title, given, system, choice, head, draft, waiting, *rest = row
    pinned, created, updated, origin, change = rest
    conversation = Conversation(id=id_, system=system, title=given)
    conversation.choice = _choice(choice)
    head = _there(db, id_, head)
    known = _messages(db, id_, until) if last is None else _last_messages(db, id_, head, last)
    conversation.add(known)
    (total,) = db.execute(
        f"SELECT count(*) FROM message WHERE conversation = ? AND {_FINISHED}", (id_,)
    ).fetchone()
    conversation.is_whole = len(conversation) == total
    conversation.beginning = title
    # A head that came after `until` is not known here.
    conversation.rewind(head if head is not None and head in conversation else None)
    kept = Kept(conversation, created, updated, bool(pinned), draft, read_waiting(waiting), origin)
    return Opened(kept, change, _running(db, id_, presence))


def changes(
    db: Connection,
    conversation_id: str,
    after: int,
    presence: Presence | None,
    received: tuple[str, int] | None = None,
) -> Changes | None:
    """What was done to a conversation after a change; `None` if it was erased.

    `received` is a reply that is being received elsewhere and the last known piece of its journal.
    """
    row = db.execute(
        f"SELECT given_title, choice, deletion IS NOT NULL, {_CHANGE} FROM conversation"
        " WHERE id = ?",
        (conversation_id,),
    ).fetchone()
    if row is None:
        return None
    given_title, choice, is_deleted, change = row
    rows = db.execute(
        f"SELECT deletion IS NULL, {MESSAGE_COLUMNS} FROM message"
        " WHERE conversation = ? AND change > ? AND writer IS NULL ORDER BY seq",
        (conversation_id, after),
    ).fetchall()
    return Changes(
        change=max(change, after),
        given_title=given_title,
        choice=_choice(choice),
        is_deleted=bool(is_deleted),
        messages=tuple((read_message(row), row[1]) for is_there, *row in rows if is_there),
        removed=tuple(row[1] for row in rows if not row[0]),
        running=_running(db, conversation_id, presence, received),
    )


def runs_that_receive(db: Connection) -> list[str]:
    """Those that are in the middle of a reply, as far as the file knows."""
    rows = db.execute("SELECT DISTINCT writer FROM message WHERE writer IS NOT NULL")
    return [row[0] for row in rows]


def all_ids(db: Connection) -> list[str]:
    """Of all conversations, the oldest first."""
    rows = db.execute("SELECT id FROM conversation WHERE deletion IS NULL ORDER BY created_at, id")
    return [row[0] for row in rows]


def _messages(db: Connection, conversation_id: str, until: int) -> list[tuple[Message, str | None]]:
    rows = db.execute(
        f"SELECT {MESSAGE_COLUMNS} FROM message"
        f" WHERE conversation = ? AND change <= ? AND {_FINISHED} ORDER BY seq",
        (conversation_id, until),
    )
    return [(read_message(row), row[1]) for row in rows]


def _last_messages(
    db: Connection, conversation_id: str, head: str | None, count: int
) -> list[tuple[Message, str | None]]:
    """The end of the path to the head, with the siblings of all that is on it."""
    rows = db.execute(
        "WITH RECURSIVE up (id, parent, number) AS ("
        "SELECT id, parent, 1 FROM message WHERE id = ?1"
        " UNION ALL SELECT message.id, message.parent, number + 1 FROM up"
        " JOIN message ON message.id = up.parent WHERE number < ?2)"
        # Left alone, SQLite would read through all of the conversation.
        f" SELECT {MESSAGE_COLUMNS}, seq FROM message INDEXED BY message_after"
        f" WHERE conversation = ?3 AND parent IN (SELECT parent FROM up) AND {_FINISHED}"
        f" UNION ALL SELECT {MESSAGE_COLUMNS}, seq FROM message"
        f" WHERE conversation = ?3 AND parent IS NULL AND {_FINISHED}"
        " AND EXISTS (SELECT 1 FROM up WHERE parent IS NULL) ORDER BY seq",
        (head, count, conversation_id),
    )
    return [(read_message(row[:-1]), row[1]) for row in rows]


def _there(db: Connection, conversation_id: str, head: str | None) -> str | None:
    """Where to go on from: the head, or if another run has deleted it, what is next to it."""
    at = head
    while at is not None:
        row = db.execute(
            f"SELECT parent, {_FINISHED} FROM message WHERE id = ? AND conversation = ?",
            (at, conversation_id),
        ).fetchone()
        if row is None:
            break
        if row[1]:
            return at
        at = row[0]
    if head is None:
        return None
    row = db.execute(
        f"SELECT id FROM message WHERE conversation = ? AND {_FINISHED} ORDER BY seq DESC LIMIT 1",
        (conversation_id,),
    ).fetchone()
    return row[0] if row else None


def _running(
    db: Connection,
    conversation_id: str,
    presence: Presence | None,
    received: tuple[str, int] | None = None,
) -> RunningElsewhere | None:
    row = db.execute(
        f"SELECT writer, {MESSAGE_COLUMNS} FROM message"
        " WHERE conversation = ? AND writer IS NOT NULL AND deletion IS NULL"
        " ORDER BY seq DESC",
        (conversation_id,),
    ).fetchone()
    if row is None or presence is None or row[0] == presence.run:
        return None
    begun, parent = read_message(row[1:]), row[2]
    after = received[1] if received and received[0] == begun.id else 0
    events, last = journal(db, begun.id, after)
    return RunningElsewhere(begun, parent, presence.process_id(row[0]), tuple(events), last)


def _choice(text: str) -> Choice:
    """None if it is damaged or of a newer Rill: what was said can be read without it."""
    try:
        return read_choice(text)
    except CodecError:
        return Choice()


def _entry(row: Sequence[Any]) -> Entry:
    id_, title, model, updated_at, messages, is_pinned, has_draft, ending, is_running = row
    return Entry(
        *(id_, title, model, updated_at, messages, bool(is_pinned), bool(has_draft)),
        read_ending(ending),
        bool(is_running),
    )
