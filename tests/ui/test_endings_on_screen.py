"""Every way a reply can end is said in words: in the status bar and under the message.

The text that came stays, the prompt stays, and the box is ready for the next one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.loopback import OPENING
from tests.ui.desk import prompts, sit_down

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.loopback import Exchange, LoopbackServer
    from tests.ui.desk import Desk

PARTIAL = "What had come so far."


async def begun(desk: Desk) -> Exchange:
    return await desk.begun("The question", PARTIAL)


async def ended(desk: Desk, mark: str, words: str) -> None:
    """Said twice, the text kept, and the next prompt can be sent."""
    notice = f"{mark} {words}"
    await desk.sees(notice)
    await desk.until(lambda: notice in desk.transcript)
    # The status bar has one line, and its end may be cut.
    await desk.until(lambda: desk.status.startswith(notice[:60]))
    assert "The question" in desk.transcript
    await desk.press("n", "e", "x", "t")
    assert desk.prompt == "next"


async def test_the_end_of_a_turn_needs_no_notice(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await begun(desk)
        await exchange.finish()
        await desk.status_says("✓ complete")
        assert desk.transcript.endswith(PARTIAL)
        assert "/retry" not in desk.status


@pytest.mark.parametrize(
    ("stop_reason", "more", "mark", "words"),
    [
        (
            "max_tokens",
            {},
            "▲",
            "cut off at the token limit: max_tokens 1,000, set by the test",
        ),
        ("stop_sequence", {"stop_sequence": "###"}, "◆", "stopped at the stop sequence “###”"),
        ("pause_turn", {}, "▲", "paused by the server (pause_turn)"),
        (
            "refusal",
            {"stop_details": {"category": "cyber", "explanation": "No."}},
            "▲",
            "the model declined (cyber): No",
        ),
        ("model_context_window_exceeded", {}, "▲", "the context window is full"),
        ("quota_of_the_moon", {}, "▲", "stop reason: quota_of_the_moon"),
    ],
)
async def test_a_stop_reason_is_said_in_words(
    loopback: LoopbackServer, stop_reason: str, more: dict[str, object], mark: str, words: str
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await begun(desk)
        await exchange.finish(stop_reason, **more)
        await ended(desk, mark, words)
        assert PARTIAL in desk.transcript


async def test_a_reply_that_wants_a_tool_names_it(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await begun(desk)
        tool = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}
        await exchange.event("content_block_start", {"index": 1, "content_block": tool})
        await exchange.event("content_block_stop", {"index": 1})
        await exchange.finish("tool_use")
        await ended(desk, "◆", "wants to use get_weather; Rill cannot run tools yet")


async def test_a_budget_that_thinking_used_up_is_not_an_empty_reply(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("The question")
        await exchange.send(OPENING.partition(b"event: content_block_start")[0])
        block = {"type": "thinking", "thinking": "Long thoughts"}
        await exchange.event("content_block_start", {"index": 0, "content_block": block})
        await exchange.finish("max_tokens")
        await ended(desk, "▲", "0 visible tokens: thinking used 7 of 1,000 tokens (max_tokens)")


async def test_an_error_in_the_middle_is_told_in_the_providers_words(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("The question")
        await exchange.head(headers={"request-id": "req_middle"})
        await exchange.text(PARTIAL)
        await desk.sees(PARTIAL)
        error = {"type": "overloaded_error", "message": "Overloaded, sorry"}
        await exchange.event("error", {"error": error})
        await ended(desk, "✗", "Overloaded, sorry (overloaded_error, request req_middle)")
        assert PARTIAL in desk.transcript
        assert loopback.unanswered() == 0


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (429, "rate_limit_error"),
        (529, "overloaded_error"),
    ],
)
async def test_an_http_error_is_told_in_the_providers_words(
    loopback: LoopbackServer, status: int, kind: str
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("The question")
        body = {"type": "error", "error": {"type": kind, "message": f"No: {kind}"}}
        await exchange.respond(status, json.dumps(body), headers={"request-id": "req_7"})
        await ended(desk, "✗", f"No: {kind} ({kind}, HTTP {status}, request req_7)")
        await desk.settle()
        assert loopback.unanswered() == 0
        assert "/retry" in desk.text


async def test_nobody_listening_is_told_with_the_address(loopback: LoopbackServer) -> None:
    port = loopback.port
    async with sit_down(loopback) as desk:
        loopback._server.close()
        await loopback._server.wait_closed()
        await desk.say("The question")
        await ended(desk, "✗", f"Nothing listens at http://127.0.0.1:{port} (connection refused)")


@pytest.mark.parametrize("how", ["end", "reset"])
async def test_a_stream_that_just_ends_is_called_cut(loopback: LoopbackServer, how: str) -> None:
    async with sit_down(loopback) as desk:
        exchange = await begun(desk)
        await getattr(exchange, how)()
        await ended(desk, "▲", f"connection closed early after {len(PARTIAL)} characters")
        assert PARTIAL in desk.transcript
        assert "/retry" in desk.status


async def test_silence_beyond_the_limit_is_called_that(
    loopback: LoopbackServer, skip_time: Callable[[float], None]
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await begun(desk)
        skip_time(21)
        await ended(desk, "▲", "silent for 20 s, so given up; 21 characters kept")
        assert "/retry" in desk.status
        await exchange.wait_closed()


async def test_a_stop_is_said_to_be_yours(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await begun(desk)
        await desk.press("escape")
        await ended(desk, "■", "stopped by you")
        assert PARTIAL in desk.transcript
        assert "/retry" in desk.status


async def test_an_answer_that_is_no_stream_is_an_error(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("The question")
        await exchange.respond(200, "<html>Log in to the café</html>", "text/html")
        await desk.status_says("✗")
        assert "(invalid_response" in desk.words
        assert "The question" in desk.transcript


async def test_after_a_failure_the_next_prompt_is_answered(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await begun(desk)
        await exchange.reset()
        await desk.status_says("▲")
        exchange = await desk.ask("Again")
        assert prompts(exchange)[-1] == ("user", "Again")
        assert ("assistant", PARTIAL) in prompts(exchange)
        await exchange.text("Fine now.")
        await exchange.finish()
        await desk.sees("Fine now.", "✓ complete")


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (60, "■ stopped by … · reply marked · r asks again · D deletes"),
        (50, "reply marked · r asks again · D deletes"),
        (34, "reply marked · r asks again ·…"),
    ],
)
async def test_where_there_is_no_room_for_both_it_is_what_can_be_done_that_is_said(
    loopback: LoopbackServer, columns: int, shown: str
) -> None:
    async with sit_down(loopback, size=(columns, 24)) as desk:
        await begun(desk)
        await desk.press("escape")
        await desk.status_says("■ stopp")
        await desk.press("escape", "K")
        await desk.until(lambda: "marked" in desk.status)
        assert desk.status == shown
