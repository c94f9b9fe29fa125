"""However Rill ends: the terminal is as it was, the process is gone, and so is the request."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.terminal.phases import PHASES, ask
from tests.terminal.terminal import (
    ALTERNATE_SCREEN,
    CURSOR,
    FOCUS,
    MOUSE_MODES,
    PASTE,
    RESIZE_REPORTS,
    SYNCHRONISED,
    WRAP,
)

if TYPE_CHECKING:
    from tests.loopback import Exchange, FullQueue, LoopbackServer
    from tests.terminal.conftest import Desk
    from tests.terminal.terminal import Terminal

pytestmark = pytest.mark.terminal

SIGNALS = [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]


def assert_restored(terminal: Terminal) -> None:
    """Everything that was switched on is off, and the terminal's attributes are the old ones."""
    modes = terminal.modes()
    assert modes[CURSOR]
    assert modes.get(WRAP, True)
    left_on = [
        mode
        for mode in (ALTERNATE_SCREEN, PASTE, FOCUS, RESIZE_REPORTS, SYNCHRONISED, *MOUSE_MODES)
        if modes.get(mode, False)
    ]
    assert left_on == []
    raw = bytes(terminal.raw)
    assert raw.count(b"\x1b[>") == raw.count(b"\x1b[<u"), "the keyboard mode is still pushed"
    assert raw.rfind(b"\x1b[<u") < raw.rfind(b"\x1b[?1049l"), "popped on the wrong screen"
    assert terminal.attributes == terminal.attributes_before
    assert terminal.text.strip() == ""


async def in_phase(
    desk: Desk, loopback: LoopbackServer, phase: str = "mid-stream"
) -> tuple[Terminal, Exchange]:
    """A reply that has got so far and gets no further."""
    terminal = await desk.open_on(loopback.base_url)
    return terminal, await ask(terminal, loopback, phase)


async def test_quitting_restores_the_terminal(desk: Desk) -> None:
    terminal = await desk.open()
    assert terminal.modes()[ALTERNATE_SCREEN]
    terminal.press("ctrl+q")
    assert await terminal.exit_code() == 0
    assert_restored(terminal)


async def test_quitting_in_mid_stream_restores_the_terminal(
    desk: Desk, loopback: LoopbackServer
) -> None:
    terminal, exchange = await in_phase(desk, loopback)
    terminal.press("ctrl+q")
    await exchange.wait_closed()
    assert await terminal.exit_code() == 0
    assert_restored(terminal)


@pytest.mark.parametrize(("number", "code"), SIGNALS)
async def test_a_signal_restores_the_terminal(
    desk: Desk, number: signal.Signals, code: int
) -> None:
    terminal = await desk.open()
    terminal.signal(number)
    assert await terminal.exit_code() == code
    assert_restored(terminal)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize(("number", "code"), SIGNALS)
async def test_a_signal_closes_the_connection(
    desk: Desk, loopback: LoopbackServer, phase: str, number: signal.Signals, code: int
) -> None:
    terminal, exchange = await in_phase(desk, loopback, phase)
    terminal.signal(number)
    await exchange.wait_closed()
    assert await terminal.exit_code() == code
    assert_restored(terminal)


async def test_a_signal_ends_an_attempt_to_connect(desk: Desk, no_entrance: FullQueue) -> None:
    terminal = await desk.open_on(no_entrance.base_url)
    await terminal.send("anybody there?")
    await no_entrance.knocked()
    terminal.signal(signal.SIGTERM)
    assert await terminal.exit_code() == 143
    assert_restored(terminal)


@pytest.mark.parametrize("stopped", [False, True])
async def test_a_name_that_is_still_looked_up_does_not_keep_the_process(
    desk: Desk, stopped: bool
) -> None:
    """A resolver that never answers holds a thread that nothing can stop."""
    (desk.home / "sitecustomize.py").write_text(
        "import socket, threading\nsocket.getaddrinfo = lambda *_, **__: threading.Event().wait()\n"
    )
    desk.environment["PYTHONPATH"] = str(desk.home)
    terminal = await desk.open_on("http://model.example:8080")
    await terminal.send("anybody there?")
    await terminal.wait_for(lambda t: "connecting to" in t.status)
    if stopped:
        terminal.press("escape")
        await terminal.wait_for(lambda t: "stopped by you" in t.status)
    terminal.press("ctrl+q")
    assert await terminal.exit_code() == 0
    assert_restored(terminal)


@pytest.mark.parametrize("phase", PHASES)
async def test_hanging_up_ends_the_process_and_its_request(
    desk: Desk, loopback: LoopbackServer, phase: str
) -> None:
    terminal, exchange = await in_phase(desk, loopback, phase)
    terminal.hang_up()
    await exchange.wait_closed()
    assert await terminal.exit_code() == 129


async def test_hanging_up_while_nothing_runs_ends_the_process(desk: Desk) -> None:
    terminal = await desk.open()
    terminal.hang_up()
    assert await terminal.exit_code() == 129


@pytest.mark.parametrize(("way", "code"), [("hang up", 129), ("SIGTERM", 143), ("ctrl+q", 0)])
async def test_leaving_while_much_is_being_painted_is_as_quiet(
    desk: Desk, way: str, code: int
) -> None:
    # Several at once, because it is a matter of the moment.
    terminals = [desk.start("burst 20000") for _ in range(3)]
    for terminal in terminals:
        await terminal.wait_for(lambda t: "streaming" in t.status)
        match way:
            case "hang up":
                terminal.hang_up()
            case "SIGTERM":
                terminal.signal(signal.SIGTERM)
            case _:
                terminal.press(way)
    for terminal in terminals:
        assert await terminal.exit_code() == code
        assert b"Traceback" not in terminal.raw


async def test_a_terminal_that_nobody_reads_does_not_keep_the_process(
    desk: Desk, loopback: LoopbackServer
) -> None:
    """ctrl+s, or an ssh connection that hangs: the pty's buffer is full, and every write blocks."""
    terminal, exchange = await in_phase(desk, loopback)
    terminal.look_away()
    await exchange.text(*(f"word {number} and a line\n\n" for number in range(3000)))
    terminal.signal(signal.SIGTERM)
    await exchange.wait_closed()
    assert await terminal.exit_code() == 143


async def test_not_even_when_everything_in_it_waits_for_the_terminal(
    desk: Desk, loopback: LoopbackServer
) -> None:
    terminal, exchange = await in_phase(desk, loopback)
    terminal.look_away()
    with suppress(TimeoutError):
        while True:  # until it does not even read from its server any more
            async with asyncio.timeout(2):
                await exchange.text("words and lines\n\n" * 2000)
    terminal.signal(signal.SIGTERM)
    assert await terminal.exit_code() == 143


async def test_kill_9_closes_the_connection(desk: Desk, loopback: LoopbackServer) -> None:
    terminal, exchange = await in_phase(desk, loopback)
    terminal.signal(signal.SIGKILL)
    await exchange.wait_closed()
    assert await terminal.exit_code() == -signal.SIGKILL


@pytest.mark.parametrize(
    ("arguments", "config", "words"),
    [
        ((), 'theme = "no-such-theme"\n', "line 1: theme is 'no-such-theme'"),
        ((), "[keys]\nfly = 'f2'\n", "keys.fly is not an action"),
        ((), "theme = \n", "config.toml"),
        (("--base-url", "nonsense"), "", "--base-url"),
        (("--max-tokens", "0"), "", "--max-tokens"),
        (("-m", "nobody/x"), "", "nobody"),
    ],
)
async def test_what_cannot_be_used_is_said_without_touching_the_terminal(
    desk: Desk, arguments: tuple[str, ...], config: str, words: str
) -> None:
    desk.write_config(config)
    terminal = desk.start(*arguments, size=(160, 24))
    assert await terminal.exit_code() == 2
    assert terminal.text.startswith("rill: ")
    assert words in terminal.text
    assert b"\x1b[" not in terminal.raw
    assert terminal.attributes == terminal.attributes_before
