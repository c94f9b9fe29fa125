"""How much of a reply is lost when `rill` is killed while it streams: the real app in a terminal.

    python tests/benchmarks/crash.py [--times N] [--at-once N]

Each time a `rill` in a pseudo-terminal asks a server on this machine, which sends 100 tokens a
second, and is killed with SIGKILL at a random moment. Then the history is opened as the next start
does it. What had been sent and is not there, was lost: its age is that of its first character at
the moment of the kill. Budget: 250 ms. What came back must be the beginning of what was sent.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.texts import tokens
from tests.loopback import LoopbackServer
from tests.terminal.terminal import RILL, Terminal, environment
from tui.chat.ending import Outcome
from tui.storage import reads
from tui.storage.history import History

if TYPE_CHECKING:
    from tests.loopback import Exchange

TOKENS = 250
PAUSE = 0.01


@dataclass
class Stream:
    """What one `rill` was sent: the moment and the length after each piece."""

    stop_at: int
    text: str = ""
    sent: list[tuple[float, int]] = field(default_factory=list)
    is_there: asyncio.Event = field(default_factory=asyncio.Event)

    async def play(self, exchange: Exchange) -> None:
        """100 tokens a second until nobody listens."""
        for number, piece in enumerate(tokens("prose", TOKENS)):
            if exchange.closed.is_set():
                return
            self.text += piece
            await exchange.text(piece)
            self.sent.append((time.monotonic(), len(self.text)))
            if number == self.stop_at:
                self.is_there.set()
            await asyncio.sleep(PAUSE)


async def kill_one(home: Path, server: LoopbackServer, streams: dict[str, Stream]) -> float:
    """Start one, kill it; the moment when."""
    stream = streams[home.name]
    command = (*RILL, "--base-url", server.base_url, "-m", "anthropic/x", f"go on {home.name}")
    rill = Terminal(command, environment(home), (120, 40))
    await stream.is_there.wait()
    await asyncio.sleep(PAUSE * (stream.stop_at % 7) / 7)
    moment = time.monotonic()
    os.kill(rill.process.pid, signal.SIGKILL)
    await rill.exit_code()
    await rill.close()
    return moment


async def lost(home: Path, stream: Stream, until: float) -> tuple[float, int]:
    """Milliseconds and characters."""
    history = History(home / "data" / "rill" / "history.db")
    start = await history.start()
    assert history.trouble is None, history.trouble
    (conversation_id,) = start.interrupted
    opened = await history.read(reads.load, conversation_id, history.presence)
    assert opened is not None
    prompt, reply = opened.kept.conversation.path()
    history.close(5)
    assert prompt.text == f"go on {home.name}"
    assert reply.ending is not None
    assert reply.ending.outcome is Outcome.INTERRUPTED
    assert stream.text.startswith(reply.text), "it is not what was sent"
    missing = [
        (moment, count)
        for moment, count in stream.sent
        if moment < until and count > len(reply.text)
    ]
    if not missing:
        return 0.0, 0
    return (until - missing[0][0]) * 1000, missing[-1][1] - len(reply.text)


async def measure(times: int, at_once: int) -> None:
    """All of them, some at once: mostly they wait."""
    random = Random(4)
    streams: dict[str, Stream] = {}
    turns = asyncio.Semaphore(at_once)

    async def serve() -> None:
        async with asyncio.TaskGroup() as playing:
            while True:
                exchange = await server.next_exchange()
                name = exchange.json()["messages"][0]["content"][0]["text"].split()[-1]
                playing.create_task(streams[name].play(exchange))

    async def one(number: int, folder: Path) -> tuple[float, int]:
        async with turns:
            home = folder / f"rill{number}"
            await asyncio.to_thread(home.mkdir)
            streams[home.name] = Stream(random.randrange(TOKENS))
            moment = await kill_one(home, server, streams)
            return await lost(home, streams[home.name], moment)

    async with LoopbackServer() as server:
        serving = asyncio.ensure_future(serve())
        with tempfile.TemporaryDirectory() as folder:
            found = await asyncio.gather(*(one(number, Path(folder)) for number in range(times)))
        serving.cancel()
        await asyncio.wait({serving})
    print(f"{'lost':<12}{'median':>8}{'95 %':>8}{'worst':>8}")
    for name, values in zip(("ms", "characters"), zip(*found, strict=True), strict=True):
        ordered = sorted(values)
        cells = (statistics.median(ordered), ordered[times * 19 // 20], ordered[-1])
        print(f"{name:<12}" + "".join(f"{cell:>8.0f}" for cell in cells))
    late = sum(ms > 250 for ms, _ in found)
    print(f"{times} times killed, {late} times more than 250 ms")


def main() -> None:
    """Kill and count."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=2)
    options = parser.parse_args()
    asyncio.run(measure(options.times, options.at_once))


if __name__ == "__main__":
    main()
