"""Streams recorded from servers that speak Ollama's dialect, more or less."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from ollama_lines import read, read_chunks

from tui.chat.ending import Outcome

RECORDED = Path(__file__).parent / "recorded" / "ollama"


@dataclass(frozen=True)
class Expected:
    outcome: Outcome
    stop_reason: str | None
    text: str
    thinking: str = ""
    calls: tuple[tuple[str, object], ...] = ()
    tokens: tuple[int | None, int | None] = (0, 0)


COMPLETE, TRUNCATED = Outcome.COMPLETE, Outcome.TRUNCATED
UNKNOWN = (None, None)
STREAMS = {
    # aimock
    "aimock_plain": Expected(COMPLETE, "end_turn", "Hello from aimock."),
    # It calls thoughts by a name that Ollama does not use.
    "aimock_think": Expected(
        COMPLETE, "end_turn", "I have thought about it.", "The user wants a thought. I shall have"
    ),
    "aimock_tool": Expected(
        COMPLETE,
        "tool_use",
        "Let me look.",
        calls=(("get_weather", {"city": "Oslo", "unit": "celsius"}),),
    ),
    # One UTF-16 unit a line: every emoji arrives in halves.
    "aimock_unicode": Expected(COMPLETE, "end_turn", "Gr\u00fc\u00dfe, \u4e16\u754c! \U0001f30d"),
    "aimock_cut": Expected(COMPLETE, "end_turn", "This answer is cut by the limit"),
    "aimock_hangup": Expected(TRUNCATED, None, "The connection of th", tokens=UNKNOWN),
    "aimock_breakoff": Expected(TRUNCATED, None, "This answer ends b", tokens=UNKNOWN),
    # One object without a line end, although a stream was asked for.
    "aimock_nostream": Expected(COMPLETE, "end_turn", "Hello from aimock."),
    # ollama-openai-proxy: it answers a chat in the shape of /api/generate, and says twice that it
    # is done.
    "proxy_chat": Expected(
        COMPLETE, "max_tokens", "I'm just an AI assistant here.", tokens=UNKNOWN
    ),
    "proxy_nostream": Expected(COMPLETE, "max_tokens", "Awesome! How can I assist", tokens=(22, 8)),
    # It hides that the model server refused, and that it died.
    "proxy_toolong": Expected(TRUNCATED, None, "", tokens=UNKNOWN),
    "proxy_upstream_dies": Expected(TRUNCATED, None, "Once upon a time in a lan", tokens=UNKNOWN),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_recorded_stream_gives_what_can_be_read_in_it(name):
    expected = STREAMS[name]
    result = read((RECORDED / f"{name}.ndjson").read_bytes())
    message = result.message
    assert (result.ending.outcome, result.ending.stop_reason) == (
        expected.outcome,
        expected.stop_reason,
    )
    assert message.text.startswith(expected.text)
    assert bool(message.text) is bool(expected.text)
    assert message.thinking.startswith(expected.thinking)
    assert bool(message.thinking) is bool(expected.thinking)
    assert tuple((call.name, call.input) for call in message.tool_calls) == expected.calls
    assert (message.usage.input_tokens, message.usage.output_tokens) == expected.tokens


def test_every_recorded_stream_is_in_the_table():
    assert {path.stem for path in RECORDED.glob("*.ndjson")} == set(STREAMS)


@pytest.mark.parametrize("name", STREAMS)
def test_a_recorded_stream_split_anywhere_gives_the_same_message(name):
    body = (RECORDED / f"{name}.ndjson").read_bytes()
    whole = read(body).message
    for at in range(len(body) + 1):
        assert read_chunks([body[:at], body[at:]]).message == whole, at
    assert read_chunks(body[at : at + 1] for at in range(len(body))).message == whole


def test_an_emoji_sent_in_halves_arrives_whole():
    message = read((RECORDED / "aimock_unicode.ndjson").read_bytes()).message
    assert "\ufffd" not in message.text
    assert message.text.endswith("| a | b |\n|---|---|\n| 1 | 2 |\n")
