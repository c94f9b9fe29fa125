"""What to do with a conversation that the history could not take when the app has to end."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from tui.storage.exchange.rill_json import write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.storage.records import Kept


def rescue(conversations: Sequence[Kept], folder: Path) -> str:
    """Write them to a file that `rill import` takes; gives back the line that says so."""
    if not conversations:
        return ""
    # Other runs may end in the same second, when a terminal hangs up.
    name = f"{time.strftime('unsaved-%Y%m%d-%H%M%S')}-{uuid4().hex[:6]}.json"
    path = folder / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, conversations)
    except OSError as error:
        # What keeps the history from being written may be true of its neighbours.
        path = Path(tempfile.gettempdir()) / name
        try:
            _write(path, conversations)
        except OSError:
            return f"rill: this run is neither in the history nor in {folder}: {error.strerror}.\n"
    return f"rill: this run is not in the history, but in {path}; rill import takes it.\n"


def _write(path: Path, conversations: Sequence[Kept]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(write_json(conversations))
    except BaseException:
        path.unlink()
        raise
