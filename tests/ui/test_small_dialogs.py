"""Dialogs on a small terminal: every line can be reached, every hint is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ui.desk import sit_down
from tui.chat.parameters import PARAMETERS

if TYPE_CHECKING:
    from tests.loopback import LoopbackServer


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
async def test_every_line_that_one_goes_to_can_be_seen(
    loopback: LoopbackServer, size: tuple[int, int]
) -> None:
    async with sit_down(loopback, size=size) as desk:
        await desk.press("f4")
        await desk.sees("Asked of anthropic/loopback-1", "enter keeps it")
        for name in [*PARAMETERS, "system"]:
            desk.key("7")
            await desk.sees(f"{name} 7")
            await desk.press("backspace", "down")
        await desk.sees("max_tokens 1,000")


async def test_a_complaint_is_seen_together_with_its_line(loopback: LoopbackServer) -> None:
    async with sit_down(loopback, size=(40, 12)) as desk:
        await desk.press("f4", "up", "up", "w", "a", "r", "m", "enter")
        await desk.sees(
            "thinking_budget warm", "thinking_budget must be a whole number, not 'warm'."
        )
        await desk.press("up")
        await desk.sees("effort", "must be a whole number")


async def test_where_a_key_is_entered_the_hints_are_seen(loopback: LoopbackServer) -> None:
    async with sit_down(loopback, size=(40, 12)) as desk:
        await desk.say("/key")
        await desk.sees("API key of anthropic", "Paste or type the key", "Now it comes from")
        await desk.sees("enter uses it · ctrl+s keeps it")
