"""The history of conversations, as the app uses it: nothing here waits for the disk.

    history (loop) ──► writer thread ──► history.db ◄── other runs of Rill
           └─────────► reader thread ──────┘

Writes are done in their order by one thread with one connection, reads by another that sees what
was written before it was asked. A write that fails for a reason that may pass (a lock, a full disk)
is tried again until it works, and those after it wait; meanwhile `trouble` says so. If the file
cannot be used at all, everything works in memory, and is gone with the process.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar
from uuid import uuid4

from tui.errors import HistoryError
from tui.storage import deletions, reads, replies
from tui.storage.codec import CodecError
from tui.storage.database import (
    connect,
    connect_in_memory,
    connect_to_read,
    explained,
    identity,
    is_locked,
    snapshot,
    transaction,
)
from tui.storage.paths import runs_folder
from tui.storage.presence import Presence
from tui.storage.thread import WorkThread

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

_Result = TypeVar("_Result")
_Given = ParamSpec("_Given")

_LOOK_AROUND = 0.5
"""Seconds between two looks at what other runs have done; each takes some microseconds."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
"""Seconds before a write is tried again."""
_LOCK_WAIT = 100
"""Milliseconds that SQLite waits for a lock before we are asked again whether all is about to end;
a write of another run takes a few."""
_LOCK_PAUSE = 0.01
_LONGEST_LOCK = 1.0
"""Seconds that are waited for a lock when all is about to end."""
_UNNOTICED = 1.0
"""Seconds that a trouble which passes has to last before it is told."""
_READ_YOUR_WRITES = 0.25
"""Seconds that a read waits for the writes before it; longer only if the disk is in trouble."""


@dataclass(frozen=True, slots=True)
class Start:
    """What was found at the start.

    `interrupted` are conversations in which a run of Rill has died while it received a reply, and
    `drafts` those of nothing but a draft that no living run has open; the newest come last.
    """

    interrupted: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()


class History:
    """All conversations. Made and used in an event loop; `start` before anything is read."""

    def __init__(self, path: Path | None) -> None:
        """Without a `path` nothing outlives the process."""
        self.trouble: HistoryError | None = None
        self.is_lasting = path is not None
        self.run = uuid4().hex
        """The name of this run among those that use the file."""
        self._path = path
        self._on_change = self._on_trouble = _nothing
        self._loop = asyncio.get_running_loop()
        self._closing = threading.Event()
        self._closing_at = 0.0
        self.presence: Presence | None = None
        self._db: sqlite3.Connection | None = None
        self._reading: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._seen = 0
        self._failed = False
        self._writer = WorkThread("history writer", every=_LOOK_AROUND, then=self._look_around)
        self._reader = WorkThread("history reader")
        # Before all else: a prompt from the command line is sent before anybody waits for this.
        self._opened = self._writer.do(self._open)

    # From the start to the end

    async def start(self) -> Start:
        """Open the file; whatever is wrong with it is `trouble`, and memory is used instead."""
        return await asyncio.wrap_future(self._opened)

    def listen(self, *, on_change: Callable[[], None], on_trouble: Callable[[], None]) -> None:
        """Have something called in the loop when `trouble` is not what it was.

        And when something in the file has changed that nobody here has waited for: another run has
        done it, or it had to be tried again.
        """
        self._on_change, self._on_trouble = on_change, on_trouble

    def close(self, patience: float) -> bool:
        """Finish writing, for at most so many seconds; false if not all of it is in the file."""
        self._closing_at = time.monotonic()
        self._closing.set()
        if self._reader.stop(patience / 2) and self._reading is not None:
            self._reading.close()
        self._writer.do(self._leave)
        return self._writer.stop(patience) and self.is_lasting and not self._failed

    def _open(self) -> Start:
        if self._path is None:
            self._db = connect_in_memory()
            return Start()
        try:
            return self._open_file(self._path)
        except sqlite3.Error as error:
            trouble = explained(error, self._path)
        except OSError as error:
            trouble = HistoryError(f"The folder of {self._path} cannot be used: {error.strerror}.")
        except HistoryError as error:
            trouble = error
        except CodecError as error:
            trouble = self._unreadable(error)
        except Exception as error:  # noqa: BLE001 - a bug of ours must not take the chat with it
            trouble = _our_fault(error)
        self._let_go()
        self.is_lasting = False
        self._db = connect_in_memory(self._path)
        self._tell(trouble)
        return Start()

    def _open_file(self, path: Path) -> Start:
        self._db = connect(path)
        self._identity = identity(path)
        self.presence = Presence(runs_folder(path), self.run)
        with transaction(self._db):
            interrupted = replies.interrupt_dead(self._db, self.presence.is_alive)
            deletions.purge(self._db)
        drafts = [id_ for id_, run in reads.drafted(self._db) if not self.presence.is_alive(run)]
        self.presence.sweep()
        self._db.execute(f"PRAGMA busy_timeout = {_LOCK_WAIT}")
        self._seen = _version(self._db)
        return Start(tuple(interrupted), tuple(reversed(drafts)))

    def _leave(self) -> None:
        self._failed = self._failed or self._is_lost()
        self._let_go()

    def _let_go(self) -> None:
        if self._db is not None:
            self._db.close()
        if self.presence is not None:
            self.presence.leave()
            self.presence = None

    # Writing and reading

    def write(
        self,
        change: Callable[Concatenate[sqlite3.Connection, _Given], _Result],
        *args: _Given.args,
        **kwargs: _Given.kwargs,
    ) -> Future[_Result]:
        """Have a function of `writes`, `replies` or `deletions` done, after those before it.

        The future has what it gives back, or a HistoryError if it never can be done.
        """
        return self._writer.do(partial(self._persist, lambda db: change(db, *args, **kwargs)))

    async def read(
        self,
        question: Callable[Concatenate[sqlite3.Connection, _Given], _Result],
        *args: _Given.args,
        **kwargs: _Given.kwargs,
    ) -> _Result:
        """What a function of `reads` finds in all that was written before. Raises HistoryError."""
        if not self._opened.done():  # until then nobody knows where to read
            await asyncio.wait({asyncio.wrap_future(self._opened)})
        written = asyncio.wrap_future(self._writer.do(_nothing))
        await asyncio.wait({written}, timeout=_READ_YOUR_WRITES)
        thread = self._reader if self.is_lasting else self._writer
        answer = thread.do(partial(self._answer, lambda db: question(db, *args, **kwargs)))
        return await asyncio.wrap_future(answer)

    def _persist(self, change: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """In the writer thread: do it, however often it takes."""
        assert self._db is not None  # noqa: S101 - opening it was the first thing that was done
        began = time.monotonic()
        pause = _FIRST_PAUSE
        is_late = False
        while True:
            try:
                with transaction(self._db):
                    result = change(self._db)
            except sqlite3.Error as error:
                trouble = self._explain(error)
                if not trouble.passes or time.monotonic() - began >= _UNNOTICED:
                    self._tell(trouble)
                if not trouble.passes or not self._may_try_again(error, pause):
                    self._failed = True
                    raise trouble from error
                pause = min(2 * pause, _LONGEST_PAUSE)
                is_late = True
            except Exception as error:
                # A bug of ours must not pass for something that was written.
                self._failed = True
                self._tell(_our_fault(error))
                raise
            else:
                if not self._failed and self.is_lasting:
                    self._tell(None)
                if is_late:
                    self._call(self._on_change)
                return result

    def _may_try_again(self, error: sqlite3.Error, pause: float) -> bool:
        """Wait a bit; false if all is about to end, and nobody waits any more."""
        if not is_locked(error):
            return not self._closing.wait(pause)
        time.sleep(_LOCK_PAUSE)  # SQLite has waited
        return not self._closing.is_set() or time.monotonic() - self._closing_at < _LONGEST_LOCK

    def _answer(self, question: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """In the thread that reads."""
        try:
            if not self.is_lasting:
                assert self._db is not None  # noqa: S101 - see above
                return question(self._db)
            if self._reading is None:
                assert self._path is not None  # noqa: S101 - what lasts is in a file
                self._reading = connect_to_read(self._path)
            with snapshot(self._reading):
                return question(self._reading)
        except sqlite3.Error as error:
            raise self._explain(error) from error
        except CodecError as error:
            raise self._unreadable(error) from error

    # Trouble, and others

    def _explain(self, error: sqlite3.Error) -> HistoryError:
        return explained(error, self._path)

    def _unreadable(self, error: CodecError) -> HistoryError:
        return HistoryError(f"The history {self._path} cannot be read ({error}); try rill doctor.")

    def _tell(self, trouble: HistoryError | None) -> None:
        if str(trouble) != str(self.trouble):
            self.trouble = trouble
            self._call(self._on_trouble)

    def _look_around(self) -> None:
        """In the writer thread, every now and then: what have other runs done?"""
        if self._db is None or self.presence is None or self._path is None:
            return
        if self._is_lost():
            self._failed = True
            return
        try:
            version = _version(self._db)
            runs = reads.runs_that_receive(self._db)
            # Looked at each time: a run that dies writes nothing any more.
            has_dead = not all(map(self.presence.is_alive, runs))
            if has_dead:
                with transaction(self._db):
                    replies.interrupt_dead(self._db, self.presence.is_alive)
        except sqlite3.Error:
            return  # whoever writes or reads next will say it
        except Exception as error:  # noqa: BLE001 - it would take the thread with it
            self._failed = True
            self._tell(_our_fault(error))
            return
        if version != self._seen or has_dead:
            self._seen = version
            self._call(self._on_change)

    def _is_lost(self) -> bool:
        """Whether what is written goes to a file that nobody can find any more."""
        if self._path is None or not self.is_lasting or identity(self._path) == self._identity:
            return False
        self._tell(HistoryError(f"The history {self._path} was moved away or replaced."))
        return True

    def _call(self, callback: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is there to be told
            self._loop.call_soon_threadsafe(callback)


def _version(db: sqlite3.Connection) -> int:
    """A number that is another one whenever another connection has written."""
    return int(db.execute("PRAGMA data_version").fetchone()[0])


def _our_fault(error: Exception) -> HistoryError:
    return HistoryError(f"Rill itself failed at the history ({type(error).__name__}).")


def _nothing() -> None:
    pass
