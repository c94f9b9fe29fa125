"""Fixtures for all tests: a scripted server on loopback, and something that talks to it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.loopback import LoopbackServer, full_queue, talk_to
from tests.realserver import real_ollama_url, real_server_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from tests.loopback import FullQueue, Talk

_NETWORK_VARIABLES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy, certificate or key of the machine that the tests happen to run on."""
    for name in _NETWORK_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def loopback() -> AsyncGenerator[LoopbackServer, None]:
    """A server that the test plays by hand."""
    async with LoopbackServer() as server:
        yield server


@pytest.fixture
async def talk(loopback: LoopbackServer) -> AsyncGenerator[Talk, None]:
    """A provider, a client and a conversation against `loopback`."""
    async with talk_to(loopback.base_url) as talk:
        yield talk


@pytest.fixture(scope="session")
def real_server() -> str:
    """The base URL of a real model server; mark the test `realserver`."""
    return real_server_url()


@pytest.fixture(scope="session")
def real_ollama() -> str:
    """The base URL of a server of Ollama's API that we did not write; mark it `realserver`."""
    return real_ollama_url()


@pytest.fixture
def no_entrance() -> Iterator[FullQueue]:
    """A port where connecting never ends."""
    if not Path("/proc/net/tcp").exists():
        pytest.skip("needs Linux: full listening queues and /proc/net/tcp")
    with full_queue() as queue:
        yield queue


@pytest.fixture
async def skip_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Call it with seconds: the running loop believes that so much time has passed.

    Limits of minutes can be tested to the second this way, and nothing has to wait for them.
    """
    loop = asyncio.get_running_loop()
    real = loop.time
    skipped = 0.0

    def skip(seconds: float) -> None:
        nonlocal skipped
        skipped += seconds

    monkeypatch.setattr(loop, "time", lambda: real() + skipped)
    return skip
