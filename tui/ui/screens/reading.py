"""What one does with a conversation without changing it: read, unfold, copy; and the help."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from textual import on
from textual.screen import Screen

from tui.ui.screens.help import HelpScreen
from tui.ui.screens.links import LinksScreen
from tui.ui.widgets.selection import Selecting
from tui.ui.widgets.status_bar import StatusBar
from tui.ui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui.chat.conversation import Conversation
    from tui.ui.conversations import Conversations
    from tui.ui.widgets.prompt_box import PromptBox


class ReadingScreen(Screen[None]):
    """The reading half of the chat screen; every key here works while a reply streams."""

    ALLOW_SELECT = False  # Textual's own selection knows widgets only, and ours is the transcript's

    def __init__(
        self, prompt: PromptBox, conversations: Conversations, keymap: Mapping[str, str]
    ) -> None:
        super().__init__()
        self.transcript = Transcript()
        self.prompt = prompt
        self.status = StatusBar(self.transcript.painting)
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
        self.set_focus(self.prompt)

    def action_read_up(self) -> None:
        """One page up in the transcript."""
        self.transcript.scroll_page_up()

    def action_read_down(self) -> None:
        """One page down in the transcript."""
        self.transcript.scroll_page_down()

    def action_line_down(self) -> None:
        """One line down."""
        if self._selects:
            self.transcript.select(lambda selecting: selecting.move(lines=1))
        else:
            self.transcript.scroll_down()

    def action_line_up(self) -> None:
        """One line up."""
        if self._selects:
            self.transcript.select(lambda selecting: selecting.move(lines=-1))
        else:
            self.transcript.scroll_up()

    def action_left(self) -> None:
        """In a selection: one cell left."""
        if self._selects:
            self.transcript.select(lambda selecting: selecting.move(cells=-1))

    def action_right(self) -> None:
        """In a selection: one cell right."""
        if self._selects:
            self.transcript.select(lambda selecting: selecting.move(cells=1))

    def action_line_start(self) -> None:
        """In a selection: to the start of the line."""
        if self._selects:
            self.transcript.select(lambda selecting: selecting.to_line_end(start=True))

    def action_line_end(self) -> None:
        """In a selection: to the end of the line."""
        if self._selects:
            self.transcript.select(lambda selecting: selecting.to_line_end(start=False))

    def action_top(self) -> None:
        """To the beginning."""
        if self._selects:
            self.transcript.select(lambda selecting: selecting.to_end(start=True))
        else:
            self.transcript.scroll_home()

    def action_follow(self) -> None:
        """To the end of the transcript, and follow the stream again."""
        if self._selects:
            self.transcript.select(lambda selecting: selecting.to_end(start=False))
        else:
            self.transcript.follow()

    def action_select(self) -> None:
        """Begin to select with the keys, or let go of what is selected."""
        if self._selects:
            self.transcript.select(Selecting.clear)
            return
        self.set_focus(self.transcript)
        self.transcript.select(Selecting.begin_by_keys)

    @property
    def _selects(self) -> bool:
        """Whether the keys that move stretch a selection."""
        return self.transcript.selecting.keys

    def action_links(self) -> None:
        """List the links on the screen."""
        self._show_links(self.transcript.links())

    @on(Transcript.LinkClicked)
    def _show_link(self, event: Transcript.LinkClicked) -> None:
        self._show_links([(event.text, event.href)])

    def _show_links(self, links: Sequence[tuple[str, str]]) -> None:
        if not links:
            self.notify("There is no link on the screen.", severity="warning", markup=False)
            return
        what = "opens it" if _has_browser() else "copies the address"
        self.app.push_screen(LinksScreen(links, what), self._follow_link)

    def _follow_link(self, href: str | None) -> None:
        if href and _has_browser():
            self.app.open_url(href)
        elif href:
            self.copy(href)

    def action_help(self) -> None:
        """Show all keys and commands."""
        self.app.push_screen(HelpScreen(self._keymap))

    def action_copy_reply(self) -> None:
        """Copy what is selected, else the text of the marked message, else of the last reply."""
        if self.transcript.selected_lines:
            self.copy(self.transcript.selecting.text())
            self.transcript.select(Selecting.clear)
            return
        replies = (each for each in reversed(self.conversation.path()) if each.ending)
        message = self.transcript.marked_message or next(replies, None)
        if message is not None and message.text:
            self.copy(message.text)
        else:
            self.notify("There is no reply to copy yet.", severity="warning", markup=False)

    def action_copy_code(self) -> None:
        """Copy the code block under the cursor or the mouse, else the last one on the screen."""
        if (block := self.transcript.code_block()) is not None:
            self.copy(block.source)
        else:
            self.notify("There is no code on the screen.", severity="warning", markup=False)

    def get_selected_text(self) -> str | None:
        """What is selected anywhere on the screen."""
        return self.transcript.selecting.text() or super().get_selected_text()

    def copy(self, text: str) -> None:
        """Send `text` to the terminal's clipboard, and promise no more than that."""
        self.app.copy_to_clipboard(text)
        self.notify(
            f"{len(text):,} characters sent to the clipboard by OSC 52; "
            "the terminal does not confirm it.",
            markup=False,
        )


def _has_browser() -> bool:
    """Whether a browser would open beside the terminal; one in it would ruin the screen."""
    return sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
