"""A file that an older Rill has written is brought to the present version, and nothing is lost.

`recorded/history-N.sql` is what `iterdump` gave for a file of version N in which all that can be in
one was: branches, a deleted one, a deleted conversation, a reply in the middle of which its run had
died, drafts, prompts that wait. Whoever adds a migration records one of the version before it. (In
`history-2.sql` the index is made by its own statement, and then given the rows of its tables: what
`iterdump` makes of it, no SQLite can read.)
"""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.histories import ask, fill, talk
from tests.storage.conftest import RECORDED
from tests.storage.speaker import said
from tui.chat.ending import Ending, Outcome
from tui.chat.message import TextPart, ThinkingPart, ToolUsePart
from tui.chat.parameters import Choice
from tui.errors import HistoryError
from tui.storage import deletions, reads
from tui.storage.checkup import examine
from tui.storage.database import connect, connect_in_memory, version_of
from tui.storage.history import History
from tui.storage.schema import MIGRATIONS

if TYPE_CHECKING:
    from pathlib import Path
    from sqlite3 import Connection

    from tui.chat.conversation import Conversation

PRESENT = len(MIGRATIONS)
TALK, DELETED, STORY = "a" * 32, "b" * 32, "c" * 32


def schema(db: Connection) -> list[tuple[str, str]]:
    rows = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    # `iterdump` quotes the names, and that is all it does.
    return [(name, sql.replace('"', "").replace("'", "")) for name, sql in rows]


def test_there_is_a_recorded_file_of_every_older_version() -> None:
    names = [f"history-{version}.sql" for version in range(1, PRESENT)]
    assert sorted(path.name for path in RECORDED.iterdir()) == names


@pytest.mark.parametrize("version", range(1, PRESENT))
def test_an_older_file_gets_the_tables_of_a_new_one(version: int, recorded: list[Path]) -> None:
    with closing(connect_in_memory()) as fresh, closing(connect(recorded[version - 1])) as db:
        assert version_of(db) == PRESENT
        assert schema(db) == schema(fresh)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize("version", range(1, PRESENT))
def test_an_older_file_can_be_looked_at_without_changing_it(
    version: int, recorded: list[Path]
) -> None:
    path = recorded[version - 1]
    before = path.read_bytes()
    found = examine(path)
    assert found.is_sound
    assert found.version == version
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", range(1, PRESENT))
async def test_all_that_was_in_an_older_file_is_there(version: int, recorded: list[Path]) -> None:
    history = History(recorded[version - 1])
    start = await history.start()

    async def load(id_: str) -> Conversation:
        opened = await history.read(reads.load, id_, history.presence)
        assert opened is not None
        return opened.kept.conversation

    async def found(query: str) -> list[str]:
        return [hit.entry.id for hit in await history.read(reads.search, query, 5)]

    assert history.trouble is None
    assert start.interrupted == (STORY,)
    entries = await history.read(reads.newest, 5)
    assert [entry.title for entry in entries] == ["Of rills", "Tell me a story."]
    assert entries[0].is_pinned

    talk = await history.read(reads.load, TALK, history.presence)
    assert talk is not None
    assert talk.kept.draft == "merci, et"
    assert talk.kept.waiting == ("a prompt that waits",)
    conversation = talk.kept.conversation
    assert conversation.system == "Be brief."
    assert conversation.choice == Choice()
    assert said(conversation) == [
        *("What is a rill?", "A small brook.", "And in French?", "Un ruisseau.")
    ]
    reply = conversation.path()[-1]
    assert reply.parts == (
        ThinkingPart("Ruisseau, I think.", "signed"),
        TextPart("Un ruisseau."),
        ToolUsePart("t1", "look_up", {"word": "ruisseau"}),
    )
    assert reply.ending == Ending(Outcome.COMPLETE, "tool_use")
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (10, 20)
    french = conversation.path()[2]
    japanese = conversation.siblings(french.id)[0]
    conversation.select(japanese)
    assert said(conversation)[2:] == ["And in Japanese?", "「せせらぎ」とも言います。"]
    assert len(conversation.siblings(conversation.path()[-1].id)) == 2

    story = (await load(STORY)).path()[-1]
    assert story.text == "Once upon a time there was a ri"
    assert story.ending == Ending(Outcome.INTERRUPTED)
    assert (story.request_id, story.served_model) == ("req_1", "model-1-served")

    assert await found("小川") == [TALK]
    assert await found("ruisseau") == [TALK]
    assert await found("time there") == [STORY]
    assert await found("elvish") == []
    assert await found("deleted") == []
    assert (await history.read(reads.prompts, "", 1)) == ["never sent"]
    assert await asyncio.wrap_future(history.write(deletions.undo, history.run)) == DELETED
    assert await asyncio.wrap_future(history.write(deletions.undo, history.run)) == TALK
    assert await found("deleted") == [DELETED]
    assert await found("elvish") == [TALK]
    assert history.close(5)


async def test_a_file_of_a_newer_rill_is_left_alone(path: Path) -> None:
    fill(path, [talk("alpha")])
    ask(path, f"PRAGMA user_version = {PRESENT + 1}")
    before = await asyncio.to_thread(path.read_bytes)
    with pytest.raises(HistoryError, match=r"newer Rill .* update Rill\.$"):
        connect(path)
    history = History(path)
    await history.start()
    assert "newer Rill" in str(history.trouble)
    assert await history.read(reads.count) == 0
    history.close(5)
    assert await asyncio.to_thread(path.read_bytes) == before
