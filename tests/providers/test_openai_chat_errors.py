"""What a status that is no success and its body mean, as recorded from servers of the family."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tui.errors import ServerRefused
from tui.providers.base import Server
from tui.providers.openai_chat import OpenAIChat

if TYPE_CHECKING:
    from tui.chat.ending import ReplyError


def error(status: int, body: object = b"", **headers: str) -> ReplyError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return OpenAIChat(Server("p", "https://host")).read_error(
        ServerRefused(f"HTTP {status}", status, headers, raw)
    )


def told(message: str, type_: object, code: object) -> dict:
    return {"error": {"message": message, "type": type_, "param": None, "code": code}}


RECORDED = [
    # llama.cpp
    (400, told("'messages' is required", "invalid_request_error", 400), False),
    (400, told("request exceeds the context", "exceed_context_size_error", 400), False),
    (500, told("image input is not supported", "server_error", 500), True),
    (503, told("Loading model", "unavailable_error", 503), True),
    # aimock
    (429, told("Number of requests has exceeded", "rate_limit_error", None), True),
    (529, told("Overloaded", "overloaded_error", None), True),
    # LiteLLM
    (400, told("No connected db.", "no_db_connection", "400"), False),
    (429, told("litellm.RateLimitError: this is a mock", "throttling_error", "429"), True),
    (500, told("litellm.InternalServerError: mock", "internal_server_error", "500"), True),
    # llmock
    (429, told("Rate limit reached", "rate_limit_error", "rate_limit_exceeded"), True),
]


@pytest.mark.parametrize(("status", "body", "retryable"), RECORDED)
def test_a_recorded_error_gives_its_type_and_its_words(status, body, retryable):
    result = error(status, body)
    assert (result.type, result.message) == (body["error"]["type"], body["error"]["message"])
    assert (result.status, result.retryable) == (status, retryable)


@pytest.mark.parametrize(
    ("code", "type_"),
    [
        ("insufficient_quota", "insufficient_quota"),
        ("insufficient_quota", "tokens"),
        ("billing_not_active", "billing_not_active"),
        (None, "insufficient_quota"),
    ],
)
def test_no_waiting_fills_an_account(code, type_):
    assert not error(429, told("You exceeded your current quota", type_, code)).retryable


@pytest.mark.parametrize(
    ("status", "type_", "retryable"),
    [
        (400, "invalid_request_error", False),
        (401, "authentication_error", False),
        (402, "billing_error", False),
        (403, "permission_error", False),
        (404, "not_found_error", False),
        (408, "timeout", True),
        (413, "request_too_large", False),
        (422, "invalid_request_error", False),
        (429, "rate_limit_exceeded", True),
        (500, "server_error", True),
        (502, "api_error", True),
        (503, "overloaded_error", True),
        (504, "timeout", True),
        (418, "http_418", False),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>Sorry</html>", {"detail": "Sorry"}, {"error": None}])
def test_a_body_that_tells_no_error_leaves_the_status(status, type_, retryable, body):
    result = error(status, body)
    assert (result.type, result.retryable) == (type_, retryable)
    assert f"HTTP {status}" in result.message


def test_a_bare_string_has_the_type_of_its_status():
    result = error(404, {"error": "model not found, try pulling it first"})
    assert (result.type, result.message) == (
        "not_found_error",
        "model not found, try pulling it first",
    )


def test_mistrals_flat_errors_are_read_and_lists_of_faults_shown():
    flat = {"object": "error", "message": "No such model", "type": "invalid_model", "code": "1500"}
    assert (error(400, flat).type, error(400, flat).message) == ("invalid_model", "No such model")
    faults = {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"]}]}
    assert "stream_options" in error(422, {**flat, "message": faults}).message


def test_openrouter_tells_what_the_provider_behind_it_said():
    metadata = {"provider_name": "X", "raw": '{"error":{"message":"X is busy"}}'}
    refused = {
        "error": {"code": 502, "message": "Provider returned error", "metadata": metadata},
        "user_id": "u",
    }
    result = error(502, refused)
    assert result.message == "Provider returned error: X is busy"
    assert result.retryable


def test_the_request_id_of_the_headers_is_told():
    assert error(500, b"", **{"x-request-id": "req_1"}).request_id == "req_1"


def test_a_key_that_a_server_quotes_is_concealed():
    key = "sk-very-secret-key"
    provider = OpenAIChat(Server("p", "https://host", key))
    assert key not in provider.conceal(f"Incorrect API key provided: {key}.")
