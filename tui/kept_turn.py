"""One prompt and its reply outside of the app, kept in the history if that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.conversation import Conversation
from tui.errors import HistoryError

if TYPE_CHECKING:
    from tui.chat.events import ReplyEvent
    from tui.chat.message import Message
    from tui.chat.reply import Reply
    from tui.launch import Launch
    from tui.roster import Target
    from tui.storage.history import History
    from tui.storage.journal import Journal

# Seconds to finish writing; a disk that takes longer is in trouble.
_PATIENCE = 5.0


class KeptTurn:
    """A turn of a new conversation, or of one in the history. Used within an event loop.

    Nothing is written, and SQLite not even loaded, unless the conversation is to be kept.
    """

    def __init__(
        self, conversation: Conversation, target: Target, history: History | None = None
    ) -> None:
        self.conversation = conversation
        self.target = target
        self._history = history
        self._journal: Journal | None = None

    @classmethod
    async def open(cls, launch: Launch, conversation_id: str | None, *, save: bool) -> KeptTurn:
        """Raises HistoryError if a history that is needed cannot be used."""
        target = launch.target()
        if not save and conversation_id is None:
            return cls(Conversation(system=target.system), target)
        # Imported here because a prompt that is not kept need not wait for SQLite.
        from tui.storage import reads  # noqa: PLC0415
        from tui.storage.history import History  # noqa: PLC0415

        history = History(launch.history_file)
        await history.start()
        if history.trouble is not None:
            raise history.trouble
        if conversation_id is None:
            return cls(Conversation(system=target.system), target, history)
        opened = await history.read(reads.load, conversation_id, history.presence)
        if opened is None:
            history.close(_PATIENCE)
            raise HistoryError("The conversation was deleted a moment ago.")
        if opened.running is not None:
            history.close(_PATIENCE)
            process = opened.running.process_id or "unknown"
            raise HistoryError(
                f"A reply is being received in this conversation (process {process}); wait for its "
                "end."
            )
        conversation = opened.kept.conversation
        return cls(conversation, launch.target_of(conversation), history)

    def begin(self, prompt: Message, reply: Reply) -> None:
        """Say the prompt, and ask for the reply to it."""
        parent = self.conversation.head
        self.conversation.append(prompt)
        if self._history is not None:
            from tui.storage import writes  # noqa: PLC0415 - loaded with the history
            from tui.storage.journal import Journal  # noqa: PLC0415
            from tui.storage.records import Sheet  # noqa: PLC0415

            sheet = Sheet.of(self.conversation, known=self.conversation.choice)
            self._history.write(writes.add_message, sheet, prompt, parent, self._history.run)
            self._journal = Journal(self._history, self.conversation, reply.message(), prompt.id)

    def note(self, event: ReplyEvent) -> None:
        """Something has come."""
        if self._journal is not None:
            self._journal.note(event)

    def close(self, message: Message) -> str:
        """Keep the reply as it ended; gives back what went wrong, `""` if nothing did."""
        if self._history is None:
            return ""
        if self._journal is None:  # ended before it was asked for
            self._history.close(_PATIENCE)
            return ""
        from tui.storage.records import Sheet  # noqa: PLC0415 - loaded with the history

        self.conversation.append(message)
        # Flags are for this turn; what the app has chosen meanwhile for the next ones stays.
        sheet = Sheet.of(self.conversation, known=self.conversation.choice)
        self._journal.end(sheet, message)
        if self._history.close(_PATIENCE):
            return ""
        return f"The reply is not in the history: {self._history.trouble or 'the disk is slow'}"
