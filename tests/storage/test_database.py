"""A file that cannot be used: a sentence says why, and the chat goes on in memory."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.histories import ask
from tests.storage.speaker import Speaker, said, written
from tui.storage import reads
from tui.storage.database import connect, explained, reading_modes
from tui.storage.history import History
from tui.storage.paths import runs_folder
from tui.storage.presence import live_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
OWN_MOUNTS = ("unshare", "--map-root-user", "--mount")


def can_mount() -> bool:
    """Whether a process of ours may have file systems of its own."""
    if shutil.which(OWN_MOUNTS[0]) is None:
        return False
    return subprocess.run([*OWN_MOUNTS, "true"], capture_output=True, check=False).returncode == 0


def in_trouble(what: str, path: Path) -> dict[str, Any]:
    """What tests/storage/in_trouble.py says."""
    command = [sys.executable, "-m", "tests.storage.in_trouble", what, str(path)]
    if what != "limited":
        if not can_mount():
            pytest.skip("this machine lets nobody mount a file system of his own")
        command = [*OWN_MOUNTS, *command]
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


async def goes_on(path: Path) -> str:
    """The trouble with a file, with which everything works nevertheless."""
    history = History(path)
    start = await history.start()
    assert start.interrupted == start.drafts == ()
    assert history.trouble is not None
    assert not history.is_lasting
    speaker = Speaker(history)
    speaker.talk("is anybody there?", "yes, here")
    assert said(await speaker.kept()) == ["is anybody there?", "yes, here"]
    assert len(await history.read(reads.search, "anybody", 5)) == 1
    assert history.close(5) is False
    sentence = str(history.trouble)
    assert str(path.parent) in sentence
    assert sentence.endswith(".")
    return sentence


async def some_history(path: Path) -> Speaker:
    """A file with a conversation in it, closed."""
    history = History(path)
    await history.start()
    speaker = Speaker(history)
    speaker.talk("What is a rill?", *("A brook. " * 200 for _ in range(20)))
    assert history.close(5)
    return speaker


# What is wrong from the start


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"this is no database at all " * 100, id="garbage"),
        pytest.param(lambda data: data[:100] + bytes(len(data) - 100), id="nothing but a header"),
        pytest.param(lambda data: data[: len(data) // 2], id="cut in half"),
        pytest.param(
            lambda data: data.replace(b"conversation_newest ON", b"conversation_newest \xff\xff"),
            id="a description of its tables that is no text",
        ),
        pytest.param(lambda data: data[:4096] + os.urandom(len(data) - 4096), id="pages of noise"),
    ],
)
async def test_a_damaged_file_is_left_as_it_is(path: Path, damage: Any) -> None:
    await some_history(path)
    data = damage(await asyncio.to_thread(path.read_bytes))
    await asyncio.to_thread(path.write_bytes, data)
    sentence = await goes_on(path)
    assert f"The history {path} is damaged; rill doctor can repair it." in sentence
    assert await asyncio.to_thread(path.read_bytes) == data


@pytest.mark.parametrize("version", [0, 1, 2])
async def test_a_database_of_another_program_is_left_as_it_is(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE bookmarks (address)")
        db.execute(f"PRAGMA user_version = {version}")
    data = await asyncio.to_thread(path.read_bytes)
    assert "is a database, but not one of Rill's; move it away." in await goes_on(path)
    assert await asyncio.to_thread(path.read_bytes) == data


async def test_a_folder_in_the_place_of_the_file_is_no_history(path: Path) -> None:
    await asyncio.to_thread(path.mkdir)
    assert "cannot be opened" in await goes_on(path)


async def test_a_file_in_the_place_of_its_folder_is_no_folder(tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "rill").write_text, "a file")
    assert "cannot be opened" in await goes_on(tmp_path / "rill" / "history.db")


async def test_a_file_in_the_place_of_the_runs_is_said(path: Path) -> None:
    await asyncio.to_thread(Path(f"{path}-runs").write_text, "a file")
    assert "cannot be used" in await goes_on(path)


async def test_what_is_read_only_can_still_be_read_and_gone_on_from_in_memory(path: Path) -> None:
    speaker = await some_history(path)
    await asyncio.to_thread((runs_folder(path) / "a-run-that-died").touch)
    told = in_trouble("read-only", path)
    assert "read-only" in told["trouble"].lower()
    assert str(path) in told["trouble"]
    assert told["alive"] == []
    assert told["before"] == said(speaker.conversation)
    assert told["after"] == [*said(speaker.conversation), "and on", "of course"]
    assert told["found"] == 1
    assert not told["kept"]


# What goes wrong later


@pytest.mark.parametrize(
    ("what", "sentence"), [("full", "The disk is full; make room"), ("limited", "The disk failed")]
)
def test_what_a_full_disk_held_back_is_written_when_there_is_room(
    what: str, sentence: str, path: Path
) -> None:
    told = in_trouble(what, path)
    assert told["troubles"][0].startswith(sentence)
    assert str(path) in told["troubles"][0]
    assert told["troubles"][-1] == "None"
    assert told["read in trouble"] == 1
    assert told["lost"] == []
    assert told["kept"]
    assert told["trouble afterwards"] == "None"


def test_a_disk_that_is_full_at_the_start_is_said_to_be(path: Path) -> None:
    told = in_trouble("full-at-first", path)
    assert told == {"trouble": f"The disk is full; make room for {path}.", "kept": False}


async def test_a_file_that_is_taken_away_is_missed_at_the_end_at_the_latest(path: Path) -> None:
    history = History(path)
    await history.start()
    speaker = Speaker(history)
    speaker.talk("before", "yes")
    await written(history)
    await asyncio.to_thread(path.rename, path.with_name("elsewhere.db"))
    speaker.talk("after", "yes")
    assert history.close(5) is False
    assert str(history.trouble) == f"The history {path} was moved away or replaced."


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program has the file for itself."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


async def test_what_was_said_while_the_file_was_locked_is_written_when_it_is_free(
    history: History, path: Path
) -> None:
    troubles: list[str] = []
    news = asyncio.Event()
    history.listen(on_change=lambda: None, on_trouble=news.set)
    speaker = Speaker(history)
    speaker.talk("before", "yes")
    await written(history)
    async with asyncio.timeout(20):
        with locked(path):
            speaker.talk("meanwhile", "yes")
            await news.wait()
            troubles.append(str(history.trouble))
            assert (await history.read(reads.newest, 5))[0].messages == 2
            news.clear()
        await news.wait()
    assert troubles == [f"The history {path} is locked by another program."]
    assert history.trouble is None
    assert said(await speaker.kept()) == ["before", "yes", "meanwhile", "yes"]


async def test_who_leaves_while_the_file_is_locked_is_told_that_not_all_is_kept(path: Path) -> None:
    history = History(path)
    await history.start()
    speaker = Speaker(history)
    speaker.talk("before", "yes")
    await written(history)
    with locked(path):
        speaker.talk("meanwhile", "yes")
        assert history.close(5) is False
    again = History(path)
    await again.start()
    assert said(await Speaker(again, speaker.conversation).kept()) == ["before", "yes"]
    assert again.close(5)


@pytest.mark.parametrize(
    ("code", "sentence", "passes"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "is locked by another program", True),
        (sqlite3.SQLITE_FULL, "The disk is full", True),
        (sqlite3.SQLITE_READONLY_DBMOVED, "is read-only", True),
        (sqlite3.SQLITE_IOERR_SHMSIZE, "The disk failed", True),
        (sqlite3.SQLITE_CORRUPT_INDEX, "is damaged; rill doctor", False),
        (sqlite3.SQLITE_NOTADB, "is damaged; rill doctor", False),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, "cannot be opened", False),
        (sqlite3.SQLITE_ERROR, "cannot be used (odd); try rill doctor", False),
    ],
)
def test_what_sqlite_says_becomes_a_sentence(code: int, sentence: str, passes: bool) -> None:
    error = sqlite3.OperationalError("odd")
    error.sqlite_errorcode = code
    told = explained(error, Path("history.db"))
    assert sentence in str(told)
    assert told.passes is passes


# Rights


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
async def test_nobody_else_may_read_any_of_it_whatever_the_mask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        path = tmp_path / "rill" / "history.db"
        history = History(path)
        await history.start()
        Speaker(history).talk("a secret", "a secret")
        await written(history)
        modes = {
            file.name: oct(file.stat().st_mode & 0o777)
            for file in (path.parent, *path.parent.iterdir())
        }
        history.close(5)
    finally:
        os.umask(before)
    assert modes == {
        "rill": "0o700",
        "history.db": "0o600",
        "history.db-wal": "0o600",
        "history.db-shm": "0o600",
        "history.db-runs": "0o700",
    }


def test_a_file_that_one_process_opens_twice_keeps_what_is_written_to_it(path: Path) -> None:
    """POSIX: whoever closes a file drops all locks that his process has on it."""
    with closing(connect(path)) as first:
        connect(path).close()
        others = (
            "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM counter')"
        )
        subprocess.run([sys.executable, "-c", others, str(path)], check=True)
        first.execute("UPDATE counter SET change = 42")
        with closing(connect(path)) as second:
            assert second.execute("SELECT change FROM counter").fetchone() == (42,)


def test_what_is_written_outlives_a_power_cut_and_what_is_erased_is_overwritten(
    path: Path,
) -> None:
    with closing(connect(path)) as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert db.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_what_is_only_in_the_log_is_never_left_out_unsaid(path: Path) -> None:
    with closing(connect(path)) as db:
        db.execute("UPDATE counter SET change = 1")
        assert [mode for mode in reading_modes(path) if "immutable" in mode] == []
    assert [mode for mode in reading_modes(path) if "immutable" in mode]


async def test_what_cannot_be_used_is_not_held(path: Path) -> None:
    """`rill doctor --repair` would be told that somebody uses it."""
    await some_history(path)
    ask(path, "DROP TABLE unsent")
    ask(path, "DROP TABLE deletion")
    history = History(path)
    await history.start()
    assert "rill doctor" in str(history.trouble)
    assert live_runs(path) == {}
    history.close(5)


async def test_a_start_sweeps_up_after_runs_that_were_killed(path: Path) -> None:
    await some_history(path)
    (runs_folder(path) / "killed-while-idle").write_text("4711\n")
    history = History(path)
    await history.start()
    assert [file.name for file in runs_folder(path).iterdir()] == [history.run]
    assert history.close(5)
