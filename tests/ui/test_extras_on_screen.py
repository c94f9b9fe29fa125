"""What a reply holds besides its text, and how much of it there was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.ui.desk import sit_down
from tests.ui.test_hostile_text import EVIL, MARKUP, harmless

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.loopback import LoopbackServer


async def test_a_source_is_named_once_under_the_reply(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        await exchange.text("The tide turns at six.")
        source = {"cited_text": "six", "title": "Tides", "url": "https://tides.example/a"}
        for citation in (source, source, {"cited_text": "x", "title": None, "url": "https://b.ex"}):
            delta = {"type": "citations_delta", "citation": citation}
            await exchange.event("content_block_delta", {"index": 0, "delta": delta})
        await exchange.finish()
        await desk.sees("source: Tides · https://tides.example/a", "source: https://b.ex")
        assert desk.transcript.count("Tides") == 1


async def test_thinking_that_was_withheld_is_said_to_be(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        await exchange.event("message_start", {"message": {"id": "m", "usage": {}}})
        block = {"type": "redacted_thinking", "data": "b3BhcXVl"}
        await exchange.event("content_block_start", {"index": 0, "content_block": block})
        await exchange.event("content_block_stop", {"index": 0})
        await exchange.finish()
        await desk.sees("some of the thinking was withheld by the provider")
        assert "b3BhcXVl" not in desk.text


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (('{"city": "Köln",', ' "days": 2}'), '→ tides {"city": "Köln", "days": 2}'),
        (('{"city": "Kö',), "→ tides: its input was never completed"),
        ((), "→ tides {}"),
    ],
)
async def test_a_tool_call_is_shown_with_its_input(
    loopback: LoopbackServer, pieces: tuple[str, ...], shown: str
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        await exchange.text("Let me look.")
        tool = {"type": "tool_use", "id": "toolu_1", "name": "tides", "input": {}}
        await exchange.event("content_block_start", {"index": 1, "content_block": tool})
        for piece in pieces:
            delta = {"type": "input_json_delta", "partial_json": piece}
            await exchange.event("content_block_delta", {"index": 1, "delta": delta})
        await exchange.event("content_block_stop", {"index": 1})
        await exchange.finish("tool_use")
        await desk.until(lambda: shown in desk.transcript)


async def test_what_is_below_a_reply_cannot_drive_the_terminal(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        await exchange.text("Some text.")
        citation = {"cited_text": EVIL, "title": EVIL, "url": f"https://x/{EVIL}"}
        delta = {"type": "citations_delta", "citation": citation}
        await exchange.event("content_block_delta", {"index": 0, "delta": delta})
        tool = {"type": "tool_use", "id": "toolu_1", "name": f"t {MARKUP[:20]}", "input": {}}
        await exchange.event("content_block_start", {"index": 1, "content_block": tool})
        delta = {"type": "input_json_delta", "partial_json": json.dumps({EVIL: [EVIL]})}
        await exchange.event("content_block_delta", {"index": 1, "delta": delta})
        await exchange.event("content_block_stop", {"index": 1})
        await exchange.finish("tool_use")
        await desk.sees("source: ", f"→ t {MARKUP[:20]}")
        assert f"source: {MARKUP}" in desk.transcript
        assert f'{{"{MARKUP}' in desk.transcript
        await harmless(desk)


async def test_a_line_end_in_two_pieces_is_one_line_end(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        for piece in ("First line\r", "\n\r", "\nSecond line, a lone \r", "here"):
            await exchange.text(piece)
            await desk.settle()
        await exchange.finish()
        await desk.sees("First line", "Second line, a lone ␍here", "✓")
        assert desk.transcript.count("␍") == 1
        rows = [line for line in desk.lines if "First line" in line or "Second line" in line]
        assert len(rows) == 2


async def test_a_stopped_reply_shows_an_estimate_and_not_the_count_it_began_with(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        # OPENING has counted 5 tokens in and, so far, 1 out.
        await exchange.text("x" * 400)
        await desk.sees("x" * 50)
        await desk.press("escape")
        await exchange.wait_closed()
        await desk.status_says("■ stopped by you")
        assert "↑5 ↓~100" in desk.status


async def test_a_complete_reply_shows_the_providers_own_count(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("Hello?", "x" * 400)
        assert "↑5 ↓7" in desk.status
        assert "~" not in desk.status


async def test_a_long_error_keeps_what_helps_to_ask_about_it(loopback: LoopbackServer) -> None:
    async with sit_down(loopback, size=(320, 20)) as desk:
        exchange = await desk.ask()
        error = {"type": "invalid_request_error", "message": "too long " * 600}
        await exchange.respond(
            400, json.dumps({"error": error}), headers={"request-id": "req_long"}
        )
        await desk.sees("✗ too long")
        facts = "(invalid_request_error, HTTP 400, request req_long)"
        await desk.until(lambda: facts in desk.transcript)
        assert facts in desk.status
        assert desk.status.endswith("/retry")


async def test_two_calls_alike_are_two(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        for number in range(2):
            tool = {"type": "tool_use", "id": f"toolu_{number}", "name": "tides", "input": {}}
            started = {"index": number, "content_block": tool}
            await exchange.event("content_block_start", started)
            await exchange.event("content_block_stop", {"index": number})
        await exchange.finish("tool_use")
        await desk.until(lambda: desk.transcript.count("→ tides {}") == 2)


async def test_a_reply_is_headed_by_the_model_that_answers_as_soon_as_it_is_known(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback, model="alias") as desk:
        exchange = await desk.ask("Who is it?")
        await desk.sees("Who is it? alias")
        await exchange.text("It is ")
        await desk.sees("Who is it? loopback-1 It is")
        await exchange.text("me.")
        await exchange.finish()
        await desk.status_says("✓")
        await desk.sees("loopback-1 It is me.")


async def test_a_tool_call_counts_for_the_speed_while_it_streams(
    loopback: LoopbackServer, skip_clock: Callable[[float], None]
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        tool = {"type": "tool_use", "id": "toolu_1", "name": "tides", "input": {}}
        await exchange.event("content_block_start", {"index": 0, "content_block": tool})
        delta = {"type": "input_json_delta", "partial_json": '{"city": "' + "x" * 30}
        await exchange.event("content_block_delta", {"index": 0, "delta": delta})
        await desk.status_says("↓~10")
        skip_clock(2)
        await desk.status_matches(r"~[1-9]\d* tok/s")
