"""Repairing a history. Nothing is done before what is there has been copied.

What is sound but for its index, its counts and the like is put right where it stands. Anything
worse gets a new file of all that can be read; the damaged one stays beside it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from tui.errors import HistoryError
from tui.storage.checkup import counts, inconsistent
from tui.storage.database import connect, explained, transaction
from tui.storage.paths import real_file
from tui.storage.presence import live_runs, present
from tui.storage.reading_out import open_unchanged
from tui.storage.replies import interrupt_dead
from tui.storage.salvage import salvage
from tui.storage.schema import index_all
from tui.storage.standing import put_right
from tui.storage.words import fold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tui.storage.checkup import Checkup

_BESIDE = ("-wal", "-shm")


@dataclass(slots=True)
class Repaired:
    """What was done. The numbers are those of a file that had to be made anew.

    What is lost may be more: a page can take with it all that is known of a conversation.
    """

    backup: Path
    is_new: bool = False
    conversations: int = 0
    messages: int = 0
    lost_conversations: int = 0
    lost_messages: int = 0


def make_private(paths: list[Path]) -> None:
    """Take away what others than the owner may do. Raises HistoryError."""
    for path in paths:
        try:
            path.chmod(path.stat().st_mode & 0o700)
        except OSError as error:
            raise HistoryError(
                f"The rights of {path} cannot be changed: {error.strerror}."
            ) from error


def repair(path: Path, found: Checkup) -> Repaired:
    """Repair what `examine` has found. Raises HistoryError if nobody can, or others use it."""
    path = real_file(path)
    with _alone(path):
        try:
            if not found.damage:
                try:
                    return _put_right(path)
                except sqlite3.DatabaseError as error:
                    if explained(error, path).passes:
                        raise
            return _make_anew(path)
        except sqlite3.Error as error:
            raise explained(error, path) from error
        except OSError as error:
            raise HistoryError(
                f"The repair of {path} stopped: {error.strerror}; nothing was changed."
            ) from error


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """No Rill uses it, and who repairs it a second time at the same time sees this one."""
    with present(path) as presence:
        others = live_runs(path).keys() - {presence.run}
        if others:
            ids = sorted(str(presence.process_id(run)) for run in others)
            raise HistoryError(
                f"Another Rill uses the history {path} (process {', '.join(ids)}); close it first."
            )
        yield


def _put_right(path: Path) -> Repaired:
    with closing(connect(path)) as db:
        backup = _back_up(db, path)
        db.create_function("fold", 1, fold, deterministic=True)
        with transaction(db):
            interrupt_dead(db, lambda _: False)
            db.execute("DELETE FROM journal")
            wrong = inconsistent(db)
            for id_ in wrong:
                put_right(db, id_)
            db.execute("INSERT INTO word (word) VALUES ('delete-all')")
            index_all(db)
            db.execute("INSERT INTO word (word) VALUES ('integrity-check')")
    return Repaired(backup)


def _back_up(db: sqlite3.Connection, path: Path) -> Path:
    backup = _free_name(path)
    os.close(os.open(backup, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(backup)) as target:
            db.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # one file, not three
    except BaseException:
        _remove(backup)
        raise
    return backup


def _make_anew(path: Path) -> Repaired:
    """The copy is one of bytes: SQLite may not be able to read them, and would not leave them."""
    backup = _free_name(path)
    target = path.with_name(f".{path.name}-{uuid4().hex[:12]}")
    repaired = Repaired(backup, is_new=True)
    try:
        for suffix in ("", "-wal"):
            if (source := _beside(path, suffix)).exists():
                _copy(source, _beside(backup, suffix))
        repaired.lost_messages = salvage(backup, target)
        _count(path, target, repaired)
    except BaseException:
        _remove(target)
        _remove(backup)
        raise
    # Its own journal would be taken for that of the new file.
    for suffix in _BESIDE:
        _beside(path, suffix).unlink(missing_ok=True)
    target.replace(path)
    return repaired


def _count(path: Path, target: Path, repaired: Repaired) -> None:
    """What was saved, and what is known to be lost: by the tables, and by the list's own counts.

    Raises HistoryError if nothing was.
    """
    with closing(connect(target)) as db:
        repaired.conversations, repaired.messages = counts(db)
    if not repaired.conversations:
        raise HistoryError(
            f"In {path} no conversation can be read; move it away, and Rill begins a new one."
        )
    with suppress(sqlite3.Error, HistoryError), closing(open_unchanged(path)) as db:
        conversations, messages = counts(db)
        repaired.lost_conversations = max(0, conversations - repaired.conversations)
        repaired.lost_messages = max(repaired.lost_messages, messages - repaired.messages)


def _free_name(path: Path) -> Path:
    stem = f"{path.stem}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    found = path.with_name(f"{stem}{path.suffix}.bak")
    number = 1
    while found.exists():
        number += 1
        found = path.with_name(f"{stem}-{number}{path.suffix}.bak")
    return found


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as bytes_in:
        file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as out:
            shutil.copyfileobj(bytes_in, out)
            out.flush()
            os.fsync(out.fileno())


def _remove(path: Path) -> None:
    for suffix in ("", *_BESIDE):
        _beside(path, suffix).unlink(missing_ok=True)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
