"""The user's own `[keys]`: what can be chosen, and what somebody else needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App
from textual.binding import Binding
from textual.keys import Keys, key_to_character
from textual.widgets import TextArea

from tui.errors import SettingsError
from tui.hints import nearest
from tui.ui.keys import ACTIONS, MOVES, Place, single_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHAT_PLACES = (Place.ANYWHERE, Place.CHAT, Place.PROMPT, Place.TRANSCRIPT)
_EDITING = {binding.key for binding in Binding.make_bindings(TextArea.BINDINGS)}


def check_keymap(keymap: Mapping[str, str], where: str) -> None:
    """Check the user's `[keys]`; `where` is the file they are in.

    Raises:
        SettingsError: a name that is no action, a key that does not exist, or one that two actions
            would share in one place, or that is needed there to type, to edit or to move.
    """
    by_id = {action.id: action for action in ACTIONS}
    for name, keys in keymap.items():
        if name not in by_id:
            raise SettingsError(f"{where}: keys.{name} is not an action; {nearest(name, by_id)}")
        for key in keys.split(","):
            if not _is_key(key.strip()):
                raise SettingsError(
                    f"{where}: keys.{name} names {key!r}, which is no key; one looks like ctrl+g."
                )
    taken = _taken()
    for action in by_id.values():
        places: tuple[Place, ...] = (action.place,)
        if action.place is Place.ANYWHERE:
            places = tuple(Place)
        elif action.place is Place.CHAT:  # its keys count in the whole chat
            places = _CHAT_PLACES
        for key in single_keys(keymap.get(action.id, action.keys)):
            for place in places:
                other = taken.setdefault((place, key), action.id)
                if other != action.id:
                    raise SettingsError(
                        f"{where}: the key {key} is wanted by both {other} and {action.id}."
                    )
            needed = None
            if action.priority and _is_typed(key):
                needed = "could not be typed any more"
            elif key in _EDITING - set(single_keys(action.keys)) and Place.PROMPT in places:
                needed = "edits the text in the prompt"
            if needed:
                raise SettingsError(
                    f"{where}: keys.{action.id} names {key}, which {needed}; "
                    "take another, for instance one of f2 to f5."
                )


def _taken() -> dict[tuple[Place, str], str]:
    """Who has a key in a place without being an action."""
    palette = single_keys(App.COMMAND_PALETTE_BINDING)
    moves = [key for keys, _, _ in MOVES for key in single_keys(keys)]
    taken = {(place, key): "the command palette" for place in _CHAT_PLACES for key in palette}
    taken |= {(Place.SWITCHER, key): "the list itself" for key in ("enter", "escape", *moves)}
    return taken


def _is_typed(key: str) -> bool:
    character = key_to_character(key)
    return character is not None and character.isprintable()


def _is_key(key: str) -> bool:
    *modifiers, base = key.split("+") if key != "+" else ["plus"]
    if not set(modifiers) <= {"ctrl", "alt", "shift", "super", "meta", "hyper"}:
        return False
    known = base in {named.value for named in Keys}
    return known or len(base) == 1 or key_to_character(base) is not None
