"""`HttpClient` against a server that is played by hand: what goes out, what comes back, what fails.

That no connection outlives its reader is tested in tests/providers/test_stream_reply.py.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import shutil
import socket
import ssl
import subprocess
import zlib
from contextlib import aclosing
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.loopback import SAFETY_NET, SECRET_KEY, LoopbackServer
from tui.errors import (
    AnswerUnreadable,
    ConnectionFailed,
    ConnectionLost,
    ConnectionStalled,
    ServerRefused,
    SettingsError,
)
from tui.wire.http import IDLE_LIMIT, HttpClient, ResponseHead, Sent
from tui.wire.request import WireRequest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from pathlib import Path

    from tests.loopback import Exchange, FullQueue
    from tui.wire.http import Arrival


@pytest.fixture
async def http() -> AsyncGenerator[HttpClient, None]:
    client = HttpClient()
    yield client
    await client.aclose()


def post(url: str, **headers: str) -> WireRequest:
    return WireRequest("POST", url, {"x-api-key": SECRET_KEY, **headers}, b'{"hello": 1}')


class Reading:
    """A request under way in a task, and what has come of it so far."""

    def __init__(self, http: HttpClient, request: WireRequest) -> None:
        self.arrivals: asyncio.Queue[Arrival] = asyncio.Queue()
        self.received = bytearray()
        self.head: ResponseHead | None = None
        self.task = asyncio.create_task(self._read(http, request))

    async def _read(self, http: HttpClient, request: WireRequest) -> None:
        async with aclosing(http.stream(request)) as arrivals:
            async for arrival in arrivals:
                self.arrivals.put_nowait(arrival)
                if isinstance(arrival, bytes):
                    self.received += arrival
                elif isinstance(arrival, ResponseHead):
                    self.head = arrival

    async def until(self, wanted: type[Arrival]) -> Arrival:
        """Wait for the next arrival of this kind."""
        async with asyncio.timeout(SAFETY_NET):
            while not isinstance(arrival := await self.arrivals.get(), wanted):
                pass
        return arrival

    async def end(self) -> bytes:
        """Wait for the end and return the body."""
        async with asyncio.timeout(SAFETY_NET):
            await self.task
        return bytes(self.received)

    async def failure(self, kind: type[BaseException]) -> BaseException:
        """Wait for the end, which must be this exception, translated from a foreign one."""
        await asyncio.wait({self.task}, timeout=SAFETY_NET)
        with pytest.raises(kind) as caught:
            self.task.result()
        assert type(caught.value) is kind
        assert SECRET_KEY not in str(caught.value)
        assert "\n" not in str(caught.value)
        return caught.value


async def answered(
    http: HttpClient, server: LoopbackServer, **headers: str
) -> tuple[Reading, Exchange]:
    """A request that the server has got."""
    reading = Reading(http, post(f"{server.base_url}/v1/messages", **headers))
    return reading, await server.next_exchange()


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def is_translated(error: BaseException) -> bool:
    return isinstance(
        error.__cause__, (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ExceptionGroup)
    )


# What is sent and what comes back


async def test_a_request_arrives_as_it_was_said(http: HttpClient, loopback: LoopbackServer) -> None:
    reading, exchange = await answered(http, loopback, accept="text/event-stream")
    assert (exchange.method, exchange.path) == ("POST", "/v1/messages")
    assert exchange.json() == {"hello": 1}
    assert exchange.headers["x-api-key"] == SECRET_KEY
    assert exchange.headers["accept"] == "text/event-stream"
    assert exchange.headers["accept-encoding"] == "identity"
    assert exchange.headers["user-agent"].startswith("rill/")
    await exchange.respond(200, "fine")
    assert await reading.end() == b"fine"


async def test_sent_then_head_then_bytes(http: HttpClient, loopback: LoopbackServer) -> None:
    reading, exchange = await answered(http, loopback)
    assert await reading.arrivals.get() == Sent()
    await exchange.head(200, "Text/Event-Stream; charset=utf-8", {"Request-Id": "req_1"})
    head = await reading.arrivals.get()
    assert isinstance(head, ResponseHead)
    assert head.status == 200
    assert head.content_type == "text/event-stream"
    assert head.headers["request-id"] == "req_1"
    for piece in (b"one", b"two"):
        await exchange.send(piece)
        assert await reading.arrivals.get() == piece
    await exchange.end()
    await reading.end()
    assert reading.arrivals.empty()


async def test_an_answer_without_a_content_type_has_an_empty_one(
    http: HttpClient, loopback: LoopbackServer
) -> None:
    reading, exchange = await answered(http, loopback)
    await exchange.respond(200, b"", content_type="")
    await reading.end()
    assert reading.head is not None
    assert reading.head.content_type == ""


async def test_sent_comes_before_the_server_has_said_anything(
    http: HttpClient, loopback: LoopbackServer
) -> None:
    reading, exchange = await answered(http, loopback)
    await reading.until(Sent)
    assert reading.head is None
    await exchange.respond(200, b"")
    await reading.end()


async def test_the_connection_is_closed_as_soon_as_the_answer_has_ended(
    http: HttpClient, loopback: LoopbackServer
) -> None:
    reading, exchange = await answered(http, loopback)
    await exchange.respond(200, b"all of it")
    await reading.end()
    await exchange.wait_closed()
    await loopback.all_closed()


async def test_every_request_has_its_own_connection(
    http: HttpClient, loopback: LoopbackServer
) -> None:
    pairs = [await answered(http, loopback) for _ in range(3)]
    assert len(loopback.connections) == 3
    for number, (_, exchange) in enumerate(pairs):
        await exchange.respond(200, str(number))
    assert [await reading.end() for reading, _ in pairs] == [b"0", b"1", b"2"]


async def test_fetch_returns_the_whole_body(http: HttpClient, loopback: LoopbackServer) -> None:
    fetched = asyncio.create_task(http.fetch(WireRequest("GET", f"{loopback.base_url}/v1/models")))
    exchange = await loopback.next_exchange()
    assert exchange.method == "GET"
    assert exchange.body == b""
    await exchange.head(200, "application/json")
    await exchange.send(b'{"data"')
    await exchange.send(b": []}")
    await exchange.end()
    assert await fetched == b'{"data": []}'
    await loopback.all_closed()


async def test_fetch_raises_what_stream_raises(http: HttpClient, loopback: LoopbackServer) -> None:
    fetched = asyncio.create_task(http.fetch(WireRequest("GET", loopback.base_url)))
    await (await loopback.next_exchange()).respond(404, "gone")
    with pytest.raises(ServerRefused, match="404"):
        await fetched


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("chunked", [True, False])
async def test_everything_arrives_in_order_however_it_is_cut(
    http: HttpClient, loopback: LoopbackServer, seed: int, chunked: bool
) -> None:
    dice = random.Random(seed)
    body = dice.randbytes(300_000)
    reading, exchange = await answered(http, loopback)
    length = {} if chunked else {"Content-Length": str(len(body))}
    await exchange.head(chunked=chunked, headers=length)
    at = 0
    while at < len(body):
        size = dice.choice((1, 2, 3, 100, 4096, 65_536))
        await exchange.send(body[at : at + size])
        at += size
    await exchange.end()
    assert await reading.end() == body


async def test_an_answer_that_came_compressed_all_the_same_is_decompressed(
    http: HttpClient, loopback: LoopbackServer
) -> None:
    reading, exchange = await answered(http, loopback)
    await exchange.respond(200, gzip.compress(b"data: 1\n\n"), headers={"Content-Encoding": "gzip"})
    assert await reading.end() == b"data: 1\n\n"


async def test_a_compressed_stream_shows_each_piece_as_it_comes(
    http: HttpClient, loopback: LoopbackServer
) -> None:
    reading, exchange = await answered(http, loopback)
    packer = zlib.compressobj(wbits=31)
    await exchange.head(headers={"Content-Encoding": "gzip"})
    for piece in (b"data: 1\n\n", b"data: 2\n\n"):
        await exchange.send(packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH))
        assert await reading.until(bytes) == piece
    await exchange.send(packer.flush())
    await exchange.end()
    await reading.end()


# Status first


@pytest.mark.parametrize("status", [304, 400, 401, 402, 403, 404, 413, 418, 429, 500, 502, 529])
async def test_a_status_that_is_no_success_comes_with_its_body_and_headers(
    http: HttpClient, loopback: LoopbackServer, status: int
) -> None:
    reading, exchange = await answered(http, loopback)
    body = b"" if status == 304 else b'{"error": {"type": "some_error"}}'
    await exchange.respond(status, body, headers={"Request-Id": "req_2"})
    error = await reading.failure(ServerRefused)
    assert isinstance(error, ServerRefused)
    assert (error.status, error.body) == (status, body)
    assert error.headers["request-id"] == "req_2"
    assert reading.head is None
    assert not reading.received


async def test_an_error_status_wins_over_a_content_type_that_promises_a_stream(
    http: HttpClient, loopback: LoopbackServer
) -> None:
    reading, exchange = await answered(http, loopback)
    await exchange.respond(529, "data: {}\n\n", content_type="text/event-stream")
    await reading.failure(ServerRefused)
    assert reading.head is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(
    http: HttpClient, loopback: LoopbackServer, status: int
) -> None:
    reading, exchange = await answered(http, loopback)
    target = f"{loopback.base_url}/elsewhere"
    await exchange.respond(status, b"", headers={"Location": target})
    error = await reading.failure(ServerRefused)
    assert isinstance(error, ServerRefused)
    assert error.headers["location"] == target
    assert len(loopback.connections) == 1
    assert loopback.unanswered() == 0


async def test_an_error_body_is_kept_up_to_64_kib_and_no_more_is_read(
    http: HttpClient, loopback: LoopbackServer
) -> None:
    reading, exchange = await answered(http, loopback)
    await exchange.head(500, "text/plain")
    writing = asyncio.create_task(_write_until_closed(exchange))
    error = await reading.failure(ServerRefused)
    assert isinstance(error, ServerRefused)
    assert error.body == b"x" * 65_536
    await exchange.wait_closed()
    await writing


async def _write_until_closed(exchange: Exchange) -> None:
    """As much as the kernel takes for a reader who does not read, and more than that at last."""
    for _ in range(64):
        await exchange.send(b"x" * 1024 * 1024)
    assert exchange.closed.is_set(), "somebody reads on and on"


async def test_an_error_body_that_stalls_does_not_lose_the_status(
    http: HttpClient, loopback: LoopbackServer, skip_time: Callable[[float], None]
) -> None:
    reading, exchange = await answered(http, loopback)
    await exchange.head(503, "text/plain")
    await exchange.send(b"so far")
    await _received_by_the_kernel(exchange)
    skip_time(11)
    error = await reading.failure(ServerRefused)
    assert isinstance(error, ServerRefused)
    assert error.status == 503
    await exchange.wait_closed()


async def _received_by_the_kernel(exchange: Exchange) -> None:
    """Loop turns enough for our own client, in the same loop, to have read what was written."""
    await turns(50)
    assert not exchange.closed.is_set()


@pytest.mark.parametrize("how", ["reset", "half_close"])
async def test_an_error_body_that_breaks_off_does_not_lose_the_status(
    http: HttpClient, loopback: LoopbackServer, how: str
) -> None:
    reading, exchange = await answered(http, loopback)
    await exchange.head(503, "text/plain")
    await exchange.send(b"so far")
    await _received_by_the_kernel(exchange)
    await getattr(exchange, how)()
    error = await reading.failure(ServerRefused)
    assert isinstance(error, ServerRefused)
    assert (error.status, error.body) == (503, b"so far")


async def test_an_error_body_that_is_not_really_gzip_does_not_lose_the_status(
    http: HttpClient, loopback: LoopbackServer
) -> None:
    reading, exchange = await answered(http, loopback)
    await exchange.respond(500, b"no gzip at all", headers={"Content-Encoding": "gzip"})
    error = await reading.failure(ServerRefused)
    assert isinstance(error, ServerRefused)
    assert error.status == 500


# No answer at all


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


async def test_a_refused_connection_names_the_place(http: HttpClient) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    error = await Reading(http, post(f"{url}/v1/messages")).failure(ConnectionFailed)
    assert str(error) == f"Nothing listens at {url} (connection refused): is the server running?"
    assert is_translated(error)


async def test_an_unknown_host_is_called_that(http: HttpClient) -> None:
    error = await Reading(http, post("http://nosuch.invalid/v1")).failure(ConnectionFailed)
    assert str(error).startswith("The host of http://nosuch.invalid is unknown")
    assert is_translated(error)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://127.0.0.1/", "is not an address"),
        ("http://", "is not an address"),
        ("http://127.0.0.1:99999/", "the port"),
        ("http://" + "a" * 64 + ".invalid/", "base URL"),
        ("http://[::1/", "is not an address"),
    ],
)
async def test_a_url_that_is_none_is_called_that(http: HttpClient, url: str, words: str) -> None:
    error = await Reading(http, post(url)).failure(ConnectionFailed)
    assert words in str(error)
    assert is_translated(error)


@pytest.mark.parametrize("how", ["reset", "half_close"])
async def test_a_connection_that_ends_before_the_head_was_no_answer(
    http: HttpClient, loopback: LoopbackServer, how: str
) -> None:
    reading, exchange = await answered(http, loopback)
    await reading.until(Sent)
    await getattr(exchange, how)()
    error = await reading.failure(ConnectionFailed)
    assert str(error) == f"{loopback.base_url} closed the connection without an answer."
    assert is_translated(error)
    assert loopback.unanswered() == 0, "nothing is ever sent a second time"


@pytest.mark.parametrize("answer", [b"\x15\x03\x01\x00\x02\x02P", b"SSH-2.0-OpenSSH_9.6\r\n\r\n"])
async def test_an_answer_that_is_no_http_was_no_answer(
    http: HttpClient, loopback: LoopbackServer, answer: bytes
) -> None:
    reading, exchange = await answered(http, loopback)
    await exchange.connection.write(answer)
    error = await reading.failure(ConnectionFailed)
    assert str(error) == f"{loopback.base_url} does not speak HTTP: is the base URL right?"
    assert is_translated(error)


@pytest.mark.parametrize("name", ["x-api-key", "x-other"])
@pytest.mark.parametrize("ending", ["\n", "\r\nx-evil: 1", "\x00", "ä", "\ud800"])
async def test_a_header_that_cannot_be_written_never_shows_its_value(
    http: HttpClient, loopback: LoopbackServer, name: str, ending: str
) -> None:
    request = WireRequest("POST", loopback.base_url, {name: SECRET_KEY + ending}, b"")
    error = await Reading(http, request).failure(ConnectionFailed)
    assert "check the API key" in str(error)
    assert SECRET_KEY not in repr(request)
    assert loopback.unanswered() == 0


async def test_a_server_that_does_not_accept_is_given_up_after_the_connect_limit(
    http: HttpClient, no_entrance: FullQueue, skip_time: Callable[[float], None]
) -> None:
    reading = Reading(http, post(no_entrance.base_url))
    await no_entrance.knocked()
    skip_time(10.1)
    error = await reading.failure(ConnectionFailed)
    assert str(error) == f"{no_entrance.base_url} did not answer within 10 s."
    assert is_translated(error)
    assert no_entrance.knocking() == 0


# TLS


async def test_tls_to_a_plain_server_is_called_that(
    http: HttpClient, loopback: LoopbackServer
) -> None:
    url = loopback.base_url.replace("http://", "https://")
    reading = Reading(http, post(url))
    connection = await loopback.accepted()
    await connection.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    error = await reading.failure(ConnectionFailed)
    assert str(error) == f"No TLS connection to {url}: is it a plain http:// server?"
    assert is_translated(error)
    await loopback.all_closed()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 and its key in one file, signed by nobody but itself."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make a certificate")
    pem = tmp_path_factory.mktemp("tls") / "loopback.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    subprocess.run(
        [
            *command.split(),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", f"{pem}.key", "-out", str(pem)),
        ],
        check=True,
        capture_output=True,
    )
    return pem


@pytest.fixture
async def tls_server(certificate: Path) -> AsyncGenerator[LoopbackServer, None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    async with LoopbackServer(tls=context) as server:
        yield server


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    http: HttpClient, tls_server: LoopbackServer
) -> None:
    error = await Reading(http, post(tls_server.base_url)).failure(ConnectionFailed)
    assert str(error) == (
        f"The TLS certificate of {tls_server.base_url} cannot be trusted (self-signed "
        "certificate). SSL_CERT_FILE can name another authority."
    )
    assert is_translated(error)
    assert tls_server.unanswered() == 0


async def test_ssl_cert_file_names_an_authority(
    http: HttpClient,
    tls_server: LoopbackServer,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    reading, exchange = await answered(http, tls_server)
    await exchange.respond(200, "over TLS")
    assert await reading.end() == b"over TLS"
    await tls_server.all_closed()


async def test_a_certificate_for_another_host_is_not_trusted(
    http: HttpClient,
    tls_server: LoopbackServer,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    url = tls_server.base_url.replace("127.0.0.1", "localhost")
    error = await Reading(http, post(url)).failure(ConnectionFailed)
    assert "cannot be trusted" in str(error)
    assert "localhost" in str(error)


async def test_a_certificate_file_that_is_none_is_an_error_of_the_settings(
    http: HttpClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("this is no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(rubbish))
    reading = Reading(http, post("https://127.0.0.1:1"))
    with pytest.raises(SettingsError, match="SSL_CERT_FILE"):
        await reading.task


async def test_plain_http_does_not_care_about_certificates(
    http: HttpClient, loopback: LoopbackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("this is no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(rubbish))
    reading, exchange = await answered(http, loopback)
    await exchange.respond(200, "fine")
    assert await reading.end() == b"fine"


# Proxies


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_proxy_is_not_asked_for_loopback(
    http: HttpClient, loopback: LoopbackServer, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    url = loopback.base_url.replace("127.0.0.1", host)
    reading = Reading(http, post(url))
    exchange = await loopback.next_exchange()
    await exchange.respond(200, "straight")
    assert await reading.end() == b"straight"


async def test_a_proxy_is_asked_for_other_hosts(
    http: HttpClient, loopback: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", loopback.base_url)
    reading = Reading(http, post("http://model.invalid/v1/messages"))
    exchange = await loopback.next_exchange()
    assert exchange.path == "http://model.invalid/v1/messages"
    await exchange.respond(200, "through the proxy")
    assert await reading.end() == b"through the proxy"


async def test_a_proxy_that_refuses_is_named_as_the_one_who_did(
    http: HttpClient, loopback: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", loopback.base_url)
    reading = Reading(http, post("https://model.invalid/v1/messages"))
    exchange = await loopback.next_exchange()
    assert (exchange.method, exchange.path) == ("CONNECT", "model.invalid:443")
    assert "x-api-key" not in exchange.headers
    await exchange.respond(403, "no")
    error = await reading.failure(ConnectionFailed)
    assert str(error).startswith("The proxy did not let us through to https://model.invalid: 403")
    assert is_translated(error)
    assert reading.arrivals.empty(), "the request itself was never sent"


@pytest.mark.parametrize("port", [None, 99999])
async def test_a_proxy_that_is_not_there_is_not_taken_for_the_server(
    http: HttpClient, monkeypatch: pytest.MonkeyPatch, port: int | None
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port or free_port()}")
    error = await Reading(http, post("https://model.invalid/v1")).failure(ConnectionFailed)
    assert "https://model.invalid" in str(error)
    assert "proxy" in str(error)
    assert is_translated(error)


async def test_a_proxy_setting_that_is_none_is_an_error_of_the_settings(
    http: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://127.0.0.1:70")
    reading = Reading(http, post("https://model.invalid"))
    with pytest.raises(SettingsError, match="HTTPS_PROXY"):
        await reading.task


async def test_a_certificate_that_is_not_trusted_is_called_that_behind_a_proxy_too(
    http: HttpClient,
    loopback: LoopbackServer,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Proxies that look into TLS are why it is not trusted, as often as not."""
    monkeypatch.setenv("HTTPS_PROXY", loopback.base_url)
    reading = Reading(http, post("https://model.invalid"))
    exchange = await loopback.next_exchange()
    await exchange.connection.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    connection = exchange.connection
    shaking = asyncio.create_task(
        asyncio.get_running_loop().start_tls(
            connection.transport, connection, context, server_side=True
        )
    )
    error = await reading.failure(ConnectionFailed)
    assert "cannot be trusted" in str(error)
    await asyncio.wait({shaking})
    assert shaking.exception() is not None
    connection.connection_lost(None)


# An answer that breaks off


@pytest.mark.parametrize("pieces", [(), (b"data: 1\n\n",)])
async def test_a_reset_after_the_head_is_a_lost_connection(
    http: HttpClient, loopback: LoopbackServer, pieces: tuple[bytes, ...]
) -> None:
    reading, exchange = await answered(http, loopback)
    await exchange.head()
    await reading.until(ResponseHead)
    for piece in pieces:
        await exchange.send(piece)
        await reading.until(bytes)
    await exchange.reset()
    error = await reading.failure(ConnectionLost)
    assert str(error) == "the connection was reset"
    assert is_translated(error)
    assert reading.received == b"".join(pieces)


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "1000"}], ids=["chunked", "by length"])
async def test_a_body_that_ends_before_its_time_is_a_lost_connection(
    http: HttpClient, loopback: LoopbackServer, headers: dict[str, str]
) -> None:
    reading, exchange = await answered(http, loopback)
    await exchange.head(chunked=not headers, headers=headers)
    await exchange.send(b"so far")
    await exchange.half_close()
    error = await reading.failure(ConnectionLost)
    assert str(error) == "the server broke off in the middle of its answer"
    assert is_translated(error)
    assert reading.received == b"so far"
    await exchange.wait_closed()


async def test_a_cut_inside_a_chunk_keeps_the_part_that_came(
    http: HttpClient, loopback: LoopbackServer
) -> None:
    reading, exchange = await answered(http, loopback)
    await exchange.head()
    await exchange.connection.write(b"64\r\nonly a little")
    await exchange.half_close()
    await reading.failure(ConnectionLost)
    assert reading.received == b"only a little"


async def test_chunks_that_are_none_are_a_lost_connection(
    http: HttpClient, loopback: LoopbackServer
) -> None:
    reading, exchange = await answered(http, loopback)
    await exchange.head()
    await exchange.send(b"fine")
    await reading.until(bytes)
    await exchange.connection.write(b"this is no chunk\r\n")
    await reading.failure(ConnectionLost)
    assert reading.received == b"fine"


async def test_a_body_without_length_ends_well_with_the_connection(
    http: HttpClient, loopback: LoopbackServer
) -> None:
    """Which is why a clean end of bytes means nothing: only the protocol's own marker does."""
    reading, exchange = await answered(http, loopback)
    await exchange.head(chunked=False, headers={"Connection": "close"})
    await exchange.send(b"all there is")
    await exchange.half_close()
    assert await reading.end() == b"all there is"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_is_not_compressed_as_it_says_is_unreadable(
    http: HttpClient, loopback: LoopbackServer, encoding: str
) -> None:
    reading, exchange = await answered(http, loopback)
    await exchange.respond(200, b"not compressed", headers={"Content-Encoding": encoding})
    error = await reading.failure(AnswerUnreadable)
    assert str(error) == f"The answer of {loopback.base_url} cannot be decompressed."
    assert is_translated(error)


# Silence


async def test_silence_before_the_head_is_a_stall_at_the_idle_limit(
    http: HttpClient, loopback: LoopbackServer, skip_time: Callable[[float], None]
) -> None:
    reading, exchange = await answered(http, loopback)
    await reading.until(Sent)
    skip_time(IDLE_LIMIT + 1)
    error = await reading.failure(ConnectionStalled)
    assert isinstance(error, ConnectionStalled)
    assert error.seconds == IDLE_LIMIT
    assert str(error) == f"{loopback.base_url} was silent for 300 s."
    assert is_translated(error)
    await exchange.wait_closed()


async def test_bytes_of_any_kind_put_the_stall_off(
    http: HttpClient, loopback: LoopbackServer, skip_time: Callable[[float], None]
) -> None:
    reading, exchange = await answered(http, loopback)
    await exchange.head()
    await reading.until(ResponseHead)
    for sign in (b"event: ping\ndata: {}\n\n", b": comment\n", b"x", b"\n") * 5:
        skip_time(IDLE_LIMIT - 5)
        await exchange.send(sign)
        await reading.until(bytes)
    assert not exchange.closed.is_set()
    skip_time(IDLE_LIMIT + 1)
    error = await reading.failure(ConnectionStalled)
    assert isinstance(error, ConnectionStalled)
    await exchange.wait_closed()


async def test_the_limits_are_the_callers(loopback: LoopbackServer) -> None:
    client = HttpClient(idle_limit=0.05)
    reading, exchange = await answered(client, loopback)
    error = await reading.failure(ConnectionStalled)
    assert isinstance(error, ConnectionStalled)
    assert error.seconds == 0.05
    await exchange.wait_closed()
    await client.aclose()


# Reading no further than somebody takes


class Fountain(httpx.AsyncBaseTransport, httpx.AsyncByteStream):
    """A transport without a network whose answer never ends; it counts what was drawn from it."""

    PIECE = b"x" * 65_536

    def __init__(self) -> None:
        self.drawn = 0
        self.is_closed = False

    async def handle_async_request(self, _request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.drawn += len(self.PIECE)
            yield self.PIECE
            await asyncio.sleep(0)

    async def aclose(self) -> None:
        self.is_closed = True


async def test_no_more_is_read_ahead_than_a_mebibyte() -> None:
    fountain = Fountain()
    client = HttpClient(transport=fountain)
    async with aclosing(client.stream(post("http://127.0.0.1/"))) as arrivals:
        assert isinstance(await anext(arrivals), ResponseHead)
        taken = 0
        for _ in range(3):
            await turns(200)
            drawn = fountain.drawn
            # One batch may be in the reader's hands while the next one waits.
            assert drawn - taken <= 2 * (1024 * 1024 + len(fountain.PIECE))
            await turns(200)
            assert fountain.drawn == drawn
            piece = await anext(arrivals)
            assert isinstance(piece, bytes)
            taken += len(piece)
    assert fountain.is_closed
    await client.aclose()


async def test_what_waited_for_a_slow_reader_is_all_there_and_in_order(
    http: HttpClient, loopback: LoopbackServer
) -> None:
    body = random.Random(8).randbytes(8 * 1024 * 1024)
    stream = http.stream(post(loopback.base_url))
    head = asyncio.create_task(anext(stream))
    exchange = await loopback.next_exchange()
    assert await head == Sent()
    await exchange.head()
    assert isinstance(await anext(stream), ResponseHead)
    writing = asyncio.create_task(_send_all(exchange, body))
    await _until_the_server_is_held_up(exchange)
    assert not writing.done()
    received = bytearray()
    async with aclosing(stream):
        async for piece in stream:
            assert isinstance(piece, bytes)
            received += piece
    await writing
    assert received == body


async def _send_all(exchange: Exchange, body: bytes) -> None:
    for at in range(0, len(body), 100_000):
        await exchange.send(body[at : at + 100_000])
    await exchange.end()


async def _until_the_server_is_held_up(exchange: Exchange) -> None:
    """Until the kernel has taken nothing more for many turns of the loop."""
    left, turns = -1, 0
    async with asyncio.timeout(SAFETY_NET):
        while turns < 500:
            now = exchange.connection.transport.get_write_buffer_size()
            left, turns = (left, turns + 1) if now == left and now else (now, 0)
            await asyncio.sleep(0)


# The end of a client


async def test_closing_the_client_closes_what_is_under_way(loopback: LoopbackServer) -> None:
    client = HttpClient()
    pairs = [await answered(client, loopback) for _ in range(3)]
    await pairs[1][1].head()
    await pairs[2][1].send(b"some")
    await pairs[2][0].until(bytes)
    await client.aclose()
    for reading, exchange in pairs:
        await reading.failure(asyncio.CancelledError)
        await exchange.wait_closed()
    await loopback.all_closed()


async def test_closing_the_client_before_a_request_has_really_begun_leaves_nobody_waiting(
    loopback: LoopbackServer,
) -> None:
    client = HttpClient()
    reading = Reading(client, post(loopback.base_url))
    await asyncio.sleep(0)  # the reader has run, the owner of its response not yet
    await client.aclose()
    await reading.failure(asyncio.CancelledError)


async def test_a_closed_client_can_be_closed_again(
    http: HttpClient, loopback: LoopbackServer
) -> None:
    reading, exchange = await answered(http, loopback)
    await exchange.respond(200, "fine")
    assert await reading.end() == b"fine"
    await http.aclose()
    await http.aclose()
    await loopback.all_closed()
