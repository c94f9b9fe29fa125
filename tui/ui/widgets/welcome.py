"""What stands in a conversation in which nothing was said yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from tui.chat.hygiene import one_line
from tui.ui.keys import first_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.launch import Session


def welcome(session: Session, keymap: Mapping[str, str]) -> Content:
    """What to do first, and with whom one would be talking."""
    lines = [Content.assemble(("Rill", "bold $primary"), "  a small stream")]
    if session.is_demo:
        lines += [
            Content("No model is connected: this is the built-in demo. Say anything to it,"),
            Content.assemble("or ", ("help", "$accent"), " to see what it can play. For a model:"),
            Content.assemble("  ", ("export ANTHROPIC_API_KEY=…", "$accent"), "  and start again"),
        ]
    else:
        model = one_line(session.model_label)
        lines.append(Content.assemble("You are talking to ", (model, "$accent")))
    help_key, quit_key = first_key("help", keymap), first_key("quit", keymap)
    lines.append(
        Content.assemble(
            (help_key, "$accent"), " keys and commands · ", (quit_key, "$accent"), " quit"
        )
    )
    return Content("\n").join(lines)
