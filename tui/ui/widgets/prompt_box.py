"""Where the person types: grows with the text, sends on enter, never locked."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.widgets import TextArea

from tui.ui.keys import Place, bindings


class PromptBox(TextArea):
    """A text area: enter sends, and `ctrl+j`, which every terminal delivers, breaks the line."""

    BINDINGS = [*bindings(Place.PROMPT)]  # noqa: RUF012 - Textual's own way to declare them

    @dataclass
    class Submitted(Message):
        """The person sent this text; the box keeps it until whoever takes it clears it."""

        box: PromptBox
        text: str

    class Recalled(Message):
        """The person asked, in an empty box, for what was typed before."""

    def __init__(self) -> None:
        super().__init__(
            id="prompt",
            soft_wrap=True,
            tab_behavior="focus",
            show_line_numbers=False,
            highlight_cursor_line=False,
            placeholder="Write a message; /help lists keys and commands",
        )
        self.border_subtitle = "enter sends · ctrl+j new line"

    def replace_all(self, text: str) -> None:
        """Put `text` in place of everything, undoable, with the cursor at its end."""
        self.replace(text, (0, 0), self.document.end)
        self.move_cursor(self.document.end)

    def action_send(self) -> None:
        """Offer the text to whoever listens."""
        self.post_message(self.Submitted(self, self.text))

    def action_new_line(self) -> None:
        """Insert a line break at the cursor."""
        self.insert("\n")

    def action_recall(self) -> None:
        """Ask for an earlier prompt if there is nothing here, else move up a line."""
        if self.text:
            self.action_cursor_up()
        else:
            self.post_message(self.Recalled())
