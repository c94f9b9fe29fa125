"""The list of conversations, and what is done to one: name, pin, copy, delete, bring back."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tui.chat.ending import CancelledBy
from tui.errors import HistoryError
from tui.ui.keys import first_key
from tui.ui.screens.opening import OpeningScreen
from tui.ui.widgets.title_bar import TitleBar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.ui.conversations import Conversations
    from tui.ui.screens.switcher import Chosen, Switcher
    from tui.ui.widgets.prompt_box import PromptBox


def warm_up() -> None:
    """Load the dialogs, which the start does not wait for, before somebody opens one."""
    for name in ("asking", "earlier", "key_entry", "model_picker", "rename", "switcher"):
        import_module(f"tui.ui.screens.{name}")


class KeepingScreen(OpeningScreen):
    """Does it to the open conversation, or for the list to any."""

    def __init__(
        self, prompt: PromptBox, conversations: Conversations, keymap: Mapping[str, str]
    ) -> None:
        super().__init__(prompt, conversations, keymap)
        self.title_bar = TitleBar()
        self._switcher: Switcher | None = None

    def look_around(self) -> None:
        """The list may be another one, too."""
        super().look_around()
        if self._switcher is not None and self._switcher.is_attached:
            self._switcher.refresh_list()

    async def action_open_conversation(self) -> None:
        """Choose another conversation; the reply here goes on until one is chosen."""
        from tui.ui.screens.switcher import Switcher  # noqa: PLC0415 - see `warm_up`

        self.keep_draft()
        self._switcher = Switcher(self._conversations, self, self._keymap)
        await self.app.push_screen(self._switcher, self._go_to_chosen)

    async def _go_to_chosen(self, chosen: Chosen | None) -> None:
        if chosen is not None:
            await self.go_to(chosen.conversation_id, chosen.message_id, chosen.query)

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
        self.keep_draft()
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
        self.keep_draft()
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
        if copy is None:
            self.notify("That conversation is gone.", severity="warning", markup=False)
        elif go_there:
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
        """Bring back what was deleted last, and go there unless a reply is coming here."""
        undone = await self._undo()
        if undone is not None and self.is_replying and undone != self.conversation.id:
            key = first_key("open_conversation", self._keymap)
            self.notify(f"It is in the list again: {key} opens it.", markup=False)
        elif undone is not None:
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
