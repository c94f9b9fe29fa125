"""Fixtures for the tests of what is kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.storage.speaker import Speaker
from tui.storage.history import History

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable


RECORDED = Path(__file__).parent / "recorded"


@pytest.fixture
def recorded(tmp_path: Path) -> list[Path]:
    """A file of each older version, the oldest first, as it was written then."""
    files = []
    for dump in sorted(RECORDED.glob("history-*.sql")):
        files.append(tmp_path / f"{dump.stem}.db")
        with closing(sqlite3.connect(files[-1])) as db:
            db.executescript(dump.read_text(encoding="utf-8"))
            db.execute("PRAGMA journal_mode = WAL")
    return files


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the history is; nothing is there yet."""
    return tmp_path / "history.db"


@pytest.fixture
async def run(path: Path) -> AsyncGenerator[Callable[[], Awaitable[History]]]:
    """Starts another run of Rill on the same file; all of them are closed at the end."""
    runs: list[History] = []

    async def start() -> History:
        history = History(path)
        runs.append(history)
        await history.start()
        assert history.trouble is None
        return history

    yield start
    for history in runs:
        history.close(5)


@pytest.fixture
async def history(run: Callable[[], Awaitable[History]]) -> History:
    """A run of Rill."""
    return await run()


@pytest.fixture
def speaker(history: History) -> Speaker:
    """Somebody who talks in a new conversation."""
    return Speaker(history)
