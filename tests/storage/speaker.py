"""Says things in a conversation and has them kept, as the chat screen does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tui.chat.conversation import Conversation
from tui.chat.ending import Ending, Outcome
from tui.chat.events import ReplyStopped, TextDelta
from tui.chat.message import Message
from tui.chat.reply import Reply
from tui.storage import reads, replies, writes
from tui.storage.records import Sheet

if TYPE_CHECKING:
    from tui.chat.events import ReplyEvent
    from tui.storage.history import History
    from tui.storage.records import Opened

COMPLETE = Ending(Outcome.COMPLETE, "end_turn")


class Speaker:
    """In one conversation, a new one by default."""

    def __init__(self, history: History, conversation: Conversation | None = None) -> None:
        self.history = history
        self.conversation = Conversation() if conversation is None else conversation

    @property
    def id(self) -> str:
        """That of the conversation."""
        return self.conversation.id

    def sheet(self, draft: str = "", waiting: tuple[str, ...] = ()) -> Sheet:
        """What there is now but for the messages."""
        return Sheet.of(self.conversation, draft, waiting)

    def draft(self, text: str, *waiting: str) -> None:
        """Type something without sending it, behind prompts that wait."""
        self.history.write(writes.save, self.sheet(text, waiting), self.history.run)

    def ask(self, text: str) -> Message:
        """Send a prompt, and do not wait for the reply."""
        message, parent = Message.from_user(text), self.conversation.head
        self.conversation.append(message)
        self._add(message, parent)
        return message

    def ask_instead(self, message_id: str, text: str) -> Message:
        """Send a prompt in the place of another."""
        message = Message.from_user(text)
        self.conversation.branch(message_id, message)
        self._add(message, self.conversation.parent(message_id))
        return message

    def begin(self, *events: ReplyEvent) -> Reply:
        """Ask for a reply, of which so much comes."""
        reply = Reply(provider="anthropic", model="model-1")
        self.history.write(
            *(replies.begin_reply, self.id, reply.message(), self.conversation.head or ""),
            self.history.run,
        )
        self.go_on(reply, *events)
        return reply

    def go_on(self, reply: Reply, *events: ReplyEvent) -> None:
        """More of the reply comes, and is written to the journal."""
        for event in events:
            reply.apply(event)
        self.history.write(replies.append_journal, reply.message_id, events)

    def end(self, reply: Reply, ending: Ending = COMPLETE) -> Message:
        """The reply ends."""
        reply.apply(ReplyStopped(ending))
        message = reply.message()
        self.conversation.append(message)
        self.history.write(replies.end_reply, self.sheet(), message, self.history.run)
        return message

    def answer(self, text: str) -> Message:
        """A whole reply."""
        return self.end(self.begin(TextDelta(text)))

    def retry(self, text: str) -> Message:
        """Another reply to the last prompt."""
        self.conversation.rewind(self.conversation.parent(self.conversation.head or ""))
        return self.answer(text)

    def talk(self, *texts: str) -> list[Message]:
        """Prompts and replies in turn."""
        return [
            self.answer(text) if number % 2 else self.ask(text) for number, text in enumerate(texts)
        ]

    async def opened(self, last: int | None = None) -> Opened:
        """The conversation as it is kept."""
        await written(self.history)
        found = await self.history.read(reads.load, self.id, self.history.presence, last)
        assert found is not None
        return found

    async def kept(self) -> Conversation:
        """The same, without what belongs to it."""
        return (await self.opened()).kept.conversation

    def _add(self, message: Message, parent: str | None) -> None:
        self.history.write(writes.add_message, self.sheet(), message, parent, self.history.run)


async def written(history: History) -> None:
    """Wait until all that was given to a history to write is in its file."""
    await asyncio.wrap_future(history.write(lambda _db: None))


def said(conversation: Conversation) -> list[str]:
    """What one reads in it."""
    return [message.text for message in conversation.path()]
