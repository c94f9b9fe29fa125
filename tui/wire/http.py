"""The only place that talks httpx: open a request, time it out, close it, translate its errors.

**Why an owner task.** With httpx 0.28 and httpcore 1.0.9 a task that is cancelled a second time
while it closes a response leaves the connection open and the server generating: 20 of 20 leaked,
and shielding does not help because `Task.cancel()` ignores it. So the response belongs to a task of
its own that nobody but this module can cancel, and that is cancelled exactly once.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.request import getproxies, proxy_bypass

# httpx imports its own command line along with itself, and that imports click and rich if they are
# installed: 45 of 110 ms. `None` makes that one import fail, which httpx is prepared for.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

import httpx  # noqa: E402

from tui import __version__  # noqa: E402
from tui.errors import (  # noqa: E402
    AnswerUnreadable,
    ConnectionFailed,
    ConnectionLost,
    ConnectionStalled,
    ServerRefused,
    SettingsError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping

    from tui.errors import WireError
    from tui.wire.request import WireRequest

CONNECT_LIMIT = 10.0
IDLE_LIMIT = 300.0
_WRITE_LIMIT = 30.0
_ERROR_BODY_BYTES = 64 * 1024
_ERROR_BODY_SECONDS = 10.0
_READ_AHEAD_BYTES = 1024 * 1024
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Sent:
    """The connection stands and the whole request was written to it."""


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """A success status and its headers (lower-case names); the body follows."""

    status: int
    headers: Mapping[str, str]

    @property
    def content_type(self) -> str:
        """The media type alone, in lower case, `""` if none was given."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


Arrival: TypeAlias = Sent | ResponseHead | bytes


class HttpClient:
    """One for the whole program.

    `connect_limit` bounds looking up the host, connecting and TLS; `idle_limit` bounds every
    silence after that, so the pings of a thinking model keep its stream alive. Both in seconds.
    `transport` replaces the network in tests.
    """

    def __init__(
        self,
        *,
        connect_limit: float = CONNECT_LIMIT,
        idle_limit: float = IDLE_LIMIT,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._timeout = httpx.Timeout(
            connect=connect_limit, read=idle_limit, write=_WRITE_LIMIT, pool=None
        )
        self._transport = transport
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._owners: set[asyncio.Task[None]] = set()

    async def stream(self, request: WireRequest) -> AsyncGenerator[Arrival, None]:
        """Send `request` and yield what comes back as it comes: `Sent`, `ResponseHead`, bytes.

        A clean end of the generator means only that the bytes ended. However the generator is left
        (exhausted, closed, its task cancelled once or many times) the connection is closed.

        Raises:
            ConnectionFailed: no answer was ever received.
            ServerRefused: the status is not a success; no `ResponseHead` is yielded then.
            ConnectionStalled: silence for the idle limit, before or after the head.
            ConnectionLost: the connection broke after the head.
            AnswerUnreadable: the body cannot be decompressed.
            SettingsError: the environment's proxy or certificate settings cannot be used.
        """
        inbox = _Inbox()
        owner = asyncio.create_task(self._own(request, inbox), name="rill-http-owner")
        self._owners.add(owner)
        # Not in the owner's `finally`: cancelled before its first step, it never gets there.
        owner.add_done_callback(lambda _: inbox.end())
        owner.add_done_callback(self._disowned)
        try:
            while arrivals := await inbox.take():
                for arrival in arrivals:
                    yield arrival
            await asyncio.wait({owner})
            owner.result()
        finally:
            owner.cancel()
            await asyncio.wait({owner})

    async def fetch(self, request: WireRequest) -> bytes:
        """Send `request` and return the whole body of a success. Raises as `stream` does."""
        body = bytearray()
        async with aclosing(self.stream(request)) as arrivals:
            async for arrival in arrivals:
                if isinstance(arrival, bytes):
                    body += arrival
        return bytes(body)

    async def aclose(self) -> None:
        """Close every connection; requests still under way are cancelled, once."""
        owners = set(self._owners)
        for owner in owners:
            owner.cancel()
        if owners:
            await asyncio.wait(owners)
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    def _disowned(self, owner: asyncio.Task[None]) -> None:
        self._owners.discard(owner)
        if not owner.cancelled():
            owner.exception()  # whoever still watches has it from result(); else nobody wants it

    def _client(self, scheme: str) -> httpx.AsyncClient:
        """The client for `http` or `https`, made when first needed.

        Plain http, which the demo and most local servers speak, skips loading the trusted
        certificates: 20 ms of a cold start.
        """
        if client := self._clients.get(scheme):
            return client
        try:
            client = httpx.AsyncClient(
                timeout=self._timeout,
                transport=self._transport,
                verify=scheme != "http",
                follow_redirects=False,
                # A stream is closed the moment its reply has ended, so there is nothing to keep;
                # and a kept connection that the server has just dropped would fail the next send.
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
                mounts={f"all://{host}": None for host in _LOOPBACK},  # a proxy cannot reach those
                headers={"Accept-Encoding": "identity", "User-Agent": f"rill/{__version__}"},
            )
        except (ValueError, ImportError, OSError, httpx.InvalidURL) as error:
            raise SettingsError(
                "The network settings of the environment cannot be used; check HTTPS_PROXY, "
                f"ALL_PROXY, NO_PROXY and SSL_CERT_FILE: {error}"
            ) from error
        self._clients[scheme] = client
        return client

    async def _own(self, request: WireRequest, inbox: _Inbox) -> None:
        """Hold the response from its first to its last moment."""
        answered = False
        tunnelling = False
        connection: Any = None

        async def trace(name: str, info: Mapping[str, Any]) -> None:
            # A proxy is first asked for a tunnel, by a request that is not the one we were given.
            nonlocal tunnelling, connection
            if name.endswith("connect_tcp.complete"):
                connection = info["return_value"]
            elif name.endswith("send_request_body.started"):
                tunnelling = info["request"].method == b"CONNECT"
            elif name.endswith("send_request_body.complete") and not tunnelling:
                inbox.put(Sent())

        try:
            client = self._client(request.url.partition(":")[0].lower())
            async with client.stream(
                request.method,
                request.url,
                headers=dict(request.headers),
                content=request.body,
                extensions={"trace": trace},
            ) as response:
                answered = True
                head = ResponseHead(response.status_code, dict(response.headers))
                if not response.is_success:
                    raise ServerRefused(
                        f"HTTP {head.status}", head.status, head.headers, await _excerpt(response)
                    )
                inbox.put(head)
                async for chunk in response.aiter_bytes():
                    inbox.put(chunk)
                    await inbox.room.wait()
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ExceptionGroup) as error:
            raise _translated(error, request.url, self._timeout, answered=answered) from error
        finally:
            # A cancel that meets httpcore while it closes, as it does by itself when the body has
            # ended, makes it forget the connection. Closing twice is harmless, and this close acts
            # before its first await.
            if connection is not None:
                await connection.aclose()


class _Inbox:
    """Between the owner, who puts, and the one consumer, who takes all there is at once.

    Bytes that arrived while the consumer was busy come out as one chunk. The owner stops reading
    from the socket while more than `_READ_AHEAD_BYTES` wait here.
    """

    def __init__(self) -> None:
        self._arrivals: list[Arrival] = []
        self._size = 0
        self._ended = False
        self._news = asyncio.Event()
        self.room = asyncio.Event()
        self.room.set()

    def put(self, arrival: Arrival) -> None:
        last = self._arrivals[-1] if self._arrivals else None
        if isinstance(arrival, bytes):
            self._size += len(arrival)
            if self._size > _READ_AHEAD_BYTES:
                self.room.clear()
            if isinstance(last, bytes):
                # Few and short: the consumer is at most one turn of the loop behind.
                self._arrivals[-1] = last + arrival
                self._news.set()
                return
        self._arrivals.append(arrival)
        self._news.set()

    def end(self) -> None:
        self._ended = True
        self._news.set()

    async def take(self) -> list[Arrival]:
        """Return what has arrived since; an empty list only after the end."""
        while not self._arrivals and not self._ended:
            self._news.clear()
            await self._news.wait()
        arrivals, self._arrivals = self._arrivals, []
        self._size = 0
        self.room.set()
        return arrivals


async def _excerpt(response: httpx.Response) -> bytes:
    """The beginning of an error's body; an unreadable rest is no reason to lose the status."""
    body = bytearray()
    try:
        async with asyncio.timeout(_ERROR_BODY_SECONDS):
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) >= _ERROR_BODY_BYTES:
                    break
    except (httpx.HTTPError, TimeoutError):
        pass
    return bytes(body[:_ERROR_BODY_BYTES])


def _translated(error: Exception, url: str, timeout: httpx.Timeout, *, answered: bool) -> WireError:
    """Say in one sentence what a foreign exception means.

    Its own words are used only where they cannot hold a header, because a header can hold a key.
    """
    place = _place(url)
    match error:
        case httpx.ReadTimeout():
            seconds = timeout.read or 0.0
            return ConnectionStalled(f"{place} was silent for {seconds:g} s.", seconds)
        case httpx.ConnectTimeout():
            return ConnectionFailed(f"{place} did not answer within {timeout.connect:g} s.")
        case httpx.ProxyError():
            return ConnectionFailed(f"The proxy did not let us through to {place}: {error}")
        case httpx.ConnectError():
            return ConnectionFailed(_connect_sentence(error, place, proxied=_is_proxied(url)))
        case httpx.DecodingError():
            return AnswerUnreadable(f"The answer of {place} cannot be decompressed.")
        case httpx.LocalProtocolError() | UnicodeError():
            return ConnectionFailed(
                "The request cannot be written as HTTP: check the API key and the base URL for "
                "spaces, line breaks and letters outside ASCII."
            )
        case httpx.UnsupportedProtocol() | httpx.InvalidURL():
            return ConnectionFailed(f"{place} is not an address: it must be http:// or https://.")
        case ExceptionGroup():  # anyio's: an address that no socket can connect to
            return ConnectionFailed(f"No connection to {place}: the port, or a proxy's, cannot be.")
        case httpx.RemoteProtocolError() if answered:
            return ConnectionLost("the server broke off in the middle of its answer")
        case _ if answered:
            return ConnectionLost("the connection was reset")
        case httpx.WriteTimeout():
            return ConnectionFailed(f"{place} did not take the request within {_WRITE_LIMIT:g} s.")
        case httpx.RemoteProtocolError() if "disconnected" not in str(error):
            return ConnectionFailed(f"{place} does not speak HTTP: is the base URL right?")
        case _:
            return ConnectionFailed(f"{place} closed the connection without an answer.")


def _connect_sentence(error: Exception, place: str, *, proxied: bool) -> str:
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return (
                    f"The TLS certificate of {place} cannot be trusted ({cause.verify_message}). "
                    "SSL_CERT_FILE can name another authority."
                )
            case ssl.SSLError():
                return f"No TLS connection to {place}: is it a plain http:// server?"
            case OSError() if proxied:
                return (
                    f"No connection to {place} through the proxy that the environment names "
                    "(HTTPS_PROXY, HTTP_PROXY, ALL_PROXY)."
                )
            case socket.gaierror():
                return f"The host of {place} is unknown: check the base URL and the network."
            case ConnectionRefusedError():
                return f"Nothing listens at {place} (connection refused): is the server running?"
            case OSError(errno=int(), strerror=str(words)):
                return f"No connection to {place}: {words}."
    return f"No connection to {place}."


def _is_proxied(url: str) -> bool:
    """Whether the environment puts a proxy between us and `url`; only to say so."""
    proxies = getproxies()
    scheme, host = httpx.URL(url).scheme, httpx.URL(url).host
    return (
        (scheme in proxies or "all" in proxies)
        and host not in {"127.0.0.1", "localhost", "::1"}
        and not proxy_bypass(host)
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Everything that led to `error`, through `from` and through groups."""
    waiting: list[BaseException | None] = [error]
    while waiting:
        cause = waiting.pop(0)
        if cause is None:
            continue
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            waiting.extend(cause.exceptions)
        waiting.append(cause.__cause__ or cause.__context__)


def _place(url: str) -> str:
    """Scheme, host and port: all of a URL that may stand in an error's text."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return "The base URL"
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii', 'replace')}"
