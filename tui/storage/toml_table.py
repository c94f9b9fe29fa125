"""TOML files that a person writes: every complaint is one sentence with the file and the key."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, TypeVar

from tui.errors import SettingsError
from tui.hints import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_Value = TypeVar("_Value", str, int, float, bool)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_KINDS = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


class TomlTable:
    """A table that knows where it stands. Every method may raise SettingsError."""

    def __init__(
        self, values: Mapping[str, object], file: str, text: str = "", path: tuple[str, ...] = ()
    ) -> None:
        self._values = values
        self._file = file
        self._text = text
        self._path = path

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return self._file.rpartition("/")[2]

    def where(self, *keys: str) -> str:
        """The file, the line and the full name of a key, to begin a complaint with."""
        path = (*self._path, *keys)
        line = self.line(*keys)
        name = ".".join(key if _BARE.fullmatch(key) else f'"{key}"' for key in path)
        return f"{self._file}{f', line {line}' if line else ''}: {name}"

    def line(self, *keys: str) -> int | None:
        """The number of the line in which a key stands, or what there is around it."""
        from tui.storage.toml_lines import line_of  # noqa: PLC0415 - only for a complaint

        return line_of(self._text, (*self._path, *keys))

    def names(self) -> Iterable[str]:
        """The keys that are in it."""
        return self._values.keys()

    def optional(self, key: str, kind: type[_Value], *, is_secret: bool = False) -> _Value | None:
        """A value of this kind, `None` if the key is absent; a whole number is a number, too.

        What is secret is not shown, whatever it is.
        """
        value = self._values.get(key)
        if value is None:
            return None
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            found = "" if is_secret else f", not {value!r}"
            raise SettingsError(f"{self.where(key)} must be {_KINDS[kind]}{found}.")
        return value

    def string_or_number(self, key: str) -> str | None:
        """A string, or a whole number written as one; `None` if the key is absent."""
        value = self._values.get(key)
        if value is None or isinstance(value, str):
            return value
        if type(value) is not int:
            raise SettingsError(
                f"{self.where(key)} must be a string or a whole number, not {value!r}."
            )
        return str(value)

    def required(self, key: str, kind: type[_Value], *, is_secret: bool = False) -> _Value:
        """A value of this kind that has to be there."""
        value = self.optional(key, kind, is_secret=is_secret)
        if value is None:
            raise SettingsError(f"{self.where(key)} is missing; it must be {_KINDS[kind]}.")
        return value

    def inner(self, key: str, *, is_secret: bool = False) -> TomlTable:
        """The table inside, empty if it is absent. What is secret is not shown, as above."""
        value = self._values.get(key, {})
        if not isinstance(value, dict):
            found = "" if is_secret else f", not {value!r}"
            raise SettingsError(f"{self.where(key)} must be a table{found}.")
        return TomlTable(value, self._file, self._text, (*self._path, key))

    def strings(self, *, are_secret: bool = False) -> dict[str, str]:
        """All of it, where every value has to be a string."""
        return {key: self.required(key, str, is_secret=are_secret) for key in self._values}

    def list_of_strings(
        self, key: str, example: str = '["one", "two"]', *, is_secret: bool = False
    ) -> tuple[str, ...] | None:
        """A list of strings, `None` if the key is absent. What is secret is not shown, as above."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            found = "" if is_secret else f", not {value!r}"
            raise SettingsError(
                f"{self.where(key)} must be a list of strings{found}, as in {example}."
            )
        return tuple(value)

    def wrong(self, key: str, why: str) -> SettingsError:
        """The complaint about a value, to be raised."""
        return SettingsError(f"{self.where(key)} {why}")

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
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"The {what} {path}, line {line}: it must be UTF-8.") from error
    except (OSError, ValueError) as error:  # a ValueError: a NUL in the path
        raise SettingsError(f"The {what} {path} cannot be read: {error}") from error
    try:
        return TomlTable(tomllib.loads(text), str(path), text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, and integers without end
        raise SettingsError(f"The {what} {path} is not valid TOML: {error}") from error
