"""Keys that arrive together, as over a slow line, count in the order in which they were typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.histories import fill, talk
from tests.ui.desk import prompts, sit_down

if TYPE_CHECKING:
    from pathlib import Path

    from tests.loopback import LoopbackServer


async def test_what_is_typed_behind_a_new_conversation_is_sent_in_the_new_one(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.burst("ctrl+n", "h", "i", "enter")
        exchange = await loopback.next_exchange()
        assert prompts(exchange) == [("user", "hi")]
        await desk.until(lambda: desk.lines[0].startswith(" hi"))
        assert "First" not in desk.transcript
        assert desk.prompt == ""


async def test_what_is_sent_ahead_of_a_new_conversation_is_sent_in_the_old_one(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.burst("h", "i", "enter", "ctrl+n")
        await desk.until(lambda: "New conversation" in desk.lines[0])
        assert desk.prompt == ""
        await desk.press("ctrl+o", "down", "enter")
        await desk.sees("First", "One", "hi", "■ stopped: you started a new conversation")
        # Its request may have gone out or not; what has, is closed.
        if loopback.unanswered():
            exchange = await loopback.next_exchange()
            assert prompts(exchange)[0] == ("user", "First")
            assert prompts(exchange)[-1] == ("user", "hi")
            await exchange.wait_closed()


async def test_letters_ahead_of_a_new_conversation_are_the_draft_of_the_old_one(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.burst("a", "b", "ctrl+n", "c", "d")
        assert desk.prompt == "cd"
        await desk.press("ctrl+o", "down", "enter")
        await desk.until(lambda: desk.prompt == "ab")


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("a", "b", "backspace", "c", "left", "d"), "adc"),
        (("a", "b", "home", "c", "end", "d"), "cabd"),
        (("a", "b", "left", "delete", "c"), "ac"),
        (("a", "ctrl+j", "b"), "a\nb"),
        (("a", "b", "ctrl+u", "c"), "c"),
        (("a", "b", "c", "ctrl+c"), ""),
        (("a", "b", "ctrl+c", "c"), "c"),
    ],
)
async def test_editing_keys_count_between_the_letters_they_came_between(
    loopback: LoopbackServer, keys: tuple[str, ...], text: str
) -> None:
    async with sit_down(loopback) as desk:
        await desk.burst(*keys)
        await desk.until(lambda: desk.prompt == text)
        await desk.settle()
        assert desk.prompt == text
        assert desk.app.is_running


async def test_two_prompts_in_one_burst_are_sent_one_after_the_other(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.burst(*"one", "enter", *"two", "enter", *"three")
        exchange = await loopback.next_exchange()
        assert prompts(exchange) == [("user", "one")]
        await desk.waits("two", "sent when the reply is complete")
        assert desk.prompt == "three"
        assert loopback.unanswered() == 0
        await exchange.text("1")
        await exchange.finish()
        exchange = await loopback.next_exchange()
        assert prompts(exchange) == [("user", "one"), ("assistant", "1"), ("user", "two")]
        assert desk.prompt == "three"


async def test_something_sent_between_two_ctrl_c_keeps_rill_open(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.press("ctrl+c")
        await desk.status_says("ctrl+c again quits")
        # Not waited for in the status bar: the hint there goes by itself after a while.
        exchange = await desk.ask("Still here")
        await exchange.finish()
        await desk.until(lambda: not desk.ours())
        assert "again quits" not in desk.status
        await desk.press("ctrl+c")
        await desk.settle()
        assert not desk.app._exit
        await desk.status_says("ctrl+c again quits")


async def test_a_stop_between_two_ctrl_c_keeps_rill_open(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.press("escape", "ctrl+c")
        await desk.status_says("ctrl+c again quits")
        await desk.press("r")
        exchange = await loopback.next_exchange()
        await desk.press("ctrl+c")
        await exchange.wait_closed()
        await desk.press("ctrl+c")
        await desk.settle()
        assert not desk.app._exit
        await desk.status_says("ctrl+c again quits")


async def test_pages_are_turned_from_the_prompt_and_it_can_still_be_typed_in(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        answer = "".join(f"line {number}\n\n" for number in range(1, 61))
        await desk.answered("Many lines", answer)
        await desk.sees("line 60")
        await desk.press("a", "pageup", "b")
        await desk.until(lambda: "line 60" not in desk.transcript)
        assert desk.prompt == "ab"
        await desk.press("pagedown", "c")
        await desk.sees("line 60")
        assert desk.prompt == "abc"


async def test_an_edit_is_typed_and_sent_in_one_burst(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.burst("escape", "e", "!", "r", "enter", *"draft")
        exchange = await loopback.next_exchange()
        assert prompts(exchange) == [("user", "First!r")]
        await desk.settle()
        assert desk.prompt == "draft"


async def test_letters_behind_the_way_back_to_the_prompt_are_no_commands(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.burst("escape", "k", "i", *"re D")
        assert desk.prompt == "re D"
        assert "Deleted" not in desk.words
        assert loopback.unanswered() == 0


async def test_what_is_typed_before_the_asked_for_conversation_is_read_is_sent_in_it(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    path = tmp_path / "history.db"
    fill(path, [talk("tides", 2)])
    async with sit_down(loopback, history=path, resume="tides-conversation") as desk:
        await desk.burst(*"And", "enter", *"then")
        exchange = await loopback.next_exchange()
        assert [text for _, text in prompts(exchange)][-2:] == [
            "tides answers 1: grüezi 言葉",
            "And",
        ]
        await desk.until(lambda: desk.prompt == "then")
        await desk.press("ctrl+o")
        await desk.sees("Conversations · 1")
