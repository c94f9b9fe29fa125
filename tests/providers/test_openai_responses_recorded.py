"""Responses recorded from real servers, each with what a person can read off its bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from responses_stream import read, read_bytewise, read_chunks

from tui.chat.ending import Outcome
from tui.chat.message import ToolUsePart, Usage

RECORDED = Path(__file__).parent / "recorded" / "openai_responses"
OSLO = {"city": "Oslo", "unit": "celsius"}
COMPLETE, TRUNCATED, ERROR = Outcome.COMPLETE, Outcome.TRUNCATED, Outcome.ERROR


@dataclass(frozen=True)
class Expected:
    outcome: Outcome
    stop_reason: str | None
    characters: int
    beginning: str
    calls: tuple[ToolUsePart, ...] = ()
    thinking: str = ""
    error_type: str | None = None
    usage: Usage = field(default_factory=Usage)
    model: str = ""


STREAMS = {
    # llama.cpp's own server: no index anywhere, the model is named at the end
    "llama_stream": Expected(
        COMPLETE,
        "end_turn",
        27,
        "There are no three colours.",
        usage=Usage(1, 7, None, 22),
        model="tiny",
    ),
    # It was cut at five tokens, and the server claims that it is complete.
    "llama_maxtokens": Expected(
        COMPLETE, "end_turn", 12, "1. Red: This", usage=Usage(1, 5, None, 33), model="tiny"
    ),
    # The message begins before the reasoning is done; the reasoning is encrypted to nothing.
    "llama_reasoning": Expected(
        COMPLETE,
        "end_turn",
        44,
        "The user wants to know which colour is blue.",
        thinking="Let me think about this. The user wants to know which colour is",
        usage=Usage(1, 22, None, 35),
        model="tiny",
    ),
    "llama_tool": Expected(
        COMPLETE,
        "tool_use",
        0,
        "",
        (ToolUsePart("call_SqjPBsN2TPdZDOlORXlxkPYOvCHzLKDd", "get_weather", OSLO),),
        usage=Usage(1, 40, None, 450),
        model="tiny",
    ),
    # The body of an answer to which no stream was asked for.
    "llama_nostream": Expected(ERROR, None, 0, "", error_type="invalid_response"),
    # aimock
    "aimock_plain": Expected(
        COMPLETE, "end_turn", 18, "Hello from aimock.", usage=Usage(0, 0), model="m"
    ),
    "aimock_think": Expected(
        COMPLETE,
        "end_turn",
        24,
        "I have thought about it.",
        thinking="The user wants a thought. I shall have one, slowly.",
        usage=Usage(0, 0),
        model="m",
    ),
    "aimock_tool": Expected(
        COMPLETE,
        "tool_use",
        12,
        "Let me look.",
        (ToolUsePart("call_CwVe03imMgd5FfN7", "get_weather", OSLO),),
        usage=Usage(0, 0),
        model="m",
    ),
    # One UTF-16 unit a delta: every emoji arrives in halves.
    "aimock_unicode": Expected(
        COMPLETE,
        "end_turn",
        62,
        "Gr\u00fc\u00dfe, \u4e16\u754c! \U0001f30d\U0001f469\u200d\U0001f469\u200d\U0001f467 ",
        usage=Usage(0, 0),
        model="m",
    ),
    # Named completed, and incomplete by its status; nothing says why.
    "aimock_cut": Expected(
        COMPLETE,
        "incomplete",
        31,
        "This answer is cut by the limit",
        usage=Usage(0, 0),
        model="m",
    ),
    "aimock_hangup": Expected(TRUNCATED, None, 4, "The ", model="m"),
    "aimock_breakoff": Expected(TRUNCATED, None, 0, "", model="m"),
    # llmock
    "llmock": Expected(
        COMPLETE,
        "end_turn",
        46,
        "Simulated answer from gpt-5 for 'Hello there'.",
        usage=Usage(2, 11, None, 0, 0),
        model="gpt-5",
    ),
    "llmock_tool": Expected(
        COMPLETE,
        "tool_use",
        0,
        "",
        (
            ToolUsePart(
                "call_304c93a271e54bb99ff3b0b8",
                "get_weather",
                {"city": "mock-city", "unit": "celsius"},
            ),
        ),
        usage=Usage(3, 10, None, 0, 0),
        model="gpt-5",
    ),
    "llmock_truncate": Expected(TRUNCATED, None, 0, "", model="gpt-5"),
    "llmock_disconnect": Expected(TRUNCATED, None, 0, "", model="gpt-5"),
    # A cut payload in the middle, and a perfect ending after it.
    "llmock_malformed": Expected(ERROR, None, 0, "", error_type="malformed_event", model="gpt-5"),
    # LiteLLM: no event has a name, and [DONE] comes last
    "litellm_tiny": Expected(
        COMPLETE,
        "end_turn",
        145,
        "While there is no such a specific colour",
        usage=Usage(1, 30, None, 23),
        model="tiny",
    ),
    "litellm_tiny_anthropic": Expected(
        COMPLETE,
        "max_tokens",
        148,
        "The three most commonly used colours in the rainbow are:\n\n1. ",
        usage=Usage(1, 30, None, 23, 0),
        model="tiny",
    ),
    # The model server is killed behind the gateway, which says so and then [DONE].
    "litellm_upstream_dies": Expected(
        ERROR, None, 266, "In the heart of the forest, a young fox", error_type="server_error"
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
    assert message.usage == expected.usage
    assert message.served_model == expected.model


def test_every_recorded_stream_is_in_the_table():
    assert {path.stem for path in RECORDED.glob("*.sse")} == set(STREAMS)


@pytest.mark.parametrize("name", STREAMS)
def test_a_recorded_stream_gives_the_same_byte_by_byte(name):
    body = (RECORDED / f"{name}.sse").read_bytes()
    assert read_bytewise(body) == read(body)


@pytest.mark.parametrize("name", STREAMS)
def test_a_recorded_stream_gives_the_same_split_in_two_at_any_place(name):
    body = (RECORDED / f"{name}.sse").read_bytes()
    whole = read_chunks([body])
    # The time grows with the square: of the long ones, which are alike inside, not every place.
    for at in range(0, len(body) + 1, 1 if len(body) < 6_000 else 13):
        assert read_chunks([body[:at], body[at:]]) == whole, at


def test_an_emoji_sent_in_halves_arrives_whole_and_once():
    message = read((RECORDED / "aimock_unicode.sse").read_bytes()).message
    assert "\ufffd" not in message.text
    assert message.text.endswith("| a | b |\n|---|---|\n| 1 | 2 |\n")


def test_an_upstream_that_died_can_be_asked_again():
    error = read((RECORDED / "litellm_upstream_dies.sse").read_bytes()).ending.error
    assert error is not None
    assert error.retryable
    assert "Response payload is not completed" in error.message
