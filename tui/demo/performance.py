"""One answer on its way out: steps become bytes on a socket, and somebody keeps count."""

from __future__ import annotations

import asyncio
import socket
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING

import h11

from tui import __version__
from tui.demo.steps import PING, Drop, Emit, Respond, Send, Stall, Wait, to_sse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from tui.demo.steps import Event, Step

    Sleep = Callable[[float], Awaitable[None]]

_REASONS = {int(status): status.phrase for status in HTTPStatus}
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Performance:
    """Plays the steps of one answer; at any moment `where` tells how far it has come."""

    def __init__(
        self,
        http: h11.Connection,
        writer: asyncio.StreamWriter,
        sleep: Sleep,
        request_id: str,
        *,
        head_only: bool,
    ) -> None:
        self._http = http
        self._writer = writer
        self._sleep = sleep
        self._request_id = request_id
        self._head_only = head_only
        self._status: int | None = None
        self._bytes = 0
        self._deltas = 0
        self._stalled = False
        self._said_all = False

    @property
    def where(self) -> str:
        """As in "the client closed the connection …"."""
        if self._status is None:
            return "before the headers"
        if self._said_all:
            return "after the whole reply"
        if self._deltas == 0:
            return "in a stall" if self._stalled else "before the first token"
        deltas = f"{self._deltas} delta{'' if self._deltas == 1 else 's'}"
        return f"after {deltas} ({'in a stall' if self._stalled else 'mid-stream'})"

    async def play(self, steps: Iterable[Step]) -> str:
        """All steps and the end of the body. Returns how that went, for the log."""
        for step in steps:
            match step:
                case Respond():
                    await self._respond(step)
                case Emit(event, bytewise):
                    await self._emit(event, bytewise=bytewise)
                case Send(data):
                    await self._body(data)
                case Wait(seconds):
                    await self._sleep(seconds)
                case Stall(ping_every):
                    await self._stall(ping_every)
                case Drop(hard):
                    self._drop(hard=hard)
                    return f"cut off by the script {self.where}"
        await self._write(h11.EndOfMessage())
        if self._deltas:
            return f"finished: {self._bytes} bytes in {self._deltas} deltas"
        return f"finished: status {self._status}, {self._bytes} bytes"

    async def _respond(self, head: Respond) -> None:
        headers = [
            ("server", f"rill-demo/{__version__}"),
            ("request-id", self._request_id),
            *head.headers,
        ]
        reason = _REASONS.get(head.status, "Overloaded").encode()
        response = h11.Response(status_code=head.status, headers=headers, reason=reason)
        await self._write(response)
        self._status = head.status

    async def _emit(self, event: Event, *, bytewise: bool) -> None:
        data = to_sse(event)
        # Counted first: the client may act on the bytes before this coroutine runs again.
        self._deltas += event["type"] == "content_block_delta"
        self._said_all = event["type"] == "message_stop"
        for chunk in (data[i : i + 1] for i in range(len(data))) if bytewise else (data,):
            await self._body(chunk)

    async def _body(self, data: bytes) -> None:
        if not self._head_only:
            self._bytes += len(data)
            await self._write(h11.Data(data=data))

    async def _stall(self, ping_every: float | None) -> None:
        self._stalled = True
        while ping_every is not None:
            await self._sleep(ping_every)
            await self._emit(PING.event, bytewise=False)
        await asyncio.Event().wait()

    async def _write(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()
            # drain() returns without a pause while the socket takes everything, and a burst
            # would then hold up the app, which runs in the same loop.
            await asyncio.sleep(0)

    def _drop(self, *, hard: bool) -> None:
        if hard:
            sock = self._writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self._writer.transport.abort()
        else:
            self._writer.close()
