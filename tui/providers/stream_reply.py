"""The one function that joins a request, the wire and a decoder into a stream of reply events."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from tui.chat.ending import Ending, Outcome, ReplyError
from tui.chat.events import Alive, ReplyStarted, ReplyStopped, RequestSent, ResponseAccepted
from tui.errors import (
    AnswerUnreadable,
    ConnectionFailed,
    ConnectionLost,
    ConnectionStalled,
    ServerRefused,
    SettingsError,
)
from tui.providers.http_status import named_request
from tui.wire.http import ResponseHead, Sent

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from tui.chat.conversation import Conversation
    from tui.chat.events import ReplyEvent
    from tui.providers.base import Provider, ReplyDecoder, ReplyOptions
    from tui.wire.http import Arrival, HttpClient

# Seconds of silence after the end marker: what may follow, the count of tokens, comes soon or not
# at all, and some servers never close. Nor do all of those fall silent, so there is an end to it.
_POSTSCRIPT = 2.0
_POSTSCRIPT_MOST = 30.0


async def stream_reply(
    provider: Provider, conversation: Conversation, options: ReplyOptions, http: HttpClient
) -> AsyncGenerator[ReplyEvent, None]:
    """Ask for a reply to the conversation's head and yield its events as they arrive.

    The last event is always a `ReplyStopped`, whatever happened: failures are endings, not
    exceptions. Only a cancelled task ends without one, and with it the connection. Use it inside
    `contextlib.aclosing`: leaving early closes the request.
    """
    async with aclosing(_stream(provider, conversation, options, http)) as events:
        async for event in events:
            yield _without_key(event, provider)


async def _stream(
    provider: Provider, conversation: Conversation, options: ReplyOptions, http: HttpClient
) -> AsyncGenerator[ReplyEvent, None]:
    request = provider.build_request(conversation, options)
    decoder: ReplyDecoder | None = None
    request_id: str | None = None
    over: float | None = None
    latest: float | None = None
    try:
        async with aclosing(http.stream(request)) as arrivals:
            while (arrival := await _next(arrivals, over)) is not None:
                match arrival:
                    case Sent():
                        yield RequestSent()
                    case ResponseHead(_, headers):
                        request_id = named_request(headers)
                        decoder = provider.new_decoder(arrival.content_type)
                        yield ResponseAccepted(request_id)
                    case bytes() if decoder is not None:
                        events = decoder.feed(arrival)
                        if not events:
                            yield Alive()
                        for event in events:
                            if isinstance(event, ReplyStopped):
                                yield _named(event, request_id)
                                return
                            yield event
                        if decoder.is_over:
                            now = asyncio.get_running_loop().time()
                            latest = now + _POSTSCRIPT_MOST if latest is None else latest
                            over = min(now + _POSTSCRIPT, latest)
        failure = None
    except ConnectionLost as error:
        failure = Ending(Outcome.TRUNCATED, detail=str(error))
    except ConnectionStalled as error:
        failure = Ending(Outcome.STALLED, silent_for=error.seconds, detail=str(error))
    except ServerRefused as error:
        failure = Ending(Outcome.ERROR, error=provider.read_error(error))
    except AnswerUnreadable as error:
        failure = Ending(Outcome.ERROR, error=ReplyError("invalid_response", str(error)))
    except ConnectionFailed as error:
        broken = ReplyError("connection_error", str(error), retryable=True)
        failure = Ending(Outcome.ERROR, error=broken)
    except SettingsError as error:
        failure = Ending(Outcome.ERROR, error=ReplyError("settings_error", str(error)))
    if decoder is None:
        yield ReplyStopped(failure or Ending(Outcome.TRUNCATED))
        return
    for event in decoder.close():
        if isinstance(event, ReplyStopped):
            stopped = _named(event, request_id)
            yield ReplyStopped(_explained(stopped.ending, failure)) if failure else stopped
        else:
            yield event


async def _next(arrivals: AsyncIterator[Arrival], until: float | None) -> Arrival | None:
    """What arrives next, by the loop's clock not after `until`; `None` if that is nothing."""
    try:
        async with asyncio.timeout_at(until):
            return await anext(arrivals)
    except (StopAsyncIteration, TimeoutError):
        return None


def _without_key(event: ReplyEvent, provider: Provider) -> ReplyEvent:
    """What a server says of itself and its failures is shown and kept, and may quote what it got.

    The texts of a reply are the model's, and stay as they are.
    """

    def conceal(text: str | None) -> str | None:
        return None if text is None else provider.conceal(text)

    match event:
        case ResponseAccepted(request_id):
            return ResponseAccepted(conceal(request_id))
        case ReplyStarted(id_, model):
            return ReplyStarted(conceal(id_), conceal(model))
        case ReplyStopped(ending):
            error = ending.error
            if error is not None:
                error = replace(
                    error,
                    type=provider.conceal(error.type),
                    message=provider.conceal(error.message),
                    request_id=conceal(error.request_id),
                )
            told = replace(
                ending,
                stop_reason=conceal(ending.stop_reason),
                raw_stop_reason=conceal(ending.raw_stop_reason),
                stop_sequence=conceal(ending.stop_sequence),
                error=error,
                detail=provider.conceal(ending.detail),
            )
            return ReplyStopped(told)
        case _:
            return event


def _explained(ending: Ending, failure: Ending) -> Ending:
    """The decoder's verdict on bytes that ended, and the wire's on why they did.

    A complete reply stays complete, and a stream that was none stays an error, however it broke off
    afterwards; only a cut is explained by what cut it.
    """
    if ending.outcome is not Outcome.TRUNCATED:
        return ending
    return replace(
        ending,
        outcome=failure.outcome,
        error=failure.error,
        silent_for=failure.silent_for,
        detail=failure.detail,
    )


def _named(stopped: ReplyStopped, request_id: str | None) -> ReplyStopped:
    """Errors inside a stream seldom name the exchange; the response's headers did."""
    match stopped.ending:
        case Ending(error=ReplyError(request_id=None) as error) as ending:
            named = replace(error, request_id=request_id)
            return ReplyStopped(replace(ending, error=named))
        case _:
            return stopped
