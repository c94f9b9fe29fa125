"""The server notices at once that a client has gone, and leaves nothing behind itself."""

import asyncio
import socket

import pytest
from demo_client import message

from tui.demo.server import DemoServer
from tui.errors import UsageError


@pytest.mark.parametrize(
    "case",
    [
        ("wait", 1, "before the headers"),
        ("slow", 1, "before the first token"),
        ("hello", 1, "after 1 delta (mid-stream)"),
        ("hello", 37, "after 37 deltas (mid-stream)"),
    ],
)
async def test_a_close_is_noticed_in_each_phase(raw, clock, log, case):
    prompt, clock.stops_at, phase = case
    client = await raw()
    await client.post(message(prompt))
    await clock.stopped.wait()
    await client.close()
    assert (
        await log.ending()
        == f"#1 POST /v1/messages {prompt} → client closed the connection {phase}"
    )


async def test_a_close_is_noticed_in_a_stall(raw, log):
    client = await raw()
    await client.post(message("stall"))
    await client.reader.readuntil(b'" under"')
    await client.close()
    assert "client closed the connection after 16 deltas" in await log.ending()


async def test_a_close_is_noticed_in_a_stall_with_pings(raw, log):
    client = await raw()
    await client.post(message("stall ping"))
    await client.reader.readuntil(b'" server"')
    await client.reader.readuntil(b"event: ping")
    await client.close()
    assert (await log.ending()).endswith("deltas (in a stall)")


async def test_a_reset_by_the_client_is_noticed(raw, clock, log):
    clock.stops_at = 5
    client = await raw()
    await client.post(message())
    await clock.stopped.wait()
    client.writer.transport.abort()
    assert (await log.ending()).endswith("client closed the connection after 5 deltas (mid-stream)")


async def test_a_client_that_reads_nothing_and_goes_is_noticed(server, log):
    client = socket.create_connection(("127.0.0.1", server.port))
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    body = (
        b'{"model":"m","max_tokens":200000,"stream":true,'
        b'"messages":[{"role":"user","content":"burst 100000"}]}'
    )
    head = b"POST /v1/messages HTTP/1.1\r\nhost: demo\r\ncontent-length: %d\r\n\r\n" % len(body)
    await loop.sock_sendall(client, head + body)
    await loop.sock_recv(client, 1)
    client.close()
    assert "client closed the connection" in await log.ending()


async def test_one_client_may_stall_while_another_is_answered(raw, ask, log):
    stalled = await raw()
    await stalled.post(message("stall"))
    await stalled.reader.readuntil(b'" under"')
    assert (await ask("unknown")).status_code == 200
    assert (await log.ending()).startswith("#2 POST /v1/messages unknown → finished: ")
    await stalled.close()
    assert (await log.ending()).startswith("#1 ")


async def test_a_finished_request_is_logged_at_its_start_and_at_its_end(ask, log):
    response = await ask("unknown\x1b[31m\nsecond line")
    assert response.status_code == 200
    begin, end = log.lines
    assert begin == "#1 POST /v1/messages unknown[31m second line"
    assert end.startswith(f"{begin} → finished: {len(response.content)} bytes in ")


async def test_closing_the_server_ends_every_connection_and_every_task(clock):
    lines = []
    before = asyncio.all_tasks()
    server = DemoServer(log=lines.append, sleep=clock.sleep)
    await server.start()
    idle = await asyncio.open_connection("127.0.0.1", server.port)
    busy = await asyncio.open_connection("127.0.0.1", server.port)
    clock.stops_at = 3
    body = b'{"model":"m","max_tokens":99,"stream":true,"messages":[{"role":"user","content":"x"}]}'
    head = b"POST /v1/messages HTTP/1.1\r\nhost: demo\r\ncontent-length: %d\r\n\r\n" % len(body)
    busy[1].write(head + body)
    await clock.stopped.wait()
    await server.close()
    assert asyncio.all_tasks() == before
    assert lines[-1].endswith("→ the demo was stopped after 3 deltas (mid-stream)")
    for reader, writer in (idle, busy):
        await reader.read()
        assert reader.at_eof()
        writer.close()
        await writer.wait_closed()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", server.port)


async def test_closing_right_after_a_connection_came_in_leaves_nothing_open():
    server = DemoServer()
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    await server.close()
    await server.close()
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def test_a_port_in_use_is_named_in_one_sentence(server):
    with pytest.raises(UsageError, match=f"Port {server.port} on 127.0.0.1 is already in use"):
        await DemoServer().start(port=server.port)


async def test_a_port_that_cannot_be_is_a_usage_error():
    with pytest.raises(UsageError, match="ports go from 0 to 65535"):
        await DemoServer().start(port=70_000)
    with pytest.raises(UsageError, match="no address of this machine"):
        await DemoServer().start("192.0.2.1")


async def test_the_base_url_has_no_path(server):
    assert server.base_url == f"http://127.0.0.1:{server.port}"
