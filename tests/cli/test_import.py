"""`rill import`: conversations come in once, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.histories import ask, fill, said, talk, texts
from tests.loopback import SAFETY_NET
from tui.storage import deletions
from tui.storage.database import connect, transaction
from tui.storage.exchange.rill_json import write_json
from tui.storage.taking_in import take_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.cli.conftest import Rill
    from tui.storage.records import Kept

MANY = 1500


def history_of(rill: Rill) -> Path:
    return rill.home / "data" / "rill" / "history.db"


def exported(rill: Rill, *conversations: Kept) -> str:
    return write(rill.home / "exported.json", conversations)


def write(path: Path, conversations: Iterable[Kept]) -> str:
    path.write_text("".join(write_json(conversations)), encoding="utf-8")
    return str(path)


def cut_off(file: str, before: str) -> None:
    whole = Path(file).read_text(encoding="utf-8")
    Path(file).write_text(whole[: whole.index(before)], encoding="utf-8")


async def until_some_are_in(history: Path) -> None:
    """Until the import has written something."""
    async with asyncio.timeout(SAFETY_NET):
        while not _count(history):  # noqa: ASYNC110
            await asyncio.sleep(0)


def _count(history: Path) -> int:
    try:
        return int(ask(history, "SELECT count(*) FROM conversation")[0][0])
    except sqlite3.OperationalError:  # there is nothing yet
        return 0


async def test_conversations_come_in_and_a_sentence_says_how_many(rill: Rill) -> None:
    conversations = [talk("one"), talk("two", 3)]
    finished = await rill.run("import", exported(rill, *conversations))
    assert finished.code == 0
    assert finished.out == b"2 conversations imported.\n"
    assert finished.err == ""
    assert texts(history_of(rill)) == said(*conversations)


async def test_the_exports_of_others_are_told_by_what_they_hold(rill: Rill) -> None:
    message = {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["Hi"]}}
    chatgpt = [{"id": "1", "title": "Tides", "mapping": {"a": {"message": message}}}]
    told = {"uuid": "m", "sender": "human", "text": "When?"}
    claude = [{"uuid": "2", "name": "Moon", "chat_messages": [told]}]
    files = [rill.home / "a.json", rill.home / "b.json"]
    for file, whole in zip(files, (chatgpt, claude), strict=True):
        file.write_text(json.dumps(whole))
    finished = await rill.run("import", *map(str, files))
    assert finished.out == b"2 conversations imported.\n"
    assert sorted(texts(history_of(rill)).values()) == [["Hi"], ["When?"]]


async def test_a_second_import_brings_only_what_is_new(rill: Rill) -> None:
    await rill.run("import", exported(rill, talk("one"), talk("two")))
    finished = await rill.run("import", exported(rill, talk("one"), talk("two", 5), talk("three")))
    assert finished.out == b"1 conversation imported, 1 grown, 1 known.\n"
    assert texts(history_of(rill)) == said(talk("one"), talk("two", 5), talk("three"))


async def test_what_was_deleted_comes_back_only_when_it_is_wanted_again(rill: Rill) -> None:
    history = history_of(rill)
    fill(history, [talk("one")])
    with closing(connect(history)) as db, transaction(db):
        deletions.delete_conversation(db, "one-conversation", "run")
    finished = await rill.run("import", exported(rill, talk("one")))
    assert finished.out == (
        b"0 conversations imported, 1 deleted here before (--again brings them back).\n"
    )
    assert texts(history) == {}
    finished = await rill.run("import", "--again", exported(rill, talk("one")))
    assert finished.out == b"0 conversations imported, 1 grown.\n"
    assert texts(history) == said(talk("one"))


async def test_what_makes_no_sense_is_skipped_and_named(rill: Rill) -> None:
    file = rill.home / "conversations.json"
    good = {
        "uuid": "1",
        "name": "M",
        "chat_messages": [{"uuid": "m", "sender": "human", "text": "Hi"}],
    }
    empty = {"uuid": "2", "name": "Em\x1b[2Jpty", "chat_messages": []}
    file.write_text(json.dumps([good, 7, empty]))
    finished = await rill.run("import", str(file))
    assert finished.code == 0
    assert finished.out.decode().splitlines() == [
        "1 conversation imported, 2 skipped:",
        "  conversations.json, entry 2: it is not a conversation",
        "  conversations.json, entry 3 “Em␛[2Jpty”: it has no messages",
    ]


async def test_a_long_list_of_reasons_ends_with_how_many_more_there_are(rill: Rill) -> None:
    file = rill.home / "conversations.json"
    file.write_text(json.dumps([{"mapping": {}}, *range(50)]))
    finished = await rill.run("import", str(file))
    lines = finished.out.decode().splitlines()
    assert lines[0] == "0 conversations imported, 51 skipped:"
    assert lines[-1] == "  and 31 more"


async def test_a_file_that_cannot_be_read_does_not_keep_the_others_out(rill: Rill) -> None:
    nonsense = rill.home / "nonsense"
    nonsense.write_bytes(b"\x89PNG")
    finished = await rill.run(
        "import", str(nonsense), str(rill.home / "nowhere"), exported(rill, talk("one"))
    )
    assert finished.code == 2
    assert finished.out == b"1 conversation imported.\n"
    assert len(finished.complaints) == 2
    assert "nowhere" in finished.complaints[1]


async def test_of_a_file_that_breaks_off_the_beginning_is_kept(rill: Rill) -> None:
    file = exported(rill, talk("one"), talk("two"), talk("three"))
    cut_off(file, "three asks 1")
    finished = await rill.run("import", file)
    assert finished.code == 2
    assert finished.out == b"2 conversations imported.\n"
    assert "breaks off" in finished.complaints[0]


async def test_without_a_file_it_says_what_is_missing(rill: Rill) -> None:
    finished = await rill.run("import")
    assert finished.code == 2
    assert "FILE" in finished.complaints[0]
    assert not history_of(rill).exists()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
async def test_an_import_that_was_stopped_goes_on_where_it_was(
    rill: Rill, end: signal.Signals
) -> None:
    conversations = [talk(f"talk{number}", 2) for number in range(MANY)]
    file = exported(rill, *conversations)
    running = await rill.start("import", file)
    await until_some_are_in(history_of(rill))
    running.signal(end)
    finished = await running.end()
    count = _count(history_of(rill))
    assert 0 < count < MANY
    if end is signal.SIGINT:
        assert finished.code == 130
        assert finished.out.decode() == f"{count:,} conversations imported.\n"
        assert finished.complaints == [
            "stopped; what is in stays in, and the same command goes on from here."
        ]
    finished = await rill.run("import", file)
    assert finished.out.decode() == f"{MANY - count:,} conversations imported, {count:,} known.\n"
    assert texts(history_of(rill)) == said(*conversations)


async def test_an_import_and_a_rill_that_writes_do_not_get_in_each_others_way(rill: Rill) -> None:
    conversations = [talk(f"talk{number}", 2) for number in range(500)]
    running = await rill.start("import", exported(rill, *conversations))
    mine = []
    with closing(connect(history_of(rill))) as db:
        ending = asyncio.create_task(running.end())
        while not ending.done():
            mine.append(talk(f"mine{len(mine)}", 1))
            with transaction(db):
                take_in(db, mine[-1])
            await asyncio.sleep(0)
        finished = await ending
    assert finished.out == b"500 conversations imported.\n"
    assert texts(history_of(rill)) == said(*conversations, *mine)


async def test_a_history_that_cannot_be_used_is_said_in_a_sentence(rill: Rill) -> None:
    history_of(rill).mkdir(parents=True)
    finished = await rill.run("import", exported(rill, talk("one")))
    assert finished.code == 2
    assert len(finished.complaints) == 1
    assert str(history_of(rill)) in finished.complaints[0]


async def test_a_terminal_shows_how_far_it_is_and_then_only_the_result(rill: Rill) -> None:
    file = exported(rill, *(talk(f"talk{number}", 2) for number in range(1000)))
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tui", "import", file),
        env=rill.environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = await asyncio.to_thread(_read_all, ours)
    assert await process.wait() == 0
    assert b"\r\x1b[Krill: importing an export of Rill: " in shown
    assert b"%, " in shown
    assert shown.endswith(b"\r\x1b[K1,000 conversations imported.\r\n")


def _read_all(terminal: int) -> bytes:
    shown = b""
    try:
        while piece := os.read(terminal, 65536):
            shown += piece
    except OSError:  # how Linux says that the other side of a terminal is closed
        pass
    os.close(terminal)
    return shown
