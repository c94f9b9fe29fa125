"""The user's own `[keys]`: what can be chosen, and what somebody else needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App
from textual.binding import Binding
from textual.keys import Keys, key_to_character
from textual.widgets import TextArea

from tui.errors import SettingsError
from tui.hints import nearest
from tui.ui.keys import ACTIONS, FIXED, MOVES, Place, single_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.storage.toml_table import TomlTable

_CHAT_PLACES = (Place.ANYWHERE, Place.CHAT, Place.PROMPT, Place.TRANSCRIPT)
_SPARE = tuple(f"f{number}" for number in range(5, 13))
"""Keys that are nobody's unless the user gives them to somebody."""
_EDITING = {binding.key for binding in Binding.make_bindings(TextArea.BINDINGS)}


def check_keymap(keymap: Mapping[str, str], settings: TomlTable) -> None:
    """Check the user's `[keys]`, which stand in the `settings`.

    Raises:
        SettingsError: a name that is no action, a key that does not exist, or one that two actions
            would share in one place, or that is needed there to type, to edit or to move.
    """
    by_id = {action.id: action for action in ACTIONS}
    for name, keys in keymap.items():
        if name not in by_id:
            where = settings.where("keys", name)
            raise SettingsError(f"{where} is not an action; {nearest(name, by_id)}")
        for key in keys.split(","):
            if not _is_key(key.strip()):
                where = settings.where("keys", name)
                raise SettingsError(f"{where} names {key!r}, which is no key; {_advice(keymap)}")
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
                    # Of the two somebody has written one at least.
                    mine, its = (action.id, other) if action.id in keymap else (other, action.id)
                    raise SettingsError(
                        f"{settings.where('keys', mine)}: the key {key} is wanted by both {other} "
                        f"and {action.id}; {_advice(keymap, its if its in by_id else '')}"
                    )
            needed = None
            if action.priority and _is_typed(key):
                needed = "could not be typed any more"
            elif key in _EDITING - set(single_keys(action.keys)) and Place.PROMPT in places:
                needed = "edits the text in the prompt"
            if needed:
                where = settings.where("keys", action.id)
                raise SettingsError(f"{where} names {key}, which {needed}; {_advice(keymap)}")


def _advice(keymap: Mapping[str, str], rival: str = "") -> str:
    """Which key to take instead, or to give to the `rival`."""
    used = {key for action in ACTIONS for key in single_keys(keymap.get(action.id, action.keys))}
    free = next((key for key in _SPARE if key not in used), _SPARE[-1])
    advice = f"take another, for instance {free}"
    return f'{advice}, or give {rival} another: {rival} = "{free}".' if rival else f"{advice}."


def _taken() -> dict[tuple[Place, str], str]:
    """Who has a key in a place without being an action."""
    palette = single_keys(App.COMMAND_PALETTE_BINDING)
    moves = [key for keys, _, _ in MOVES for key in single_keys(keys)]
    taken = {(place, key): "the command palette" for place in _CHAT_PLACES for key in palette}
    taken |= {
        (place, key): "the list itself"
        for place in (Place.SWITCHER, Place.MODELS)
        for key in ("enter", "escape", *moves)
    }
    # What counts anywhere would come before the key of a dialog, and do its own thing instead.
    return taken | {(place, key): place.removeprefix("in ") for place, key, _, _ in FIXED}


def _is_typed(key: str) -> bool:
    character = key_to_character(key)
    return character is not None and character.isprintable()


def _is_key(key: str) -> bool:
    *modifiers, base = key.split("+") if key != "+" else ["plus"]
    if not set(modifiers) <= {"ctrl", "alt", "shift", "super", "meta", "hyper"}:
        return False
    known = base in {named.value for named in Keys}
    return known or len(base) == 1 or key_to_character(base) is not None
