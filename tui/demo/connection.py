"""One client's connection: requests in, answers out, and an ear that never sleeps."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import h11

from tui.demo.performance import Performance
from tui.demo.routes import MAX_BODY, Request
from tui.demo.steps import error_document

if TYPE_CHECKING:
    from typing import Protocol

    from tui.demo.performance import Sleep
    from tui.demo.routes import Answer

    class Stage(Protocol):
        """What a connection needs of the server."""

        sleep: Sleep

        def next_number(self) -> int: ...

        def request_id(self, number: int) -> str: ...

        def answer(self, request: Request, request_id: str) -> Answer: ...

        def log(self, line: str) -> None: ...


_CONTINUE = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
_READ_SIZE = 256 * 1024
_MAX_PIPELINED = MAX_BODY + 1024 * 1024


class Connection:
    """Serves requests one after the other while a read is always pending.

    The read is what notices a client that goes away, in whatever phase its reply is; it cancels
    the reply at once. A client that only half-closes (`nc -N`) counts as gone: the two cannot be
    told apart.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stage: Stage
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._stage = stage
        self._http = h11.Connection(h11.SERVER)
        self._arrived = asyncio.Event()
        self._answering = False
        self._client_gone = False

    async def run(self) -> None:
        """Until one side closes; a cancellation closes the connection at once."""
        # Every write goes straight to the kernel, and from there straight on to the wire.
        self._writer.transport.set_write_buffer_limits(high=0)
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            async with asyncio.TaskGroup() as group:
                answers = group.create_task(self._answer_requests())
                await self._read_until_closed()
                self._client_gone = True
                answers.cancel()
        finally:
            self._writer.transport.abort()
            with suppress(ConnectionError):
                await self._writer.wait_closed()

    async def _read_until_closed(self) -> None:
        pipelined = 0
        with suppress(ConnectionError):
            while chunk := await self._reader.read(_READ_SIZE):
                pipelined = pipelined + len(chunk) if self._answering else 0
                if pipelined > _MAX_PIPELINED:
                    return
                self._http.receive_data(chunk)
                self._arrived.set()

    async def _answer_requests(self) -> None:
        while True:
            try:
                request = await self._next_request()
            except h11.RemoteProtocolError as error:
                await self._refuse(error)
                break
            self._answering = True
            await self._answer(request)
            self._answering = False
            if self._http.states != {h11.SERVER: h11.DONE, h11.CLIENT: h11.DONE}:
                break
            self._http.start_next_cycle()
        self._writer.close()

    async def _answer(self, request: Request) -> None:
        number = self._stage.next_number()
        request_id = self._stage.request_id(number)
        answer = self._stage.answer(request, request_id)
        path = request.target.partition("?")[0]
        title = f"#{number} {request.method} {path} {answer.title}".rstrip()
        self._stage.log(title)
        performance = self._performance(request_id, head_only=request.method == "HEAD")
        ending = "failed"
        try:
            ending = await performance.play(answer.steps)
        except ConnectionError:
            ending = f"client closed the connection {performance.where}"
        except asyncio.CancelledError:
            who = "client closed the connection" if self._client_gone else "the demo was stopped"
            ending = f"{who} {performance.where}"
            raise
        finally:
            self._stage.log(f"{title} → {ending}")

    async def _refuse(self, error: h11.RemoteProtocolError) -> None:
        """Answer what is not HTTP, as far as that is still possible."""
        number = self._stage.next_number()
        self._stage.log(f"#{number} → not HTTP: {error}")
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            performance = self._performance(self._stage.request_id(number), head_only=False)
            message = f"The demo could not read this request: {error}."
            status = error.error_status_hint
            steps = error_document(
                status, "invalid_request_error", message, ("connection", "close")
            )
            with suppress(ConnectionError):
                await performance.play(steps)

    def _performance(self, request_id: str, *, head_only: bool) -> Performance:
        return Performance(
            self._http, self._writer, self._stage.sleep, request_id, head_only=head_only
        )

    async def _next_request(self) -> Request:
        head = await self._next_event()
        while not isinstance(head, h11.Request):
            head = await self._next_event()
        if self._http.they_are_waiting_for_100_continue:
            go_on = self._http.send(_CONTINUE)
            self._writer.write(go_on or b"")
        body = bytearray()
        size = 0
        while isinstance(event := await self._next_event(), h11.Data):
            size += len(event.data)
            if size <= MAX_BODY:
                body += event.data
        method, target = head.method.decode("ascii"), head.target.decode("ascii")
        if size > MAX_BODY:
            return Request(method, target, too_large=True)
        return Request(method, target, bytes(body))

    async def _next_event(self) -> h11.Event:
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Event):
                return event
            self._arrived.clear()
            await self._arrived.wait()
