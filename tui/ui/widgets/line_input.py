"""One line to type in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

from tui.ui.widgets.key_order import obey_in_order

if TYPE_CHECKING:
    from textual.events import Key


class LineInput(Input):
    """Obeys its own keys in the order in which they were typed, as the prompt box does."""

    async def _on_key(self, event: Key) -> None:
        await obey_in_order(self, event, types=True)
