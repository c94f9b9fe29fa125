"""`rill export`: which conversations, as what, where to, and nothing written over."""

from __future__ import annotations

import asyncio
import json
import os
import pty
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_import import history_of
from tests.histories import ask, begin_a_reply, fill, said, talk, texts
from tui.chat.message import Message, Role, TextPart
from tui.storage import deletions
from tui.storage.database import connect, transaction

if TYPE_CHECKING:
    from tests.cli.conftest import Rill
    from tui.storage.records import Kept


@pytest.fixture
def talks(rill: Rill) -> list[Kept]:
    """Three conversations, the last of them the newest."""
    conversations = [talk("alpha", 1), talk("beta", 2), talk("gamma", 3)]
    fill(history_of(rill), conversations)
    return conversations


def names(folder: Path, pattern: str = "*") -> list[str]:
    return sorted(path.name for path in folder.glob(pattern))


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


# Which ones


async def test_without_a_word_it_says_what_to_say(rill: Rill, talks: list[Kept]) -> None:
    finished = await rill.run("export")
    assert finished.code == 2
    assert finished.complaints == [
        (
            "Which conversations? Name some by their ids, or say last or --all; "
            "rill export --list shows them."
        )
    ]


async def test_the_beginning_of_an_id_is_enough(rill: Rill, talks: list[Kept]) -> None:
    finished = await rill.run("export", "bet")
    assert finished.code == 0
    text = finished.out.decode()
    assert text.startswith("---\n")
    assert "beta answers 1: grüezi 言葉" in text
    assert "alpha" not in text


async def test_last_is_the_one_in_which_something_was_last_said(
    rill: Rill, talks: list[Kept]
) -> None:
    assert "gamma answers 2" in (await rill.run("export", "last")).out.decode()


async def test_the_whole_id_is_meant_even_if_another_begins_like_it(rill: Rill) -> None:
    longer = talk("one")
    longer.conversation.id = "one-conversation-2"
    fill(history_of(rill), [talk("one"), longer])
    finished = await rill.run("export", "one-conversation", "--format", "json")
    (entry,) = json.loads(finished.out)["conversations"]
    assert entry["id"] == "one-conversation"
    finished = await rill.run("export", "one")
    assert finished.code == 2
    assert finished.complaints[0].startswith("Several conversations begin with 'one', among them")


@pytest.mark.parametrize("words", ["nobody", "%", "_"])
async def test_an_id_that_is_none_is_said(rill: Rill, talks: list[Kept], words: str) -> None:
    finished = await rill.run("export", words)
    assert finished.code == 2
    assert finished.complaints == [
        f"There is no conversation '{words}'; rill export --list shows what there is."
    ]


async def test_what_was_deleted_is_not_exported(rill: Rill, talks: list[Kept]) -> None:
    with closing(connect(history_of(rill))) as db, transaction(db):
        deletions.delete_conversation(db, "beta-conversation", "run")
        deletions.delete_branch(db, "gamma-conversation", "gamma-2-prompt", "gamma-1-reply", "run")
    finished = await rill.run("export", "--all", "--format", "json")
    entries = json.loads(finished.out)["conversations"]
    assert [entry["id"] for entry in entries] == ["alpha-conversation", "gamma-conversation"]
    assert len(entries[1]["messages"]) == 4
    assert (await rill.run("export", "beta")).code == 2


async def test_a_reply_that_still_runs_is_exported_as_far_as_it_is(
    rill: Rill, talks: list[Kept]
) -> None:
    begin_a_reply(history_of(rill), talks[0], "and so far I have")
    text = (await rill.run("export", "alpha")).out.decode()
    assert "and so far I have" in text
    assert ask(history_of(rill), "SELECT writer FROM message WHERE id = 'running'") == [
        ("a-run-that-died",)
    ]


async def test_the_list_has_an_id_a_time_and_a_title_a_line(rill: Rill, talks: list[Kept]) -> None:
    hostile = talk("delta", 4)
    ask(
        history_of(rill), "UPDATE conversation SET title = ? WHERE id LIKE 'alpha%'", "a\x1b[2Jb\nc"
    )
    fill(history_of(rill), [hostile])
    finished = await rill.run("export", "--list")
    lines = finished.out.decode().splitlines()
    assert [line[:14] for line in lines] == [
        "delta-conver  ",
        "gamma-conver  ",
        "beta-convers  ",
        "alpha-conver  ",
    ]
    assert lines[0].endswith("  delta asks 0")
    assert lines[3].endswith("  a␛[2Jb c")
    assert lines[1][14:25] == "1970-01-12 "
    for line in lines:
        assert (await rill.run("export", line.split()[0])).code == 0


async def test_ids_in_the_list_are_as_long_as_it_takes(rill: Rill) -> None:
    other = talk("one")
    other.conversation.id = "one-conversations"
    fill(history_of(rill), [talk("one"), other])
    lines = (await rill.run("export", "--list")).out.decode().splitlines()
    assert sorted(line.split()[0] for line in lines) == ["one-conversation", "one-conversations"]


# Where to


async def test_all_of_them_go_into_a_folder_a_file_each(
    rill: Rill, talks: list[Kept], tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "folder"
    finished = await rill.run("export", "--all", "-o", str(folder))
    assert finished.code == 0
    assert finished.out.decode() == f"3 conversations exported to {folder}.\n"
    assert names(folder) == [
        "1970-01-12 alpha asks 0-alphac.md",
        "1970-01-12 beta asks 0-betaco.md",
        "1970-01-12 gamma asks 0-gammac.md",
    ]
    assert {mode(path) for path in folder.iterdir()} == {0o600}
    assert mode(folder) == 0o700


async def test_conversations_of_one_name_get_files_of_their_own(rill: Rill, tmp_path: Path) -> None:
    other = talk("one")
    other.conversation.id = "one-conversations"
    fill(history_of(rill), [talk("one"), other])
    await rill.run("export", "--all", "--format", "html", "-o", str(tmp_path / "out"))
    assert len(names(tmp_path / "out", "*.html")) == 2


async def test_several_need_a_folder_unless_they_are_json(rill: Rill, talks: list[Kept]) -> None:
    finished = await rill.run("export", "alpha", "beta")
    assert finished.code == 2
    assert finished.complaints == [
        "Several conversations need a folder: name one with -o, or take --format json."
    ]
    finished = await rill.run("export", "alpha", "beta", "--format", "json")
    assert len(json.loads(finished.out)["conversations"]) == 2


async def test_the_suffix_of_the_file_says_the_format(
    rill: Rill, talks: list[Kept], tmp_path: Path
) -> None:
    page, document = tmp_path / "page.html", tmp_path / "all.json"
    assert (await rill.run("export", "last", "-o", str(page))).code == 0
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert (await rill.run("export", "--all", "-o", str(document))).code == 0
    assert len(json.loads(document.read_text())["conversations"]) == 3


async def test_json_comes_back_as_it_was(rill: Rill, talks: list[Kept], tmp_path: Path) -> None:
    hostile = talk("hostile", 1)
    text = "\x1b[31m\x00\r\n\u202e \U0001f600 \ufffd"
    hostile.conversation.append(Message(Role.USER, (TextPart(text),), "hostile-end", 9.0))
    fill(history_of(rill), [hostile])
    before = await rill.run("export", "--all", "--format", "json")
    elsewhere = {"XDG_DATA_HOME": str(tmp_path / "elsewhere")}
    file = tmp_path / "all.json"
    file.write_bytes(before.out)
    await rill.run("import", str(file), environment=elsewhere)
    after = await rill.run("export", "--all", "--format", "json", environment=elsewhere)
    assert after.out == before.out
    assert texts(tmp_path / "elsewhere" / "rill" / "history.db") == said(*talks, hostile)


async def test_no_file_is_written_over_unless_it_is_wanted(
    rill: Rill, talks: list[Kept], tmp_path: Path
) -> None:
    file = tmp_path / "notes.md"
    file.write_text("mine")
    finished = await rill.run("export", "last", "-o", str(file))
    assert finished.code == 2
    assert finished.complaints == [f"{file} exists already; --force writes over it."]
    assert file.read_text() == "mine"
    assert (await rill.run("export", "last", "--force", "-o", str(file))).code == 0
    assert "gamma answers" in file.read_text()
    assert mode(file) == 0o600
    assert names(tmp_path, "*.*") == ["notes.md"]


async def test_a_place_that_cannot_be_written_is_said(
    rill: Rill, talks: list[Kept], tmp_path: Path
) -> None:
    finished = await rill.run("export", "last", "-o", f"{tmp_path}/nowhere/a.md")
    assert finished.code == 2
    assert "nowhere/a.md cannot be written: No such file or directory." in finished.complaints[0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
async def test_a_full_disk_is_said(rill: Rill, talks: list[Kept]) -> None:
    finished = await rill.run("export", "last", "-o", "/dev/full")
    assert finished.code == 2
    assert finished.complaints == ["/dev/full cannot be written: No space left on device."]
    full = os.open("/dev/full", os.O_WRONLY)
    finished = await rill.run("export", "last", stdout=full)
    os.close(full)
    assert finished.complaints == ["The output cannot be written: No space left on device."]


async def test_a_reader_that_has_enough_ends_it_quietly(rill: Rill) -> None:
    fill(history_of(rill), [talk(f"talk{number}", 20) for number in range(100)])
    ours, theirs = os.pipe()
    running = await rill.start("export", "--all", "--format", "json", stdout=theirs)
    os.close(theirs)
    await asyncio.to_thread(os.read, ours, 10)
    os.close(ours)
    finished = await running.end()
    assert (finished.code, finished.err) == (141, "")


async def test_a_terminal_is_not_driven_by_what_is_exported(rill: Rill) -> None:
    kept = talk("one", 1)
    kept.conversation.append(Message(Role.USER, (TextPart("\x1b[2Jowned\x9b"),), "x", 9.0))
    fill(history_of(rill), [kept])
    ours, theirs = pty.openpty()
    running = await rill.start("export", "last", "--format", "json", stdout=theirs)
    await running.end()
    os.close(theirs)
    shown = os.read(ours, 65536)
    os.close(ours)
    assert b"owned" in shown
    assert b"\x1b" not in shown
    assert "\x9b".encode() not in shown


# Trouble


async def test_a_history_that_is_not_there_is_not_made(rill: Rill) -> None:
    finished = await rill.run("export", "--all", "--format", "json")
    assert finished.code == 2
    assert finished.complaints == [f"There is no history yet: {history_of(rill)} does not exist."]
    assert list(rill.home.iterdir()) == []


async def test_a_damaged_conversation_does_not_keep_the_others_in(
    rill: Rill, talks: list[Kept]
) -> None:
    ask(history_of(rill), "UPDATE message SET reply = '{' WHERE id = 'beta-0-reply'")
    finished = await rill.run("export", "--all", "--format", "json")
    assert finished.code == 1
    entries = json.loads(finished.out)["conversations"]
    assert [entry["id"] for entry in entries] == ["alpha-conversation", "gamma-conversation"]
    assert finished.complaints == [
        "conversation beta-conversation is damaged and left out; rill doctor can repair it."
    ]


async def test_nothing_is_left_beside_the_history(rill: Rill, talks: list[Kept]) -> None:
    before = {path.name: path.read_bytes() for path in history_of(rill).parent.iterdir()}
    await rill.run("export", "--all", "--format", "json")
    await rill.run("export", "--list")
    assert before == {path.name: path.read_bytes() for path in history_of(rill).parent.iterdir()}


@pytest.mark.parametrize("name", ["talk.html", "talk.md", "talk.json"])
async def test_a_damaged_conversation_does_not_take_the_place_of_its_earlier_export(
    rill: Rill, talks: list[Kept], tmp_path: Path, name: str
) -> None:
    ask(history_of(rill), "UPDATE message SET reply = '[1]' WHERE id = 'gamma-0-reply'")
    (tmp_path / name).write_text("the earlier one")
    finished = await rill.run("export", "last", "-o", str(tmp_path / name), "--force")
    assert finished.code == 1
    assert finished.out == b""
    assert (tmp_path / name).read_text() == "the earlier one"


async def test_several_do_not_make_a_folder_with_the_name_of_a_file(
    rill: Rill, talks: list[Kept], tmp_path: Path
) -> None:
    finished = await rill.run("export", "--all", "-o", str(tmp_path / "all.html"))
    assert finished.code == 2
    assert not (tmp_path / "all.html").exists()
    (tmp_path / "notes.md").mkdir()
    assert (await rill.run("export", "--all", "-o", str(tmp_path / "notes.md"))).code == 0
    assert len(names(tmp_path / "notes.md")) == 3
