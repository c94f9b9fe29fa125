"""The conversations, between the screen that shows one and the history that keeps all."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.chat.conversation import Conversation
from tui.chat.reply import Reply
from tui.errors import HistoryError
from tui.storage import deletions, reads, writes
from tui.storage.journal import Journal
from tui.storage.records import Kept, Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.chat.events import ReplyEvent
    from tui.chat.message import Message
    from tui.storage.history import History
    from tui.storage.records import Changes, Opened, RunningElsewhere

FIRST_SHOWN = 60
"""Messages that are read before a conversation is shown; the rest comes after that."""


@dataclass(eq=False, slots=True)
class Elsewhere:
    """A reply that another run of Rill receives, told again here from its journal."""

    message_id: str
    parent: str
    process_id: int | None
    reply: Reply
    journal: int = 0

    @classmethod
    def of(cls, running: RunningElsewhere) -> Elsewhere:
        """As far as it has come."""
        begun = running.begun
        reply = Reply(provider=begun.provider, model=begun.model, limit=begun.limit)
        elsewhere = cls(begun.id, running.parent, running.process_id, reply)
        elsewhere.tell(running)
        return elsewhere

    def tell(self, running: RunningElsewhere) -> None:
        """More has come."""
        for event in running.events:
            self.reply.apply(event)
        self.journal = running.journal


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a look at the history has brought.

    `is_other`: there are other messages than before, or another title. `events` came for the reply
    that runs elsewhere.
    """

    is_other: bool
    events: Sequence[ReplyEvent] = ()


@dataclass(eq=False, slots=True)
class OpenConversation:
    """A conversation with what is only being typed: its draft, and prompts that wait their turn."""

    conversation: Conversation
    draft: str = ""
    waiting: list[str] = field(default_factory=list)
    is_pinned: bool = False
    elsewhere: Elsewhere | None = None
    goes_on: bool = False
    """Whether what waits is to be sent as soon as that is possible."""
    change: int = 0
    """The change of the history up to which it is known here."""
    kept: Sheet | None = None
    """What the history was told last."""
    receives: str | None = None
    """The prompt that a reply is being received to here."""
    is_gone: bool = False
    """Whether another run has deleted it."""

    @property
    def is_blank(self) -> bool:
        """Nothing was ever said, typed or left waiting in it."""
        return not (len(self.conversation) or self.draft.strip() or self.waiting)


class Conversations:
    """There is always a current one. What changes here is written to the history at once."""

    def __init__(self, history: History, *, system: str = "") -> None:
        self.history = history
        self._system = system
        self._changed: dict[str, OpenConversation] = {}
        self.current = self._blank()

    def _blank(self) -> OpenConversation:
        return OpenConversation(Conversation(system=self._system))

    @property
    def changed(self) -> Sequence[Kept]:
        """What was said or typed in this run, in case that the history could not be written."""
        kept = []
        for each in self._changed.values():
            conversation = each.conversation
            if not conversation.is_whole:  # nothing was said in it, only a draft was written
                conversation = Conversation(title=conversation.title)
            if not each.is_blank:
                kept.append(Kept(conversation, draft=each.draft, waiting=tuple(each.waiting)))
        return kept

    # Which one is open

    def start(self) -> OpenConversation:
        """Go to a new conversation; the present one will do if nothing is in it."""
        if not self.current.is_blank:
            self.current = self._blank()
        return self.current

    async def open(self, conversation_id: str) -> OpenConversation | None:
        """Read one, as much of it as fits the screen; `None` if it is gone. Raises HistoryError."""
        if (known := self._at_hand(conversation_id)) is not None:
            if known is not self.current:
                with suppress(HistoryError):  # then it is as it was
                    await self.refresh(known)
            return known
        opened = await self.history.read(
            reads.load, conversation_id, self.history.presence, FIRST_SHOWN
        )
        return None if opened is None else _open(opened)

    def go_to(self, target: OpenConversation) -> None:
        """Make it the current one."""
        self.current = target

    async def complete(self, target: OpenConversation) -> None:
        """Read what is not known of it yet. Raises HistoryError."""
        conversation = target.conversation
        while not conversation.is_whole:
            # What is newer is the business of `refresh`, which tells what is new.
            change = target.change
            opened = await self.history.read(
                reads.load, conversation.id, self.history.presence, until=change
            )
            if opened is not None:
                conversation.add(opened.kept.conversation.messages())
            conversation.is_whole = target.change == change

    async def refresh(self, target: OpenConversation) -> Refreshed | None:
        """Take in what other runs have done to it; `None` if they have deleted it just now.

        Raises HistoryError.
        """
        known = target.elsewhere
        changes = await self.history.read(
            reads.changes,
            *(target.conversation.id, target.change, self.history.presence),
            received=(known.message_id, known.journal) if known else None,
        )
        if changes is None or changes.is_deleted:
            was_gone, target.is_gone = target.is_gone, True
            return Refreshed(is_other=False) if was_gone else None
        target.is_gone = False
        is_other = _take_in(target, changes)
        target.change = changes.change
        running = changes.running
        if known and running and running.begun.id == known.message_id:
            known.tell(running)
            return Refreshed(is_other, running.events)
        target.elsewhere = None if running is None else Elsewhere.of(running)
        return Refreshed(is_other or known is not None or running is not None)

    # What happens in it

    def keep(self, target: OpenConversation) -> None:
        """Write down the draft, what waits and the head, if they are others than before."""
        sheet = self._sheet(target)
        if sheet != target.kept:
            self._note(target, sheet)
            self.history.write(writes.save, sheet, self.history.run)

    def say(self, target: OpenConversation, message: Message) -> None:
        """A prompt was said at the head, or in another branch."""
        parent = target.conversation.parent(message.id)
        sheet = self._sheet(target)
        self._note(target, sheet)
        self.history.write(writes.add_message, sheet, message, parent, self.history.run)

    def begin(self, target: OpenConversation, reply: Reply, prompt_id: str) -> Journal:
        """A reply is asked for; what comes of it goes to the journal."""
        target.receives = prompt_id
        return Journal(self.history, target.conversation, reply.message(), prompt_id)

    def end(self, target: OpenConversation, journal: Journal, message: Message) -> None:
        """The reply has ended and is in the conversation."""
        target.receives = None
        sheet = self._sheet(target)
        self._note(target, sheet)
        journal.end(sheet, message)

    def rename(self, conversation_id: str, title: str) -> None:
        """Give it a title; with `""` it has that of its first prompt again."""
        if (known := self._at_hand(conversation_id)) is not None:
            known.conversation.title = title
        self.history.write(writes.rename, conversation_id, title)

    def pin(self, conversation_id: str, *, is_pinned: bool) -> None:
        """Keep it on top of the list, or not."""
        if (known := self._at_hand(conversation_id)) is not None:
            known.is_pinned = is_pinned
        self.history.write(writes.pin, conversation_id, is_pinned=is_pinned)

    async def duplicate(self, conversation_id: str) -> str:
        """Copy it with all its branches; gives back the copy's id. Raises HistoryError."""
        return await asyncio.wrap_future(self.history.write(writes.duplicate, conversation_id))

    def delete(self, conversation_id: str) -> None:
        """Take it away; `undo` brings it back. The current one is then a new one."""
        self.history.write(deletions.delete_conversation, conversation_id, self.history.run)
        self._changed.pop(conversation_id, None)
        if conversation_id == self.current.conversation.id:
            self.current = self._blank()

    def delete_branch(self, message_id: str) -> int:
        """Take a message out of the current one, with all that follows it; `undo` undoes it.

        Gives back how many messages these are.
        """
        conversation = self.current.conversation
        count = conversation.remove(message_id)
        self.history.write(
            deletions.delete_branch,
            *(conversation.id, message_id, conversation.head, self.history.run),
        )
        self.current.kept = self._sheet(self.current)
        return count

    async def undo(self) -> OpenConversation | None:
        """Bring back what was deleted last, and read it again; `None` if there is nothing."""
        undone = await asyncio.wrap_future(self.history.write(deletions.undo, self.history.run))
        if undone is None:
            return None
        self._changed.pop(undone, None)
        opened = await self.history.read(reads.load, undone, self.history.presence, FIRST_SHOWN)
        return None if opened is None else _open(opened)

    async def earlier_prompts(self, most: int) -> list[str]:
        """What was written before, the newest first; nothing if that cannot be read."""
        try:
            return await self.history.read(reads.prompts, "", most)
        except HistoryError:
            return []

    def keep_unsent(self, text: str) -> None:
        """A prompt was written and will not be sent: it can be taken up again from the history."""
        if text.strip():
            self.history.write(writes.keep_unsent, text, self.current.conversation.id)

    def _at_hand(self, conversation_id: str) -> OpenConversation | None:
        """The one that need not be read: the current, or one that this run has changed."""
        if conversation_id == self.current.conversation.id:
            return self.current
        return self._changed.get(conversation_id)

    def _sheet(self, target: OpenConversation) -> Sheet:
        return Sheet.of(target.conversation, target.draft, tuple(target.waiting))

    def _note(self, target: OpenConversation, sheet: Sheet) -> None:
        target.kept = sheet
        self._changed[target.conversation.id] = target


def _open(opened: Opened) -> OpenConversation:
    kept = opened.kept
    return OpenConversation(
        kept.conversation,
        kept.draft,
        list(kept.waiting),
        kept.is_pinned,
        elsewhere=None if opened.running is None else Elsewhere.of(opened.running),
        change=opened.change,
        kept=Sheet.of(kept.conversation, kept.draft, kept.waiting),
    )


def _take_in(target: OpenConversation, changes: Changes) -> bool:
    """Whoever reads the end goes on reading it as it grows; nobody is pulled to another branch.

    False if all of that was known.
    """
    conversation = target.conversation
    title = conversation.given_title
    conversation.title = changes.given_title
    is_other = conversation.given_title != title
    for message, parent in changes.messages:
        if message.id in conversation:
            if conversation[message.id] == message:
                continue
            conversation.replace(message)
        elif parent is None:
            conversation.add([(message, None)])
            if conversation.head is None:
                conversation.rewind(message.id)
        elif parent == target.receives:
            conversation.add([(message, parent)])
        elif parent in conversation:
            conversation.append(message, parent=parent)
        else:
            continue
        is_other = True
    for message_id in changes.removed:
        if message_id in conversation:
            conversation.remove(message_id)
            is_other = True
    return is_other
