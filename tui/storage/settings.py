"""The user's settings, typed and validated: `config.toml` and the environment (DESIGN section 7).

Every error is one sentence that names the file, the key and what would be right.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import inf
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tui.errors import SettingsError
from tui.hints import nearest
from tui.storage.toml_table import read_toml

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from tui.storage.toml_table import TomlTable

DEFAULT_THEME = "rill-dark"


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
        table = read_toml(path, "settings file")
    except FileNotFoundError:
        if required:
            raise SettingsError(f"There is no settings file {path}.") from None
        return Settings()
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


def _provider(table: TomlTable, apis: Collection[str]) -> ProviderSettings:
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
