"""What one does with a conversation without changing it: read, unfold, copy; and the help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

from tui.ui.screens.help import HelpScreen
from tui.ui.widgets.status_bar import StatusBar
from tui.ui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.chat.conversation import Conversation
    from tui.ui.conversations import Conversations
    from tui.ui.widgets.prompt_box import PromptBox


class ReadingScreen(Screen[None]):
    """The reading half of the chat screen; every key here works while a reply streams."""

    def __init__(
        self, prompt: PromptBox, conversations: Conversations, keymap: Mapping[str, str]
    ) -> None:
        super().__init__()
        self.transcript = Transcript()
        self.prompt = prompt
        self.status = StatusBar()
        self._conversations = conversations
        self._keymap = keymap

    @property
    def conversation(self) -> Conversation:
        """The open one."""
        return self._conversations.current.conversation

    def action_toggle_thinking(self) -> None:
        """Show or hide what the model thought."""
        self.transcript.toggle_thinking()

    def action_to_prompt(self) -> None:
        """Go back to the prompt."""
        self.prompt.focus()

    def action_read_up(self) -> None:
        """One page up in the transcript."""
        self.transcript.scroll_page_up()

    def action_read_down(self) -> None:
        """One page down in the transcript."""
        self.transcript.scroll_page_down()

    def action_line_down(self) -> None:
        """One line down."""
        self.transcript.scroll_down()

    def action_line_up(self) -> None:
        """One line up."""
        self.transcript.scroll_up()

    def action_top(self) -> None:
        """To the beginning."""
        self.transcript.scroll_home()

    def action_follow(self) -> None:
        """To the end of the transcript, and follow the stream again."""
        self.transcript.follow()

    def action_help(self) -> None:
        """Show all keys and commands."""
        self.app.push_screen(HelpScreen(self._keymap))

    def action_copy_reply(self) -> None:
        """Copy the last reply's text."""
        replies = [message for message in self.conversation.path() if message.ending]
        if replies and replies[-1].text:
            self.copy(replies[-1].text)
        else:
            self.notify("There is no reply to copy yet.", severity="warning", markup=False)

    def copy(self, text: str) -> None:
        """Send `text` to the terminal's clipboard, and promise no more than that."""
        self.app.copy_to_clipboard(text)
        self.notify(
            f"{len(text):,} characters sent to the clipboard by OSC 52; "
            "the terminal does not confirm it.",
            markup=False,
        )
