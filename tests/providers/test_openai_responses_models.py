"""Listing the models of a Responses server through the real HTTP client, the network replaced."""

from __future__ import annotations

import httpx

from tui.providers.base import Model, Server
from tui.providers.openai_responses import OpenAIResponses
from tui.wire.http import HttpClient

KEY = "sk-very-secret"


async def models(page: object) -> tuple[list[Model], httpx.Request]:
    seen = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=page)

    http = HttpClient(transport=httpx.MockTransport(handler))
    try:
        found = await OpenAIResponses(Server("p", "http://host/pre/v1", KEY)).list_models(http)
    finally:
        await http.aclose()
    (request,) = seen
    return found, request


async def test_the_models_are_asked_for_once_at_the_base_url_with_the_key():
    page = {"object": "list", "data": [{"id": "m-1", "object": "model"}, {"id": "m-2"}]}
    found, request = await models(page)
    assert found == [Model("m-1", "m-1"), Model("m-2", "m-2")]
    assert (request.method, str(request.url)) == ("GET", "http://host/pre/v1/models")
    assert request.headers["authorization"] == f"Bearer {KEY}"


async def test_what_compatible_servers_add_is_read():
    page = {
        "data": [
            {"id": "a/b", "name": "A: B", "context_length": 131072},
            {"id": "local", "max_model_len": 32768},
            {"id": "groq", "context_window": 8192, "max_completion_tokens": 1024},
            {
                "id": "llama",
                "meta": {"n_ctx": 4096},
                "architecture": {"input_modalities": ["image"]},
            },
            {"id": "odd", "name": 7, "context_length": "many"},
        ]
    }
    found, _ = await models(page)
    assert found == [
        Model("a/b", "A: B", 131072),
        Model("local", "local", 32768),
        Model("groq", "groq", 8192, 1024),
        Model("llama", "llama", 4096, None, ("images",)),
        Model("odd", "odd"),
    ]


async def test_entries_that_are_no_models_are_left_out():
    found, _ = await models({"data": [None, 7, {}, {"id": None}, {"id": ""}, {"id": "m"}]})
    assert found == [Model("m", "m")]
