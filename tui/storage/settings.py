"""The user's settings, typed and validated: `config.toml` and the environment (DESIGN section 7).

Every error is one sentence that names the file, the key and what would be right.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from math import inf
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from tui.errors import SettingsError
from tui.hints import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

DEFAULT_THEME = "rill-dark"

_Value = TypeVar("_Value", str, int, float)


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """One `[providers.NAME]` table. `base_url` is `""` where the API's own is meant."""

    api: str
    base_url: str = ""
    api_key_env: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user wrote down; what is `None` was not set, and whoever needs it has a default."""

    model: str | None = None
    theme: str = DEFAULT_THEME
    system: str = ""
    max_tokens: int | None = None
    idle_timeout: float | None = None
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)


def load_settings(path: Path, *, apis: Collection[str], required: bool) -> Settings:
    """Read the settings at `path`; a missing file means defaults unless it was asked for by name.

    `apis` are the names that a provider's `api` may have.

    Raises:
        SettingsError: it cannot be read, is no TOML, or holds a key or value we do not know.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if required:
            raise SettingsError(f"There is no settings file {path}.") from None
        return Settings()
    except (OSError, ValueError) as error:  # a ValueError: no UTF-8, or a NUL in the path
        raise SettingsError(f"The settings file {path} cannot be read: {error}") from error
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, and integers without end
        raise SettingsError(f"The settings file {path} is not valid TOML: {error}") from error
    table = _Table(document, str(path), "")
    settings = Settings(
        model=table.optional("model", str),
        theme=table.optional("theme", str) or DEFAULT_THEME,
        system=table.optional("system", str) or "",
        max_tokens=table.optional("max_tokens", int),
        idle_timeout=table.optional("idle_timeout", float),
        providers={
            name: _provider(table.inner("providers").inner(name), apis)
            for name in table.inner("providers").names()
        },
        keys=table.inner("keys").strings(),
    )
    table.expect_only([field.name for field in fields(Settings)])
    if settings.max_tokens is not None and settings.max_tokens < 1:
        raise SettingsError(f"{path}: max_tokens must be at least 1.")
    if settings.idle_timeout is not None and not 0 < settings.idle_timeout < inf:
        raise SettingsError(f"{path}: idle_timeout must be more than 0 seconds, and finite.")
    return settings


def check_base_url(url: str, where: str) -> str:
    """Return `url` without a trailing slash, or say in one sentence what is wrong with it.

    `where` is how the user gave it, for instance `--base-url`. Raises SettingsError.
    """

    def wrong(why: str, shown: str = f" {url!r}") -> SettingsError:
        return SettingsError(
            f"{where}{shown} {why}; it should look like https://host or http://127.0.0.1:8080."
        )

    if any(not char.isprintable() or char.isspace() for char in url):
        raise wrong("has a space or a control character in it")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise wrong(f"is malformed ({error})") from error
    if parts.scheme not in {"http", "https"}:
        raise wrong("does not begin with http:// or https://")
    if not parts.hostname or port == 0:
        raise wrong("names no host" if not parts.hostname else "has a port that cannot be")
    if parts.username is not None:
        raise wrong("has a user name in it; keys belong in the environment", shown="")
    if parts.query or parts.fragment:
        raise wrong("has a query or a fragment")
    return url.rstrip("/")


def _provider(table: _Table, apis: Collection[str]) -> ProviderSettings:
    api = table.optional("api", str)
    if api is None:
        raise SettingsError(f"{table.where('api')} is missing; known are: {', '.join(apis)}.")
    if api not in apis:
        raise SettingsError(f"{table.where('api')} is {api!r}, not known; {nearest(api, apis)}")
    base_url = table.optional("base_url", str) or ""
    table.expect_only(["api", "base_url", "api_key_env"])
    return ProviderSettings(
        api,
        check_base_url(base_url, table.where("base_url")) if base_url else "",
        table.optional("api_key_env", str) or "",
    )


class _Table:
    """A TOML table that knows where it stands, so that every complaint can say so."""

    def __init__(self, values: Mapping[str, object], file: str, prefix: str) -> None:
        self._values = values
        self._file = file
        self._prefix = prefix

    def where(self, key: str) -> str:
        return f"{self._file}: {self._prefix}{key}"

    def names(self) -> Iterable[str]:
        return self._values.keys()

    def optional(self, key: str, kind: type[_Value]) -> _Value | None:
        value = self._values.get(key)
        if value is None:
            return None
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return kind(value)
        if not isinstance(value, kind) or isinstance(value, bool):
            wanted = {str: "a string", int: "a whole number", float: "a number"}[kind]
            raise SettingsError(f"{self.where(key)} must be {wanted}, not {value!r}.")
        return value

    def inner(self, key: str) -> _Table:
        value = self._values.get(key, {})
        if not isinstance(value, dict):
            raise SettingsError(f"{self.where(key)} must be a table, not {value!r}.")
        return _Table(value, self._file, f"{self._prefix}{key}.")

    def strings(self) -> Mapping[str, str]:
        return {key: self.optional(key, str) or "" for key in self._values}

    def expect_only(self, known: Iterable[str]) -> None:
        names = list(known)
        for key in self._values:
            if key not in names:
                raise SettingsError(f"{self.where(key)} is not a setting; {nearest(key, names)}")
