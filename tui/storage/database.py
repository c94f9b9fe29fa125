"""Opening the file of conversations, and saying in a sentence why it cannot be used."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from tui.errors import HistoryError
from tui.storage.schema import APPLICATION_ID, MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Seconds to wait for another process that writes; a write takes milliseconds.
_PATIENCE = 5.0
# What is read from a file that cannot be written is kept in memory up to this size, in bytes.
_LARGEST_COPY = 256 << 20
# Bytes that SQLite needs beside the file before it can even read.
_LEAST_ROOM = 64 << 10


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, made and brought to the present version if need be. Raises HistoryError."""
    try:
        _make_private(path)
        connection = sqlite3.connect(
            path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
    except OSError as error:
        raise HistoryError(
            f"The history {path} cannot be opened: {error.strerror}; make it readable and writable."
        ) from error
    except sqlite3.Error as error:
        raise explained(error, path) from error
    try:
        with errors_of_sqlite():
            _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise explained(error, path) from error
    except HistoryError:
        connection.close()
        raise
    return connection


def connect_in_memory(copy_of: Path | None = None) -> sqlite3.Connection:
    """A history that lives no longer than this process, with what can be read of a file in it."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    if copy_of is not None and not _copy(copy_of, connection):
        connection.close()
        return connect_in_memory()
    _configure(connection)
    with transaction(connection):
        _migrate(connection)
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """One more way into a file that is open already; it cannot write. Raises sqlite3.Error."""
    connection = sqlite3.connect(
        path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA query_only = ON")
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing. Takes the file's one lock for writing at once, so it cannot lose it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """What is read within it is all of the same moment, whatever others write."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def errors_of_sqlite() -> Iterator[None]:
    """What SQLite says of a damaged schema quotes the damage; Python fails at it if it is no text.

    Raises sqlite3.DatabaseError in the place of UnicodeDecodeError.
    """
    try:
        yield
    except UnicodeDecodeError as error:
        damaged = sqlite3.DatabaseError("the description of its tables is malformed")
        damaged.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damaged from error


def next_change(connection: sqlite3.Connection) -> int:
    """The number of this change; whatever is written with a transaction has the same."""
    connection.execute("UPDATE counter SET change = change + 1")
    return int(connection.execute("SELECT change FROM counter").fetchone()[0])


def code_of(error: sqlite3.Error) -> int:
    """SQLite's code without its extension; 0 for what Python's own module has found."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def is_locked(error: sqlite3.Error) -> bool:
    """Whether another program writes just now."""
    return code_of(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def of_a_newer_rill(path: Path, version: int) -> HistoryError:
    """What to say of a history that this Rill cannot know."""
    return HistoryError(
        f"The history {path} was written by a newer Rill (its version is {version}, this one "
        f"knows {len(MIGRATIONS)}); update Rill."
    )


def not_of_rill(path: Path) -> HistoryError:
    """What to say of somebody else's database."""
    return HistoryError(f"{path} is a database, but not one of Rill's; move it away.")


def explained(error: sqlite3.Error, path: Path | None) -> HistoryError:
    """The same in a sentence that says what to do; without a `path` it is in memory."""
    match code_of(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return HistoryError(f"The history {path} is locked by another program.", passes=True)
        case sqlite3.SQLITE_FULL:
            return _disk_is_full(path)
        case sqlite3.SQLITE_READONLY:
            return HistoryError(f"The history {path} is read-only; make it writable.", passes=True)
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return HistoryError(f"The history {path} is damaged; rill doctor can repair it.")
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return HistoryError(f"The history {path} cannot be opened; see who may read it.")
        case sqlite3.SQLITE_IOERR if path is not None and not _has_room(path):
            return _disk_is_full(path)  # in the words of the files beside it
        case sqlite3.SQLITE_IOERR:
            return HistoryError(
                f"The disk failed at the history {path}: {error}; look after it.", passes=True
            )
        case _:
            return HistoryError(f"The history {path} cannot be used ({error}); try rill doctor.")


def _disk_is_full(path: Path | None) -> HistoryError:
    return HistoryError(f"The disk is full; make room for {path}.", passes=True)


def _has_room(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free >= _LEAST_ROOM
    except OSError:
        return True  # then that is not what is wrong


def identity(path: Path) -> tuple[int, int] | None:
    """Which file it is, whatever its name; `None` if there is none of that name."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def version_of(connection: sqlite3.Connection) -> int:
    """The version of its tables; 0 if it is empty."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def application_of(connection: sqlite3.Connection) -> int:
    """Whose database it is; 0 if that is not said."""
    return int(connection.execute("PRAGMA application_id").fetchone()[0])


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # One that is there is left alone: to close it would drop the locks that this process may have
    # on it already (POSIX). SQLite gives the files beside it the same rights.
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    elif not os.access(path, os.R_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    elif not all(os.access(place, os.W_OK) for place in (path, path.parent)):
        raise HistoryError(f"The history {path} is read-only; make it and its folder writable.")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    _configure(connection)
    # In this order: another process may be making the tables right now, all at once.
    is_empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    version = version_of(connection)
    if not is_empty and application_of(connection) != APPLICATION_ID:
        raise not_of_rill(path)
    if version > len(MIGRATIONS):
        raise of_a_newer_rill(path, version)
    _use_journal(connection)
    if version < len(MIGRATIONS):
        with transaction(connection):
            _migrate(connection)
    # SQLite opens what it cannot write without a word.
    with transaction(connection):
        connection.execute("UPDATE counter SET change = change")


def _use_journal(connection: sqlite3.Connection) -> None:
    """SQLite does not wait for its turn when several make the file at the same time."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not is_locked(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _configure(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")  # what was said outlives a power cut, too
    connection.execute("PRAGMA secure_delete = ON")


def _migrate(connection: sqlite3.Connection) -> None:
    """Within a transaction: another process may have done it while this one waited for it."""
    version = version_of(connection)
    for step in MIGRATIONS[version:]:
        step(connection)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {max(version, len(MIGRATIONS))}")


def has_log(path: Path) -> bool:
    """Whether something of the file stands only in the log beside it."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def reading_modes(path: Path) -> tuple[str, ...]:
    """The ways to read a file without writing to it, for the URI of a connection.

    `immutable` reads where not even a lock can be set, but nothing that is in the log beside it.
    """
    return ("mode=ro",) if has_log(path) else ("mode=ro", "mode=ro&immutable=1")


def _copy(path: Path, target: sqlite3.Connection) -> bool:
    """What can be read of a file that cannot be written; false if nothing can."""
    for mode in reading_modes(path):
        uri = f"{path.absolute().as_uri()}?{mode}"
        try:
            if path.stat().st_size > _LARGEST_COPY:
                return False
            with errors_of_sqlite():
                with closing(sqlite3.connect(uri, uri=True)) as source:
                    is_ours = application_of(source) == APPLICATION_ID
                    if not is_ours or not 0 < version_of(source) <= len(MIGRATIONS):
                        return False
                    source.backup(target)
                # Pages are copied without a look at what is in them.
                return bool(target.execute("PRAGMA quick_check (1)").fetchone() == ("ok",))
        except (OSError, sqlite3.Error):
            continue
    return False
