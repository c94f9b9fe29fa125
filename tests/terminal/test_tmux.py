"""Inside tmux, as people use it: a client in a terminal, a shell in its pane, Rill in the shell."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from tests.realserver import skip_without
from tests.terminal.phases import ask
from tests.terminal.terminal import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.loopback import LoopbackServer
    from tests.terminal.conftest import Desk
    from tests.terminal.terminal import Terminal

pytestmark = pytest.mark.terminal


@pytest.fixture
def tmux(desk: Desk) -> Iterator[Desk]:
    """A private tmux server with none of the user's settings."""
    program = shutil.which("tmux")
    if program is None:
        skip_without("tmux is not installed")
    # pytest's own folders have names too long for a socket.
    with tempfile.TemporaryDirectory() as folder:
        desk.environment |= {"TMUX_TMPDIR": folder, "SHELL": "/bin/sh", "PS1": "prompt> "}
        yield desk
        subprocess.run(
            [program, "-L", "rill", "kill-server"], env=desk.environment, check=False, timeout=10
        )


async def in_tmux(desk: Desk, *arguments: str) -> Terminal:
    """A shell in tmux with something on its screen, and Rill started from it."""
    terminal = desk.run("tmux", "-L", "rill", "-f", "/dev/null", "new-session", "/bin/sh")
    await terminal.wait_for("prompt>")
    terminal.write(f"cd {REPOSITORY}; clear; echo this was here before\r")
    await terminal.wait_for(lambda t: t.screen[0] == "this was here before")
    terminal.write(" ".join([sys.executable, "-m", "tui", *arguments]) + "; echo code $?\r")
    await terminal.wait_for("ready · ")
    return terminal


async def test_in_tmux_one_can_type_break_lines_send_and_read(tmux: Desk) -> None:
    terminal = await in_tmux(tmux)
    terminal.write("split")
    await terminal.wait_for("│ split")
    terminal.press("ctrl+j")
    terminal.write("second line")
    await terminal.wait_for("│ second line")
    terminal.press("enter")
    await terminal.wait_for("somebody put them together again")
    await terminal.wait_for("✓ complete")
    terminal.press("ctrl+q")
    await terminal.wait_for("code 0")
    assert "this was here before" in terminal.text
    assert "together again" not in terminal.text


async def test_in_tmux_escape_stops_the_reply(tmux: Desk, loopback: LoopbackServer) -> None:
    terminal = await in_tmux(tmux, "--base-url", loopback.base_url, "-m", "anthropic/x")
    exchange = await ask(terminal, loopback)
    terminal.press("escape")
    await exchange.wait_closed()
    await terminal.wait_for("stopped by you")


async def test_closing_the_pane_closes_the_connection(tmux: Desk, loopback: LoopbackServer) -> None:
    terminal = await in_tmux(tmux, "--base-url", loopback.base_url, "-m", "anthropic/x")
    exchange = await ask(terminal, loopback)
    terminal.press("ctrl+b", "&")
    await terminal.wait_for("(y/n)")
    terminal.write("y")
    await exchange.wait_closed()
    assert await terminal.exit_code() == 0


async def test_detaching_leaves_the_reply_alone(tmux: Desk, loopback: LoopbackServer) -> None:
    terminal = await in_tmux(tmux, "--base-url", loopback.base_url, "-m", "anthropic/x")
    await terminal.send("go on")
    exchange = await loopback.next_exchange()
    await exchange.text("The rill runs down")
    await terminal.wait_for("runs down")
    terminal.press("ctrl+b", "d")
    assert await terminal.exit_code() == 0
    await exchange.text(" to the sea")
    await exchange.finish()
    again = tmux.run("tmux", "-L", "rill", "-f", "/dev/null", "attach")
    await again.wait_for("to the sea")
    await again.wait_for("✓ complete")
