"""Which conversation is open, and that nothing of it is lost; sending is the chat screen's."""

from __future__ import annotations

import asyncio
from importlib import import_module
from itertools import takewhile
from typing import TYPE_CHECKING

from textual import on, work
from textual.widgets import TextArea

from tui.chat.ending import CancelledBy
from tui.chat.wording import count_of
from tui.errors import HistoryError
from tui.ui.keys import first_key
from tui.ui.screens.reading import ReadingScreen
from tui.ui.widgets.recall import Recall
from tui.ui.widgets.title_bar import TitleBar
from tui.ui.widgets.trouble_bar import TroubleBar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.timer import Timer

    from tui.storage.history import Start
    from tui.ui.conversations import Conversations
    from tui.ui.open_conversation import OpenConversation
    from tui.ui.screens.switcher import Chosen, Switcher
    from tui.ui.widgets.prompt_box import PromptBox

_DRAFT_WAITS = 0.2
"""Seconds until a draft is written down: what is typed is as safe as what comes."""
_MOST_RECALLED = 1000


def warm_up() -> None:
    """Load the dialogs, which the start does not wait for, before somebody opens one."""
    for name in ("earlier", "rename", "switcher"):
        import_module(f"tui.ui.screens.{name}")


class KeepingScreen(ReadingScreen):
    """Opens and leaves conversations, names and deletes them, keeps drafts as they are typed."""

    def __init__(
        self, prompt: PromptBox, conversations: Conversations, keymap: Mapping[str, str]
    ) -> None:
        super().__init__(prompt, conversations, keymap)
        self.title_bar = TitleBar()
        self.trouble_bar = TroubleBar()
        self.is_open = asyncio.Event()
        """Set when the conversation is there that was asked for at the start, if one was."""
        self._recall = Recall()
        self._draft_timer: Timer | None = None
        self._switcher: Switcher | None = None

    # What the chat screen does

    def leave(self, by: CancelledBy) -> None:
        """Stop what runs in the open conversation, and keep what is typed."""
        raise NotImplementedError

    def show_conversation(self, *, follow: bool = True) -> None:
        """Show the open conversation as it is now, and leave what is being typed alone."""
        raise NotImplementedError

    def show_waiting(self) -> None:
        """Show the prompts that wait their turn."""
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
            if self._switcher is not None and self._switcher.is_attached:
                self._switcher.refresh_list()

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

    async def action_open_conversation(self) -> None:
        """Choose another conversation; the reply here goes on until one is chosen."""
        from tui.ui.screens.switcher import Switcher  # noqa: PLC0415 - see `warm_up`

        self.keep_draft()
        self._switcher = Switcher(self._conversations, self, self._keymap)
        await self.app.push_screen(self._switcher, self._go_to_chosen)

    async def _go_to_chosen(self, chosen: Chosen | None) -> None:
        if chosen is not None:
            await self.go_to(chosen.conversation_id, chosen.message_id, chosen.query)

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

    # What is done to one

    def action_rename_conversation(self) -> None:
        """Give the open conversation another title."""
        from tui.ui.screens.rename import RenameScreen  # noqa: PLC0415 - see `warm_up`

        current = self.conversation

        def rename(title: str | None) -> None:
            if title is not None:
                self.rename(current.id, title)

        self.app.push_screen(RenameScreen(current.title), rename)

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation a title; with `""` it has that of its first prompt again."""
        self._conversations.rename(conversation_id, title)
        self.title_bar.heading = self.conversation.title

    def action_pin_conversation(self) -> None:
        """Keep the open conversation on top of the list, or not."""
        current = self._conversations.current
        if current.is_blank:
            self.notify("There is nothing to pin yet.", severity="warning", markup=False)
            return
        self.pin(current.conversation.id, is_pinned=not current.is_pinned)
        words = "Pinned: on top of the list." if current.is_pinned else "Not pinned any more."
        self.notify(words, markup=False)

    def pin(self, conversation_id: str, *, is_pinned: bool) -> None:
        """Keep a conversation on top of the list, or not."""
        self._conversations.pin(conversation_id, is_pinned=is_pinned)

    async def action_duplicate_conversation(self) -> None:
        """Go on in a copy of the open conversation."""
        if self._conversations.current.is_blank:
            self.notify("There is nothing to copy yet.", severity="warning", markup=False)
            return
        self.leave(CancelledBy.SWITCH)
        await self.duplicate(self.conversation.id, go_there=True)

    async def duplicate(self, conversation_id: str, *, go_there: bool = False) -> None:
        """Copy a conversation with all its branches."""
        try:
            copy = await self._conversations.duplicate(conversation_id)
        except HistoryError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if go_there:
            await self.go_to(copy)
            self.notify("This is the copy.", markup=False)

    def action_delete_conversation(self) -> None:
        """Delete the open conversation."""
        self.keep_draft()
        if self._conversations.current.is_blank:
            self.notify("There is nothing to delete.", severity="warning", markup=False)
            return
        self.delete(self.conversation.id, self.conversation.title)

    def delete(self, conversation_id: str, title: str) -> None:
        """Delete a conversation, its reply first."""
        is_current = conversation_id == self.conversation.id
        if is_current:
            self.leave(CancelledBy.DELETE)
        self._conversations.delete(conversation_id)
        key = "" if self.is_active else first_key("undo_drop", self._keymap)
        self.notify(
            f"Deleted “{title or 'the draft'}”. {key or '/undo'} brings it back.", markup=False
        )
        if is_current:
            self.show_current()

    async def action_undo(self) -> None:
        """Bring back what was deleted last, and go there."""
        undone = await self._undo()
        if undone is not None:
            await self._bring_back(undone)

    async def undo(self) -> bool:
        """Bring back what was deleted last, and stay; false if there is nothing."""
        undone = await self._undo()
        if undone == self.conversation.id:
            await self._bring_back(undone)
        return undone is not None

    async def _undo(self) -> str | None:
        try:
            undone = await self._conversations.undo()
        except HistoryError as error:
            self.notify(str(error), severity="error", markup=False)
            return None
        if undone is None:
            self.notify("Nothing was deleted lately.", severity="warning", markup=False)
        return undone

    async def _bring_back(self, conversation_id: str) -> None:
        """Show a conversation as it is after that; a reply that was coming here is kept."""
        try:
            target = await self._conversations.open_anew(conversation_id)
        except HistoryError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if target is None:
            return
        self.leave(CancelledBy.SWITCH)
        before = self._conversations.current
        if before.conversation.id == conversation_id:
            target.draft, target.waiting = before.draft, before.waiting
            target.kept = None  # leaving it has moved the head away from what has come back
        self._conversations.go_to(target)
        self._show(target, None)
        self.keep_draft()
        self.look_around()

    # Drafts and earlier prompts

    @on(TextArea.Changed, "#prompt")
    def _draft_changed(self) -> None:
        if self._draft_timer is None:
            self._draft_timer = self.set_timer(_DRAFT_WAITS, self.keep_draft)

    def keep_draft(self) -> None:
        """Write down what is being typed."""
        if self._draft_timer is not None:
            self._draft_timer.stop()
            self._draft_timer = None
        current = self._conversations.current
        current.draft = self.prompt.text
        self._conversations.keep(current)

    async def action_recall(self) -> None:
        """Take back the last waiting message, to change and send it; else an earlier prompt."""
        text = self.prompt.text
        if not text and (waiting := self._conversations.current.waiting):
            self.prompt.replace_all(waiting.pop())
            self.show_waiting()
            return
        if not self._recall.is_at(text):
            self._conversations.keep_unsent(text)
            earlier = await self._conversations.earlier_prompts(_MOST_RECALLED)
            self._recall.begin(earlier, text)
        self._move_recall(1)

    def action_recall_newer(self) -> None:
        """Go on to a newer prompt, at last to what was being written."""
        if self._recall.is_at(self.prompt.text):
            self._move_recall(-1)

    def _move_recall(self, steps: int) -> None:
        if (prompt := self._recall.move(steps)) is not None:
            self.prompt.replace_all(prompt)

    async def action_earlier_prompts(self) -> None:
        """Search in all earlier prompts."""
        from tui.ui.screens.earlier import EarlierPrompts  # noqa: PLC0415 - see `warm_up`

        await self.app.push_screen(
            EarlierPrompts(self._conversations.history, self._keymap), self._take_earlier
        )

    def _take_earlier(self, prompt: str | None) -> None:
        if prompt is not None:
            self._conversations.keep_unsent(self.prompt.text)
            self.prompt.replace_all(prompt)
            self.set_focus(self.prompt)
