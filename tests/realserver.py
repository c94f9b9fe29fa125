"""What tests need that a machine may not have: real model servers, tmux.

`.ci/run` brings all of it and sets `RILL_REQUIRE_ALL=1`: there, what is missing fails.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, NoReturn

import httpx
import pytest

from tests.loopback import SAFETY_NET

REAL_MODEL = "tiny"


def skip_without(what: str) -> NoReturn:
    """Skip the test because `what` is missing, or fail it where everything has to be there."""
    if os.environ.get("RILL_REQUIRE_ALL") == "1":
        pytest.fail(f"{what}, and RILL_REQUIRE_ALL=1 says that nothing may be skipped")
    pytest.skip(what)


def real_server_url() -> str:
    """The base URL of llama.cpp's own server, which speaks three APIs and has `REAL_MODEL`."""
    url = os.environ.get("RILL_REAL_URL", "")
    if not url:
        skip_without("no real model server: RILL_REAL_URL is not set (.ci/run starts one)")
    return url


def real_ollama_url() -> str:
    """The base URL of a server that speaks Ollama's API; the prompt picks the answer."""
    url = os.environ.get("RILL_REAL_OLLAMA_URL", "")
    if not url:
        skip_without("no server of Ollama's API: RILL_REAL_OLLAMA_URL is not set (see .ci/run)")
    return url


async def processing(url: str) -> list[Any]:
    """What the server is working on, as it says itself: the parameters of each request."""
    async with httpx.AsyncClient(timeout=SAFETY_NET) as client:
        slots = (await client.get(f"{url}/slots")).json()
    return [slot["params"] for slot in slots if slot["is_processing"]]


async def none_processing(url: str, tokens: int) -> None:
    """Wait until it works on no request with this limit, which tells ours from all others."""
    async with asyncio.timeout(SAFETY_NET):
        while any(params["n_predict"] == tokens for params in await processing(url)):
            pass
