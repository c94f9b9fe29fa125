"""The conversation that somebody means on the command line."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from tui.chat.hygiene import one_line
from tui.errors import UsageError
from tui.storage import reads
from tui.storage.database import explained
from tui.storage.reading_out import open_to_read

if TYPE_CHECKING:
    from pathlib import Path

LAST = "last"
"""What means the one in which something was last said."""


def look_up(path: Path, words: str) -> str:
    """The id of the conversation that `find` finds in a file. Raises UsageError, HistoryError."""
    with closing(open_to_read(path)) as db:
        try:
            return find(db, words)
        except sqlite3.Error as error:
            raise explained(error, path) from error


def find(db: sqlite3.Connection, words: str) -> str:
    """The id of the conversation that is meant by `last`, its id, or the beginning of that.

    Raises UsageError, if that is none or several.
    """
    if words == LAST:
        if (newest := reads.last(db)) is None:
            raise UsageError("There is no conversation yet.")
        return newest
    found = reads.find_conversation(db, words) if words else []
    match [each for each in found if each[0] == words] or found:
        case []:
            raise UsageError(
                f"There is no conversation {words!r}; rill export --list shows what there is."
            )
        case [(id_, _)]:
            return id_
        case several:
            names = " and ".join(f"{id_[:12]} ({one_line(name, 40)})" for id_, name in several[:2])
            raise UsageError(
                f"Several conversations begin with {words!r}, among them {names}; "
                "give more of the id."
            )
