"""How long a start takes, beside the least that a program of that kind needs.

    python tests/benchmarks/start.py [--rounds N]

- the app: exec → a typed key is echoed on the screen, beside the naive app (a Markdown widget in a
  VerticalScroll and an Input, httpx and httpx-sse imported). Budget: 1.2 times.
- `rill ask`: exec → the whole request has reached the server, beside a bare httpx script.
  Budget: twice the time.
- `rill ask --help`: exec → exit, beside Python that does nothing.

Every round runs each once; medians of all rounds. Bytecode is compiled, files are in the cache.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.loopback import LoopbackServer
from tests.terminal.terminal import REPOSITORY, RILL, Terminal, environment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

# A letter that stands on neither screen.
LETTER = "ж"

NAIVE_APP = """
import httpx
import httpx_sse
from textual.app import App
from textual.containers import VerticalScroll
from textual.widgets import Input, Markdown


class Naive(App):
    AUTO_FOCUS = "Input"

    def compose(self):
        with VerticalScroll(can_focus=False):
            yield Markdown()
        yield Input()

    def on_mount(self):
        self.client = httpx.AsyncClient()

    async def on_input_submitted(self, event):
        self.run_worker(self.reply(event.value))

    async def reply(self, prompt):
        stream = Markdown.get_stream(self.query_one(Markdown))
        async with httpx_sse.aconnect_sse(self.client, "POST", "/v1/messages") as source:
            async for event in source.aiter_sse():
                await stream.write(event.data)


Naive().run()
"""

BARE_REQUEST = """
import sys
import httpx

body = {"model": "x", "max_tokens": 8192, "stream": True,
        "messages": [{"role": "user", "content": "hello"}]}
with httpx.Client() as client:
    with client.stream("POST", sys.argv[1] + "/v1/messages", json=body) as response:
        for _ in response.iter_lines():
            pass
"""


async def until_echo(command: Sequence[str], home: Path) -> float:
    """Seconds until a key is echoed, having been pressed again and again."""
    start = time.perf_counter()
    terminal = Terminal(command, environment(home), (120, 40))

    def is_echoed(terminal: Terminal) -> bool:
        return LETTER.encode() in terminal.raw

    def is_raw(terminal: Terminal) -> bool:
        return b"\x1b[?1004h" in terminal.raw

    # Before that, the terminal itself would echo.
    await terminal.wait_for(is_raw)
    while not is_echoed(terminal):
        terminal.write(LETTER)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.004):
                await terminal.wait_for(is_echoed)
    spent = time.perf_counter() - start
    await terminal.close()
    return spent


async def until_exit(command: Sequence[str], home: Path) -> float:
    """Seconds until it has ended."""
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *command, cwd=REPOSITORY, env=environment(home), stdout=asyncio.subprocess.DEVNULL
    )
    await process.wait()
    return time.perf_counter() - start


async def until_request(command: Sequence[str], home: Path, server: LoopbackServer) -> float:
    """Seconds until the server has the whole request."""
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=REPOSITORY,
        env=environment(home),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    exchange = await server.next_exchange()
    spent = time.perf_counter() - start
    await exchange.text("hello")
    await exchange.finish()
    await process.wait()
    return spent


async def measure(rounds: int) -> None:
    home = Path(tempfile.mkdtemp())
    python = sys.executable
    naive = home / "naive.py"
    naive.write_text(NAIVE_APP, encoding="utf-8")
    bare = home / "bare.py"
    bare.write_text(BARE_REQUEST, encoding="utf-8")
    async with LoopbackServer() as server:
        ask = (*RILL, "ask", "--base-url", server.base_url, "-m", "anthropic/x", "hello")
        runs: dict[str, Callable[[], Awaitable[float]]] = {
            "app": lambda: until_echo(RILL, home),
            "naive app": lambda: until_echo((python, str(naive)), home),
            "ask": lambda: until_request(ask, home, server),
            "bare httpx": lambda: until_request((python, str(bare), server.base_url), home, server),
            "ask --help": lambda: until_exit((*RILL, "ask", "--help"), home),
            "python": lambda: until_exit((python, "-c", ""), home),
        }
        spent: dict[str, list[float]] = {name: [] for name in runs}
        for number in range(rounds + 1):
            for name, run in runs.items():
                seconds = await run()
                if number:  # the first one compiles and fills the cache
                    spent[name].append(seconds * 1000)
    for name, times in spent.items():
        print(f"{name:<12}{min(times):>8.0f}{statistics.median(times):>8.0f}{max(times):>8.0f}  ms")
    medians = {name: statistics.median(times) for name, times in spent.items()}
    print(f"app ÷ naive app   {medians['app'] / medians['naive app']:.2f}  (budget 1.2)")
    print(f"ask ÷ bare httpx  {medians['ask'] / medians['bare httpx']:.2f}  (budget 2)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores; {'':<12}min, median, max")
    asyncio.run(measure(options.rounds))


if __name__ == "__main__":
    main()
