"""What the terminal is made to show, and what it must never be made to do."""

from __future__ import annotations

import asyncio
import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tui.demo.server import DemoServer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.loopback import LoopbackServer
    from tests.terminal.conftest import Desk
    from tests.terminal.terminal import Terminal

pytestmark = pytest.mark.terminal

SIZES = [(40, 12), (80, 24), (120, 40), (200, 60)]
WORDS = " ".join(f"w{number:03}" for number in range(60))


@pytest.fixture
async def demo() -> AsyncGenerator[DemoServer, None]:
    """The demo's server in a hurry."""
    async with DemoServer(sleep=lambda _: asyncio.sleep(0)) as server:
        yield server


async def play(desk: Desk, demo: DemoServer, prompt: str, size: tuple[int, int]) -> Terminal:
    """A reply of the demo, to its end."""
    terminal = desk.start("--base-url", demo.base_url, "-m", "anthropic/x", prompt, size=size)
    await terminal.wait_for(lambda t: t.status.startswith(("✓", "✗")))
    return terminal


def without_pointer(raw: bytes) -> bytes:
    """Without the one command to the operating system that is Textual's own: the mouse pointer."""
    return re.sub(rb"\x1b\]22;[a-z-]*\x07", b"", raw)


@pytest.mark.parametrize("size", SIZES)
async def test_it_can_be_used_in_any_size(desk: Desk, size: tuple[int, int]) -> None:
    terminal = await desk.open(size=size)
    await terminal.send("stop_sequence")
    await terminal.wait_for(lambda t: "◆" in t.status)
    assert all(len(row) <= size[0] for row in terminal.screen)
    rows = terminal.screen
    top = next(number for number, row in enumerate(rows) if row.startswith("╭"))
    assert rows[top].endswith("╮")
    assert [row[:1] for row in rows[top:]].count("╰") == 1
    terminal.press("ctrl+q")
    assert await terminal.exit_code() == 0


async def test_a_resize_while_streaming_lays_the_text_out_again(
    desk: Desk, loopback: LoopbackServer
) -> None:
    terminal = await desk.open_on(loopback.base_url)
    await terminal.send("go on")
    exchange = await loopback.next_exchange()
    await exchange.text(WORDS)
    await terminal.wait_for("w059")
    for number, (columns, rows) in enumerate([(120, 40), (60, 24), (200, 60), (80, 24)]):
        terminal.resize(columns, rows)
        # The prompt box is as wide as the new screen, and below its last row is status and footer.
        await terminal.wait_for(
            lambda t, columns=columns: t.screen[-3].startswith("╰") and len(t.screen[-3]) == columns
        )
        await exchange.text(f" more{number}")
        await terminal.wait_for(f"more{number}")
        found = [row.split() for row in terminal.screen if re.search(r"w\d\d\d", row)]
        lines = [" ".join(word for word in row if word[0] in "wm") for row in found]
        assert " ".join(lines).startswith(WORDS)
        for line, after in pairwise(lines):
            # No line is longer than the screen or shorter than it had to be.
            assert len(line) <= columns
            assert len(line) + 1 + len(after.split()[0]) > columns - 12
    await exchange.finish()
    await terminal.wait_for(lambda t: "✓" in t.status)


async def test_a_hostile_reply_drives_nothing(desk: Desk, demo: DemoServer) -> None:
    terminal = await play(desk, demo, "hostile", (120, 60))
    await terminal.wait_for("and that is all.")
    raw = without_pointer(bytes(terminal.raw))
    assert b"\x1b]" not in raw, "an operating system command: a title, a link, the clipboard"
    assert b"\x1bP" not in raw
    assert b"\x1b[6n" not in raw
    assert b"\x1b[c" not in raw
    assert b"\x1b[31m" not in raw
    assert b"\x1b[2J" not in raw.partition(b"\x1b[?1049h")[2]
    assert b"\x1b[201~" not in raw
    assert not re.search(rb"[\x00\x07\x08\x0b\x0c\x7f]", raw)
    text = raw.decode()
    assert not re.search(r"[\x80-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]", text)
    assert terminal.bells == 0
    for shown in ("␛[31mred␛[0m", "␛]0;owned", "␛]52;c;b3duZWQ=␛", "[red]x[/red]", "[/]"):
        assert shown in terminal.text
    assert "hostile" in terminal.screen[0]


async def test_a_hostile_error_drives_nothing(desk: Desk, demo: DemoServer) -> None:
    terminal = await play(desk, demo, "hostile error", (160, 40))
    raw = without_pointer(bytes(terminal.raw))
    assert b"\x1b]" not in raw
    assert not re.search(rb"[\x00\x07\x08\x0b\x0c\x7f]", raw)
    assert "␛" in terminal.text


async def test_a_hostile_prompt_drives_nothing(desk: Desk, loopback: LoopbackServer) -> None:
    evil = "title \x1b]0;owned\x07 \x9b31m [red]x[/red] [/] end"
    terminal = desk.start(
        *("--base-url", loopback.base_url, "-m", "anthropic/[b]x\x1b]0;m\x07", evil), size=(120, 30)
    )
    exchange = await loopback.next_exchange()
    assert exchange.json()["messages"][-1]["content"]
    await terminal.wait_for("[red]x[/red] [/] end")
    raw = without_pointer(bytes(terminal.raw))
    assert b"\x1b]" not in raw
    assert b"\x07" not in raw
    assert "␛]0;owned" in terminal.screen[0]


async def test_idle_it_paints_nothing_but_the_cursor(desk: Desk) -> None:
    terminal = await desk.open(size=(120, 40))

    def frames() -> list[bytes]:
        return bytes(terminal.raw).split(b"\x1b[?2026h")[1:]

    def rows(frame: bytes) -> set[bytes]:
        """The rows that were painted; the last move only puts the cursor back."""
        return set(re.findall(rb"\x1b\[(\d+);\d+H", frame)[:-1])

    # As soon as the cursor blinks undisturbed, nothing but its row may be painted any more.
    prompt_row = {b"37"}
    await terminal.wait_for(lambda _: [rows(frame) for frame in frames()[-3:]] == [prompt_row] * 3)
    begun = len(frames())
    await terminal.wait_for(lambda _: len(frames()) >= begun + 4)
    assert all(rows(frame) == prompt_row for frame in frames()[begun:-1])
    assert all(len(frame) < 400 for frame in frames()[begun:])


async def test_the_terminals_cursor_is_where_one_types_also_after_the_box_has_moved(
    desk: Desk,
) -> None:
    """An input method opens its window there, before Rill has seen a single key."""
    terminal = await desk.open(size=(80, 24))
    await terminal.wait_for(lambda t: t.cursor == (2, 20))
    terminal.resize(100, 40)
    await terminal.wait_for(lambda t: t.cursor == (2, 36))
    terminal.write("小川")
    await terminal.wait_for(lambda t: t.cursor == (6, 36))
    terminal.press("ctrl+j")
    await terminal.wait_for(lambda t: t.cursor == (2, 36) and t.screen[35].startswith("│ 小"))


async def test_wide_characters_do_not_shift_the_frame(desk: Desk, demo: DemoServer) -> None:
    terminal = await play(desk, demo, "table", (80, 40))
    await terminal.wait_for("That was the table.")
    assert all(row.endswith(("╮", "╯", "│")) for row in terminal.screen if row[:1] in set("╭╰│"))
