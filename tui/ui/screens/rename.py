"""Giving a conversation another title."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui.chat.conversation import TITLE_LENGTH
from tui.chat.hygiene import one_line
from tui.ui.widgets.line_input import LineInput

if TYPE_CHECKING:
    from textual.app import ComposeResult


class RenameScreen(ModalScreen["str | None"]):
    """Gives back the title that was written, `""` for the automatic one, `None` to leave it.

    One that was left as it is is left: the automatic title would become a given one otherwise.
    """

    CSS_PATH = "rename.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own way to declare them
        Binding("escape", "dismiss(None)", "Back", id="rename.back"),
    ]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = one_line(title, TITLE_LENGTH)

    def compose(self) -> ComposeResult:
        """One line, with the title in it and selected."""
        with Vertical(id="rename") as box:
            box.border_title = "Rename"
            box.border_subtitle = "enter renames · empty: as it begins · esc back"
            yield LineInput(
                self._title,
                placeholder="The beginning of the first prompt",
                max_length=TITLE_LENGTH,
                compact=True,
            )

    @on(Input.Submitted)
    def _rename(self, event: Input.Submitted) -> None:
        title = one_line(event.value)
        if self.is_active:  # enter may have been pressed twice
            self.dismiss(None if title == self._title else title)
