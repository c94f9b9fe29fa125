"""Whatever becomes of the process, the next one goes on where it was."""

from __future__ import annotations

import signal
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.terminal.phases import ask
from tests.ui.desk import prompts
from tui.storage.database import connect, transaction
from tui.storage.exchange.archive import open_archive
from tui.storage.records import Kept

if TYPE_CHECKING:
    from tests.loopback import LoopbackServer
    from tests.terminal.conftest import Desk

pytestmark = pytest.mark.terminal

PARTIAL = "The answer is long and"


async def test_a_reply_whose_process_was_killed_is_there_and_can_be_continued(
    desk: Desk, loopback: LoopbackServer
) -> None:
    rill = ("--base-url", loopback.base_url, "-m", "anthropic/x")
    terminal = await desk.open(*rill)
    await terminal.send("Well?")
    exchange = await loopback.next_exchange()
    await exchange.text(PARTIAL)
    await terminal.wait_for(PARTIAL)
    # What is on the screen may be younger than what is in the file; what comes next proves that
    # a write has happened in between.
    watching = desk.start(*rill, "another one, to look over its shoulder")
    await (await loopback.next_exchange()).finish()
    await watching.wait_for("✓ complete")
    watching.press("ctrl+o")
    await watching.wait_for("Well?")
    watching.press("down", "enter")
    await watching.wait_for("running in another Rill")
    await watching.wait_for(PARTIAL)
    terminal.signal(signal.SIGKILL)
    await watching.wait_for(f"interrupted at {len(PARTIAL)} characters")
    watching.press("ctrl+q")
    await watching.exit_code()

    again = desk.start(*rill, "-c")
    await again.wait_for(PARTIAL)
    await again.wait_for(f"interrupted at {len(PARTIAL)} characters · /continue · /retry")
    assert loopback.unanswered() == 0
    await again.send("/continue")
    exchange = await loopback.next_exchange()
    *before, (role, words) = prompts(exchange)
    assert before == [("user", "Well?"), ("assistant", PARTIAL)]
    assert role == "user"
    assert PARTIAL in words


async def test_after_a_kill_the_next_start_opens_where_it_was(
    desk: Desk, loopback: LoopbackServer
) -> None:
    terminal = await desk.open_on(loopback.base_url)
    await ask(terminal, loopback, "mid-stream")
    terminal.signal(signal.SIGKILL)
    await terminal.exit_code()
    again = desk.start("--base-url", loopback.base_url, "-m", "anthropic/x")
    await again.wait_for("interrupted at")
    await again.wait_for("/retry")
    assert loopback.unanswered() == 0


async def test_a_draft_survives_a_hang_up(desk: Desk, loopback: LoopbackServer) -> None:
    terminal = await desk.open_on(loopback.base_url)
    terminal.write("not sent yet")
    await terminal.wait_for("not sent yet")
    terminal.signal(signal.SIGHUP)
    assert await terminal.exit_code() == 129
    again = await desk.open_on(loopback.base_url)
    await again.wait_for("not sent yet")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
async def test_a_draft_survives_a_hang_up_while_another_program_locks_the_history(
    desk: Desk, loopback: LoopbackServer, number: signal.Signals
) -> None:
    terminal = await desk.open_on(loopback.base_url)
    with closing(connect(desk.home / "data" / "rill" / "history.db")) as db, transaction(db):
        terminal.write("not sent yet")
        await terminal.wait_for("not sent yet")
        terminal.signal(number)
        assert await terminal.exit_code() == 128 + number
    (rescued,) = (desk.home / "state" / "rill").glob("unsaved-*.json")
    (kept,) = open_archive(rescued)
    assert isinstance(kept, Kept)
    assert kept.draft == "not sent yet"


async def test_c_opens_the_last_conversation_and_sends_what_stands_behind_it(
    desk: Desk, loopback: LoopbackServer
) -> None:
    rill = ("--base-url", loopback.base_url, "-m", "anthropic/x")
    terminal = desk.start(*rill, "First?")
    exchange = await loopback.next_exchange()
    await exchange.text("One.")
    await exchange.finish()
    await terminal.wait_for("✓ complete")
    terminal.press("ctrl+q")
    assert await terminal.exit_code() == 0
    again = desk.start(*rill, "-c", "Second?")
    exchange = await loopback.next_exchange()
    assert prompts(exchange) == [("user", "First?"), ("assistant", "One."), ("user", "Second?")]
    await again.wait_for("One.")
