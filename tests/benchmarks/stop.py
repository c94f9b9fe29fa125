"""How long from the stop key, written to the pseudo-terminal, until the server sees the close.

    python tests/benchmarks/stop.py [--times N]

One `rill`, one loopback server, both on this machine; every phase of a reply in turn, each key so
many times. Budget: 50 ms with ctrl+c; escape adds the 100 ms in which Textual waits whether it was
the beginning of a longer sequence. While connecting there is no server to see anything: there the
moment counts at which the kernel has no connection attempt any more.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.loopback import LoopbackServer, full_queue
from tests.terminal.terminal import RILL, Terminal, environment

if TYPE_CHECKING:
    from tests.loopback import Exchange

PHASES = ("before the head", "before the first token", "mid-stream", "stall")
KEYS = ("ctrl+c", "escape")


async def talk(exchange: Exchange) -> None:
    """200 tokens a second until nobody listens."""
    number = 0
    while not exchange.closed.is_set():
        number += 1
        await exchange.text(f"word{number} ")
        await asyncio.sleep(0.005)


async def stop_once(rill: Terminal, server: LoopbackServer, phase: str, key: str) -> float:
    """Milliseconds from the key to the close."""
    await rill.send("go on")
    exchange = await server.next_exchange()
    talking = None
    if phase == "before the first token":
        await exchange.head()
        await rill.wait_for(lambda t: "waiting for the first token" in t.status)
    elif phase == "stall":
        await exchange.text("silence from here")
        await rill.wait_for("silence from here")
    elif phase == "mid-stream":
        talking = asyncio.ensure_future(talk(exchange))
        await rill.wait_for("word40 ")
    else:
        await rill.wait_for(lambda t: "esc stops" in t.status)
    start = time.perf_counter()
    rill.press(key)
    await exchange.wait_closed()
    spent = time.perf_counter() - start
    if talking is not None:
        await talking
    await next_one(rill)
    return spent * 1000


async def next_one(rill: Terminal) -> None:
    """An empty conversation, so that every stop finds the same screen."""
    await rill.wait_for(lambda t: "stopped by you" in t.status)
    rill.press("ctrl+n")
    await rill.wait_for(lambda t: "ready · " in t.status)


async def stop_connecting(times: int, key: str) -> list[float]:
    """The same while connecting never ends."""
    spent = []
    with full_queue() as queue:
        rill = await start(queue.base_url)
        for _ in range(times):
            await rill.send("go on")
            await queue.knocked()
            await rill.wait_for(lambda t: "connecting to" in t.status)
            start_of_it = time.perf_counter()
            rill.press(key)
            while queue.knocking():  # noqa: ASYNC110 - the kernel has no event for it
                await asyncio.sleep(0)
            spent.append((time.perf_counter() - start_of_it) * 1000)
            await next_one(rill)
        await rill.close()
    return spent


async def start(base_url: str) -> Terminal:
    """`rill`, ready."""
    command = (*RILL, "--base-url", base_url, "-m", "anthropic/x")
    rill = Terminal(command, environment(Path(tempfile.mkdtemp())), (120, 40))
    await rill.wait_for("ready · ")
    return rill


async def measure(times: int) -> None:
    print(f"{'ms until the close, 120x40':<28}{'key':<8}{'min':>8}{'median':>8}{'max':>8}")
    for key in KEYS:
        report("connecting", key, await stop_connecting(times, key))
    async with LoopbackServer() as server:
        rill = await start(server.base_url)
        for phase in PHASES:
            for key in KEYS:
                report(
                    phase, key, [await stop_once(rill, server, phase, key) for _ in range(times)]
                )
        await rill.close()


def report(phase: str, key: str, spent: list[float]) -> None:
    cells = "".join(f"{f(spent):>8.1f}" for f in (min, statistics.median, max))
    print(f"{phase:<28}{key:<8}{cells}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=10)
    asyncio.run(measure(parser.parse_args().times))


if __name__ == "__main__":
    main()
