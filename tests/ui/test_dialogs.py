"""The list, the help and the palette lie over the chat, and change nothing below by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ui.desk import sit_down
from tui.storage.settings import Settings
from tui.ui.theme_files import load_themes, themes_folder

if TYPE_CHECKING:
    from tests.loopback import Exchange, LoopbackServer
    from tests.ui.desk import Desk


DIALOGS = [
    ("ctrl+o", "Type to find titles and messages"),
    ("f1", "Keys and commands"),
    ("ctrl+p", "Search for commands"),
]


async def covered(desk: Desk, key: str, sign: str) -> Exchange:
    """A reply that is under way below a dialog."""
    exchange = await desk.begun("Question", "Half a sent")
    await desk.press(key)
    await desk.sees(sign)
    assert not exchange.closed.is_set()
    return exchange


@pytest.mark.parametrize(("key", "sign"), DIALOGS)
async def test_a_dialog_does_not_stop_the_reply_below_it(
    loopback: LoopbackServer, key: str, sign: str
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await covered(desk, key, sign)
        await exchange.text("ence.")
        await desk.press("escape")
        await desk.sees("Half a sentence.")
        assert not exchange.closed.is_set()
        await exchange.finish()
        await desk.status_says("✓ complete")


@pytest.mark.parametrize(("key", "sign"), DIALOGS)
async def test_ctrl_c_stops_the_reply_below_a_dialog(
    loopback: LoopbackServer, key: str, sign: str
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await covered(desk, key, sign)
        await desk.press("ctrl+c")
        await exchange.wait_closed()
        await desk.until(lambda: not desk.ours())
        assert desk.app.is_running
        await desk.press("escape")
        await desk.sees("Half a sent", "■ stopped by you")


async def test_the_palette_offers_rills_themes_and_no_others(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        ours = {theme.name for theme in load_themes(themes_folder())}
        assert set(desk.app.available_themes) == ours
        await desk.press("ctrl+p", *"theme")
        await desk.sees("Change the theme")
        await desk.press("down", "enter")
        await desk.sees(*ours)
        assert "textual-dark" not in desk.words
        assert "nord" not in desk.words


@pytest.mark.parametrize("key", ["f2", "escape", "q"])
async def test_help_closes_by_the_key_that_opened_it(loopback: LoopbackServer, key: str) -> None:
    async with sit_down(loopback, settings=Settings(keys={"help": "f2"})) as desk:
        await desk.press("f2")
        await desk.sees("Keys and commands")
        await desk.press(key)
        await desk.until(lambda: "Keys and commands" not in desk.words)


async def test_in_a_list_the_key_of_the_palette_moves_up(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        for name in ("First", "Second"):
            await desk.press("ctrl+n")
            await desk.answered(name, f"to {name}")
        await desk.press("ctrl+o")
        await desk.sees("Conversations · 2")
        await desk.burst("ctrl+n", "ctrl+p", "ctrl+n", "enter")
        await desk.until(lambda: "First" in desk.lines[0])
        await desk.press("ctrl+r")
        await desk.sees("Earlier prompts", "· First")
        await desk.burst("ctrl+n", "ctrl+p", "enter")
        await desk.until(lambda: desk.prompt == "Second")


@pytest.mark.parametrize("key", ["ctrl+o", "ctrl+r", "f1", "f2"])
async def test_no_palette_lies_over_a_dialog(loopback: LoopbackServer, key: str) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.press(key, "ctrl+p")
        await desk.settle()
        assert "Search for commands" not in desk.words
        await desk.press("escape")
        await desk.until(lambda: desk._chat.is_active)
        await desk.press("ctrl+p")
        await desk.sees("Search for commands")


@pytest.mark.parametrize(("key", "sign"), [*DIALOGS, ("f2", "enter renames")])
async def test_ctrl_c_closes_a_dialog_and_leaves_what_is_typed_below(
    loopback: LoopbackServer, key: str, sign: str
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.type("half a tho")
        await desk.press(key)
        await desk.sees(sign)
        await desk.press("ctrl+c")
        await desk.until(lambda: sign not in desk.words)
        assert desk.prompt == "half a tho"
        await desk.press("ctrl+c")
        assert desk.prompt == ""
