"""The conversations of a run, and what the history keeps of them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.loopback import SAFETY_NET
from tui.chat.ending import CancelledBy
from tui.chat.message import Message, Role, TextPart
from tui.chat.parameters import Choice, Parameters
from tui.chat.reply import Reply
from tui.errors import HistoryError
from tui.storage import deletions, reads
from tui.storage.history import History
from tui.ui.conversations import Conversations

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from tui.ui.open_conversation import OpenConversation


CHOICE = Choice("ollama/qwen", Parameters(temperature=0.5))


@asynccontextmanager
async def beginning(path: Path | None = None) -> AsyncGenerator[Conversations, None]:
    """One run, by default without a file."""
    history = History(path)
    await history.start()
    try:
        yield Conversations(history)
    finally:
        history.close(SAFETY_NET)


def said(conversations: Conversations, *texts: str) -> OpenConversation:
    """A new conversation in which this was said, and nobody answers."""
    current = conversations.start()
    for text in texts:
        message = Message.from_user(text)
        current.conversation.append(message)
        conversations.say(current, message)
    return current


async def listed(conversations: Conversations) -> list[str]:
    """The titles in the list."""
    return [entry.title for entry in await conversations.history.read(reads.newest, 10)]


def read(target: OpenConversation) -> list[str]:
    return [message.text for message in target.conversation.path()]


async def test_there_is_one_to_begin_with_and_it_is_blank_and_in_no_list() -> None:
    async with beginning() as conversations:
        assert conversations.current.is_blank
        conversations.keep(conversations.current)
        assert await listed(conversations) == []


async def test_a_draft_or_a_waiting_message_or_a_prompt_is_not_blank() -> None:
    async with beginning() as conversations:
        current = conversations.current
        current.draft = " \n"
        assert current.is_blank
        current.draft = "a"
        assert not current.is_blank
        current.draft = ""
        current.waiting.append("b")
        assert not current.is_blank
        current.waiting.clear()
        said(conversations, "c")
        assert not current.is_blank


async def test_a_blank_one_is_used_before_another_is_made() -> None:
    async with beginning() as conversations:
        first = conversations.current
        assert conversations.start() is first
        said(conversations, "a")
        assert conversations.start() is not first
        assert conversations.current.is_blank


async def test_the_one_in_which_something_was_said_last_comes_first_in_the_list() -> None:
    async with beginning() as conversations:
        first, *_ = (said(conversations, text) for text in "abc")
        assert await listed(conversations) == ["c", "b", "a"]
        conversations.go_to(first)
        assert await listed(conversations) == ["c", "b", "a"]
        message = Message.from_user("more")
        first.conversation.append(message)
        conversations.say(first, message)
        assert await listed(conversations) == ["a", "c", "b"]


async def test_one_of_this_run_is_opened_as_it_was_left() -> None:
    async with beginning() as conversations:
        first = said(conversations, "a")
        first.draft = "half a tho"
        said(conversations, "b")
        assert await conversations.open(first.conversation.id) is first


async def test_what_an_earlier_run_has_kept_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    async with beginning(path) as conversations:
        old = said(conversations, "one", "two")
        old.conversation.system = "Be brief."
        old.draft = "half a tho"
        old.waiting.append("later")
        conversations.keep(old)
    async with beginning(path) as conversations:
        opened = await conversations.open(old.conversation.id)
        assert opened is not None
        assert read(opened) == ["one", "two"]
        assert opened.conversation.title == "one"
        assert opened.conversation.system == "Be brief."
        assert (opened.draft, opened.waiting) == ("half a tho", ["later"])
        assert not opened.goes_on


async def test_one_that_is_not_there_is_no_error() -> None:
    async with beginning() as conversations:
        assert await conversations.open("nobody") is None


async def test_a_long_one_is_read_from_its_end_and_completed_later(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    texts = [f"prompt {number}" for number in range(100)]
    async with beginning(path) as conversations:
        long = said(conversations, *texts)
    async with beginning(path) as conversations:
        opened = await conversations.open(long.conversation.id)
        assert opened is not None
        assert not opened.conversation.is_whole
        assert read(opened) == texts[-len(read(opened)) :]
        assert len(read(opened)) < 100
        assert opened.conversation.title == "prompt 0"
        await conversations.complete(opened)
        assert opened.conversation.is_whole
        assert read(opened) == texts


async def test_who_receives_a_reply_is_not_moved_to_one_that_another_run_has_received(
    tmp_path: Path,
) -> None:
    path = tmp_path / "history.db"
    async with beginning(path) as one, beginning(path) as other:
        here = said(one, "asked")
        prompt = here.conversation.path()[0].id
        await listed(one)
        there = await other.open(here.conversation.id)
        assert there is not None
        one.begin(here, Reply(provider="p", model="m"), prompt)
        await listed(one)
        reply = Reply(provider="p", model="m")
        journal = other.begin(there, reply, prompt)
        reply.cancel(CancelledBy.STOP)
        there.conversation.append(reply.message())
        other.end(there, journal, reply.message())
        await listed(other)
        await one.refresh(here)
        assert here.conversation.head == prompt
        assert len(here.conversation.children(prompt)) == 1


async def test_deleting_the_current_one_goes_to_a_new_one() -> None:
    async with beginning() as conversations:
        said(conversations, "a")
        second = said(conversations, "b")
        conversations.delete(second.conversation.id)
        assert conversations.current.is_blank
        assert await listed(conversations) == ["a"]


async def test_deleting_another_one_leaves_the_current() -> None:
    async with beginning() as conversations:
        first, second = (said(conversations, text) for text in "ab")
        conversations.delete(first.conversation.id)
        assert conversations.current is second
        assert await listed(conversations) == ["b"]
        assert await conversations.open(first.conversation.id) is None


async def test_one_that_is_deleted_before_all_of_it_is_read_is_never_taken_for_whole() -> None:
    async with beginning() as conversations:
        id_ = said(conversations, *"abcdefgh" * 10).conversation.id
        opened = await conversations.open_anew(id_)
        assert opened is not None
        conversations.history.write(deletions.delete_conversation, id_, "another run")
        with pytest.raises(HistoryError, match="Another Rill has deleted this"):
            await conversations.complete(opened)
        assert not opened.conversation.is_whole


async def test_what_was_deleted_comes_back_newest_first() -> None:
    async with beginning() as conversations:
        first, second = (said(conversations, text) for text in "ab")
        first.draft = "half a tho"
        conversations.keep(first)
        conversations.delete(first.conversation.id)
        conversations.delete(second.conversation.id)
        for target, draft in ((second, ""), (first, "half a tho")):
            assert await conversations.undo() == target.conversation.id
            undone = await conversations.open_anew(target.conversation.id)
            assert undone is not None
            assert (read(undone), undone.draft) == (read(target), draft)
        assert await conversations.undo() is None
        assert await listed(conversations) == ["b", "a"]


async def test_a_branch_that_was_deleted_comes_back_where_it_was() -> None:
    async with beginning() as conversations:
        current = said(conversations, "one", "two", "three")
        second = current.conversation.path()[1].id
        assert conversations.delete_branch(second) == 2
        assert read(current) == ["one"]
        assert await conversations.undo() == current.conversation.id
        undone = await conversations.open_anew(current.conversation.id)
        assert undone is not None
        assert read(undone) == ["one", "two", "three"]


async def test_a_given_title_can_be_taken_away_again() -> None:
    async with beginning() as conversations:
        id_ = said(conversations, "first words").conversation.id
        conversations.rename(id_, "A name")
        assert await listed(conversations) == ["A name"]
        assert conversations.current.conversation.title == "A name"
        conversations.rename(id_, "")
        assert await listed(conversations) == ["first words"]
        assert conversations.current.conversation.title == "first words"


async def test_one_that_is_not_open_can_be_renamed_and_pinned_too() -> None:
    async with beginning() as conversations:
        first, _ = (said(conversations, text) for text in "ab")
        conversations.rename(first.conversation.id, "A name")
        conversations.pin(first.conversation.id, is_pinned=True)
        opened = await conversations.open(first.conversation.id)
        assert opened is not None
        assert (opened.conversation.title, opened.is_pinned) == ("A name", True)


async def test_pinned_ones_stay_on_top() -> None:
    async with beginning() as conversations:
        first, *_ = (said(conversations, text) for text in "abc")
        conversations.pin(first.conversation.id, is_pinned=True)
        assert await listed(conversations) == ["a", "c", "b"]
        conversations.pin(first.conversation.id, is_pinned=False)
        assert await listed(conversations) == ["c", "b", "a"]


async def test_a_copy_has_the_same_messages_and_goes_its_own_way() -> None:
    async with beginning() as conversations:
        old = said(conversations, "one", "two")
        copy = await conversations.open(await conversations.duplicate(old.conversation.id))
        assert copy is not None
        assert read(copy) == ["one", "two"]
        message = Message.from_user("three")
        copy.conversation.append(message)
        conversations.say(copy, message)
        assert read(old) == ["one", "two"]
        assert copy.conversation.id != old.conversation.id


async def opened(conversations: Conversations, other: OpenConversation) -> OpenConversation:
    """The same conversation in another run, as it is kept now."""
    found = await conversations.open(other.conversation.id)
    assert found is not None
    return found


async def test_a_choice_is_kept_and_another_run_takes_it_in(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    async with beginning(path) as here, beginning(path) as there:
        mine = said(here, "a")
        await listed(here)
        theirs = await opened(there, mine)
        mine.conversation.choice = CHOICE
        here.keep(mine)
        await listed(here)
        refreshed = await there.refresh(theirs)
        assert refreshed is not None
        assert refreshed.is_other
        assert theirs.conversation.choice == CHOICE
        again = await there.refresh(theirs)
        assert again is not None
        assert not again.is_other


async def test_who_types_with_an_older_choice_does_not_bring_that_back(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    async with beginning(path) as here, beginning(path) as there:
        mine = said(here, "a")
        await listed(here)
        theirs = await opened(there, mine)
        mine.conversation.choice = CHOICE
        here.keep(mine)
        await listed(here)
        theirs.draft = "typed before that was known here"
        there.keep(theirs)
        await listed(there)
        assert theirs.conversation.choice == Choice()
        async with beginning(path) as third:
            assert (await opened(third, mine)).conversation.choice == CHOICE
        await there.refresh(theirs)
        assert theirs.conversation.choice == CHOICE
        mine.conversation.choice = Choice("ollama/another")
        here.keep(mine)
        await listed(here)
        theirs.draft = "typed before this one was known"
        there.keep(theirs)
        await listed(there)
        async with beginning(path) as third:
            assert (await opened(third, mine)).conversation.choice == Choice("ollama/another")


async def test_what_was_kept_is_not_written_again(tmp_path: Path) -> None:
    async with beginning(tmp_path / "history.db") as conversations:
        current = said(conversations, "a")
        current.conversation.choice = CHOICE
        counts = []
        for _ in range(2):
            conversations.keep(current)
            rows = await conversations.history.read(
                lambda db: db.execute("SELECT change FROM counter").fetchall()
            )
            counts += rows
        assert counts[0] == counts[1]


async def test_of_two_choices_at_once_the_later_one_counts_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    async with beginning(path) as here, beginning(path) as there:
        mine = said(here, "a")
        await listed(here)
        theirs = await opened(there, mine)
        mine.conversation.choice = CHOICE
        here.keep(mine)
        await listed(here)
        theirs.conversation.choice = Choice("anthropic/later")
        await there.refresh(theirs)
        assert theirs.conversation.choice == Choice("anthropic/later")
        there.keep(theirs)
        await listed(there)
        await here.refresh(mine)
        assert mine.conversation.choice == Choice("anthropic/later")


async def test_a_look_that_began_before_a_choice_does_not_undo_it() -> None:
    class Slow(History):
        """Whose answers come late."""

        def __init__(self) -> None:
            super().__init__(None)
            self.has_answered, self.may_return = asyncio.Event(), asyncio.Event()

        async def read(self, *args: object, **kwargs: object) -> object:
            answer = await super().read(*args, **kwargs)  # type: ignore[arg-type]
            self.has_answered.set()
            await self.may_return.wait()
            return answer

    history = Slow()
    await history.start()
    conversations = Conversations(history)
    current = said(conversations, "a")
    look = asyncio.create_task(conversations.refresh(current))
    await history.has_answered.wait()
    current.conversation.choice = CHOICE
    conversations.keep(current)
    history.may_return.set()
    await look
    assert current.conversation.choice == CHOICE
    await conversations.refresh(current)
    assert current.conversation.choice == CHOICE
    history.close(SAFETY_NET)


async def test_a_choice_stays_with_a_draft_that_is_taken_back_and_begun_anew(
    tmp_path: Path,
) -> None:
    path = tmp_path / "history.db"
    async with beginning(path) as here, beginning(path) as there:
        current = here.current
        current.conversation.choice = CHOICE
        for draft in ("half a tho", "", "another"):
            current.draft = draft
            here.keep(current)
        await listed(here)
        assert (await opened(there, current)).conversation.choice == CHOICE


async def test_of_one_that_is_not_there_no_copy_is_made() -> None:
    async with beginning() as conversations:
        assert await conversations.duplicate("nobody") is None
        assert await listed(conversations) == []


@pytest.mark.parametrize("text", ["", "  \n"])
async def test_nothing_is_no_earlier_prompt(text: str) -> None:
    async with beginning() as conversations:
        conversations.keep_unsent(text)
        assert await conversations.earlier_prompts(10) == []


async def test_earlier_prompts_are_those_of_all_conversations_sent_or_not() -> None:
    async with beginning() as conversations:
        said(conversations, "one")
        conversations.keep_unsent("not sent")
        assert await conversations.earlier_prompts(1) == ["not sent"]
        said(conversations, "two", "one")
        assert await conversations.earlier_prompts(10) == ["one", "two", "not sent"]
        assert await conversations.earlier_prompts(2) == ["one", "two"]


async def test_what_cannot_be_written_to_the_file_can_be_saved_elsewhere() -> None:
    async with beginning() as conversations:
        spoken = said(conversations, "one")
        spoken.draft = "half a tho"
        reply = Message(Role.ASSISTANT, (TextPart("answer"),))
        spoken.conversation.append(reply)
        conversations.keep(conversations.start())
        (unsaved,) = conversations.changed
        assert [each.text for each in unsaved.conversation.path()] == ["one", "answer"]
        assert unsaved.draft == "half a tho"
