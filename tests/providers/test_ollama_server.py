"""What Ollama answers besides a stream: errors with a status, and its list of models."""

from __future__ import annotations

import json

import httpx
import pytest

from tui.errors import AnswerUnreadable, ServerRefused
from tui.providers.base import Model, Server
from tui.providers.ollama import Ollama
from tui.wire.http import HttpClient

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


async def models(content: object) -> list[Model]:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    seen = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=raw)

    http = HttpClient(transport=httpx.MockTransport(handler))
    try:
        return await Ollama(Server("p", "http://host/v1", "secret")).list_models(http)
    finally:
        await http.aclose()
        (request,) = seen
        assert (request.method, str(request.url)) == ("GET", "http://host/api/tags")
        assert request.headers["authorization"] == "Bearer secret"


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
    assert await models({"models": entries}) == [
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
    assert [model.id for model in await models({"models": entries})] == ["chat", "unknown", "older"]


@pytest.mark.parametrize(
    "odd", [{}, {"models": None}, {"models": [None, 7, "x", {}, {"name": 7}, {"name": ""}]}]
)
async def test_entries_that_are_no_models_are_left_out(odd):
    assert await models(odd) == []


@pytest.mark.parametrize("odd", [7, "x", None, [7, None, {}]])
async def test_details_of_the_wrong_type_are_unknown(odd):
    entry = {"name": "m", "details": {"parameter_size": odd} if odd == 7 else odd}
    assert await models({"models": [entry]}) == [Model("m", "m")]


@pytest.mark.parametrize("body", [b"<html></html>", b"Ollama is running", b""])
async def test_an_answer_that_is_no_list_of_models_is_an_error_and_not_an_empty_list(body):
    with pytest.raises(AnswerUnreadable, match="base URL"):
        await models(body)
