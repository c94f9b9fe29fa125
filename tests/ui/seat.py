"""What everybody does who sits at a screen in a test, whatever is on it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

from textual import events
from textual.app import App
from textual.keys import _character_to_key

from tests.loopback import SAFETY_NET

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

_App = TypeVar("_App", bound=App[None])


class Seat(Generic[_App]):
    """Keys go in, what the screen would show now comes out, and what is due is waited for."""

    def __init__(self, app: _App, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def lines(self) -> list[str]:
        """The lines of the screen, top to bottom."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        """Every line of the screen."""
        return "\n".join(self.lines)

    def key(self, key: str) -> None:
        """A key arrives; nothing has come of it yet."""
        character = {"space": " "}.get(key, key if len(key) == 1 else None)
        name = _character_to_key(key) if len(key) == 1 else key
        self.app._driver.send_message(events.Key(name, character))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until it is so; what the screen showed is in the failure."""
        try:
            async with asyncio.timeout(SAFETY_NET / 4):
                while not condition():
                    await self.pilot.pause(0.001)
        except TimeoutError:
            raise AssertionError(f"it never came about; the screen shows:\n{self.text}") from None

    async def settle(self) -> None:
        """Let everything that is under way have its effect: for what must not happen."""
        for _ in range(3):
            await self.pilot.pause()
