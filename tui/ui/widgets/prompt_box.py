"""Where the person types: grows with the text, sends on enter, never locked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.widgets import TextArea

from tui.ui.keys import Place, bindings

if TYPE_CHECKING:
    from textual.events import Key


class PromptBox(TextArea):
    """A text area: enter sends, and `ctrl+j`, which every terminal delivers, breaks the line."""

    BINDINGS = [*bindings(Place.PROMPT)]  # noqa: RUF012 - Textual's own way to declare them

    @dataclass
    class Submitted(Message):
        """The person sent this text; the box is free for the next already."""

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

    async def _on_key(self, event: Key) -> None:
        """Obey the box's own keys in the order in which they were typed.

        Textual looks bindings up either before a key joins this box's queue or after it has bubbled
        up to the app. Over a slow link keys come in bursts, and enter would overtake letters typed
        before it, or backspace fall behind those typed after it. (The text area's own handler is
        called next by itself, unless the default was prevented.)
        """
        if not event.is_printable:
            active = self.screen.active_bindings.get(event.key)
            if active is not None and active.node is self:
                event.stop()
                event.prevent_default()
                await self.run_action(active.binding.action)

    def replace_all(self, text: str) -> None:
        """Put `text` in place of everything, undoable, with the cursor at its end."""
        self.replace(text, (0, 0), self.document.end)
        self.move_cursor(self.document.end)

    def action_send(self) -> None:
        """Hand the text over and make room for the next; undo brings it back."""
        text = self.text
        self.clear()
        self.post_message(self.Submitted(text))

    def put_back(self, text: str) -> None:
        """Return what was sent and could not be used, before anything typed since."""
        self.insert(text, (0, 0), maintain_selection_offset=True)
        self.focus()

    def action_new_line(self) -> None:
        """Insert a line break at the cursor."""
        self.insert("\n")

    def action_recall(self) -> None:
        """Ask for an earlier prompt if there is nothing here, else move up a line."""
        if self.text:
            self.action_cursor_up()
        else:
            self.post_message(self.Recalled())
