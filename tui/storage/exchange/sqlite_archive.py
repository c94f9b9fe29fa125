"""The databases of elia and oterm, opened only to be read, whatever their version."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.chat.hygiene import one_line
from tui.errors import ArchiveUnreadable
from tui.storage.exchange.elia import read_elia
from tui.storage.exchange.imported import Skipped
from tui.storage.exchange.members import shown
from tui.storage.exchange.oterm import read_oterm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tui.storage.records import Kept

    Row = Mapping[str, object]

_LARGEST = 64 * 1024 * 1024
"""Bytes of one row; more is an error of SQLite's."""
_MOST_MESSAGES = 100_000
"""Messages of one conversation."""


@dataclass(frozen=True, slots=True)
class Program:
    """Another chat program, and how to read its conversations."""

    name: str
    columns: frozenset[str]
    """What tells its table of messages from the others'."""
    read: Callable[[Row, Sequence[Row], str, float], Kept | Skipped]


_PROGRAMS = (
    Program("elia", frozenset({"chat_id", "role", "content"}), read_elia),
    Program("oterm", frozenset({"chat_id", "author", "text"}), read_oterm),
    Program("oterm", frozenset({"chat_id", "role", "text"}), read_oterm),
)


def find_program(path: Path) -> Program:
    """The program that made a database."""
    with _opened(path) as connection:
        found = {row["name"] for row in connection.execute("PRAGMA table_info(message)")}
        chat = {row["name"] for row in connection.execute("PRAGMA table_info(chat)")}
    for program in _PROGRAMS:
        if program.columns <= found and "id" in chat:
            return program
    raise ArchiveUnreadable(f"{shown(path)} is a database, but not one of elia or oterm.")


def read_chats(path: Path, program: Program) -> Iterator[tuple[int, int, Kept | Skipped]]:
    """Conversations, each with its number and how many there are."""
    changed = path.stat().st_mtime
    with _opened(path) as connection:
        ids = [row["id"] for row in connection.execute("SELECT id FROM chat ORDER BY id")]
        for number, id_ in enumerate(ids, 1):
            yield number, len(ids), _read_chat(connection, program, id_, changed)


def _read_chat(
    connection: sqlite3.Connection, program: Program, id_: int, changed: float
) -> Kept | Skipped:
    where = f"chat {id_}"
    try:
        chat = connection.execute("SELECT * FROM chat WHERE id IS ?", (id_,)).fetchone()
        # The first versions of oterm gave no ids to messages; `rowid` is there in any case.
        messages = connection.execute(
            "SELECT rowid AS number, * FROM message WHERE chat_id IS ? ORDER BY rowid LIMIT ?",
            (id_, _MOST_MESSAGES + 1),
        ).fetchall()
    except sqlite3.DataError:
        return Skipped(where, f"one of its messages is larger than {_LARGEST // 2**20} MB")
    if chat is None:
        return Skipped(where, "it was deleted while the others were read")
    if len(messages) > _MOST_MESSAGES:
        return Skipped(where, f"it has more than {_MOST_MESSAGES:,} messages")
    return program.read(dict(chat), [dict(message) for message in messages], where, changed)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        ) as connection:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST)
            connection.row_factory = sqlite3.Row
            connection.text_factory = lambda data: data.decode("utf-8", "replace")
            yield connection
    except sqlite3.Error as error:
        why = one_line(str(error), 100)
        raise ArchiveUnreadable(f"{shown(path)} cannot be read as a database: {why}.") from error
