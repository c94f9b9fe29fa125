"""From the enter key to the tick: what the server gets and what the screen shows meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.loopback import OPENING, sse
from tests.ui.desk import prompt_box, prompts, sit_down

if TYPE_CHECKING:
    from tests.loopback import FullQueue, LoopbackServer


async def test_the_server_gets_exactly_what_was_typed(loopback: LoopbackServer) -> None:
    async with sit_down(loopback, system="Be brief.") as desk:
        await desk.press(*"Hi, you!")
        await desk.press("enter")
        exchange = await loopback.next_exchange()
        assert exchange.json() == {
            "model": "loopback-1",
            "max_tokens": 1000,
            "stream": True,
            "system": "Be brief.",
            "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi, you!"}]}],
        }
        assert desk.prompt == ""
        assert "Hi, you!" in desk.transcript


async def test_a_prompt_on_the_command_line_is_sent_at_once(loopback: LoopbackServer) -> None:
    async with sit_down(loopback, first_prompt="From the shell") as desk:
        exchange = await loopback.next_exchange()
        assert prompts(exchange) == [("user", "From the shell")]
        await exchange.text("Welcome.")
        await exchange.finish()
        await desk.sees("Welcome.", "✓ complete")


async def test_spaces_and_blank_lines_inside_a_prompt_reach_the_server(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("  def f():\n\n      return 'ü€😀'")
        assert prompts(exchange) == [("user", "  def f():\n\n      return 'ü€😀'")]


async def test_nothing_but_blanks_is_not_sent(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.press("enter", "space", "enter", "ctrl+j", "enter")
        await desk.settle()
        assert not loopback.connections


async def test_text_appears_as_it_is_sent_and_not_only_at_the_end(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        await exchange.text("One")
        await desk.sees("One")
        await exchange.text(" two")
        await desk.sees("One two")
        assert "three" not in desk.words
        await exchange.text(" three")
        await desk.sees("One two three")
        assert "✓" not in desk.status
        await exchange.finish()
        await desk.status_says("✓ complete")
        assert "One two three" in desk.transcript


async def test_many_small_deltas_show_the_same_text_as_one(loopback: LoopbackServer) -> None:
    text = "Some *words*, `code`, and\n\n- a list\n- of two\n\nand an end."
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        await exchange.text(*text)
        await exchange.finish()
        await desk.sees("and an end.", "✓ complete")
        grown = desk.transcript
        await desk.say("/retry")
        exchange = await loopback.next_exchange()
        await exchange.text(text)
        await exchange.finish()
        await desk.sees("and an end.", "✓ complete")
        assert desk.transcript.replace(" 2/2", "") == grown


async def test_the_status_bar_says_what_is_waited_for_and_how_fast_it_goes(
    loopback: LoopbackServer, skip_clock
) -> None:
    async with sit_down(loopback) as desk:
        assert "replies up to 1,000 tokens (the test)" in desk.status
        exchange = await desk.ask()
        await desk.status_says("waiting for the first token")
        await exchange.head()
        await desk.settle()
        assert "waiting for the first token" in desk.status
        await exchange.text("x" * 400)
        await desk.status_says("● streaming")
        await desk.status_says("first token")
        assert "↑5" in desk.status
        assert "↓~100" in desk.status
        skip_clock(1.0)
        await desk.status_says("tok/s")
        await exchange.finish()
        await desk.status_says("✓ complete")
        assert "↑5 ↓7" in desk.status
        assert "~" not in desk.status


async def test_the_status_bar_names_the_address_that_does_not_answer(
    no_entrance: FullQueue,
) -> None:
    async with sit_down(no_entrance) as desk:
        await desk.say("Anyone?")
        await no_entrance.knocked()
        await desk.status_says(f"connecting to 127.0.0.1:{no_entrance.port}")


async def test_thinking_is_a_phase_of_its_own_and_shows_that_it_goes_on(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        start = {"index": 0, "content_block": {"type": "thinking", "thinking": ""}}
        await exchange.send(OPENING.partition(b"event: content_block_start")[0])
        await exchange.event("content_block_start", start)
        delta = {"type": "thinking_delta", "thinking": "Hm, hm."}
        await exchange.event("content_block_delta", {"index": 0, "delta": delta})
        await desk.status_says("● thinking")
        await desk.sees("▸ thinking · 7 characters")
        await exchange.event("content_block_delta", {"index": 0, "delta": delta})
        await desk.sees("▸ thinking · 14 characters")


async def test_silence_in_the_middle_is_said_while_it_lasts(
    loopback: LoopbackServer, skip_clock
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        skip_clock(12.0)
        await desk.status_matches(r"waiting for the first token · 1\d s")
        assert "silent" not in desk.status
        await exchange.text("Some")
        await desk.status_says("● streaming")
        assert "silent" not in desk.status
        skip_clock(12.0)
        await desk.status_matches(r"silent for 1\d s")
        await exchange.send(sse("ping", {}))
        await desk.until(lambda: "silent" not in desk.status)


@pytest.mark.parametrize("key", ["ctrl+j", "shift+enter", "alt+enter"])
async def test_a_line_can_be_broken_without_sending(loopback: LoopbackServer, key: str) -> None:
    async with sit_down(loopback) as desk:
        await desk.press("a", key, "b")
        assert desk.prompt == "a\nb"
        assert not loopback.connections
        await desk.press("enter")
        assert prompts(await loopback.next_exchange()) == [("user", "a\nb")]


async def test_the_prompt_grows_to_ten_lines_and_not_beyond(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        box = prompt_box(desk)
        for height in range(1, 11):
            await desk.until(lambda height=height: box.content_region.height == height)
            await desk.press("ctrl+j")
        await desk.press("ctrl+j")
        await desk.settle()
        assert box.content_region.height == 10
        await desk.press(*"end")
        assert "end" in desk.text


async def test_on_a_small_screen_the_prompt_leaves_room_for_the_reply(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback, size=(60, 14)) as desk:
        await desk.answered("First", "One")
        await desk.type("\n".join("abcdefghij"))
        await desk.settle()
        assert "One" in desk.transcript
        assert "✓ complete" in desk.text


async def test_the_prompt_can_be_written_in_during_every_phase(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        await desk.press("a")
        await exchange.head()
        await desk.press("b")
        await exchange.text("Some")
        await desk.sees("Some")
        await desk.press("c")
        await exchange.text(" more")
        await desk.press("d")
        await exchange.finish()
        await desk.status_says("✓")
        await desk.press("e")
        assert desk.prompt == "abcde"
        assert loopback.unanswered() == 0


async def test_the_prompt_can_be_written_in_while_connecting(no_entrance: FullQueue) -> None:
    async with sit_down(no_entrance) as desk:
        await desk.say("Anyone?")
        await no_entrance.knocked()
        await desk.press(*"hey", "ctrl+j", "x")
        assert desk.prompt == "hey\nx"
        await desk.status_says("connecting")


async def test_what_was_said_before_is_sent_along(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("One?", "1")
        exchange = await desk.ask("Two?")
        assert prompts(exchange) == [("user", "One?"), ("assistant", "1"), ("user", "Two?")]
        assert desk.transcript.index("One?") < desk.transcript.index("Two?")


async def test_the_title_bar_shows_the_first_prompt_and_the_model(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        assert "New conversation" in desk.lines[0]
        await desk.answered("What is a rill?", "A small stream.")
        await desk.answered("And a brook?", "A larger one.")
        assert "What is a rill?" in desk.lines[0]
        assert "anthropic/loopback-1" in desk.lines[0]


async def test_a_long_title_gives_way_to_the_model(loopback: LoopbackServer) -> None:
    async with sit_down(loopback, size=(50, 20)) as desk:
        await desk.ask("What is a rill? " * 20)
        assert desk.lines[0].strip().startswith("What is a rill?")
        assert desk.lines[0].rstrip().endswith("anthropic/loopback-1")
