"""What Gemini answers besides a stream: errors with a status, and its list of models."""

from __future__ import annotations

import json

import httpx
import pytest

from tui.errors import AnswerUnreadable, ServerRefused
from tui.providers.base import Model, Server
from tui.providers.gemini import Gemini
from tui.wire.http import HttpClient

KEY = "AIza-very-secret"
STATUSES = [
    (400, "INVALID_ARGUMENT", False),
    (401, "UNAUTHENTICATED", False),
    (403, "PERMISSION_DENIED", False),
    (404, "NOT_FOUND", False),
    (409, "ABORTED", True),
    (429, "RESOURCE_EXHAUSTED", True),
    (500, "INTERNAL", True),
    (503, "UNAVAILABLE", True),
    (504, "DEADLINE_EXCEEDED", True),
]


def error(status: int, body: object = b"", **headers: str):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Gemini(Server("p", "https://host", KEY)).read_error(
        ServerRefused(f"HTTP {status}", status, named, raw)
    )


def told(status: object, **fields: object) -> dict[str, object]:
    return {"error": {"code": 400, "message": "In their words.", "status": status, **fields}}


@pytest.mark.parametrize(("status", "type_", "retryable"), STATUSES)
@pytest.mark.parametrize("in_a_list", [True, False])
def test_the_body_gives_type_and_words_and_the_status_whether_to_retry(
    status, type_, retryable, in_a_list
):
    result = error(status, [told(type_)] if in_a_list else told(type_))
    assert (result.type, result.message) == (type_, "In their words.")
    assert (result.status, result.retryable) == (status, retryable)


@pytest.mark.parametrize("body", [b"<html>Sorry</html>", b"Sorry", b'["Sorry"]', b'{"x":"Sorry"}'])
@pytest.mark.parametrize(("status", "type_", "retryable"), STATUSES)
def test_any_other_body_is_shown_and_the_status_gives_the_type(status, type_, retryable, body):
    result = error(status, body)
    assert (result.type, result.retryable) == (type_, retryable)
    assert "Sorry" in result.message


def test_a_wait_that_the_body_asks_for_counts_unless_a_header_asks_for_another():
    body = told(
        "RESOURCE_EXHAUSTED",
        details=[{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}],
    )
    assert error(429, body).retry_after == 34.5
    assert error(429, body, retry_after="7").retry_after == 7.0
    assert error(429, told("RESOURCE_EXHAUSTED")).retry_after is None


async def models(*pages: object) -> tuple[list[Model], list[httpx.Request]]:
    waiting, seen = list(pages), []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        page = waiting.pop(0)
        return httpx.Response(
            200, content=page if isinstance(page, bytes) else json.dumps(page).encode()
        )

    http = HttpClient(transport=httpx.MockTransport(handler))
    try:
        return await Gemini(Server("p", "http://host/pre/v1beta", KEY)).list_models(http), seen
    finally:
        await http.aclose()


def entry(name: str, *methods: str, **fields: object) -> dict[str, object]:
    given = list(methods or ("generateContent", "countTokens"))
    return {"name": name, "supportedGenerationMethods": given, **fields}


async def test_models_are_listed_with_what_is_known_of_them():
    page = {
        "models": [
            entry(
                "models/gemini-x",
                displayName="Gemini X",
                inputTokenLimit=1_048_576,
                outputTokenLimit=65_536,
                thinking=True,
            ),
            entry("models/plain", thinking=False),
            {"name": "models/of-a-proxy"},
        ]
    }
    found, (request,) = await models(page)
    assert found == [
        Model("gemini-x", "Gemini X", 1_048_576, 65_536, ("thinking",)),
        Model("plain", "plain"),
        Model("of-a-proxy", "of-a-proxy"),
    ]
    assert (request.method, str(request.url)) == (
        "GET",
        "http://host/pre/v1beta/models?pageSize=1000",
    )
    assert request.headers["x-goog-api-key"] == KEY


async def test_models_that_only_embed_are_left_out():
    page = {"models": [entry("models/e", "embedContent"), entry("models/a", "generateContent")]}
    found, _ = await models(page)
    assert [model.id for model in found] == ["a"]


async def test_every_page_is_read():
    found, seen = await models(
        {"models": [entry("models/a")], "nextPageToken": "t/1&?"},
        {"models": [entry("models/b")], "nextPageToken": ""},
    )
    assert [model.id for model in found] == ["a", "b"]
    assert [request.url.params.get("pageToken") for request in seen] == [None, "t/1&?"]


async def test_a_server_that_gives_the_same_page_for_ever_is_not_asked_for_ever():
    endless = {"models": [entry("models/a")], "nextPageToken": "t"}
    found, seen = await models(*[endless] * 9)
    assert [model.id for model in found] == ["a"]
    assert len(seen) == 2


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"models": None},
        {"models": [None, 7, "x", {}, {"name": 7}, {"name": ""}, {"name": "models/"}]},
    ],
)
async def test_entries_that_are_no_models_are_left_out(odd):
    assert (await models(odd))[0] == []


@pytest.mark.parametrize("body", [b"<html></html>", b""])
async def test_an_answer_that_is_no_list_of_models_is_an_error_and_not_an_empty_list(body):
    with pytest.raises(AnswerUnreadable, match="base URL"):
        await models(body)
