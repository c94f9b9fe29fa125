"""Commands in a terminal: what they say there that a pipe does not want."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.cli.providers import answer_list, entry, servers, table, tables
from tui.catalogue import Catalogue, Listing
from tui.providers.base import Model

if TYPE_CHECKING:
    from tests.loopback import LoopbackServer
    from tests.terminal.conftest import Desk

pytestmark = pytest.mark.terminal


async def test_a_terminal_gets_a_line_above_each_list_and_names_that_fit(
    desk: Desk, loopback: LoopbackServer
) -> None:
    desk.write_config(table("here", loopback.base_url) + table("far", "http://models.invalid"))
    kept = Listing("far", "http://models.invalid", time.time() - 90, (Model("m", "m"),))
    Catalogue(desk.home / "state" / "rill" / "models").keep(kept)
    terminal = desk.start("models", "here", "far", size=(60, 10))
    name = "A name that is much too long for this terminal, and says so"
    sizes = {"max_input_tokens": 200_000, "max_tokens": 64_000}
    await answer_list(
        await loopback.next_exchange(), entry("one", display_name=name, **sizes), entry("two")
    )
    assert await terminal.exit_code() == 0
    assert [line.rstrip() for line in terminal.screen][:6] == [
        "here: 2 models",
        "here/one  A name that is much too…  200k context  64k output",
        "here/two",
        "",
        "far: 1 model, listed 1 min ago",
        "far/m",
    ]


@pytest.mark.parametrize("command", ["models", "doctor"])
async def test_a_terminal_is_told_for_whom_it_waits_and_nothing_of_that_stays(
    desk: Desk, command: str
) -> None:
    async with servers("quick", "slow") as found:
        desk.write_config(tables(found))
        terminal = desk.start(command, *(found if command == "models" else ()), size=(100, 20))
        slow = await found["slow"].next_exchange()
        await answer_list(await found["quick"].next_exchange())
        await terminal.wait_for("waiting for slow")
        await answer_list(slow)
        assert await terminal.exit_code() == 0
    assert "waiting" not in terminal.text
    assert "asking" not in terminal.text
