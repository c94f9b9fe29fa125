"""Says for as long as it is so that what is said here is not being saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from tui.chat.hygiene import one_line

if TYPE_CHECKING:
    from tui.errors import HistoryError


class TroubleBar(Static):
    """Takes no room while all is well."""

    def __init__(self) -> None:
        super().__init__(id="trouble", markup=False)
        self.display = False

    def show(self, trouble: HistoryError | None) -> None:
        """Show what keeps the history from being written."""
        self.display = trouble is not None
        if trouble is not None:
            until = "until that is over" if trouble.passes else "and nowhere else"
            words = f"{one_line(str(trouble))} What is said here is kept in memory {until}."
            self.update(Content.assemble(("▲ Not saved. ", "bold"), words))
