"""What may be wrong with a history, found without changing it."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.storage.database import (
    code_of,
    explained,
    has_log,
    not_of_rill,
    of_a_newer_rill,
    version_of,
)
from tui.storage.paths import runs_folder
from tui.storage.presence import live_runs
from tui.storage.reading_out import open_unchanged
from tui.storage.rows import (
    MESSAGE_COLUMNS,
    read_choice,
    read_ending,
    read_message,
    read_waiting,
)
from tui.storage.schema import MIGRATIONS
from tui.storage.words import fold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST_MESSAGES = 5
"""How much is said about damage; one page can be the cause of a thousand."""
_TABLES = {"conversation", "message", "journal", "deletion", "unsent", "counter", "word"}
_OTHERS_MAY = stat.S_IRWXG | stat.S_IRWXO


@dataclass(slots=True)
class Checkup:
    """What was found.

    `damage` is what only a new file can repair; the rest is put right where it stands.
    """

    version: int = 0
    conversations: int = 0
    messages: int = 0
    damage: list[str] = field(default_factory=list)
    is_index_wrong: bool = False
    inconsistent: list[str] = field(default_factory=list)
    """Ids of conversations of which the list says something that is not so."""
    cut_off: int = 0
    """Replies of runs that are not alive."""
    stray: int = 0
    """Pieces of journals of replies that have ended."""
    is_in_use: bool = False
    """Whether a run of Rill uses it; then the search's own check is left out."""

    @property
    def is_sound(self) -> bool:
        """Whether there is nothing to repair."""
        return not (
            self.damage or self.is_index_wrong or self.inconsistent or self.cut_off or self.stray
        )


def examine(path: Path) -> Checkup:
    """Raises HistoryError if it is none that this Rill knows, or cannot be read at all."""
    found = Checkup()
    try:
        with closing(open_unchanged(path)) as db:
            db.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
            db.create_function("fold", 1, fold, deterministic=True)
            _examine(db, path, found)
            if is_logged := has_log(path):
                # While `db` is open, closing the other connection does not tidy the log up.
                _ask_index(path, found)
    except sqlite3.Error as error:
        trouble = explained(error, path)
        if trouble.passes or code_of(error) not in {
            *(sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR),
        }:
            raise trouble from error
        found.damage.append(str(error))
    else:
        if not is_logged:
            _ask_index(path, found)
    return found


def open_to_others(history: Path) -> list[Path]:
    """The files and folders of a history that others than its owner may read or write."""
    siblings = history.parent.glob(f"{history.stem}*")
    found = []
    for path in {history.parent, *siblings, *runs_folder(history).glob("*")}:
        # Any of them may go at any moment, and may be a link to nothing.
        with suppress(FileNotFoundError):
            if path.stat().st_mode & _OTHERS_MAY:
                found.append(path)
    return sorted(found)


def _examine(db: sqlite3.Connection, path: Path, found: Checkup) -> None:
    found.version = version_of(db)
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if found.version > len(MIGRATIONS):
        raise of_a_newer_rill(path, found.version)
    if found.version == 0 and tables and not tables >= {"conversation", "message"}:
        raise not_of_rill(path)
    found.damage += _structure(db)
    if found.version < len(MIGRATIONS):
        if found.version == 0 and tables:
            found.damage.append("its version is not there")
        return
    if missing := _TABLES - tables:
        found.damage.append(f"the table {min(missing)} is missing")
        return
    found.conversations, found.messages = counts(db)
    if found.damage:
        return
    found.damage += [f"{id_} cannot be read" for id_ in _unreadable(db)][:_MOST_MESSAGES]
    alive = live_runs(path)
    found.is_in_use = bool(alive)
    found.is_index_wrong = _index_differs(db)
    found.inconsistent = inconsistent(db)
    writers = db.execute("SELECT writer FROM message WHERE writer IS NOT NULL")
    found.cut_off = sum(writer not in alive for (writer,) in writers)
    (found.stray,) = db.execute(
        "SELECT count(*) FROM journal JOIN message ON message.id = journal.message"
        " WHERE writer IS NULL"
    ).fetchone()


def counts(db: sqlite3.Connection) -> tuple[int, int]:
    """Conversations and messages that are not deleted, as far as they can be counted."""
    conversations = "SELECT count(*) FROM conversation WHERE deletion IS NULL"
    messages = (
        "SELECT count(*) FROM message JOIN conversation ON conversation.id = conversation"
        " WHERE message.deletion IS NULL AND conversation.deletion IS NULL"
    )
    found = []
    for statement in (conversations, messages):
        try:
            found.append(db.execute(statement).fetchone()[0])
        except sqlite3.DatabaseError:
            found.append(0)
    return found[0], found[1]


def inconsistent(db: sqlite3.Connection) -> list[str]:
    """The ids of conversations of which the list says something that is not so.

    `db` has to have `fold` as a function.
    """
    rows = db.execute(
        "SELECT id FROM conversation WHERE deletion IS NULL AND (messages NOT BETWEEN"
        # A reply that runs may have been counted or not.
        " (SELECT count(*) FROM message WHERE conversation = conversation.id"
        " AND message.deletion IS NULL AND writer IS NULL)"
        " AND (SELECT count(*) FROM message WHERE conversation = conversation.id"
        " AND message.deletion IS NULL)"
        " OR folded <> fold(title) OR given_title <> '' AND title <> given_title"
        " OR head IS NOT NULL AND NOT EXISTS (SELECT 1 FROM message WHERE message.id = head"
        " AND conversation = conversation.id AND message.deletion IS NULL))"
    )
    return [id_ for (id_,) in rows]


def _structure(db: sqlite3.Connection) -> list[str]:
    found = [row[0] for row in db.execute(f"PRAGMA integrity_check({_MOST_MESSAGES})")]
    if found == ["ok"]:
        found = []
    if db.execute("PRAGMA foreign_key_check").fetchone() is not None:
        found.append("something refers to what is not there")
    return found


def _unreadable(db: sqlite3.Connection) -> Iterator[str]:
    """What in the values is no text, or not what Rill writes."""
    rows = db.execute(f"SELECT {MESSAGE_COLUMNS} FROM message")
    for row in rows:
        try:
            _check_text(row)
            read_message(row)
        except ValueError:  # CodecError, and no text
            yield f"message {row[0]!a}"
    rows = db.execute("SELECT id, title, system, draft, waiting, ending, choice FROM conversation")
    for row in rows:
        try:
            _check_text(row)
            read_waiting(row[4])
            read_ending(row[5])
            read_choice(row[6])
        except ValueError:
            yield f"conversation {row[0]!a}"


def _check_text(row: tuple[object, ...]) -> None:
    for value in row:
        if isinstance(value, str) and not value.isascii():
            value.encode()  # a byte that is no text has become half a surrogate pair


def _index_differs(db: sqlite3.Connection) -> bool:
    """Whether other messages are in the index than should be."""
    wanted = "SELECT seq FROM message WHERE writer IS NULL AND text <> ''"
    there = "SELECT id FROM word_docsize"
    row = db.execute(
        f"SELECT EXISTS ({wanted} EXCEPT {there}) OR EXISTS ({there} EXCEPT {wanted})"
    ).fetchone()
    return bool(row[0])


def _ask_index(path: Path, found: Checkup) -> None:
    """What the index says of itself. While it is asked nobody can write."""
    if not found.damage and found.version == len(MIGRATIONS) and not found.is_in_use:
        found.is_index_wrong = found.is_index_wrong or _index_is_broken(path)


def _index_is_broken(path: Path) -> bool:
    """What the index says of itself; false if it may not be written, for then nobody can ask."""
    try:
        with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as db:
            db.execute("INSERT INTO word (word) VALUES ('integrity-check')")
    except sqlite3.DatabaseError as error:
        return code_of(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR}
    return False
