"""`rill doctor`: it says what is well and what is not, and repairs only when it is asked to.

Here it asks no provider: see test_provider_checks.py.
"""

from __future__ import annotations

import resource
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_import import history_of
from tests.histories import PAGE, ask, begin_a_reply, fill, said, talk, texts
from tui.storage.paths import runs_folder
from tui.storage.presence import Presence

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Finished, Rill


def lines(finished: Finished, mark: str) -> list[str]:
    """What stands behind a mark, without it."""
    assert finished.err == ""
    found = finished.out.decode().splitlines()
    return [line.removeprefix(f"{mark} ") for line in found if line.startswith(f"{mark} ")]


def content(path: Path) -> bytes:
    return path.read_bytes()


def put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def make_link(path: Path, target: Path) -> None:
    """Move the file, and leave a link in its place."""
    path.rename(target)
    path.symlink_to(target)


def open_up(path: Path, rights: int) -> None:
    path.chmod(rights)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def backups(history: Path) -> list[Path]:
    return list(history.parent.glob("history-*.db.bak"))


@pytest.fixture
def history(rill: Rill) -> Path:
    """Three conversations."""
    path = history_of(rill)
    fill(path, [talk("alpha"), talk("beta"), talk("gamma")])
    return path


async def test_all_is_well(rill: Rill, history: Path) -> None:
    rill.write_config('theme = "rill-dark"\n')
    finished = await rill.run("doctor", "--offline")
    assert finished.code == 0
    good = lines(finished, "✓")
    assert len(good) == len(finished.out.splitlines()) == 6
    assert "SQLite" in good[0]
    assert good[1] == f"The settings {rill.config} are valid."
    assert good[2].startswith(f"The history {history} can be read (")
    assert good[2].endswith(", version 3, 3 conversations, 12 messages).")


async def test_a_rill_that_was_never_used_is_well_and_nothing_is_made(rill: Rill) -> None:
    finished = await rill.run("doctor", "--offline")
    assert finished.code == 0
    assert lines(finished, "\u2013") == [
        f"There are no settings; {rill.config} is where they would be.",
        f"There is no history yet; {history_of(rill)} is where it will be.",
    ]
    assert list(rill.home.iterdir()) == []


async def test_settings_that_are_wrong_are_said(rill: Rill) -> None:
    rill.write_config('thme = "rill-dark"\n')
    finished = await rill.run("doctor", "--offline")
    assert finished.code == 2
    (sentence,) = lines(finished, "✗")
    assert sentence.endswith("thme is not a setting; did you mean 'theme'?")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("PRAGMA user_version = 99", "was written by a newer Rill (its version is 99"),
        ("PRAGMA user_version = 0; DROP TABLE message", "but not one of Rill's; move it away."),
    ],
)
async def test_what_it_cannot_repair_is_one_sentence(
    rill: Rill, history: Path, command: str, sentence: str
) -> None:
    for statement in command.split(";"):
        ask(history, statement)
    before = content(history)
    finished = await rill.run("doctor", "--offline", "--repair")
    assert finished.code == 2
    (bad,) = lines(finished, "✗")
    assert sentence in bad
    assert content(history) == before


async def test_a_folder_in_its_place_is_one_sentence(rill: Rill) -> None:
    history_of(rill).mkdir(parents=True, mode=0o700)
    history_of(rill).parent.chmod(0o700)
    finished = await rill.run("doctor", "--offline")
    assert finished.code == 2
    assert lines(finished, "✗") == [f"The history {history_of(rill)} is a folder; move it away."]


async def test_a_lock_is_one_sentence(rill: Rill, history: Path) -> None:
    with closing(sqlite3.connect(history, isolation_level=None)) as db:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN EXCLUSIVE")
        finished = await rill.run("doctor", "--offline")
        db.execute("ROLLBACK")
    assert finished.code == 2
    assert lines(finished, "✗") == [f"The history {history} is locked by another program."]


async def test_rights_of_others_are_found_and_taken_away(rill: Rill, history: Path) -> None:
    for path, rights in ((history, 0o644), (history.parent, 0o755)):
        open_up(path, rights)
    finished = await rill.run("doctor", "--offline")
    assert finished.code == 1
    assert lines(finished, "✗") == [
        f"Others than you may use {path}; rill doctor --repair repairs it."
        for path in (history.parent, history)
    ]
    assert mode(history) == 0o644
    finished = await rill.run("doctor", "--offline", "--repair")
    assert finished.code == 0
    assert "2 files and folders made private." in finished.out.decode()
    assert mode(history) == 0o600
    assert mode(history.parent) == 0o700
    assert backups(history) == []


async def test_a_wrong_index_and_wrong_counts_are_found_and_repaired(
    rill: Rill, history: Path
) -> None:
    ask(history, "UPDATE conversation SET messages = 99")
    ask(history, "INSERT INTO word (word) VALUES ('delete-all')")
    before = content(history)
    finished = await rill.run("doctor", "--offline")
    assert finished.code == 1
    assert len(lines(finished, "✗")) == 2
    assert content(history) == before
    finished = await rill.run("doctor", "--offline", "--repair")
    assert finished.code == 0
    (backup,) = backups(history)
    assert f"How it was before is in {backup}." in finished.out.decode()
    assert (await rill.run("doctor", "--offline")).code == 0


async def test_a_reply_that_broke_off_is_found_and_kept(rill: Rill, history: Path) -> None:
    begin_a_reply(history, talk("alpha"), "as far as it came")
    finished = await rill.run("doctor", "--offline")
    assert finished.code == 1
    assert lines(finished, "✗") == [
        (
            "1 reply broke off when Rill was killed; the next start of Rill keeps what came, "
            "and so does rill doctor --repair."
        )
    ]
    assert (await rill.run("doctor", "--offline", "--repair")).code == 0
    assert ask(history, "SELECT text, writer FROM message WHERE id = 'running'") == [
        ("as far as it came", None)
    ]


async def test_a_damaged_history_is_saved_and_the_damaged_one_kept(
    rill: Rill, history: Path
) -> None:
    damaged = bytes(PAGE) + content(history)[PAGE:]
    put(history, damaged)
    finished = await rill.run("doctor", "--offline")
    assert finished.code == 1
    assert lines(finished, "✗") == [
        (
            f"The history {history} is damaged: file is not a database; "
            "rill doctor --repair repairs it."
        )
    ]
    assert content(history) == damaged
    finished = await rill.run("doctor", "--offline", "--repair")
    assert finished.code == 0
    assert (
        "3 conversations with 12 messages were saved into a new history; none is known to be lost."
    ) in finished.out.decode()
    (backup,) = backups(history)
    assert content(backup) == damaged
    assert {mode(path) for path in (history, backup)} == {0o600}
    assert texts(history) == said(talk("alpha"), talk("beta"), talk("gamma"))


@pytest.mark.parametrize("damage", ["counts", "pages"])
async def test_a_repair_that_finds_no_room_leaves_all_as_it_was(
    rill: Rill, history: Path, damage: str
) -> None:
    ask(history, "UPDATE conversation SET messages = 99")
    if damage == "pages":
        put(history, bytes(PAGE) + content(history)[PAGE:])
    before = content(history)
    running = await rill.start("doctor", "--offline", "--repair", preexec_fn=_limit_files)
    finished = await running.end()
    assert finished.code == 2
    assert len(finished.complaints) == 1
    assert str(history) in finished.complaints[0]
    assert content(history) == before
    assert backups(history) == []


def _limit_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))


async def test_nothing_is_repaired_that_is_well(rill: Rill, history: Path) -> None:
    before = content(history)
    finished = await rill.run("doctor", "--offline", "--repair")
    assert finished.code == 0
    assert finished.out.decode().splitlines()[-1] == "There is nothing to repair."
    assert content(history) == before


async def test_another_rill_is_named_and_nothing_repaired_beneath_it(
    rill: Rill, history: Path
) -> None:
    ask(history, "UPDATE conversation SET messages = 99")
    before = content(history)
    other = Presence(runs_folder(history), "other")
    process = other.process_id("other")
    finished = await rill.run("doctor", "--offline")
    assert f"Process {process} is a Rill that uses the history." in lines(finished, "\u2013")
    finished = await rill.run("doctor", "--offline", "--repair")
    assert finished.code == 2
    assert finished.complaints == [
        f"Another Rill uses the history {history} (process {process}); close it first."
    ]
    assert content(history) == before
    other.leave()


async def test_a_file_of_something_else_is_not_touched(rill: Rill, history: Path) -> None:
    diary = b"Dear diary,\n" * 1000
    put(history, diary)
    finished = await rill.run("doctor", "--offline", "--repair")
    assert finished.code == 2
    assert "no conversation can be read; move it away" in finished.complaints[0]
    assert content(history) == diary


async def test_marks_are_letters_where_there_is_nothing_else(rill: Rill, history: Path) -> None:
    finished = await rill.run("doctor", "--offline", environment={"PYTHONIOENCODING": "ascii"})
    assert finished.code == 0
    assert {line[:3] for line in finished.out.splitlines()} == {b"ok ", b"-- "}


async def test_a_history_that_is_a_link_is_looked_at_and_repaired_where_it_leads(
    rill: Rill, history: Path
) -> None:
    real = rill.home / "elsewhere" / "talk.db"
    real.parent.mkdir(mode=0o755)
    make_link(history, real)
    assert (await rill.run("doctor", "--offline")).code == 0
    before = texts(real)
    put(real, bytes(2000) + content(real)[2000:])
    finished = await rill.run("doctor", "--offline", "--repair")
    assert finished.code == 0
    assert texts(real) == texts(history) == before
    assert content(real) == content(history)
    assert mode(real.parent) == 0o755  # that is not ours

    presence = Presence(runs_folder(real), "by-its-other-name")
    finished = await rill.run("doctor", "--offline")
    presence.leave()
    assert "is a Rill that uses the history" in finished.out.decode()
