"""What `rill doctor` looks at: each check is a function that yields findings."""

from __future__ import annotations

import platform
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from tui import __version__
from tui.chat.wording import count_of
from tui.errors import HistoryError, SettingsError
from tui.providers.registry import APIS
from tui.roster import BUILT_IN
from tui.storage.checkup import examine, open_to_others
from tui.storage.presence import live_runs
from tui.storage.schema import MIGRATIONS
from tui.storage.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tui.storage.checkup import Checkup

_LITTLE_ROOM = 100 << 20


class Level(Enum):
    """How good or bad a finding is."""

    GOOD = "✓"
    BAD = "✗"
    NOTE = "–"  # noqa: RUF001 - it means neither


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: a sentence without its full stop, and what to do about it, if anything.

    `can_repair`: `--repair` does it.
    """

    level: Level
    sentence: str
    remedy: str = ""
    can_repair: bool = False


@dataclass(frozen=True)
class Patient:
    """What is looked at; `settings` is `None` for no file, `is_named` if it was asked for."""

    settings: Path
    settings_are_named: bool
    history: Path

    @cached_property
    def checkup(self) -> Checkup:
        """The history's. Raises HistoryError."""
        return examine(self.history)


def _check_versions(_patient: Patient) -> Iterator[Finding]:
    versions = (
        f"Rill {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )
    with closing(sqlite3.connect(":memory:")) as db:
        try:
            db.execute("CREATE VIRTUAL TABLE word USING fts5 (text)")
        except sqlite3.OperationalError:
            yield Finding(
                *(Level.BAD, f"{versions} has no full-text search (FTS5)"),
                "use a Python whose SQLite has it",
            )
            return
    yield Finding(Level.GOOD, versions)


def _check_settings(patient: Patient) -> Iterator[Finding]:
    path = patient.settings
    try:
        load_settings(path, apis=APIS.keys(), required=patient.settings_are_named, known=BUILT_IN)
    except SettingsError as error:
        yield Finding(Level.BAD, str(error).removesuffix("."))
        return
    if path.exists():
        yield Finding(Level.GOOD, f"The settings {path} are valid")
    else:
        yield Finding(Level.NOTE, f"There are no settings; {path} is where they would be")


def _check_history(patient: Patient) -> Iterator[Finding]:
    path = patient.history
    if not path.exists() and not path.is_symlink():
        yield Finding(Level.NOTE, f"There is no history yet; {path} is where it will be")
        return
    try:
        found = patient.checkup
    except HistoryError as error:
        yield Finding(Level.BAD, str(error).removesuffix("."))
        return
    if found.damage:
        for damage in found.damage:
            yield Finding(Level.BAD, f"The history {path} is damaged: {damage}", can_repair=True)
        return
    about = f"{_size(path.stat().st_size)}, version {found.version}"
    if found.version < len(MIGRATIONS):
        yield Finding(
            *(Level.NOTE, f"The history {path} is older than this Rill ({about})"),
            f"the next start brings it to version {len(MIGRATIONS)}",
        )
        return
    holds = (
        f"{count_of(found.conversations, 'conversation')}, {count_of(found.messages, 'message')}"
    )
    yield Finding(Level.GOOD, f"The history {path} can be read ({about}, {holds})")
    yield from _check_what_it_says(found)


def _check_what_it_says(found: Checkup) -> Iterator[Finding]:
    if found.is_index_wrong:
        yield Finding(
            *(Level.BAD, "The search does not find all that was said", ""), can_repair=True
        )
    if count := len(found.inconsistent):
        yield Finding(
            Level.BAD,
            f"The list is wrong about {count_of(count, 'conversation')}",
            can_repair=True,
        )
    if found.cut_off:
        yield Finding(
            Level.BAD,
            f"{count_of(found.cut_off, 'reply', 'replies')} broke off when Rill was killed",
            "the next start of Rill keeps what came, and so does rill doctor --repair",
            can_repair=True,
        )
    if found.stray:
        yield Finding(Level.BAD, "There are leftovers of replies that have ended", can_repair=True)
    if found.is_in_use:
        yield Finding(
            *(Level.NOTE, "Its search was not looked through, because a Rill uses the history"),
            "close it and ask again",
        )
    if found.is_sound:
        search = "" if found.is_in_use else "search, its "
        yield Finding(Level.GOOD, f"Its {search}list and its replies are in order")


def _check_rights(patient: Patient) -> Iterator[Finding]:
    if not patient.history.parent.is_dir():
        return
    try:
        paths = open_to_others(patient.history)
    except OSError as error:
        yield Finding(Level.BAD, f"{patient.history.parent} cannot be read: {error.strerror}")
        return
    for path in paths:
        yield Finding(Level.BAD, f"Others than you may use {path}", can_repair=True)
    if not paths:
        yield Finding(Level.GOOD, f"Nobody else may use {patient.history.parent}")


def _check_others(patient: Patient) -> Iterator[Finding]:
    try:
        found = live_runs(patient.history)
    except OSError as error:
        yield Finding(Level.BAD, f"Who uses the history cannot be found out: {error.strerror}")
        return
    for process in found.values():
        yield Finding(Level.NOTE, f"Process {process or 'unknown'} is a Rill that uses the history")


def _check_room(patient: Patient) -> Iterator[Finding]:
    folder = patient.history.parent
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < _LITTLE_ROOM:
        yield Finding(Level.BAD, f"Only {_size(free)} are free in {folder}", "make room")
    else:
        yield Finding(Level.GOOD, f"{_size(free)} are free in {folder}")


CHECKS: tuple[Callable[[Patient], Iterator[Finding]], ...] = (
    *(_check_versions, _check_settings, _check_history, _check_rights, _check_others),
    _check_room,
)


def _size(size: float) -> str:
    units = ["bytes", "KB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        del units[0]
    return (
        f"{size:.1f} {units[0]}" if size < 10 and units[0] != "bytes" else f"{size:.0f} {units[0]}"
    )
