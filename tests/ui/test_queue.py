"""What is sent while a reply runs waits, visibly; nothing is ever sent twice or unasked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.ui.desk import prompts, sit_down

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.loopback import Exchange, LoopbackServer
    from tests.ui.desk import Desk

OVERLOADED = {"type": "overloaded_error", "message": "Overloaded"}


async def one_waits(desk: Desk) -> Exchange:
    """A reply that goes on, and a message that waits for its end."""
    exchange = await desk.ask("First")
    await exchange.text("One")
    await desk.say("And then?")
    await desk.waits("And then?")
    return exchange


async def test_a_message_sent_during_a_reply_waits_and_is_sent_when_it_is_complete(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        first = await one_waits(desk)
        assert "sent when the reply is complete" in desk.waiting
        assert desk.prompt == ""
        assert loopback.unanswered() == 0
        assert loopback.open_connections == 1
        await first.finish()
        second = await loopback.next_exchange()
        assert first.closed.is_set()
        assert prompts(second) == [("user", "First"), ("assistant", "One"), ("user", "And then?")]
        await desk.until(lambda: not desk.waiting)
        await second.text("Two")
        await second.finish()
        await desk.sees("Two", "✓ complete")
        assert loopback.unanswered() == 0


async def test_several_are_sent_in_their_order_one_at_a_time(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("p0")
        for number in (1, 2, 3, 4):
            await desk.say(f"p{number}")
        await desk.waits("p1", "p2", "p3", "… and 1 more")
        for number in (1, 2, 3, 4):
            await exchange.text(f"r{number}")
            await exchange.finish()
            exchange = await loopback.next_exchange()
            assert prompts(exchange)[-1] == ("user", f"p{number}")
            assert loopback.open_connections == 1
            assert loopback.unanswered() == 0


async def test_up_takes_the_last_waiting_message_back(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("First")
        await desk.say("And then?")
        await desk.say("And last?")
        await desk.waits("And then?", "And last?", "up takes back the last")
        await desk.press("up")
        assert desk.prompt == "And last?"
        await desk.until(lambda: "And last?" not in desk.waiting)
        await desk.press("ctrl+u", "up")
        assert desk.prompt == "And then?"
        assert not desk.waiting
        await exchange.text("One")
        await exchange.finish()
        await desk.status_says("✓")
        await desk.settle()
        assert loopback.unanswered() == 0


async def test_up_with_nothing_waiting_recalls_the_last_prompt(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.answered("Second", "Two")
        await desk.press("up")
        assert desk.prompt == "Second"
        await desk.press("ctrl+u")
        await desk.say("/recall")
        await desk.until(lambda: desk.prompt == "Second")


async def test_up_in_a_text_of_several_lines_only_moves_the_cursor(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.type("a\nb")
        await desk.press("up", "X")
        assert desk.prompt == "aX\nb"


async def by_a_stop(desk: Desk, exchange: Exchange) -> None:
    await exchange.text("One")
    await desk.sees("One")
    await desk.press("escape")
    await exchange.wait_closed()


async def by_a_refusal(desk: Desk, exchange: Exchange) -> None:
    await exchange.respond(529, json.dumps({"error": OVERLOADED}))


async def by_an_error(desk: Desk, exchange: Exchange) -> None:
    await exchange.text("One")
    await exchange.event("error", {"error": OVERLOADED})


async def by_a_cut(desk: Desk, exchange: Exchange) -> None:
    await exchange.text("One")
    await exchange.end()


ONE = [("user", "First"), ("assistant", "One"), ("user", "And then?")]


@pytest.mark.parametrize(
    ("end", "said", "sent"),
    [
        (by_a_stop, "■ stopped by you", ONE),
        (by_a_refusal, "✗ Overloaded", [("user", "FirstAnd then?")]),
        (by_an_error, "✗ Overloaded", ONE),
        (by_a_cut, "▲ connection closed early", ONE),
    ],
)
async def test_after_any_other_ending_it_is_held_until_asked_for(
    loopback: LoopbackServer,
    end: Callable[[Desk, Exchange], Awaitable[None]],
    said: str,
    sent: list[tuple[str, str]],
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("First")
        await desk.say("And then?")
        await end(desk, exchange)
        await desk.status_says(said)
        await desk.waits("And then?", "enter sends the next")
        await desk.settle()
        assert loopback.unanswered() == 0
        await desk.press("enter")
        assert prompts(await loopback.next_exchange()) == sent
        await desk.until(lambda: not desk.waiting)
        assert loopback.unanswered() == 0


async def test_it_stays_with_its_conversation(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await one_waits(desk)
        await desk.press("ctrl+n")
        await desk.until(lambda: not desk.waiting)
        await desk.press("enter")
        await desk.settle()
        assert loopback.unanswered() == 0
        await desk.answered("Elsewhere", "Yes")
        assert loopback.unanswered() == 0
        await desk.press("ctrl+o", "down", "enter")
        await desk.waits("And then?", "enter sends the next")
        assert "First" in desk.transcript
        await desk.settle()
        assert loopback.unanswered() == 0


async def test_it_survives_deleting_and_undo(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await one_waits(desk)
        await desk.say("/delete")
        await desk.until(lambda: not desk.waiting)
        await desk.say("/undo")
        await desk.sees("First", "One")
        await desk.waits("And then?")
        assert loopback.unanswered() == 0


async def test_enter_twice_in_one_burst_sends_once_and_never_two_at_once(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.type("First")
        await desk.burst("enter", "enter", "b", "enter")
        exchange = await loopback.next_exchange()
        assert prompts(exchange) == [("user", "First")]
        await desk.waits("b")
        assert loopback.open_connections == 1
        assert loopback.unanswered() == 0


async def test_a_failed_prompt_is_not_sent_again_by_leaving_and_coming_back(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("First")
        await exchange.text("One")
        await exchange.reset()
        await desk.sees("▲ connection closed early")
        await desk.press("ctrl+n")
        await desk.press("ctrl+o", "down", "enter")
        await desk.sees("First", "▲ connection closed early")
        await desk.settle()
        assert len(loopback.connections) == 1
