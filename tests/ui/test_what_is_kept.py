"""A draft, a place in the text, a message that waits: none is lost to what happens meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ui.desk import prompts, sit_down

if TYPE_CHECKING:
    from tests.loopback import LoopbackServer

COMING = "A reply is still coming; stop it first."
BLANK = "Nothing was said here yet."


async def test_a_waiting_message_that_goes_out_does_not_move_the_reader(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("Many lines")
        await exchange.text("".join(f"line {number}\n\n" for number in range(1, 61)))
        await desk.sees("line 60")
        await desk.say("And then?")
        await desk.waits("And then?")
        await desk.press("shift+tab", "g")
        await desk.sees("Many lines", "line 1")
        await exchange.finish()
        exchange = await loopback.next_exchange()
        assert prompts(exchange)[-1] == ("user", "And then?")
        await exchange.text("".join(f"more {number}\n\n" for number in range(1, 61)))
        await exchange.finish()
        await desk.until(lambda: desk.status.startswith("✓") and "new line" in desk.status)
        assert desk.transcript.startswith("Many lines")
        assert "line 60" not in desk.transcript
        assert "more" not in desk.transcript


async def test_what_is_sent_after_a_stop_waits_behind_what_was_held(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("First")
        await exchange.text("1")
        await desk.say("Second")
        await desk.sees("1 ◌ Second")
        await desk.press("escape")
        await exchange.wait_closed()
        await desk.waits("Second", "enter sends the next")
        assert loopback.unanswered() == 0
        await desk.say("Third")
        exchange = await loopback.next_exchange()
        assert prompts(exchange)[-1] == ("user", "Second")
        await desk.until(lambda: "Second" not in desk.waiting)
        await desk.waits("Third", "sent when the reply is complete")
        await exchange.text("2")
        await exchange.finish()
        exchange = await loopback.next_exchange()
        assert prompts(exchange)[-1] == ("user", "Third")
        await desk.until(lambda: not desk.waiting)
        assert loopback.unanswered() == 0


@pytest.mark.parametrize("has_waiting", [False, True])
async def test_recall_from_the_palette_does_not_overwrite_a_draft(
    loopback: LoopbackServer, has_waiting: bool
) -> None:
    async with sit_down(loopback) as desk:
        await desk.ask("First")
        if has_waiting:
            await desk.say("Second")
        await desk.type("my draft")
        await desk.press("ctrl+p", *"recall")
        await desk.sees("Recall (/recall)")
        await desk.press("down", "enter")
        await desk.until(lambda: len(desk.app.screen_stack) == 1)
        await desk.settle()
        assert desk.prompt == "my draft"
        assert ("Second" in desk.waiting) is has_waiting


async def test_letters_behind_a_recall_are_added_to_what_it_brings(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.burst(*"/recall", "enter", "x", "y")
        await desk.until(lambda: desk.prompt == "Firstxy")


@pytest.mark.parametrize("command", ["/retry", "/older", "/newer"])
async def test_what_needs_an_ended_reply_says_that_one_is_still_coming(
    loopback: LoopbackServer, command: str
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("First")
        await desk.say(command)
        await desk.sees(COMING)
        assert not exchange.closed.is_set()
        assert loopback.unanswered() == 0
        await exchange.text("One")
        await exchange.finish()
        await desk.sees("One", "✓ complete")


@pytest.mark.parametrize("command", ["/retry", "/older", "/newer"])
async def test_what_needs_a_reply_says_that_nothing_was_said_yet(
    loopback: LoopbackServer, command: str
) -> None:
    async with sit_down(loopback) as desk:
        await desk.say(command)
        await desk.sees(BLANK)
        assert loopback.connections == []


@pytest.mark.parametrize("command", ["/older", "/newer"])
async def test_an_alternative_that_is_not_there_is_said_to_be_missing(
    loopback: LoopbackServer, command: str
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.say(command)
        await desk.sees("There is no alternative in that direction.", "One")


async def test_thinking_that_was_unfolded_stays_so_in_later_replies_and_after_a_switch(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:

        async def think(prompt: str, thought: str) -> None:
            exchange = await desk.ask(prompt)
            block = {"type": "thinking", "thinking": thought}
            await exchange.event("message_start", {"message": {"id": "m", "usage": {}}})
            await exchange.event("content_block_start", {"index": 0, "content_block": block})
            await exchange.finish()
            await desk.status_says("✓")

        await think("First", "thought of one thing")
        assert "thought of one thing" not in desk.transcript
        await desk.say("/thinking")
        await desk.sees("▾ thought", "thought of one thing")
        await think("Second", "thought of another")
        await desk.sees("thought of one thing", "thought of another")
        await desk.press("ctrl+n")
        await think("Elsewhere", "thought far away")
        await desk.sees("thought far away")
        await desk.press("ctrl+o", "down", "enter")
        await desk.sees("thought of one thing", "thought of another")
        await desk.say("/thinking")
        await desk.until(lambda: "of one" not in desk.transcript)
        assert "of another" not in desk.transcript
        assert "▾" not in desk.transcript


@pytest.mark.parametrize("key", ["r", "left_square_bracket"])
async def test_another_reply_leaves_what_is_being_typed_alone(
    loopback: LoopbackServer, key: str
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("Question", "First try")
        await desk.say("/retry")
        exchange = await loopback.next_exchange()
        await exchange.text("Second try")
        await exchange.finish()
        await desk.sees("Second try")
        await desk.status_says("✓")
        await desk.type("a thought")
        await desk.press("left", "left", "escape", key)
        await desk.until(lambda: "Second try" not in desk.transcript)
        await desk.press("i", "X")
        await desk.until(lambda: desk.prompt == "a thougXht")
        await desk.press("ctrl+z", "ctrl+z")
        await desk.until(lambda: desk.prompt == "")
