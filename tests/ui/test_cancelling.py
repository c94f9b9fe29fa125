"""No ghost streams: whatever ends a reply, the server sees its connection close."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.loopback import OPENING, SAFETY_NET, sse
from tests.ui.desk import prompts, sit_down
from tui.chat.ending import CancelledBy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from tests.loopback import Exchange, FullQueue, LoopbackServer
    from tests.ui.desk import Desk

    Way: TypeAlias = Callable[[Desk], Awaitable[None]]
    Phase: TypeAlias = Callable[[Desk], Awaitable[Exchange]]

PARTIAL = "Half a sent"


async def by_escape(desk: Desk) -> None:
    await desk.press("escape")


async def by_ctrl_c(desk: Desk) -> None:
    await desk.press("ctrl+c")


async def by_command(desk: Desk) -> None:
    await desk.say("/stop")


async def by_new(desk: Desk) -> None:
    await desk.press("ctrl+n")


async def by_switch(desk: Desk) -> None:
    await desk.go_to("An older one")


async def by_delete(desk: Desk) -> None:
    await desk.say("/delete")


async def by_delete_in_list(desk: Desk) -> None:
    await desk.press("ctrl+o", "ctrl+d", "escape")


async def by_undo(desk: Desk) -> None:
    await desk.say("/undo")


async def by_opening(desk: Desk) -> None:
    await desk.go_to("Question")


async def by_quit(desk: Desk) -> None:
    await desk.press("ctrl+q")


async def by_two_escapes(desk: Desk) -> None:
    await desk.burst("escape", "escape")


async def by_escape_and_quit(desk: Desk) -> None:
    await desk.burst("escape", "ctrl+q")


async def no_entrance_left(no_entrance: FullQueue) -> None:
    async with asyncio.timeout(SAFETY_NET):
        while no_entrance.knocking():  # noqa: ASYNC110 - the kernel has no event for it
            await asyncio.sleep(0)


STOPS = [by_escape, by_ctrl_c, by_command, by_two_escapes]
LEAVINGS = [by_new, by_switch, by_delete, by_delete_in_list]
ONE_OF_EACH = [by_ctrl_c, by_two_escapes, by_new]
QUITS = [by_quit, by_escape_and_quit]


async def before_the_head(desk: Desk) -> Exchange:
    exchange = await desk.ask("Question")
    await desk.status_says("waiting")
    return exchange


async def before_the_first_token(desk: Desk) -> Exchange:
    exchange = await desk.ask("Question")
    await exchange.send(OPENING)
    await desk.status_says("waiting")
    return exchange


async def in_the_middle(desk: Desk) -> Exchange:
    return await desk.begun("Question", PARTIAL)


async def in_an_error_body(desk: Desk) -> Exchange:
    exchange = await desk.ask("Question")
    await exchange.head(500, "application/json", {"Content-Length": "100"}, chunked=False)
    await exchange.send(b'{"error":')
    await desk.settle()
    return exchange


PHASES = [before_the_head, before_the_first_token, in_the_middle, in_an_error_body]


async def goes_on(desk: Desk, exchange: Exchange) -> None:
    """What `in_the_middle` began was not ended by what was done since."""
    assert not exchange.closed.is_set()
    await exchange.text("ence.")
    await exchange.finish()
    await desk.sees("Half a sentence.", "✓ complete")


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("stop", ONE_OF_EACH)
async def test_a_stop_in_any_phase_is_seen_by_the_server_and_the_next_reply_works(
    loopback: LoopbackServer, stop: Way, phase: Phase
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await phase(desk)
        await stop(desk)
        await exchange.wait_closed()
        await desk.until(lambda: not desk.ours())
        await desk.press("i")
        await desk.answered("Next", "The next one works.")
        assert "The next one works." in desk.transcript
        assert loopback.unanswered() == 0


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("leave", LEAVINGS)
async def test_leaving_the_conversation_in_any_phase_is_seen_by_the_server(
    loopback: LoopbackServer, leave: Way, phase: Phase
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("An older one", "with its answer")
        await desk.press("ctrl+n")
        exchange = await phase(desk)
        await leave(desk)
        await exchange.wait_closed()
        await desk.until(lambda: not desk.ours())
        await desk.until(lambda: PARTIAL not in desk.transcript)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("leave", QUITS)
async def test_quitting_in_any_phase_is_seen_by_the_server(
    loopback: LoopbackServer, leave: Way, phase: Phase
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await phase(desk)
        await leave(desk)
        await exchange.wait_closed()
        await desk.gone()
        assert not desk.ours()
        assert desk.app.return_code == 0


@pytest.mark.parametrize("leave", [*STOPS, by_new, by_delete, *QUITS])
async def test_a_stop_while_connecting_ends_the_try(no_entrance: FullQueue, leave: Way) -> None:
    async with sit_down(no_entrance) as desk:
        await desk.say("Question")
        await no_entrance.knocked()
        await leave(desk)
        if leave in QUITS:
            await desk.gone()
        await no_entrance_left(no_entrance)
        assert not desk.ours()


@pytest.mark.parametrize("stop", STOPS)
async def test_a_stop_during_a_silence_does_not_wait_for_the_next_chunk(
    loopback: LoopbackServer, skip_clock: Callable[[float], None], stop: Way
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await in_the_middle(desk)
        skip_clock(12)
        await desk.status_says("silent for")
        await stop(desk)
        await exchange.wait_closed()
        await desk.sees("■ stopped by you")
        await desk.until(lambda: not desk.ours())


async def test_a_stop_right_behind_the_enter_is_not_lost(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.type("Question")
        await desk.burst("enter", "escape")
        await desk.sees("Question", "■ stopped by you")
        await loopback.all_closed()
        await desk.until(lambda: not desk.ours())


async def test_a_new_conversation_right_behind_the_enter_ends_the_reply(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.type("Question")
        await desk.burst("enter", "ctrl+n")
        await desk.until(lambda: "New conversation" in desk.lines[0])
        await loopback.all_closed()
        await desk.until(lambda: not desk.ours())
        await desk.press("ctrl+o")
        await desk.sees("Question loopback-1 2 messages ■")


async def test_a_new_conversation_right_behind_a_retry_ends_the_reply(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("Question", "Answer")
        await desk.press("escape")
        await desk.burst("r", "ctrl+n")
        await desk.until(lambda: "New conversation" in desk.lines[0])
        await loopback.all_closed()
        await desk.until(lambda: not desk.ours())
        assert "Question" not in desk.transcript


async def test_quitting_right_behind_the_enter_leaves_nothing(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.type("Question")
        for key in ("enter", "ctrl+q"):
            desk.key(key)
        await desk.gone()
        await loopback.all_closed()
        assert not desk.ours()


async def test_what_came_before_a_stop_goes_back_to_the_model_as_it_was(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await in_the_middle(desk)
        await desk.press("escape")
        await exchange.wait_closed()
        exchange = await desk.ask("Go on")
        assert prompts(exchange) == [
            ("user", "Question"),
            ("assistant", PARTIAL),
            ("user", "Go on"),
        ]


async def test_a_stop_before_anything_came_leaves_nothing_to_send_back(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await before_the_head(desk)
        await desk.press("escape")
        await exchange.wait_closed()
        exchange = await desk.ask("Again")
        assert [role for role, _ in prompts(exchange)] == ["user"]
        assert "stopped" not in exchange.body.decode()


async def test_bytes_that_are_late_change_nothing(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await in_the_middle(desk)
        # All in one turn of the loop: the bytes lie in the socket, unread, when the reply is ended.
        delta = {"index": 0, "delta": {"type": "text_delta", "text": "POLLUTION"}}
        late = sse("content_block_delta", delta) + sse("message_stop", {})
        exchange.connection.transport.write(b"%x\r\n%b\r\n" % (len(late), late))
        assert desk._chat.cancel_reply(CancelledBy.STOP)
        await desk.sees("■ stopped by you")
        await desk.settle()
        assert "POLLUTION" not in desk.words
        assert "complete" not in desk.status
        exchange = await desk.ask("Next")
        assert ("assistant", PARTIAL) in prompts(exchange)


@pytest.mark.parametrize(
    ("leave", "come_back", "words"),
    [
        (by_new, by_opening, "you started a new conversation"),
        (by_switch, by_opening, "you left the conversation"),
        (by_delete, by_undo, "you deleted the conversation"),
    ],
)
async def test_the_ending_of_a_stopped_reply_is_there_when_one_comes_back(
    loopback: LoopbackServer, leave: Way, come_back: Way, words: str
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("An older one", "with its answer")
        await desk.press("ctrl+n")
        await in_the_middle(desk)
        await leave(desk)
        await desk.until(lambda: PARTIAL not in desk.transcript)
        await come_back(desk)
        await desk.sees(PARTIAL, f"■ stopped: {words}")


async def test_choosing_the_same_conversation_does_not_stop_its_reply(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await in_the_middle(desk)
        await desk.press("ctrl+o", "enter")
        await goes_on(desk, exchange)


async def test_undo_with_nothing_to_undo_does_not_stop_the_reply(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await in_the_middle(desk)
        await desk.say("/undo")
        await desk.sees("Nothing was deleted lately.")
        await goes_on(desk, exchange)


async def test_a_retry_while_a_reply_runs_starts_no_second_request(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await in_the_middle(desk)
        await desk.say("/retry")
        await desk.settle()
        assert loopback.unanswered() == 0
        await goes_on(desk, exchange)
        assert loopback.unanswered() == 0


async def test_deleting_another_conversation_leaves_this_ones_reply_alone(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("The other one", "Yes.")
        await desk.press("ctrl+n")
        exchange = await in_the_middle(desk)
        await desk.press("ctrl+o", "down", "ctrl+d")
        await desk.sees("Deleted “The other one”.")
        await desk.press("escape")
        await goes_on(desk, exchange)


async def test_a_stopped_reply_counts_no_time_any_more(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await in_the_middle(desk)
        await desk.press("escape")
        await desk.sees("■ stopped by you")
        before = desk.status
        await desk.settle()
        assert desk.status == before
