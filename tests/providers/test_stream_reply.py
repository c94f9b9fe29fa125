"""One reply through all the lower layers: how it ends, and that its request dies with its watcher.

The server's side of a cancellation is what counts: `Exchange.closed`, and no connection left.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from tests.loopback import (
    OPENING,
    SAFETY_NET,
    SECRET_KEY,
    LoopbackServer,
    make_talk,
    sse,
    talk_to,
)
from tui.chat.ending import CancelledBy, Ending, Outcome
from tui.chat.events import (
    Alive,
    ReplyStarted,
    ReplyStopped,
    RequestSent,
    ResponseAccepted,
    TextDelta,
)
from tui.chat.reply import Reply
from tui.providers.stream_reply import stream_reply
from tui.wire.http import IDLE_LIMIT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from pathlib import Path

    from tests.loopback import Exchange, FullQueue, Talk
    from tui.chat.conversation import Conversation
    from tui.chat.ending import ReplyError
    from tui.chat.events import ReplyEvent
    from tui.providers.base import ReplyOptions
    from tui.wire.request import WireRequest


class Watching:
    """Somebody who watches one reply, in a task."""

    def __init__(self, talk: Talk) -> None:
        self.events: list[ReplyEvent] = []
        self._news = asyncio.Event()
        self.task = asyncio.create_task(self._watch(talk))

    async def _watch(self, talk: Talk) -> None:
        async with aclosing(talk.reply()) as events:
            async for event in events:
                self.events.append(event)
                self._news.set()

    async def until(self, *wanted: ReplyEvent | type[ReplyEvent]) -> None:
        """Wait until these have come, in this order."""
        async with asyncio.timeout(SAFETY_NET):
            while not self._has_seen(wanted):
                self._news.clear()
                await self._news.wait()

    def _has_seen(self, wanted: tuple[ReplyEvent | type[ReplyEvent], ...]) -> bool:
        events = iter(self.events)
        return all(any(event == each or type(event) is each for event in events) for each in wanted)

    async def ending(self) -> Ending:
        """Wait for the end, which is the last event and the only one of its kind."""
        async with asyncio.timeout(SAFETY_NET):
            await self.task
        stops = [event for event in self.events if isinstance(event, ReplyStopped)]
        assert len(stops) == 1
        assert self.events[-1] is stops[0]
        return stops[0].ending

    async def error(self) -> ReplyError:
        """Wait for the end, which is an error."""
        ending = await self.ending()
        assert ending.outcome is Outcome.ERROR
        assert ending.error is not None
        assert SECRET_KEY not in repr(ending)
        return ending.error

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))


async def asked(talk: Talk, server: LoopbackServer) -> tuple[Watching, Exchange]:
    watching = Watching(talk)
    return watching, await server.next_exchange()


# How a reply ends


async def test_a_reply_from_request_to_end_turn(talk: Talk, loopback: LoopbackServer) -> None:
    watching, exchange = await asked(talk, loopback)
    assert (exchange.method, exchange.path) == ("POST", "/v1/messages")
    assert exchange.headers["x-api-key"] == SECRET_KEY
    assert exchange.json()["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "Hello?"}]}
    ]
    assert exchange.json()["stream"] is True
    await watching.until(RequestSent())
    await exchange.head(headers={"Request-Id": "req_7"})
    await watching.until(ResponseAccepted("req_7"))
    await exchange.text("Hel")
    await watching.until(ReplyStarted("msg_loopback", "loopback-1"), TextDelta("Hel", 0))
    await exchange.text("lo.")
    await exchange.finish()
    ending = await watching.ending()
    assert ending.is_plain
    assert watching.text == "Hello."
    assert watching.events[:2] == [RequestSent(), ResponseAccepted("req_7")]
    await loopback.all_closed()


@pytest.mark.parametrize(
    "reason",
    ["max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "something_new"],
)
async def test_the_stop_reason_is_the_servers(
    talk: Talk, loopback: LoopbackServer, reason: str
) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.text("x")
    await exchange.finish(reason)
    ending = await watching.ending()
    assert (ending.outcome, ending.stop_reason) == (Outcome.COMPLETE, reason)


async def test_the_request_is_closed_at_message_stop_without_waiting_for_the_end_of_bytes(
    talk: Talk, loopback: LoopbackServer
) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.text("done")
    await exchange.event("message_delta", {"delta": {"stop_reason": "end_turn"}})
    await exchange.event("message_stop", {})
    ending = await watching.ending()
    assert ending.is_plain
    await exchange.wait_closed()


@pytest.mark.parametrize("pause", range(6))
async def test_a_complete_reply_leaves_no_connection(
    talk: Talk, loopback: LoopbackServer, pause: int
) -> None:
    """The end of the body comes just before, with, or just after our own close."""
    before = asyncio.all_tasks()
    for _ in range(10):
        watching, exchange = await asked(talk, loopback)
        await exchange.text("done")
        await exchange.event("message_delta", {"delta": {"stop_reason": "end_turn"}})
        await exchange.event("message_stop", {})
        await _turns(pause)
        await exchange.end()
        assert (await watching.ending()).is_plain
    await loopback.all_closed()
    await _nothing_is_left(before)


@pytest.mark.parametrize("how", ["reset", "half_close", "end"])
async def test_complete_stays_complete_however_the_connection_ends_after_it(
    talk: Talk, loopback: LoopbackServer, how: str
) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.text("done")
    await exchange.event("message_delta", {"delta": {"stop_reason": "end_turn"}})
    await exchange.event("message_stop", {})
    await getattr(exchange, how)()
    assert (await watching.ending()).is_plain
    assert watching.text == "done"


async def test_complete_stays_complete_even_if_the_break_is_noticed_with_the_last_bytes(
    talk: Talk, loopback: LoopbackServer
) -> None:
    """The marker without its blank line counts only at the end of bytes, here a bad one."""
    watching, exchange = await asked(talk, loopback)
    await exchange.text("done")
    await exchange.event("message_delta", {"delta": {"stop_reason": "end_turn"}})
    await exchange.send(sse("message_stop", {}).rstrip(b"\n"))
    await exchange.half_close()
    assert (await watching.ending()).is_plain


@pytest.mark.parametrize(
    ("how", "detail"),
    [
        ("end", ""),
        ("half_close", "the server broke off in the middle of its answer"),
        ("reset", "the connection was reset"),
    ],
)
async def test_an_end_without_message_stop_is_truncated_and_keeps_the_text(
    talk: Talk, loopback: LoopbackServer, how: str, detail: str
) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.text("It looks finished.")
    await watching.until(TextDelta)
    await getattr(exchange, how)()
    ending = await watching.ending()
    assert ending == Ending(Outcome.TRUNCATED, detail=detail)
    assert watching.text == "It looks finished."


async def test_a_cut_between_message_delta_and_message_stop_knows_the_stop_reason(
    talk: Talk, loopback: LoopbackServer
) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.text("whole?")
    await exchange.event("message_delta", {"delta": {"stop_reason": "end_turn"}})
    await exchange.half_close()
    ending = await watching.ending()
    assert (ending.outcome, ending.stop_reason) == (Outcome.TRUNCATED, "end_turn")
    assert ending.detail


@pytest.mark.parametrize("how", ["end", "half_close", "reset"])
async def test_an_empty_stream_is_truncated(talk: Talk, loopback: LoopbackServer, how: str) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.head()
    await watching.until(ResponseAccepted)
    await getattr(exchange, how)()
    assert (await watching.ending()).outcome is Outcome.TRUNCATED
    assert watching.text == ""


async def test_comments_only_are_truncated(talk: Talk, loopback: LoopbackServer) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.send(b": waiting\n\n: still\n\n")
    await exchange.end()
    assert (await watching.ending()).outcome is Outcome.TRUNCATED


@pytest.mark.parametrize("status", [200, 204])
async def test_a_success_without_a_body_is_truncated(
    talk: Talk, loopback: LoopbackServer, status: int
) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.respond(status, b"", content_type="")
    assert (await watching.ending()).outcome is Outcome.TRUNCATED


async def test_silence_before_the_head_is_stalled(
    talk: Talk, loopback: LoopbackServer, skip_time: Callable[[float], None]
) -> None:
    async with talk_to(loopback.base_url, idle_limit=IDLE_LIMIT) as patient:
        watching, exchange = await asked(patient, loopback)
        await watching.until(RequestSent)
        skip_time(IDLE_LIMIT + 1)
        ending = await watching.ending()
        assert (ending.outcome, ending.silent_for) == (Outcome.STALLED, IDLE_LIMIT)
        await exchange.wait_closed()


async def test_pings_put_the_stall_off_and_the_text_is_kept(
    loopback: LoopbackServer, skip_time: Callable[[float], None]
) -> None:
    async with talk_to(loopback.base_url, idle_limit=IDLE_LIMIT) as patient:
        watching, exchange = await asked(patient, loopback)
        await exchange.text("So")
        await watching.until(TextDelta)
        for count in range(1, 6):
            skip_time(IDLE_LIMIT - 5)
            await exchange.event("ping", {})
            await watching.until(*[Alive()] * count)
        skip_time(IDLE_LIMIT + 1)
        ending = await watching.ending()
        assert (ending.outcome, ending.silent_for) == (Outcome.STALLED, IDLE_LIMIT)
        assert ending.stop_reason is None
        assert watching.text == "So"
        await exchange.wait_closed()


async def test_an_error_event_is_the_end_and_closes_the_request(
    talk: Talk, loopback: LoopbackServer
) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.head(headers={"Request-Id": "req_from_header"})
    await exchange.text("So far")
    overloaded = {"type": "overloaded_error", "message": "Overloaded"}
    await exchange.event("error", {"error": overloaded})
    error = await watching.error()
    assert (error.type, error.message, error.retryable) == ("overloaded_error", "Overloaded", True)
    assert error.request_id == "req_from_header"
    assert watching.text == "So far"
    await exchange.wait_closed()


async def test_an_error_events_own_request_id_wins(talk: Talk, loopback: LoopbackServer) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.head(headers={"X-Request-Id": "req_from_header"})
    failed = {"type": "api_error", "message": "Oops"}
    await exchange.event("error", {"error": failed, "request_id": "req_from_event"})
    assert (await watching.error()).request_id == "req_from_event"


async def test_a_malformed_event_is_the_end(talk: Talk, loopback: LoopbackServer) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.text("So far")
    await exchange.send(b'event: content_block_delta\ndata: {"type": \n\n')
    assert (await watching.error()).type == "malformed_event"
    assert watching.text == "So far"
    await exchange.wait_closed()


async def test_a_web_page_is_no_reply(talk: Talk, loopback: LoopbackServer) -> None:
    watching, exchange = await asked(talk, loopback)
    page = "<!doctype html>\n<title>\x1b[31mSign in</title>\n"
    await exchange.respond(200, page, content_type="text/html", headers={"X-Request-Id": "r"})
    error = await watching.error()
    assert (error.type, error.request_id) == ("invalid_response", "r")
    assert "text/html" in error.message
    assert "Sign in" in error.message
    assert "\x1b" not in error.message


async def test_a_web_page_that_breaks_off_is_no_reply_either(
    talk: Talk, loopback: LoopbackServer
) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.head(content_type="text/html")
    await exchange.send(b"<!doctype html>\n<title>Sign in")
    await exchange.half_close()
    assert (await watching.error()).type == "invalid_response"


async def test_a_json_document_is_no_reply(talk: Talk, loopback: LoopbackServer) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.respond(200, '{"id": "msg_1", "type": "message", "content": []}')
    error = await watching.error()
    assert error.type == "invalid_response"
    assert "JSON" in error.message


async def test_an_error_document_with_a_success_status_is_an_error(
    talk: Talk, loopback: LoopbackServer
) -> None:
    watching, exchange = await asked(talk, loopback)
    failed = {"type": "overloaded_error", "message": "Overloaded"}
    await exchange.respond(200, json.dumps({"type": "error", "error": failed}))
    assert (await watching.error()).type == "overloaded_error"


async def test_a_stream_under_a_wrong_content_type_is_a_reply(
    talk: Talk, loopback: LoopbackServer
) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.head(content_type="text/plain")
    await exchange.text("fine")
    await exchange.finish()
    assert (await watching.ending()).is_plain


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, '{"error": {"type": "auth_error", "message": "m"}}', ("auth_error", False)),
        (
            429,
            '{"error": {"type": "rate_limit_error", "message": "m"}}',
            ("rate_limit_error", True),
        ),
        (
            529,
            '{"error": {"type": "overloaded_error", "message": "m"}}',
            ("overloaded_error", True),
        ),
        (500, "Internal m", ("api_error", True)),
        (404, "<html>m", ("not_found_error", False)),
        (418, "m", ("http_418", False)),
    ],
)
async def test_a_refusing_status_is_an_error_in_the_servers_words(
    talk: Talk, loopback: LoopbackServer, status: int, body: str, told: tuple[str, bool]
) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.respond(status, body, headers={"Request-Id": "req_9", "Retry-After": "7"})
    error = await watching.error()
    assert (error.type, error.retryable) == told
    assert "m" in error.message
    assert error.status == status
    assert error.request_id == "req_9"
    assert error.retry_after == 7
    assert [type(event) for event in watching.events] == [RequestSent, ReplyStopped]


async def test_a_redirect_is_an_error_that_says_where_to(
    talk: Talk, loopback: LoopbackServer
) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.respond(307, "", headers={"Location": "https://elsewhere.invalid/v1"})
    assert "https://elsewhere.invalid/v1" in (await watching.error()).message
    assert loopback.unanswered() == 0


async def test_a_refused_connection_is_an_error() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        async with talk_to(base_url) as talk:
            watching = Watching(talk)
            error = await watching.error()
    assert (error.type, error.retryable) == ("connection_error", True)
    assert base_url in error.message
    assert len(watching.events) == 1


@pytest.mark.parametrize("how", ["reset", "half_close"])
async def test_a_connection_that_ends_without_an_answer_is_an_error_and_not_a_cut(
    talk: Talk, loopback: LoopbackServer, how: str
) -> None:
    watching, exchange = await asked(talk, loopback)
    await getattr(exchange, how)()
    assert (await watching.error()).type == "connection_error"


async def test_bytes_that_are_not_gzip_are_an_error(talk: Talk, loopback: LoopbackServer) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.respond(200, b"no gzip", headers={"Content-Encoding": "gzip"})
    assert (await watching.error()).type == "invalid_response"


async def test_gzip_that_breaks_mid_stream_is_an_error_with_the_text_kept(
    talk: Talk, loopback: LoopbackServer
) -> None:
    watching, exchange = await asked(talk, loopback)
    delta = {"index": 0, "delta": {"type": "text_delta", "text": "kept"}}
    packed = gzip.compress(OPENING + sse("content_block_delta", delta))
    await exchange.head(headers={"Content-Encoding": "gzip"})
    await exchange.send(packed[:-8])
    await watching.until(TextDelta)
    await exchange.send(b"\x00" * 8)
    assert (await watching.error()).type == "invalid_response"
    assert watching.text == "kept"


async def test_a_server_that_quotes_the_key_does_not_get_it_shown_or_kept(
    talk: Talk, loopback: LoopbackServer
) -> None:
    watching = Watching(talk)
    exchange = await loopback.next_exchange()
    words = {"type": "authentication_error", "message": f"invalid x-api-key: {SECRET_KEY}"}
    await exchange.respond(401, json.dumps({"type": "error", "error": words}))
    assert (await watching.error()).message == "invalid x-api-key: [the key]"


async def test_nor_does_one_that_quotes_it_in_the_stream(
    talk: Talk, loopback: LoopbackServer
) -> None:
    watching = Watching(talk)
    exchange = await loopback.next_exchange()
    words = {"type": "api_error", "message": f"who is {SECRET_KEY}?"}
    await exchange.head()
    await exchange.send(OPENING + sse("error", {"type": "error", "error": words}))
    assert (await watching.error()).message == "who is [the key]?"


async def test_certificates_that_cannot_be_read_are_an_error_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "rubbish.pem").write_text("this is no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "rubbish.pem"))
    async with talk_to("https://127.0.0.1:1") as talk:
        assert (await Watching(talk).error()).type == "settings_error"


class Counting:
    """A provider that counts what it is asked for and leaves the rest to a real one."""

    def __init__(self, talk: Talk) -> None:
        self._real = talk.provider
        self.name, self.address = talk.provider.name, talk.provider.address
        self.new_decoder = talk.provider.new_decoder
        self.read_error = talk.provider.read_error
        self.list_models = talk.provider.list_models
        self.conceal = talk.provider.conceal
        self.built = 0

    def build_request(self, conversation: Conversation, options: ReplyOptions) -> WireRequest:
        self.built += 1
        return self._real.build_request(conversation, options)


@pytest.mark.parametrize(
    "fail",
    [
        lambda exchange: exchange.respond(529, "overloaded"),
        lambda exchange: exchange.respond(503, "", headers={"Retry-After": "0"}),
        lambda exchange: exchange.reset(),
        lambda exchange: exchange.half_close(),
        lambda exchange: exchange.end(),
        lambda exchange: exchange.finish(),
    ],
    ids=["529", "503", "reset", "half close", "empty", "complete"],
)
async def test_nothing_is_ever_sent_a_second_time(
    talk: Talk, loopback: LoopbackServer, fail: Callable[[Exchange], Awaitable[None]]
) -> None:
    provider = Counting(talk)
    reply = stream_reply(provider, talk.conversation, talk.options, talk.http)
    watching = asyncio.create_task(_drained(reply))
    exchange = await loopback.next_exchange()
    await fail(exchange)
    await watching
    assert provider.built == 1
    assert loopback.unanswered() == 0
    assert len(loopback.connections) == 1


async def _drained(reply: AsyncGenerator[ReplyEvent, None]) -> None:
    async with aclosing(reply) as events:
        async for _ in events:
            pass


# A request lives as long as somebody watches it


async def _before_the_head(watching: Watching, _exchange: Exchange) -> None:
    await watching.until(RequestSent)


async def _before_the_first_token(watching: Watching, exchange: Exchange) -> None:
    await exchange.head()
    await watching.until(ResponseAccepted)


async def _while_thinking(watching: Watching, exchange: Exchange) -> None:
    await exchange.send(OPENING)
    await exchange.event("ping", {})
    await watching.until(Alive)


async def _in_a_stall(watching: Watching, exchange: Exchange) -> None:
    await exchange.text("Hel", "lo")
    await watching.until(TextDelta("lo"))


async def _mid_stream(watching: Watching, exchange: Exchange) -> None:
    """The server goes on writing while the cancel happens, until it sees the close."""
    _WRITERS.add(writer := asyncio.create_task(_write_for_ever(exchange)))
    writer.add_done_callback(_WRITERS.discard)
    await watching.until(*[TextDelta] * 5)


_WRITERS: set[asyncio.Task[None]] = set()


async def _mid_event(watching: Watching, exchange: Exchange) -> None:
    await exchange.text("Hel")
    await watching.until(TextDelta)
    await exchange.send(b'event: content_block_delta\ndata: {"ty')
    await watching.until(TextDelta, Alive)


async def _in_an_error_body(watching: Watching, exchange: Exchange) -> None:
    await watching.until(RequestSent)
    await exchange.head(500, "text/plain")
    await exchange.send(b"so far")
    await _turns(20)


async def _write_for_ever(exchange: Exchange) -> None:
    while not exchange.closed.is_set():
        await exchange.text("more ")
        await asyncio.sleep(0)


async def _turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


PHASES = [
    _before_the_head,
    _before_the_first_token,
    _while_thinking,
    _in_a_stall,
    _mid_stream,
    _mid_event,
    _in_an_error_body,
]
# How many loop turns lie between a first cancel and the next ones.
IMPATIENCE = [(), (0,), (1,), (2,), (3,), (1, 1, 1)]


async def _cancel(task: asyncio.Task[None], pauses: tuple[int, ...]) -> None:
    task.cancel()
    for pause in pauses:
        await _turns(pause)
        task.cancel()
    async with asyncio.timeout(SAFETY_NET):
        await asyncio.wait({task})
    assert task.cancelled()


async def _nothing_is_left(before: set[asyncio.Task[object]]) -> None:
    """No task of ours; the owner of a response may need a few more turns to close it."""
    if left := asyncio.all_tasks() - before:
        _, pending = await asyncio.wait(left, timeout=SAFETY_NET)
        assert not pending


@pytest.mark.parametrize("pauses", IMPATIENCE, ids=str)
@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.__name__.strip("_"))
async def test_the_server_sees_a_cancelled_reply_close(
    talk: Talk,
    loopback: LoopbackServer,
    phase: Callable[[Watching, Exchange], Awaitable[None]],
    pauses: tuple[int, ...],
) -> None:
    before = asyncio.all_tasks()
    for _ in range(20):
        watching, exchange = await asked(talk, loopback)
        await phase(watching, exchange)
        assert not exchange.closed.is_set()
        await _cancel(watching.task, pauses)
        await exchange.wait_closed()
        assert not any(isinstance(event, ReplyStopped) for event in watching.events)
    await loopback.all_closed()
    assert loopback.open_connections == 0
    assert len(loopback.connections) == 20
    await _nothing_is_left(before)


@pytest.mark.parametrize("pauses", IMPATIENCE, ids=str)
async def test_a_reply_cancelled_while_it_connects_leaves_no_socket(
    no_entrance: FullQueue, pauses: tuple[int, ...]
) -> None:
    before = asyncio.all_tasks()
    async with talk_to(no_entrance.base_url) as talk:
        for _ in range(5):
            watching = Watching(talk)
            await no_entrance.knocked()
            await _cancel(watching.task, pauses)
            await _nothing_is_left(before)
            assert no_entrance.knocking() == 0
            assert watching.events == []


@pytest.mark.parametrize("pauses", IMPATIENCE, ids=str)
async def test_a_reply_cancelled_in_the_tls_handshake_closes_its_connection(
    pauses: tuple[int, ...],
) -> None:
    async with LoopbackServer(mute=True) as server:
        before = asyncio.all_tasks()
        async with talk_to(server.base_url.replace("http://", "https://")) as talk:
            for _ in range(5):
                watching = Watching(talk)
                connection = await server.accepted()
                await _cancel(watching.task, pauses)
                async with asyncio.timeout(SAFETY_NET):
                    await connection.closed.wait()
            await _nothing_is_left(before)
        await server.all_closed()


@pytest.mark.parametrize("turns", range(30))
async def test_a_reply_cancelled_in_any_of_its_first_turns_leaves_no_request(
    talk: Talk, loopback: LoopbackServer, turns: int
) -> None:
    """Known: anyio forgets a connection if it is cancelled in the one turn after connecting.

    No request has been sent on it then, so nothing is generated for nobody.
    """
    before = asyncio.all_tasks()
    for _ in range(10):
        watching = Watching(talk)
        await _turns(turns)
        await _cancel(watching.task, (1,))
    await _nothing_is_left(before)
    for connection in loopback.connections:
        if connection.has_received:
            await connection.wait_closed()


async def test_many_replies_cancelled_at_once_leave_nothing(
    talk: Talk, loopback: LoopbackServer
) -> None:
    before = asyncio.all_tasks()
    watchings = [Watching(talk) for _ in range(20)]
    exchanges = [await loopback.next_exchange() for _ in watchings]
    for exchange in exchanges:
        await exchange.text("x")
    for watching in watchings:
        await watching.until(TextDelta)
    for _ in range(2):
        for watching in watchings:
            watching.task.cancel()
        await _turns(1)
    await asyncio.wait({watching.task for watching in watchings})
    await loopback.all_closed()
    await _nothing_is_left(before)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("wanted", [RequestSent, ResponseAccepted, TextDelta])
async def test_a_loop_that_shuts_down_right_after_the_cancel_leaves_nothing(
    loopback: LoopbackServer, wanted: type[ReplyEvent], turns: int
) -> None:
    """`asyncio.run` cancels every task once more, the owner of the response among them."""

    async def client() -> None:
        watching = Watching(make_talk(loopback.base_url))
        await watching.until(wanted)
        watching.task.cancel()
        await _turns(turns)

    for _ in range(5):
        program = asyncio.create_task(asyncio.to_thread(asyncio.run, client()))
        exchange = await loopback.next_exchange()
        if wanted is not RequestSent:
            await exchange.head()
        if wanted is TextDelta:
            await exchange.text("x")
        await program
        await exchange.wait_closed()
    await loopback.all_closed()


async def test_leaving_the_generator_early_closes_the_request(
    talk: Talk, loopback: LoopbackServer
) -> None:
    before = asyncio.all_tasks()
    reply = talk.reply()
    first = asyncio.create_task(anext(reply))
    exchange = await loopback.next_exchange()
    assert await first == RequestSent()
    await exchange.text("x")
    assert isinstance(await anext(reply), ResponseAccepted)
    await reply.aclose()
    await exchange.wait_closed()
    await loopback.all_closed()
    await _nothing_is_left(before)


async def test_a_generator_that_never_ran_sends_nothing(
    talk: Talk, loopback: LoopbackServer
) -> None:
    reply = talk.reply()
    await reply.aclose()
    await _turns(20)
    assert loopback.connections == []


async def test_a_watcher_that_fails_closes_the_request(
    talk: Talk, loopback: LoopbackServer
) -> None:
    before = asyncio.all_tasks()

    async def fail() -> None:
        async with aclosing(talk.reply()) as events:
            async for event in events:
                if event == TextDelta("x"):
                    raise ValueError("the watcher's own")

    failing = asyncio.create_task(fail())
    exchange = await loopback.next_exchange()
    await exchange.text("x")
    with pytest.raises(ValueError, match="the watcher's own"):
        await failing
    await exchange.wait_closed()
    await loopback.all_closed()
    await _nothing_is_left(before)


async def test_closing_the_client_ends_every_reply(talk: Talk, loopback: LoopbackServer) -> None:
    before = asyncio.all_tasks()
    pairs = [await asked(talk, loopback) for _ in range(3)]
    await pairs[1][1].head()
    await pairs[2][1].text("x")
    await pairs[2][0].until(TextDelta)
    await talk.http.aclose()
    for watching, exchange in pairs:
        await exchange.wait_closed()
        async with asyncio.timeout(SAFETY_NET):
            await asyncio.wait({watching.task})
        assert watching.task.cancelled()
    await loopback.all_closed()
    await _nothing_is_left(before)


async def test_a_cancelled_reply_keeps_what_had_come(talk: Talk, loopback: LoopbackServer) -> None:
    watching, exchange = await asked(talk, loopback)
    await exchange.text("Half a sent")
    await watching.until(TextDelta)
    await _cancel(watching.task, ())
    reply = Reply()
    for event in watching.events:
        reply.apply(event)
    reply.cancel(CancelledBy.STOP)
    message = reply.message()
    assert message.text == "Half a sent"
    assert message.ending == Ending(Outcome.CANCELLED, cancelled_by=CancelledBy.STOP)
