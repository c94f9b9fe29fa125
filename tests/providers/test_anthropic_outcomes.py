"""Complete, error or truncated: section 0 of PROTOCOLS, rule by rule, for the Messages API."""

from __future__ import annotations

import json

import pytest
from messages_stream import (
    PING,
    STOP,
    block,
    close,
    ended,
    event,
    named,
    read,
    read_bytewise,
    start,
    stop_reason,
    text,
    text_block,
    thinking,
    tool_block,
    unnamed,
    whole,
)

from tui.chat.ending import Outcome
from tui.chat.events import ReplyStopped, TextDelta
from tui.chat.message import TextPart, ThinkingPart
from tui.providers.anthropic_stream import AnthropicDecoder

OVERLOADED = {"type": "overloaded_error", "message": "Busy, try later"}
HTML = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body></body></html>\n"


# Rule 1: error


@pytest.mark.parametrize(
    ("type_", "retryable"),
    [
        ("invalid_request_error", False),
        ("authentication_error", False),
        ("billing_error", False),
        ("permission_error", False),
        ("not_found_error", False),
        ("conflict_error", False),
        ("request_too_large", False),
        ("rate_limit_error", True),
        ("api_error", True),
        ("timeout_error", True),
        ("overloaded_error", True),
        ("an_error_from_the_future", False),
    ],
)
def test_an_error_event_ends_the_reply_with_the_providers_type_and_words(type_, retryable):
    told = {"type": type_, "message": "In their words."}
    result = read(start(), text(0, "so far"), event("error", error=told, request_id="req_1"))
    assert result.ending.outcome is Outcome.ERROR
    assert result.ending.stop_reason is None
    error = result.ending.error
    assert error is not None
    assert (error.type, error.message) == (type_, "In their words.")
    assert (error.retryable, error.request_id, error.status) == (retryable, "req_1", None)
    assert result.message.text == "so far"


@pytest.mark.parametrize("code", ["enforced_spend_limit_reached", "contract_spend_limit_reached"])
def test_a_spend_limit_is_not_worth_a_retry(code):
    told = {"type": "rate_limit_error", "message": "m", "details": {"error_code": code}}
    error = read(event("error", error=told)).ending.error
    assert error is not None
    assert not error.retryable


def test_an_error_event_before_anything_else_is_an_error():
    assert read(event("error", error=OVERLOADED)).error_type == "overloaded_error"


def test_reading_stops_at_the_first_error():
    result = read(
        start(), text(0, "kept"), event("error", error=OVERLOADED), text(0, " not"), ended()
    )
    assert result.message.text == "kept"
    assert result.error_type == "overloaded_error"


def test_an_error_after_the_stop_reason_keeps_it():
    ending = read(start(), stop_reason("end_turn"), event("error", error=OVERLOADED)).ending
    assert (ending.outcome, ending.stop_reason) == (Outcome.ERROR, "end_turn")


def test_an_error_is_known_by_its_data_or_by_its_name():
    by_data = unnamed(json.dumps({"type": "error", "error": OVERLOADED}))
    by_name = named("error", json.dumps({"error": OVERLOADED}))
    assert (
        read(by_data).ending
        == read(by_name).ending
        == read(event("error", error=OVERLOADED)).ending
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ('{"type":"error","error":"it broke"}', "it broke"),
        ('{"error":{"message":"it broke"}}', "it broke"),
        ('{"error":{"type":null,"message":"it broke"}}', "it broke"),
        ('{"error":{"type":["x"],"message":"it broke"}}', "it broke"),
        ('{"message":"it broke"}', "it broke"),
        ('{"type":"error","message":"it broke"}', "it broke"),
        ("it broke", "it broke"),
        ('"it broke"', "it broke"),
        ('["it broke"]', "it broke"),
        ('{"error":{"message":"it broke"', "it broke"),
        ('{"type":"error","error":{},"why":"it broke"}', "it broke"),
        ('{"type":"error","error":null,"why":"it broke"}', "it broke"),
    ],
)
def test_an_error_event_without_a_usable_type_is_an_unknown_error_in_its_own_words(data, words):
    result = read(start(), text(0, "kept"), named("error", data), ended())
    assert result.error_type == "unknown_error"
    assert result.ending.error is not None
    assert words in result.ending.error.message
    assert result.message.text == "kept"


@pytest.mark.parametrize(
    "name", ["message_start", "content_block_delta", "message_stop", "message"]
)
@pytest.mark.parametrize("data", ["{", "", "[DONE]", "[]", "7", '"x"', "null", '{"a":NaN}', "{}{}"])
def test_data_that_is_no_json_object_is_a_malformed_event(name, data):
    result = read(start(), text(0, "kept"), named(name, data), text(0, " not"), ended())
    assert result.error_type == "malformed_event"
    assert result.ending.outcome is Outcome.ERROR
    assert result.message.text == "kept"


def test_a_malformed_unnamed_event_is_malformed_too():
    assert read(start(), unnamed("oops"), ended()).error_type == "malformed_event"


def test_what_a_malformed_event_held_is_shown_without_its_controls():
    ending = read(start(), unnamed("{oops \x1b]52;c;eA==\x07"), ended()).ending
    assert ending.error is not None
    assert "{oops" in ending.error.message
    assert "\x1b" not in ending.error.message


def test_json_nested_without_end_is_a_malformed_event_and_no_crash():
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    assert read(start(), unnamed(deep), ended()).error_type == "malformed_event"


@pytest.mark.parametrize("depth", [900, 980, 990, 995])
def test_json_nested_close_to_pythons_limit_is_no_crash_either(depth):
    deep = '{"a":' * depth + "1" + "}" * depth
    started = '{"type":"content_block_start","index":0,"content_block":{"type":"new","x":%s}}'
    event_ = named("content_block_start", started % deep)
    assert read(start(), event_, ended()).error_type == "malformed_event"
    called = read(whole(tool_block(0, deep), reason="tool_use"))
    assert called.ending.outcome is Outcome.COMPLETE
    assert [call.input for call in called.message.tool_calls] == [None]


# Rule 2: complete


def test_message_stop_is_what_makes_a_reply_complete():
    assert read(start(), STOP).ending.outcome is Outcome.COMPLETE
    assert read(STOP).ending.outcome is Outcome.COMPLETE


def test_a_reply_needs_no_message_start():
    """llama.cpp leaves it out where the first token is only half of a character."""
    reply = read(text_block(0, "👩", " hi"), ended("end_turn"))
    assert (reply.ending.outcome, reply.ending.stop_reason) == (Outcome.COMPLETE, "end_turn")
    assert reply.message.text == "👩 hi"


def test_a_complete_reply_may_be_empty():
    result = read(whole())
    assert (result.message.parts, result.ending.stop_reason) == ((), "end_turn")


def test_message_stop_is_acted_upon_before_the_bytes_end():
    decoder = AnthropicDecoder()
    events = decoder.feed(whole(text_block(0, "a")))
    assert isinstance(events[-1], ReplyStopped)
    assert decoder.close() == []


# Rule 3: truncated


@pytest.mark.parametrize(
    "body",
    [
        start(),
        start() + text(0, "A whole sentence."),
        start() + text_block(0, "A whole sentence."),
        start() + PING,
        PING,
    ],
)
def test_bytes_that_end_without_an_end_marker_are_truncated_however_whole_they_look(body):
    ending = read(body).ending
    assert ending.outcome is Outcome.TRUNCATED
    assert ending.stop_reason is None
    assert ending.error is None


def test_cut_between_message_delta_and_message_stop_is_truncated_with_its_stop_reason_known():
    result = read(start(), text_block(0, "whole"), stop_reason("end_turn"))
    assert result.ending.outcome is Outcome.TRUNCATED
    assert result.ending.stop_reason == "end_turn"
    assert result.message.text == "whole"


def test_a_refusal_whose_message_stop_is_lost_is_still_a_refusal():
    assert read(start(), stop_reason("refusal")).ending.is_refusal


def test_a_cut_keeps_all_that_had_come():
    result = read(start(), thinking(0, "thou"), block(1, "text", text="An"), text(1, "sw"))
    assert result.message.parts == (ThinkingPart("thou"), TextPart("Answ"))


@pytest.mark.parametrize(
    "nothing", [b"", b"\n\n\n", b"\r\n", b": ping\n\n: ping\n\n", b": ping", b"\xef\xbb\xbf"]
)
def test_nothing_or_comments_alone_are_truncated(nothing):
    result = read(nothing)
    assert result.ending.outcome is Outcome.TRUNCATED
    assert result.events == [ReplyStopped(result.ending)]


@pytest.mark.parametrize(
    "fields",
    [b"event: message_start\n\n", b"id: 7\nretry: 100\n\n", b"data: {", b"event: mess", b"dat"],
)
def test_fields_without_an_event_are_truncated(fields):
    assert read(fields).ending.outcome is Outcome.TRUNCATED


# Rule 4: nothing after the end marker counts


@pytest.mark.parametrize(
    "late",
    [
        event("error", error=OVERLOADED),
        text(0, "late"),
        stop_reason("max_tokens"),
        unnamed("{broken"),
        b"<html>",
        b"\xff\xfe\x00",
        start(),
    ],
)
def test_nothing_after_message_stop_counts(late):
    body = whole(text_block(0, "a"))
    assert read(body, late).events == read(body).events
    assert read_bytewise(body + late).events == read(body).events


# The end of the bytes


def test_a_last_event_without_its_blank_line_counts_if_its_json_is_whole():
    body = whole(text_block(0, "a"))
    for cut in (1, 2):
        assert read(body[:-cut]).events == read(body).events
        assert read_bytewise(body[:-cut]).events == read(body).events


def test_a_last_delta_or_error_without_its_blank_line_counts_too():
    assert read(start(), text(0, "a"), text(0, "b")[:-2]).message.text == "ab"
    assert read(start(), event("error", error=OVERLOADED)[:-2]).error_type == "overloaded_error"


def test_a_last_event_whose_json_is_cut_is_dropped_without_an_error():
    result = read(start(), text(0, "a"), text(0, "b")[:-3])
    assert result.message.text == "a"
    assert result.ending.outcome is Outcome.TRUNCATED


def test_a_cut_error_event_is_dropped_as_well():
    assert read(start(), event("error", error=OVERLOADED)[:-6]).ending.outcome is Outcome.TRUNCATED


def test_a_last_done_is_an_event_and_in_this_api_no_json():
    assert read(start(), b"data: [DONE]").error_type == "malformed_event"
    assert read(whole(text_block(0, "a")), b"data: [DONE]").ending.outcome is Outcome.COMPLETE


@pytest.mark.parametrize("last", [b"data: 7", b"data: []", b'data: "x"', b"data: null", b"data:"])
def test_a_last_event_that_is_no_object_is_dropped(last):
    assert read(start(), last).ending.outcome is Outcome.TRUNCATED


def test_a_lone_last_event_is_enough_for_a_stream():
    result = read(b'data: {"type":"message_stop"}')
    assert result.ending.outcome is Outcome.COMPLETE


# A body that is no stream


def test_a_web_page_is_an_invalid_response_that_shows_how_it_begins():
    error = read(HTML, content_type="text/html").ending.error
    assert error is not None
    assert error.type == "invalid_response"
    assert "<title>502 Bad Gateway</title>" in error.message
    assert "text/html" in error.message


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_error_document_gives_its_own_type(end, indent):
    document = {"type": "error", "error": OVERLOADED, "request_id": "req_9"}
    body = json.dumps(document, indent=indent).encode() + end
    error = read(body, content_type="application/json").ending.error
    assert error is not None
    assert (error.type, error.message) == ("overloaded_error", "Busy, try later")
    assert error.request_id == "req_9"
    assert error.retryable


def test_a_json_error_document_may_have_a_byte_order_mark():
    body = b"\xef\xbb\xbf" + json.dumps({"error": OVERLOADED}).encode()
    assert read(body).error_type == "overloaded_error"


@pytest.mark.parametrize("body", [b'{"error":"boom"}', b'{"error":{"message":"boom"}}'])
def test_a_json_error_document_without_a_type_is_an_unknown_error(body):
    error = read(body).ending.error
    assert error is not None
    assert (error.type, error.message) == ("unknown_error", "boom")


def test_a_whole_message_instead_of_a_stream_is_an_invalid_response():
    body = b'{"type":"message","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn"}'
    for document in (body, body + b"\n"):
        result = read(document, content_type="application/json")
        assert result.error_type == "invalid_response"
        assert result.message.parts == ()


def test_plain_text_is_an_invalid_response():
    error = read(b"upstream connect error").ending.error
    assert error is not None
    assert error.type == "invalid_response"
    assert "upstream connect error" in error.message


def test_only_about_two_hundred_characters_of_such_a_body_are_shown_and_no_controls():
    body = b"\x1b[31mred\x07 " + b"long " * 1000
    error = read(body).ending.error
    assert error is not None
    assert "red" in error.message
    assert len(error.message) < 320
    assert error.message.isprintable()


def test_a_body_that_is_no_stream_is_kept_only_up_to_64_kib():
    document = {"error": OVERLOADED, "padding": "x" * 70_000}
    assert read(json.dumps(document).encode()).error_type == "invalid_response"
    document["padding"] = "x" * 60_000
    assert read(json.dumps(document).encode()).error_type == "overloaded_error"


def test_comments_before_such_a_body_do_not_make_it_a_stream():
    assert read(b": keep-alive\n\n", HTML).error_type == "invalid_response"


def test_fields_before_such_a_body_do_not_make_it_a_stream():
    assert read(b"event: message_start\n\nretry: 5\n\n", HTML).error_type == "invalid_response"


def test_strange_lines_after_a_first_event_do_not_unmake_the_stream():
    result = read(start(), HTML, text_block(0, "a"), ended())
    assert result.ending.outcome is Outcome.COMPLETE
    assert result.message.text == "a"
    assert read(start(), HTML).ending.outcome is Outcome.TRUNCATED


def test_what_a_body_is_does_not_depend_on_how_it_was_split():
    for body in (
        HTML,
        b'{"error":"boom"}',
        b"text",
        b": only\n\n",
        json.dumps(OVERLOADED).encode(),
    ):
        assert read_bytewise(body).events == read(body).events


# An event without end


def test_an_event_too_large_keeps_what_came_before():
    endless = b'event: content_block_delta\ndata: {"x":"' + b"x" * (16 * 1024 * 1024) + b'"}\n\n'
    result = read(start(), text(0, "kept"), endless, text(0, " not"), ended())
    assert result.error_type == "event_too_large"
    assert result.ending.outcome is Outcome.ERROR
    assert result.message.text == "kept"
    assert TextDelta("kept", 0) in result.events


def test_a_reply_that_is_complete_before_an_event_too_large_is_complete():
    endless = b"data: " + b"x" * (16 * 1024 * 1024 + 1)
    result = read(whole(text_block(0, "kept")), endless)
    assert result.ending.outcome is Outcome.COMPLETE


def test_missing_block_stops_do_not_matter_for_the_outcome():
    assert read(start(), block(0, "text", text="a"), ended()).ending.outcome is Outcome.COMPLETE
    assert read(start(), close(5), ended()).ending.outcome is Outcome.COMPLETE
