"""Damaged histories: what is found, what is saved, what is kept beside."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.histories import PAGE, ask, begin_a_reply, fill, said, talk, texts
from tui.chat.ending import Outcome
from tui.chat.message import Message, Role, TextPart
from tui.chat.parameters import Choice, Parameters
from tui.errors import HistoryError
from tui.storage import deletions, reads
from tui.storage.checkup import examine
from tui.storage.database import connect, transaction
from tui.storage.pages import read_rows
from tui.storage.paths import runs_folder
from tui.storage.presence import Presence, present
from tui.storage.repair import repair

if TYPE_CHECKING:
    from pathlib import Path

    from tui.storage.repair import Repaired

NAMES = [f"talk{number}" for number in range(40)]


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Forty conversations, all in the one file."""
    path = tmp_path / "rill" / "history.db"
    fill(path, [talk(name, 3) for name in NAMES])
    return path


def repaired(path: Path) -> Repaired:
    found = examine(path)
    assert not found.is_sound
    result = repair(path, found)
    assert examine(path).is_sound
    return result


def page_of(path: Path, text: bytes) -> int:
    """Where the page begins that has `text` on it."""
    return path.read_bytes().index(text) // PAGE * PAGE


def root_of(path: Path, name: str) -> int:
    ((number,),) = ask(path, "SELECT rootpage FROM sqlite_master WHERE name = ?", name)
    return (int(number) - 1) * PAGE


def overwrite(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


# What is sound


def test_a_history_in_use_is_sound(history: Path) -> None:
    found = examine(history)
    assert found.is_sound
    assert (found.conversations, found.messages) == (40, 240)


def test_looking_changes_nothing(history: Path) -> None:
    begin_a_reply(history, talk("talk0", 3), "so far")
    ask(history, "UPDATE conversation SET messages = 99 WHERE id = 'talk1-conversation'")
    before = {path: path.read_bytes() for path in history.parent.iterdir() if path.is_file()}
    found = examine(history)
    assert (found.cut_off, found.inconsistent) == (1, ["talk1-conversation"])
    assert before == {
        path: path.read_bytes() for path in history.parent.iterdir() if path.is_file()
    }


# Put right where it stands


def test_an_index_that_lacks_messages_is_made_anew(history: Path) -> None:
    ask(history, "INSERT INTO word (word) VALUES ('delete-all')")
    assert examine(history).is_index_wrong
    result = repaired(history)
    with closing(connect(history)) as db:
        assert len(reads.search(db, "talk7 answers", 10)) == 3
    assert not result.is_new


def test_an_index_with_what_is_gone_is_made_anew(history: Path) -> None:
    ask(history, "INSERT INTO word (rowid, text) VALUES (99999, 'ghost')")
    repaired(history)
    assert ask(history, "SELECT rowid FROM word WHERE word MATCH 'ghost'") == []


def test_counts_titles_and_heads_are_made_anew(history: Path) -> None:
    ask(history, "UPDATE conversation SET messages = 99 WHERE id = 'talk1-conversation'")
    ask(history, "UPDATE conversation SET folded = 'x' WHERE id = 'talk2-conversation'")
    ask(history, "UPDATE conversation SET head = 'nobody' WHERE id = 'talk3-conversation'")
    ask(history, "UPDATE conversation SET given_title = 'Mine' WHERE id = 'talk4-conversation'")
    assert len(examine(history).inconsistent) == 4
    repaired(history)
    with closing(connect(history)) as db:
        entries = {entry.id: entry for entry in reads.newest(db, 50)}
    assert entries["talk1-conversation"].messages == 6
    assert entries["talk4-conversation"].title == "Mine"
    assert texts(history) == said(*(talk(name, 3) for name in NAMES))


def test_a_reply_whose_rill_died_is_kept_as_far_as_it_came(history: Path) -> None:
    begin_a_reply(history, talk("talk0", 3), "as far as it came")
    repaired(history)
    with closing(connect(history)) as db:
        opened = reads.load(db, "talk0-conversation", None)
    assert opened is not None
    message = opened.kept.conversation["running"]
    assert message.text == "as far as it came"
    assert message.ending is not None
    assert message.ending.outcome is Outcome.INTERRUPTED


def test_what_was_there_before_is_kept_beside(history: Path) -> None:
    ask(history, "UPDATE conversation SET messages = 99 WHERE id = 'talk1-conversation'")
    backup = repaired(history).backup
    assert backup.parent == history.parent
    assert backup.name.startswith("history-")
    assert backup.name.endswith(".db.bak")
    assert backup.stat().st_mode & 0o777 == 0o600
    assert ask(backup, "SELECT max(messages) FROM conversation") == [(99,)]
    assert sorted(path.name for path in history.parent.iterdir()) == sorted(
        [backup.name, "history.db", "history.db-runs"]
    )


def test_a_second_repair_at_once_has_a_name_of_its_own(history: Path) -> None:
    backups = set()
    for _ in range(3):
        ask(history, "UPDATE conversation SET messages = 99")
        backups.add(repaired(history).backup)
    assert len(backups) == 3


# Made anew of what can be read


@pytest.mark.parametrize("table", ["message", "conversation", "message_of", "word_data"])
def test_nothing_is_lost_with_the_root_of_a_tree(history: Path, table: str) -> None:
    overwrite(history, root_of(history, table), bytes(PAGE))
    result = repaired(history)
    assert result.is_new
    assert texts(history) == said(*(talk(name, 3) for name in NAMES))
    with closing(connect(history)) as db:
        assert len(reads.search(db, "talk7 answers", 10)) == 3


def test_nothing_is_lost_with_the_first_page(history: Path) -> None:
    overwrite(history, 0, bytes(PAGE))
    result = repaired(history)
    assert texts(history) == said(*(talk(name, 3) for name in NAMES))
    assert (result.conversations, result.messages) == (40, 240)


def test_with_a_page_of_messages_only_those_are_lost(history: Path) -> None:
    at = page_of(history, b"talk20 asks 1")
    overwrite(history, at, random.Random(1).randbytes(PAGE))
    result = repaired(history)
    found = texts(history)
    whole = said(*(talk(name, 3) for name in NAMES))
    assert result.conversations == 40
    assert result.messages == 240 - result.lost_messages
    assert 0 < result.lost_messages < 40
    for id_, left in found.items():
        assert [text for text in whole[id_] if text in left] == left
    assert sum(found[id_] == whole[id_] for id_ in whole) > 30


def test_what_is_lost_is_counted_by_what_the_list_says_if_the_tables_cannot_be_read(
    history: Path,
) -> None:
    overwrite(history, page_of(history, b"talk20 asks 1"), bytes(PAGE))
    overwrite(history, 0, bytes(PAGE))
    result = repaired(history)
    assert result.conversations == 40
    assert result.messages == 240 - result.lost_messages
    assert 0 < result.lost_messages < 40


def test_a_message_that_cannot_be_read_takes_no_other_with_it(history: Path) -> None:
    text = b"talk20 asks 1"
    at = page_of(history, text)
    page = history.read_bytes()[at : at + PAGE]
    count = int.from_bytes(page[3:5], "big")
    cells = [int.from_bytes(page[place : place + 2], "big") for place in range(8, 8 + 2 * count, 2)]
    its_cell = max(cell for cell in cells if cell < page.index(text))
    # It leads to the last byte of the page, behind which nothing is.
    overwrite(history, at + 8 + 2 * cells.index(its_cell), (PAGE - 1).to_bytes(2, "big"))
    overwrite(history, 0, bytes(PAGE))
    assert repaired(history).messages == 239
    whole = said(*(talk(name, 3) for name in NAMES))
    whole["talk20-conversation"].remove(text.decode())
    assert texts(history) == whole


def test_messages_whose_conversation_is_lost_are_found_under_their_own_title(
    history: Path,
) -> None:
    at = page_of(history, b"talk20-conversationtalk20 asks 0")
    overwrite(history, at, bytes(PAGE))
    result = repaired(history)
    assert texts(history) == said(*(talk(name, 3) for name in NAMES))
    assert (result.lost_conversations, result.lost_messages) == (0, 0)
    with closing(connect(history)) as db:
        assert "talk20 asks 0" in {entry.title for entry in reads.newest(db, 50)}


def test_a_file_that_was_cut_off_keeps_what_stood_before(history: Path) -> None:
    whole = said(*(talk(name, 3) for name in NAMES))
    with history.open("r+b") as file:
        file.truncate(history.stat().st_size * 2 // 3 // PAGE * PAGE + 123)
    result = repaired(history)
    assert result.messages > 60
    assert all(set(left) <= set(whole[id_]) for id_, left in texts(history).items())


def test_a_byte_that_is_no_text_costs_no_message(history: Path) -> None:
    data = history.read_bytes()
    history.write_bytes(data.replace(b"talk5 answers 1", b"talk5 answer\xff 1"))
    assert examine(history).damage
    repaired(history)
    assert any("talk5 answer\ufffd 1" in text for text in texts(history)["talk5-conversation"])


def test_json_that_is_none_costs_no_text(history: Path) -> None:
    data = history.read_bytes()
    history.write_bytes(data.replace(b'{"kind":"thinking"', b'{"kind":"thinning"', 1))
    assert examine(history).damage
    repaired(history)
    assert texts(history) == said(*(talk(name, 3) for name in NAMES))


def choice_of(path: Path, id_: str) -> Choice:
    with closing(connect(path)) as db:
        opened = reads.load(db, id_, None)
    assert opened is not None
    return opened.kept.conversation.choice


@pytest.fixture
def chosen(history: Path) -> Choice:
    """What was chosen for the conversation `chosen`, which is in the history, too."""
    kept = talk("chosen", 1)
    kept.conversation.choice = Choice("ollama/qwen", Parameters(max_tokens=5, stop=("END",)))
    fill(history, [kept])
    return kept.conversation.choice


def test_what_was_chosen_is_saved(history: Path, chosen: Choice) -> None:
    overwrite(history, 0, bytes(PAGE))
    repaired(history)
    assert choice_of(history, "chosen-conversation") == chosen
    assert choice_of(history, "talk5-conversation") == Choice()


@pytest.mark.parametrize("damaged", ['{"model":"olla', "[]", '{"model":"ollama/qwen\xff"}'])
def test_a_choice_that_is_none_costs_nothing_else(
    history: Path, chosen: Choice, damaged: str
) -> None:
    whole = said(*(talk(name, 3) for name in NAMES), talk("chosen", 1))
    written = b'{"model":"ollama/qwen","parameters":{"max_tokens":5,"stop":["END"]}}'
    data = history.read_bytes()
    assert data.count(written) == 1
    bytes_ = damaged.encode("latin-1").ljust(len(written))
    history.write_bytes(data.replace(written, bytes_))
    assert examine(history).damage == ["conversation 'chosen-conversation' cannot be read"]
    repaired(history)
    assert texts(history) == whole
    assert choice_of(history, "chosen-conversation").parameters == Parameters()
    assert chosen != Choice()


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("is_migrated", [True, False])
def test_rows_from_before_there_were_choices_are_saved(
    recorded: list[Path], version: int, *, is_migrated: bool
) -> None:
    path = recorded[version - 1]
    if is_migrated:  # which leaves the rows as they are
        connect(path).close()
    overwrite(path, root_of(path, "message_after"), bytes(PAGE))
    result = repaired(path)
    assert (result.conversations, result.lost_messages) == (2, 0)
    assert texts(path)["a" * 32] == [
        *("What is a rill?", "A small brook.", "And in French?", "Un ruisseau.")
    ]
    assert choice_of(path, "a" * 32) == Choice()
    with closing(connect(path)) as db:
        (entry,) = reads.titled(db, "Of rills", 1)
    assert entry.is_pinned
    assert entry.has_draft


def test_a_description_of_tables_that_is_no_text_is_damage_like_any_other(history: Path) -> None:
    """SQLite quotes it in what it says."""
    data = history.read_bytes()
    statement = b"CREATE INDEX conversation_newest ON"
    assert data.count(statement) == 1
    history.write_bytes(data.replace(statement, b"CREATE INDEX conversation_newest \xff\xff"))
    with pytest.raises(HistoryError, match=r"is damaged; rill doctor can repair it\.$"):
        connect(history)
    assert examine(history).damage
    repaired(history)
    assert texts(history) == said(*(talk(name, 3) for name in NAMES))


@pytest.mark.parametrize("seed", range(12))
def test_whatever_bytes_are_flipped_it_can_be_used_again(history: Path, seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(history.read_bytes())
    for _ in range(60):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    history.write_bytes(data)
    found = examine(history)
    if not found.is_sound:
        repair(history, found)
    assert examine(history).is_sound
    assert len(texts(history)) >= 35


def test_what_stands_only_in_the_journal_of_the_file_is_saved_too(
    history: Path, tmp_path: Path
) -> None:
    """A machine that went down leaves the newest pages beside the file."""
    with closing(sqlite3.connect(history)) as keeps_it_open:
        keeps_it_open.execute("SELECT count(*) FROM message").fetchone()
        fill(history, [talk("newest", 2)])
        after = tmp_path / "after"
        after.mkdir()
        for name in ("history.db", "history.db-wal"):
            shutil.copy(history.with_name(name), after / name)
    copy = after / "history.db"
    assert (after / "history.db-wal").stat().st_size > 0
    assert b"newest answers" not in copy.read_bytes()
    overwrite(copy, page_of(copy, b"talk20 asks 1"), bytes(PAGE))
    repaired(copy)
    assert texts(copy)["newest-conversation"] == said(talk("newest", 2))["newest-conversation"]


def test_long_messages_are_saved_whole(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    kept = talk("long", 1)
    long = "".join(f"{number} grüezi\n" for number in range(20_000))
    kept.conversation.append(Message(Role.USER, (TextPart(long),), "long", 5.0))
    fill(path, [kept])
    overwrite(path, 0, bytes(100))
    repaired(path)
    assert texts(path) == said(kept)


def test_what_was_deleted_stays_deleted_and_can_be_brought_back(history: Path) -> None:
    with closing(connect(history)) as db, transaction(db):
        deletions.delete_conversation(db, "talk1-conversation", "run")
        deletions.delete_branch(db, "talk2-conversation", "talk2-1-prompt", "talk2-0-reply", "run")
    overwrite(history, 0, bytes(PAGE))
    repaired(history)
    found = texts(history)
    assert "talk1-conversation" not in found
    assert len(found["talk2-conversation"]) == 2
    with closing(connect(history)) as db, transaction(db):
        deletions.undo(db, "run")
        deletions.undo(db, "run")
    assert texts(history) == said(*(talk(name, 3) for name in NAMES))


def test_a_reply_that_was_running_is_saved_as_far_as_it_came(history: Path) -> None:
    begin_a_reply(history, talk("talk0", 3), "as far as it came")
    overwrite(history, 0, bytes(PAGE))
    repaired(history)
    with closing(connect(history)) as db:
        opened = reads.load(db, "talk0-conversation", None)
    assert opened is not None
    assert opened.kept.conversation["running"].text == "as far as it came"


def test_rows_are_read_as_sqlite_reads_them(history: Path) -> None:
    """All kinds of values, sizes and overflows, in pages of all sizes."""
    for size in (512, 1024, 65536):
        path = history.with_name(f"{size}.db")
        values = [
            None,
            0,
            1,
            -1,
            127,
            -32768,
            2**23,
            2**31,
            -(2**47),
            2**62,
            0.5,
            "ü" * 300,
            b"\0x",
        ]
        rows = [(number, *values, "x" * length) for number, length in enumerate(range(0, 9000, 61))]
        with closing(sqlite3.connect(path)) as db:
            db.execute(f"PRAGMA page_size = {size}")
            columns = ", ".join(f"c{number}" for number in range(len(rows[0])))
            db.execute(f"CREATE TABLE t ({columns})")
            places = ", ".join("?" * len(rows[0]))
            db.executemany(f"INSERT INTO t VALUES ({places})", rows)
            db.commit()
        found = [row for _, row in read_rows(path) if len(row) == len(rows[0])]
        assert sorted(found) == rows


# What is not repaired


def test_nothing_is_repaired_while_another_rill_uses_it(history: Path) -> None:
    ask(history, "UPDATE conversation SET messages = 99")
    before = history.read_bytes()
    other = Presence(runs_folder(history), "other")
    with pytest.raises(HistoryError, match=r"Another Rill uses .* \(process \d+\); close it"):
        repair(history, examine(history))
    assert history.read_bytes() == before
    other.leave()
    repaired(history)


def test_a_file_in_which_there_is_nothing_to_save_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(b"Dear diary,\n" * 1000)
    with pytest.raises(HistoryError, match="no conversation can be read; move it away"):
        repair(path, examine(path))
    assert path.read_bytes() == b"Dear diary,\n" * 1000
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["history.db"]


def test_looking_leaves_what_a_killed_run_has_left(history: Path, tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.mkdir()
    with closing(connect(history)) as db:
        with transaction(db):
            db.execute("UPDATE conversation SET draft = 'only in the log'")
        for file in history.parent.glob("history.db*"):
            if file.is_file():
                shutil.copy(file, left)
    # What is in shared memory only helps to read the others.
    before = {name: (left / name).read_bytes() for name in ("history.db", "history.db-wal")}
    assert before["history.db-wal"]
    assert examine(left / "history.db").is_sound
    assert {name: (left / name).read_bytes() for name in before} == before


def test_looking_keeps_nobody_from_writing(history: Path) -> None:
    ask(history, "INSERT INTO word (word) VALUES ('delete-all')")
    with present(history):
        found = examine(history)
    assert found.is_in_use
    assert found.is_index_wrong  # what can be seen without asking it
