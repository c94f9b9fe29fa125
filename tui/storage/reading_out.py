"""Conversations as they leave the history: whole, with replies that still run as far as they are.

Nothing is written, so a history that may only be read can be read out, too.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from tui.errors import HistoryError
from tui.storage import reads
from tui.storage.database import (
    code_of,
    connect,
    errors_of_sqlite,
    explained,
    reading_modes,
    snapshot,
    version_of,
)
from tui.storage.replies import interrupted, journal
from tui.storage.rows import MESSAGE_COLUMNS, read_message
from tui.storage.schema import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tui.storage.records import Kept

_PATIENCE = 2.0


def open_to_read(path: Path) -> sqlite3.Connection:
    """The history, as it is; only an older one is brought to the present version.

    Raises HistoryError.
    """
    try:
        # Whoever may write leaves nothing beside the file.
        db = _open(path, ("mode=rw", *reading_modes(path)))
        db.execute("PRAGMA query_only = ON")
        version = version_of(db)
    except sqlite3.Error as error:
        raise explained(error, path) from error
    if version == len(MIGRATIONS):
        return db
    db.close()
    # An older one gets its tables, and any other is refused in the words of this function.
    return connect(path)


def open_unchanged(path: Path) -> sqlite3.Connection:
    """Whatever is there, not even tidied up by SQLite. Raises HistoryError, and sqlite3.Error."""
    return _open(path, reading_modes(path))


def _open(path: Path, modes: Sequence[str]) -> sqlite3.Connection:
    if not path.exists():
        raise HistoryError(f"There is no history yet: {path} does not exist.")
    if path.is_dir():
        raise HistoryError(f"The history {path} is a folder; move it away.")
    for mode in modes:
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=_PATIENCE, isolation_level=None
        )
        try:
            with errors_of_sqlite():
                db.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.OperationalError as error:
            db.close()
            if mode == modes[-1] or not _may_not_write(error):
                raise
        except sqlite3.Error:
            db.close()
            raise
        else:
            return db
    raise AssertionError("the last way in returns or raises")


def read_out(db: sqlite3.Connection, conversation_id: str) -> Kept | None:
    """A conversation with all that has come; `None` if it is not there. Raises CodecError."""
    with snapshot(db):
        opened = reads.load(db, conversation_id, None)
        if opened is None:
            return None
        conversation = opened.kept.conversation
        rows = db.execute(
            f"SELECT {MESSAGE_COLUMNS} FROM message WHERE conversation = ? AND deletion IS NULL"
            " AND writer IS NOT NULL ORDER BY seq",
            (conversation_id,),
        ).fetchall()
        for row in rows:
            begun = read_message(row)
            conversation.add([(interrupted(begun, journal(db, begun.id)[0]), row[1])])
        (head,) = db.execute(
            "SELECT head FROM conversation WHERE id = ?", (conversation_id,)
        ).fetchone()
    # One that runs is read where it is, unless somebody has gone elsewhere.
    for row in rows:
        if head in {row[0], row[1]}:
            head = row[0]
    if head in conversation:
        conversation.rewind(head)
    return opened.kept


def _may_not_write(error: sqlite3.Error) -> bool:
    return code_of(error) in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
