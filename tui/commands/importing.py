"""`rill import`: conversations from files become part of the history (README, moving in and out).

What is in stays in: after ctrl+c, or when the machine goes down, the same command goes on where it
was, because what it finds there is known.
"""

from __future__ import annotations

import signal
import sqlite3
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.chat.hygiene import one_line
from tui.chat.wording import count_of
from tui.commands.progress import ProgressLine
from tui.errors import ArchiveUnreadable
from tui.output import BROKEN_PIPE, complain, give_up_output, print_line
from tui.storage.database import connect, explained, transaction
from tui.storage.exchange.archive import open_archive
from tui.storage.exchange.imported import EMPTY, Skipped
from tui.storage.presence import present
from tui.storage.taking_in import Became, take_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import FrameType

    from tui.storage.exchange.archive import Archive
    from tui.storage.records import Kept

# Messages written at once. Another Rill waits for so many when it has to write, too: 30 ms.
_BATCH = 200
_REASONS_SHOWN = 20
_INTERRUPTED = 128 + signal.SIGINT
_UNUSABLE = 2


@dataclass(slots=True)
class _Tally:
    """What has become of all files so far, as far as it is in the history for good."""

    conversations: Counter[Became] = field(default_factory=Counter)
    messages: int = 0
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.conversations.total() + len(self.skipped)

    def add(self, other: _Tally) -> None:
        self.conversations += other.conversations
        self.messages += other.messages
        self.skipped += other.skipped


class _Stop:
    """Ctrl+c lets what is being written be finished; a second one does not wait for that."""

    def __init__(self) -> None:
        self.wanted = False

    @contextmanager
    def heeded(self) -> Iterator[None]:
        before = signal.signal(signal.SIGINT, self._want)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _want(self, _number: int, _frame: FrameType | None) -> None:
        if self.wanted:
            raise KeyboardInterrupt
        self.wanted = True


def import_files(files: Sequence[Path], history: Path, *, again: bool) -> int:
    """Import all of them; gives back the exit code. Raises HistoryError and OutputFailed."""
    try:
        return _import_all(files, history, again=again)
    except BrokenPipeError:
        give_up_output()
        return BROKEN_PIPE


def _import_all(files: Sequence[Path], history: Path, *, again: bool) -> int:
    tally = _Tally()
    stop = _Stop()
    is_good = True
    with closing(connect(history)) as db, present(history), stop.heeded():
        try:
            for file in files:
                if not stop.wanted:
                    is_good &= _import(db, file, tally, stop, again=again)
        except sqlite3.Error as error:
            raise explained(error, history) from error
        finally:
            _report(tally)
    if stop.wanted:
        complain("stopped; what is in stays in, and the same command goes on from here.")
        return _INTERRUPTED
    return 0 if is_good else _UNUSABLE


def _import(db: sqlite3.Connection, file: Path, tally: _Tally, stop: _Stop, *, again: bool) -> bool:
    """One file; false if it could not be read to its end."""
    try:
        archive = open_archive(file)
        progress = ProgressLine(f"importing {archive.name}")
        try:
            for batch in _batches(archive, stop):
                tally.add(_take_in(db, batch, again=again))
                done = archive.progress
                progress.show(done.done / (done.total or 1), f"{tally.count:,} conversations")
        finally:
            progress.clear()
    except ArchiveUnreadable as error:
        complain(str(error))
        return False
    return True


def _batches(archive: Archive, stop: _Stop) -> Iterator[list[Kept | Skipped]]:
    """As much as is written at once. What came before an error in the file comes before the error.

    It is read here, and not while the history is locked for writing.
    """
    batch: list[Kept | Skipped] = []
    messages = 0
    conversations = iter(archive)
    while not stop.wanted:
        try:
            found = next(conversations, None)
        except ArchiveUnreadable:
            yield batch
            raise
        if found is None:
            break
        batch.append(found)
        messages += 1 if isinstance(found, Skipped) else len(found.conversation)
        if messages >= _BATCH:
            yield batch
            batch, messages = [], 0
    yield batch


def _take_in(db: sqlite3.Connection, batch: Sequence[Kept | Skipped], *, again: bool) -> _Tally:
    tally = _Tally()
    with transaction(db):
        for found in batch:
            if isinstance(found, Skipped):
                tally.skipped.append(found)
            elif not (len(found.conversation) or found.draft or found.waiting):
                tally.skipped.append(Skipped(found.conversation.title or "untitled", EMPTY))
            else:
                _take_one(db, found, tally, again=again)
    return tally


def _take_one(db: sqlite3.Connection, kept: Kept, tally: _Tally, *, again: bool) -> None:
    db.execute("SAVEPOINT one")
    try:
        taken = take_in(db, kept, again=again)
    except (sqlite3.DataError, sqlite3.IntegrityError) as error:
        # Too large for SQLite, for instance; the others need not suffer from it.
        db.execute("ROLLBACK TO one")
        tally.skipped.append(Skipped(kept.conversation.title or "untitled", str(error)))
    else:
        tally.conversations[taken.became] += 1
        tally.messages += taken.messages
    db.execute("RELEASE one")


def _report(tally: _Tally) -> None:
    new = tally.conversations[Became.NEW]
    sentence = f"{count_of(new, 'conversation')} imported"
    for became, words in (
        (Became.GROWN, "grown"),
        (Became.KNOWN, "known"),
        (Became.DELETED, "deleted here before (--again brings them back)"),
    ):
        if count := tally.conversations[became]:
            sentence += f", {count:,} {words}"
    if not tally.skipped:
        print_line(f"{sentence}.")
        return
    print_line(f"{sentence}, {len(tally.skipped):,} skipped:")
    for skipped in tally.skipped[:_REASONS_SHOWN]:
        print_line("  " + one_line(f"{skipped.where}: {skipped.why}", 200))
    if (more := len(tally.skipped) - _REASONS_SHOWN) > 0:
        print_line(f"  and {more:,} more")
