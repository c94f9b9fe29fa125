"""Chat Completions against a server that we did not write, with a real if very small model in it.

What the model says is its own affair; what must hold is that Rill's account of it is true.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from tests.realserver import REAL_MODEL
from tui.chat.conversation import Conversation
from tui.chat.ending import Outcome
from tui.chat.message import Message, TokenLimit
from tui.chat.parameters import Parameters
from tui.chat.reply import Reply
from tui.providers.base import ReplyOptions, Server
from tui.providers.registry import make_provider
from tui.providers.stream_reply import stream_reply
from tui.wire.http import HttpClient

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from tui.providers.base import Provider

pytestmark = pytest.mark.realserver


@pytest.fixture
def provider(real_server: str) -> Provider:
    return make_provider("openai-chat", Server("real", f"{real_server}/v1"))


@pytest.fixture
async def http() -> AsyncGenerator[HttpClient, None]:
    client = HttpClient()
    yield client
    await client.aclose()


@pytest.fixture
def ask(provider: Provider, http: HttpClient) -> Callable[..., Awaitable[Message]]:
    """Send messages, the last one a prompt, and wait for the reply."""

    async def ask_for_reply(*messages: Message, limit: int = 200, **asked: object) -> Message:
        conversation = Conversation()
        for message in messages:
            conversation.append(message)
        options = ReplyOptions(REAL_MODEL, TokenLimit(limit, "the test"), Parameters(**asked))
        reply = Reply(provider="real", model=REAL_MODEL)
        async with aclosing(stream_reply(provider, conversation, options, http)) as events:
            async for event in events:
                reply.apply(event)
        return reply.message()

    return ask_for_reply


async def test_a_real_conversation_goes_on_for_two_turns(ask):
    prompt = Message.from_user("Say hi.")
    first = await ask(prompt)
    second = await ask(prompt, first, Message.from_user("And once more."))
    for reply in (first, second):
        assert reply.ending.outcome is Outcome.COMPLETE
        assert reply.ending.stop_reason in {"end_turn", "max_tokens"}
        assert reply.text.strip()
        assert reply.served_model == REAL_MODEL
        assert 0 < reply.usage.output_tokens <= 200
    assert second.usage.total_input_tokens > first.usage.total_input_tokens


async def test_a_real_token_limit_is_kept_and_told(ask):
    reply = await ask(Message.from_user("Tell me a long story."), limit=3)
    assert (reply.ending.stop_reason, reply.ending.raw_stop_reason) == ("max_tokens", "length")
    assert reply.usage.output_tokens == 3


async def test_a_real_stop_sequence_is_not_in_the_text(ask):
    prompt = "Count: one, two, three, four, five. Repeat that."
    reply = await ask(Message.from_user(prompt), stop=("three",), temperature=0.0, seed=1)
    assert reply.ending.outcome is Outcome.COMPLETE
    assert "three" not in reply.text


async def test_a_prompt_too_long_for_a_real_server_is_an_error_in_its_words(ask):
    reply = await ask(Message.from_user("the quick brown fox " * 3000))
    error = reply.ending.error
    assert (error.type, error.status, error.retryable) == ("exceed_context_size_error", 400, False)
    assert "context size" in error.message


async def test_a_real_server_lists_its_model_with_the_context_that_it_has(provider, http):
    (model,) = await provider.list_models(http)
    assert model.id == REAL_MODEL
    assert model.context_tokens
