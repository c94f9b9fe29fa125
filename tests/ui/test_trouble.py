"""A history that cannot be used is said to be so, and the chat goes on without it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.histories import ask, fill, talk, texts
from tests.loopback import SECRET_KEY
from tests.ui.desk import sit_down

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.loopback import LoopbackServer

NOWHERE_ELSE = "What is said here is kept in memory and nowhere else."


def a_folder(path: Path) -> None:
    path.mkdir()


def garbage(path: Path) -> None:
    path.write_bytes(b"This is no database. " * 1000)


def of_tomorrow(path: Path) -> None:
    fill(path, [talk("tides")])
    ask(path, "PRAGMA user_version = 99")


def in_no_folder(path: Path) -> None:
    """Where the folder of the history has to be, there is a file."""
    path.parent.rmdir()
    path.parent.write_text("in the way")


def written(folder: Path) -> dict[str, bytes]:
    """What is in all files."""
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (a_folder, "cannot be opened"),
        (garbage, "is damaged; rill doctor can repair it."),
        (of_tomorrow, "newer Rill"),
        (in_no_folder, "cannot be opened"),
    ],
)
async def test_what_is_wrong_stands_on_the_screen_and_one_can_talk_all_the_same(
    loopback: LoopbackServer, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    path = tmp_path / "data" / "history.db"
    path.parent.mkdir()
    spoil(path)
    before = path.read_bytes() if path.is_file() else b""
    async with sit_down(loopback, history=path, is_lasting=False) as desk:
        await desk.sees("▲ Not saved.", words, NOWHERE_ELSE)
        await desk.answered("First", "One")
        await desk.type("half a tho")
        await desk.press("ctrl+n")
        await desk.answered("Second", "Two")
        await desk.go_to("First")
        await desk.sees("One", "▲ Not saved.")
        assert desk.prompt == "half a tho"
        await desk.press("ctrl+o", "ctrl+d", "ctrl+z", "escape")
        await desk.until(lambda: len(desk.app.screen_stack) == 1)
        await desk.sees("▲ Not saved.")
    assert (path.read_bytes() if path.is_file() else b"") == before


async def test_with_a_history_that_works_nothing_is_said(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    async with sit_down(loopback, history=tmp_path / "new" / "history.db") as desk:
        await desk.answered("First", "One")
        assert "Not saved" not in desk.words
        assert not desk._chat.trouble_bar.display


async def test_a_trouble_that_passes_is_said_as_long_as_it_lasts_and_nothing_is_lost(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    path = tmp_path / "history.db"
    fill(path, [])
    async with sit_down(loopback, history=path) as desk:
        await desk.answered("First", "One")
        await desk.until(lambda: list(texts(path).values()) == [["First", "One"]])
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            exchange = await desk.begun("Second", "Tw")
            await desk.sees(
                "▲ Not saved.",
                "is locked by another program.",
                "What is said here is kept in memory until that is over.",
            )
            await exchange.text("o")
            await exchange.finish()
            await desk.status_says("✓ complete")
            other.execute("ROLLBACK")
        await desk.until(lambda: "Not saved" not in desk.words)
    assert list(texts(path).values()) == [["First", "One", "Second", "Two"]]


async def test_what_cannot_be_undone_yet_holds_nobody_up_and_is_done_later(
    loopback: LoopbackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.db"
    fill(path, [])
    monkeypatch.setattr("tui.ui.conversations._SOON", 0.1)
    async with sit_down(loopback, history=path) as desk:
        await desk.answered("First", "One")
        await desk.press("escape", "D", "i")
        await desk.until(lambda: list(texts(path).values()) == [["First"]])
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            await desk.say("/undo")
            await desk.type("half a tho")
            await desk.sees("The history cannot be written now")
            other.execute("ROLLBACK")
        await desk.until(lambda: "First loopback-1 One" in desk.transcript)
        assert desk.prompt == "half a tho"


async def test_the_key_is_in_no_file_even_if_the_server_says_it_back(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    path = tmp_path / "history.db"
    async with sit_down(loopback, history=path) as desk:
        await desk.answered("First", "One")
        for body in (
            f'{{"error": {{"type": "authentication_error", "message": "bad key {SECRET_KEY}"}}}}',
            f"<p>You sent x-api-key: {SECRET_KEY}</p>",
        ):
            exchange = await desk.ask("Again")
            await exchange.respond(401, body, "application/json" if body[0] == "{" else "text/html")
            await desk.status_says("✗")
            assert SECRET_KEY not in desk.words
        exchange = await desk.begun("And now?", "It begins")
        error = {"type": "api_error", "message": f"for {SECRET_KEY}"}
        await exchange.event("error", {"error": error})
        await desk.status_says("✗")
        await desk.until(lambda: "It begins" in str(texts(path)))
        assert {"history.db", "history.db-wal"} <= set(written(tmp_path))
        assert not any(SECRET_KEY.encode() in data for data in written(tmp_path).values())
    assert not any(SECRET_KEY.encode() in data for data in written(tmp_path).values())
