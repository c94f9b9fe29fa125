"""What Ollama's lines mean, and how a reply made of them ends: PROTOCOLS sections 0, 5 and 7."""

from __future__ import annotations

import json

import pytest
from ollama_lines import MADE_AT, call, chunk, ended, line, read, read_chunks

from tui.chat.ending import Outcome
from tui.chat.events import ReplyStarted, TextDelta, ThinkingDelta
from tui.chat.message import TextPart, ThinkingPart, ToolUsePart, Usage
from tui.providers.call_ids import is_made_up
from tui.providers.ollama_stream import OllamaDecoder

HTML = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body></body></html>\n"


# Text and thoughts


def test_a_reply_is_its_pieces_put_together():
    result = read(chunk("Mo"), chunk("in"), ended())
    assert result.message.parts == (TextPart("Moin"),)
    assert result.message.served_model == "q3"
    assert result.ending.is_plain


def test_each_piece_shows_at_once():
    decoder = OllamaDecoder()
    assert decoder.feed(chunk("Mo")) == [ReplyStarted(None, "q3"), TextDelta("Mo")]
    assert ThinkingDelta("Hm", 1) in decoder.feed(chunk("", thinking="Hm"))


def test_thoughts_are_kept_apart_from_the_text():
    result = read(chunk("", thinking="Hm"), chunk("", thinking="m."), chunk("Moin"), ended())
    assert result.message.parts == (ThinkingPart("Hmm."), TextPart("Moin"))


def test_a_line_with_thoughts_and_text_has_thought_first():
    parts = read(chunk("Moin", thinking="Hm"), ended()).message.parts
    assert parts == (ThinkingPart("Hm"), TextPart("Moin"))


def test_text_of_the_last_line_is_part_of_the_reply():
    assert read(chunk("Mo"), chunk("in", done=True)).message.text == "Moin"


def test_an_emoji_in_halves_arrives_whole_also_around_a_thought():
    result = read(chunk("\ud83c"), chunk("", thinking="Hm"), chunk("\udf0d"), ended())
    assert result.message.text == "\U0001f30d"


def test_a_line_separator_in_a_string_cuts_nothing():
    raw = '{"message":{"content":"a\u2028b\u0085c\x7f"},"done":false}\n'.encode()
    assert read(raw, ended()).message.text == "a\u2028b\u0085c\x7f"


@pytest.mark.parametrize("odd", [None, 7, [], {}, True, ["a"]])
def test_content_that_is_no_string_is_ignored(odd):
    result = read(chunk("a"), chunk(odd, thinking=odd, tool_calls=odd), chunk("b"), ended())
    assert result.message.text == "ab"
    assert result.ending.is_plain


@pytest.mark.parametrize("odd", [None, 7, "x", [], True])
def test_a_line_without_a_message_is_ignored(odd):
    result = read(chunk("a"), line(message=odd), line(), line(done=None), ended())
    assert result.message.text == "a"
    assert result.ending.is_plain


# Tools


def test_a_call_comes_whole_and_makes_the_reason_tool_use():
    result = read(chunk("See."), chunk("", tool_calls=[call(id="call_9")]), ended())
    assert result.message.tool_calls == (ToolUsePart("call_9", "tides", {"port": "Brest"}),)
    assert result.ending.outcome is Outcome.COMPLETE
    assert (result.ending.stop_reason, result.ending.raw_stop_reason) == ("tool_use", "stop")


def test_several_calls_keep_their_order():
    lines = chunk("", tool_calls=[call("a"), call("b")]), chunk("", tool_calls=[call("c")])
    assert [each.name for each in read(*lines, ended()).message.tool_calls] == ["a", "b", "c"]


def test_calls_without_ids_get_some_that_no_other_call_has():
    lines = chunk("", tool_calls=[call("a"), call("a")]), chunk("", tool_calls=[call("a")])
    ids = [each.id for each in read(*lines, ended()).message.tool_calls]
    assert len(set(ids)) == 3
    assert all(is_made_up(id_) for id_ in ids)
    later = [each.replace(MADE_AT.encode(), b"2026-11-01T10:05:00Z") for each in lines]
    others = [each.id for each in read(*later, ended()).message.tool_calls]
    assert not set(ids) & set(others)


def test_where_no_line_tells_its_time_the_whole_of_it_tells_calls_apart():
    def id_of(count: int) -> str:
        message = {"tool_calls": [call("a")]}
        body = line(message=message, prompt_eval_count=count, done=True)
        return read(body).calls[0][0]

    assert id_of(5) != id_of(6)


@pytest.mark.parametrize(
    ("arguments", "input_"),
    [
        ({}, {}),
        ("", {}),
        ('{"port":"Brest"}', {"port": "Brest"}),
        ('{"port":', None),
        ([1], None),
        (7, None),
        ({"port": "\ud83c"}, {"port": "\ufffd"}),
    ],
)
def test_arguments_are_an_object_or_the_call_cannot_be_run(arguments, input_):
    (found,) = read(chunk("", tool_calls=[call(arguments=arguments)]), ended()).message.tool_calls
    assert found.input == input_


@pytest.mark.parametrize("odd", [None, 7, "x", {}, {"function": None}, {"function": []}])
def test_what_is_no_call_is_ignored(odd):
    result = read(chunk("a", tool_calls=[odd, call(id="1")]), ended())
    assert [each.id for each in result.message.tool_calls] == ["1"]
    assert read(chunk("a", tool_calls=[odd]), ended()).ending.is_plain


def test_a_call_without_a_name_or_arguments_is_kept():
    (found,) = read(chunk("", tool_calls=[{"function": {}}]), ended()).message.tool_calls
    assert (found.name, found.input) == ("", {})


# How it ends


@pytest.mark.parametrize(
    ("reason", "canonical"),
    [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("load", "load"),
        ("unload", "unload"),
        ("a_reason_from_the_future", "a_reason_from_the_future"),
    ],
)
def test_each_reason_has_its_canonical_name_or_stays_as_it_is(reason, canonical):
    ending = read(chunk("a"), ended(reason)).ending
    assert ending.outcome is Outcome.COMPLETE
    assert (ending.stop_reason, ending.raw_stop_reason) == (canonical, reason)


@pytest.mark.parametrize("absent", [..., None, "", 7, []])
def test_a_reply_that_is_done_for_no_reason_has_ended_its_turn(absent):
    ending = read(chunk("a"), ended(absent)).ending
    assert (ending.outcome, ending.stop_reason) == (Outcome.COMPLETE, "end_turn")
    assert ending.raw_stop_reason is None
    assert read(chunk("", tool_calls=[call()]), ended(absent)).ending.stop_reason == "tool_use"


def test_a_limit_is_told_although_there_were_calls():
    assert read(chunk("", tool_calls=[call()]), ended("length")).ending.stop_reason == "max_tokens"


def test_nothing_counts_after_the_end():
    after = chunk(" not") + line(error="late") + b"<html>\n" + ended("length")
    assert read(chunk("kept"), ended(), after) == read(chunk("kept"), ended())


@pytest.mark.parametrize("not_done", [False, None, 1, "true", "yes", []])
def test_only_true_is_the_end(not_done):
    result = read(chunk("a"), chunk("b", done=not_done))
    assert result.ending.outcome is Outcome.TRUNCATED


@pytest.mark.parametrize("body", [b"", b"\n\n \r\n", chunk("a"), chunk("a") + ended()[:-3]])
def test_bytes_that_end_before_the_end_are_a_cut(body):
    ending = read(body).ending
    assert (ending.outcome, ending.stop_reason) == (Outcome.TRUNCATED, None)


def test_a_cut_within_the_first_line_is_a_cut_and_not_another_kind_of_body():
    first = chunk("a").rstrip(b"\n")
    for at in range(len(first)):
        assert read(first[:at]).ending.outcome is Outcome.TRUNCATED, at


def test_a_last_line_without_its_line_feed_counts_if_it_is_whole():
    assert read(chunk("a"), ended().rstrip(b"\n")) == read(chunk("a"), ended())
    assert read(chunk("a").rstrip(b"\n")).message.text == "a"


# Usage


def test_tokens_are_counted_as_the_server_counts_them():
    result = read(
        chunk("a"), ended(prompt_eval_count=14, eval_count=9, total_duration=2_100_000_000)
    )
    assert result.message.usage == Usage(14, 9)


@pytest.mark.parametrize("odd", [None, -1, 1.5, "9", True, 2**63])
def test_a_count_that_is_none_is_unknown(odd):
    assert read(ended(prompt_eval_count=odd, eval_count=3)).message.usage == Usage(None, 3)
    assert read(ended(prompt_eval_count=odd)).message.usage == Usage()


# Errors


@pytest.mark.parametrize(
    ("told", "type_", "words"),
    [
        ({"error": "the runner died"}, "unknown_error", "the runner died"),
        ({"error": {"message": "Busy", "type": "overloaded"}}, "overloaded", "Busy"),
        ({"error": {"message": "Busy", "type": 7}}, "unknown_error", "Busy"),
        ({"error": {}, "why": "it broke"}, "unknown_error", "it broke"),
        ({"error": ["it broke"]}, "unknown_error", "it broke"),
        ({"error": "", "why": "it broke"}, "unknown_error", "it broke"),
    ],
)
def test_an_error_line_ends_the_reply_and_keeps_what_came(told, type_, words):
    result = read(chunk("so far"), line(**told), chunk(" not"), ended())
    assert result.ending.outcome is Outcome.ERROR
    assert result.ending.stop_reason is None
    assert result.error_type == type_
    assert words in result.ending.error.message
    assert result.message.text == "so far"
    assert read(line(**told)).error_type == type_


@pytest.mark.parametrize("nothing", [None, False])
def test_an_error_that_is_none_is_none(nothing):
    body = line(error=nothing, message={"content": "a"}) + ended(error=nothing)
    assert read(body).ending.is_plain


@pytest.mark.parametrize("data", [b"not json", b'{"message":', b'["a"]', b'"a"', b"7", b"{}}"])
def test_a_line_that_is_no_object_is_malformed_once_the_stream_has_begun(data):
    result = read(chunk("kept"), data + b"\n", chunk(" not"), ended())
    assert result.error_type == "malformed_event"
    assert result.message.text == "kept"


@pytest.mark.parametrize("first", [b'{"message":', b"{}}", b"{not json", b'{ "a": 1'])
def test_a_first_line_that_was_to_be_an_object_is_malformed_at_once(first):
    decoder = OllamaDecoder()
    (stopped,) = decoder.feed(first + b"\n")
    assert stopped.ending.error.type == "malformed_event"
    assert read(first + b"\n", chunk("not"), ended()).message.parts == ()


@pytest.mark.parametrize("first", [b"{", b" {\t", b"[", b'[{"error":', b"data: {}", b"<html>"])
def test_another_first_line_begins_a_body_that_is_no_stream(first):
    decoder = OllamaDecoder()
    assert decoder.feed(first + b"\n") == []
    assert read(first + b"\n", chunk("not"), ended()).error_type == "invalid_response"


def test_a_line_that_outgrows_the_limit_is_an_error_and_what_came_before_is_kept():
    result = read(chunk("kept"), b"x" * (16 * 1024 * 1024 + 1))
    assert result.error_type == "event_too_large"
    assert result.message.text == "kept"


# A body that is no stream


@pytest.mark.parametrize("body", [HTML, HTML.rstrip(b"\n"), b"no healthy upstream", b"\xff\xfe"])
def test_another_kind_of_body_is_shown(body):
    result = read(body, content_type="text/html")
    assert result.error_type == "invalid_response"
    assert "text/html" in result.ending.error.message
    assert "base URL" in result.ending.error.message
    assert result.ending.error.message.isprintable()


def test_a_web_page_is_read_to_its_end_before_it_is_judged():
    decoder = OllamaDecoder()
    assert decoder.feed(HTML) == []
    assert not decoder.is_over


@pytest.mark.parametrize("indent", [None, 1, 4, "\t"])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_an_error_document_of_any_layout_tells_its_error(indent, end):
    document = json.dumps({"error": "model 'x' not found"}, indent=indent).encode() + end
    result = read(document, content_type="application/json")
    assert result.error_type == "unknown_error"
    assert result.ending.error.message == "model 'x' not found"


def test_an_error_document_in_a_list_tells_its_error():
    body = json.dumps([{"error": {"message": "no", "type": "quota"}}], indent=2).encode()
    assert read(body).error_type == "quota"


def test_an_indented_document_that_is_no_error_is_named_as_one():
    result = read(json.dumps({"message": {"content": "hi"}, "done": True}, indent=2).encode())
    assert result.error_type == "invalid_response"
    assert "one JSON document" in result.ending.error.message


def test_lines_after_a_beginning_that_is_no_stream_do_not_make_it_one():
    result = read(b"warning: slow\n", chunk("a"), ended())
    assert result.error_type == "invalid_response"
    assert result.message.parts == ()
    assert read(b"warning: slow\n", ended().rstrip(b"\n")).error_type == "invalid_response"


def test_a_long_body_of_another_kind_is_not_shown_whole():
    result = read_chunks([b"<p>word</p>\n" * 1000] * 20)
    assert result.error_type == "invalid_response"
    assert len(result.ending.error.message) < 400


def test_a_whole_document_on_one_line_is_a_reply():
    body = chunk("Hello", done=True).rstrip(b"\n")
    assert read(body, content_type="application/json").message.text == "Hello"
