"""A Rill in a hurry: `python -m tests.storage.busy_run HISTORY CONVERSATION OPERATIONS SEED`.

It waits for a line of input, does so many things with a conversation that it shares with others and
with some of its own, and then says as JSON what has to be in the file afterwards.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.storage.speaker import Speaker
from tui.chat.events import TextDelta
from tui.storage import deletions, reads, writes
from tui.storage.history import History

if TYPE_CHECKING:
    from concurrent.futures import Future
    from typing import Any

    from tui.chat.conversation import Conversation


class BusyRun:
    """Does things at random; each of its messages has a text of its own."""

    def __init__(self, history: History, shared: Conversation, seed: int) -> None:
        self.texts: list[str] = []
        self.operations = 0
        self.troubles: list[str] = []
        self._history = history
        self._random = Random(seed)
        self._name = f"run{seed}"
        self._shared = Speaker(history, shared)
        self._own = [Speaker(history) for _ in range(3)]
        history.listen(on_change=lambda: None, on_trouble=self._note_trouble)

    async def work(self, operations: int) -> None:
        """So many and a few more, some of them at once."""
        for own in self._own:
            self._talk(own)
        while self.operations < operations:
            futures = [future for _ in range(10) for future in self._do_something()]
            await asyncio.gather(*map(asyncio.wrap_future, futures))
            await self._read_something()

    def _do_something(self) -> list[Future[Any]]:
        self.operations += 1
        history, run = self._history, self._history.run
        speaker = self._shared if self._random.random() < 0.5 else self._random.choice(self._own)
        match self._random.randrange(10):
            case 0:
                return [history.write(writes.rename, speaker.id, f"{self._name} was here")]
            case 1:
                return [
                    history.write(writes.pin, speaker.id, is_pinned=self._random.random() < 0.5)
                ]
            case 2:
                speaker.draft(f"{self._name} types {self.operations}")
                return []
            case 3 if speaker is not self._shared:
                delete = history.write(deletions.delete_conversation, speaker.id, run)
                return [delete, history.write(deletions.undo, run)]
            case 4:
                speaker.ask(self._text())
                first = speaker.conversation.head or ""
                parent = speaker.conversation.parent(first)
                delete = history.write(deletions.delete_branch, speaker.id, first, parent, run)
                return [delete, history.write(deletions.undo, run)]
            case 5 if self.operations % 40 == 0:
                return [history.write(writes.duplicate, speaker.id)]
            case _:
                return self._talk(speaker)

    def _talk(self, speaker: Speaker) -> list[Future[Any]]:
        speaker.ask(self._text())
        text = self._text()
        reply = speaker.begin()
        for piece in text.split():
            speaker.go_on(reply, TextDelta(f"{piece} "))
        speaker.end(reply)
        self.operations += 2 + len(text.split())
        return [self._history.write(lambda _db: None)]

    async def _read_something(self) -> None:
        history = self._history
        await history.read(reads.newest, 20)
        await history.read(reads.search, self._name, 5)
        opened = await history.read(reads.load, self._shared.id, history.presence, 20)
        assert opened is not None
        changes = await history.read(reads.changes, self._shared.id, 0, history.presence)
        assert changes is not None

    def _text(self) -> str:
        self.texts.append(f"{self._name} says number {len(self.texts)}")
        return self.texts[-1]

    def _note_trouble(self) -> None:
        if self._history.trouble is not None:
            self.troubles.append(str(self._history.trouble))


async def main() -> None:
    """Do it all."""
    path, conversation_id, operations, seed = sys.argv[1:]
    history = History(Path(path))
    await history.start()
    shared = await history.read(reads.load, conversation_id, history.presence)
    assert shared is not None
    sys.stdin.readline()
    run = BusyRun(history, shared.kept.conversation, int(seed))
    await run.work(int(operations))
    kept = history.close(20)
    told = {"texts": run.texts, "operations": run.operations, "troubles": run.troubles}
    json.dump({**told, "kept": kept}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
