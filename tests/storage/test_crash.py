"""What is left of a reply when the process that receives it is killed, or the power goes.

Two hundred real processes receive real streams and are killed, each at a random moment; the next
start has to find what each had received. See tests/storage/victim.py for what a victim tells.

What was lost is measured by the moments at which the server sent it, and printed (`pytest -rP`). It
depends on how busy the machine is; what must not be lost is decided by the order of events.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import statistics
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.loopback import LoopbackServer, sse
from tests.storage.victim import Log
from tui.chat.conversation import Conversation
from tui.chat.ending import Outcome
from tui.chat.message import Message, Role, TextPart, ThinkingPart
from tui.storage import reads, writes
from tui.storage.history import History
from tui.storage.records import Sheet

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.loopback import Exchange
    from tui.storage.records import Opened

REPOSITORY = Path(__file__).parents[2]
AT_ONCE = 25
PAUSE = 0.008  # seconds between two pieces of a stream

THOUGHTS = [f"thought{number} " for number in range(20)]
WORDS = [f"{number} " + "word 言葉 🙂 word\n"[: number % 17] for number in range(100)]
SENT = "".join(THOUGHTS + WORDS)


def delta(block: int, **delta: str) -> bytes:
    return sse("content_block_delta", {"index": block, "delta": delta})


def block(number: int, **block: str) -> bytes:
    return sse("content_block_start", {"index": number, "content_block": block})


BEGINNING = sse(
    "message_start", {"message": {"id": "msg_1", "model": "loopback-1", "content": []}}
) + block(0, type="thinking", thinking="")
BETWEEN = (
    delta(0, type="signature_delta", signature="signed")
    + sse("content_block_stop", {"index": 0})
    + block(1, type="text", text="")
)


class Stream:
    """The server's side of one reply: `sent` has the moment and the length after each piece."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, int]] = []
        self.is_over = asyncio.Event()
        self._news = asyncio.Condition()

    async def play(self, exchange: Exchange) -> None:
        """All of it, unless the victim is killed before."""
        await exchange.send(BEGINNING)
        for number, piece in enumerate(THOUGHTS + WORDS):
            if exchange.closed.is_set():
                return
            if number == len(THOUGHTS):
                await exchange.send(BETWEEN)
            if number < len(THOUGHTS):
                await exchange.send(delta(0, type="thinking_delta", thinking=piece))
            else:
                await exchange.send(delta(1, type="text_delta", text=piece))
            before = self.sent[-1][1] if self.sent else 0
            async with self._news:
                self.sent.append((time.monotonic(), before + len(piece)))
                self._news.notify_all()
            await asyncio.sleep(PAUSE)
        self.is_over.set()
        await exchange.finish()

    async def has_sent(self, pieces: int) -> None:
        """Wait until so many pieces were sent."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.sent) >= pieces)


class Nursery:
    """Victims, the server that they talk to, and what is done to them."""

    def __init__(self, process: asyncio.subprocess.Process, server: LoopbackServer) -> None:
        self._process = process
        self._server = server
        self._turn = asyncio.Lock()
        self._streams: dict[str, Stream] = {}

    async def bear(self, folder: Path) -> tuple[int, Stream]:
        """A victim, and the stream that it will ask for."""
        stream = self._streams[folder.name] = Stream()
        (pid,) = await self._ask(f"{folder} {self._server.port}")
        return int(pid), stream

    async def signal(self, pid: int, number: signal.Signals) -> float:
        """Send a signal; once it has had its effect, give back the moment when it was sent."""
        moment, status = await self._ask(f"{pid} {int(number)}")
        if number is signal.SIGKILL:
            assert int(status) == signal.SIGKILL, "the victim has died of something else before"
        return float(moment)

    async def serve(self) -> None:
        """Play its stream to each victim that asks."""
        async with asyncio.TaskGroup() as playing:
            while True:
                exchange = await self._server.next_exchange()
                name = exchange.json()["messages"][0]["content"][0]["text"].split()[-1]
                playing.create_task(self._streams[name].play(exchange))

    async def _ask(self, line: str) -> list[str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._turn:
            self._process.stdin.write(f"{line}\n".encode())
            return (await self._process.stdout.readline()).decode().split()


@asynccontextmanager
async def nursery() -> AsyncGenerator[Nursery]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.storage.victim"),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    async with LoopbackServer() as server:
        place = Nursery(process, server)
        serving = asyncio.ensure_future(place.serve())
        try:
            yield place
        finally:
            serving.cancel()
            await asyncio.wait({serving})
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()


EARLIER = Conversation(id="earlier", title="Something said before")
EARLIER.append(Message.from_user("What was there"))
EARLIER.append(Message(Role.ASSISTANT, (TextPart("has to stay."),)))


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """With a history of one conversation, to be copied for each victim."""
    folder = tmp_path / "before"
    folder.mkdir()
    history = History(folder / "history.db")
    await history.start()
    parent = None
    for message in EARLIER.path():
        history.write(writes.add_message, Sheet.of(EARLIER), message, parent, history.run)
        parent = message.id
    assert history.close(5)
    return folder


@dataclass(frozen=True)
class Loss:
    """What of a reply was sent and did not come back; how long before the end it was sent."""

    characters: int
    seconds: float


async def recover(folder: Path, stream: Stream, until: float, *, told: Path | None = None) -> Loss:
    """Start again after the end at the moment `until`: what is found, and whether it is right."""
    owed = [count for moment, count in Log.read((told or folder) / "owed") if moment < until]
    history = History(folder / "history.db")
    start = await history.start()
    assert history.trouble is None
    entries = await history.read(reads.newest, 10)
    earlier = await history.read(reads.load, EARLIER.id, history.presence)
    opened = None
    if len(entries) > 1:
        opened = await history.read(reads.load, entries[0].id, history.presence)
    assert history.close(5)

    assert earlier is not None
    assert list(earlier.kept.conversation.messages()) == list(EARLIER.messages())
    assert earlier.kept.conversation.title == EARLIER.title
    text = "" if opened is None else received(opened, folder.name)
    assert owed == [] or opened is not None
    if opened is not None and len(opened.kept.conversation) == 2:
        reply = opened.kept.conversation.path()[-1]
        assert reply.ending is not None
        if reply.ending.outcome is Outcome.INTERRUPTED:
            assert start.interrupted == (entries[0].id,)
        else:
            assert reply.ending.outcome is Outcome.COMPLETE
            assert text == SENT
            assert start.interrupted == ()
    assert owed == [] or len(text) >= owed[-1]
    sent = [(moment, count) for moment, count in stream.sent if moment < until]
    lost = [moment for moment, count in sent if count > len(text)]
    return Loss(sent[-1][1] - len(text), until - lost[0]) if lost else Loss(0, 0.0)


def received(opened: Opened, name: str) -> str:
    """All that came of the reply, which has to be the beginning of what was sent."""
    conversation = opened.kept.conversation
    prompt, *replies = conversation.path()
    assert prompt.text.endswith(name) or name == "copy"
    assert opened.running is None
    if not replies:
        assert len(conversation) == 1
        return ""
    (reply,) = replies
    assert reply.role is Role.ASSISTANT
    assert (reply.provider, reply.model) == ("anthropic", "loopback-1")
    text = reply.thinking + reply.text
    assert SENT.startswith(text)
    if reply.text:
        assert reply.parts[0] == ThinkingPart("".join(THOUGHTS), "signed")
    return text


def median(losses: list[Loss]) -> float:
    """Of the seconds, so that a busy machine does not matter; what each was owed is seen to."""
    return statistics.median(loss.seconds for loss in losses)


def report(losses: list[Loss]) -> None:
    """For whoever reads the output."""
    seconds = [loss.seconds for loss in losses if loss.characters]
    print(  # noqa: T201 - how much it was is worth knowing, and no assertion can say it
        f"{len(losses)} times, {len(seconds)} with a loss; the worst"
        f" {max(seconds, default=0) * 1000:.0f} ms and"
        f" {max(loss.characters for loss in losses)} characters, the median"
        f" {median(losses) * 1000:.0f} ms"
    )


async def test_a_process_killed_at_any_moment_of_a_stream_loses_no_more_than_its_last_moments(
    folder: Path, tmp_path: Path
) -> None:
    random = Random(4)
    turns = asyncio.Semaphore(AT_ONCE)

    async def live_and_die(number: int) -> Loss:
        mine = tmp_path / f"victim{number}"
        async with turns:
            shutil.copytree(folder, mine)
            pid, stream = await place.bear(mine)
            if number % 10 == 0:  # while it starts, asks, and gets its first words
                await asyncio.sleep(random.uniform(0, 0.15))
            elif number % 10 == 1:  # while it writes the whole reply
                await stream.is_over.wait()
                await asyncio.sleep(random.uniform(0, 0.03))
            else:
                await stream.has_sent(random.randrange(1, len(THOUGHTS + WORDS)))
                await asyncio.sleep(random.uniform(0, PAUSE))
            moment = await place.signal(pid, signal.SIGKILL)
            return await recover(mine, stream, moment)

    async with nursery() as place:
        losses = await asyncio.gather(*map(live_and_die, range(200)))
    report(losses)
    assert median(losses) <= 0.25


async def test_when_the_power_goes_no_more_is_lost(folder: Path, tmp_path: Path) -> None:
    random = Random(4)

    async def lose_power(number: int) -> list[Loss]:
        mine = tmp_path / f"victim{number}"
        shutil.copytree(folder, mine)
        pid, stream = await place.bear(mine)
        losses = []
        for copy in range(4):
            await stream.has_sent(random.randrange(20 * copy + 1, 20 * copy + 40))
            moment = await place.signal(pid, signal.SIGSTOP)
            there = tmp_path / f"copy{number}.{copy}" / "copy"
            there.mkdir(parents=True)
            for file in mine.glob("history.db*"):
                # What is in shared memory does not outlive the machine.
                if file.is_file() and not file.name.endswith("-shm"):
                    shutil.copy(file, there)
            owed = tmp_path / f"owed{number}.{copy}"
            owed.mkdir()
            if (mine / "owed").exists():
                shutil.copy(mine / "owed", owed)
            await place.signal(pid, signal.SIGCONT)
            losses.append(await recover(there, stream, moment, told=owed))
        await place.signal(pid, signal.SIGKILL)
        return losses

    async with nursery() as place:
        losses = await asyncio.gather(*map(lose_power, range(10)))
    every = list(chain.from_iterable(losses))
    report(every)
    assert median(every) <= 0.25
