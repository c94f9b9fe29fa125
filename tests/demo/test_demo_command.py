"""`rill demo`: what it prints, and how it stops."""

import asyncio
import io
import os
import re
import signal

import httpx
import pytest

from tui.demo.command import serve
from tui.errors import UsageError


class Out(io.StringIO):
    """Remembers lines and says when one with a certain text is there."""

    def __init__(self):
        super().__init__()
        self.flushed = asyncio.Event()

    def flush(self):
        self.flushed.set()

    async def line_with(self, text):
        while text not in self.getvalue():
            self.flushed.clear()
            await self.flushed.wait()
        return next(line for line in self.getvalue().splitlines() if text in line)


async def test_it_prints_its_address_and_a_line_for_each_request():
    out = Out()
    serving = asyncio.create_task(serve(0, "127.0.0.1", out))
    url = re.search(r"http://127.0.0.1:\d+", await out.line_with("Messages API"))[0]
    assert f"rill --base-url {url} -m anthropic/rill-demo" in out.getvalue()
    assert f"curl -N {url}/v1/messages" in out.getvalue()
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{url}/v1/models")).status_code == 200
    await out.line_with("#1 GET /v1/models → finished: status 200")
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_as_if_nothing_had_happened(signum):
    out = Out()
    serving = asyncio.create_task(serve(0, "127.0.0.1", out))
    await out.line_with("Ctrl-C stops it.")
    os.kill(os.getpid(), signum)
    assert await serving is None


async def test_a_port_in_use_is_a_usage_error(server):
    with pytest.raises(UsageError, match="already in use"):
        await serve(server.port, "127.0.0.1", Out())
