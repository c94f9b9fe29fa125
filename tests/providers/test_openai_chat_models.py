"""Listing models as the servers of the family tell of them, the network replaced."""

from __future__ import annotations

import json

import httpx
import pytest

from tui.providers.base import Model, Server
from tui.providers.openai_chat import OpenAIChat
from tui.wire.http import HttpClient


async def models(document: object, base: str = "https://host/v1") -> tuple[list[Model], str]:
    """What is read of a list, and the address that was asked for it."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url} {request.headers['authorization']}")
        return httpx.Response(200, content=json.dumps(document).encode())

    http = HttpClient(transport=httpx.MockTransport(answer))
    try:
        found = await OpenAIChat(Server("p", base, "secret-key")).list_models(http)
    finally:
        await http.aclose()
    (address,) = asked
    return found, address


async def listed(*entries: object) -> list[Model]:
    return (await models({"object": "list", "data": list(entries)}))[0]


async def test_the_list_is_asked_for_with_the_key_at_the_base_url():
    _, asked = await models({"data": []}, "https://host/pre/v1/")
    assert asked == "GET https://host/pre/v1/models Bearer secret-key"


async def test_a_plain_entry_is_a_name():
    entry = {"id": "m-1", "object": "model", "created": 1, "owned_by": "someone"}
    assert await listed(entry) == [Model("m-1", "m-1")]


async def test_openrouter_tells_much():
    entry = {
        "id": "v/m-1",
        "name": "V: Model One",
        "context_length": 200_000,
        "architecture": {
            "input_modalities": ["text", "image", "file"],
            "output_modalities": ["text"],
        },
        "top_provider": {"context_length": 200_000, "max_completion_tokens": 64_000},
        "supported_parameters": ["max_tokens", "tools", "reasoning", "include_reasoning"],
    }
    able = ("tools", "thinking", "images", "pdf")
    assert await listed(entry) == [Model("v/m-1", "V: Model One", 200_000, 64_000, able)]


async def test_a_model_that_makes_no_text_is_none_to_chat_with():
    painter = {"id": "v/painter", "architecture": {"output_modalities": ["image"]}}
    both = {"id": "v/both", "architecture": {"output_modalities": ["image", "text"]}}
    assert [model.id for model in await listed(painter, both)] == ["v/both"]


async def test_mistral_says_what_a_model_is_for():
    able = {"completion_chat": True, "function_calling": True, "vision": True, "fine_tuning": True}
    chat = {"id": "m-1", "name": "m-1", "max_context_length": 131_072, "capabilities": able}
    embeds = {"id": "m-embed", "capabilities": {**able, "completion_chat": False}}
    assert await listed(chat, embeds) == [Model("m-1", "m-1", 131_072, None, ("tools", "images"))]


async def test_llama_cpp_has_the_context_that_it_was_started_with():
    entry = {
        "id": "tiny",
        "object": "model",
        "owned_by": "llamacpp",
        "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
        "meta": {"n_vocab": 49_152, "n_ctx": 4_096, "n_ctx_train": 8_192, "ftype": "Q4_1"},
    }
    assert await listed(entry) == [Model("tiny", "tiny", 4_096, None, ("images",))]


@pytest.mark.parametrize(
    ("told", "context", "output"),
    [
        ({"context_window": 131_072, "max_completion_tokens": 8_192}, 131_072, 8_192),
        ({"max_model_len": 4_096}, 4_096, None),
        ({"max_context_length": 4_096}, 4_096, None),
        ({"meta": {"n_ctx_train": 8_192, "n_params": 1}}, 8_192, None),
        ({"meta": {"n_ctx_train": 8_192, "n_ctx": 4_096}}, 4_096, None),
        ({"meta": None}, None, None),
        ({"top_provider": {"context_length": 9, "max_completion_tokens": 3}}, 9, 3),
        ({"context_length": "many", "top_provider": None, "max_model_len": 7}, 7, None),
        ({"context_length": 0, "top_provider": {"max_completion_tokens": None}}, None, None),
    ],
)
async def test_limits_are_read_under_every_servers_name_for_them(told, context, output):
    assert await listed({"id": "m", **told}) == [Model("m", "m", context, output)]


@pytest.mark.parametrize("odd", [None, 7, "x", {}, {"id": None}, {"id": ""}, {"id": 7}])
async def test_entries_that_are_no_models_are_left_out(odd):
    assert await listed(odd, {"id": "m"}) == [Model("m", "m")]


async def test_fields_of_the_wrong_type_are_unknown():
    odd = {"id": "m", "name": 7, "capabilities": ["x"], "architecture": [], "meta": "x"}
    assert await listed({**odd, "supported_parameters": "tools"}) == [Model("m", "m")]


async def test_a_list_that_stands_alone_is_a_list():
    found, _ = await models([{"id": "m-1", "display_name": "One", "context_length": 9}, "x"])
    assert found == [Model("m-1", "One", 9)]
    assert (await models([]))[0] == []
