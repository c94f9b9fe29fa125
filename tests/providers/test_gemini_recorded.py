"""Whole streams, written after the documentation of the Gemini API, and some from a server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from gemini_events import read, read_chunks

from tui.chat.ending import Outcome, Refusal
from tui.chat.message import Citation, ServerPart, TextPart, ThinkingPart, ToolUsePart, Usage
from tui.providers.call_ids import is_made_up

RECORDED = Path(__file__).parent / "recorded" / "gemini"
UNKNOWN = Usage()
COMPLETE, TRUNCATED, ERROR = Outcome.COMPLETE, Outcome.TRUNCATED, Outcome.ERROR
PLAIN = "Moin, Gr\u00fc\u00dfe aus \u4e16\u754c \U0001f30d.\u2028Bye."


@dataclass(frozen=True)
class Expected:
    outcome: Outcome
    stop_reason: str | None
    text: str
    error_type: str | None = None
    usage: Usage = UNKNOWN


STREAMS = {
    "plain": Expected(COMPLETE, "end_turn", PLAIN, usage=Usage(5, 9)),
    # LF, and the last blank line is missing.
    "plain_lf": Expected(COMPLETE, "end_turn", PLAIN, usage=Usage(5, 9)),
    "thinking": Expected(
        COMPLETE,
        "end_turn",
        "Low water is at six.",
        usage=Usage(4, 42, cache_read_input_tokens=8, thinking_tokens=35),
    ),
    "signed_text": Expected(COMPLETE, "end_turn", "One two three four", usage=Usage(3, 4)),
    "tools": Expected(COMPLETE, "tool_use", "", usage=Usage(40, 40, thinking_tokens=18)),
    "max_tokens": Expected(COMPLETE, "max_tokens", "It was a dark and", usage=Usage(6, 5)),
    "max_tokens_thinking_only": Expected(
        COMPLETE, "max_tokens", "", usage=Usage(6, 64, thinking_tokens=64)
    ),
    "safety": Expected(COMPLETE, "refusal", "First, take", usage=Usage(6, 3)),
    "blocked_prompt": Expected(COMPLETE, "refusal", "", usage=Usage(9)),
    "malformed_call": Expected(
        ERROR, None, "Let me call.", "MALFORMED_FUNCTION_CALL", usage=Usage(9, 2)
    ),
    "code": Expected(COMPLETE, "end_turn", "I compute.It is 42.", usage=Usage(8, 30)),
    "grounded": Expected(COMPLETE, "end_turn", "High tide is at noon.", usage=Usage(8, 7)),
    "error_event": Expected(ERROR, None, "The tide", "UNAVAILABLE"),
    # Indented, without `data:`, after an event.
    "error_bare": Expected(ERROR, None, "The tide", "UNAVAILABLE"),
    "error_bare_list": Expected(ERROR, None, "The tide", "UNAVAILABLE"),
    "error_document": Expected(ERROR, None, "", "INVALID_ARGUMENT"),
    "cut": Expected(TRUNCATED, None, "The tide rises, and"),
    "cut_in_event": Expected(TRUNCATED, None, "The tide"),
    # What comes without `alt=sse`, should a proxy lose that: one JSON array.
    "no_sse": Expected(ERROR, None, "", "invalid_response"),
    # Comments, a ping, the usage after the finish, and a [DONE].
    "gateway": Expected(COMPLETE, "end_turn", "Hi!", usage=Usage(4, 2)),
    # Recorded from aimock, which counts no tokens.
    "aimock_plain": Expected(COMPLETE, "end_turn", "Hello from aimock.", usage=Usage(0, 0)),
    "aimock_think": Expected(COMPLETE, "end_turn", "I have thought about it.", usage=Usage(0, 0)),
    # Its reason for a call is none of the API's, and stays as it is.
    "aimock_tool": Expected(COMPLETE, "FUNCTION_CALL", "Let me look.", usage=Usage(0, 0)),
    # One UTF-16 unit an event: every emoji arrives in halves.
    "aimock_unicode": Expected(
        COMPLETE,
        "end_turn",
        "Gr\u00fc\u00dfe, \u4e16\u754c! \U0001f30d\U0001f469\u200d\U0001f469\u200d\U0001f467 "
        "e\u0301 \u202eabc\u202c\ttab\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        usage=Usage(0, 0),
    ),
    "aimock_hangup": Expected(TRUNCATED, None, "The connection of th"),
}


def recorded(name: str) -> bytes:
    return (RECORDED / f"{name}.sse").read_bytes()


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_gives_what_can_be_read_in_it(name):
    expected = STREAMS[name]
    result = read(recorded(name))
    assert result.ending.outcome is expected.outcome
    assert result.ending.stop_reason == expected.stop_reason
    assert result.error_type == expected.error_type
    assert result.message.text == expected.text
    assert result.message.usage == expected.usage


def test_every_stream_is_in_the_table():
    assert {path.stem for path in RECORDED.glob("*.sse")} == set(STREAMS)


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_split_anywhere_gives_the_same_message(name):
    body = recorded(name)
    whole = read(body).message
    for at in range(len(body) + 1):
        assert read_chunks([body[:at], body[at:]]).message == whole, at
    assert read_chunks(body[at : at + 1] for at in range(len(body))).message == whole


def test_the_reply_knows_its_id_and_its_model():
    message = read(recorded("plain")).message
    assert (message.reply_id, message.served_model) == ("r7Xk2a", "gemini-x")


def test_thoughts_and_the_signature_of_nothing_are_kept():
    assert read(recorded("thinking")).message.parts == (
        ThinkingPart("**Tides**\n\nThey want the table."),
        TextPart("Low water is at six."),
        ServerPart("gemini:part", {"text": "", "thoughtSignature": "c2lnbmVk"}),
    )


def test_signed_text_stands_alone():
    assert read(recorded("signed_text")).message.parts == (
        TextPart("One "),
        TextPart("two ", signature="czE="),
        TextPart("three", signature="czI="),
        TextPart(" four"),
    )


def test_calls_come_whole_and_only_the_first_of_a_group_is_signed():
    _, first, second, third = read(recorded("tools")).message.parts
    assert isinstance(first, ToolUsePart)
    assert (first.input, first.signature) == ({"port": "Brest"}, "Y2FsbA==")
    assert isinstance(second, ToolUsePart)
    assert (second.input, second.signature) == ({"port": "Saint-Malo"}, None)
    assert is_made_up(first.id)
    assert is_made_up(second.id)
    assert first.id != second.id
    assert third == ToolUsePart("fc_9", "now", {})


def test_a_refusal_says_why():
    assert read(recorded("safety")).ending.refusal == Refusal("SAFETY", "Stopped by the filter.")
    assert read(recorded("blocked_prompt")).ending.refusal == Refusal("PROHIBITED_CONTENT")


def test_code_and_what_it_gave_are_kept_as_they_came():
    parts = read(recorded("code")).message.parts
    assert [part.raw for part in parts if isinstance(part, ServerPart)] == [
        {
            "executableCode": {"language": "PYTHON", "code": "print(6*7)"},
            "thoughtSignature": "Y29kZQ==",
        },
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42\n"}},
    ]


def test_the_sources_of_an_answer_are_its_citations():
    (part,) = read(recorded("grounded")).message.parts
    assert isinstance(part, TextPart)
    assert part.citations == (
        Citation("", "e.org", "https://e.org/a", {"uri": "https://e.org/a", "title": "e.org"}),
        Citation("", "b", "https://e.org/b", {"uri": "https://e.org/b", "title": "b"}),
    )


def test_what_another_kind_of_body_is_is_told():
    error = read(recorded("no_sse"), content_type="application/json").ending.error
    assert error is not None
    assert "one JSON document (application/json)" in error.message
