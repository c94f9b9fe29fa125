"""A conversation that is open, with what belongs to it besides the messages."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tui.chat.ending import Outcome
from tui.chat.reply import Reply
from tui.storage.records import Sheet

if TYPE_CHECKING:
    from tui.chat.conversation import Conversation
    from tui.storage.records import Changes, Opened, RunningElsewhere


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
        reply = Reply.to_tell_again(running.begun)
        elsewhere = cls(running.begun.id, running.parent, running.process_id, reply)
        elsewhere.tell(running)
        return elsewhere

    def tell(self, running: RunningElsewhere) -> None:
        """More has come."""
        for event in running.events:
            self.reply.apply(event)
        self.journal = running.journal


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
    """What the history was told last, or has told."""
    receives: str | None = None
    """The prompt that a reply is being received to here."""
    is_gone: bool = False
    """Whether another run has deleted it."""

    @classmethod
    def of(cls, opened: Opened) -> OpenConversation:
        """As the history has it."""
        kept = opened.kept
        return cls(
            kept.conversation,
            kept.draft,
            list(kept.waiting),
            kept.is_pinned,
            elsewhere=None if opened.running is None else Elsewhere.of(opened.running),
            change=opened.change,
            kept=Sheet.of(kept.conversation, kept.draft, kept.waiting),
        )

    @property
    def is_blank(self) -> bool:
        """Nothing was ever said, typed or left waiting in it."""
        return not (len(self.conversation) or self.draft.strip() or self.waiting)

    def has_complete(self, message_id: str) -> bool:
        """Whether a reply is there, and has come to its end."""
        if message_id not in self.conversation:
            return False
        ending = self.conversation[message_id].ending
        return ending is not None and ending.outcome is Outcome.COMPLETE

    def take_in(self, changes: Changes) -> bool:
        """Do here what other runs have done; false if all of that was known.

        Whoever reads the end goes on reading it as it grows; nobody is pulled to another branch,
        and what a reply is being received to here stays.
        """
        conversation = self.conversation
        title = conversation.given_title
        conversation.title = changes.given_title
        is_other = conversation.given_title != title
        is_other |= self._take_in_choice(changes)
        for message, parent in changes.messages:
            if message.id in conversation:
                if conversation[message.id] == message:
                    continue
                conversation.replace(message)
            elif parent is None:
                conversation.add([(message, None)])
                if conversation.head is None:
                    conversation.rewind(message.id)
            elif parent == self.receives:
                conversation.add([(message, parent)])
            elif parent in conversation:
                conversation.append(message, parent=parent)
            else:
                continue
            is_other = True
        needed = {message.id for message in conversation.path()} if self.receives else set()
        for message_id in changes.removed:
            if message_id in conversation and message_id not in needed:
                conversation.remove(message_id)
                is_other = True
        return is_other

    def _take_in_choice(self, changes: Changes) -> bool:
        """What was chosen here and is not told yet counts more than what others have chosen."""
        if self.kept is None:
            return False
        is_told = self.conversation.choice == self.kept.choice
        self.kept = replace(self.kept, choice=changes.choice)
        if not is_told or self.conversation.choice == changes.choice:
            return False
        self.conversation.choice = changes.choice
        return True
