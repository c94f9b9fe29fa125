"""The demo server: a loopback listener that speaks Anthropic's Messages API."""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
from hashlib import sha256
from typing import TYPE_CHECKING

from tui.demo.connection import Connection
from tui.demo.routes import answer
from tui.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from tui.demo.performance import Sleep
    from tui.demo.routes import Answer, Request


class DemoServer:
    """Serves in the running loop between `start` and `close`; also an async context manager.

    `log` gets one line when a request begins and one that tells how it ended, seen from the
    server: finished, cut off by the script, or left by the client, and in which phase. `sleep`
    is all the clock there is; a test gives one that does not wait.
    """

    def __init__(
        self,
        *,
        log: Callable[[str], None] | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.sleep = sleep
        self._log = log
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._host = ""
        self._port = 0
        # Ids of two runs must not meet in one stored conversation.
        self._run = secrets.token_hex(3)
        self._numbers = 0
        self._last_body = b""
        self._attempt = 0

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes any free one. Raises `UsageError` if that cannot be done."""
        try:
            self._server = await asyncio.start_server(self._connect, host, port)
        except OSError as error:
            raise UsageError(_why_not(error, host, port)) from error
        except OverflowError as error:
            raise UsageError(f"{port} is no port: ports go from 0 to 65535.") from error
        self._host = host
        self._port = self._server.sockets[0].getsockname()[1]

    @property
    def port(self) -> int:
        """The port that is listened on, 0 before `start`."""
        return self._port

    @property
    def base_url(self) -> str:
        """As clients want it, without a path: `http://127.0.0.1:43121`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def close(self) -> None:
        """Stop listening, close every connection, and wait until nothing of them is left."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        while self._connections:
            for task in self._connections:
                task.cancel()
            await asyncio.wait(self._connections)
        await server.wait_closed()

    async def __aenter__(self) -> Self:
        if self._server is None:
            await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def next_number(self) -> int:
        """The number under which the log speaks of a request."""
        self._numbers += 1
        return self._numbers

    def request_id(self, number: int) -> str:
        """The `request-id` of that request; it ends with the number in the log."""
        return f"req_demo_{self._run}_{number}"

    def answer(self, request: Request, request_id: str) -> Answer:
        """The answer to a request, counting how often the same body came in a row."""
        body = sha256(request.body).digest()
        self._attempt = self._attempt + 1 if body == self._last_body else 1
        self._last_body = body
        return answer(request, request_id, self._attempt)

    def log(self, line: str) -> None:
        """One line for whoever listens."""
        if self._log is not None:
            self._log(line)

    def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None:  # accepted in the very moment of closing
            writer.transport.abort()
            return
        task = asyncio.ensure_future(Connection(reader, writer, self).run())
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        # A task that is cancelled before its first step never gets to close anything itself.
        task.add_done_callback(lambda _: writer.transport.abort())


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is already in use: choose another one, or 0 for any free one."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} may not be used by you: choose one above 1023."
    # Python 3.13 reports an address that is not ours without an errno.
    if isinstance(error, socket.gaierror) or error.errno in (errno.EADDRNOTAVAIL, None):
        return f"{host} is no address of this machine: the demo cannot listen there."
    return f"The demo cannot listen on {host}, port {port}: {error.strerror or error}."
