"""Against a server that we did not write: what the app claims must be what happened."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.realserver import REAL_MODEL, none_processing

if TYPE_CHECKING:
    from tests.terminal.conftest import Desk
    from tests.terminal.terminal import Terminal

pytestmark = [pytest.mark.terminal, pytest.mark.realserver]

STORY = "Tell a very long story about a river and every town that it passes."


async def on_real(desk: Desk, url: str, *arguments: str) -> Terminal:
    terminal = desk.start(
        "--base-url", url, "-m", f"anthropic/{REAL_MODEL}", *arguments, size=(120, 30)
    )
    await terminal.wait_for("enter sends")
    return terminal


def is_streaming(terminal: Terminal) -> bool:
    """It has written some text."""
    return "streaming" in terminal.status and bool(re.search(r"↓~?\d", terminal.status))


async def test_a_real_reply_is_shown_and_its_end_is_named(desk: Desk, real_server: str) -> None:
    terminal = await on_real(desk, real_server, "--max-tokens", "40")
    await terminal.send("Say hi.")
    await terminal.wait_for(
        lambda t: "✓ complete" in t.status or "max_tokens 40, set by --max-tokens" in t.status
    )
    terminal.press("ctrl+q")
    assert await terminal.exit_code() == 0


async def test_a_real_token_limit_is_named_in_the_bar(desk: Desk, real_server: str) -> None:
    terminal = await on_real(desk, real_server, "--max-tokens", "20", STORY)
    await terminal.wait_for(
        lambda t: "cut off at the token limit: max_tokens 20, set by --max-tokens" in t.status
    )


@pytest.mark.parametrize(
    ("way", "tokens"), [("escape", 2001), ("ctrl+c", 2002), ("ctrl+n", 2003), ("ctrl+q", 2004)]
)
async def test_leaving_a_real_reply_frees_the_server(
    desk: Desk, real_server: str, way: str, tokens: int
) -> None:
    terminal = await on_real(desk, real_server, "--max-tokens", str(tokens), STORY)
    await terminal.wait_for(is_streaming)
    terminal.press(way)
    if way == "ctrl+q":
        assert await terminal.exit_code() == 0
    elif way == "ctrl+n":
        await terminal.wait_for(lambda t: t.screen[0].strip().startswith("New conversation"))
    else:
        await terminal.wait_for(lambda t: "stopped by you" in t.status)
    await none_processing(real_server, tokens)


async def test_switching_away_from_a_real_reply_and_back_keeps_its_text(
    desk: Desk, real_server: str
) -> None:
    terminal = await on_real(desk, real_server, "--max-tokens", "2000", STORY)
    await terminal.wait_for(is_streaming)
    terminal.press("ctrl+n")
    await terminal.wait_for(lambda t: t.screen[0].strip().startswith("New conversation"))
    terminal.press("ctrl+o")
    await terminal.wait_for("2 messages")
    terminal.write("river")
    await terminal.wait_for(lambda t: "0 messages" not in t.text)
    terminal.press("enter")
    await terminal.wait_for("stopped: you started a new conversation")
