"""Every API that a server we did not write speaks: the same questions, the same true account.

What the model says is its own affair; it is a very small one. llama.cpp answers three APIs, a mock
answers Ollama's by the words of the prompt.
"""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.providers import access_to, table
from tests.loopback import SAFETY_NET, SECRET_KEY
from tests.realserver import REAL_MODEL, none_processing, processing
from tui.chat.conversation import Conversation
from tui.chat.message import Message, Role, TextPart, TokenLimit, ToolResultPart, ToolUsePart
from tui.chat.parameters import Parameters
from tui.chat.reply import Reply
from tui.providers.base import ReplyOptions
from tui.providers.stream_reply import stream_reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Rill, Running
    from tui.providers.base import Provider
    from tui.wire.request import WireRequest

pytestmark = pytest.mark.realserver

STORY = "Tell a very long story about a river and every town that it passes."


@dataclass(frozen=True)
class Dialect:
    """One API of llama.cpp. `number` makes the limit of a request of its own."""

    api: str
    path: str
    number: int


DIALECTS = (
    Dialect("anthropic", "", 1),
    Dialect("openai-chat", "/v1", 2),
    Dialect("openai-responses", "/v1", 3),
)


@pytest.fixture(params=DIALECTS, ids=lambda dialect: dialect.api)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    found: Dialect = request.param
    return found


@pytest.fixture
def real(rill: Rill, real_server: str, dialect: Dialect) -> Rill:
    """`rill` that talks to llama.cpp in this dialect, and gets the likeliest words."""
    rill.write_config("temperature = 0\n" + table_of(dialect, real_server))
    return rill


def table_of(dialect: Dialect, url: str) -> str:
    return table("real", url + dialect.path, f'api_key = "{SECRET_KEY}"', api=dialect.api)


def ask(prompt: str, *more: str) -> list[str]:
    return ["ask", "-m", f"real/{REAL_MODEL}", "--output", "json", *more, prompt]


async def test_a_reply_is_whole_and_its_end_is_told(real: Rill) -> None:
    finished = await real.run(*ask("Say hi.", "--max-tokens", "120"))
    [result] = finished.lines
    assert (result["outcome"], result["error"]) == ("complete", None)
    assert result["text"].strip()
    assert result["model"] == REAL_MODEL
    assert 0 < result["usage"]["output_tokens"] <= 120
    assert (result["stop_reason"], finished.code) in [("end_turn", 0), ("max_tokens", 3)]


async def test_a_limit_of_tokens_arrives_and_is_told_as_the_server_tells_it(
    real: Rill, dialect: Dialect
) -> None:
    finished = await real.run(*ask("Name three colours.", "--max-tokens", "5"))
    [result] = finished.lines
    assert result["usage"]["output_tokens"] == 5
    if dialect.api == "openai-responses":  # llama.cpp calls it `response.completed` all the same
        assert (result["stop_reason"], finished.code) == ("end_turn", 0)
    else:
        assert (result["stop_reason"], finished.code) == ("max_tokens", 3)
        words = "cut off at the token limit: max_tokens 5, set by --max-tokens"
        assert finished.complaints == [words]


async def test_a_stop_sequence_stops_it_and_is_not_in_the_text(
    real: Rill, dialect: Dialect
) -> None:
    real.write_config('stop = ["three"]\n' + real.config.read_text(encoding="utf-8"))
    prompt = "Count: one, two, three, four, five. Repeat that."
    finished = await real.run(*ask(prompt, "--max-tokens", "80"))
    [result] = finished.lines
    assert result["outcome"] == "complete"
    if dialect.api == "openai-responses":
        assert finished.complaints[0] == (
            "stop is not sent: real (openai-responses) has no place for it"
        )
    else:
        assert (finished.code, finished.complaints) == (0, [])
        assert result["stop_reason"] in {"end_turn", "stop_sequence"}
        assert result["stop_sequence"] == ("three" if dialect.api == "anthropic" else None)
        assert "three" not in result["text"]
        assert result["usage"]["output_tokens"] < 80


async def test_a_prompt_too_long_for_the_context_is_an_error_in_the_servers_words(
    real: Rill,
) -> None:
    prompt = "the quick brown fox jumps over the lazy dog. " * 700
    finished = await real.run(*ask("-"), stdin=prompt.encode())
    assert finished.code == 7
    [result] = finished.lines
    assert (result["outcome"], result["text"]) == ("error", "")
    assert result["error"]["type"] == "exceed_context_size_error"
    (complaint,) = finished.complaints
    assert "exceeds the available context size" in complaint
    assert "HTTP 400" in complaint


async def test_a_model_that_is_cancelled_in_the_middle_leaves_its_slot(
    real: Rill, real_server: str, dialect: Dialect
) -> None:
    tokens = 1900 + dialect.number
    arguments = ask(STORY, "--max-tokens", str(tokens))
    running = await real.start(*arguments, "--output", "stream-json")
    before = await some_text(running)
    assert [params["n_predict"] for params in await processing(real_server)].count(tokens) == 1
    running.signal(signal.SIGINT)
    finished = await running.end()
    await none_processing(real_server, tokens)
    assert (finished.code, finished.complaints) == (130, ["stopped by you"])
    *after, result = finished.lines
    assert result["outcome"] == "cancelled"
    pieces = [each["text"] for each in [*before, *after] if each["type"] == "text_delta"]
    assert result["text"] == "".join(pieces)


async def some_text(running: Running) -> list[dict[str, Any]]:
    """Wait for three pieces of text."""
    assert running.process.stdout is not None
    events: list[dict[str, Any]] = []
    async with asyncio.timeout(2 * SAFETY_NET):  # other tests may be in both slots
        while sum(event["type"] == "text_delta" for event in events) < 3:
            events.append(json.loads(await running.process.stdout.readline()))
    return events


async def test_its_model_is_listed_and_the_doctor_finds_all_well(real: Rill) -> None:
    finished = await real.run("models", "real", "--json")
    assert finished.code == 0
    assert [each["model"] for each in json.loads(finished.out)] == [f"real/{REAL_MODEL}"]
    finished = await real.run("doctor")
    assert finished.code == 0
    lines = finished.out.decode().splitlines()
    assert sum(line.startswith("✓ real") for line in lines) == 2


# Tools, which the app does not offer yet


SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
    },
    "required": ["city", "unit"],
}
ABOUT = {"name": "get_weather", "description": "Current weather in a city"}
TOOLS: dict[str, dict[str, object]] = {
    "anthropic": {**ABOUT, "input_schema": SCHEMA},
    "openai-chat": {"type": "function", "function": {**ABOUT, "parameters": SCHEMA}},
    "openai-responses": {"type": "function", **ABOUT, "parameters": SCHEMA},
}


class WithTool:
    """A provider whose requests offer a tool."""

    def __init__(self, provider: Provider, tool: dict[str, object]) -> None:
        self._provider = provider
        self._tool = tool

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    def build_request(self, conversation: Conversation, options: ReplyOptions) -> WireRequest:
        request = self._provider.build_request(conversation, options)
        body = {**json.loads(request.body), "tools": [self._tool]}
        return replace(request, body=json.dumps(body).encode())


def weather_talk() -> Conversation:
    """So many calls that even a tiny model sees how it is done; with them, their next turns."""
    talk = Conversation()
    for number, (city, degrees) in enumerate([("Paris", 12), ("Rome", 21), ("Madrid", 25)]):
        id_, input_ = f"call_{number}", {"city": city, "unit": "celsius"}
        talk.append(Message.from_user(f"What is the weather in {city} in celsius?"))
        talk.append(Message(Role.ASSISTANT, (ToolUsePart(id_, "get_weather", input_),)))
        talk.append(Message(Role.USER, (ToolResultPart(id_, f"{degrees} degrees"),)))
        text = f"It is {degrees} degrees in {city}."
        talk.append(Message(Role.ASSISTANT, (TextPart(text),)))
    talk.append(Message.from_user("What is the weather in Oslo in celsius?"))
    return talk


async def test_a_tool_that_it_calls_is_called_with_what_it_wants(
    tmp_path: Path, real_server: str, dialect: Dialect
) -> None:
    access = access_to(tmp_path, table_of(dialect, real_server))
    options = ReplyOptions(REAL_MODEL, TokenLimit(80, "the test"), Parameters(temperature=0.0))
    async with access.open() as session:
        provider = await session.connect(access.roster.target("real", REAL_MODEL))
        with_tool = WithTool(provider, TOOLS[dialect.api])
        reply = Reply(provider="real", model=REAL_MODEL, limit=options.limit)
        events = stream_reply(with_tool, weather_talk(), options, session.http)  # type: ignore[arg-type]
        async with aclosing(events):
            async for event in events:
                reply.apply(event)
    message = reply.message()
    assert message.ending is not None
    assert (message.ending.outcome, message.ending.stop_reason) == ("complete", "tool_use")
    (call,) = message.tool_calls
    assert (call.name, call.input) == ("get_weather", {"city": "Oslo", "unit": "celsius"})
    assert call.id


# Ollama's API


@pytest.fixture
def mocked(rill: Rill, real_ollama: str) -> Rill:
    """`rill` that talks to the mock; `OLLAMA_HOST` says where it is."""
    rill.environment["OLLAMA_HOST"] = real_ollama
    return rill


def ask_ollama(prompt: str, *more: str) -> list[str]:
    return ["ask", "-m", "ollama/m", "--output", "json", *more, prompt]


@pytest.mark.parametrize(
    ("prompt", "end", "text"),
    [
        ("Say hi.", (0, "complete", "end_turn"), "Hello from aimock."),
        ("get a tool", (5, "complete", "tool_use"), "Let me look."),
        ("think first", (0, "complete", "end_turn"), "I have thought about it."),
        # The mock forgets to say `length` in this dialect.
        ("cut me", (0, "complete", "end_turn"), "This answer is cut by the limit"),
        ("break off", (6, "truncated", None), "This answer ends b"),
        (
            "unicode",
            (0, "complete", "end_turn"),
            (
                "Grüße, 世界! 🌍👩\u200d👩\u200d👧 e\u0301 \u202eabc\u202c\ttab\n\n"
                "| a | b |\n|---|---|\n| 1 | 2 |\n"
            ),
        ),
    ],
)
async def test_ollama_replies_end_as_they_ended(
    mocked: Rill, prompt: str, end: tuple[int, str, str | None], text: str
) -> None:
    finished = await mocked.run(*ask_ollama(prompt))
    [result] = finished.lines
    assert (finished.code, result["outcome"], result["stop_reason"]) == end
    assert result["text"] == text
    calls = [(call["name"], call["input"]) for call in result["tool_calls"]]
    wanted = ("get_weather", {"city": "Oslo", "unit": "celsius"})
    assert calls == ([wanted] if prompt == "get a tool" else [])
    thought = "The user wants a thought. I shall have one, slowly."
    assert result["thinking"] == (thought if prompt == "think first" else "")


async def test_a_connection_that_ollama_closes_is_a_reply_cut_off(mocked: Rill) -> None:
    finished = await mocked.run(*ask_ollama("hang up"))
    [result] = finished.lines
    assert (finished.code, result["outcome"]) == (6, "truncated")
    assert "The connection of this answer".startswith(result["text"][:20])
    assert finished.complaints[0].startswith("connection closed early after ")


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        (
            "fail 429",
            "Number of requests has exceeded your rate limit (rate_limit_error, HTTP 429",
        ),
        ("fail 529", "Overloaded (overloaded_error, HTTP 529"),
        ("fail 500", "Internal server error (api_error, HTTP 500"),
    ],
)
async def test_what_ollama_refuses_is_told_in_its_words(
    mocked: Rill, prompt: str, words: str
) -> None:
    finished = await mocked.run(*ask_ollama(prompt))
    assert finished.code == 7
    assert finished.complaints[0].startswith(words)


async def test_an_ollama_reply_that_is_stopped_keeps_what_had_come(mocked: Rill) -> None:
    running = await mocked.start(*ask_ollama("slowly"), "--output", "stream-json")
    before = await some_text(running)
    running.signal(signal.SIGINT)
    finished = await running.end()
    *after, result = finished.lines
    assert (finished.code, result["outcome"]) == (130, "cancelled")
    pieces = [each["text"] for each in [*before, *after] if each["type"] == "text_delta"]
    assert result["text"] == "".join(pieces)


async def test_ollamas_models_are_listed(mocked: Rill) -> None:
    finished = await mocked.run("models", "ollama")
    assert finished.code == 0
    assert b"ollama/gpt-4\n" in finished.out
