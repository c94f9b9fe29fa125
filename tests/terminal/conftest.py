"""`rill` in a terminal of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.terminal.terminal import RILL, Terminal, environment

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path


class Desk:
    """Opens terminals in an empty home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = environment(home)
        self._terminals: list[Terminal] = []

    def write_config(self, text: str) -> None:
        """Write `config.toml`."""
        path = self.home / "config" / "rill" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def start(self, *arguments: str, size: tuple[int, int] = (80, 24)) -> Terminal:
        """Start `rill`."""
        return self.run(*RILL, *arguments, size=size)

    def run(self, *command: str, size: tuple[int, int] = (80, 24)) -> Terminal:
        """Start any program."""
        self._terminals.append(terminal := Terminal(command, self.environment, size))
        return terminal

    async def open(self, *arguments: str, size: tuple[int, int] = (80, 24)) -> Terminal:
        """Start `rill` and wait until it can be used."""
        terminal = self.start(*arguments, size=size)
        await terminal.wait_for("ready · ")
        return terminal

    async def open_on(self, base_url: str, *arguments: str, **more: tuple[int, int]) -> Terminal:
        """The same, on a server that speaks the Messages API."""
        return await self.open("--base-url", base_url, "-m", "anthropic/x", *arguments, **more)

    async def clear(self) -> None:
        """End what a failed test has left."""
        for terminal in self._terminals:
            await terminal.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk, None]:
    """A place to open terminals at."""
    desk = Desk(tmp_path)
    yield desk
    await desk.clear()
