"""What may follow the finish reason, over a real connection: usage at once, or nothing for ever."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from chat_stream import DONE, KEPT, finish, text, usage

from tests.loopback import SAFETY_NET
from tui.chat.conversation import Conversation
from tui.chat.ending import Ending, Outcome
from tui.chat.events import TextDelta
from tui.chat.message import Message, Usage
from tui.chat.reply import Reply
from tui.providers.base import ReplyOptions, Server
from tui.providers.openai_chat import OpenAIChat
from tui.providers.stream_reply import stream_reply
from tui.wire.http import IDLE_LIMIT, HttpClient

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from tests.loopback import Exchange, LoopbackServer

END_TURN = Ending(Outcome.COMPLETE, "end_turn", raw_stop_reason="stop")


class Asked:
    """A request that is under way, and whoever waits for the reply to it."""

    def __init__(self, base_url: str) -> None:
        self.reply = Reply()
        self._shown = asyncio.Event()
        self.task = asyncio.create_task(self._watch(base_url))

    async def _watch(self, base_url: str) -> None:
        conversation = Conversation()
        conversation.append(Message.from_user("Hello?"))
        http = HttpClient(idle_limit=IDLE_LIMIT)
        provider = OpenAIChat(Server("p", base_url))
        events = stream_reply(provider, conversation, ReplyOptions("m-1"), http)
        async with aclosing(events):
            async for event in events:
                self.reply.apply(event)
                if isinstance(event, TextDelta):
                    self._shown.set()
        await http.aclose()
        self._shown.set()

    async def shown(self) -> None:
        """Wait for more text, or the end; what came along with it has been acted upon, too."""
        async with asyncio.timeout(SAFETY_NET):
            await self._shown.wait()
        self._shown.clear()

    async def message(self) -> Message:
        async with asyncio.timeout(SAFETY_NET):
            await self.task
        return self.reply.message()


@pytest.fixture
async def asked(loopback: LoopbackServer) -> AsyncGenerator[tuple[Asked, Exchange]]:
    watching = Asked(loopback.base_url)
    yield watching, await loopback.next_exchange()
    watching.task.cancel()
    await asyncio.wait({watching.task})


async def test_usage_in_a_later_packet_is_waited_for(asked: tuple[Asked, Exchange]) -> None:
    watching, exchange = asked
    await exchange.send(KEPT + finish())
    await watching.shown()
    await exchange.send(usage(prompt_tokens=12, completion_tokens=3))
    await exchange.send(DONE)
    message = await watching.message()
    assert (message.ending, message.usage) == (END_TURN, Usage(12, 3))
    await exchange.wait_closed()


async def test_a_server_that_never_sends_done_and_never_closes_is_not_waited_for(
    asked: tuple[Asked, Exchange], skip_time: Callable[[float], None]
) -> None:
    watching, exchange = asked
    await exchange.send(KEPT + finish())
    await watching.shown()
    skip_time(5)
    message = await watching.message()
    assert (message.ending, message.text) == (END_TURN, "kept")
    await exchange.wait_closed()


async def test_what_comes_late_but_one_after_another_is_waited_for(
    asked: tuple[Asked, Exchange], skip_time: Callable[[float], None]
) -> None:
    watching, exchange = asked
    await exchange.send(KEPT + finish())
    await watching.shown()
    for piece in (" and", " yet", " more"):
        skip_time(1)
        await exchange.send(text(piece))
        await watching.shown()
    skip_time(1)
    await exchange.send(usage(prompt_tokens=12, completion_tokens=3) + DONE)
    message = await watching.message()
    assert (message.text, message.usage) == ("kept and yet more", Usage(12, 3))


async def test_a_server_that_never_falls_silent_is_not_listened_to_for_ever(
    asked: tuple[Asked, Exchange], skip_time: Callable[[float], None]
) -> None:
    watching, exchange = asked
    await exchange.send(KEPT + finish())
    await watching.shown()
    for _ in range(60):
        if not watching.task.done():
            skip_time(1)
            await exchange.send(text("."))
            await watching.shown()
    assert watching.task.done()
    assert (await watching.message()).ending == END_TURN
    await exchange.wait_closed()


async def test_before_the_finish_reason_silence_is_waited_for(
    asked: tuple[Asked, Exchange], skip_time: Callable[[float], None]
) -> None:
    watching, exchange = asked
    await exchange.send(KEPT)
    await watching.shown()
    skip_time(60)
    await exchange.send(text(", too") + finish() + DONE)
    assert (await watching.message()).text == "kept, too"


async def test_a_connection_that_breaks_after_the_finish_reason_leaves_the_reply_complete(
    asked: tuple[Asked, Exchange],
) -> None:
    watching, exchange = asked
    await exchange.send(KEPT + finish())
    await watching.shown()
    await exchange.reset()
    assert (await watching.message()).ending == END_TURN


async def test_done_closes_the_connection_that_the_server_keeps(
    asked: tuple[Asked, Exchange],
) -> None:
    watching, exchange = asked
    await exchange.send(KEPT + finish() + DONE)
    assert (await watching.message()).ending == END_TURN
    await exchange.wait_closed()


async def test_a_clean_end_without_a_finish_reason_is_truncated(
    asked: tuple[Asked, Exchange],
) -> None:
    watching, exchange = asked
    await exchange.send(KEPT)
    await exchange.end()
    assert (await watching.message()).ending == Ending(Outcome.TRUNCATED)
