"""What stands in a conversation in which nothing was said yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from tui.chat.hygiene import one_line
from tui.ui.keys import first_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui.nearby import Found
    from tui.roster import Target


def welcome(
    target: Target, keymap: Mapping[str, str], *, hint: str = "", nearby: Sequence[Found] = ()
) -> Content:
    """What to do first, and with whom one would be talking."""
    lines = [Content.assemble(("Rill", "bold $primary"), "  a small stream")]
    model_key = first_key("choose_model", keymap)
    if target.is_demo:
        lines += [
            Content("No model is connected: this is the built-in demo. Say anything to it,"),
            Content.assemble("or ", ("help", "$accent"), " to see what it can play. For a model:"),
            Content.assemble("  ", ("export ANTHROPIC_API_KEY=…", "$accent"), "  and start again,"),
            Content.assemble(
                "  or ",
                (model_key, "$accent"),
                " and then ",
                ("/key", "$accent"),
                " for any other,",
            ),
            Content.assemble(
                "  or ", ("rill config init", "$accent"), " for a server of your own."
            ),
        ]
        if hint:
            lines.append(Content.styled(one_line(hint), "$warning"))
        lines += [
            Content.assemble(
                (f"{found.provider} runs on this machine", "$success"),
                ": type ",
                (f"/model {one_line(found.models[0])}", "$accent"),
                f" or choose with {model_key}." if found.count > 1 else "",
            )
            for found in nearby
        ]
    else:
        model = one_line(target.label)
        lines.append(
            Content.assemble(
                "You are talking to ", (model, "$accent"), " · ", (model_key, "$accent"), " another"
            )
        )
    help_key, quit_key = first_key("help", keymap), first_key("quit", keymap)
    lines.append(
        Content.assemble(
            (help_key, "$accent"), " keys and commands · ", (quit_key, "$accent"), " quit"
        )
    )
    return Content("\n").join(lines)
