"""What was said is there again: by another run, after another start, in all of its branches."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from tests.histories import ask
from tests.storage.exchange.trees import as_told, kept_conversations
from tests.storage.speaker import COMPLETE, Speaker, said, written
from tui.chat.conversation import Conversation
from tui.chat.ending import CancelledBy, Ending, Outcome
from tui.chat.events import (
    PartSigned,
    TextDelta,
    ThinkingDelta,
    ToolInputDelta,
    ToolUseStarted,
)
from tui.chat.message import Message, Role, TextPart, ThinkingPart, ToolUsePart
from tui.chat.parameters import Choice, Parameters
from tui.storage import reads, replies, writes
from tui.storage.database import connect_in_memory, transaction
from tui.storage.history import History
from tui.storage.records import Sheet
from tui.storage.thread import WorkThread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path
    from sqlite3 import Connection

    from tui.storage.records import Kept

    Run = Callable[[], Awaitable[History]]


CHOICE = Choice("ollama/qwen", Parameters(max_tokens=500, temperature=0.5, stop=("END",)))
OTHER = Choice("anthropic/model-2")


# One conversation


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(kept_conversations)
def test_every_tree_of_every_kind_of_message_comes_back_as_it_was(kept: Kept) -> None:
    conversation = kept.conversation
    sheet = Sheet.of(conversation, kept.draft, kept.waiting)
    db = connect_in_memory()
    with transaction(db):
        for message, parent in conversation.messages():
            at = replace(sheet, head=message.id)
            if message.role is Role.USER or parent is None:
                writes.add_message(db, at, message, parent, "run")
            else:
                replies.begin_reply(db, sheet.id, message, parent, "run")
                replies.end_reply(db, at, message, "run")
        writes.save(db, sheet, "run")
        writes.pin(db, sheet.id, is_pinned=kept.is_pinned)
    opened = reads.load(db, conversation.id, None)
    db.close()
    if opened is None:
        assert not kept.draft
        assert not kept.waiting
        assert not len(conversation)
        return
    found = opened.kept
    found.created_at, found.updated_at, found.origin = kept.created_at, kept.updated_at, kept.origin
    assert as_told(found) == as_told(kept)


async def test_what_was_said_is_there_after_another_start(run: Run, speaker: Speaker) -> None:
    messages = speaker.talk("What is a rill?", "A small brook.", "And a brook?", "A small stream.")
    speaker.history.close(5)
    again = Speaker(await run(), speaker.conversation)
    kept = await again.kept()
    assert list(kept.path()) == messages
    assert kept.title == "What is a rill?"
    assert kept.is_whole
    assert messages[1].ending == COMPLETE


async def test_what_is_said_before_the_file_is_open_is_kept_nevertheless(path: Path) -> None:
    history = History(path)
    speaker = Speaker(history)
    speaker.talk("from the command line", "at once")
    await history.start()
    assert said(await speaker.kept()) == ["from the command line", "at once"]
    assert history.trouble is None
    assert history.close(5)


async def test_of_a_long_conversation_the_end_is_enough_to_go_on(speaker: Speaker) -> None:
    speaker.talk(*(str(number) for number in range(40)))
    speaker.retry("39 again")
    conversation = (await speaker.opened(last=5)).kept.conversation
    assert said(conversation) == ["35", "36", "37", "38", "39 again"]
    assert not conversation.is_whole
    assert conversation.title == "0"
    last = conversation.path()[-1]
    assert [conversation[each].text for each in conversation.siblings(last.id)] == [
        *("39", "39 again")
    ]
    conversation.add((await speaker.kept()).messages())
    assert said(conversation) == [*(str(number) for number in range(39)), "39 again"]


async def test_all_first_prompts_are_siblings_in_a_short_conversation(speaker: Speaker) -> None:
    first, _ = speaker.talk("q", "a")
    edited = speaker.ask_instead(first.id, "q edited")
    conversation = (await speaker.opened(last=60)).kept.conversation
    assert conversation.siblings(edited.id) == (first.id, edited.id)
    assert conversation.is_whole is False  # the reply to the other one is not among them
    assert said(conversation) == ["q edited"]


async def test_a_conversation_is_opened_where_one_was_reading(speaker: Speaker) -> None:
    _, answer, _, _ = speaker.talk("q1", "a1", "q2", "a2")
    speaker.conversation.rewind(answer.id)
    speaker.draft("")
    assert said(await speaker.kept()) == ["q1", "a1"]


async def test_drafts_and_prompts_that_wait_are_kept(run: Run, speaker: Speaker) -> None:
    speaker.talk("q", "a")
    speaker.draft("half a tho", "first", "second")
    speaker.history.close(5)
    kept = (await Speaker(await run(), speaker.conversation).opened()).kept
    assert kept.draft == "half a tho"
    assert kept.waiting == ("first", "second")


async def test_a_draft_that_is_taken_back_leaves_nothing(history: History) -> None:
    speaker = Speaker(history)
    speaker.draft("half a tho")
    assert await history.read(reads.count) == 1
    speaker.draft("")
    assert await history.read(reads.count) == 0


async def test_who_only_says_something_leaves_what_is_typed_there_alone(
    run: Run, speaker: Speaker
) -> None:
    speaker.draft("half a tho", "first", "second")
    await written(speaker.history)
    other = await run()
    prompt = Message.from_user("from a script")
    speaker.conversation.append(prompt)
    sheet = Sheet.of(speaker.conversation)
    await asyncio.wrap_future(other.write(writes.add_message, sheet, prompt, None, other.run))
    kept = (await speaker.opened()).kept
    assert said(kept.conversation) == ["from a script"]
    assert (kept.draft, kept.waiting) == ("half a tho", ("first", "second"))
    speaker.draft("half a thought", "second")
    assert (await speaker.opened()).kept.draft == "half a thought"
    assert await other.read(reads.prompts, "", 10) == ["from a script"]


async def test_a_prompt_can_be_all_that_is_left_of_a_draft(speaker: Speaker) -> None:
    speaker.draft("a thought")
    speaker.ask("a thought")
    assert said(await speaker.kept()) == ["a thought"]


async def test_a_draft_that_somebody_changes_his_mind_about_is_no_prompt(speaker: Speaker) -> None:
    speaker.draft("half a tho")
    speaker.ask("something else")
    assert (await speaker.opened()).kept.draft == ""
    assert await speaker.history.read(reads.prompts, "", 5) == ["something else"]


async def test_the_rest_is_read_as_it_was_when_the_end_was(run: Run, speaker: Speaker) -> None:
    speaker.talk(*(str(number) for number in range(20)))
    change = (await speaker.opened(last=5)).change
    other = await run()
    Speaker(other, await speaker.kept()).talk("newer", "newest")
    await written(other)
    rest = await speaker.history.read(reads.load, speaker.id, None, until=change)
    assert rest is not None
    assert [message.text for message, _ in rest.kept.conversation.messages()] == [
        str(number) for number in range(20)
    ]


async def test_a_start_finds_the_drafts_that_nobody_has_open(run: Run) -> None:
    first, second = await run(), await run()
    left, open_ = Speaker(first), Speaker(second)
    left.draft("left behind")
    open_.draft("being typed")
    first.close(5)
    await written(second)
    third = History(first._path)
    start = await third.start()
    third.close(5)
    assert start.drafts == (left.id,)


async def test_when_two_runs_type_in_one_conversation_neither_draft_is_lost(run: Run) -> None:
    first, second = await run(), await run()
    here = Speaker(first)
    here.talk("q", "a")
    await written(first)
    there = Speaker(second, await here.kept())
    here.draft("typed here")
    await written(first)
    there.draft("typed there")
    assert (await there.opened()).kept.draft == "typed there"
    assert (await second.read(reads.prompts, "", 5))[0] == "typed here"
    there.draft("typed there and on")
    await written(second)
    here.draft("typed there and on, and then here")
    await written(first)
    assert await second.read(reads.prompts, "there", 5) == []


async def test_a_title_that_another_run_gives_is_not_overwritten(run: Run) -> None:
    first, second = await run(), await run()
    here = Speaker(first)
    here.talk("q", "a")
    await written(first)
    await asyncio.wrap_future(second.write(writes.rename, here.id, "Of brooks"))
    here.draft("it knows nothing of that")
    assert [entry.title for entry in await first.read(reads.newest, 5)] == ["Of brooks"]
    assert (await here.kept()).title == "Of brooks"


async def test_a_title_can_be_given_and_taken_away(speaker: Speaker) -> None:
    speaker.talk("What is a rill?\nI wonder.", "A brook.")
    speaker.history.write(writes.rename, speaker.id, "  Of\nbrooks ")
    assert (await speaker.kept()).given_title == "Of brooks"
    speaker.history.write(writes.rename, speaker.id, "")
    kept = await speaker.kept()
    assert kept.given_title == ""
    (entry,) = await speaker.history.read(reads.newest, 5)
    assert entry.title == kept.title == "What is a rill? I wonder."


async def test_text_that_no_encoding_can_write_is_kept_as_well_as_it_can_be(
    speaker: Speaker,
) -> None:
    speaker.ask("half a pair: \ud83d")
    speaker.answer("and in \udca0 pieces \ud83d\ude42")
    speaker.draft("\udcff", "\udcfe")
    kept = (await speaker.opened()).kept
    assert said(kept.conversation) == ["half a pair: \ufffd", "and in \ufffd pieces 🙂"]
    assert (kept.draft, kept.waiting) == ("\ufffd", ("\ufffd",))


# What was chosen for it


async def test_what_was_chosen_is_there_after_another_start(run: Run, speaker: Speaker) -> None:
    speaker.conversation.choice = CHOICE
    speaker.talk("q", "a")
    speaker.history.close(5)
    assert (await Speaker(await run(), speaker.conversation).kept()).choice == CHOICE


async def test_another_choice_takes_the_place_of_the_first_and_can_be_taken_back(
    speaker: Speaker,
) -> None:
    speaker.talk("q", "a")
    for choice in (CHOICE, OTHER, Choice()):
        speaker.conversation.choice = choice
        speaker.draft("")
        assert (await speaker.kept()).choice == choice


async def test_who_has_chosen_nothing_leaves_what_another_run_has_chosen(
    run: Run, speaker: Speaker
) -> None:
    """`rill ask` may take minutes for a reply, while somebody chooses a model in the app."""
    speaker.conversation.choice = OTHER
    speaker.talk("q", "a")
    script = await run()
    conversation = await Speaker(script, speaker.conversation).kept()
    speaker.conversation.choice = CHOICE
    speaker.draft("")
    await written(speaker.history)
    prompt = Message.from_user("from a script")
    conversation.append(prompt)
    sheet = Sheet.of(conversation, known=OTHER)
    parent = conversation.parent(prompt.id)
    script.write(writes.add_message, sheet, prompt, parent, script.run)
    reply = Message(Role.ASSISTANT, (TextPart("yes"),))
    script.write(replies.begin_reply, conversation.id, reply, prompt.id, script.run)
    script.write(replies.end_reply, sheet, reply, script.run)
    await written(script)
    assert (await speaker.kept()).choice == CHOICE


async def test_a_choice_is_kept_with_a_draft_that_is_taken_back_and_begun_anew(
    speaker: Speaker,
) -> None:
    speaker.conversation.choice = CHOICE
    for draft in ("half a tho", "", "another"):
        sheet = Sheet.of(speaker.conversation, draft, (), known=CHOICE)
        speaker.history.write(writes.save, sheet, speaker.history.run)
    assert (await speaker.kept()).choice == CHOICE


async def test_a_choice_of_another_run_is_told(run: Run) -> None:
    first, second = await run(), await run()
    speaker = Speaker(first)
    speaker.talk("q", "a")
    await written(first)
    opened = await Speaker(second, speaker.conversation).opened()
    speaker.conversation.choice = CHOICE
    speaker.draft("")
    await written(first)
    changes = await second.read(reads.changes, speaker.id, opened.change, second.presence)
    assert changes is not None
    assert changes.choice == CHOICE
    assert not changes.messages


async def test_a_copy_has_the_choice_too(speaker: Speaker) -> None:
    speaker.conversation.choice = CHOICE
    speaker.talk("q", "a")
    id_ = await asyncio.wrap_future(speaker.history.write(writes.duplicate, speaker.id))
    copy = Speaker(speaker.history, Conversation(id=id_))
    assert (await copy.kept()).choice == CHOICE


async def test_the_name_of_a_model_that_no_encoding_can_write_is_kept_as_well_as_it_can_be(
    speaker: Speaker,
) -> None:
    speaker.conversation.choice = Choice("ollama/\udcff")
    speaker.talk("q", "a")
    assert (await speaker.kept()).choice == Choice("ollama/\ufffd")


@pytest.mark.parametrize(
    "damaged",
    ["", "{]", "[]", "null", '{"model":5}', '{"parameters":{"of a newer Rill":1}}', b"\xff"],
)
async def test_without_a_choice_that_is_damaged_all_can_be_read_and_it_is_left_for_the_doctor(
    speaker: Speaker, damaged: str | bytes
) -> None:
    speaker.conversation.choice = CHOICE
    speaker.talk("q", "a")
    before = (await speaker.opened()).change
    speaker.history.write(lambda db: db.execute("UPDATE conversation SET choice = ?", (damaged,)))
    opened = await speaker.opened()
    conversation = opened.kept.conversation
    assert said(conversation) == ["q", "a"]
    assert conversation.choice == Choice()
    changes = await speaker.history.read(reads.changes, speaker.id, before, None)
    assert changes is not None
    assert changes.choice == Choice()

    async def column() -> object:
        row = await speaker.history.read(lambda db: db.execute("SELECT choice FROM conversation"))
        return row.fetchone()[0]

    sheet = Sheet.of(conversation, "a draft", (), known=conversation.choice)
    speaker.history.write(writes.save, sheet, speaker.history.run)
    assert await column() == damaged
    conversation.choice = OTHER
    speaker.conversation = conversation
    speaker.draft("")
    assert (await speaker.kept()).choice == OTHER


# Copies


async def test_a_copy_has_all_branches_and_a_life_of_its_own(speaker: Speaker) -> None:
    speaker.talk("q", "a")
    speaker.retry("another a")
    speaker.draft("and then")
    id_ = await asyncio.wrap_future(speaker.history.write(writes.duplicate, speaker.id))
    copy = Speaker(speaker.history, Conversation(id=id_))
    kept = (await copy.opened()).kept
    assert said(kept.conversation) == ["q", "another a"]
    assert len(kept.conversation) == 3
    assert kept.draft == "and then"
    assert {each.id for each, _ in kept.conversation.messages()}.isdisjoint(
        each.id for each, _ in speaker.conversation.messages()
    )
    copy.conversation = kept.conversation
    copy.ask("only here")
    assert said(await speaker.kept()) == ["q", "another a"]
    assert [hit.entry.id for hit in await speaker.history.read(reads.search, "another", 5)] == [
        *(copy.id, speaker.id)
    ]


async def test_a_copy_of_a_conversation_whose_reply_runs_goes_on_from_the_prompt(
    speaker: Speaker,
) -> None:
    speaker.talk("q1", "a1", "q2")
    reply = speaker.begin(TextDelta("to be con"))
    stands_at_the_reply = "UPDATE conversation SET head = ?"
    speaker.history.write(lambda db: db.execute(stands_at_the_reply, (reply.message_id,)))
    id_ = await asyncio.wrap_future(speaker.history.write(writes.duplicate, speaker.id))
    copy = Speaker(speaker.history, Conversation(id=id_))
    assert said(await copy.kept()) == ["q1", "a1", "q2"]
    reply.apply(TextDelta("tinued"))
    speaker.end(reply)
    assert said(await speaker.kept()) == ["q1", "a1", "q2", "to be continued"]
    assert said(await copy.kept()) == ["q1", "a1", "q2"]


# Lists


async def test_the_list_has_pinned_ones_first_and_then_the_newest(history: History) -> None:
    speakers = [Speaker(history) for _ in range(5)]
    for number, speaker in enumerate(speakers):
        speaker.talk(f"number {number}", "yes")
    history.write(writes.pin, speakers[1].id, is_pinned=True)
    speakers[0].ask("one more")
    entries = await history.read(reads.newest, 10)
    assert [entry.title[-1] for entry in entries] == ["1", "0", "4", "3", "2"]
    assert [entry.messages for entry in entries] == [2, 3, 2, 2, 2]
    assert entries[0].is_pinned
    assert entries[1].ending == COMPLETE
    assert {entry.model for entry in entries} == {"model-1"}
    assert await history.read(reads.newest, 2, 2) == entries[2:4]
    assert await history.read(reads.count) == 5
    history.write(writes.pin, speakers[1].id, is_pinned=False)
    assert (await history.read(reads.newest, 1))[0].title == "number 0"


async def test_the_list_says_what_becomes_of_the_last_reply(speaker: Speaker) -> None:
    speaker.ask("q")
    reply = speaker.begin(TextDelta("to be con"))
    (entry,) = await speaker.history.read(reads.newest, 5)
    assert entry.is_running
    assert entry.ending is None
    ending = Ending(Outcome.CANCELLED, cancelled_by=CancelledBy.STOP)
    speaker.end(reply, ending)
    speaker.draft("half a tho")
    (entry,) = await speaker.history.read(reads.newest, 5)
    assert not entry.is_running
    assert entry.ending == ending
    assert entry.has_draft


async def test_titles_are_found_by_their_letters_in_order(history: History) -> None:
    for title in ("Rivers and rills", "A river's delta", "Über Flüsse 100%", "川と滝"):
        Speaker(history).talk(title, "yes")

    async def found(query: str) -> list[str]:
        return [entry.title for entry in await history.read(reads.titled, query, 10)]

    assert await found("river") == ["A river's delta", "Rivers and rills"]
    assert await found("ers") == ["Rivers and rills", "Über Flüsse 100%", "A river's delta"]
    assert await found("rr") == ["A river's delta", "Rivers and rills"]
    assert await found("R and r") == ["Rivers and rills"]
    assert await found("rdelta") == ["A river's delta"]
    assert await found("uber flusse") == ["Über Flüsse 100%"]
    assert await found("川滝") == ["川と滝"]
    assert await found("%") == ["Über Flüsse 100%"]
    assert await found("_") == []
    assert len(await found("")) == 4


async def test_the_last_conversation_is_the_one_in_which_something_was_said_last(
    history: History,
) -> None:
    assert await history.read(reads.last) is None
    first, second = Speaker(history), Speaker(history)
    first.talk("q", "a")
    second.talk("q", "a")
    Speaker(history).draft("nothing said here")
    assert await history.read(reads.last) == second.id
    history.write(writes.pin, second.id, is_pinned=True)
    first.ask("one more")
    assert await history.read(reads.last) == first.id


async def test_a_conversation_is_found_by_the_beginning_of_its_id(history: History) -> None:
    for id_ in ("aa11", "aa22", "a_33"):
        Speaker(history, Conversation(id=id_)).talk(f"in {id_}", "a")
    assert await history.read(reads.find_conversation, "aa2") == [("aa22", "in aa22")]
    assert len(await history.read(reads.find_conversation, "aa")) == 2
    assert await history.read(reads.find_conversation, "a_") == [("a_33", "in a_33")]
    assert await history.read(reads.find_conversation, "a1") == []


async def test_prompts_can_be_taken_up_again_each_once_the_newest_first(history: History) -> None:
    speaker = Speaker(history)
    speaker.talk("what is a rill?", "a", "explain 100% of it", "b", "what is a rill?", "c")
    history.write(writes.keep_unsent, "never sent", speaker.id)
    assert await history.read(reads.prompts, "", 10) == [
        *("never sent", "what is a rill?", "explain 100% of it")
    ]
    assert await history.read(reads.prompts, "WHAT rill", 10) == ["what is a rill?"]
    assert await history.read(reads.prompts, "100%", 10) == ["explain 100% of it"]
    assert await history.read(reads.prompts, "0_%", 10) == []
    assert await history.read(reads.prompts, "", 1) == ["never sent"]


# Replies under way, and other runs


async def test_a_reply_in_the_middle_of_which_its_run_ended_is_there_and_interrupted(
    run: Run, speaker: Speaker
) -> None:
    speaker.ask("q")
    reply = speaker.begin(ThinkingDelta("hm"), TextDelta("to ", 1), TextDelta("be ", 1))
    speaker.go_on(reply, TextDelta("con", 1), ToolUseStarted("t1", "look", {}, 2))
    speaker.go_on(reply, ToolInputDelta('{"wh', 2))
    speaker.history.close(5)
    history = History(speaker.history._path)
    start = await history.start()
    kept = await Speaker(history, speaker.conversation).kept()
    assert start.interrupted == (speaker.id,)
    (_, message) = kept.path()
    assert message.ending == Ending(Outcome.INTERRUPTED)
    assert message.parts == (
        *(ThinkingPart("hm"), TextPart("to be con"), ToolUsePart("t1", "look", None)),
    )
    assert (message.provider, message.model) == ("anthropic", "model-1")
    assert await history.read(reads.search, "con", 5)
    history.close(5)
    again = await run()
    assert said(await Speaker(again, speaker.conversation).kept()) == ["q", "to be con"]


async def test_what_was_signed_when_its_run_ended_is_still_signed(
    run: Run, speaker: Speaker
) -> None:
    speaker.ask("q")
    reply = speaker.begin(ThinkingDelta("hm", 0), PartSigned("s0", 0), TextDelta("to ", 1))
    speaker.go_on(reply, TextDelta("be", 1), PartSigned("s1", 1))
    speaker.go_on(reply, ToolUseStarted("t1", "look", {}, 2), ToolInputDelta('{"wh', 2))
    speaker.go_on(reply, ToolInputDelta('ere": 1}', 2), PartSigned("s2", 2))
    speaker.go_on(reply, TextDelta("", 3), PartSigned("s3", 3), TextDelta("con", 4))
    speaker.history.close(5)
    kept = await Speaker(await run(), speaker.conversation).kept()
    assert kept.path()[-1].parts == (
        ThinkingPart("hm", "s0"),
        TextPart("to be", signature="s1"),
        ToolUsePart("t1", "look", {"where": 1}, "s2"),
        TextPart("", signature="s3"),
        TextPart("con"),
    )


async def test_who_read_another_branch_is_not_pulled_away_by_an_interrupted_reply(
    run: Run, speaker: Speaker
) -> None:
    first, _ = speaker.talk("q", "a")
    speaker.ask_instead(first.id, "q edited")
    speaker.begin(TextDelta("to be con"))
    speaker.conversation.select(first.id)
    speaker.draft("")
    speaker.history.close(5)
    kept = await Speaker(await run(), speaker.conversation).kept()
    assert said(kept) == ["q", "a"]
    assert len(kept) == 4


async def test_a_reply_that_runs_elsewhere_is_shown_as_running_there(run: Run) -> None:
    first, second = await run(), await run()
    speaker = Speaker(first)
    speaker.ask("q")
    reply = speaker.begin(TextDelta("to be "))
    await written(first)
    opened = await Speaker(second, speaker.conversation).opened()
    assert said(opened.kept.conversation) == ["q"]
    assert opened.running is not None
    assert opened.running.events == (TextDelta("to be "),)
    assert opened.running.process_id is not None
    assert opened.running.parent == opened.kept.conversation.head
    assert (await speaker.opened()).running is None  # here it is no news
    speaker.go_on(reply, TextDelta("con"))
    await written(first)
    changes = await second.read(
        *(reads.changes, speaker.id, opened.change, second.presence),
        (reply.message_id, opened.running.journal),
    )
    assert changes is not None
    assert changes.running is not None
    assert changes.running.events == (TextDelta("con"),)
    speaker.end(reply)
    await written(first)
    changes = await second.read(reads.changes, speaker.id, opened.change, second.presence)
    assert changes is not None
    assert changes.running is None
    assert [message.text for message, _ in changes.messages] == ["to be con"]


async def test_what_another_run_does_is_told_once(run: Run) -> None:
    first, second = await run(), await run()
    speaker = Speaker(first)
    question, answer = speaker.talk("q", "a")
    await written(first)
    opened = await Speaker(second, speaker.conversation).opened()
    speaker.ask("q2")
    removed = speaker.retry("not for long")
    first.write(writes.rename, speaker.id, "renamed")
    await written(first)
    changes = await second.read(reads.changes, speaker.id, opened.change, second.presence)
    assert changes is not None
    assert [message.text for message, _ in changes.messages] == ["q2", "not for long"]
    assert changes.given_title == "renamed"
    assert not changes.removed
    again = await second.read(reads.changes, speaker.id, changes.change, second.presence)
    assert again is not None
    assert not again.messages
    assert {question.id, answer.id, removed.id} <= {
        each.id for each, _ in (await speaker.kept()).messages()
    }
    assert await second.read(reads.changes, "nobody", 0, second.presence) is None


async def test_a_run_is_told_when_another_one_writes_and_when_it_dies(run: Run) -> None:
    first, second = await run(), await run()
    news = asyncio.Event()
    second.listen(on_change=news.set, on_trouble=lambda: None)
    speaker = Speaker(first)
    speaker.ask("q")
    speaker.begin(TextDelta("to be con"))
    async with asyncio.timeout(20):
        await news.wait()
        news.clear()
        first.close(5)
        while (await second.read(reads.newest, 1))[0].is_running:
            await news.wait()
            news.clear()
    opened = await Speaker(second, speaker.conversation).opened()
    assert said(opened.kept.conversation) == ["q", "to be con"]
    assert opened.kept.conversation.path()[-1].ending == Ending(Outcome.INTERRUPTED)


async def test_without_a_file_all_of_it_works_until_the_end() -> None:
    history = History(None)
    await history.start()
    speaker = Speaker(history)
    speaker.talk("What is a rill?", "A brook.")
    assert said(await speaker.kept()) == ["What is a rill?", "A brook."]
    assert await history.read(reads.search, "brook", 5)
    assert history.trouble is None
    assert history.close(5) is False


async def test_one_message_that_cannot_be_read_is_said_and_spoils_nothing_else(
    run: Run, path: Path
) -> None:
    first = await run()
    good, bad, running = Speaker(first), Speaker(first), Speaker(first)
    good.talk("good", "yes")
    bad.talk("bad", "yes")
    running.ask("running")
    running.begin(TextDelta("to be con"))
    first.write(lambda db: db.execute('UPDATE journal SET events = \'[{"kind":"new"}]\''))
    spoil = "UPDATE message SET reply = '{]' WHERE conversation = ? AND role = 'assistant'"
    first.write(lambda db: db.execute(spoil, (bad.id,)))
    first.close(5)
    second = await run()
    assert said(await Speaker(second, good.conversation).kept()) == ["good", "yes"]
    with pytest.raises(Exception, match=r"cannot be read.*rill doctor") as caught:
        await Speaker(second, bad.conversation).kept()
    assert str(path) in str(caught.value)
    assert len(await second.read(reads.newest, 5)) == 3


@pytest.mark.parametrize("role", [Role.USER, Role.ASSISTANT])
def test_a_message_that_ends_twice_is_found_once(role: Role) -> None:
    db = connect_in_memory()
    conversation = Conversation()
    prompt = Message.from_user("q")
    conversation.append(prompt)
    with transaction(db):
        writes.add_message(db, Sheet.of(conversation), prompt, None, "run")
        begun = Message(role, (), id="reply")
        replies.begin_reply(db, conversation.id, begun, prompt.id, "run")
        replies.append_journal(db, "reply", [TextDelta("first words")])
        replies.interrupt_dead(db, lambda _run: False)
        ended = Message(role, (TextPart("other words"),), id="reply")
        replies.end_reply(db, Sheet.of(conversation), ended, "run")
    assert reads.search(db, "first", 5) == []
    assert len(reads.search(db, "words", 5)) == 1
    db.close()


async def test_a_write_that_is_a_mistake_of_ours_does_not_pass_for_a_kept_one(run: Run) -> None:
    history = await run()

    def mistaken(db: Connection) -> None:
        db.execute("SELECT 1")
        raise TypeError("no such thing")

    with pytest.raises(TypeError):
        await asyncio.wrap_future(history.write(mistaken))
    assert "Rill itself failed" in str(history.trouble)
    assert not history.close(5)


@pytest.mark.parametrize("reply", ["[1]", "{", "0", "[" * 100_000, '{"usage":[]}'])
async def test_a_reply_that_is_no_reply_keeps_nobody_from_going_on(
    run: Run, path: Path, reply: str
) -> None:
    first = await run()
    speaker = Speaker(first)
    speaker.ask("q")
    speaker.begin(TextDelta("so f"))
    first.write(lambda db: db.execute("UPDATE message SET reply = ? WHERE reply <> ''", (reply,)))
    first.close(5)
    ask(path, "UPDATE message SET writer = 'a-run-that-died' WHERE role = 'assistant'")
    second = await run()
    assert second.trouble is None
    Speaker(second).talk("still", "here")
    await written(second)
    assert second.trouble is None
    assert second.close(5)


async def test_a_mistake_of_ours_while_nobody_writes_is_said_and_kept_in_mind(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = await run()
    told = asyncio.Event()
    history.listen(on_change=lambda: None, on_trouble=told.set)

    def mistaken(_db: Connection) -> list[str]:
        raise TypeError("no such thing")

    monkeypatch.setattr(reads, "runs_that_receive", mistaken)
    async with asyncio.timeout(20):
        await told.wait()
    assert "Rill itself failed" in str(history.trouble)
    await written(history)
    assert history.close(5) is False


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_has_died_has_not_done_everything() -> None:
    def die() -> None:
        raise SystemExit

    thread = WorkThread("short-lived", every=0.001, then=die)
    thread._thread.join(20)
    assert thread.stop(5) is False
