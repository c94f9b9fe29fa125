"""The list, the help and the palette lie over the chat, and change nothing below by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ui.desk import sit_down
from tui.ui.theme_files import load_themes, themes_folder

if TYPE_CHECKING:
    from tests.loopback import LoopbackServer


@pytest.mark.parametrize(
    ("key", "sign"),
    [
        ("ctrl+o", "Type to filter"),
        ("f1", "Keys and commands"),
        ("ctrl+p", "Start a new conversation"),
    ],
)
async def test_ctrl_c_stops_the_reply_below_a_dialog(
    loopback: LoopbackServer, key: str, sign: str
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("Question")
        await exchange.text("Half a sent")
        await desk.sees("Half a sent")
        await desk.press(key)
        await desk.sees(sign)
        assert not exchange.closed.is_set()
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
