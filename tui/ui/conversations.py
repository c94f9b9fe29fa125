"""The conversations, between the screen that shows one and the history that keeps all."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from tui.chat.conversation import Conversation
from tui.chat.parameters import Choice
from tui.errors import HistoryError
from tui.storage import deletions, reads, writes
from tui.storage.journal import Journal
from tui.storage.records import Kept, Sheet
from tui.ui.commands import holds_secret
from tui.ui.open_conversation import Elsewhere, OpenConversation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from tui.chat.events import ReplyEvent
    from tui.chat.message import Message
    from tui.chat.reply import Reply
    from tui.storage.history import History

FIRST_SHOWN = 60
"""Messages that are read before a conversation is shown; the rest comes after that."""
_SOON = 2.0
"""Seconds that a person waits for a change, at most, and cannot type."""
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a look at the history has brought.

    `is_other`: there are other messages than before, another title or another choice. `events` came
    for the reply that runs elsewhere.
    """

    is_other: bool
    events: Sequence[ReplyEvent] = ()


class Conversations:
    """There is always a current one. What changes here is written to the history at once."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._changed: dict[str, OpenConversation] = {}
        self.current = self._blank()

    def _blank(self) -> OpenConversation:
        return OpenConversation(Conversation())

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
        conversation = self.current.conversation
        is_as_new = conversation.choice == Choice() and not conversation.system
        if not (self.current.is_blank and is_as_new):
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
        return None if opened is None else OpenConversation.of(opened)

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
            if opened is None:
                raise HistoryError("Another Rill has deleted this before all of it was read.")
            conversation.add(opened.kept.conversation.messages())
            conversation.is_whole = target.change == change

    async def refresh(self, target: OpenConversation) -> Refreshed | None:
        """Take in what other runs have done to it; `None` if they have deleted it just now.

        Raises HistoryError.
        """
        known, told = target.elsewhere, target.kept
        changes = await self.history.read(
            reads.changes,
            *(target.conversation.id, target.change, self.history.presence),
            received=(known.message_id, known.journal) if known else None,
        )
        if changes is None or changes.is_deleted:
            was_gone, target.is_gone = target.is_gone, True
            return Refreshed(is_other=False) if was_gone else None
        target.is_gone = False
        if target.kept is not told:  # what was chosen while this was read may not be in it
            changes = replace(changes, choice=target.conversation.choice)
        is_other = target.take_in(changes)
        target.change = changes.change
        running = changes.running
        if known and running and running.begun.id == known.message_id:
            known.tell(running)
            return Refreshed(is_other, running.events)
        if known is not None and target.goes_on:  # as after a reply of our own
            target.goes_on = target.has_complete(known.message_id)
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
        self.keep(target)  # the head may have moved: after a crash the reply is looked for there
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

    async def duplicate(self, conversation_id: str) -> str | None:
        """Copy it with all its branches; gives back the copy's id, `None` if it is gone.

        Raises HistoryError.
        """
        return await _soon(self.history.write(writes.duplicate, conversation_id))

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

    async def undo(self) -> str | None:
        """Bring back what was deleted last; gives back the id of the conversation that it is of.

        `None` if there is nothing. Raises HistoryError.
        """
        return await _soon(self.history.write(deletions.undo, self.history.run))

    async def open_anew(self, conversation_id: str) -> OpenConversation | None:
        """Read one again, whatever is known of it here. Raises HistoryError."""
        opened = await self.history.read(
            reads.load, conversation_id, self.history.presence, FIRST_SHOWN
        )
        self._changed.pop(conversation_id, None)
        return None if opened is None else OpenConversation.of(opened)

    async def earlier_prompts(self, most: int) -> list[str]:
        """What was written before, the newest first; nothing if that cannot be read."""
        try:
            return await self.history.read(reads.prompts, "", most)
        except HistoryError:
            return []

    def keep_unsent(self, text: str) -> None:
        """A prompt was written and will not be sent: it can be taken up again from the history."""
        if text.strip() and not holds_secret(text):
            self.history.write(writes.keep_unsent, text, self.current.conversation.id)

    def _at_hand(self, conversation_id: str) -> OpenConversation | None:
        """The one that need not be read: the current, or one that this run has changed."""
        if conversation_id == self.current.conversation.id:
            return self.current
        return self._changed.get(conversation_id)

    def _sheet(self, target: OpenConversation) -> Sheet:
        return Sheet.of(
            target.conversation,
            target.draft,
            tuple(target.waiting),
            known=None if target.kept is None else target.kept.choice,
        )

    def _note(self, target: OpenConversation, sheet: Sheet) -> None:
        target.kept = sheet
        self._changed[target.conversation.id] = target


async def _soon(change: Future[_Result]) -> _Result:
    """What a change gives back. Raises HistoryError if that has to wait for a lock or a full disk.

    It is done all the same, as soon as that is over.
    """
    written = asyncio.wrap_future(change)
    await asyncio.wait({written}, timeout=_SOON)
    if written.done():
        return written.result()
    raise HistoryError("The history cannot be written now; that is done as soon as it can.")
