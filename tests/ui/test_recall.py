"""Up and down walk through everything that was ever written, and lose nothing on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.histories import fill, talk
from tests.ui.desk import sit_down

if TYPE_CHECKING:
    from pathlib import Path

    from tests.loopback import LoopbackServer
    from tests.ui.desk import Desk


async def walk(desk: Desk, *steps: tuple[str, str]) -> None:
    """Press keys, each of which brings a prompt."""
    for key, prompt in steps:
        await desk.press(key)
        await desk.until(lambda prompt=prompt: desk.prompt == prompt)


async def test_up_goes_to_older_prompts_and_down_back_to_what_was_being_written(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.press("ctrl+n")
        await desk.answered("Second\nin two lines", "Two")
        await desk.type("half a tho")
        await walk(desk, ("up", "Second\nin two lines"))
        for key in ("up", "down", "up"):  # within the two lines
            await desk.press(key)
            await desk.settle()
            assert desk.prompt == "Second\nin two lines"
        await walk(desk, ("up", "First"))
        await desk.press("up")
        await desk.settle()
        assert desk.prompt == "First"
        await walk(desk, ("down", "Second\nin two lines"), ("down", "half a tho"))
        await desk.press("down")
        await desk.settle()
        assert desk.prompt == "half a tho"


async def test_prompts_of_earlier_runs_are_there(loopback: LoopbackServer, tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    fill(path, [talk("tides", 2)])
    async with sit_down(loopback, history=path) as desk:
        await walk(desk, ("up", "tides asks 1"), ("up", "tides asks 0"), ("down", "tides asks 1"))


async def test_what_was_made_of_an_earlier_prompt_is_not_lost_by_walking_on(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.answered("Second", "Two")
        await walk(desk, ("up", "Second"), ("!", "Second!"), ("up", "Second"), ("up", "First"))
        await walk(desk, ("down", "Second"), ("down", "Second!"))


async def test_nor_by_sending_the_one_before_it(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.answered("Second", "Two")
        await walk(desk, ("up", "Second"), ("!", "Second!"), ("up", "Second"))
        await desk.press("enter")
        await (await loopback.next_exchange()).finish()
        await desk.until(lambda: not desk.ours())
        await walk(desk, ("up", "Second"), ("up", "Second!"))


async def test_what_ctrl_c_has_cleared_is_the_first_that_comes_back(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.type("never sent")
        await desk.press("ctrl+c")
        assert desk.prompt == ""
        await walk(desk, ("up", "never sent"), ("up", "First"))


async def test_what_was_sent_since_is_the_first_that_comes_back(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await walk(desk, ("up", "First"), ("down", ""))
        await desk.answered("Second", "Two")
        await walk(desk, ("up", "Second"), ("up", "First"))


async def test_the_same_prompt_sent_often_comes_once(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        for text in ("Other", "Same", "Same"):
            await desk.answered(text, "Yes")
        await walk(desk, ("up", "Same"), ("up", "Other"))


async def test_with_nothing_written_yet_up_changes_nothing(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        for key in ("up", "up", "down"):
            await desk.press(key)
            await desk.settle()
            assert desk.prompt == ""
        await desk.type("half a tho")
        await desk.press("up", "down")
        await desk.settle()
        assert desk.prompt == "half a tho"


async def test_a_prompt_that_was_looked_for_comes_into_the_box_and_what_was_there_is_kept(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        for text in ("About apples", "About pears"):
            await desk.answered(text, "Yes")
        await desk.type("half a tho")
        await desk.press("ctrl+r", *"appl", "enter")
        await desk.until(lambda: desk.prompt == "About apples")
        await walk(desk, ("up", "half a tho"))
        await desk.press("ctrl+c", "?")
        assert desk.prompt == "?"
        assert loopback.unanswered() == 0
