"""Keys count in the order in which they were typed, however fast they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Key

if TYPE_CHECKING:
    from textual.widget import Widget


async def obey_in_order(widget: Widget, event: Key, *, types: bool) -> None:
    """Do now what a key is bound to, if it is; to be awaited by a widget before its own handler.

    Textual looks bindings up either before a key joins the widget's queue or after it has bubbled
    up to the app. Over a slow link keys come in bursts, and enter would overtake letters typed
    before it, or backspace fall behind those typed after it. (A widget's own handler is called next
    by itself, unless the default was prevented.)

    In a widget that `types`, what can be printed is text.
    """
    if widget.app.focused is not widget:
        # It was typed behind a key that has meanwhile moved the focus.
        event.stop()
        event.prevent_default()
        widget.app.post_message(Key(event.key, event.character))
    elif not (types and event.is_printable):
        active = widget.screen.active_bindings.get(event.key)
        if active is not None and active.enabled and not active.binding.priority:
            event.stop()
            event.prevent_default()
            await widget.app.run_action(active.binding.action, active.node)
