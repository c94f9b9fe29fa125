"""How far a reply may have come when something happens to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.loopback import Exchange, LoopbackServer
    from tests.terminal.terminal import Terminal

PHASES = ["before the head", "before the first token", "mid-stream"]


async def ask(terminal: Terminal, loopback: LoopbackServer, phase: str = "mid-stream") -> Exchange:
    """Ask for a reply that gets so far and no further; in mid-stream it ends in "to the sea"."""
    await terminal.send("go on")
    exchange = await loopback.next_exchange()
    match phase:
        case "before the head":
            await terminal.wait_for("esc stops")
        case "before the first token":
            await exchange.head()
            await terminal.wait_for("waiting for the first token")
        case _:
            await exchange.text("The rill runs down", " to the sea")
            await terminal.wait_for("to the sea")
    return exchange
