"""Recorded streams of Chat Completions, each with what a person can read off its bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from chat_stream import read, read_bytewise, read_chunks
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.chat.ending import Outcome
from tui.chat.message import Usage

RECORDED = Path(__file__).parent / "recorded" / "openai_chat"
BODIES = {path.stem: path.read_bytes() for path in RECORDED.glob("*.sse")}
LONG = 3_000
UNTOLD = Usage()


@dataclass(frozen=True)
class Expected:
    outcome: Outcome
    stop_reason: str | None
    characters: int
    beginning: str
    usage: Usage = UNTOLD
    call: tuple[str, str, object] | None = None
    thinking: str = ""
    error_type: str | None = None
    model: str = "tiny"


OSLO = {"city": "Oslo", "unit": "celsius"}
COLOURS = "1. Red: This is the most obvious colour, but it's also the most versatile"
COMPLETE, TRUNCATED, ERROR = Outcome.COMPLETE, Outcome.TRUNCATED, Outcome.ERROR


def cached(tokens: int, output: int, *, thinking: int | None = None) -> Usage:
    """What was counted where all of the prompt but its last token came from the cache."""
    return Usage(1, output, cache_read_input_tokens=tokens, thinking_tokens=thinking)


STREAMS = {
    # llama.cpp's own server; without usage where it was not asked for.
    "llama_stream_usage": Expected(COMPLETE, "max_tokens", 243, COLOURS, cached(33, 60)),
    "llama_stream_nousage": Expected(COMPLETE, "max_tokens", 78, COLOURS),
    "llama_maxtokens": Expected(COMPLETE, "max_tokens", 12, "1. Red: This", cached(33, 5)),
    "llama_maxcompletiontokens": Expected(COMPLETE, "max_tokens", 12, "1. Red: This"),
    # It does not say that a stop sequence matched.
    "llama_stopseq": Expected(COMPLETE, "end_turn", 10, "One, two, "),
    "llama_prefill": Expected(COMPLETE, "max_tokens", 50, " Paris, France."),
    # It answers under its own model's name, whatever it was asked for.
    "llama_badmodel": Expected(COMPLETE, "max_tokens", 9, "1. Red: A"),
    "llama_emptymessages": Expected(COMPLETE, "max_tokens", 32, "The process of photosynthesis is"),
    "llama_emoji": Expected(
        COMPLETE,
        "end_turn",
        14,
        "\u4e16\u754c\U0001f30d\U0001f469\u200d\U0001f469\u200d\U0001f467 na\u00efve",
    ),
    "llama_reasoning": Expected(
        COMPLETE,
        "end_turn",
        44,
        "The user wants to know which colour is blue.",
        cached(35, 22),
        thinking="Let me think about this. The user wants to know which colour is",
    ),
    "llama_tool": Expected(
        COMPLETE,
        "tool_use",
        0,
        "",
        cached(450, 40),
        ("I0IBG0iqOJaDDpe9xnses3JvNd59sNo5", "get_weather", OSLO),
    ),
    # aimock
    "aimock_plain": Expected(
        COMPLETE, "end_turn", 18, "Hello from aimock.", Usage(2, 5), model="m"
    ),
    # The role comes after the thoughts.
    "aimock_think": Expected(
        COMPLETE,
        "end_turn",
        24,
        "I have thought about it.",
        Usage(3, 6),
        thinking="The user wants a thought. I shall have one, slowly.",
        model="m",
    ),
    "aimock_tool": Expected(
        COMPLETE,
        "tool_use",
        12,
        "Let me look.",
        Usage(3, 14),
        ("call_CXB-UoTVnS8e-p5m", "get_weather", OSLO),
        model="m",
    ),
    # One UTF-16 unit a delta: every emoji arrives in halves.
    "aimock_unicode": Expected(
        COMPLETE,
        "end_turn",
        62,
        "Gr\u00fc\u00dfe, \u4e16\u754c! \U0001f30d\U0001f469\u200d\U0001f469\u200d\U0001f467 ",
        Usage(2, 17),
        model="m",
    ),
    "aimock_cut": Expected(
        COMPLETE, "max_tokens", 31, "This answer is cut by the limit", Usage(2, 8), model="m"
    ),
    "aimock_hangup": Expected(TRUNCATED, None, 16, "The connection o", model="m"),
    "aimock_breakoff": Expected(TRUNCATED, None, 12, "This answer ", model="m"),
    # llmock
    "llmock": Expected(
        COMPLETE,
        "end_turn",
        46,
        "Simulated answer from gpt-5 for 'Hello there'.",
        Usage(2, 11),
        model="gpt-5",
    ),
    "llmock_tool": Expected(
        COMPLETE,
        "tool_use",
        0,
        "",
        UNTOLD,
        (
            "call_9fd3d25566964d2fb007eac2",
            "get_weather",
            {"city": "mock-city", "unit": "celsius"},
        ),
        model="gpt-5",
    ),
    "llmock_truncate": Expected(TRUNCATED, None, 22, "Simulated answer from ", model="gpt-5"),
    "llmock_disconnect": Expected(TRUNCATED, None, 22, "Simulated answer from ", model="gpt-5"),
    # A cut payload in the middle, and a perfect ending after it.
    "llmock_malformed": Expected(
        ERROR, None, 22, "Simulated answer from ", error_type="malformed_event", model="gpt-5"
    ),
    # LiteLLM: its last chunk has a choice beside the usage.
    "litellm_tiny": Expected(
        COMPLETE,
        "end_turn",
        40,
        "There are no three colours in the world.",
        cached(23, 10, thinking=0),
    ),
    "litellm_tiny_anthropic": Expected(
        COMPLETE,
        "end_turn",
        40,
        "There are no three colours in the world.",
        cached(23, 10, thinking=0),
        model="tiny-anthropic",
    ),
    "litellm_tool": Expected(
        COMPLETE,
        "tool_use",
        0,
        "",
        cached(450, 40),
        ("PThi3T9Y5awoJZiDciAXosPFtNtHiKiP", "get_weather", OSLO),
    ),
    "litellm_mock": Expected(
        COMPLETE,
        "end_turn",
        49,
        "The quick brown fox jumps over the lazy dog. \u4e16\u754c \U0001f30d",
        Usage(11, 17, thinking_tokens=0),
        model="mock",
    ),
    # The model server is killed behind the gateway.
    "litellm_upstream_dies": Expected(
        ERROR, None, 340, "Once upon a time, in a world where magic", error_type="500"
    ),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_recorded_stream_gives_what_can_be_read_in_it(name):
    expected = STREAMS[name]
    result = read(BODIES[name])
    message, ending = result.message, result.ending
    assert ending.outcome is expected.outcome
    assert ending.stop_reason == expected.stop_reason
    assert result.error_type == expected.error_type
    assert len(message.text) == expected.characters
    assert message.text.startswith(expected.beginning)
    assert message.thinking == expected.thinking
    assert result.calls == ([expected.call] if expected.call else [])
    assert message.usage == expected.usage
    assert message.served_model == expected.model
    assert message.reply_id
    assert message.reply_id.startswith("chatcmpl-")


def test_every_recorded_stream_is_in_the_table():
    assert set(BODIES) == set(STREAMS)


@pytest.mark.parametrize("name", STREAMS)
def test_a_recorded_stream_gives_the_same_byte_by_byte(name):
    assert read_bytewise(BODIES[name]) == read(BODIES[name])


@pytest.mark.parametrize("name", [name for name, body in BODIES.items() if len(body) < LONG])
def test_a_recorded_stream_gives_the_same_cut_in_two_anywhere(name):
    body = BODIES[name]
    whole = read(body)
    for cut in range(len(body)):
        assert read_chunks([body[:cut], body[cut:]]) == whole, cut


@pytest.mark.parametrize("name", [name for name, body in BODIES.items() if len(body) >= LONG])
@given(cuts=st.lists(st.integers(0, 20_000), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None)
def test_a_long_recorded_stream_gives_the_same_cut_at_any_places(name, cuts):
    body = BODIES[name]
    marks = sorted(min(cut, len(body)) for cut in cuts)
    parts = [body[a:b] for a, b in zip([0, *marks], [*marks, len(body)], strict=True)]
    assert read_chunks(parts) == read(body)


@pytest.mark.parametrize(
    "name", [name for name, expected in STREAMS.items() if expected.outcome is COMPLETE]
)
def test_a_recorded_stream_cut_before_its_finish_reason_is_truncated_and_after_it_complete(name):
    body = BODIES[name]
    at = max(body.rindex(b'"finish_reason":"' + raw) for raw in RAW if b':"' + raw in body)
    # The chunk counts as soon as its JSON is whole: the blank line may be missing.
    whole = body.index(b"\n\n", at)
    for cut in range(max(whole - 300, 0), len(body) + 1):
        outcome = read(body[:cut]).ending.outcome
        assert outcome is (COMPLETE if cut >= whole else TRUNCATED), cut


RAW = (b'stop"', b'length"', b'tool_calls"')


def test_what_killed_the_server_behind_a_gateway_is_told_in_its_words():
    error = read(BODIES["litellm_upstream_dies"]).ending.error
    assert error is not None
    assert "Response payload is not completed" in error.message
    assert error.retryable


def test_an_emoji_sent_in_halves_arrives_whole():
    message = read(BODIES["aimock_unicode"]).message
    assert "\ufffd" not in message.text
    assert message.text.endswith("| a | b |\n|---|---|\n| 1 | 2 |\n")
