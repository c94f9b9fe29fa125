"""Which runs of Rill are alive, told by the kernel: no clock, no process numbers that come again.

Each run holds a lock on a file of its own for as long as its process lives, however it dies.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from tui.errors import HistoryError
from tui.storage.paths import runs_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Presence:
    """This run among those that share a folder. Raises OSError where the folder cannot be used."""

    def __init__(self, folder: Path, run: str) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self.run = run
        self._folder = folder
        # It gets its name when it is locked: nobody must find it unlocked and take it for dead.
        unnamed = folder / f".{run}"
        self._file = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(self._file, f"{os.getpid()}\n".encode())
        unnamed.rename(folder / run)

    def is_alive(self, run: str) -> bool:
        """Whether that run is still there; the file of one that is not is removed."""
        if run == self.run:
            return True
        path = self._folder / run
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # somebody else's, who knows
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        else:
            with suppress(OSError):
                path.unlink()
            return False
        finally:
            os.close(file)

    def sweep(self) -> None:
        """Remove the files of runs that are dead, of which nobody may ever ask."""
        for path in self._folder.glob("[!.]*"):
            self.is_alive(path.name)

    def process_id(self, run: str) -> int | None:
        """The number of a run's process, to say which one it is."""
        with suppress(OSError, ValueError):
            return int((self._folder / run).read_text())
        return None

    def leave(self) -> None:
        """Be gone."""
        (self._folder / self.run).unlink(missing_ok=True)
        os.close(self._file)


@contextmanager
def present(history: Path) -> Iterator[Presence]:
    """Be one of the runs that use a history, as long as this lasts. Raises HistoryError."""
    try:
        presence = Presence(runs_folder(history), uuid4().hex)
    except OSError as error:
        raise HistoryError(
            f"The folder of {history} cannot be used: {error.strerror}; make it writable."
        ) from error
    try:
        yield presence
    finally:
        presence.leave()


def live_runs(history: Path) -> dict[str, int | None]:
    """The runs of Rill that use a history now, and the numbers of their processes.

    Unlike `Presence.is_alive` it leaves the files of dead ones where they are.
    """
    found = {}
    for path in runs_folder(history).glob("[!.]*"):
        with suppress(FileNotFoundError):
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # the disk may be read-only
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                words = os.read(file, 32)
                found[path.name] = int(words) if words.strip().isdigit() else None
            finally:
                os.close(file)
    return found
