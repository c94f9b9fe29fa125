"""What Ollama answers besides a stream: errors with a status, and its list of models."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.loopback import SAFETY_NET
from tui.errors import AnswerUnreadable, ServerRefused
from tui.providers.base import Model, Server
from tui.providers.ollama import Ollama
from tui.wire.http import HttpClient

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.loopback import LoopbackServer

STATUSES = [
    (400, "invalid_request_error", False),
    (401, "authentication_error", False),
    (403, "permission_error", False),
    (404, "not_found_error", False),
    (429, "rate_limit_error", True),
    (500, "api_error", True),
    (502, "api_error", True),
    (503, "overloaded_error", True),
    (418, "http_418", False),
    (529, "api_error", True),
]


def error(status: int, body: object = b"", **headers: str):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Ollama(Server("p", "http://host")).read_error(
        ServerRefused(f"HTTP {status}", status, headers, raw)
    )


@pytest.mark.parametrize(("status", "type_", "retryable"), STATUSES)
def test_the_status_gives_the_type_and_the_body_the_words(status, type_, retryable):
    result = error(status, b"upstream is gone")
    assert (result.type, result.retryable, result.status) == (type_, retryable, status)
    assert "upstream is gone" in result.message


@pytest.mark.parametrize(("status", "type_", "retryable"), STATUSES[:8])
def test_ollamas_own_errors_are_words_alone(status, type_, retryable):
    result = error(status, {"error": "model 'x' not found"})
    assert (result.type, result.retryable) == (type_, retryable)
    assert result.message == "model 'x' not found"


def test_a_server_that_imitates_it_may_name_its_errors():
    body = {"error": {"message": "Overloaded", "type": "overloaded_error", "param": None}}
    result = error(529, body)
    assert (result.type, result.message, result.retryable) == (
        "overloaded_error",
        "Overloaded",
        True,
    )


def test_who_is_not_signed_in_is_told_where_to():
    result = error(401, {"error": "unauthorized.", "signin_url": "https://ollama.com/connect?n=1"})
    assert result.type == "authentication_error"
    assert result.message == "unauthorized. Sign in at https://ollama.com/connect?n=1"


async def models(
    content: object, shown: Mapping[str, object] | None = None
) -> tuple[list[Model], list[str]]:
    """What is read of a list and of the details of each, and the models these were asked for.

    Those that are not `shown` are unknown to the server; a status may stand for what it shows.
    """
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer secret"
        if request.method == "GET":
            assert str(request.url) == "http://host/api/tags"
            return httpx.Response(200, content=raw)
        assert str(request.url) == "http://host/api/show"
        asked.append(json.loads(request.content)["model"])
        match (shown or {}).get(asked[-1], 404):
            case int(status):
                return httpx.Response(status, json={"error": "model not found"})
            case bytes(body):
                return httpx.Response(200, content=body)
            case details:
                return httpx.Response(200, json=details)

    http = HttpClient(transport=httpx.MockTransport(handler))
    try:
        found = await Ollama(Server("p", "http://host/v1", "secret")).list_models(http)
        return found, asked
    finally:
        await http.aclose()


async def listed(content: object) -> list[Model]:
    return (await models(content))[0]


def tags(*names: str) -> dict[str, object]:
    return {"models": [{"name": name} for name in names]}


async def test_models_are_listed_with_what_is_known_of_them():
    entries = [
        {
            "name": "qwen3:latest",
            "model": "qwen3:latest",
            "size": 5_200_000_000,
            "details": {"parameter_size": "8.2B", "quantization_level": "Q4_K_M"},
            "capabilities": ["completion", "vision", "thinking", "tools", "insert"],
        },
        {"name": "old", "details": {"parameter_size": "7B"}},
        {"model": "bare", "details": None},
    ]
    assert await listed({"models": entries}) == [
        Model(
            "qwen3:latest",
            "qwen3:latest (8.2B, Q4_K_M)",
            abilities=("tools", "thinking", "images"),
        ),
        Model("old", "old (7B)"),
        Model("bare", "bare"),
    ]


async def test_a_model_that_only_embeds_is_left_out_if_the_server_says_so():
    entries = [
        {"name": "embed", "capabilities": ["embedding"]},
        {"name": "chat", "capabilities": ["completion"]},
        {"name": "unknown", "capabilities": []},
        {"name": "older", "capabilities": None},
    ]
    assert [model.id for model in await listed({"models": entries})] == ["chat", "unknown", "older"]


@pytest.mark.parametrize(
    "odd", [{}, {"models": None}, {"models": [None, 7, "x", {}, {"name": 7}, {"name": ""}]}]
)
async def test_entries_that_are_no_models_are_left_out(odd):
    assert await listed(odd) == []


@pytest.mark.parametrize("odd", [7, "x", None, [7, None, {}]])
async def test_details_of_the_wrong_type_are_unknown(odd):
    entry = {"name": "m", "details": {"parameter_size": odd} if odd == 7 else odd}
    assert await listed({"models": [entry]}) == [Model("m", "m")]


@pytest.mark.parametrize("body", [b"<html></html>", b"Ollama is running", b""])
async def test_an_answer_that_is_no_list_of_models_is_an_error_and_not_an_empty_list(body):
    with pytest.raises(AnswerUnreadable, match="base URL"):
        await listed(body)


async def test_each_model_is_asked_for_its_context_and_its_abilities():
    shown = {
        "q3": {
            "capabilities": ["completion", "tools", "thinking"],
            "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40_960},
        },
        "embed": {"capabilities": ["embedding"]},
        "old": {"model_info": {"general.architecture": "llama", "llama.context_length": 2_048}},
    }
    found, asked = await models(tags("q3", "embed", "old"), shown)
    assert sorted(asked) == ["embed", "old", "q3"]
    assert found == [
        Model("q3", "q3", 40_960, abilities=("tools", "thinking")),
        Model("old", "old", 2_048),
    ]


@pytest.mark.parametrize(
    "odd",
    [
        *(404, 500, b"", b"<html>", b"[]"),
        {},
        {"capabilities": None, "model_info": "x"},
        {"model_info": {"general.architecture": 7, "x.context_length": 9}},
        {"model_info": {"general.architecture": "x", "x.context_length": "many"}},
    ],
)
async def test_a_model_that_the_server_says_no_more_of_is_listed_all_the_same(odd):
    shown = {"good": {"model_info": {"general.architecture": "x", "x.context_length": 9}}}
    found, _ = await models(tags("odd", "good"), {**shown, "odd": odd})
    assert found == [Model("odd", "odd"), Model("good", "good", 9)]


async def test_of_very_many_models_the_first_hundred_are_asked_for():
    names = [f"m{number}" for number in range(130)]
    found, asked = await models(tags(*names))
    assert [model.id for model in found] == names
    assert sorted(asked) == sorted(names[:100])


async def test_details_that_do_not_come_are_not_waited_for(
    loopback: LoopbackServer, skip_time: Callable[[float], None]
):
    http = HttpClient()
    listing = asyncio.create_task(Ollama(Server("p", loopback.base_url)).list_models(http))
    names = [f"m{number}" for number in range(20)]
    await (await loopback.next_exchange()).respond(200, json.dumps(tags(*names)))
    first = await loopback.next_exchange()
    shown = {"model_info": {"general.architecture": "x", "x.context_length": 9}}
    await first.respond(200, json.dumps(shown))
    for _ in range(8):  # the seven that were asked for along with it, and the one in its place
        await loopback.next_exchange()
    skip_time(5)
    async with asyncio.timeout(SAFETY_NET):
        found = await listing
    assert [model.id for model in found] == names
    assert [model.id for model in found if model.context_tokens] == [first.json()["model"]]
    await loopback.all_closed()
    await http.aclose()


async def test_in_a_hurry_the_list_is_enough(loopback: LoopbackServer):
    http = HttpClient()
    listing = asyncio.create_task(Ollama(Server("p", loopback.base_url)).list_briefly(http))
    await (await loopback.next_exchange()).respond(200, json.dumps(tags("m")))
    assert await listing == [Model("m", "m")]
    assert len(loopback.connections) == 1
    await http.aclose()
