"""Complete, error or truncated: section 0 of PROTOCOLS, rule by rule, for Chat Completions."""

from __future__ import annotations

import json

import pytest
from chat_stream import (
    DONE,
    KEPT,
    START,
    call,
    choice,
    chunk,
    data,
    delta,
    ended,
    finish,
    read,
    read_bytewise,
    text,
    usage,
)

from tui.chat.ending import Ending, Outcome
from tui.chat.events import ReplyStopped, TextDelta
from tui.chat.message import TextPart, ThinkingPart, Usage
from tui.providers.openai_chat_stream import OpenAIChatDecoder

BROKE = {"message": "upstream broke", "type": "server_error", "code": 500}
HTML = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body></body></html>\n"
CALL = call(index=0, id="a", name="f", arguments="{}")


# Rule 2: complete, and why

REASONS = [
    ("stop", "end_turn"),
    ("length", "max_tokens"),
    ("model_length", "max_tokens"),
    ("tool_calls", "tool_use"),
    ("function_call", "tool_use"),
    ("content_filter", "refusal"),
    ("a_reason_from_the_future", "a_reason_from_the_future"),
    ("end_turn", "end_turn"),
]


@pytest.mark.parametrize("last", [b"", DONE])
@pytest.mark.parametrize(("reason", "canonical"), REASONS)
def test_a_finish_reason_makes_a_reply_complete_with_or_without_done(reason, canonical, last):
    result = read(KEPT, finish(reason), last)
    assert result.ending == Ending(Outcome.COMPLETE, canonical, raw_stop_reason=reason)
    assert result.message.text == "kept"


@pytest.mark.parametrize(("reason", "canonical"), [*REASONS[1:], ("stop", "tool_use")])
def test_after_calls_only_a_plain_stop_means_them(reason, canonical):
    canonical = "tool_use" if reason == "end_turn" else canonical
    ending = read(KEPT, CALL, finish(reason)).ending
    assert (ending.stop_reason, ending.raw_stop_reason) == (canonical, reason)


def test_a_call_in_the_very_chunk_of_the_finish_reason_counts():
    function = {"name": "f", "arguments": "{}"}
    last = chunk(choice({"tool_calls": [{"index": 0, "id": "a", "function": function}]}, "stop"))
    assert read(START, last).ending.stop_reason == "tool_use"


@pytest.mark.parametrize("reason", ["stop", "tool_calls", "content_filter"])
@pytest.mark.parametrize("called", [b"", CALL])
def test_a_refusal_wins_over_a_stop_and_over_calls(reason, called):
    result = read(START, delta(refusal="No."), called, ended(reason))
    assert result.ending.stop_reason == "refusal"
    assert result.ending.raw_stop_reason == reason


def test_a_refusal_that_was_cut_for_its_length_was_cut():
    assert read(START, delta(refusal="No"), ended("length")).ending.stop_reason == "max_tokens"


def test_vllm_tells_which_stop_sequence_matched_and_the_turn_has_ended_as_elsewhere():
    ending = read(KEPT, finish("stop", stop_reason="END"), DONE).ending
    assert ending == Ending(Outcome.COMPLETE, "end_turn", "stop", "END")


@pytest.mark.parametrize("other", [None, 128009, "", True, ["END"]])
def test_the_number_of_the_token_that_stopped_it_is_no_stop_sequence(other):
    ending = read(KEPT, finish("stop", stop_reason=other)).ending
    assert (ending.stop_reason, ending.stop_sequence) == ("end_turn", None)


def test_calls_and_a_refusal_win_over_a_stop_sequence():
    assert read(CALL, finish("stop", stop_reason="</call>")).ending.stop_reason == "tool_use"
    refused = read(delta(refusal="No"), finish("stop", stop_reason="END"))
    assert refused.ending.stop_reason == "refusal"


@pytest.mark.parametrize("unfinished", [None, "", 0, False, [], {"x": 1}])
def test_an_empty_finish_reason_is_none(unfinished):
    assert read(KEPT, finish(unfinished), DONE).ending.outcome is Outcome.TRUNCATED
    assert read(KEPT, finish(unfinished), finish()).ending.outcome is Outcome.COMPLETE


def test_the_first_finish_reason_wins():
    ending = read(KEPT, finish("length"), finish("stop"), finish("error"), DONE).ending
    assert (ending.outcome, ending.stop_reason) == (Outcome.COMPLETE, "max_tokens")
    assert ending.raw_stop_reason == "length"


def test_a_complete_reply_may_be_empty():
    result = read(finish())
    assert (result.message.parts, result.ending.stop_reason) == ((), "end_turn")


def test_done_is_acted_upon_before_the_bytes_end():
    decoder = OpenAIChatDecoder()
    assert not any(isinstance(event, ReplyStopped) for event in decoder.feed(KEPT + finish()))
    assert decoder.is_over  # so that nobody waits for long
    assert isinstance(decoder.feed(DONE)[-1], ReplyStopped)


@pytest.mark.parametrize("done", [b"data:[DONE]\n\n", b"data:  [DONE] \r\n\r\n"])
def test_done_may_have_blanks_around_it(done):
    assert read(KEPT, finish(), done, text("late")).message.text == "kept"
    assert read(KEPT, done, text("late"), finish()).message.text == "kept"


def test_done_may_lack_its_blank_line():
    assert read(KEPT, finish(), b"data: [DONE]").events == read(KEPT, finish(), DONE).events


# Rule 3: truncated


@pytest.mark.parametrize(
    "body", [START, KEPT, KEPT + usage(completion_tokens=3), KEPT + CALL, KEPT + DONE, DONE]
)
def test_without_a_finish_reason_the_reply_is_truncated_however_whole_it_looks(body):
    assert read(body).ending == Ending(Outcome.TRUNCATED)


def test_a_finish_reason_after_done_is_too_late():
    assert read(KEPT, DONE, ended()).ending == Ending(Outcome.TRUNCATED)


def test_a_cut_keeps_all_that_had_come():
    result = read(START, delta(reasoning="thou"), text("An"), text("sw"))
    assert result.message.parts == (ThinkingPart("thou"), TextPart("Answ"))


@pytest.mark.parametrize(
    "nothing", [b"", b"\n\n\n", b"\r\n", b": ping\n\n: ping\n\n", b": ping", b"\xef\xbb\xbf"]
)
def test_nothing_or_comments_alone_are_truncated(nothing):
    result = read(nothing)
    assert result.events == [ReplyStopped(Ending(Outcome.TRUNCATED))]


@pytest.mark.parametrize(
    "fields", [b"event: error\n\n", b"id: 7\n\n", b"data: {", b"dat", b"data:"]
)
def test_fields_without_an_event_are_truncated(fields):
    assert read(fields).ending.outcome is Outcome.TRUNCATED


# Rule 4: after the finish reason

LATE_ERRORS = [
    data({"error": BROKE}),
    data({"error": BROKE}, name="error"),
    data("it broke", name="error"),
    data({"object": "error", "message": "bad"}),
    data("{broken"),
    data("[]"),
    b'error: {"message": "too late"}\n',
    HTML,
    b"\xff\xfe\x00\n\n",
    finish("error"),
    finish("length"),
    delta(refusal=""),
]


@pytest.mark.parametrize("late", LATE_ERRORS)
def test_after_the_finish_reason_nothing_is_an_error_and_the_rest_still_counts(late):
    after = late + usage(prompt_tokens=12, completion_tokens=3) + text(", too")
    for body in (KEPT + finish() + after, KEPT + finish() + after + DONE):
        result = read(body)
        assert (result.ending.outcome, result.ending.stop_reason) == (Outcome.COMPLETE, "end_turn")
        assert result.message.text == "kept, too"
        assert result.message.usage == Usage(12, 3)
        assert read_bytewise(body) == result


def test_what_comes_late_changes_no_stop_reason():
    for late in (CALL, delta(refusal="No.")):
        assert read(KEPT, finish(), late, DONE).ending.stop_reason == "end_turn"


def test_usage_and_content_beside_a_late_error_still_count():
    late = chunk(choice({"content": ", too"}), error=BROKE, usage={"completion_tokens": 3})
    result = read(KEPT, finish(), late, DONE)
    assert (result.message.text, result.message.usage) == ("kept, too", Usage(None, 3))


@pytest.mark.parametrize("late", [*LATE_ERRORS, text("late"), usage(completion_tokens=9), b"x"])
def test_nothing_after_done_counts(late):
    body = KEPT + finish() + DONE
    assert read(body, late).events == read(body).events
    assert read_bytewise(body + late).events == read(body).events


def test_an_event_too_large_after_the_finish_reason_leaves_the_reply_complete():
    endless = b"data: " + b"x" * (16 * 1024 * 1024 + 1)
    assert read(KEPT, finish(), endless, DONE).ending.outcome is Outcome.COMPLETE


# Rule 1: errors, in every shape

ERRORS = [
    (data({"error": BROKE}), "server_error", "upstream broke", True),
    (
        chunk(
            choice({"content": ""}, "error"),
            error={"code": 502, "message": "provider gone", "metadata": {"provider_name": "X"}},
        ),
        "502",
        "provider gone",
        True,
    ),
    (data({"error": "out of memory"}), "unknown_error", "out of memory", False),
    (
        data({"object": "error", "message": "bad", "type": "BadRequestError", "code": 400}),
        "BadRequestError",
        "bad",
        False,
    ),
    (
        data({"error": {"message": "Compute error."}, "message": "Compute error."}),
        "unknown_error",
        "Compute error.",
        False,
    ),
    (data({"message": "it broke"}, name="error"), "unknown_error", "it broke", False),
    (data({"error": BROKE}, name="error"), "server_error", "upstream broke", True),
    (data({"error": None, "message": "no", "code": "c"}, name="error"), "c", "no", False),
    (data("it broke", name="error"), "unknown_error", "it broke", False),
    (data("[1]", name="error"), "unknown_error", "[1]", False),
    (
        b'error: {"code":400,"message":"context too small","type":"invalid_request_error"}\n\n',
        "invalid_request_error",
        "context too small",
        False,
    ),
    (b'error:{"error":{"message":"deep","type":"t"}}\n', "t", "deep", False),
    (chunk(x_groq={"id": "r", "error": "over capacity"}), "unknown_error", "over capacity", False),
    (chunk(choice({}, "error", error={"code": 429, "message": "slow"})), "429", "slow", True),
    (chunk(choice({}, error={"code": 408, "message": "slow"})), "408", "slow", True),
    (data({"error": {"message": "m", "type": None, "code": "500"}}), "500", "m", True),
    (data({"error": {"message": "m", "type": "", "code": None}}), "unknown_error", "m", False),
    (data({"error": {"message": "m", "type": ["x"], "code": True}}), "unknown_error", "m", False),
    (data({"error": 7, "message": "m"}), "unknown_error", "m", False),
    (data({"error": {"why": "it broke"}}), "unknown_error", "it broke", False),
    (finish("error"), "unknown_error", "error", False),
    (finish("abort"), "unknown_error", "aborted", False),
    (finish("insufficient_system_resource"), "overloaded_error", "resources", True),
]


@pytest.mark.parametrize("after", [b"", DONE, text(" not") + ended()])
@pytest.mark.parametrize(("event", "type_", "words", "retryable"), ERRORS)
def test_an_error_in_any_shape_ends_the_reply_and_keeps_what_came(
    event, type_, words, retryable, after
):
    result = read(KEPT, event, after)
    assert result.ending.outcome is Outcome.ERROR
    assert result.ending.stop_reason is None
    error = result.ending.error
    assert error is not None
    assert (error.type, error.retryable, error.status) == (type_, retryable, None)
    assert words in error.message
    assert result.message.text == "kept"
    assert read_bytewise(KEPT + event + after) == result


@pytest.mark.parametrize(("event", "type_", "words", "retryable"), ERRORS)
def test_an_error_before_anything_else_is_an_error(event, type_, words, retryable):
    assert read(event, DONE).error_type == type_


def test_an_error_line_counts_only_in_its_place_and_only_if_it_holds_an_object():
    line = b'error: {"message":"m"}\n'
    assert read(line, KEPT, ended()).message.text == ""
    assert read(KEPT, finish(), line, DONE).ending.outcome is Outcome.COMPLETE
    for other in (b"error: soon\n", b"error\n", b'Error: {"message":"m"}\n', b"error: []\n"):
        assert read(KEPT, other, ended()).ending.outcome is Outcome.COMPLETE


def test_an_error_line_that_was_the_last_and_has_no_end_counts():
    assert read(KEPT, b'error: {"message":"m"}').error_type == "unknown_error"


def test_text_in_the_chunk_of_a_failed_finish_is_kept():
    result = read(KEPT, chunk(choice({"content": ", too"}, "error")))
    assert result.message.text == "kept, too"
    assert result.ending.raw_stop_reason == "error"


def test_usage_in_the_chunk_of_an_error_is_what_it_cost():
    assert read(chunk(error=BROKE, usage={"prompt_tokens": 4})).message.usage == Usage(4)


@pytest.mark.parametrize(
    ("type_", "code", "retryable"),
    [
        *[("t", code, True) for code in (408, 409, 429, 500, "503", 529, 599)],
        *[
            ("t", code, False)
            for code in (400, 401, 402, 404, 600, 1000, "5000", "abc", "\u00b2\u00b2\u00b2", None)
        ],
        *[(t, None, True) for t in ("server_error", "timeout", "overloaded_error")],
        ("tokens", "rate_limit_exceeded", True),
        ("rate_limit_error", "insufficient_quota", False),
        ("insufficient_quota", 429, False),
        ("invalid_request_error", "context_length_exceeded", False),
    ],
)
def test_what_may_pass_can_be_tried_again(type_, code, retryable):
    error = read(data({"error": {"message": "m", "type": type_, "code": code}})).ending.error
    assert error is not None
    assert error.retryable is retryable


GENERIC = "Provider returned error"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("Overloaded", f"{GENERIC}: Overloaded"),
        ('{"error":{"message":"Overloaded","type":"t"}}', f"{GENERIC}: Overloaded"),
        ({"error": {"message": "Overloaded"}}, f"{GENERIC}: Overloaded"),
        ('{"detail":"Overloaded"}', GENERIC + ': {"detail":"Overloaded"}'),
        ("two\n\x1b[2Jlines", f"{GENERIC}: two \u241b[2Jlines"),
        (GENERIC, GENERIC),
        ("", GENERIC),
        (None, GENERIC),
        (7, GENERIC),
    ],
)
def test_openrouters_generic_words_are_followed_by_the_cause(raw, words):
    told = {"code": 502, "message": GENERIC, "metadata": {"provider_name": "X", "raw": raw}}
    error = read(data({"error": told})).ending.error
    assert error is not None
    assert error.message == words


@pytest.mark.parametrize("broken", ["{", "[]", "7", '"x"', "null", '{"a":NaN}', "{}{}", "DONE"])
def test_data_that_is_no_json_object_is_a_malformed_event(broken):
    for name in ("", "message", "delta"):
        result = read(KEPT, data(broken, name=name), text(" not"), ended())
        assert result.error_type == "malformed_event"
        assert result.ending.outcome is Outcome.ERROR
        assert result.message.text == "kept"


def test_what_a_malformed_event_held_is_shown_without_its_controls():
    error = read(KEPT, data("{oops \x1b]52;c;eA==\x07")).ending.error
    assert error is not None
    assert "{oops" in error.message
    assert "\x1b" not in error.message


@pytest.mark.parametrize("depth", [900, 990, 100_000])
def test_json_nested_without_end_is_a_malformed_event_and_no_crash(depth):
    deep = '{"a":' * depth + "1" + "}" * depth
    assert read(KEPT, data(f'{{"x":{deep}}}')).error_type == "malformed_event"
    called = read(call(index=0, id="a", name="f", arguments=deep), ended("tool_calls"))
    assert called.ending.outcome is Outcome.COMPLETE
    assert called.calls == [("a", "f", None)]


def test_an_event_too_large_keeps_what_came_before():
    endless = b'data: {"x":"' + b"x" * (16 * 1024 * 1024) + b'"}\n\n'
    result = read(KEPT, endless, text(" not"), ended())
    assert result.error_type == "event_too_large"
    assert result.message.text == "kept"
    assert TextDelta("kept", 0) in result.events


# The end of the bytes


def test_a_last_chunk_without_its_blank_line_counts_if_its_json_is_whole():
    body = KEPT + finish()
    for cut in (1, 2):
        assert read(body[:-cut]).events == read(body).events
        assert read_bytewise(body[:-cut]).events == read(body).events
    assert read(body[:-3]).ending.outcome is Outcome.TRUNCATED


def test_a_last_error_without_its_blank_line_counts_too():
    event = data({"error": BROKE})
    assert read(KEPT, event[:-2]).error_type == "server_error"
    assert read(KEPT, event[:-3]).ending.outcome is Outcome.TRUNCATED


@pytest.mark.parametrize("last", [b"data: 7", b"data: []", b'data: "x"', b"data: null", b"data:"])
def test_a_last_event_that_is_no_object_is_dropped(last):
    assert read(KEPT, last).ending.outcome is Outcome.TRUNCATED


# A body that is no stream


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n"])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    ("document", "type_", "words"),
    [
        ({"error": BROKE}, "server_error", "upstream broke"),
        ({"error": "boom"}, "unknown_error", "boom"),
        ({"object": "error", "message": "bad", "type": "t"}, "t", "bad"),
        (
            {"error": {"code": 400, "message": "m", "type": "exceed_context_size_error"}},
            "exceed_context_size_error",
            "m",
        ),
    ],
)
def test_an_unframed_error_gives_its_own_type(document, type_, words, indent, end):
    body = json.dumps(document, indent=indent).encode() + end
    for result in (read(body, content_type="application/json"), read_bytewise(body)):
        assert result.ending.error is not None
        assert (result.error_type, result.ending.error.message) == (type_, words)


def test_a_web_page_is_an_invalid_response_that_shows_how_it_begins():
    error = read(HTML, content_type="text/html").ending.error
    assert error is not None
    assert error.type == "invalid_response"
    assert "<title>502 Bad Gateway</title>" in error.message
    assert "text/html" in error.message


def test_a_whole_answer_instead_of_a_stream_is_an_invalid_response():
    body = b'{"object":"chat.completion","choices":[{"message":{"content":"hi"}}],"error":null}'
    for document in (body, body + b"\n"):
        result = read(document, content_type="application/json")
        assert result.error_type == "invalid_response"
        assert result.message.parts == ()


def test_strange_lines_after_a_first_chunk_do_not_unmake_the_stream():
    assert read(KEPT, HTML, ended()).ending.outcome is Outcome.COMPLETE
    assert read(KEPT, HTML).ending.outcome is Outcome.TRUNCATED
