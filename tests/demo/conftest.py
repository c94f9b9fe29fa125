"""A demo server without a clock, the log it writes, and clients to talk to it."""

import asyncio

import httpx
import pytest
from demo_client import Clock, Log, RawClient, message

from tui.demo.server import DemoServer


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log():
    return Log()


@pytest.fixture
async def server(clock, log):
    async with DemoServer(log=log, sleep=clock.sleep) as running:
        yield running


@pytest.fixture
async def client(server):
    async with httpx.AsyncClient(base_url=server.base_url, trust_env=False) as http:
        yield http


@pytest.fixture
async def raw(server):
    """Opens raw connections and closes those that are still open."""
    opened = []

    async def connect():
        opened.append(RawClient(*await asyncio.open_connection("127.0.0.1", server.port)))
        return opened[-1]

    yield connect
    for one in opened:
        one.writer.transport.abort()


@pytest.fixture
def ask(client):
    """Posts a prompt and gives the whole response."""

    async def post(prompt="hello", **fields):
        return await client.post("/v1/messages", json=message(prompt, **fields))

    return post
