"""Model servers on this machine are found without a word, a key, a proxy or a long wait."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.providers import access_to, servers, table
from tests.loopback import SECRET_KEY
from tui.nearby import LIMIT, Found, look_around
from tui.wire.http import HttpClient

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from tests.loopback import Exchange, LoopbackServer

NAMES = ("ollama", "llamacpp", "lmstudio", "vllm")
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
async def http() -> AsyncGenerator[HttpClient, None]:
    http = HttpClient()
    yield http
    await http.aclose()


def at(**places: str) -> str:
    """Settings that say where the servers are; those that are not named are not there."""
    apis = {"ollama": "ollama"}
    return "".join(
        table(
            name,
            places.get(name, NOWHERE),
            f'api_key = "{SECRET_KEY}"',
            api=apis.get(name, "openai-chat"),
        )
        for name in NAMES
    )


async def names(exchange: Exchange, *models: str) -> None:
    """Answer as Ollama does, or as the others do."""
    key, field = ("models", "name") if exchange.path == "/api/tags" else ("data", "id")
    await exchange.respond(200, json.dumps({key: [{field: model} for model in models]}))


async def test_those_that_run_are_found_with_their_first_models(
    tmp_path: Path, http: HttpClient
) -> None:
    async with servers(*NAMES) as found:
        places = {name: server.base_url for name, server in found.items()}
        roster = access_to(tmp_path, at(**places)).roster
        looking = asyncio.create_task(look_around(roster, http))
        exchanges = {name: await server.next_exchange() for name, server in found.items()}
        assert exchanges["ollama"].path == "/api/tags"
        assert all("authorization" not in each.headers for each in exchanges.values())
        await names(exchanges["vllm"], "big/model")
        await names(exchanges["ollama"], "a:1b", "b", "c", "d")
        await exchanges["llamacpp"].respond(404, "not here")
        await exchanges["lmstudio"].respond(200, "<html>something else</html>", "text/html")
        assert await looking == [
            Found("ollama", places["ollama"], ("ollama/a:1b", "ollama/b", "ollama/c"), 4),
            Found("vllm", places["vllm"], ("vllm/big/model",), 1),
        ]


async def test_where_nothing_runs_nothing_is_found(tmp_path: Path, http: HttpClient) -> None:
    assert await look_around(access_to(tmp_path, at()).roster, http) == []


async def test_one_without_a_model_is_nothing_to_offer(
    tmp_path: Path, http: HttpClient, loopback: LoopbackServer
) -> None:
    roster = access_to(tmp_path, at(ollama=loopback.base_url)).roster
    looking = asyncio.create_task(look_around(roster, http))
    await names(await loopback.next_exchange())
    assert await looking == []


async def test_one_that_is_silent_is_waited_for_no_longer_than_a_second(
    tmp_path: Path,
    http: HttpClient,
    loopback: LoopbackServer,
    skip_time: Callable[[float], None],
) -> None:
    roster = access_to(tmp_path, at(lmstudio=loopback.base_url)).roster
    looking = asyncio.create_task(look_around(roster, http))
    exchange = await loopback.next_exchange()
    skip_time(LIMIT)
    assert await looking == []
    await exchange.wait_closed()


async def test_ollama_is_looked_for_where_its_own_variable_says(
    tmp_path: Path, http: HttpClient, loopback: LoopbackServer
) -> None:
    roster = access_to(tmp_path, at(), OLLAMA_HOST=f"0.0.0.0:{loopback.port}").roster
    looking = asyncio.create_task(look_around(roster, http))
    await names(await loopback.next_exchange(), "m")
    assert await looking == [Found("ollama", loopback.base_url, ("ollama/m",), 1)]


async def test_nothing_leaves_this_machine_and_no_proxy_is_asked(
    tmp_path: Path,
    http: HttpClient,
    loopback: LoopbackServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", loopback.base_url)
    monkeypatch.setenv("ALL_PROXY", loopback.base_url)
    places = {
        "ollama": "http://models.invalid:11434",
        "llamacpp": "http://192.0.2.1:8080",
        "lmstudio": "http://127.0.0.2:1",
        "vllm": "http://localhost:1",
    }
    assert await look_around(access_to(tmp_path, at(**places)).roster, http) == []
    assert loopback.connections == []


async def test_a_variable_that_is_no_address_stops_nothing(
    tmp_path: Path, http: HttpClient, loopback: LoopbackServer
) -> None:
    roster = access_to(tmp_path, at(vllm=loopback.base_url), OLLAMA_HOST="http://[").roster
    looking = asyncio.create_task(look_around(roster, http))
    await names(await loopback.next_exchange(), "m")
    assert [found.provider for found in await looking] == ["vllm"]


async def test_looking_that_is_given_up_closes_its_connections(
    tmp_path: Path, http: HttpClient
) -> None:
    async with servers(*NAMES) as found:
        places = {name: server.base_url for name, server in found.items()}
        looking = asyncio.create_task(look_around(access_to(tmp_path, at(**places)).roster, http))
        exchanges = [await server.next_exchange() for server in found.values()]
        looking.cancel()
        await asyncio.wait({looking})
        for exchange in exchanges:
            await exchange.wait_closed()
