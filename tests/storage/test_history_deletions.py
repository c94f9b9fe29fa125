"""What is deleted is gone from everywhere, can be brought back for days, and is then erased."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.storage.speaker import Speaker, said, written
from tui.chat.events import TextDelta
from tui.storage import deletions, reads

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path
    from sqlite3 import Connection

    from tui.storage.history import History

    Run = Callable[[], Awaitable[History]]


def delete(speaker: Speaker) -> None:
    """All of the conversation."""
    history = speaker.history
    history.write(deletions.delete_conversation, speaker.id, history.run)


def delete_branch(speaker: Speaker, message_id: str) -> None:
    """As the screen does it."""
    speaker.conversation.remove(message_id)
    history = speaker.history
    history.write(
        *(deletions.delete_branch, speaker.id, message_id, speaker.conversation.head, history.run)
    )
    speaker.draft("")


async def undo(history: History) -> str | None:
    """Bring back what was deleted last; the id of its conversation."""
    return await asyncio.wrap_future(history.write(deletions.undo, history.run))


async def erase(history: History) -> None:
    """As if all that was deleted had been deleted long ago."""
    await asyncio.wrap_future(history.write(deletions.purge, older_than=-1.0))


async def listed(history: History) -> list[str]:
    """Titles."""
    return [entry.title for entry in await history.read(reads.newest, 10)]


async def found(history: History, query: str) -> int:
    """In how many messages it is found."""
    return len(await history.read(reads.search, query, 100))


async def test_a_deleted_conversation_is_nowhere_until_it_is_brought_back(history: History) -> None:
    first, second = Speaker(history), Speaker(history)
    first.talk("about rills", "a brook")
    second.talk("about seas", "salt")
    delete(first)
    assert await listed(history) == ["about seas"]
    assert await history.read(reads.count) == 1
    assert await found(history, "brook") == 0
    assert await history.read(reads.prompts, "", 5) == ["about seas"]
    assert await history.read(reads.titled, "rill", 5) == []
    assert await history.read(reads.find_conversation, first.id) == []
    assert await history.read(reads.load, first.id, None) is None
    assert await undo(history) == first.id
    assert said(await first.kept()) == ["about rills", "a brook"]
    assert await found(history, "brook") == 1
    assert sorted(await listed(history)) == ["about rills", "about seas"]


async def test_what_was_deleted_last_is_brought_back_first(history: History) -> None:
    speakers = [Speaker(history) for _ in range(3)]
    for speaker in speakers:
        speaker.talk("q", "a")
        delete(speaker)
    assert [await undo(history) for _ in range(4)] == [
        *(speaker.id for speaker in reversed(speakers)),
        None,
    ]


async def test_a_deleted_branch_comes_back_with_all_that_followed_it(speaker: Speaker) -> None:
    speaker.talk("q1", "a1", "q2", "a2")
    question = speaker.conversation.path()[2]
    edited = speaker.ask_instead(question.id, "q2 edited")
    speaker.answer("a2 edited")
    delete_branch(speaker, edited.id)
    kept = await speaker.kept()
    assert said(kept) == ["q1", "a1", "q2", "a2"]
    assert len(kept) == 4
    assert await found(speaker.history, "edited") == 0
    assert await speaker.history.read(reads.prompts, "", 9) == ["q2", "q1"]
    assert (await speaker.history.read(reads.newest, 1))[0].messages == 4
    assert await undo(speaker.history) == speaker.id
    kept = await speaker.kept()
    assert said(kept) == ["q1", "a1", "q2 edited", "a2 edited"]
    assert kept.siblings(edited.id) == (question.id, edited.id)
    assert await found(speaker.history, "edited") == 2
    assert (await speaker.history.read(reads.newest, 1))[0].messages == 6


async def test_a_branch_within_a_deleted_branch_comes_back_after_it(speaker: Speaker) -> None:
    _, _, question, answer = speaker.talk("q1", "a1", "q2", "a2")
    delete_branch(speaker, answer.id)
    delete_branch(speaker, question.id)
    assert said(await speaker.kept()) == ["q1", "a1"]
    await undo(speaker.history)
    assert said(await speaker.kept()) == ["q1", "a1", "q2"]
    await undo(speaker.history)
    assert said(await speaker.kept()) == ["q1", "a1", "q2", "a2"]


async def test_a_conversation_of_which_everything_was_deleted_can_be_brought_back(
    speaker: Speaker,
) -> None:
    question, _ = speaker.talk("q", "a")
    delete_branch(speaker, question.id)
    assert said(await speaker.kept()) == []
    await undo(speaker.history)
    assert said(await speaker.kept()) == ["q", "a"]
    speaker.conversation = await speaker.kept()
    delete_branch(speaker, question.id)
    await erase(speaker.history)
    assert await listed(speaker.history) == []


async def test_one_undoes_ones_own_deletions_first_and_then_those_of_others(run: Run) -> None:
    here, there = await run(), await run()
    mine, theirs = Speaker(here), Speaker(there)
    mine.talk("mine", "a")
    delete(mine)
    await written(here)
    theirs.talk("theirs", "a")
    delete(theirs)
    await written(there)
    assert await undo(here) == mine.id
    assert await undo(here) == theirs.id
    assert await undo(there) is None
    assert sorted(await listed(there)) == ["mine", "theirs"]


async def test_what_two_runs_delete_is_brought_back_by_one_undo(run: Run) -> None:
    here, there = await run(), await run()
    speaker = Speaker(here)
    speaker.talk("q", "a")
    delete(speaker)
    await written(here)
    delete(Speaker(there, speaker.conversation))
    assert await undo(there) == speaker.id
    assert said(await speaker.kept()) == ["q", "a"]
    assert await undo(there) is None


async def test_an_undo_brings_back_what_it_needs_to_be_seen(run: Run) -> None:
    here, there = await run(), await run()
    speaker = Speaker(here)
    _, _, question, answer = speaker.talk("q1", "a1", "q2", "a2")
    await written(here)
    other = Speaker(there, await speaker.kept())
    delete_branch(speaker, answer.id)
    await written(here)
    delete_branch(other, question.id)
    delete(other)
    await written(there)
    assert await undo(here) == speaker.id
    assert said(await speaker.kept()) == ["q1", "a1", "q2", "a2"]


async def test_who_goes_on_in_what_another_run_has_deleted_has_all_of_it_again(run: Run) -> None:
    here, there = await run(), await run()
    speaker = Speaker(here)
    _, _, question, _ = speaker.talk("q1", "a1", "q2", "a2")
    await written(here)
    other = Speaker(there, await speaker.kept())
    delete_branch(other, question.id)
    delete(other)
    await written(there)
    speaker.talk("q3", "a3")
    assert said(await speaker.kept()) == ["q1", "a1", "q2", "a2", "q3", "a3"]
    await erase(here)
    assert said(await speaker.kept()) == ["q1", "a1", "q2", "a2", "q3", "a3"]
    assert await undo(there) is None


async def test_a_conversation_whose_branch_was_deleted_elsewhere_still_has_a_path(run: Run) -> None:
    here, there = await run(), await run()
    speaker = Speaker(here)
    speaker.talk("q1", "a1", "q2", "a2")
    await written(here)
    other = Speaker(there, await speaker.kept())
    delete_branch(other, other.conversation.path()[2].id)
    await written(there)
    speaker.draft("what was deleted is still on this screen")
    assert said(await speaker.kept()) == ["q1", "a1"]
    assert said((await speaker.opened(last=60)).kept.conversation) == ["q1", "a1"]


async def test_a_reply_that_ends_in_a_deleted_conversation_is_deleted_with_it(
    speaker: Speaker,
) -> None:
    speaker.ask("q")
    reply = speaker.begin(TextDelta("to be con"))
    delete(speaker)
    speaker.end(reply)
    assert await listed(speaker.history) == []
    await undo(speaker.history)
    assert said(await speaker.kept()) == ["q", "to be con"]


async def test_after_some_days_it_is_erased_and_so_are_its_words(run: Run) -> None:
    history = await run()
    gone, stays = Speaker(history), Speaker(history)
    gone.talk("secret things", "more secrets", "and secrets")
    gone.begin(TextDelta("secretly"))
    question, _ = stays.talk("q", "a")
    stays.ask_instead(question.id, "one more secret")
    branch = stays.conversation.path()[-1].id
    delete_branch(stays, branch)
    delete(gone)
    await written(history)
    history.close(5)
    again = await run()  # a start erases what is old, and nothing of this is
    assert await undo(again) == gone.id
    delete(Speaker(again, gone.conversation))
    await erase(again)
    assert await undo(again) is None
    assert said(await Speaker(again, stays.conversation).kept()) == ["q", "a"]

    def words(db: Connection) -> list[tuple[str]]:
        db.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab (main, word, row)")
        return db.execute("SELECT term FROM temp.words").fetchall()

    assert await asyncio.wrap_future(again.write(words)) == [("a",), ("q",)]


@pytest.mark.parametrize("what", ["conversation", "branch"])
async def test_no_byte_of_a_word_that_was_erased_is_left(
    history: History, path: Path, what: str
) -> None:
    gone, stays = Speaker(history), Speaker(history)
    stays.talk("the sea", "salt")
    question, _ = gone.talk("Where does xylophagous come from?", "From zymurgists.")
    stays.talk("a brook", "fresh")
    if what == "branch":
        delete_branch(gone, question.id)
    else:
        delete(gone)
    await asyncio.wrap_future(history.write(deletions.purge, older_than=0.0))
    assert await found(history, "sea") == 1
    assert history.close(5)
    data = b"".join(file.read_bytes() for file in path.parent.glob("history.db*") if file.is_file())
    assert b"salt" in data
    assert b"xyl" not in data  # the index has the beginnings of words, too
    assert b"zym" not in data
