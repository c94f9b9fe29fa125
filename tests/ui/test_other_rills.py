"""Several Rills on one history: what one does the others show, and nobody is in another's way."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import pytest

from tests.histories import begin_a_reply, fill, talk, texts
from tests.ui.desk import prompts, sit_down
from tui.chat.events import TextDelta
from tui.chat.message import Message
from tui.storage import deletions, writes
from tui.storage.database import connect, transaction

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from tests.loopback import LoopbackServer
    from tests.ui.desk import Desk

TIDES = "tides-conversation"
PARTIAL = "Half a sent"
ELSEWHERE = f"● running in another Rill ({os.getpid()})"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A history with one conversation of forty turns."""
    path = tmp_path / "history.db"
    fill(path, [talk("tides", 40)])
    return path


@asynccontextmanager
async def two_desks(loopback: LoopbackServer, path: Path) -> AsyncGenerator[tuple[Desk, Desk]]:
    """Two runs that have the same conversation open."""
    async with (
        sit_down(loopback, history=path, resume=TIDES) as one,
        sit_down(loopback, history=path, resume=TIDES) as other,
    ):
        for desk in (one, other):
            await desk.sees("tides answers 39")
            await desk.until(lambda desk=desk: desk._chat.conversation.is_whole)
        yield one, other


async def test_what_is_said_in_one_appears_in_the_other(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        await one.answered("Any news?", "None at all")
        await other.sees("Any news?", "None at all")
        await other.status_says("ready")
        exchange = await other.ask("And now?")
        sent = [text for _, text in prompts(exchange)]
        assert sent[-3:] == ["Any news?", "None at all", "And now?"]
        assert len(sent) == 83


async def test_a_reply_that_runs_in_one_is_shown_as_running_in_the_other(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        exchange = await one.begun("Question", PARTIAL)
        await other.sees("Question", PARTIAL)
        await other.status_says(ELSEWHERE)
        await exchange.text("ence, and")
        await other.sees("Half a sentence, and")
        await other.status_says(ELSEWHERE)
        assert "interrupted" not in other.words
        await exchange.text(" no more.")
        await exchange.finish()
        await other.sees("Half a sentence, and no more.", "ready")
        assert other.transcript.count("Question") == 1
        assert other.transcript.count("Half a sent") == 1
        assert "another Rill" not in other.status


async def test_who_opens_a_conversation_sees_the_reply_that_another_receives_in_it(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path, resume=TIDES) as one:
        await one.sees("tides answers 39")
        exchange = await one.begun("Question", PARTIAL)
        async with sit_down(loopback, history=path) as other:
            await other.press("ctrl+o")
            await other.sees("tides asks 0 running")
            await other.press("enter")
            await other.sees("Question", PARTIAL)
            await other.status_says(f"{ELSEWHERE} · ↑5 ↓~2")
            assert "first token" not in other.status  # not when it was told, but when it came
            await exchange.text("ence.")
            await other.sees("Half a sentence.")
        # The one that has only looked on has left without ending anything.
        await exchange.finish()
        await one.sees("Half a sentence.", "✓ complete")


async def test_what_is_sent_while_another_receives_a_reply_goes_out_after_it(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        exchange = await one.begun("Question", PARTIAL)
        await other.status_says(ELSEWHERE)
        await other.say("And then?")
        await other.waits("And then?", "sent when the reply is complete")
        await other.press("escape", "r")
        await other.sees("A reply is still coming in another Rill.")
        await other.settle()
        assert loopback.unanswered() == 0
        await exchange.text("ence.")
        await exchange.finish()
        exchange = await loopback.next_exchange()
        sent = [text for _, text in prompts(exchange)]
        assert sent[-3:] == ["Question", "Half a sentence.", "And then?"]
        await exchange.text("Nothing")
        await exchange.finish()
        await one.sees("And then?", "Nothing")
        assert loopback.unanswered() == 0


async def test_what_waits_behind_a_reply_of_another_that_is_not_whole_is_held(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        await one.begun("Question", PARTIAL)
        await other.status_says(ELSEWHERE)
        await other.say("And then?")
        await other.waits("And then?", "sent when the reply is complete")
        await one.press("escape")
        await other.waits("And then?", "enter sends the next")
        await other.sees("■ stopped by you")
        await other.settle()
        assert loopback.unanswered() == 0


async def test_what_waits_behind_a_reply_of_another_is_held_when_one_leaves(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        exchange = await one.begun("Question", PARTIAL)
        await other.status_says(ELSEWHERE)
        await other.say("And then?")
        await other.press("ctrl+n")
        await exchange.finish()
        await one.status_says("✓ complete")
        await other.go_to("tides asks 0")
        await other.waits("And then?", "enter sends the next")
        assert loopback.unanswered() == 0


async def test_a_stop_in_one_does_not_end_what_the_other_receives(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        exchange = await one.begun("Question", PARTIAL)
        await other.status_says(ELSEWHERE)
        await other.press("escape", "ctrl+c")
        await other.press("ctrl+n")
        await exchange.text("ence.")
        await exchange.finish()
        await one.sees("Half a sentence.", "✓ complete")
        await other.go_to("tides asks 0")
        await other.sees("Half a sentence.", "ready")


async def test_a_reply_whose_run_dies_is_interrupted_for_those_who_look_on(
    loopback: LoopbackServer, path: Path
) -> None:
    kept = talk("boats", 1)
    kept.conversation.append(Message.from_user("Go on?"))
    fill(path, [kept])
    async with sit_down(loopback, history=path, resume="boats-conversation") as desk:
        await desk.sees("Go on?")
        begin_a_reply(path, kept, PARTIAL)
        await desk.sees(PARTIAL)
        await desk.status_says("interrupted at 11 characters · /continue · /retry")
        assert loopback.connections == []


async def test_what_is_written_into_a_conversation_that_another_deletes_brings_it_back(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        await one.say("/delete")
        await other.sees("Another Rill has deleted this conversation.")
        assert "tides answers 39" in other.transcript
        await other.answered("Still there?", "Yes")
        await one.press("ctrl+o")
        await one.sees("tides asks 0 model-1 82 messages ✓")


async def test_a_branch_that_is_deleted_in_one_is_gone_in_the_other(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        await one.press("escape", "K", "K", "D")
        await other.until(lambda: "tides answers 39" not in other.transcript)
        await other.sees("tides answers 38")
        await one.press("i")
        await one.say("/undo")
        await other.sees("tides answers 39")


async def test_an_edit_of_what_another_deletes_meanwhile_stays_in_the_box(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        await one.press("escape", "e")
        await one.type(" twice")
        await other.press("escape", "K", "K", "D")
        await one.until(lambda: "tides asks 39" not in one.transcript)
        await one.press("enter")
        await one.sees("The prompt that you edited was deleted in another Rill")
        assert one.prompt == "tides asks 39 twice"
        assert loopback.unanswered() == 0
        await one.press("enter")
        sent = [text for _, text in prompts(await loopback.next_exchange())]
        assert sent[-2:] == ["tides answers 38: grüezi 言葉", "tides asks 39 twice"]


async def test_a_title_given_in_one_is_seen_in_the_other(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        await one.say("/rename")
        await one.sees("enter renames")
        await one.press(*"Ebb", "enter")
        await other.until(lambda: "Ebb" in other.lines[0])


async def test_who_reads_further_up_is_not_moved_by_what_another_says(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        await other.press("escape", "pageup", "pageup")
        shown = other.transcript
        assert "tides answers 39" not in shown
        exchange = await one.begun("Question", PARTIAL)
        await other.status_says(ELSEWHERE)
        assert other.transcript == shown
        await exchange.text("\n\n".join(map(str, range(30))))
        await exchange.finish()
        await other.status_says("ready")
        assert other.transcript == shown


async def test_who_reads_another_branch_is_not_pulled_to_a_new_one(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        await one.press("escape", "e", "!", "enter")
        exchange = await loopback.next_exchange()
        await exchange.text("Otherwise")
        await other.sees("1/2 tides asks 39 ", "tides answers 39")
        current = other._chat._conversations.current
        await other.until(lambda: current.elsewhere is not None)
        await other.settle()
        assert "Otherwise" not in other.transcript
        assert "another Rill" not in other.status
        await exchange.finish()
        await one.sees("2/2 tides asks 39!", "Otherwise")
        await other.until(lambda: current.elsewhere is None)
        await other.settle()
        assert "Otherwise" not in other.transcript
        await other.press("escape", "]")
        await other.sees("2/2 tides asks 39!", "Otherwise")


async def test_two_who_say_something_at_once_lose_nothing(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        for desk in (one, other):
            await desk.type(f"at desk {[one, other].index(desk)}")
        for desk in (one, other):
            desk.key("enter")
        for _ in range(2):
            exchange = await loopback.next_exchange()
            await exchange.text("Yes")
            await exchange.finish()
        for desk in (one, other):
            await desk.until(lambda desk=desk: desk.status.startswith(("✓", "ready")))
            await desk.sees("/2 at desk")
            await desk.until(lambda desk=desk: not desk._chat._conversations.current.elsewhere)
            await desk.press("escape", "[")
            await desk.sees("1/2 at desk")
            await desk.press("]")
            await desk.sees("2/2 at desk")


async def test_what_another_said_while_one_was_elsewhere_is_there_on_coming_back(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        await other.answered("Something", "Indeed")
        await one.sees("Something", "Indeed")
        await other.press("ctrl+n")
        await one.answered("Any news?", "None at all")
        await other.until(lambda: "None at all" in str(texts(path)))
        await other.go_to("tides asks 0")
        await other.sees("Any news?", "None at all")
        exchange = await other.ask("And now?")
        assert prompts(exchange)[-2] == ("assistant", "None at all")


async def test_a_second_try_keeps_its_number_when_news_from_another_is_shown(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        await one.press("escape", "r")
        exchange = await loopback.next_exchange()
        await exchange.text(PARTIAL)
        await one.sees(PARTIAL)
        assert "loopback-1 2/2" in one.transcript
        await other.say("/rename")
        await other.sees("enter renames")
        await other.press(*"rivers", "enter")
        await one.sees("rivers")
        assert "loopback-1 2/2" in one.transcript
        assert PARTIAL in one.transcript
        await exchange.finish()
        await one.status_says("✓ complete")


async def test_a_branch_that_another_deletes_stays_as_long_as_something_comes_into_it(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path, resume=TIDES) as desk:
        await desk.answered("Any news?", "None at all")
        prompt, _ = desk._chat.conversation.path()[-2:]
        exchange = await desk.begun("Still not?", "Well")
        with closing(connect(path)) as db, transaction(db):
            deletions.delete_branch(db, TIDES, prompt.id, None, "another run")
            writes.rename(db, TIDES, "rivers")
        await desk.sees("rivers")  # so the deletion was seen, too
        await exchange.text(", no.")
        await exchange.finish()
        await desk.status_says("✓ complete")
        await desk.sees("None at all", "Well, no.")
    async with sit_down(loopback, history=path, resume=TIDES) as desk:
        await desk.sees("None at all", "Well, no.")


async def test_who_leaves_a_reply_of_another_between_two_frames_is_followed_by_none(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        exchange = await one.begun("Question", PARTIAL)
        await other.status_says(ELSEWHERE)
        transcript = other._chat.transcript
        for _ in range(2):
            transcript.stream(TextDelta("ence", 0))
        assert transcript._frame is not None  # the second waits for its frame
        await other._chat.run_action("new_conversation")
        await other.until(lambda: transcript._frame is None)
        await exchange.finish()
        await other.answered("Still there?", "Yes")


async def test_another_try_in_one_is_not_written_into_the_reply_that_the_other_reads(
    loopback: LoopbackServer, path: Path
) -> None:
    async with two_desks(loopback, path) as (one, other):
        await one.press("escape", "r")
        exchange = await loopback.next_exchange()
        await exchange.text(PARTIAL)
        current = other._chat._conversations.current
        await other.until(lambda: current.elsewhere is not None)
        await exchange.text("ence, and more")
        await other.until(lambda: current.elsewhere.reply.characters > len(PARTIAL))
        await other.settle()
        assert "and more" not in other.transcript
        await exchange.finish()
        await other.until(lambda: current.elsewhere is None)
        await other.press("escape", "]")
        await other.sees("2/2 Half a sentence, and more")
