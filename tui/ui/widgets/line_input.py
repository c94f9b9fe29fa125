"""One line to type in."""

from __future__ import annotations

from textual.events import Key
from textual.widgets import Input


class LineInput(Input):
    """Obeys its own keys in the order in which they were typed, as the prompt box does."""

    async def _on_key(self, event: Key) -> None:
        if self.app.focused is not self:
            # It was typed behind a key that has meanwhile moved the focus.
            event.stop()
            event.prevent_default()
            self.app.post_message(Key(event.key, event.character))
        elif not event.is_printable:
            active = self.screen.active_bindings.get(event.key)
            if active is not None and active.enabled and not active.binding.priority:
                event.stop()
                event.prevent_default()
                await self.app.run_action(active.binding.action, active.node)
