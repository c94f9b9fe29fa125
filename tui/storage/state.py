"""What the machine remembers for itself, beside what the user wrote down.

Small private files in the state folder. Losing one loses no more than a convenience, so what cannot
be read counts as nothing, and what cannot be written is not.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from tui.chat.json_text import parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tui.chat.message import JsonObject, JsonValue


def read_state(path: Path) -> JsonObject:
    """The object in a file, empty if there is none."""
    try:
        return parse_object(path.read_text(encoding="utf-8")) or {}
    except (OSError, ValueError):
        return {}


def write_state(path: Path, state: Mapping[str, JsonValue]) -> None:
    """Put an object into a file, whole or not at all."""
    beside = path.with_name(f".{uuid4().hex[:12]}.part")
    with suppress(OSError):
        _make_private(path.parent)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with os.fdopen(os.open(beside, flags, 0o600), "w", encoding="utf-8") as file:
                json.dump(state, file, ensure_ascii=False)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


class Choices:
    """What was chosen in the app: the model, and whose keys are in the system's keyring."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "choices.json"
        self._state = read_state(self._path)

    @property
    def model(self) -> str:
        """`provider/model` as it was chosen last, `""` if none was."""
        model = self._state.get("model")
        return model if isinstance(model, str) else ""

    def choose_model(self, model: str) -> None:
        """Remember it for the next start."""
        self._write(model=model)

    @property
    def in_keyring(self) -> tuple[str, ...]:
        """The providers whose keys Rill has put there."""
        names = self._state.get("in_keyring")
        return tuple(filter(_is_text, names)) if isinstance(names, list) else ()

    def keep_in_keyring(self, name: str) -> None:
        """Remember that a provider's key is there."""
        self._refresh()
        self._write(in_keyring=[*dict.fromkeys([*self.in_keyring, name])])

    def _refresh(self) -> None:
        """Another Rill may have chosen something else since."""
        self._state = {**self._state, **read_state(self._path)}

    def _write(self, **changes: JsonValue) -> None:
        self._refresh()
        self._state = {**self._state, **changes}
        write_state(self._path, self._state)


def _make_private(folder: Path) -> None:
    """Make a folder and those above it that are missing: `parents=True` opens these to others."""
    if not folder.is_dir():
        _make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _is_text(value: object) -> bool:
    return isinstance(value, str)
