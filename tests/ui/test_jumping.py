"""Long conversations open at their end, and any place in any of them can be gone to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.histories import fill, talk
from tests.ui.desk import prompts, sit_down
from tui.chat.message import Message, Role, TextPart
from tui.ui.conversations import Conversations

if TYPE_CHECKING:
    from pathlib import Path

    from tests.loopback import LoopbackServer
    from tests.ui.desk import Desk
    from tui.ui.open_conversation import OpenConversation

LAST = "long answers 4999"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A history with one conversation of 10,000 messages."""
    path = tmp_path / "history.db"
    fill(path, [talk("long", 5000)])
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A history with one of two branches, of which the newer is read, and with another."""
    path = tmp_path / "history.db"
    branched = talk("tides", 40)
    conversation = branched.conversation
    for id_, text in (("aside", "A **word** on the *moon's pull*"), ("main", "And the sun?")):
        conversation.rewind("tides-39-reply")
        conversation.append(Message(Role.USER, (TextPart(text),), id=id_))
    fill(path, [branched, talk("other", 1)])
    return path


def is_whole(desk: Desk) -> bool:
    return desk._chat.conversation.is_whole


async def test_the_end_of_a_long_one_is_shown_and_the_rest_comes_without_moving_it(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path, resume="long-conversation") as desk:
        await desk.sees(LAST)
        shown = desk.transcript
        assert "long asks 0" in desk.lines[0]
        await desk.until(lambda: is_whole(desk))
        await desk.settle()
        assert desk.transcript == shown
        await desk.press("escape", "g")
        await desk.sees("long asks 0", "long answers 0")
        await desk.press("pagedown")
        await desk.until(lambda: "long asks 0 " not in desk.transcript)
        await desk.press("G")
        await desk.until(lambda: desk.transcript == shown)


async def test_a_reader_who_has_scrolled_up_meanwhile_stays_there(
    loopback: LoopbackServer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = asyncio.Event()
    complete = Conversations.complete

    async def complete_late(self: Conversations, target: OpenConversation) -> None:
        await may.wait()
        await complete(self, target)

    monkeypatch.setattr(Conversations, "complete", complete_late)
    async with sit_down(loopback, history=path, resume="long-conversation") as desk:
        await desk.sees(LAST)
        await desk.burst("shift+tab", *["pageup"] * 2, "K")
        await desk.until(lambda: LAST not in desk.transcript)
        shown, status = desk.transcript, desk.status
        marked = desk._chat.transcript.marked_message
        assert not is_whole(desk)
        may.set()
        await desk.until(lambda: is_whole(desk))
        await desk.settle()
        assert (desk.transcript, desk.status) == (shown, status)
        assert desk._chat.transcript.marked_message is marked is not None
        await desk.press("pageup", "pagedown")
        await desk.until(lambda: desk.transcript == shown)


async def test_who_comes_back_before_all_is_read_finds_nothing_twice(
    loopback: LoopbackServer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = asyncio.Event()
    complete = Conversations.complete

    async def complete_late(self: Conversations, target: OpenConversation) -> None:
        await may.wait()
        await complete(self, target)

    monkeypatch.setattr(Conversations, "complete", complete_late)
    async with sit_down(loopback, history=path, resume="long-conversation") as desk:
        await desk.sees(LAST)
        await desk.type("a draft")
        await desk.press("ctrl+n")
        await desk.go_to("long asks 0")
        may.set()
        await desk.until(lambda: is_whole(desk))
        await desk.settle()
        shown = [message.id for message in desk._chat.transcript.window.messages]
        assert len(shown) == len(set(shown)) == 10_000


async def test_what_is_sent_before_all_is_read_waits_and_then_the_whole_goes_out(
    loopback: LoopbackServer, path: Path
) -> None:
    id_ = "long-conversation"
    async with sit_down(loopback, history=path, resume=id_, first_prompt="And?") as desk:
        exchange = await loopback.next_exchange()
        sent = prompts(exchange)
        assert len(sent) == 10_001
        assert sent[0] == ("user", "long asks 0")
        assert sent[-1] == ("user", "And?")
        await exchange.text("Indeed")
        await exchange.finish()
        await desk.sees("And?", "Indeed", "✓ complete")
        assert not desk.waiting


async def test_a_hit_is_gone_to_in_a_part_that_was_not_read_yet(
    loopback: LoopbackServer, path: Path
) -> None:
    async with sit_down(loopback, history=path) as desk:
        await desk.press("ctrl+o", *"answers 1234")
        await desk.sees("in messages", "long answers 1234: grüezi")
        await desk.press("down", "enter")
        await desk.sees("long asks 1234", "1 line selected · y copies")
        assert LAST not in desk.transcript
        await desk.press("y")
        await desk.sees("characters sent to the clipboard")
        assert desk.app.clipboard in ("answers", "1234", "answers 1234")


async def test_a_hit_in_another_branch_is_gone_to_there(
    loopback: LoopbackServer, small: Path
) -> None:
    async with sit_down(loopback, history=small, resume="tides-conversation") as desk:
        await desk.sees("2/2 And the sun?")
        await desk._chat.go_to("tides-conversation", "aside", "pull")
        await desk.sees("1/2 A **word** on the *moon's pull*", "1 line selected")
        assert "And the sun?" not in desk.transcript
        await desk.press("y")
        await desk.until(lambda: desk.app.clipboard == "pull")
        # It is the branch that is read from now on.
        await desk.press("i")
        exchange = await desk.ask("Go on")
        assert prompts(exchange)[-1][1].startswith("A **word** on")


async def test_a_hit_in_another_branch_waits_until_the_reply_in_this_one_has_come(
    loopback: LoopbackServer, small: Path
) -> None:
    async with sit_down(loopback, history=small, resume="tides-conversation") as desk:
        await desk.sees("2/2 And the sun?")
        await desk.until(lambda: is_whole(desk))
        exchange = await desk.begun("Go on", "Half a sent")
        await desk._chat.go_to("tides-conversation", "aside", "pull")
        await desk.sees("A reply is still coming; stop it first.")
        assert "1/2 A **word**" not in desk.transcript
        await desk._chat.go_to("tides-conversation", "main", "sun")  # in this one: why not
        await desk.sees("1 line selected")
        await exchange.text("ence.")
        await exchange.finish()
        await desk.sees("2/2 And the sun?", "Half a sentence.", "✓ complete")
        await desk._chat.go_to("tides-conversation", "aside", "pull")
        await desk.sees("1/2 A **word** on the *moon's pull*")
        assert "Half a sentence." not in desk.transcript


async def test_what_stands_otherwise_on_the_screen_is_at_least_marked(
    loopback: LoopbackServer, small: Path
) -> None:
    async with sit_down(loopback, history=small) as desk:
        await desk._chat.go_to("tides-conversation", "tides-3-reply", "not to be seen")
        await desk.sees("tides answers 3: grüezi", "reply marked")
        assert "tides asks 39" not in desk.transcript


async def test_a_message_of_a_conversation_that_is_gone_is_said_to_be_gone(
    loopback: LoopbackServer, small: Path
) -> None:
    async with sit_down(loopback, history=small) as desk:
        await desk._chat.go_to("nobody", "nothing", "x")
        await desk.sees("That conversation is gone.")
        await desk.answered("First", "One")
