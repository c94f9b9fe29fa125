"""`rill demo`: the server on its own, for any client that speaks the Messages API."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from tui.demo.server import DemoServer

if TYPE_CHECKING:
    from collections.abc import Iterator

_WELCOME = """\
The Rill demo speaks the Anthropic Messages API on {url} (any key will do, or none).

  rill --base-url {url} -m anthropic/rill-demo
  rill ask --base-url {url} -m anthropic/rill-demo help
  curl -N {url}/v1/messages -H 'content-type: application/json' -d \
'{{"model":"rill-demo","max_tokens":4096,"stream":true,\
"messages":[{{"role":"user","content":"help"}}]}}'

The prompt `help` lists what it can play. Ctrl-C stops it."""


async def serve(port: int = 0, host: str = "127.0.0.1", out: TextIO | None = None) -> None:
    """Serve until SIGINT or SIGTERM, then return; or until cancelled, then raise that.

    Prints how to reach it and a line whenever a request begins or ends, to `out` or else to
    standard output. Raises `UsageError` if it cannot listen there.
    """
    stream = sys.stdout if out is None else out

    def say(line: str) -> None:
        stream.write(f"{line}\n")
        stream.flush()

    stopped = asyncio.Event()
    server = DemoServer(log=say)
    await server.start(host, port)
    async with server:
        say(_WELCOME.format(url=server.base_url))
        with _signals_set(stopped):
            await stopped.wait()


@contextmanager
def _signals_set(event: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    taken = []
    for signum in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(signum, event.set)
        except (NotImplementedError, ValueError, RuntimeError):
            break  # not on this platform, or not in the main thread
        taken.append(signum)
    try:
        yield
    finally:
        for signum in taken:
            loop.remove_signal_handler(signum)
