"""Complete, error or truncated: section 0 of PROTOCOLS, rule by rule, for the Responses API."""

from __future__ import annotations

import json

import pytest
from messages_stream import named, unnamed
from responses_stream import (
    PING,
    START,
    added,
    arguments,
    completed,
    declined,
    done,
    event,
    function_call,
    incomplete,
    message,
    output_text,
    read,
    read_bytewise,
    refusal,
    response,
    text,
    whole,
    whole_text,
)

from tui.chat.ending import Outcome
from tui.chat.events import ReplyStopped

HTML = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body></body></html>\n"
SO_FAR = START + text("so far", item_id="m", output_index=0, content_index=0)
CALL = done(function_call("f", "{}"), 1)
REFUSED = declined("No.", item_id="m", output_index=0, content_index=0)


# Complete, and why


@pytest.mark.parametrize(
    ("body", "stop_reason", "raw"),
    [
        (SO_FAR + completed(), "end_turn", "completed"),
        (SO_FAR + CALL + completed(), "tool_use", "completed"),
        (SO_FAR + REFUSED + completed(), "refusal", "completed"),
        (REFUSED + CALL + completed(), "refusal", "completed"),
        (SO_FAR + incomplete("max_output_tokens"), "max_tokens", "max_output_tokens"),
        (SO_FAR + incomplete("content_filter"), "refusal", "content_filter"),
        (SO_FAR + incomplete("a_new_reason"), "a_new_reason", "a_new_reason"),
        (SO_FAR + incomplete(None), "incomplete", "incomplete"),
        (SO_FAR + incomplete(7), "incomplete", "incomplete"),
        # A call that was cut is none to run.
        (SO_FAR + CALL + incomplete("max_output_tokens"), "max_tokens", "max_output_tokens"),
        (CALL + incomplete("content_filter"), "refusal", "content_filter"),
        # Whoever declines does not go on when asked to continue.
        (REFUSED + incomplete("max_output_tokens"), "refusal", "max_output_tokens"),
    ],
)
def test_how_a_response_ended_has_a_canonical_name_and_the_raw_one(body, stop_reason, raw):
    ending = read(body).ending
    assert ending.outcome is Outcome.COMPLETE
    assert (ending.stop_reason, ending.raw_stop_reason) == (stop_reason, raw)


@pytest.mark.parametrize(
    ("fields", "stop_reason"),
    [
        ({"status": "incomplete"}, "incomplete"),
        ({"incomplete_details": {"reason": "max_output_tokens"}}, "max_tokens"),
        ({"status": "completed", "incomplete_details": None}, "end_turn"),
        ({"status": "completed", "error": None}, "end_turn"),
        ({"status": None}, "end_turn"),
        ({"status": "in_progress"}, "end_turn"),
        ({}, "end_turn"),
    ],
)
def test_a_completed_response_that_says_it_is_not_is_believed(fields, stop_reason):
    ending = read(SO_FAR, response("completed", **fields)).ending
    assert (ending.outcome, ending.stop_reason) == (Outcome.COMPLETE, stop_reason)


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}])
def test_the_end_is_the_end_without_a_usable_response_too(odd):
    ending = read(SO_FAR, event("response.completed", response=odd)).ending
    assert (ending.outcome, ending.stop_reason) == (Outcome.COMPLETE, "end_turn")


def test_an_empty_refusal_is_none():
    body = whole(declined("", item_id="m"), done(message("m", content=[refusal("")])))
    assert read(body).ending.stop_reason == "end_turn"


def test_reading_stops_at_the_end():
    result = read(
        SO_FAR,
        completed(),
        text(" not", item_id="m", output_index=0, content_index=0),
        event("error", code="server_error", message="late"),
        unnamed("[DONE]"),
    )
    assert result.message.text == "so far"
    assert result.ending.stop_reason == "end_turn"


def test_an_end_without_its_blank_line_is_the_end():
    assert read((SO_FAR + completed())[:-2]).ending.outcome is Outcome.COMPLETE
    assert read((SO_FAR + completed())[:-1]).ending.outcome is Outcome.COMPLETE


# Truncated


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b": a comment\n\n",
        PING,
        START,
        SO_FAR,
        SO_FAR + done(message("m", "so far"), 0),
        SO_FAR + completed()[:-3],
        SO_FAR + unnamed("[DONE]"),
        unnamed("[DONE]"),
        b"data: [DONE]",
        SO_FAR + named("response.completed.new", "{}"),
    ],
)
def test_bytes_that_end_without_the_end_are_truncated(body):
    ending = read(body).ending
    assert (ending.outcome, ending.stop_reason) == (Outcome.TRUNCATED, None)


def test_what_came_before_a_cut_is_kept():
    result = read(SO_FAR, added(function_call("f"), 1), arguments('{"port"', item_id="f"))
    assert result.message.text == "so far"
    assert [call.input for call in result.message.tool_calls] == [None]


def test_text_that_came_with_its_item_survives_a_cut():
    assert read(START, added(message("m", "so far"), 0)).message.text == "so far"


# Errors in the stream

QUOTA = {"type": "insufficient_quota", "code": "insufficient_quota", "message": "Out of money."}


@pytest.mark.parametrize(
    ("fields", "type_", "retryable"),
    [
        # flat, as OpenAI documents it
        (
            {"code": "server_error", "message": "In their words.", "param": None},
            "server_error",
            True,
        ),
        (
            {"code": "rate_limit_exceeded", "message": "In their words."},
            "rate_limit_exceeded",
            True,
        ),
        ({"code": "invalid_prompt", "message": "In their words."}, "invalid_prompt", False),
        ({"code": None, "message": "In their words."}, "unknown_error", False),
        ({"code": "", "message": "In their words."}, "unknown_error", False),
        ({"code": 503, "message": "In their words."}, "503", True),
        ({"code": 400, "message": "In their words."}, "400", False),
        # nested, as it comes
        ({"error": {"type": "server_error", "message": "In their words."}}, "server_error", True),
        ({"error": {"type": "", "code": "x", "message": "In their words."}}, "x", False),
        ({"error": {"type": 7, "code": 429, "message": "In their words."}}, "429", True),
        (
            {
                "error": {
                    "type": "tokens",
                    "code": "rate_limit_exceeded",
                    "message": "In their words.",
                }
            },
            "tokens",
            True,
        ),
        ({"error": {"message": "In their words."}}, "unknown_error", False),
        ({"error": "In their words."}, "unknown_error", False),
        ({"error": None, "message": "In their words."}, "unknown_error", False),
        ({"why": "In their words."}, "unknown_error", False),
    ],
)
def test_an_error_event_ends_the_reply_with_the_servers_type_and_words(fields, type_, retryable):
    result = read(SO_FAR, event("error", **fields), completed())
    error = result.ending.error
    assert (result.ending.outcome, result.ending.stop_reason) == (Outcome.ERROR, None)
    assert error is not None
    assert "In their words." in error.message
    assert (error.type, error.retryable) == (type_, retryable)
    assert result.message.text == "so far"


@pytest.mark.parametrize("type_", ["insufficient_quota", "rate_limit_error"])
def test_an_empty_purse_is_not_worth_a_retry(type_):
    told = {**QUOTA, "type": type_}
    for body in (event("error", error=told), response("failed", error=told)):
        error = read(START, body).ending.error
        assert error is not None
        assert (error.type, error.retryable) == (type_, False)


@pytest.mark.parametrize("data", ["it broke", '"it broke"', '["it broke"]', '{"message":"it broke'])
def test_an_error_event_that_is_no_json_is_an_unknown_error_in_its_own_words(data):
    result = read(SO_FAR, named("error", data), completed())
    assert result.error_type == "unknown_error"
    assert result.ending.error is not None
    assert "it broke" in result.ending.error.message


def test_an_error_is_known_by_its_name_or_by_its_data():
    told = {"type": "error", "code": "server_error", "message": "m"}
    bodies = [
        event("error", code="server_error", message="m"),
        unnamed(json.dumps(told)),
        named("error", json.dumps({"type": "server_error", "message": "m"})),
        named("error", json.dumps({"code": "server_error", "message": "m"})),
        named("response.created", json.dumps(told)),
        unnamed(json.dumps({"error": {"type": "server_error", "message": "m"}})),
        unnamed(json.dumps({"object": "error", "code": "server_error", "message": "m"})),
    ]
    assert {read(SO_FAR, body).ending for body in bodies} == {read(SO_FAR, bodies[0]).ending}


@pytest.mark.parametrize(
    ("error", "type_", "retryable"),
    [
        ({"code": "server_error", "message": "It broke."}, "server_error", True),
        ({"code": "invalid_image", "message": "It broke."}, "invalid_image", False),
        ({"type": "overloaded_error", "message": "It broke."}, "overloaded_error", True),
        ({"code": None, "message": "It broke."}, "unknown_error", False),
        (None, "unknown_error", False),
        ("It broke.", "unknown_error", False),
    ],
)
def test_a_failed_response_says_why(error, type_, retryable):
    result = read(SO_FAR, response("failed", status="failed", error=error), completed())
    assert result.ending.outcome is Outcome.ERROR
    assert result.ending.error is not None
    assert (result.ending.error.type, result.ending.error.retryable) == (type_, retryable)
    assert result.ending.error.message
    assert result.message.text == "so far"


@pytest.mark.parametrize("odd", [None, 7, "x", []])
def test_a_failure_without_a_usable_response_is_one_too(odd):
    assert read(SO_FAR, event("response.failed", response=odd)).error_type == "unknown_error"


def test_the_words_of_a_failure_may_stand_beside_the_response():
    body = event("response.failed", error={"code": "server_error", "message": "It broke."})
    assert read(SO_FAR, body).error_type == "server_error"


@pytest.mark.parametrize("name", ["completed", "incomplete", "in_progress", "created", "failed"])
def test_a_response_that_has_failed_is_a_failure_whatever_the_events_name(name):
    failed = response(name, status="failed", error={"code": "server_error", "message": "m"})
    assert read(SO_FAR, failed, completed()).error_type == "server_error"


@pytest.mark.parametrize("name", ["completed", "incomplete", "in_progress", "cancelled"])
def test_a_response_that_the_server_cancelled_is_an_error(name):
    result = read(SO_FAR, response(name, status="cancelled", error=None))
    assert result.ending.outcome is Outcome.ERROR
    assert result.error_type == "cancelled"
    assert result.message.text == "so far"


def test_a_cancellation_that_says_why_is_told_so():
    told = {"code": "server_error", "message": "m"}
    body = response("cancelled", status="cancelled", error=told)
    assert read(SO_FAR, body).error_type == "server_error"


# Malformed events


@pytest.mark.parametrize(
    "name",
    [
        "response.created",
        "response.output_text.delta",
        "response.output_item.done",
        "response.completed",
        "message",
    ],
)
@pytest.mark.parametrize("data", ["{", "", "[]", "7", '"x"', "null", '{"a":NaN}', "{}{}"])
def test_data_that_is_no_json_object_is_a_malformed_event(name, data):
    result = read(SO_FAR, named(name, data), completed())
    assert result.error_type == "malformed_event"
    assert result.message.text == "so far"


def test_an_end_that_has_a_name_is_no_place_for_done():
    assert read(SO_FAR, named("response.completed", "[DONE]")).error_type == "malformed_event"


@pytest.mark.parametrize("done_", ["[DONE]", " [DONE] "])
def test_done_ends_nothing_and_breaks_nothing(done_):
    result = read(SO_FAR, unnamed(done_), completed())
    assert result.ending.outcome is Outcome.COMPLETE


@pytest.mark.parametrize(
    "name", ["ping", "keepalive", "response.new_thing", "response.web_search_call.searching"]
)
@pytest.mark.parametrize("data", ["", "{", "not json", '{"type":"response.completed"}'])
def test_names_that_mean_nothing_to_us_are_not_even_parsed(name, data):
    result = read(SO_FAR, named(name, data), completed())
    assert result.ending.outcome is Outcome.COMPLETE
    assert result.message.text == "so far"


def test_the_type_in_the_data_decides_over_a_known_name():
    delta = {"type": "response.output_text.delta", "delta": "hi", "item_id": "m"}
    assert read(START, named("response.created", json.dumps(delta))).message.text == "hi"
    unknown = named("response.completed", json.dumps({"type": "response.new_thing"}))
    assert read(START, unknown).ending.outcome is Outcome.TRUNCATED


def test_a_name_stands_in_for_a_type_that_is_missing():
    body = named("response.output_text.delta", json.dumps({"delta": "hi", "item_id": "m"}))
    assert read(START, body).message.text == "hi"
    assert read(START, named("response.completed", "{}")).ending.outcome is Outcome.COMPLETE


def test_events_without_names_are_as_good():
    body = SO_FAR + completed()
    bare = b"".join(line + b"\n" for line in body.split(b"\n") if not line.startswith(b"event:"))
    assert read(bare) == read(body)
    assert read(bare.replace(b"\n", b"\r\n")) == read(body)


# A body that is no stream


def test_a_web_page_is_an_invalid_response():
    result = read(HTML, content_type="text/html")
    assert result.error_type == "invalid_response"
    assert result.ending.error is not None
    assert "502 Bad Gateway" in result.ending.error.message
    assert "text/html" in result.ending.error.message


@pytest.mark.parametrize(
    ("document", "type_"),
    [
        ({"error": {"code": 400, "message": "m", "type": "invalid_request_error"}}, None),
        ({"error": {"message": "m", "code": "context_length_exceeded"}}, "context_length_exceeded"),
        ({"error": "m"}, "unknown_error"),
        ({"object": "error", "message": "m", "type": "BadRequestError"}, "BadRequestError"),
        ({"object": "response", "error": None, "output": []}, "invalid_response"),
        ({"detail": "Not Found"}, "invalid_response"),
    ],
)
def test_a_bare_json_body_is_read_as_an_error_if_it_is_one(document, type_):
    for body in (json.dumps(document), json.dumps(document, indent=2)):
        assert read(body.encode()).error_type == (type_ or "invalid_request_error")


def test_an_event_beyond_all_measure_is_an_error():
    body = SO_FAR + b"data: " + b"x" * (17 * 1024 * 1024)
    result = read(body)
    assert result.error_type == "event_too_large"
    assert result.message.text == "so far"


# In pieces


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_any_line_end_and_any_split_is_the_same(end):
    body = whole(whole_text("m", 0, "Gr\u00fc\u00dfe ", "\U0001f30d"), CALL)
    assert read_bytewise(body.replace(b"\n", end)) == read(body)


def test_the_ending_comes_once_and_last():
    for body in (SO_FAR, SO_FAR + completed(), SO_FAR + event("error"), HTML, b""):
        events = read(body).events
        assert [e for e in events if isinstance(e, ReplyStopped)] == events[-1:]


def test_annotations_and_parts_of_odd_types_break_nothing():
    odd = [None, 7, "x", [], {}, {"type": "new"}, output_text("Six.", None, 7, "x")]
    body = whole(done(message("m", content=odd), 0))
    assert read(body).message.text == "Six."
