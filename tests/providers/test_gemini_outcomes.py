"""What Gemini's events mean, and how a reply made of them ends: PROTOCOLS sections 0, 6 and 7."""

from __future__ import annotations

import json

import pytest
from gemini_events import call, chunk, ended, event, failed, read, read_chunks, text, thought, usage

from tui.chat.ending import Outcome, Refusal
from tui.chat.events import Alive, ReplyStarted, TextDelta
from tui.chat.message import ServerPart, TextPart, ThinkingPart, ToolUsePart, Usage
from tui.providers.call_ids import is_made_up
from tui.providers.gemini_stream import GeminiDecoder

HTML = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body></body></html>\n"


# Parts


def test_each_piece_shows_at_once():
    decoder = GeminiDecoder()
    assert decoder.feed(chunk(text("Mo"))) == [ReplyStarted("r1", "g-1"), TextDelta("Mo")]
    assert decoder.feed(chunk(text("in"))) == [TextDelta("in")]


def test_all_parts_of_an_event_count():
    result = read(chunk(thought("Hm"), text("a"), text("b"), call(id="1"), text("c")), ended())
    assert result.message.parts == (
        ThinkingPart("Hm"),
        TextPart("ab"),
        ToolUsePart("1", "tides", {"port": "Brest"}),
        TextPart("c"),
    )


def test_text_in_the_event_that_finishes_is_part_of_the_reply():
    assert read(chunk(text("Mo")), chunk(text("in"), finish="STOP")).message.text == "Moin"


def test_a_signed_thought_keeps_its_signature_to_itself():
    result = read(
        chunk(thought("a"), thought("b", thoughtSignature="s1"), thought("c")),
        chunk(thought("", thoughtSignature="s2")),
        ended(),
    )
    assert result.message.parts == (
        ThinkingPart("a"),
        ThinkingPart("b", "s1"),
        ThinkingPart("c"),
        ThinkingPart("", "s2"),
    )


@pytest.mark.parametrize("empty", [{"text": ""}, {}])
def test_a_signature_without_text_is_kept_with_its_part(empty):
    part = {**empty, "thoughtSignature": "s1"}
    result = read(chunk(text("a"), part, text("b")), ended())
    assert result.message.parts == (
        TextPart("a"),
        ServerPart("gemini:part", part),
        TextPart("b"),
    )


@pytest.mark.parametrize(
    "part",
    [
        {"executableCode": {"language": "PYTHON", "code": "1"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK"}},
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw"}},
        {"fileData": {"fileUri": "https://e.org/f"}},
        {"a_kind_from_the_future": {"x": [1]}},
    ],
)
def test_other_kinds_of_parts_are_kept_as_they_came(part):
    result = read(chunk(text("a"), part), ended())
    assert result.message.parts == (TextPart("a"), ServerPart("gemini:part", part))


@pytest.mark.parametrize(
    "part",
    [
        *(None, 7, "x", [], {}, {"text": 7}, {"text": ""}, {"thought": True}),
        *({"functionCall": None}, {"functionCall": 7}),
        *({"thoughtSignature": 7}, {"thoughtSignature": ""}),
    ],
)
def test_what_is_no_part_is_ignored(part):
    result = read(chunk(text("a"), part, text("b")), ended())
    assert result.message.parts == (TextPart("ab"),)
    assert result.ending.is_plain


def test_a_thought_is_one_only_if_it_says_so():
    assert (
        read(chunk(text("a", thought=False), text("b", thought=None)), ended()).message.text == "ab"
    )


def test_an_emoji_in_halves_arrives_whole():
    assert read(chunk(text("\ud83c")), chunk(text("\udf0d")), ended()).message.text == "\U0001f30d"


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}])
def test_content_and_candidates_may_be_missing_or_odd(odd):
    odd_content = event({"candidates": [{"content": odd}]})
    odd_parts = event({"candidates": [{"content": {"parts": odd}}]})
    odd_candidates = event({"candidates": odd}), event({"candidates": [odd]})
    result = read(chunk(text("a")), odd_content, odd_parts, *odd_candidates, event({}), ended())
    assert result.message.text == "a"
    assert result.ending.is_plain


def test_only_the_first_candidate_is_read():
    other = {"index": 1, "content": {"parts": [text("no")]}, "finishReason": "SAFETY"}
    first = {"content": {"parts": [text("yes")]}}
    result = read(event({"candidates": [other]}), event({"candidates": [other, first]}), ended())
    assert result.message.text == "yes"
    assert result.ending.is_plain


# Tools


def test_a_call_makes_the_reason_tool_use():
    ending = read(chunk(call()), ended()).ending
    assert (ending.stop_reason, ending.raw_stop_reason) == ("tool_use", "STOP")
    assert read(chunk(call(), finish="STOP")).ending.stop_reason == "tool_use"


def test_a_call_is_signed_by_itself():
    parts = read(
        chunk(call(id="1"), call(id="2") | {"thoughtSignature": "s"}), ended()
    ).message.parts
    assert [part.signature for part in parts] == [None, "s"]


def test_ids_are_made_up_anew_for_each_reply():
    first = read(chunk(call(), call()), ended()).message.tool_calls
    later = chunk(call(), call()).replace(b'"r1"', b'"r2"')
    second = read(later, ended()).message.tool_calls
    assert len({each.id for each in (*first, *second)}) == 4


def test_without_an_id_of_the_reply_all_of_its_first_event_tells_it_from_others():
    def id_of(prompt: int) -> str:
        content = {"content": {"parts": [call()]}, "finishReason": "STOP"}
        body = event({"candidates": [content], "usageMetadata": {"promptTokenCount": prompt}})
        assert read_chunks(body[at : at + 1] for at in range(len(body))) == read(body)
        return read(body).calls[0][0]

    assert is_made_up(id_of(5))
    assert id_of(5) != id_of(6)


@pytest.mark.parametrize(
    ("args", "input_"), [({}, {}), ('{"a":1}', {"a": 1}), ("x", None), ([1], None), (7, None)]
)
def test_arguments_are_an_object_or_the_call_cannot_be_run(args, input_):
    (found,) = read(chunk(call(args=args)), ended()).message.tool_calls
    assert found.input == input_


def test_a_call_without_arguments_has_none():
    (found,) = read(chunk({"functionCall": {"name": "now"}}), ended()).message.tool_calls
    assert (found.name, found.input) == ("now", {})


# How it ends


REFUSALS = [
    *["SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"],
    *["IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"],
]


@pytest.mark.parametrize(
    ("reason", "canonical"),
    [
        ("STOP", "end_turn"),
        ("MAX_TOKENS", "max_tokens"),
        *[(reason, "refusal") for reason in REFUSALS],
        *[(reason, reason) for reason in ("OTHER", "NO_IMAGE", "IMAGE_OTHER")],
        ("FINISH_REASON_UNSPECIFIED", "FINISH_REASON_UNSPECIFIED"),
        ("FROM_THE_FUTURE", "FROM_THE_FUTURE"),
    ],
)
def test_each_reason_has_its_canonical_name_or_stays_as_it_is(reason, canonical):
    ending = read(chunk(text("a")), ended(reason)).ending
    assert ending.outcome is Outcome.COMPLETE
    assert (ending.stop_reason, ending.raw_stop_reason) == (canonical, reason)


@pytest.mark.parametrize("reason", REFUSALS)
def test_a_refusal_explains_itself_and_wins_over_calls(reason):
    ending = read(chunk(call()), ended(reason, finishMessage="Because.")).ending
    assert ending.is_refusal
    assert ending.refusal == Refusal(reason, "Because.")
    assert ending.detail == ""


def test_the_words_about_another_end_are_kept():
    ending = read(ended("OTHER", finishMessage="Nobody knows.")).ending
    assert (ending.detail, ending.refusal) == ("Nobody knows.", None)


@pytest.mark.parametrize(
    "reason", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"]
)
def test_a_call_that_went_wrong_is_an_error(reason):
    result = read(chunk(text("so far")), ended(reason, finishMessage="In their words."))
    assert result.error_type == reason
    assert result.ending.error.message == "In their words."
    assert (result.ending.stop_reason, result.message.text) == (None, "so far")
    assert reason in read(ended(reason)).ending.error.message


@pytest.mark.parametrize(
    "reason",
    [
        *("SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "OTHER"),
        *("MODEL_ARMOR", "JAILBREAK", "FROM_THE_FUTURE"),
    ],
)
def test_a_blocked_prompt_is_a_refusal(reason):
    ending = read(event({"promptFeedback": {"blockReason": reason}})).ending
    assert (ending.outcome, ending.stop_reason) == (Outcome.COMPLETE, "refusal")
    assert ending.raw_stop_reason == reason
    assert ending.refusal == Refusal(reason)
    told = {"blockReason": reason, "blockReasonMessage": "Because."}
    assert read(event({"promptFeedback": told})).ending.refusal == Refusal(reason, "Because.")


@pytest.mark.parametrize("odd", [None, "", 7, [], {}])
def test_a_reason_that_is_none_ends_nothing(odd):
    blocked = event({"promptFeedback": {"blockReason": odd}}), event({"promptFeedback": odd})
    ending = read(chunk(text("a"), finish=odd), *blocked).ending
    assert (ending.outcome, ending.stop_reason) == (Outcome.TRUNCATED, None)


def test_after_the_finish_it_waits_for_the_usage_until_the_bytes_end():
    decoder = GeminiDecoder()
    decoder.feed(ended())
    assert decoder.is_over
    assert decoder.feed(usage(promptTokenCount=3)) != []


@pytest.mark.parametrize(
    "late",
    [
        ended("SAFETY", finishMessage="late"),
        event({"promptFeedback": {"blockReason": "OTHER"}}),
        event(failed()),
        b"event: error\ndata: late\n\n",
        b"data: not json\n\n",
        json.dumps(failed(), indent=2).encode(),
        ended("MALFORMED_FUNCTION_CALL"),
    ],
)
def test_nothing_after_the_finish_changes_how_it_ended(late):
    result = read(chunk(text("a")), ended(), late, usage(promptTokenCount=3))
    assert result.ending == read(chunk(text("a")), ended()).ending
    if late.endswith(b"\n"):
        assert result.message.usage == Usage(3)


def test_text_after_the_finish_is_kept():
    assert read(chunk(text("a")), ended(), chunk(text("b"))).message.text == "ab"


@pytest.mark.parametrize("body", [b"", b": comment\n\n", chunk(text("a")), ended()[:-6]])
def test_bytes_that_end_without_a_finish_are_a_cut(body):
    assert read(body).ending.outcome is Outcome.TRUNCATED


def test_a_last_event_without_its_blank_line_counts_if_it_is_whole():
    assert read(chunk(text("a")), ended().rstrip()) == read(chunk(text("a")), ended())


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_any_line_end_will_do(end):
    body = chunk(text("a")) + chunk(thought("b")) + ended()
    assert read(body.replace(b"\r\n", end)) == read(body)


# Usage


def test_the_last_count_of_tokens_is_the_one_that_counts():
    first = usage(promptTokenCount=5, thoughtsTokenCount=30, totalTokenCount=35)
    last = usage(
        promptTokenCount=15,
        cachedContentTokenCount=5,
        candidatesTokenCount=7,
        thoughtsTokenCount=35,
    )
    assert read(first).message.usage == Usage(5, 30, thinking_tokens=30)
    assert read(first, last).message.usage == Usage(10, 42, None, 5, 35)


@pytest.mark.parametrize("odd", [None, -1, 1.5, "9", True, 2**63])
def test_a_count_that_is_none_is_unknown(odd):
    counts = {"promptTokenCount": odd, "candidatesTokenCount": odd, "thoughtsTokenCount": odd}
    assert read(usage(**counts, cachedContentTokenCount=odd)).message.usage == Usage()
    assert read(usage(promptTokenCount=3, cachedContentTokenCount=odd)).message.usage == Usage(3)


def test_counts_that_cannot_be_are_small_enough_to_keep():
    huge = 2**63 - 1
    told = read(
        usage(
            promptTokenCount=1,
            cachedContentTokenCount=2,
            candidatesTokenCount=huge,
            thoughtsTokenCount=huge,
        )
    ).message.usage
    assert (told.input_tokens, told.output_tokens) == (0, huge)


# Sources


def grounded(*chunks: object) -> dict[str, object]:
    return {"groundingMetadata": {"groundingChunks": list(chunks)}}


def test_a_source_that_is_told_twice_is_one():
    source = {"web": {"uri": "https://e.org/a", "title": "A"}}
    result = read(chunk(text("a"), **grounded(source)), ended(**grounded(source)))
    (part,) = result.message.parts
    assert [(found.url, found.title) for found in part.citations] == [("https://e.org/a", "A")]


def test_sources_of_signed_text_stand_with_it():
    source = {"web": {"uri": "https://e.org/a"}}
    result = read(chunk(text("a", thoughtSignature="s")), ended(**grounded(source)))
    (part,) = result.message.parts
    assert (part.text, part.signature, len(part.citations)) == ("a", "s", 1)


def test_sources_of_a_reply_that_was_cut_are_kept():
    source = {"web": {"uri": "https://e.org/a"}}
    (part,) = read(chunk(text("a"), **grounded(source))).message.parts
    assert len(part.citations) == 1


@pytest.mark.parametrize("odd", [None, 7, "x", {}, {"web": None}, {"web": {}}, {"web": {"uri": 7}}])
def test_what_is_no_source_is_ignored(odd):
    result = read(chunk(text("a"), **grounded(odd)), ended(groundingMetadata=odd))
    assert result.message.parts == (TextPart("a"),)


# Errors


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        ("INVALID_ARGUMENT", False),
        ("PERMISSION_DENIED", False),
        ("NOT_FOUND", False),
        ("RESOURCE_EXHAUSTED", True),
        ("INTERNAL", True),
        ("UNAVAILABLE", True),
        ("DEADLINE_EXCEEDED", True),
        ("FROM_THE_FUTURE", False),
    ],
)
@pytest.mark.parametrize("in_a_list", [True, False])
def test_an_error_event_ends_the_reply_and_keeps_what_came(status, retryable, in_a_list):
    told = failed(status, "In their words.")
    told = event([told] if in_a_list else told)
    result = read(chunk(text("so far")), told, chunk(text(" not")), ended())
    error = result.ending.error
    assert (result.ending.outcome, result.ending.stop_reason) == (Outcome.ERROR, None)
    assert (error.type, error.message, error.retryable) == (status, "In their words.", retryable)
    assert result.message.text == "so far"


@pytest.mark.parametrize(
    ("data", "type_"),
    [
        ({"error": {"code": 503, "message": "it broke"}}, "UNAVAILABLE"),
        ({"error": {"code": 599, "message": "it broke"}}, "unknown_error"),
        ({"error": {"status": None, "code": "x", "message": "it broke"}}, "unknown_error"),
        ({"error": "it broke"}, "unknown_error"),
        ({"error": {}, "why": "it broke"}, "unknown_error"),
        ({"error": ["it broke"]}, "unknown_error"),
    ],
)
def test_an_error_has_a_type_and_words_whatever_is_missing(data, type_):
    result = read(event(data))
    assert result.error_type == type_
    assert "it broke" in result.ending.error.message


@pytest.mark.parametrize("data", ["it broke", '{"message":"it broke"}', '{"error":"it broke"}'])
def test_an_event_that_calls_itself_an_error_is_one(data):
    result = read(f"event: error\ndata: {data}\n\n".encode())
    assert result.error_type == "unknown_error"
    assert "it broke" in result.ending.error.message


def test_an_error_that_is_null_is_none():
    assert read(event({"error": None, "candidates": []}), ended(), usage()).ending.is_plain


@pytest.mark.parametrize("data", ["not json", '{"candidates":', "[]", '["a"]', "7", '[{"a":1}]'])
def test_data_that_is_no_object_is_malformed(data):
    result = read(chunk(text("kept")), f"data: {data}\n\n".encode(), ended())
    assert result.error_type == "malformed_event"
    assert result.message.text == "kept"


@pytest.mark.parametrize("sign", [b"data:\n\n", b"data:  \n\n", b"data: [DONE]\n\n"])
def test_what_gateways_send_along_is_a_sign_of_life_and_nothing_more(sign):
    assert GeminiDecoder().feed(sign) == [Alive()]
    assert GeminiDecoder().feed(b"event: ping\ndata: what?\n\n") == [Alive()]
    assert read(chunk(text("a")), sign).ending.outcome is Outcome.TRUNCATED


@pytest.mark.parametrize("indent", [None, 1, 4, "\t"])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n\r\n"])
@pytest.mark.parametrize("in_a_list", [True, False])
@pytest.mark.parametrize("before", [b"", chunk(text("so far")), b": comment\n\n"])
def test_a_bare_error_of_any_layout_tells_its_error(indent, end, in_a_list, before):
    told = failed("INTERNAL", "It broke.")
    document = json.dumps([told] if in_a_list else told, indent=indent).encode() + end
    result = read(before, document)
    assert result.error_type == "INTERNAL"
    assert result.ending.error.message == "It broke."


def test_bare_json_that_is_no_error_or_was_cut_leaves_a_cut_stream_cut():
    document = json.dumps(failed(), indent=2).encode()
    assert read(chunk(text("a")), document[:-3]).ending.outcome is Outcome.TRUNCATED
    assert read(chunk(text("a")), b'{"x": 1}\n').ending.outcome is Outcome.TRUNCATED


def test_a_web_page_is_shown():
    result = read(HTML, content_type="text/html")
    assert result.error_type == "invalid_response"
    assert "502 Bad Gateway" in result.ending.error.message


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("34s", 34.0), ("0.5s", 0.5), ("34.074824224s", 34.07), ("x", None), (7, None), ("", None)],
)
def test_how_long_to_wait_is_read_from_the_error(delay, seconds):
    details = [None, {"@type": "type.googleapis.com/google.rpc.Help"}, {"retryDelay": delay}]
    found = read(event(failed("RESOURCE_EXHAUSTED", details=details))).ending.error.retry_after
    assert found == (seconds if seconds is None else pytest.approx(seconds, abs=0.01))
