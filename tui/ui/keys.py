"""The one table of actions: bindings, palette, slash commands and the help screen come from it.

Every action has a path of plain ASCII: a slash command, or a letter in the transcript. Terminals
and multiplexers eat the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from textual.binding import Binding

from tui.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Place(StrEnum):
    """Where an action's keys count."""

    ANYWHERE = "anywhere"
    PROMPT = "in the prompt"
    TRANSCRIPT = "in the transcript"
    SWITCHER = "in the list of conversations"


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person can do. `keys` is Textual's notation, alternatives between commas.

    `id` is the name in `[keys]` of the settings and of the method `action_<id>` that does it.
    """

    id: str
    title: str
    help: str
    keys: str = ""
    slash: str = ""
    place: Place = Place.ANYWHERE
    footer: bool = False
    priority: bool = False


ACTIONS = (
    Action("send", "Send", "Send the prompt", "enter", place=Place.PROMPT),
    Action(
        "new_line",
        "New line",
        "Begin a new line in the prompt",
        "ctrl+j,shift+enter,alt+enter",
        place=Place.PROMPT,
    ),
    Action(
        "recall",
        "Recall",
        "In an empty prompt: take back the last waiting message, else the last prompt",
        "up",
        "/recall",
        place=Place.PROMPT,
    ),
    Action(
        "stop",
        "Stop",
        "Stop the running reply; with none running, leave the prompt for the transcript",
        "escape",
        "/stop",
        footer=True,
    ),
    Action(
        "interrupt",
        "Stop, copy, clear, quit",
        "Stop the running reply; else copy the selection; else clear the prompt; twice: quit",
        "ctrl+c",
        priority=True,
    ),
    Action("new_conversation", "New", "Start a new conversation", "ctrl+n", "/new", footer=True),
    Action(
        "open_conversation",
        "Open",
        "Open another conversation of this run",
        "ctrl+o",
        "/open",
        footer=True,
    ),
    Action("close_conversation", "Close", "Close this conversation", slash="/close"),
    Action("reopen_conversation", "Undo close", "Bring back what was closed last", slash="/undo"),
    Action("help", "Help", "Show all keys and commands", "f1", "/help", footer=True),
    Action("quit", "Quit", "Quit Rill", "ctrl+q", "/quit", footer=True, priority=True),
    Action(
        "retry",
        "Try again",
        "Ask for the last reply again; the old one stays as an alternative",
        "r",
        "/retry",
        place=Place.TRANSCRIPT,
    ),
    Action(
        "older_reply",
        "Older reply",
        "Show the alternative before this reply",
        "left_square_bracket",
        "/older",
        place=Place.TRANSCRIPT,
    ),
    Action(
        "newer_reply",
        "Newer reply",
        "Show the alternative after this reply",
        "right_square_bracket",
        "/newer",
        place=Place.TRANSCRIPT,
    ),
    Action("copy_reply", "Copy", "Copy the last reply", "y", "/copy", place=Place.TRANSCRIPT),
    Action(
        "toggle_thinking",
        "Unfold thinking",
        "Show or hide what the model thought",
        "space",
        "/thinking",
        place=Place.TRANSCRIPT,
    ),
    Action("to_prompt", "Back", "Go back to the prompt", "i,enter", place=Place.TRANSCRIPT),
    Action("line_down", "Down", "One line down", "j,down", place=Place.TRANSCRIPT),
    Action("line_up", "Up", "One line up", "k,up", place=Place.TRANSCRIPT),
    Action("top", "Top", "To the beginning", "g,home", place=Place.TRANSCRIPT),
    Action(
        "follow",
        "End",
        "To the end, and follow the stream again",
        "G,end",
        "/end",
        place=Place.TRANSCRIPT,
    ),
    Action(
        "drop_conversation",
        "Close",
        "Close the highlighted conversation",
        "ctrl+d",
        place=Place.SWITCHER,
        priority=True,
    ),
)

BY_SLASH = {action.slash: action for action in ACTIONS if action.slash}
_NAMES = {
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "esc",
}


def bindings(*places: Place) -> list[Binding]:
    """Textual's bindings for the actions of these places."""
    return [
        Binding(
            action.keys,
            # Textual looks for the method where the binding stands and nowhere else.
            f"screen.{action.id}" if action.place is Place.TRANSCRIPT else action.id,
            action.title,
            id=action.id,
            show=action.footer,
            priority=action.priority,
        )
        for action in ACTIONS
        if action.keys and action.place in places
    ]


def key_names(action: Action, keymap: Mapping[str, str]) -> list[str]:
    """The keys of an action as a person would write them, the user's own if there are any."""
    keys = keymap.get(action.id, action.keys)
    return [_NAMES.get(key, key) for key in keys.split(",") if key]


def check_keymap(keymap: Mapping[str, str], where: str) -> None:
    """Raise SettingsError for a name in `[keys]` that is no action with keys."""
    known = [action.id for action in ACTIONS if action.keys]
    for name in keymap:
        if name not in known:
            raise SettingsError(f"{where}: keys.{name} is not an action; {_hint(name, known)}")


def _hint(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    names = list(known)
    close = get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(names)}."
