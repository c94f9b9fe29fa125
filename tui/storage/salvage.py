"""A sound history made of all that can be read of a damaged one."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from tui.storage.codec import CodecError, decode_events, from_json
from tui.storage.database import connect, transaction
from tui.storage.pages import read_rows
from tui.storage.replies import interrupt_dead
from tui.storage.rows import (
    MESSAGE_COLUMNS,
    NO_CHOICE,
    read_choice,
    read_ending,
    read_message,
    read_waiting,
)
from tui.storage.schema import index_all
from tui.storage.standing import put_right

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from sqlite3 import Connection

    from tui.storage.pages import Value

_Given = TypeVar("_Given")

# Each column of a table: a text, a number, or (in capitals) perhaps one; `#` is the row's number.
# How many there are tells in a damaged file which table a row belongs to.
_TABLES = {
    len(columns): (table, columns)
    for table, columns in {
        "conversation": "tttttTtTtnnntTnTNnt",
        "message": "#ttTtntTTTNn",
        "journal": "#tt",
        "deletion": "#nttTT",
        "unsent": "#ntT",
    }.items()
}
# A row keeps the columns that its table had when it was written; these are what the others get.
_ADDED: dict[int, tuple[Value, ...]] = {18: (NO_CHOICE,)}
_LARGEST_NUMBER = 1e18


def salvage(damaged: Path, target: Path) -> int:
    """Make `target` of what is left of `damaged`; gives back how many messages the list misses.

    Raises OSError, sqlite3.Error and HistoryError.
    """
    with closing(connect(target)) as db:
        db.execute("PRAGMA foreign_keys = OFF")  # all kinds of rows come in any order
        with transaction(db):
            for number, row in read_rows(damaged):
                _keep(db, number, row)
            _join(db)
            _clean(db)
            index_all(db)
            missing = _missing(db)
            interrupt_dead(db, lambda _: False)
            for (id_,) in db.execute("SELECT id FROM conversation").fetchall():
                put_right(db, id_)
    return missing


def _missing(db: Connection) -> int:
    """How many messages less there are than the conversations say themselves."""
    row = db.execute(
        "SELECT coalesce(sum(max(0, messages - (SELECT count(*) FROM message WHERE"
        " conversation = conversation.id AND message.deletion IS NULL))), 0)"
        " FROM conversation WHERE deletion IS NULL"
    ).fetchone()
    return int(row[0])


def _keep(db: Connection, number: int, row: Sequence[Value]) -> None:
    """A row goes where it seems to belong, if it makes sense there."""
    row = (*row, *_ADDED.get(len(row), ()))
    table, columns = _TABLES.get(len(row), ("", ""))
    if not table or (row[0] is None) != (columns[0] == "#"):
        return
    values = [_sound(kind, value, number) for kind, value in zip(columns, row, strict=True)]
    if table == "message" and not (values[1] and values[2] and values[4] in {"user", "assistant"}):
        return
    places = ", ".join("?" * len(row))
    db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", values)


def _sound(kind: str, value: Value, number: int) -> Value:
    """The value, or what stands for one that is lost or cannot be."""
    match kind, value:
        case (("t" | "T"), str()):
            return value
        case (("n" | "N"), int() | float()) if abs(value) < _LARGEST_NUMBER:
            return value
    lost: dict[str, Value] = {"#": number, "t": "", "n": 0}
    return lost.get(kind)


def _join(db: Connection) -> None:
    """Let nothing refer to what is lost."""
    db.execute(
        "INSERT INTO conversation (id, title, folded, given_title, system, draft, waiting, pinned,"
        " created_at, updated_at, model, messages, change)"
        " SELECT conversation, '', '', '', '', '', '[]', 0, min(created_at), max(created_at), '',"
        " 0, 0 FROM message WHERE conversation NOT IN (SELECT id FROM conversation)"
        " GROUP BY conversation"
    )
    for table in ("conversation", "message"):
        db.execute(
            f"UPDATE {table} SET deletion = NULL WHERE deletion NOT IN (SELECT id FROM deletion)"
        )
    # What follows a lost message follows the one before it now, so that both are still read.
    db.execute(
        "UPDATE message SET parent = (SELECT id FROM message AS before WHERE"
        " before.conversation = message.conversation AND before.seq < message.seq"
        " AND before.deletion IS message.deletion ORDER BY before.seq DESC LIMIT 1)"
        " WHERE parent IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM message AS there WHERE there.id = message.parent"
        " AND there.conversation = message.conversation AND there.seq < message.seq)"
    )
    db.execute(
        "UPDATE unsent SET conversation = NULL"
        " WHERE conversation NOT IN (SELECT id FROM conversation)"
    )
    db.execute("DELETE FROM deletion WHERE conversation NOT IN (SELECT id FROM conversation)")
    db.execute(
        "DELETE FROM journal WHERE message NOT IN (SELECT id FROM message WHERE writer IS NOT NULL)"
    )
    db.execute(
        "UPDATE counter SET change = 1 + max((SELECT coalesce(max(change), 0) FROM message),"
        " (SELECT coalesce(max(change), 0) FROM conversation))"
    )


def _clean(db: Connection) -> None:
    """What is no JSON of ours is left out; the text of a message stands beside it."""
    rows = db.execute(f"SELECT {MESSAGE_COLUMNS} FROM message")
    for id_ in [row[0] for row in rows if not _can(read_message, row)]:
        db.execute("UPDATE message SET parts = NULL, reply = NULL WHERE id = ?", (id_,))
    _clean_column(db, "ending", read_ending, None)
    _clean_column(db, "waiting", read_waiting, "[]")
    _clean_column(db, "choice", read_choice, NO_CHOICE)
    rows = db.execute("SELECT id, events FROM journal")
    for number in [row[0] for row in rows if not _can(_read_events, row[1])]:
        db.execute("DELETE FROM journal WHERE id = ?", (number,))


def _clean_column(
    db: Connection, column: str, read: Callable[[_Given], object], nothing: str | None
) -> None:
    rows = db.execute(f"SELECT id, {column} FROM conversation")
    for id_ in [row[0] for row in rows if not _can(read, row[1])]:
        db.execute(f"UPDATE conversation SET {column} = ? WHERE id = ?", (nothing, id_))


def _read_events(text: str) -> None:
    decode_events(from_json(text, "journal"), "journal")


def _can(read: Callable[[_Given], object], given: _Given) -> bool:
    try:
        read(given)
    except CodecError:
        return False
    return True
