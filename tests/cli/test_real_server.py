"""`rill ask` against a server that we did not write, with a real if very small model in it.

What the model says is its own affair; what must hold is that Rill's account of it is true.
"""

from __future__ import annotations

import asyncio
import json
import signal
from typing import TYPE_CHECKING

import pytest

from tests.loopback import SAFETY_NET
from tests.realserver import REAL_MODEL

if TYPE_CHECKING:
    from tests.cli.conftest import Rill

pytestmark = pytest.mark.realserver

LIMIT = 200
CUT = f"cut off at the token limit: max_tokens {LIMIT}, set by --max-tokens"


@pytest.fixture
def real(rill: Rill, real_server: str) -> Rill:
    """`rill` that talks to the real server."""
    rill.talks_to(real_server)
    return rill


def ask(prompt: str, *more: str) -> list[str]:
    return ["ask", "-m", REAL_MODEL, *more, prompt]


async def test_a_real_reply_is_printed_and_its_end_is_told(real: Rill) -> None:
    finished = await real.run(*ask("Say hi.", "--max-tokens", str(LIMIT)))
    assert finished.out.decode().strip()
    assert (finished.code, finished.complaints) in [(0, []), (3, [CUT])]


async def test_a_real_result_object_is_whole(real: Rill) -> None:
    finished = await real.run(*ask("Say hi.", "--max-tokens", str(LIMIT), "--output", "json"))
    [result] = finished.lines
    assert (result["type"], result["outcome"], result["error"]) == ("result", "complete", None)
    assert result["text"].strip()
    assert result["model"] == REAL_MODEL
    assert 0 < result["usage"]["output_tokens"] <= LIMIT
    assert (result["stop_reason"], finished.code) in [("end_turn", 0), ("max_tokens", 3)]


async def test_the_events_of_a_real_reply_add_up_to_its_result(real: Rill) -> None:
    options = ("--max-tokens", str(LIMIT), "--output", "stream-json")
    *events, result = (await real.run(*ask("Say hi.", *options))).lines
    pieces = [event["text"] for event in events if event["type"] == "text_delta"]
    assert len(pieces) > 1
    assert "".join(pieces) == result["text"]


async def test_a_real_token_limit_gives_3_and_says_who_set_it(real: Rill) -> None:
    finished = await real.run(*ask("Tell me a story.", "--max-tokens", "1"))
    assert finished.code == 3
    assert finished.complaints == ["cut off at the token limit: max_tokens 1, set by --max-tokens"]


async def test_sigint_in_the_middle_of_a_real_reply_keeps_what_had_come(real: Rill) -> None:
    prompt = "Write a long story about a river, with every town it passes."
    running = await real.start(*ask(prompt, "--output", "stream-json"))
    assert running.process.stdout is not None
    before: list[dict[str, object]] = []
    async with asyncio.timeout(SAFETY_NET):
        while sum(event["type"] == "text_delta" for event in before) < 3:
            before.append(json.loads(await running.process.stdout.readline()))
    running.signal(signal.SIGINT)
    finished = await running.end()
    assert finished.code == 130
    assert finished.complaints == ["stopped by you"]
    *after, result = finished.lines
    pieces = [event["text"] for event in [*before, *after] if event["type"] == "text_delta"]
    assert result["text"] == "".join(map(str, pieces))
    assert (result["outcome"], result["stop_reason"]) == ("cancelled", None)


async def test_a_path_that_the_real_server_does_not_know_is_an_error_in_its_own_words(
    real: Rill, real_server: str
) -> None:
    finished = await real.run(*ask("Hi?", "--base-url", f"{real_server}/nowhere"))
    assert finished.code == 7
    assert finished.out == b""
    assert finished.complaints == ["File Not Found (not_found_error, HTTP 404)"]
