"""What the tests of the demo share: a clock, an ear for the log, a bare client, an SSE reader."""

import asyncio
import json


class Clock:
    """A sleep that never waits, except that its `stops_at`-th call lasts for ever."""

    def __init__(self):
        self.stops_at = None
        self.calls = []
        self.stopped = asyncio.Event()

    async def sleep(self, seconds):
        self.calls.append(seconds)
        if len(self.calls) == self.stops_at:
            self.stopped.set()
            await asyncio.Event().wait()
        await asyncio.sleep(0)


class Log:
    """The server's lines; `ending` waits for the next request to end."""

    def __init__(self):
        self.lines = []
        self._endings = asyncio.Queue()

    def __call__(self, line):
        self.lines.append(line)
        if "→" in line:
            self._endings.put_nowait(line)

    async def ending(self):
        return await self._endings.get()


class RawClient:
    """A bare socket, for what no HTTP client would do."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    async def post(self, value):
        body = json.dumps(value).encode()
        head = f"POST /v1/messages HTTP/1.1\r\nhost: demo\r\ncontent-length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)
        await self.writer.drain()

    async def close(self):
        self.writer.close()
        await self.writer.wait_closed()


def message(prompt="hello", **fields):
    """A valid streaming request."""
    user = {"role": "user", "content": prompt}
    return {"model": "m", "max_tokens": 10_000, "stream": True, "messages": [user]} | fields


def read_events(body):
    """The events of a body; they must be framed exactly as the API frames them."""
    events = []
    for block in body.decode("utf-8").split("\n\n")[:-1]:
        name, data = block.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        events.append(event)
    return events


def text_of(events):
    return "".join(e["delta"].get("text", "") for e in events if "index" in e and "delta" in e)
