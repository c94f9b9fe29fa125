"""Which conversation is open: from the start on, and whatever other runs of Rill do to it."""

from __future__ import annotations

import asyncio
from itertools import takewhile
from typing import TYPE_CHECKING

from textual import work

from tui.chat.ending import CancelledBy
from tui.chat.wording import count_of
from tui.errors import HistoryError
from tui.ui.screens.drafting import DraftingScreen
from tui.ui.widgets.trouble_bar import TroubleBar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.storage.history import Start
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

    def show_conversation(self, *, follow: bool = True) -> None:
        """Show the open conversation as it is now, and leave what is being typed alone."""
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
        elif self._conversations.current.is_blank and not self.prompt.text:
            await self._take_up(start)

    async def _take_up(self, start: Start) -> None:
        if start.interrupted:
            await self.go_to(start.interrupted[-1])
            others = len(start.interrupted) - 1
            if others:
                more = count_of(others, "other conversation")
                self.notify(f"Replies in {more} were interrupted, too.", markup=False)
        elif start.drafts:
            await self.go_to(start.drafts[-1])

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
        else:
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
        try:
            target = await self._conversations.open(conversation_id)
            if target is None:
                self.notify("That conversation is gone.", severity="warning", markup=False)
                return
            if message_id is not None and not target.conversation.is_whole:
                await self._conversations.complete(target)
        except HistoryError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if target is not self._conversations.current:
            self.leave(CancelledBy.SWITCH)
            self._conversations.go_to(target)
            self._show(target, message_id)
            self.look_around()  # it may have changed while it was being read
        elif message_id is not None:
            self._show(target, message_id)
        if message_id is not None:
            self.set_focus(self.transcript)
            self.transcript.find(message_id, query)

    def _show(self, target: OpenConversation, message_id: str | None) -> None:
        conversation = target.conversation
        known = [message.id for message in conversation.path()]
        if message_id is not None and message_id in conversation and message_id not in known:
            conversation.select(message_id)
        self.show_current()
        if not conversation.is_whole and conversation.path():
            self._complete(target)

    def show_current(self) -> None:
        """Show the open conversation, with what was being typed in it."""
        self.prompt.load_text(self._conversations.current.draft)
        self.prompt.move_cursor(self.prompt.document.end)
        self.set_focus(self.prompt)
        self.show_conversation()

    @work(group="completing", exit_on_error=False)
    async def _complete(self, target: OpenConversation) -> None:
        """Read what comes before what is on the screen."""
        first = target.conversation.path()[0].id
        try:
            await self._conversations.complete(target)
        except HistoryError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if target is self._conversations.current and self.is_attached:
            path = target.conversation.path()
            self.transcript.prepend([*takewhile(lambda message: message.id != first, path)])
            self.go_on()
