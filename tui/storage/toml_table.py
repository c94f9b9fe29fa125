"""TOML files that a person writes: every complaint is one sentence with the file and the key."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, TypeVar

from tui.errors import SettingsError
from tui.hints import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_Value = TypeVar("_Value", str, int, float, bool)
_KINDS = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


class TomlTable:
    """A table that knows where it stands. Every method may raise SettingsError."""

    def __init__(self, values: Mapping[str, object], file: str, prefix: str = "") -> None:
        self._values = values
        self._file = file
        self._prefix = prefix

    def where(self, key: str) -> str:
        """The file and the full name of a key, to begin a complaint with."""
        return f"{self._file}: {self._prefix}{key}"

    def names(self) -> Iterable[str]:
        """The keys that are in it."""
        return self._values.keys()

    def optional(self, key: str, kind: type[_Value]) -> _Value | None:
        """A value of this kind, `None` if the key is absent; a whole number is a number, too."""
        value = self._values.get(key)
        if value is None:
            return None
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise SettingsError(f"{self.where(key)} must be {_KINDS[kind]}, not {value!r}.")
        return value

    def required(self, key: str, kind: type[_Value]) -> _Value:
        """A value of this kind that has to be there."""
        value = self.optional(key, kind)
        if value is None:
            raise SettingsError(f"{self.where(key)} is missing; it must be {_KINDS[kind]}.")
        return value

    def inner(self, key: str) -> TomlTable:
        """The table inside, empty if it is absent."""
        value = self._values.get(key, {})
        if not isinstance(value, dict):
            raise SettingsError(f"{self.where(key)} must be a table, not {value!r}.")
        return TomlTable(value, self._file, f"{self._prefix}{key}.")

    def strings(self) -> dict[str, str]:
        """All of it, where every value has to be a string."""
        return {key: self.required(key, str) for key in self._values}

    def expect_only(self, known: Iterable[str], what: str = "a setting") -> None:
        """Refuse every key that is none of the `known`, with the one that may be meant."""
        names = list(known)
        for key in self._values:
            if key not in names:
                raise SettingsError(f"{self.where(key)} is not {what}; {nearest(key, names)}")


def read_toml(path: Path, what: str) -> TomlTable:
    """Read the TOML file at `path`, which is `what` to the person, for instance "settings file".

    Raises:
        FileNotFoundError: it is not there.
        SettingsError: it cannot be read or is no TOML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # a ValueError: no UTF-8, or a NUL in the path
        raise SettingsError(f"The {what} {path} cannot be read: {error}") from error
    try:
        return TomlTable(tomllib.loads(text), str(path))
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, and integers without end
        raise SettingsError(f"The {what} {path} is not valid TOML: {error}") from error
