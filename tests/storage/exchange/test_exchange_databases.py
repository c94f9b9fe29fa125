"""The databases of elia and oterm, made as the source code of their versions makes them."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tui.errors import ArchiveUnreadable
from tui.storage.exchange.archive import Progress, open_archive
from tui.storage.exchange.imported import Skipped

if TYPE_CHECKING:
    from pathlib import Path

ELIA = """
CREATE TABLE chat (id INTEGER PRIMARY KEY, model VARCHAR, title VARCHAR, started_at DATETIME,
    archived BOOLEAN);
CREATE TABLE message (id INTEGER PRIMARY KEY, chat_id INTEGER, role VARCHAR, content VARCHAR,
    timestamp DATETIME, meta JSON, parent_id INTEGER, model VARCHAR);
INSERT INTO chat VALUES (1, 'gpt-4o', 'Tides', '2024-05-01 12:00:00.123456', 0);
INSERT INTO message VALUES
    (1, 1, 'system', 'Be brief.', '2024-05-01 12:00:00.2', '{}', NULL, 'gpt-4o'),
    (2, 1, 'user', 'When?', '2024-05-01 12:00:01', '{}', NULL, NULL),
    (3, 1, 'assistant', 'At six.', '2024-05-01 12:00:02', '{}', NULL, 'claude-3'),
    (4, 1, 'oracle', 'Never.', '2024-05-01 12:00:03', '{}', NULL, NULL);
"""
OTERM = """
CREATE TABLE chat (id INTEGER, name TEXT, model TEXT NOT NULL, system TEXT, provider TEXT,
    parameters TEXT DEFAULT '{}', tools TEXT DEFAULT '[]', thinking BOOLEAN DEFAULT 0,
    PRIMARY KEY(id AUTOINCREMENT));
CREATE TABLE message (id INTEGER, chat_id INTEGER NOT NULL, author TEXT NOT NULL,
    text TEXT NOT NULL, images TEXT DEFAULT '[]', PRIMARY KEY(id AUTOINCREMENT));
INSERT INTO chat (id, name, model, system) VALUES (1, 'Tides', 'llama3', 'Be brief.');
INSERT INTO message VALUES (1, 1, 'user', 'When?', '["aGk=", "aGk="]');
INSERT INTO message VALUES (2, 1, 'assistant', 'At six.', '[]');
"""
OLD_OTERM = """
CREATE TABLE chat (id INTEGER, name TEXT, model TEXT NOT NULL, context TEXT NOT NULL, system TEXT,
    format TEXT, PRIMARY KEY(id AUTOINCREMENT));
CREATE TABLE message (chat_id INTEGER NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL);
INSERT INTO chat VALUES (1, 'Tides', 'llama2', '[]', NULL, NULL);
INSERT INTO message VALUES (1, 'me', 'When?'), (1, 'ollama', 'At six.');
"""


def made(path: Path, script: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return path


def read(path: Path):
    (kept,) = open_archive(path)
    return kept


def said(kept) -> list[tuple[str, str]]:
    return [(message.role.value, message.text) for message in kept.conversation.path()]


def test_a_chat_of_elia(tmp_path: Path):
    path = made(tmp_path / "elia.sqlite", ELIA)
    archive = open_archive(path)
    assert archive.name == "the database of elia"
    (kept,) = archive
    assert archive.progress == Progress(1, 1)
    assert said(kept) == [
        ("user", "When?"),
        ("assistant", "At six."),
        ("assistant", "[by oracle]\n\nNever."),
    ]
    assert (kept.conversation.title, kept.conversation.system) == ("Tides", "Be brief.")
    assert kept.created_at == 1714564800.123456
    assert kept.updated_at == 1714564803.0
    reply = kept.conversation.path()[1]
    assert (reply.model, reply.ending) == ("claude-3", None)


def test_a_parent_that_elia_names_makes_a_branch(tmp_path: Path):
    path = made(
        tmp_path / "elia.sqlite", f"{ELIA}; UPDATE message SET parent_id = 2 WHERE id IN (3, 4)"
    )
    conversation = read(path).conversation
    assert len(conversation.siblings(conversation.head)) == 2


def test_two_databases_with_the_same_numbers_are_two_conversations(tmp_path: Path):
    one = made(tmp_path / "one.sqlite", ELIA)
    other = made(tmp_path / "other.sqlite", ELIA.replace("12:00:00.12", "12:00:00.13"))
    assert read(one).origin != read(other).origin
    one = made(tmp_path / "one.db", OTERM)
    other = made(tmp_path / "other.db", OTERM.replace("When?", "Where?"))
    assert read(one).origin != read(other).origin


@pytest.mark.parametrize(
    ("script", "more"),
    [
        (ELIA, "INSERT INTO message VALUES (9, 1, 'user', 'Sure?', NULL, '{}', NULL, NULL)"),
        (OTERM, "INSERT INTO message VALUES (9, 1, 'user', 'Sure?', '[]')"),
        (OLD_OTERM, "INSERT INTO message VALUES (1, 'me', 'Sure?')"),
    ],
)
def test_a_renamed_chat_that_has_grown_adds_only_what_is_new(
    tmp_path: Path, script: str, more: str
):
    path = made(tmp_path / "some.db", script)
    old = read(path)
    named = "title" if script is ELIA else "name"
    new = read(made(path, f"{more}; UPDATE chat SET {named} = 'other'"))
    assert old.origin == new.origin
    assert old.conversation.id == new.conversation.id
    before = [message.id for message in old.conversation.path()]
    after = [message.id for message in new.conversation.path()]
    assert after[:-1] == before


def test_a_chat_of_oterm(tmp_path: Path):
    archive = open_archive(made(tmp_path / "store.db", OTERM))
    assert archive.name == "the database of oterm"
    (kept,) = archive
    assert said(kept) == [
        ("user", "When?\n\n[image, not imported]\n\n[image, not imported]"),
        ("assistant", "At six."),
    ]
    assert (kept.conversation.title, kept.conversation.system) == ("Tides", "Be brief.")
    assert kept.conversation.path()[-1].model == "llama3"


def test_a_chat_of_the_first_versions_of_oterm(tmp_path: Path):
    kept = read(made(tmp_path / "store.db", OLD_OTERM))
    assert said(kept) == [("user", "When?"), ("assistant", "At six.")]


def test_a_chat_of_oterm_dates_from_when_the_file_was_changed(tmp_path: Path):
    path = made(tmp_path / "store.db", OTERM)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert read(path).updated_at == 1_700_000_000


def test_a_reply_that_oterm_has_written_over_comes_as_a_branch(tmp_path: Path):
    path = made(tmp_path / "store.db", OTERM)
    conversation = read(path).conversation
    made(path, "UPDATE message SET text = 'At seven.' WHERE id = 2")
    conversation.add(read(path).conversation.messages())
    texts = [conversation[id_].text for id_ in conversation.siblings(conversation.head)]
    assert texts == ["At six.", "At seven."]


def test_a_folder_is_read_by_the_database_in_it(tmp_path: Path):
    made(tmp_path / "store.db", OTERM)
    assert open_archive(tmp_path).name == "the database of oterm"


def test_a_database_is_only_read(tmp_path: Path):
    path = made(tmp_path / "elia.sqlite", ELIA)
    before = path.read_bytes()
    path.chmod(0o400)
    read(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_chat_that_holds_anything_is_read_as_far_as_it_makes_sense(tmp_path: Path):
    odd = """
        INSERT INTO chat VALUES (2, x'ff', 7, 'yesterday', 'maybe'), (3, 'm', 't', NULL, 0);
        INSERT INTO message VALUES (7, 2, x'00', CAST(x'41ff' AS TEXT), 'soon', NULL, 99, 5);
    """
    _, kept, skipped = open_archive(made(tmp_path / "elia.sqlite", ELIA + odd))
    assert [message.text for message in kept.conversation.path()] == ["[by nobody]\n\nA\ufffd"]
    assert skipped == Skipped("chat 3", "it has no messages")


def test_a_database_of_another_program_is_refused(tmp_path: Path):
    path = made(tmp_path / "some.db", "CREATE TABLE message (id INTEGER)")
    with pytest.raises(ArchiveUnreadable, match="not one of elia or oterm"):
        open_archive(path)


def test_a_damaged_database_is_an_error_that_says_so(tmp_path: Path):
    path = made(tmp_path / "elia.sqlite", ELIA)
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 8192)
    with pytest.raises(ArchiveUnreadable, match=r"elia\.sqlite cannot be read as a database"):
        list(open_archive(path))
