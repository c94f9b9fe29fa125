"""Streams recorded from real servers, each with what a person can read off its bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from messages_stream import read, read_bytewise

from tui.chat.ending import Outcome
from tui.chat.message import ThinkingPart, ToolUsePart

RECORDED = Path(__file__).parent / "recorded"
OSLO = {"city": "Oslo", "unit": "celsius"}


@dataclass(frozen=True)
class Expected:
    outcome: Outcome
    stop_reason: str | None
    characters: int
    beginning: str
    calls: tuple[ToolUsePart, ...] = ()
    thinking: str = ""
    error_type: str | None = None
    tokens: tuple[int | None, int | None] = field(default=(0, 0))


COMPLETE, TRUNCATED, ERROR = Outcome.COMPLETE, Outcome.TRUNCATED, Outcome.ERROR
STREAMS = {
    # llama.cpp's own server
    "llama_stream": Expected(
        COMPLETE, "end_turn", 27, "There are no three colours.", tokens=(18, 7)
    ),
    "llama_maxtokens": Expected(COMPLETE, "max_tokens", 12, "1. Red: This", tokens=(1, 5)),
    # It says end_turn and names the stop sequence nevertheless.
    "llama_stopseq": Expected(COMPLETE, "end_turn", 10, "One, two, ", tokens=(21, 5)),
    # The text block opens before the thinking block closes; the signature is empty.
    "llama_thinking": Expected(
        COMPLETE,
        "end_turn",
        44,
        "The user wants to know which colour is blue.",
        thinking="Let me think about this. The user wants to know which colour is",
        tokens=(22, 22),
    ),
    "llama_tool": Expected(
        COMPLETE,
        "tool_use",
        0,
        "",
        (ToolUsePart("4pLz1JQrbCkh68CtVCrV2smxDFy0UDeZ", "get_weather", OSLO),),
        tokens=(451, 40),
    ),
    # Comments for as long as the prompt is read, then the stream.
    "llama_midcontext": Expected(
        COMPLETE,
        "max_tokens",
        79,
        "The quick brown fox jumps over the lazy dog. ",
        tokens=(4055, 17),
    ),
    # aimock
    "aimock_plain": Expected(COMPLETE, "end_turn", 18, "Hello from aimock."),
    "aimock_think": Expected(
        COMPLETE,
        "end_turn",
        24,
        "I have thought about it.",
        thinking="The user wants a thought. I shall have one, slowly.",
    ),
    "aimock_tool": Expected(
        COMPLETE,
        "tool_use",
        12,
        "Let me look.",
        (ToolUsePart("toolu_XuhdX-IymiE2Unt5", "get_weather", OSLO),),
    ),
    # One UTF-16 unit a delta: every emoji arrives in halves.
    "aimock_unicode": Expected(
        COMPLETE,
        "end_turn",
        62,
        "Gr\u00fc\u00dfe, \u4e16\u754c! \U0001f30d\U0001f469\u200d\U0001f469\u200d\U0001f467 ",
    ),
    "aimock_cut": Expected(COMPLETE, "max_tokens", 31, "This answer is cut by the limit"),
    "aimock_hangup": Expected(TRUNCATED, None, 12, "The connecti"),
    "aimock_breakoff": Expected(TRUNCATED, None, 6, "This a"),
    # llmock
    "llmock_tool": Expected(
        COMPLETE,
        "tool_use",
        0,
        "",
        (
            ToolUsePart(
                "toolu_849220dfa9254a628516fa85",
                "get_weather",
                {"city": "mock-city", "unit": "celsius"},
            ),
        ),
        tokens=(3, 10),
    ),
    "llmock_truncate": Expected(TRUNCATED, None, 5, "Mock ", tokens=(2, 1)),
    # A cut payload in the middle, and a perfect ending after it.
    "llmock_malformed": Expected(
        ERROR, None, 5, "Mock ", error_type="malformed_event", tokens=(2, 1)
    ),
    # LiteLLM
    "litellm_tiny": Expected(
        COMPLETE, "end_turn", 40, "There are no three colours in the world.", tokens=(1, 10)
    ),
    "litellm_tiny_anthropic_tool": Expected(
        COMPLETE,
        "tool_use",
        0,
        "",
        (ToolUsePart("kWvIRs4TWEQiy94WWwed5ouflkcsyp3k", "get_weather", OSLO),),
        tokens=(1, 40),
    ),
    # The model server is killed behind the gateway.
    "litellm_upstream_dies": Expected(
        ERROR,
        None,
        340,
        "In the heart of the ancient forests, there was a fox named Felix.",
        error_type="api_error",
        tokens=(29, 0),
    ),
    # One JSON message although a stream was asked for, and no final newline.
    "litellm_mock": Expected(
        ERROR, None, 0, "", error_type="invalid_response", tokens=(None, None)
    ),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_recorded_stream_gives_what_can_be_read_in_it(name):
    expected = STREAMS[name]
    result = read((RECORDED / f"{name}.sse").read_bytes())
    message, ending = result.message, result.ending
    assert ending.outcome is expected.outcome
    assert ending.stop_reason == expected.stop_reason
    assert result.error_type == expected.error_type
    assert len(message.text) == expected.characters
    assert message.text.startswith(expected.beginning)
    assert message.thinking == expected.thinking
    assert message.tool_calls == expected.calls
    assert (message.usage.input_tokens, message.usage.output_tokens) == expected.tokens


def test_every_recorded_stream_is_in_the_table():
    assert {path.stem for path in RECORDED.glob("*.sse")} == set(STREAMS)


@pytest.mark.parametrize("name", STREAMS)
def test_a_recorded_stream_gives_the_same_byte_by_byte(name):
    body = (RECORDED / f"{name}.sse").read_bytes()
    assert read_bytewise(body) == read(body)


def test_a_stop_sequence_is_known_even_where_the_reason_does_not_say_so():
    assert read((RECORDED / "llama_stopseq.sse").read_bytes()).ending.stop_sequence == "three"


def test_a_signature_that_is_empty_is_none_and_a_real_one_is_kept():
    unsigned = read((RECORDED / "llama_thinking.sse").read_bytes()).message.parts[0]
    signed = read((RECORDED / "aimock_think.sse").read_bytes()).message.parts[0]
    assert isinstance(unsigned, ThinkingPart)
    assert isinstance(signed, ThinkingPart)
    assert unsigned.signature is None
    assert signed.signature == "aimock-placeholder-signature"


def test_an_emoji_sent_in_halves_arrives_whole():
    message = read((RECORDED / "aimock_unicode.sse").read_bytes()).message
    assert "\ufffd" not in message.text
    assert message.text.endswith("| a | b |\n|---|---|\n| 1 | 2 |\n")
