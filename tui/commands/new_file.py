"""Files that a command makes for its user: theirs alone, never half of one, never over another."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING
from uuid import uuid4

from tui.errors import OutputFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[IO[str]]:
    """A file for text, which has its name only when it is whole.

    Raises UsageError if there is one of that name, unless `force`, and OutputFailed.
    """
    try:
        if path.exists() and not path.is_file():  # a terminal, a pipe: nothing to write over
            with path.open("w", encoding="utf-8") as file:
                yield file
            return
        if not force and path.exists():
            raise UsageError(f"{path} exists already; --force writes over it.")
        beside = path.with_name(f".{uuid4().hex[:12]}.part")
        try:
            with os.fdopen(_create(beside), "w", encoding="utf-8", newline="") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise OutputFailed(f"{path} cannot be written: {error.strerror}.") from error


def make_folder(path: Path) -> None:
    """A folder, unless it is there. Raises OutputFailed."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OutputFailed(f"The folder {path} cannot be made: {error.strerror}.") from error


def _create(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
