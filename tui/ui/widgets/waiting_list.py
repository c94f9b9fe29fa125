"""Messages that were sent while a reply ran, and wait for their turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from tui.chat.hygiene import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 3


class WaitingList(Static):
    """One line a message, the next to be sent first; takes no room when nothing waits."""

    def __init__(self, *, send_key: str, recall_key: str) -> None:
        super().__init__(id="waiting", markup=False)
        self._send_key = send_key
        self._recall_key = recall_key
        self.display = False

    def show(self, waiting: Sequence[str], *, held: bool) -> None:
        """Show what waits; `held` says that it will not be sent by itself."""
        self.display = bool(waiting)
        lines = [
            Content.assemble(("◌ ", "$warning"), one_line(text, 200)) for text in waiting[:_SHOWN]
        ]
        more = len(waiting) - _SHOWN
        how = f"{self._send_key} sends the next" if held else "sent when the reply is complete"
        rest = f"… and {more} more · " if more > 0 else ""
        back = f"{self._recall_key} takes back the last"
        lines.append(Content.styled(f"  {rest}{how} · {back}", "$foreground-muted"))
        self.update(Content("\n").join(lines))
