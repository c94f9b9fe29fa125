"""Processes that receive a reply as Rill does, made to be killed: `python -m tests.storage.victim`.

It has everything imported and forks a victim for each line `FOLDER PORT` of its input, so that two
hundred of them cost little more than their streams. `PID SIGNAL` sends one a signal and waits
until it is dead or stopped, which `waitpid` tells and nothing else does for certain. Every answer
is one line: the victim's process id; the moment of the signal and how the victim died, as `waitpid`
says it (0 if it did not).

A victim writes into FOLDER beside `history.db`:

    applied   (moment, characters): so much of the reply had been applied to the Reply
    owed      (moment, characters): so much has to be in the file: it was applied 0.21 s before the
              victim's own timer fired, and the writes asked for until then were done
"""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import sys
import time
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.loopback import make_talk
from tui.chat.reply import Reply
from tui.storage import writes
from tui.storage.history import History
from tui.storage.journal import Journal
from tui.storage.records import Sheet

if TYPE_CHECKING:
    from concurrent.futures import Future

# A bit longer than the journal's own interval: what came before that must be on its way by then.
_OWED_AFTER = 0.21
RECORD = struct.Struct("dI")


class Log:
    """What was written to it outlives its process: each line is in the kernel's hands at once."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def add(self, characters: int) -> None:
        """Note that there are so many now."""
        os.write(self._file, RECORD.pack(time.monotonic(), characters))

    @staticmethod
    def read(path: Path) -> list[tuple[float, int]]:
        """All that was noted, the oldest first; nothing if the victim never got so far."""
        data = path.read_bytes() if path.exists() else b""
        return list(RECORD.iter_unpack(data))


class Witness:
    """Notes what has to be in the file, by the order of events alone: load does not matter."""

    def __init__(self, history: History, owed: Log) -> None:
        self._history = history
        self._owed = owed

    def asked_for(self) -> None:
        """The prompt and the beginning of the reply were given to the history."""
        self._in_order(0)

    def saw(self, characters: int) -> None:
        """So much was noted in the journal."""
        asyncio.get_running_loop().call_later(_OWED_AFTER, self._in_order, characters)

    def _in_order(self, characters: int) -> None:
        done = self._history.write(lambda _db: None)
        done.add_done_callback(partial(self._note, characters))

    def _note(self, characters: int, _done: Future[None]) -> None:
        self._owed.add(characters)


async def receive(folder: Path, port: int) -> None:
    """Send a prompt and keep the reply to it, as the chat screen does."""
    history = History(folder / "history.db")
    await history.start()
    talk = make_talk(f"http://127.0.0.1:{port}", prompt=f"Hello from {folder.name}")
    conversation = talk.conversation
    prompt = conversation.path()[-1]
    reply = Reply(provider="anthropic", model="loopback-1", limit=talk.options.limit)
    applied, witness = Log(folder / "applied"), Witness(history, Log(folder / "owed"))
    history.write(writes.add_message, Sheet.of(conversation), prompt, None, history.run)
    journal = Journal(history, conversation, reply.message(), prompt.id)
    witness.asked_for()
    async with aclosing(talk.reply()) as events:
        async for event in events:
            reply.apply(event)
            journal.note(event)
            applied.add(count := reply.thinking_characters + reply.characters)
            witness.saw(count)
    conversation.append(reply.message(), parent=prompt.id)
    journal.end(Sheet.of(conversation), reply.message())
    await asyncio.sleep(3600)  # whoever made it, kills it


def answer(line: str) -> None:
    """One line for whoever asked."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Obey, line by line."""
    victims = set()
    for line in sys.stdin:
        first, second = line.split()
        if first.isdecimal():
            pid, number = int(first), int(second)
            moment, status = time.monotonic(), 0
            os.kill(pid, number)
            if number != signal.SIGCONT:
                _, status = os.waitpid(pid, os.WUNTRACED)
                if os.WIFSTOPPED(status):
                    status = 0
                else:
                    victims.discard(pid)
            answer(f"{moment} {status}")
        elif pid := os.fork():
            victims.add(pid)
            answer(str(pid))
        else:
            try:
                asyncio.run(receive(Path(first), int(second)))
            finally:
                os._exit(1)
    for pid in victims:  # nobody wants them any more
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
