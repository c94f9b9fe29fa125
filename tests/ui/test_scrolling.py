"""The reader owns the scroll."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.ui.desk import sit_down
from tui.storage.settings import Settings

if TYPE_CHECKING:
    from tests.loopback import Exchange, LoopbackServer
    from tests.ui.desk import Desk


def paragraphs(first: int, last: int) -> str:
    return "".join(f"line {number}\n\n" for number in range(first, last + 1))


async def long_reply(desk: Desk) -> Exchange:
    exchange = await desk.ask("Many lines")
    await exchange.text(paragraphs(1, 60))
    await desk.sees("line 60")
    return exchange


async def reread(desk: Desk) -> None:
    """A long reply has ended, and its reader has gone back to the beginning."""
    exchange = await long_reply(desk)
    await exchange.finish()
    await desk.status_says("✓")
    await desk.press("escape", "g")
    await desk.sees("Many lines")


def new_lines(desk: Desk) -> int:
    match = re.search(r"↓ (\d+) new line", desk.status)
    return int(match.group(1)) if match else 0


async def test_the_screen_follows_the_stream(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await long_reply(desk)
        await exchange.text(paragraphs(61, 90))
        await desk.sees("line 90")
        assert "line 61 " not in desk.transcript
        assert new_lines(desk) == 0


@pytest.mark.parametrize("way", ["k", "up"])
async def test_whoever_scrolls_up_stays_there_and_is_told_what_comes(
    loopback: LoopbackServer, way: str
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await long_reply(desk)
        await desk.type("still here")
        # The first escape stops a running reply; the mouse and tab do not.
        await desk.press("shift+tab", *[way] * 5)
        before = desk.transcript
        assert "line 60" not in before
        await exchange.text(paragraphs(61, 70))
        await desk.until(lambda: new_lines(desk) == 20)
        assert desk.transcript == before
        await exchange.text(paragraphs(71, 80))
        await desk.until(lambda: new_lines(desk) == 40)
        assert desk.transcript == before
        await exchange.finish()
        await desk.status_says("✓")
        assert desk.transcript == before
        assert new_lines(desk) == 40


@pytest.mark.parametrize("way", ["end", "G"])
async def test_end_follows_again(loopback: LoopbackServer, way: str) -> None:
    async with sit_down(loopback) as desk:
        exchange = await long_reply(desk)
        await desk.press("shift+tab", "g")
        await desk.sees("Many lines", "line 1")
        await exchange.text(paragraphs(61, 70))
        await desk.until(lambda: new_lines(desk) > 0)
        await desk.press(way)
        await desk.until(lambda: "line 70" in desk.transcript and not new_lines(desk))
        await exchange.text(paragraphs(71, 90))
        await desk.sees("line 90")
        assert new_lines(desk) == 0


async def test_the_end_command_follows_again_from_the_prompt(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await long_reply(desk)
        await desk.press("shift+tab", "g")
        await desk.sees("Many lines")
        await desk.press("i")
        await desk.say("/end")
        await desk.sees("line 60")
        await exchange.text(paragraphs(61, 90))
        await desk.sees("line 90")


async def test_sending_follows_again(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await reread(desk)
        await desk.press("i")
        exchange = await desk.ask("One more")
        await desk.sees("One more")
        await exchange.text(paragraphs(101, 160))
        await desk.sees("line 160")


async def test_g_and_j_and_k_move_through_a_conversation(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await reread(desk)
        await desk.press(*"jjjjj")
        await desk.until(lambda: "Many lines" not in desk.transcript)
        await desk.press(*"kkkkk")
        await desk.until(lambda: "Many lines" in desk.transcript)
        await desk.press("G")
        await desk.sees("line 60")
        assert new_lines(desk) == 0


async def test_end_in_an_empty_prompt_follows_again_and_in_a_full_one_does_not(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await long_reply(desk)
        await desk.press("pageup")
        await desk.until(lambda: "line 60" not in desk.transcript)
        await desk.type("draft")
        await desk.press("home", "end")
        await desk.type("s")
        assert desk.prompt.strip().startswith("drafts")
        assert "line 60" not in desk.transcript
        await desk.press("ctrl+u", "end")
        await desk.sees("line 60")
        await exchange.finish()


async def test_hints_name_the_keys_that_the_person_chose(loopback: LoopbackServer) -> None:
    chosen = {"send": "ctrl+s", "recall": "ctrl+y", "follow": "f4", "stop": "f8"}
    async with sit_down(loopback, settings=Settings(keys=chosen)) as desk:
        await desk.sees("ctrl+s sends · ctrl+j new line")
        exchange = await desk.ask("Many lines", key="ctrl+s")
        await exchange.text(paragraphs(1, 60))
        await desk.sees("line 60")
        await desk.status_says("f8 stops")
        await desk.say("Next", key="ctrl+s")
        await desk.sees("ctrl+y takes back the last")
        await desk.press("pageup")
        await exchange.text(paragraphs(61, 70))
        await desk.until(lambda: "(f4)" in desk.status)
        await desk.press("f8")
        await desk.sees("ctrl+s sends the next")


async def test_help_can_be_read_on_a_narrow_screen(loopback: LoopbackServer) -> None:
    async with sit_down(loopback, size=(40, 24)) as desk:
        await desk.press("f1")
        await desk.sees("ctrl+q  /quit", "Quit Rill", "Start a new conversation")


@pytest.mark.parametrize("layout", ["a narrower screen", "unfolded thinking"])
async def test_lines_that_only_break_elsewhere_are_not_counted_as_new(
    loopback: LoopbackServer, layout: str
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("Many lines")
        delta = {"type": "thinking_delta", "thinking": "a thought\n" * 20}
        await exchange.event("content_block_delta", {"index": 1, "delta": delta})
        words = "".join(f"line {number} {'word ' * 15}\n\n" for number in range(1, 61))
        await exchange.text(words)
        await desk.sees("line 60")
        await desk.press("shift+tab", "k")
        await exchange.text("line 61\n\n")
        await desk.until(lambda: new_lines(desk) == 2)
        if layout == "unfolded thinking":
            await desk.press("space")
        else:
            await desk.pilot.resize_terminal(60, 40)
        await desk.settle()
        await desk.press("j", "k")
        assert new_lines(desk) == 2
        await exchange.text("line 62\n\n")
        await desk.until(lambda: new_lines(desk) == 4)
        await exchange.finish()
