"""Listing models through the real HTTP client, with the network replaced."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from tui.errors import AnswerUnreadable, ConnectionFailed, ServerRefused
from tui.providers.anthropic import Anthropic
from tui.providers.base import Model, Server
from tui.wire.http import HttpClient

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

KEY = "sk-ant-very-secret"


@asynccontextmanager
async def client(handler: Callable[[httpx.Request], httpx.Response]) -> AsyncGenerator[HttpClient]:
    http = HttpClient(transport=httpx.MockTransport(handler))
    try:
        yield http
    finally:
        await http.aclose()


async def models(handler, base: str = "http://host/pre/v1") -> list[Model]:
    async with client(handler) as http:
        return await Anthropic(Server("p", base, KEY)).list_models(http)


def answering(document: object) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(200, content=json.dumps(document).encode())


def entry(id_: str, **fields: object) -> dict[str, object]:
    return {"type": "model", "id": id_, **fields}


async def test_models_are_listed_with_what_is_known_of_them():
    page = {
        "data": [
            entry("m-1", display_name="Model One", max_input_tokens=200_000, max_tokens=64_000),
            entry("m-2"),
        ],
        "has_more": False,
        "first_id": "m-1",
        "last_id": "m-2",
    }
    assert await models(answering(page)) == [
        Model("m-1", "Model One", 200_000, 64_000),
        Model("m-2", "m-2", None, None),
    ]


async def test_the_list_is_asked_for_with_the_key_at_the_base_url():
    seen = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=b'{"data":[]}')

    assert await models(handler) == []
    (request,) = seen
    assert request.method == "GET"
    assert str(request.url) == "http://host/pre/v1/models?limit=1000"
    assert request.headers["x-api-key"] == KEY
    assert request.headers["anthropic-version"] == "2023-06-01"


async def test_every_page_is_read():
    pages = {
        None: {"data": [entry("a/1&?")], "has_more": True, "last_id": "a/1&?"},
        "a/1&?": {"data": [entry("b")], "has_more": True, "last_id": "b"},
        "b": {"data": [entry("c")], "has_more": False, "last_id": "c"},
    }

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=pages[request.url.params.get("after_id")])

    assert [model.id for model in await models(handler)] == ["a/1&?", "b", "c"]


async def test_a_server_that_gives_the_same_page_for_ever_is_not_asked_for_ever():
    endless = {"data": [entry("a")], "has_more": True, "last_id": "a"}
    assert [model.id for model in await models(answering(endless))] == ["a"]


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"data": None},
        {"data": "text"},
        {"data": [None, 7, "x", {}, {"id": None}, {"id": ""}, {"id": 7}]},
        {"data": [], "has_more": True, "last_id": "x"},
    ],
)
async def test_entries_that_are_no_models_are_left_out(odd):
    assert await models(answering(odd)) == []


async def test_limits_of_the_wrong_type_are_unknown():
    odd = entry("m", display_name=7, max_input_tokens="many", max_tokens=None)
    assert await models(answering({"data": [odd]})) == [Model("m", "m")]


async def test_a_server_that_lists_its_models_as_for_openai_is_understood_too():
    llama = {"id": "tiny", "object": "model", "meta": {"n_ctx": 4_096, "n_ctx_train": 8_192}}
    router = {"id": "v/m", "context_length": 9, "supported_parameters": ["tools"]}
    assert await models(answering({"object": "list", "data": [llama, router]})) == [
        Model("tiny", "tiny", 4_096),
        Model("v/m", "v/m", 9, None, ("tools",)),
    ]


async def test_what_the_api_itself_calls_a_limit_counts_more_than_other_names_for_it():
    both = entry("m", max_input_tokens=5, max_tokens=3, context_length=9, max_completion_tokens=7)
    assert await models(answering({"data": [both]})) == [Model("m", "m", 5, 3)]


@pytest.mark.parametrize("body", [b"<html></html>", b"", b"\xff", b"[", b'[],"x":1'])
async def test_an_answer_that_is_no_list_of_models_is_an_error_and_not_an_empty_list(body):
    with pytest.raises(AnswerUnreadable, match="base URL"):
        await models(lambda _: httpx.Response(200, content=body))


async def test_a_refusal_to_list_is_raised_with_its_status():
    with pytest.raises(ServerRefused) as caught:
        await models(lambda _: httpx.Response(401, json={"error": {"message": "no"}}))
    assert caught.value.status == 401
    assert KEY not in str(caught.value)


async def test_no_connection_is_raised_without_the_key():
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(ConnectionFailed) as caught:
        await models(handler)
    assert KEY not in str(caught.value)
