"""What is being typed is kept, and what was typed before can be taken up again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.widgets import TextArea

from tui.ui.commands import holds_secret
from tui.ui.screens.reading import ReadingScreen
from tui.ui.widgets.recall import Recall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.timer import Timer

    from tui.ui.conversations import Conversations
    from tui.ui.widgets.prompt_box import PromptBox

_DRAFT_WAITS = 0.2
"""Seconds until a draft is written down: what is typed is as safe as what comes."""
_MOST_RECALLED = 1000


class DraftingScreen(ReadingScreen):
    """Keeps drafts as they are typed, and walks through earlier prompts."""

    def __init__(
        self, prompt: PromptBox, conversations: Conversations, keymap: Mapping[str, str]
    ) -> None:
        super().__init__(prompt, conversations, keymap)
        self._recall = Recall()
        self._draft_timer: Timer | None = None

    # What the chat screen does

    def show_waiting(self) -> None:
        """Show the prompts that wait their turn."""
        raise NotImplementedError

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
        current.draft = "" if holds_secret(self.prompt.text) else self.prompt.text
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
