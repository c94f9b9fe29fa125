"""A server on loopback that a test plays by hand, one step at a time.

It does nothing by itself and never sleeps: every head, chunk, reset and end is a call of the test,
and what the client did can be awaited (`next_exchange`, `wait_closed`, `all_closed`).
Whatever waits for the client gives up after `SAFETY_NET` seconds, so that a broken client fails and
does not hang.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tui.chat.conversation import Conversation
from tui.chat.message import Message, TokenLimit
from tui.providers.anthropic import Anthropic
from tui.providers.base import ReplyOptions, Server
from tui.providers.stream_reply import stream_reply
from tui.wire.http import HttpClient

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Iterator, Mapping

    from tui.chat.events import ReplyEvent

SAFETY_NET = 20.0
SECRET_KEY = "sk-ant-loopback-secret-0123456789"


class LoopbackServer:
    """Listens on 127.0.0.1; an async context manager.

    `tls` makes it an https server. A `mute` one accepts connections and swallows whatever comes,
    for the phases before a request: a TLS handshake that nobody answers, say.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, mute: bool = False) -> None:
        self.connections: list[Connection] = []
        self._tls = tls
        self._mute = mute
        self._accepted: asyncio.Queue[Connection] = asyncio.Queue()
        self._exchanges: asyncio.Queue[Exchange] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self), "127.0.0.1", 0, ssl=self._tls
        )
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for connection in self.connections:
            connection.abort()
        await self.all_closed()
        await self._server.wait_closed()

    @property
    def base_url(self) -> str:
        """Where it listens, without a trailing slash."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def open_connections(self) -> int:
        """Accepted, and not yet closed."""
        return sum(not connection.lost.is_set() for connection in self.connections)

    async def accepted(self) -> Connection:
        """The next TCP connection (with TLS: after its handshake)."""
        async with asyncio.timeout(SAFETY_NET):
            return await self._accepted.get()

    async def next_exchange(self) -> Exchange:
        """The next request, once it has been read completely."""
        async with asyncio.timeout(SAFETY_NET):
            return await self._exchanges.get()

    async def all_closed(self) -> None:
        """Wait until no connection is open."""
        async with asyncio.timeout(SAFETY_NET):
            for connection in list(self.connections):
                await connection.lost.wait()

    def unanswered(self) -> int:
        """How many requests came that no `next_exchange` has taken."""
        return self._exchanges.qsize()


class Connection(asyncio.Protocol):
    """One accepted TCP connection.

    `closed` is set the moment the client's close is seen, an end of file or a reset; `lost` when
    nothing is left of the connection.
    """

    transport: asyncio.Transport

    def __init__(self, server: LoopbackServer) -> None:
        self.closed = asyncio.Event()
        self.lost = asyncio.Event()
        self.received = bytearray()
        self.has_received = False
        self._server = server
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Every write is flushed, so that `write` can tell when the client stops reading."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(0)
        self._server.connections.append(self)
        self._server._accepted.put_nowait(self)

    def data_received(self, data: bytes) -> None:
        """Collect; hand over each request that is whole."""
        self.received += data
        self.has_received = True
        while not self._server._mute and (exchange := self._parsed()) is not None:
            self._server._exchanges.put_nowait(exchange)

    def eof_received(self) -> None:
        """An HTTP client that ends its half has no interest in the rest."""
        self.closed.set()
        self.transport.abort()

    def connection_lost(self, _error: Exception | None) -> None:
        """Closed by either side."""
        self.closed.set()
        self.lost.set()
        self._writable.set()

    def pause_writing(self) -> None:
        """The kernel takes no more."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Everything went out."""
        self._writable.set()

    async def write(self, data: bytes) -> None:
        """Write and wait until the kernel has it all; silently gives up on a closed connection."""
        if not self.closed.is_set():
            self.transport.write(data)
            await asyncio.sleep(0)  # so that a close can be seen between two writes
            await self._writable.wait()

    async def wait_closed(self) -> None:
        """Wait until the client closes."""
        async with asyncio.timeout(SAFETY_NET):
            await self.closed.wait()

    def abort(self) -> None:
        """Close with a reset, not with an end of file."""
        sock: Any = self.transport.get_extra_info("socket")
        if not self.lost.is_set() and sock is not None and sock.fileno() != -1:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _parsed(self) -> Exchange | None:
        head, blank, rest = bytes(self.received).partition(b"\r\n\r\n")
        if not blank:
            return None
        request_line, *fields = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (field.partition(":") for field in fields)
        }
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return None
        self.received = bytearray(rest[length:])
        method, path, _version = request_line.split(" ", 2)
        return Exchange(self, method, path, headers, rest[:length])


class Exchange:
    """One request, and the answer to it that the test gives step by step."""

    def __init__(
        self,
        connection: Connection,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> None:
        self.connection = connection
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
        self._chunked = False
        self._head_sent = False
        self._text_begun = False

    @property
    def closed(self) -> asyncio.Event:
        """Set the moment the client's close is seen."""
        return self.connection.closed

    async def wait_closed(self) -> None:
        """Wait until the client closes."""
        await self.connection.wait_closed()

    def json(self) -> Any:
        """The request's body, parsed."""
        return json.loads(self.body)

    def turns(self) -> list[tuple[str, str]]:
        """Role and text of every turn that came."""
        return [
            (turn["role"], "".join(part.get("text", "") for part in turn["content"]))
            for turn in self.json()["messages"]
        ]

    async def head(
        self,
        status: int = 200,
        content_type: str = "text/event-stream",
        headers: Mapping[str, str] | None = None,
        *,
        chunked: bool = True,
    ) -> None:
        """The response's head. Without `chunked` the body ends by length or with the connection."""
        self._head_sent = True
        self._chunked = chunked
        lines = [f"HTTP/1.1 {status} Whatever"]
        if content_type:
            lines.append(f"Content-Type: {content_type}")
        if chunked:
            lines.append("Transfer-Encoding: chunked")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        await self.connection.write("\r\n".join([*lines, "", ""]).encode("latin-1"))

    async def send(self, data: bytes) -> None:
        """One piece of the body, flushed. Sends the head first if that was not done."""
        if not self._head_sent:
            await self.head()
        if self._chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
        await self.connection.write(data)

    async def event(self, name: str, payload: Mapping[str, object]) -> None:
        """One server-sent event; `type` is filled in."""
        await self.send(sse(name, payload))

    async def text(self, *pieces: str) -> None:
        """Text deltas; before the first of them the events that open a reply and a text block."""
        if not self._text_begun:
            self._text_begun = True
            await self.send(OPENING)
        for piece in pieces:
            await self.event(
                "content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": piece}}
            )

    async def finish(self, stop_reason: str = "end_turn", **delta: object) -> None:
        """The events that end a reply well, and a clean end of the body."""
        if self._text_begun:
            await self.event("content_block_stop", {"index": 0})
        await self.event(
            "message_delta",
            {
                "delta": {"stop_reason": stop_reason, "stop_sequence": None, **delta},
                "usage": {"output_tokens": 7},
            },
        )
        await self.event("message_stop", {})
        await self.end()

    async def end(self) -> None:
        """A clean end of the body, whatever has come in it."""
        if not self._head_sent:
            await self.head()
        if self._chunked:
            await self.connection.write(b"0\r\n\r\n")
        elif not self.closed.is_set():
            self.connection.transport.close()

    async def reset(self) -> None:
        """Drop the connection at once: the client sees ECONNRESET."""
        self.connection.abort()
        await self.connection.lost.wait()

    async def half_close(self) -> None:
        """End our half of the connection, without ending the body, and go on listening."""
        if not self.closed.is_set():
            self.connection.transport.write_eof()

    async def respond(
        self,
        status: int,
        body: bytes | str,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """A whole response with a content length."""
        payload = body.encode() if isinstance(body, str) else body
        length = {"Content-Length": str(len(payload))}
        await self.head(status, content_type, {**length, **(headers or {})}, chunked=False)
        await self.send(payload)


def sse(name: str, payload: Mapping[str, object]) -> bytes:
    """The bytes of one event of the Messages API."""
    data = json.dumps({"type": name, **payload}, separators=(",", ":"))
    return f"event: {name}\ndata: {data}\n\n".encode()


OPENING = sse(
    "message_start",
    {
        "message": {
            "id": "msg_loopback",
            "type": "message",
            "role": "assistant",
            "model": "loopback-1",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 5, "output_tokens": 1},
        }
    },
) + sse("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})


class FullQueue:
    """A port where connecting never ends: its queue is full, and nobody accepts. Linux only."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.base_url = f"http://127.0.0.1:{port}"

    def knocking(self) -> int:
        """How many connections are being tried right now: sockets in the state SYN_SENT."""
        lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        fields = [line.split() for line in lines]
        return sum(row[2].endswith(f":{self.port:04X}") and row[3] == "02" for row in fields)

    async def knocked(self) -> None:
        """Wait until somebody tries."""
        async with asyncio.timeout(SAFETY_NET):
            while not self.knocking():  # noqa: ASYNC110 - the kernel has no event for it
                await asyncio.sleep(0)


@contextmanager
def full_queue() -> Iterator[FullQueue]:
    """A listening socket whose queue has room for one, and that one in it."""
    with socket.socket() as listener, socket.socket() as filler:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        filler.connect(listener.getsockname())
        yield FullQueue(listener.getsockname()[1])


@dataclass(frozen=True)
class Talk:
    """All that `stream_reply` needs, against one server."""

    provider: Anthropic
    conversation: Conversation
    options: ReplyOptions
    http: HttpClient

    def reply(self) -> AsyncGenerator[ReplyEvent, None]:
        """Ask once."""
        return stream_reply(self.provider, self.conversation, self.options, self.http)


def make_talk(base_url: str, *, prompt: str = "Hello?", idle_limit: float = SAFETY_NET) -> Talk:
    """An Anthropic provider, a client and a conversation of one prompt."""
    conversation = Conversation()
    conversation.append(Message.from_user(prompt))
    return Talk(
        Anthropic(Server("anthropic", base_url, SECRET_KEY)),
        conversation,
        ReplyOptions("loopback-1", TokenLimit(1000, "the test")),
        HttpClient(idle_limit=idle_limit),
    )


@asynccontextmanager
async def talk_to(
    base_url: str, *, prompt: str = "Hello?", idle_limit: float = SAFETY_NET
) -> AsyncGenerator[Talk, None]:
    """As `make_talk`; the client is closed at the end."""
    talk = make_talk(base_url, prompt=prompt, idle_limit=idle_limit)
    try:
        yield talk
    finally:
        await talk.http.aclose()
