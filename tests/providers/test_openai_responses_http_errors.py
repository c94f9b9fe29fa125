"""What an HTTP status and its body mean for the Responses API; some bodies are recorded ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tui.errors import ServerRefused
from tui.providers.base import Server
from tui.providers.openai_responses import OpenAIResponses

if TYPE_CHECKING:
    from tui.chat.ending import ReplyError

STATUSES = [
    (400, "invalid_request_error", False),
    (401, "authentication_error", False),
    (403, "permission_error", False),
    (404, "not_found_error", False),
    (429, "rate_limit_error", True),
    (500, "server_error", True),
    (503, "server_error", True),
]


def error(status: int, body: object = b"", **headers: str) -> ReplyError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return OpenAIResponses(Server("p", "https://host/v1")).read_error(
        ServerRefused(f"HTTP {status}", status, named, raw)
    )


@pytest.mark.parametrize(("status", "type_", "retryable"), STATUSES)
@pytest.mark.parametrize("body", [b"", b"<h1>Sorry</h1>", {"error": {"message": "Sorry"}}])
def test_a_body_that_does_not_say_has_the_type_of_its_status(status, type_, retryable, body):
    result = error(status, body)
    assert (result.type, result.status, result.retryable) == (type_, status, retryable)
    assert not body or "Sorry" in result.message


def test_the_body_names_the_type_and_the_status_says_whether_to_retry():
    told = {"message": "Bad key.", "type": "invalid_request_error", "code": "invalid_api_key"}
    result = error(401, {"error": told}, x_request_id="req_1")
    assert (result.type, result.message) == ("invalid_request_error", "Bad key.")
    assert (result.request_id, result.retryable) == ("req_1", False)
    assert error(429, {"error": {**told, "type": "tokens"}}).retryable


@pytest.mark.parametrize(
    "told",
    [
        {"type": "insufficient_quota", "code": "insufficient_quota", "message": "Out of money."},
        {"type": None, "code": "insufficient_quota", "message": "Out of money."},
        {"type": "requests", "code": "insufficient_quota", "message": "Out of money."},
    ],
)
def test_an_empty_purse_is_not_worth_a_retry(told):
    result = error(429, {"error": told}, retry_after="1")
    assert (result.message, result.retryable) == ("Out of money.", False)


def test_the_errors_of_compatible_servers_are_read():
    easy = {
        "error": {
            "code": 400,
            "message": "Cannot determine type of 'item'",
            "type": "invalid_request_error",
        }
    }
    assert error(400, easy).message == "Cannot determine type of 'item'"
    long = {
        "error": {
            "code": 400,
            "message": "request (7031 tokens) exceeds the available context size (4096 tokens)",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": 7031,
            "n_ctx": 4096,
        }
    }
    assert error(400, long).type == "exceed_context_size_error"
    limited = {"error": {"message": "Slow down", "type": "rate_limit_error", "code": None}}
    result = error(429, limited, retry_after="1")
    assert (result.type, result.retryable, result.retry_after) == ("rate_limit_error", True, 1.0)
    vllm = {"object": "error", "message": "m", "type": "BadRequestError", "code": 400}
    assert (error(400, vllm).type, error(400, vllm).message) == ("BadRequestError", "m")


def test_a_gateway_that_wraps_its_error_into_a_stream_is_quoted():
    # LiteLLM answers 500 with an event stream.
    body = b'data: {"error": {"message": "Error processing stream start"}}\n\ndata: [DONE]\n\n'
    result = error(500, body)
    assert (result.type, result.retryable) == ("server_error", True)
    assert "Error processing stream start" in result.message
