"""The one table of actions: bindings, palette, slash commands and the help screen come from it.

Every action has a way that is plain: a slash command, a letter in the transcript, or a key that all
terminals send: enter, escape, up, down, ctrl with a letter. Of the rest terminals and multiplexers
eat some.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from textual.binding import Binding
from textual.keys import key_to_character

if TYPE_CHECKING:
    from collections.abc import Mapping


class Place(StrEnum):
    """Where an action's keys count."""

    ANYWHERE = "anywhere, at every moment"
    CHAT = "anywhere in the chat"
    PROMPT = "in the prompt"
    TRANSCRIPT = "in the transcript"
    SWITCHER = "in the list of conversations"
    MODELS = "in the list of models"
    KEY_ENTRY = "in the entry of an API key"


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
    place: Place = Place.CHAT
    footer: bool = False
    priority: bool = False
    argument: str = ""
    """What may stand behind the slash command."""
    is_secret: bool = False
    """What stands behind it may be one: it is let go of, and never a prompt."""

    @property
    def command(self) -> str:
        """Where Textual finds the method: it looks in the place of the binding, nowhere else."""
        match self.place:
            case Place.ANYWHERE:
                return f"app.{self.id}"
            case Place.CHAT | Place.TRANSCRIPT:
                return f"screen.{self.id}"
            case _:
                return self.id


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
        "On the first line: take back the last waiting message, else an earlier prompt",
        "up",
        "/recall",
        place=Place.PROMPT,
    ),
    Action(
        "recall_newer",
        "Recall newer",
        "On the last line, after that: a newer prompt, in the end what was being written",
        "down",
        place=Place.PROMPT,
    ),
    Action("earlier_prompts", "Earlier", "Search in all earlier prompts", "ctrl+r", "/history"),
    Action(
        "read_up",
        "Page up",
        "One page up in the transcript, from the prompt",
        "pageup",
        "/up",
        place=Place.PROMPT,
    ),
    Action(
        "read_down",
        "Page down",
        "One page down in the transcript, from the prompt",
        "pagedown",
        "/down",
        place=Place.PROMPT,
    ),
    Action(
        "stop",
        "Stop",
        "Stop the running reply; else let go of what is edited, selected or marked; "
        "else go to the transcript",
        "escape",
        "/stop",
        footer=True,
    ),
    Action(
        "interrupt",
        "Stop, copy, clear, quit",
        "Stop the running reply; else close the dialog; else copy the selection; "
        "else clear the prompt; twice: quit",
        "ctrl+c",
        place=Place.ANYWHERE,
        priority=True,
    ),
    Action("new_conversation", "New", "Start a new conversation", "ctrl+n", "/new", footer=True),
    Action(
        "open_conversation",
        "Open",
        "Open another conversation, or search in all of them",
        "ctrl+o",
        "/open",
        footer=True,
    ),
    Action(
        "choose_model",
        "Model",
        "Choose another model for this conversation",
        "f3",
        "/model",
        argument="PROVIDER/MODEL",
    ),
    Action(
        "set_parameters",
        "Parameters",
        "Change what is asked of the model here: temperature, the longest reply and the like",
        "f4",
        "/set",
        argument="NAME VALUE",
    ),
    Action("enter_key", "API key", "Enter the key of this provider", slash="/key", is_secret=True),
    Action(
        "rename_conversation", "Rename", "Give this conversation another title", "f2", "/rename"
    ),
    Action("pin_conversation", "Pin", "Keep this conversation on top of the list", slash="/pin"),
    Action(
        "duplicate_conversation", "Duplicate", "Go on in a copy of this one", slash="/duplicate"
    ),
    Action("delete_conversation", "Delete", "Delete this conversation", slash="/delete"),
    Action("undo", "Undo delete", "Bring back what was deleted last", slash="/undo"),
    Action("help", "Help", "Show all keys and commands", "f1", "/help", footer=True),
    Action(
        "quit",
        "Quit",
        "Quit Rill",
        "ctrl+q",
        "/quit",
        place=Place.ANYWHERE,
        footer=True,
        priority=True,
    ),
    Action(
        "retry",
        "Try again",
        "Ask for the marked reply again, or the last one; the old one stays as an alternative",
        "r",
        "/retry",
        place=Place.TRANSCRIPT,
    ),
    Action(
        "continue",
        "Continue",
        "Ask the model to go on where the last reply was cut",
        "c",
        "/continue",
        place=Place.TRANSCRIPT,
    ),
    Action(
        "edit",
        "Edit",
        "Change the marked prompt, or the last one, and send it as a new branch",
        "e",
        "/edit",
        place=Place.TRANSCRIPT,
    ),
    Action(
        "previous_message",
        "Previous message",
        "Mark the message before, to edit it, ask again, delete or walk its branches",
        "K",
        place=Place.TRANSCRIPT,
    ),
    Action("next_message", "Next message", "Mark the message after", "J", place=Place.TRANSCRIPT),
    Action(
        "older_branch",
        "Older branch",
        "Show the alternative before the marked message, or the last that has any",
        "left_square_bracket",
        "/older",
        place=Place.TRANSCRIPT,
    ),
    Action(
        "newer_branch",
        "Newer branch",
        "Show the alternative after the marked message, or the last that has any",
        "right_square_bracket",
        "/newer",
        place=Place.TRANSCRIPT,
    ),
    Action(
        "delete_branch",
        "Delete branch",
        "Delete the marked message, or the last one, and all that follows it",
        "D",
        "/delete_branch",
        place=Place.TRANSCRIPT,
    ),
    Action(
        "copy_reply",
        "Copy",
        "Copy what is selected, else the marked message, else the last reply",
        "y",
        "/copy",
        place=Place.TRANSCRIPT,
    ),
    Action(
        "toggle_thinking",
        "Unfold thinking",
        "Show or hide what the model thought",
        "space",
        "/thinking",
        place=Place.TRANSCRIPT,
    ),
    Action(
        "copy_code",
        "Copy code",
        "Copy the code block under the cursor or the mouse, else the last one on the screen",
        "Y",
        "/code",
        place=Place.TRANSCRIPT,
    ),
    Action(
        "select",
        "Select",
        "Select text: move to stretch the selection, y copies it, v again lets go of it",
        "v",
        "/select",
        place=Place.TRANSCRIPT,
    ),
    Action(
        "links",
        "Links",
        "List the links on the screen, to open or to copy one",
        "o",
        "/links",
        place=Place.TRANSCRIPT,
    ),
    Action("to_prompt", "Back", "Go back to the prompt", "i,enter", place=Place.TRANSCRIPT),
    Action("line_down", "Down", "One line down", "j,down", place=Place.TRANSCRIPT),
    Action("line_up", "Up", "One line up", "k,up", place=Place.TRANSCRIPT),
    Action("left", "Left", "In a selection: a character left", "h,left", place=Place.TRANSCRIPT),
    Action(
        "right", "Right", "In a selection: one character right", "l,right", place=Place.TRANSCRIPT
    ),
    Action("line_start", "Line start", "In a selection: line start", "0", place=Place.TRANSCRIPT),
    Action(
        "line_end", "Line end", "In a selection: line end", "dollar_sign", place=Place.TRANSCRIPT
    ),
    Action("top", "Top", "To the beginning", "g,home", place=Place.TRANSCRIPT),
    Action(
        "follow",
        "To the end",
        "To the end, and follow the stream again",
        "end,G",
        "/end",
        place=Place.TRANSCRIPT,
    ),
    Action(
        "drop_conversation",
        "Delete",
        "Delete the highlighted conversation",
        "ctrl+d",
        place=Place.SWITCHER,
        priority=True,
    ),
    Action(
        "rename_highlighted",
        "Rename",
        "Rename the highlighted conversation",
        "f2,ctrl+r",
        place=Place.SWITCHER,
        priority=True,
    ),
    Action(
        "pin_highlighted",
        "Pin",
        "Keep the highlighted conversation on top, or not",
        "ctrl+t",
        place=Place.SWITCHER,
        priority=True,
    ),
    Action(
        "duplicate_highlighted",
        "Duplicate",
        "Copy the highlighted conversation",
        "ctrl+y",
        place=Place.SWITCHER,
        priority=True,
    ),
    Action(
        "undo_drop",
        "Undo delete",
        "Bring back what was deleted last",
        "ctrl+z",
        place=Place.SWITCHER,
        priority=True,
    ),
)

MOVES = (
    ("down,ctrl+n", "line", 1),
    ("up,ctrl+p", "line", -1),
    ("pagedown", "page", 1),
    ("pageup", "page", -1),
    # For the line that is typed there are ctrl+a and ctrl+e.
    ("home", "top", 0),
    ("end", "bottom", 0),
)
"""The keys that move in a list that one finds in by typing, nobody's to take away."""
FIXED = (
    (Place.MODELS, "ctrl+r", "refresh_lists", "Ask the providers for their lists again"),
    (Place.KEY_ENTRY, "ctrl+s", "keep", "Use the key, and keep it in the system's keyring, too"),
)
"""What else a dialog has a key for: the place, the key, Textual's action, what it does."""
BY_SLASH = {action.slash: action for action in ACTIONS if action.slash}
_NAMES = {"escape": "esc"}


def bindings(*places: Place) -> list[Binding]:
    """Textual's bindings for the actions of these places."""
    return [
        Binding(
            # Textual gives the user's key only to what has one: this is one that nobody can press.
            action.keys or f"no_key_{action.id}",
            action.command,
            action.title,
            id=action.id,
            show=action.footer,
            priority=action.priority,
        )
        for action in ACTIONS
        if action.place in places
    ]


def fixed_bindings(place: Place) -> list[Binding]:
    """Textual's bindings for the keys of a dialog that are nobody's to change."""
    return [
        Binding(key, action, show=False, priority=True, id=f"{place.name.lower()}.{action}")
        for where, key, action, _ in FIXED
        if where is place
    ]


def key_names(action: Action, keymap: Mapping[str, str]) -> list[str]:
    """The keys of an action as a person would write them, the user's own if there are any."""
    return [_NAMES.get(key, key) for key in single_keys(keymap.get(action.id, action.keys))]


def first_key(action_id: str, keymap: Mapping[str, str]) -> str:
    """The key to name in a hint; the slash command where the user took the key away."""
    action = next(each for each in ACTIONS if each.id == action_id)
    return next(iter(key_names(action, keymap)), action.slash)


def single_keys(keys: str) -> list[str]:
    """The single keys, each by one name only: `]` and `right_square_bracket` are the same."""
    return [_one_name(key.strip()) for key in keys.split(",") if key.strip()]


def _one_name(key: str) -> str:
    character = key_to_character(key)
    return character if character and character.isprintable() and character != " " else key
