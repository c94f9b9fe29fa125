"""Keeps a reply while it comes, so that it survives whatever happens to the process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tui.storage import replies

if TYPE_CHECKING:
    from tui.chat.conversation import Conversation
    from tui.chat.events import ReplyEvent
    from tui.chat.message import Message
    from tui.storage.history import History
    from tui.storage.records import Sheet

# Seconds. What is lost is what came since the last write began: with the write itself and the
# thread's turn it has to stay below a quarter of a second.
_INTERVAL = 0.2


class Journal:
    """Of one reply. Made when it is asked for, in an event loop."""

    def __init__(
        self, history: History, conversation: Conversation, begun: Message, parent: str
    ) -> None:
        self._history = history
        self._message_id = begun.id
        self._events: list[ReplyEvent] = []
        self._due: asyncio.TimerHandle | None = None
        history.write(replies.begin_reply, conversation.id, begun, parent, history.run)

    def note(self, event: ReplyEvent) -> None:
        """Something has come; it is written soon, with what comes until then."""
        self._events.append(event)
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(_INTERVAL, self._write)

    def end(self, sheet: Sheet, message: Message) -> None:
        """The reply has ended; all of it is written in the place of what was."""
        if self._due is not None:
            self._due.cancel()
        self._history.write(replies.end_reply, sheet, message, self._history.run)

    def _write(self) -> None:
        self._due = None
        events, self._events = self._events, []
        self._history.write(replies.append_journal, self._message_id, events)
