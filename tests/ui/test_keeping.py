"""Whatever is said or typed is there again: after a switch, a quit, a hang-up, and `kill -9`."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import pytest

from tests.histories import ask, begin_a_reply, fill, talk, texts
from tests.ui.desk import as_if_killed, prompts, sit_down
from tui.chat.ending import CancelledBy
from tui.chat.message import Message
from tui.ui.conversations import Conversations

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.loopback import LoopbackServer
    from tests.ui.desk import Desk
    from tui.storage.records import Kept
    from tui.ui.open_conversation import OpenConversation

PARTIAL = "Half a sent"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the history is, in which nothing is yet."""
    path = tmp_path / "history.db"
    fill(path, [])
    return path


async def quits(desk: Desk) -> None:
    await desk.press("ctrl+q")
    await desk.gone()


async def hangs_up(desk: Desk) -> None:
    desk.app.end_by_signal(signal.SIGHUP, CancelledBy.HANG_UP)
    await desk.gone()


def drafts(path: Path) -> list[str]:
    return [draft for (draft,) in ask(path, "SELECT draft FROM conversation")]


async def kept_so_far(desk: Desk, path: Path, text: str) -> None:
    """Wait until a piece of a reply that is coming is in the file."""
    query = "SELECT group_concat(events) FROM journal"
    await desk.until(lambda: text in (ask(path, query)[0][0] or ""))


def asked(name: str) -> Kept:
    """A conversation that ends with a prompt."""
    kept = talk(name, 1)
    kept.conversation.append(Message.from_user("Go on?"))
    return kept


# Drafts


async def test_the_draft_of_each_conversation_is_there_in_the_next_run(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.answered("First", "One")
        await desk.type("draft of the first")
        await desk.press("ctrl+n")
        await desk.until(lambda: desk.prompt == "")
        await desk.answered("Second", "Two")
        await desk.type("draft of the second\nin two lines")
        await quits(desk)
    async with sit_down(loopback, history=path) as desk:
        await desk.settle()
        assert desk.prompt == ""
        assert "New conversation" in desk.lines[0]
        await desk.go_to("First")
        assert desk.prompt == "draft of the first"
        assert "One" in desk.transcript
        await desk.go_to("Second")
        assert desk.prompt == "draft of the second\nin two lines"


async def test_what_was_typed_first_of_all_is_in_the_box_of_the_next_run(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.type("half a tho")
        await quits(desk)
    async with sit_down(loopback, history=path) as desk:
        await desk.until(lambda: desk.prompt == "half a tho")
        await desk.press("u", "g", "h", "t")
        assert desk.prompt == "half a thought"
        await desk.press("ctrl+o")
        await desk.sees("Conversations · 1")


async def test_a_draft_survives_a_kill_a_moment_after_it_was_typed(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.type("half a tho")
        await desk.until(lambda: drafts(path) == ["half a tho"])
        killed = as_if_killed(path)
    async with sit_down(loopback, history=killed) as desk:
        await desk.until(lambda: desk.prompt == "half a tho")


async def test_a_draft_that_is_being_typed_in_another_run_stays_there(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.type("half a tho")
        await desk.until(lambda: drafts(path) == ["half a tho"])
        async with sit_down(loopback, history=path) as other:
            await other.press("ctrl+o")
            await other.sees("New conversation draft")
            await other.press("escape")
            assert other.prompt == ""


async def test_a_draft_that_was_thrown_away_leaves_no_conversation(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.type("half a tho")
        await desk.until(lambda: drafts(path) == ["half a tho"])
        await desk.press("ctrl+c")
        await desk.until(lambda: drafts(path) == [])
        await desk.press("up")
        await desk.until(lambda: desk.prompt == "half a tho")


async def test_a_prompt_from_the_command_line_goes_before_an_old_draft(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.type("half a tho")
        await quits(desk)
    async with sit_down(loopback, history=path, first_prompt="Asked at once") as desk:
        exchange = await loopback.next_exchange()
        assert prompts(exchange) == [("user", "Asked at once")]
        await exchange.text("Answered")
        await exchange.finish()
        await desk.sees("Answered", "✓")
        assert desk.prompt == ""


# What waits


async def test_what_waited_is_held_in_the_next_run_and_sent_only_when_asked_for(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.begun("First", "One")
        await desk.say("And then?")
        await desk.say("And last?")
        await desk.waits("And then?", "And last?")
        await quits(desk)
    async with sit_down(loopback, history=path) as desk:
        await desk.go_to("First")
        await desk.waits("And then?", "And last?", "enter sends the next")
        await desk.settle()
        assert loopback.unanswered() == 0
        await desk.press("enter")
        exchange = await loopback.next_exchange()
        assert prompts(exchange) == [
            ("user", "First"),
            ("assistant", "One"),
            ("user", "And then?"),
        ]
        await desk.waits("And last?", "sent when the reply is complete")


async def test_a_prompt_for_a_conversation_goes_out_behind_what_waited_there(
    loopback: LoopbackServer, path: Path
) -> None:
    kept = talk("tides", 1)
    kept.waiting = ("And then?",)
    fill(path, [kept])
    id_ = kept.conversation.id
    async with sit_down(loopback, history=path, resume=id_, first_prompt="And last?") as desk:
        exchange = await loopback.next_exchange()
        assert prompts(exchange)[-1] == ("user", "And then?")
        await desk.waits("And last?", "sent when the reply is complete")


# Replies


@pytest.mark.parametrize(
    ("end", "words"),
    [(quits, "you quit"), (hangs_up, "the terminal hung up")],
)
async def test_all_that_came_is_there_after_the_end_and_how_it_came_to_that(
    loopback: LoopbackServer, path: Path, end: Callable[[Desk], Awaitable[None]], words: str
) -> None:
    async with sit_down(loopback, history=path) as desk:
        exchange = await desk.begun("Question", PARTIAL)
        await desk.type("half a tho")
        await end(desk)
        await exchange.wait_closed()
    assert list(texts(path).values()) == [["Question", PARTIAL]]
    async with sit_down(loopback, history=path) as desk:
        await desk.go_to("Question")
        await desk.sees(PARTIAL, f"■ stopped: {words} · /continue · /retry")
        assert desk.prompt == "half a tho"
        assert len(loopback.connections) == 1


async def test_a_reply_is_in_the_file_as_soon_as_it_is_complete(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.answered("Question", "Answer")
        await desk.until(lambda: list(texts(path).values()) == [["Question", "Answer"]])
        killed = as_if_killed(path)
    async with sit_down(loopback, history=killed) as desk:
        await desk.go_to("Question")
        await desk.sees("Answer", "ready")
        assert "interrupted" not in desk.words


async def test_after_a_kill_the_reply_is_shown_as_interrupted_and_nothing_is_sent_unasked(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.begun("Question", PARTIAL)
        await desk.say("And then?")
        await kept_so_far(desk, path, PARTIAL)
        killed = as_if_killed(path)
    async with sit_down(loopback, history=killed) as desk:
        await desk.sees("Question", PARTIAL)
        await desk.status_says("interrupted at 11 characters · /continue · /retry")
        await desk.waits("And then?", "enter sends the next")
        await desk.settle()
        assert len(loopback.connections) == 1
        await desk.press("up", "ctrl+u")
        await desk.say("/retry")
        exchange = await loopback.next_exchange()
        assert prompts(exchange) == [("user", "Question")]
        await exchange.text("All of it")
        await exchange.finish()
        await desk.sees("2/2 All of it", "✓ complete")


async def test_an_interrupted_reply_can_be_continued(loopback: LoopbackServer, path: Path) -> None:
    kept = asked("tides")
    fill(path, [talk("other"), kept])
    begin_a_reply(path, kept, PARTIAL)
    async with sit_down(loopback, history=path) as desk:
        await desk.sees(PARTIAL)
        await desk.status_says("interrupted at 11 characters")
        await desk.say("/continue")
        sent = prompts(await loopback.next_exchange())
        assert sent[-3:-1] == [("user", "Go on?"), ("assistant", PARTIAL)]
        role, words = sent[-1]
        assert role == "user"
        assert words.endswith(f"It stopped after: {PARTIAL}")


async def test_what_was_interrupted_is_no_news_in_the_run_after_the_next(
    loopback: LoopbackServer, path: Path
) -> None:
    kept = asked("tides")
    fill(path, [kept])
    begin_a_reply(path, kept, PARTIAL)
    async with sit_down(loopback, history=path) as desk:
        await desk.status_says("interrupted at 11 characters")
        await quits(desk)
    async with sit_down(loopback, history=path) as desk:
        await desk.press("ctrl+o")
        await desk.sees("Conversations · 1")
        await desk.press("escape")
        assert "New conversation" in desk.lines[0]


async def test_after_a_kill_in_another_try_it_is_the_one_that_is_shown(
    loopback: LoopbackServer, path: Path
) -> None:
    fill(path, [talk("tides")])
    async with sit_down(loopback, history=path, resume="tides-conversation") as desk:
        await desk.sees("tides answers 1")
        await desk.until(lambda: desk._chat._draft_timer is None)  # nothing else writes the head
        await desk.press("escape", "r")
        exchange = await loopback.next_exchange()
        await exchange.text(PARTIAL)
        await desk.sees(PARTIAL)
        await kept_so_far(desk, path, PARTIAL)
        killed = as_if_killed(path)
    async with sit_down(loopback, history=killed) as desk:
        await desk.sees(f"2/2 {PARTIAL}", "interrupted at 11 characters")


async def test_who_begins_to_type_before_what_was_interrupted_is_read_stays_there(
    loopback: LoopbackServer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = asked("tides")
    fill(path, [kept])
    begin_a_reply(path, kept, PARTIAL)
    is_asked, may = asyncio.Event(), asyncio.Event()
    open_ = Conversations.open

    async def open_late(self: Conversations, conversation_id: str) -> OpenConversation | None:
        is_asked.set()
        await may.wait()
        return await open_(self, conversation_id)

    monkeypatch.setattr(Conversations, "open", open_late)
    async with sit_down(loopback, history=path) as desk:
        await is_asked.wait()
        await desk.type("half a tho")
        may.set()
        await desk.settle()
        await desk.press("u", "g", "h", "t")
        assert desk.prompt == "half a thought"
        assert "New conversation" in desk.lines[0]
        await desk.go_to("tides asks 0")
        await desk.sees(PARTIAL, "interrupted at 11 characters")
        assert desk.prompt == ""


# Titles, and what is done to conversations


async def test_the_title_is_there_with_the_prompt_and_costs_no_request(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.ask("When is low water at Husum?")
        assert "When is low water at Husum?" in desk.lines[0]
        await desk.until(
            lambda: (
                ask(path, "SELECT title FROM conversation") == [("When is low water at Husum?",)]
            )
        )
        assert loopback.unanswered() == 0


async def test_a_conversation_is_renamed_and_stays_so(loopback: LoopbackServer, path: Path) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.answered("First", "One")
        await desk.say("/rename")
        await desk.sees("enter renames")
        await desk.press(*"Tides", "enter")
        await desk.until(lambda: "Tides" in desk.lines[0])
        await quits(desk)
    async with sit_down(loopback, history=path) as desk:
        await desk.go_to("Tides")
        await desk.sees("First", "One")


async def test_a_pinned_conversation_stays_on_top(loopback: LoopbackServer, path: Path) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.say("/pin")
        await desk.sees("There is nothing to pin yet.")
        await desk.answered("First", "One")
        await desk.say("/pin")
        await desk.sees("Pinned: on top of the list.")
        await desk.press("ctrl+n")
        await desk.answered("Second", "Two")
        await quits(desk)
    async with sit_down(loopback, history=path) as desk:
        await desk.press("ctrl+o")
        await desk.sees("✦ First loopback-1 2 messages ✓ now Second")
        await desk.press("enter")
        await desk.sees("One")
        await desk.say("/pin")
        await desk.sees("Not pinned any more.")


async def test_a_copy_goes_its_own_way(loopback: LoopbackServer, path: Path) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.answered("First", "One")
        original = desk._chat.conversation.id
        await desk.say("/duplicate")
        await desk.sees("This is the copy.", "First", "One")
        exchange = await desk.ask("Only in the copy")
        assert [text for _, text in prompts(exchange)] == ["First", "One", "Only in the copy"]
        await exchange.text("Two")
        await exchange.finish()
        await desk.until(lambda: not desk.ours())
        await quits(desk)
    found = texts(path)
    assert found.pop(original) == ["First", "One"]
    assert list(found.values()) == [["First", "One", "Only in the copy", "Two"]]


async def test_a_copy_in_the_middle_of_a_reply_has_what_came(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path) as desk:
        exchange = await desk.begun("First", "Half")
        await desk.say("/duplicate")
        await desk.sees("This is the copy.", "First", "Half")
        await exchange.wait_closed()
        await quits(desk)
    assert list(texts(path).values()) == [["First", "Half"]] * 2


async def test_what_was_deleted_can_be_brought_back_in_the_next_run(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.answered("First", "One")
        await desk.type("half a tho")
        await desk.press("ctrl+o", "ctrl+d", "escape")
        await desk.sees("Deleted “First”. ctrl+z")
        await quits(desk)
    async with sit_down(loopback, history=path) as desk:
        await desk.press("ctrl+o")
        await desk.sees("Conversations · 0")
        await desk.press("escape")
        await desk.say("/undo")
        await desk.sees("First", "One", "ready")
        await desk.until(lambda: desk.prompt == "half a tho")


async def test_a_conversation_deleted_in_the_middle_of_a_reply_comes_back_with_what_had_come(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path) as desk:
        exchange = await desk.begun("Question", PARTIAL)
        await desk.say("/delete")
        await exchange.wait_closed()
        await desk.until(lambda: "New conversation" in desk.lines[0])
        await quits(desk)
    assert texts(path) == {}
    async with sit_down(loopback, history=path) as desk:
        await desk.say("/undo")
        await desk.sees(PARTIAL, "■ stopped: you deleted the conversation")


@pytest.mark.parametrize(("command", "words"), [("/pin", "pin"), ("/duplicate", "copy")])
async def test_a_command_that_was_typed_slowly_is_no_draft_to_do_something_with(
    loopback: LoopbackServer, path: Path, command: str, words: str
) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.type(command[:-1])
        await desk.until(lambda: drafts(path) == [command[:-1]])
        await desk.press(command[-1], "enter")
        await desk.sees(f"There is nothing to {words} yet.")
        await desk.until(lambda: drafts(path) == [])


async def test_what_is_gone_cannot_be_copied(loopback: LoopbackServer, path: Path) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.answered("First", "One")
        await desk._chat.duplicate("nobody")
        await desk.sees("That conversation is gone.")
        await desk.answered("Second", "Two")
