"""What an HTTP status that is not a success, its headers and its body mean (PROTOCOLS 2.7)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tui.errors import ServerRefused
from tui.providers.anthropic import Anthropic
from tui.providers.base import Server

if TYPE_CHECKING:
    from tui.chat.ending import ReplyError

STATUSES = [
    (400, "invalid_request_error", False),
    (401, "authentication_error", False),
    (402, "billing_error", False),
    (403, "permission_error", False),
    (404, "not_found_error", False),
    (409, "conflict_error", True),
    (413, "request_too_large", False),
    (429, "rate_limit_error", True),
    (500, "api_error", True),
    (504, "timeout_error", True),
    (529, "overloaded_error", True),
]


def error(status: int, body: object = b"", **headers: str) -> ReplyError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Anthropic(Server("p", "https://host")).read_error(
        ServerRefused(f"HTTP {status}", status, named, raw)
    )


def told(type_: str, message: str = "In their words.", **more: object) -> dict[str, object]:
    return {"type": "error", "error": {"type": type_, "message": message, **more}}


@pytest.mark.parametrize(("status", "type_", "retryable"), STATUSES)
def test_a_json_body_gives_type_and_words_and_the_status_whether_to_retry(status, type_, retryable):
    result = error(status, {**told(type_), "request_id": "req_1"})
    assert (result.type, result.message) == (type_, "In their words.")
    assert (result.status, result.retryable, result.request_id) == (status, retryable, "req_1")


@pytest.mark.parametrize(
    "body", [b"<html><h1>Sorry</h1></html>", b"Sorry", b'["Sorry"]', b'{"detail":"Sorry"}']
)
@pytest.mark.parametrize(("status", "type_", "retryable"), STATUSES)
def test_any_other_body_is_shown_and_the_status_gives_the_type(status, type_, retryable, body):
    result = error(status, body)
    assert (result.type, result.status, result.retryable) == (type_, status, retryable)
    assert f"HTTP {status}" in result.message
    assert "Sorry" in result.message


@pytest.mark.parametrize(("status", "type_", "retryable"), STATUSES)
def test_an_empty_body_leaves_the_status(status, type_, retryable):
    result = error(status)
    assert (result.type, result.retryable) == (type_, retryable)
    assert f"HTTP {status}" in result.message


@pytest.mark.parametrize(("status", "type_", "retryable"), STATUSES)
@pytest.mark.parametrize("body", [{"error": "Sorry"}, {"error": {"message": "Sorry", "code": "x"}}])
def test_an_error_without_a_type_has_that_of_its_status(status, type_, retryable, body):
    result = error(status, body)
    assert (result.type, result.message, result.retryable) == (type_, "Sorry", retryable)


def test_a_rate_limit_can_be_retried_whatever_the_server_calls_it():
    assert error(429, told("throttling")).retryable
    assert error(429, {"error": {"message": "slow down", "code": 429}}).retryable


@pytest.mark.parametrize("code", ["enforced_spend_limit_reached", "contract_spend_limit_reached"])
def test_a_spend_limit_is_not_worth_a_retry(code):
    assert not error(429, told("rate_limit_error", details={"error_code": code})).retryable
    assert error(429, told("rate_limit_error", details={"error_code": "other"})).retryable
    assert error(429, told("rate_limit_error", details="odd")).retryable


@pytest.mark.parametrize(
    ("status", "retryable"), [(408, True), (418, False), (502, True), (599, True)]
)
def test_a_status_that_the_api_does_not_list_has_a_type_all_the_same(status, retryable):
    result = error(status)
    assert result.type
    assert result.retryable is retryable


@pytest.mark.parametrize(
    ("status", "advice", "retryable"),
    [(400, "true", True), (529, "false", False), (529, "true", True), (400, "maybe", False)],
)
def test_x_should_retry_overrules_the_status(status, advice, retryable):
    assert error(status, told("t"), x_should_retry=advice).retryable is retryable
    assert error(status, b"", x_should_retry=advice).retryable is retryable


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "0"}, 0.0),
        ({"retry_after": " 1.5 "}, 1.5),
        ({"retry_after_ms": "250"}, 0.25),
        ({"retry_after_ms": "250", "retry_after": "1"}, 0.25),
        ({"retry_after_ms": "soon", "retry_after": "1"}, 1.0),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "99999999"}, None),
    ],
)
def test_how_long_to_wait_is_read_from_the_headers(headers, seconds):
    assert error(429, told("rate_limit_error"), **headers).retry_after == seconds


def test_the_request_id_comes_from_the_body_or_from_a_header():
    assert error(500, told("api_error"), request_id="req_h").request_id == "req_h"
    assert error(500, b"", request_id="req_h").request_id == "req_h"
    assert error(500, b"", x_request_id="req_x").request_id == "req_x"
    body = {**told("api_error"), "request_id": "req_b"}
    assert error(500, body, request_id="req_h").request_id == "req_b"
    assert error(500, b"").request_id is None


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_says_where_to(status):
    result = error(status, b"<html>moved</html>", location="https://elsewhere.example/v1/messages")
    assert "https://elsewhere.example/v1/messages" in result.message
    assert not result.retryable


def test_a_redirect_to_nowhere_is_still_told():
    assert "HTTP 302" in error(302).message


def test_a_long_body_is_cut_and_its_controls_are_made_visible():
    message = error(502, b"\x1b]0;owned\x07" + b"long " * 5000).message
    assert "owned" in message
    assert len(message) < 300
    assert message.isprintable()


def test_bytes_that_are_no_utf8_are_no_crash():
    assert "HTTP 500" in error(500, b"\xff\xfe{\x00").message
    assert error(500, b'{"error":{"message":"\\ud83c"}}').message == "\ufffd"


def test_the_errors_of_compatible_servers_are_read():
    llama = {
        "error": {
            "code": 400,
            "message": "too long",
            "type": "exceed_context_size_error",
            "n_ctx": 4096,
        }
    }
    assert error(400, llama).type == "exceed_context_size_error"
    litellm = {
        "error": {
            "message": "No connected db.",
            "type": "no_db_connection",
            "param": None,
            "code": "400",
        }
    }
    assert error(400, litellm).message == "No connected db."
    loading = {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}
    assert error(503, loading).retryable
