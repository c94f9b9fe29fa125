"""Where the person types: grows with the text, sends on enter, never locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import TextArea

from tui.chat.hygiene import make_visible
from tui.ui.keys import Place, bindings
from tui.ui.widgets.key_order import obey_in_order

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from rich.text import Text
    from textual.events import Key
    from textual.screen import Screen


class PromptBox(TextArea):
    """A text area: enter sends, and `ctrl+j`, which every terminal delivers, breaks the line."""

    BINDINGS = [*bindings(Place.PROMPT)]  # noqa: RUF012 - Textual's own way to declare them

    def __init__(self, submit: Callable[[str], Awaitable[None]]) -> None:
        """`submit` is awaited, not sent a message, so that the next key finds it done."""
        super().__init__(
            id="prompt",
            soft_wrap=True,
            tab_behavior="focus",
            show_line_numbers=False,
            highlight_cursor_line=False,
            placeholder="Write a message; /help lists keys and commands",
        )
        self._submit = submit

    def on_mount(self) -> None:
        """Keep the terminal's own, hidden cursor here: input methods open their window at it."""
        self.screen.screen_layout_refresh_signal.subscribe(self, self._lead_terminal_cursor)

    def _lead_terminal_cursor(self, _: Screen[object]) -> None:
        # Textual does it when the cursor moves in the box, not when the box moves.
        if self.has_focus:
            self.app.cursor_position = self.cursor_screen_offset

    async def _on_key(self, event: Key) -> None:
        await obey_in_order(self, event, types=True)

    def replace_all(self, text: str) -> None:
        """Put `text` in place of everything, undoable, with the cursor at its end."""
        self.replace(text, (0, 0), self.document.end)
        self.move_cursor(self.document.end)

    def get_line(self, line_index: int) -> Text:
        """One line as it is shown: what was pasted may hold what could drive the terminal."""
        line = super().get_line(line_index)
        line.plain = make_visible(line.plain)
        return line

    async def action_send(self) -> None:
        """Hand the text over and make room for the next; undo brings it back."""
        text = self.text
        self.clear()
        await self._submit(text)

    def put_back(self, text: str) -> None:
        """Return what was sent and could not be used, before anything typed since."""
        self.insert(text, (0, 0), maintain_selection_offset=True)
        self.screen.set_focus(self)

    def action_new_line(self) -> None:
        """Insert a line break at the cursor."""
        self.insert("\n")

    async def action_read_up(self) -> None:
        """Read on above while writing here."""
        await self.run_action("screen.read_up")

    async def action_read_down(self) -> None:
        """Read on below while writing here."""
        await self.run_action("screen.read_down")

    def action_cursor_line_end(self, select: bool = False) -> None:
        """To the end of the line; in an empty prompt to the end of the transcript."""
        if self.text:
            super().action_cursor_line_end(select)
        else:
            self.app.call_later(self.run_action, "screen.follow")

    async def action_recall(self) -> None:
        """On the first line take back an earlier prompt, else move up a line."""
        if self._row == 0:
            await self.run_action("screen.recall")
        else:
            self.action_cursor_up()

    async def action_recall_newer(self) -> None:
        """On the last line go back to a newer prompt, else move down a line."""
        if self._row == self.wrapped_document.height - 1:
            await self.run_action("screen.recall_newer")
        else:
            self.action_cursor_down()

    @property
    def _row(self) -> int:
        """The line of the box, as it is wrapped, that the cursor is in."""
        return self.wrapped_document.location_to_offset(self.cursor_location).y
