"""Which conversation is open: from the start on, and whatever other runs of Rill do to it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import work

from tui.chat.ending import CancelledBy
from tui.chat.wording import count_of
from tui.errors import HistoryError
from tui.ui.screens.drafting import DraftingScreen
from tui.ui.widgets.trouble_bar import TroubleBar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.ui.conversations import Conversations
    from tui.ui.open_conversation import OpenConversation
    from tui.ui.widgets.prompt_box import PromptBox


class OpeningScreen(DraftingScreen):
    """Opens and leaves conversations, and shows what becomes of them elsewhere."""

    def __init__(
        self, prompt: PromptBox, conversations: Conversations, keymap: Mapping[str, str]
    ) -> None:
        super().__init__(prompt, conversations, keymap)
        self.trouble_bar = TroubleBar()
        self.is_open = asyncio.Event()
        """Set when the conversation is there that was asked for at the start, if one was."""

    # What the chat screen does

    def leave(self, by: CancelledBy) -> None:
        """Stop what runs in the open conversation, and keep what is typed."""
        raise NotImplementedError

    @property
    def is_replying(self) -> bool:
        """Whether a reply is coming in the open conversation."""
        raise NotImplementedError

    def show_conversation(self, *, follow: bool = True) -> None:
        """Show the open conversation as it is now, and leave what is being typed alone."""
        raise NotImplementedError

    def is_busy_or_blank(self) -> bool:
        """Say why another branch cannot be shown now, if so."""
        raise NotImplementedError

    def go_on(self) -> None:
        """Send what waits, if that is what the person wants and it has become possible."""
        raise NotImplementedError

    # The start, and what others do

    async def begin(self, open_first: str | None) -> None:
        """Open the history, and what has to be seen first.

        That is the conversation that was asked for; else the last in which a run of Rill died while
        it received a reply; else, in place of a new one, one that something was only written in.
        """
        if open_first is None:
            self.is_open.set()
        history = self._conversations.history
        history.listen(on_change=self.look_around, on_trouble=self.show_trouble)
        start = await history.start()
        self.show_trouble()
        if open_first is not None:
            await self.go_to(open_first)
            self.is_open.set()
        elif (left := start.interrupted or start.drafts) and self._is_untouched:
            await self._take_up(left[-1], len(start.interrupted) - 1)

    async def _take_up(self, conversation_id: str, others: int) -> None:
        target = await self._read(conversation_id)
        if target is None or not self._is_untouched:  # somebody may have begun while it was read
            return
        self._enter(target)
        if others > 0:
            more = count_of(others, "other conversation")
            self.notify(f"Replies in {more} were interrupted, too.", markup=False)

    @property
    def _is_untouched(self) -> bool:
        """Whether nothing was said or typed in the open conversation."""
        return self._conversations.current.is_blank and not self.prompt.text

    def show_trouble(self) -> None:
        """Say what is wrong with the history, if anything is."""
        self.trouble_bar.show(self._conversations.history.trouble)

    def look_around(self) -> None:
        """The history is not as it was known: take in what concerns what is open."""
        if self.is_attached:
            self._look_around()

    @work(group="looking", exclusive=True, exit_on_error=False)
    async def _look_around(self) -> None:
        current = self._conversations.current
        if current.kept is None or current.is_blank:
            return
        try:
            news = await self._conversations.refresh(current)
        except HistoryError:
            return  # whatever is wrong is said when somebody wants something of the history
        if current is not self._conversations.current:
            return
        if news is None:
            self.notify(
                "Another Rill has deleted this conversation. Sending something brings it back.",
                severity="warning",
                markup=False,
            )
        elif news.is_other:
            self.show_conversation(follow=self.transcript.is_following)
            self.go_on()
        elif current.elsewhere and self.transcript.is_showing(current.elsewhere.reply):
            for event in news.events:
                self.transcript.stream(event)

    # Which one is open

    def action_new_conversation(self) -> None:
        """Start a new conversation."""
        self.leave(CancelledBy.NEW)
        self._conversations.start()
        self.show_current()

    async def go_to(
        self, conversation_id: str, message_id: str | None = None, query: str = ""
    ) -> None:
        """Open a conversation, at a message and at what was looked for in it."""
        target = await self._read(conversation_id, whole=message_id is not None)
        if target is not None:
            self._enter(target, message_id, query)

    async def _read(self, conversation_id: str, *, whole: bool = False) -> OpenConversation | None:
        try:
            target = await self._conversations.open(conversation_id)
            if target is None:
                self.notify("That conversation is gone.", severity="warning", markup=False)
            elif whole and not target.conversation.is_whole:
                await self._conversations.complete(target)
        except HistoryError as error:
            self.notify(str(error), severity="error", markup=False)
            return None
        return target

    def _enter(
        self, target: OpenConversation, message_id: str | None = None, query: str = ""
    ) -> None:
        if target is not self._conversations.current:
            self.leave(CancelledBy.SWITCH)
            self._conversations.go_to(target)
            self._show(target, message_id)
            self.look_around()  # it may have changed while it was being read
        elif message_id is not None:
            if self._is_aside(message_id) and self.is_busy_or_blank():
                return
            self._show(target, message_id)
        if message_id is not None:
            self.set_focus(self.transcript)
            self.transcript.find(message_id, query)

    def _show(self, target: OpenConversation, message_id: str | None) -> None:
        conversation = target.conversation
        if message_id is not None and self._is_aside(message_id):
            conversation.select(message_id)
        self.show_current()
        if not conversation.is_whole and conversation.path():
            self._complete(target)

    def _is_aside(self, message_id: str) -> bool:
        """Whether a message of the open conversation is in another branch than the one shown."""
        path = (message.id for message in self.conversation.path())
        return message_id in self.conversation and message_id not in path

    def show_current(self) -> None:
        """Show the open conversation, with what was being typed in it."""
        self.prompt.load_text(self._conversations.current.draft)
        self.prompt.move_cursor(self.prompt.document.end)
        self.set_focus(self.prompt)
        self.show_conversation()

    @work(group="completing", exit_on_error=False)
    async def _complete(self, target: OpenConversation) -> None:
        """Read what comes before what is on the screen."""
        try:
            await self._conversations.complete(target)
        except HistoryError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if target is self._conversations.current and self.is_attached:
            self.transcript.complete(target.conversation.path())
            self.go_on()
