"""Conversations of earlier days, and a dialog over nothing that shows them."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from textual import events
from textual.app import App

from tests.loopback import SAFETY_NET
from tests.ui.seat import Seat
from tui.chat.conversation import Conversation
from tui.chat.ending import Ending, Outcome
from tui.chat.message import Message, Role, TextPart
from tui.storage import reads, replies, writes
from tui.storage.history import History
from tui.storage.records import Sheet
from tui.ui.theme_files import load_themes, themes_folder

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path
    from sqlite3 import Connection

    from textual.pilot import Pilot
    from textual.screen import ModalScreen

PLAIN = Ending(Outcome.COMPLETE, "end_turn")
_FRAMES = str.maketrans(dict.fromkeys("│╭╮╰╯─▌▁▂▃▄▅▆▇█", " "))


class Shelf(App[None]):
    """An app with nothing but dialogs."""

    def __init__(self) -> None:
        super().__init__()
        for theme in load_themes(themes_folder()):
            self.register_theme(theme)
        self.theme = "rill-dark"


class Reader(Seat[Shelf]):
    """Somebody who uses a dialog."""

    def __init__(self, app: Shelf, pilot: Pilot[None]) -> None:
        super().__init__(app, pilot)
        self.results: list[object] = []
        """What dialogs have given back."""

    @property
    def lines(self) -> list[str]:
        """The lines of the screen, without frames."""
        return [_plain(line) for line in super().lines]

    @property
    def highlighted(self) -> str:
        """The line with the pointer."""
        return next((_plain(line) for line in super().lines if "▌" in line), "")

    async def open(self, dialog: ModalScreen[object]) -> None:
        """Open a dialog."""
        await self.app.push_screen(dialog, self.results.append)

    async def press(self, *keys: str) -> None:
        """Keys that arrive together, as over a slow line: nothing happens between them."""
        for key in keys:
            self.key(key)
        await self.pilot.pause()

    async def wheel(self, x: int, y: int) -> None:
        """Turn the wheel of the mouse a bit, towards the end."""
        at = {"x": x, "y": y, "delta_x": 0, "delta_y": 0, "button": 0}
        keys = {"shift": False, "meta": False, "ctrl": False}
        self.app._driver.send_message(events.MouseScrollDown(None, **at, **keys))
        await self.pilot.pause()

    async def sees(self, *texts: str) -> None:
        """Wait until all of these are on the screen."""
        await self.until(lambda: all(text in self.text for text in texts))

    async def points_at(self, text: str) -> None:
        """Wait until the highlighted line has it."""
        await self.until(lambda: text in self.highlighted)


def _plain(line: str) -> str:
    return " ".join(line.translate(_FRAMES).split())


@asynccontextmanager
async def reading(size: tuple[int, int] = (80, 24)) -> AsyncGenerator[Reader, None]:
    """A screen of this size."""
    app = Shelf()
    async with app.run_test(size=size) as pilot:
        yield Reader(app, pilot)


@asynccontextmanager
async def kept(path: Path, kind: type[History] = History) -> AsyncGenerator[History, None]:
    """The history at `path`."""
    history = kind(path)
    await history.start()
    try:
        yield history
    finally:
        history.close(SAFETY_NET)


async def written(history: History) -> None:
    """Wait until all is in the file: a dialog does not, if the disk is slow."""
    await asyncio.wrap_future(history.write(reads.count))


def talk(
    history: History,
    prompt: str,
    answer: str = "",
    *,
    title: str = "",
    ending: Ending = PLAIN,
    model: str = "loopback-1",
    hours_ago: float = 0,
) -> Conversation:
    """Something that was said; later calls are newer, unless they say how long ago it was."""
    conversation = Conversation(title=title)
    message = Message.from_user(prompt)
    conversation.append(message)
    history.write(
        *(writes.add_message, Sheet.of(conversation), message, None, history.run),
    )
    if answer:
        reply = Message(
            Role.ASSISTANT,
            (TextPart(answer),),
            model=model,
            provider="anthropic",
            ending=ending,
        )
        conversation.append(reply)
        history.write(replies.begin_reply, conversation.id, reply, message.id, history.run)
        history.write(replies.end_reply, Sheet.of(conversation), reply, history.run)
    if hours_ago:
        history.write(_age, conversation.id, hours_ago)
    return conversation


def _age(db: Connection, conversation_id: str, hours: float) -> None:
    db.execute(
        "UPDATE conversation SET updated_at = ? WHERE id = ?",
        (time.time() - hours * 3600, conversation_id),
    )
