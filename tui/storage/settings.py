"""The user's settings, typed and validated: `config.toml` (DESIGN section 7).

Every error is one sentence that names the file, the line, the key and what would be right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from math import inf
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tui.chat.parameters import EFFORTS, PARAMETERS, Parameters
from tui.errors import SettingsError
from tui.hints import nearest
from tui.storage.toml_table import TomlTable, read_toml

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

DEFAULT_THEME = "rill-dark"
LIMIT_FIELDS = ("max_tokens", "max_completion_tokens")
_MOST = 2**53
"""The largest whole number that every JSON parser reads as it was written."""


_DURATION = re.compile(r"-?(?:[0-9]{1,9}|(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|s|m|h))+)").fullmatch
"""Seconds, or a duration as Go writes it, in which Ollama is written."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """One `[providers.NAME.models."MODEL"]` table; sizes are in tokens."""

    parameters: Parameters = field(default_factory=Parameters)
    system: str | None = None
    context: int | None = None
    output: int | None = None


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """One `[providers.NAME]` table.

    `api` and `base_url` are `""` where the provider's own are meant. `allow_http` lets its key go
    over an unencrypted connection to another machine. `headers` and `query` may hold secrets.
    `keep_alive` is seconds, or a duration such as `10m`.
    """

    api: str
    base_url: str = ""
    api_key_env: str = ""
    api_key_command: tuple[str, ...] = ()
    api_key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    key_header: str = ""
    max_tokens_field: str = ""
    stream_usage: bool = True
    api_version: str = ""
    keep_alive: str = ""
    allow_http: bool = False
    system: str | None = None
    parameters: Parameters = field(default_factory=Parameters)
    models: Mapping[str, ModelSettings] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user wrote down; what is `None` was not set, and whoever needs it has a default."""

    model: str | None = None
    theme: str = DEFAULT_THEME
    system: str | None = None
    idle_timeout: float | None = None
    parameters: Parameters = field(default_factory=Parameters)
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    table: TomlTable = field(
        default_factory=lambda: TomlTable({}, "the settings"), compare=False, repr=False
    )
    """What was read, to say where something stands."""


def load_settings(
    path: Path, *, apis: Collection[str], required: bool, known: Collection[str] = ()
) -> Settings:
    """Read the settings at `path`; a missing file means defaults unless it was asked for by name.

    `apis` are the names that a provider's `api` may have, `known` the providers that need none.

    Raises:
        SettingsError: it cannot be read, is no TOML, or holds a key or value we do not know.
    """
    try:
        table = read_toml(path, "settings file")
    except FileNotFoundError:
        if required:
            raise SettingsError(f"There is no settings file {path}.") from None
        return Settings(table=TomlTable({}, str(path)))
    return read_settings(table, apis=apis, known=known)


def read_settings(
    table: TomlTable, *, apis: Collection[str], known: Collection[str] = ()
) -> Settings:
    """The settings that a table holds. Raises SettingsError."""
    providers = table.inner("providers")
    own = [each.name for each in fields(Settings) if each.name not in {"parameters", "table"}]
    table.expect_only([*own, *PARAMETERS])
    _check_names(providers)
    idle_timeout = table.optional("idle_timeout", float)
    if idle_timeout is not None and not 0 < idle_timeout < inf:
        raise table.wrong("idle_timeout", "must be more than 0 seconds, and finite.")
    return Settings(
        model=table.optional("model", str),
        theme=table.optional("theme", str) or DEFAULT_THEME,
        system=table.optional("system", str),
        idle_timeout=idle_timeout,
        parameters=_parameters(table),
        providers={
            # Somebody may write `anthropic = "KEY"` there.
            name: _provider(
                providers.inner(name, is_secret=True), apis, needs_api=name not in known
            )
            for name in providers.names()
        },
        keys=table.inner("keys").strings(),
        table=table,
    )


def check_base_url(url: str, where: str) -> str:
    """Return `url` without a trailing slash, or say in one sentence what is wrong with it.

    `where` is how the user gave it, for instance `--base-url`. Raises SettingsError.
    """

    # Passwords stand before an @, and keys in a query.
    bare = "" if "@" in url else f" {url.partition('?')[0].partition('#')[0]!r}"

    def wrong(why: str) -> SettingsError:
        return SettingsError(
            f"{where}{bare} {why}; it should look like https://host or http://127.0.0.1:8080."
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
        raise wrong("has a user name in it; keys belong in the environment")
    if parts.query or parts.fragment:
        raise wrong("has a query or a fragment")
    return url.rstrip("/")


def check_parameter(name: str, value: object) -> str:
    """What is wrong with the value of a parameter, `""` if nothing is."""
    match name, value:
        case "max_tokens" | "top_k" | "thinking_budget", int(number):
            least = 0 if name == "thinking_budget" else 1
            if number > _MOST:
                return "is too large."
            return "" if number >= least else f"must be at least {least}."
        case "seed", int(number):
            return "" if abs(number) <= _MOST else "is too large."
        case "temperature" | "top_p", float(number):
            most = 1 if name == "top_p" else 2
            return "" if 0 <= number <= most else f"must be from 0 to {most}."
        case "effort", str(word):
            return "" if word in EFFORTS else f"is {word!r}, not known; {nearest(word, EFFORTS)}"
        case "stop", tuple(words):
            return "" if all(words) else "has an empty string in it."
        case _:
            return ""


def _parameters(table: TomlTable) -> Parameters:
    parameters = Parameters(
        max_tokens=table.optional("max_tokens", int),
        temperature=table.optional("temperature", float),
        top_p=table.optional("top_p", float),
        top_k=table.optional("top_k", int),
        seed=table.optional("seed", int),
        stop=table.list_of_strings("stop", '["END"]'),
        effort=table.optional("effort", str),
        thinking_budget=table.optional("thinking_budget", int),
    )
    for name in PARAMETERS:
        if wrong := check_parameter(name, getattr(parameters, name)):
            raise table.wrong(name, wrong)
    return parameters


def _check_names(providers: TomlTable) -> None:
    for name in providers.names():
        if not name:
            raise providers.wrong(name, "has no name; give it one, for instance [providers.mine].")
        if "/" in name:
            raise providers.wrong(
                name, "has a slash in its name, and provider/model ends the name at the first one."
            )


def _provider(table: TomlTable, apis: Collection[str], *, needs_api: bool) -> ProviderSettings:
    own = [each.name for each in fields(ProviderSettings) if each.name != "parameters"]
    table.expect_only([*own, *PARAMETERS])
    api = table.optional("api", str)
    if api is None and needs_api:
        raise SettingsError(f"{table.where('api')} is missing; known are: {', '.join(apis)}.")
    if api is not None and api not in apis:
        raise table.wrong("api", f"is {api!r}, not known; {nearest(api, apis)}")
    base_url = table.optional("base_url", str) or ""
    limit_field = table.optional("max_tokens_field", str) or ""
    if limit_field and limit_field not in LIMIT_FIELDS:
        raise table.wrong("max_tokens_field", f"must be one of {', '.join(LIMIT_FIELDS)}.")
    stream_usage = table.optional("stream_usage", bool)
    models = table.inner("models")
    return ProviderSettings(
        api or "",
        check_base_url(base_url, table.where("base_url")) if base_url else "",
        _variable(table),
        api_key_command=_command(table),
        api_key=table.optional("api_key", str, is_secret=True) or "",
        headers=_headers(table.inner("headers", is_secret=True)),
        query=table.inner("query", is_secret=True).strings(are_secret=True),
        key_header=_header_name(table, "key_header"),
        max_tokens_field=limit_field,
        stream_usage=stream_usage is not False,
        api_version=table.optional("api_version", str) or "",
        keep_alive=_keep_alive(table),
        allow_http=table.optional("allow_http", bool) or False,
        system=table.optional("system", str),
        parameters=_parameters(table),
        models={name: _model(models.inner(name)) for name in models.names()},
    )


def _model(table: TomlTable) -> ModelSettings:
    table.expect_only(["system", "context", "output", *PARAMETERS])
    for name in ("context", "output"):
        size = table.optional(name, int)
        if size is not None and not 1 <= size <= _MOST:
            raise table.wrong(name, "must be at least 1 (tokens), and less than 2 to the 53rd.")
    return ModelSettings(
        _parameters(table),
        table.optional("system", str),
        table.optional("context", int),
        table.optional("output", int),
    )


def _variable(table: TomlTable) -> str:
    name = table.optional("api_key_env", str, is_secret=True) or ""
    if name and not (name.isascii() and name.isidentifier()):
        # It may be the key itself, so it is not shown.
        raise table.wrong(
            "api_key_env", "must be the name of an environment variable; a key belongs in api_key."
        )
    return name


def _command(table: TomlTable) -> tuple[str, ...]:
    example = '["pass", "show", "x"]'
    # A key may stand where the command that tells it belongs.
    command = table.list_of_strings("api_key_command", example, is_secret=True)
    if command is not None and (not command or not command[0]):
        raise table.wrong("api_key_command", f"must name a program, as in {example}.")
    return command or ()


def _keep_alive(table: TomlTable) -> str:
    told = table.string_or_number("keep_alive") or ""
    if told and not _DURATION(told):
        raise table.wrong("keep_alive", f'is {told!r}; it should look like 600 (seconds) or "10m".')
    return told


def _headers(table: TomlTable) -> Mapping[str, str]:
    headers = table.strings(are_secret=True)
    for name, value in headers.items():
        if not _is_token(name):
            raise table.wrong(name, "is not the name of a header.")
        if not value.isascii() or not value.isprintable():
            # The value may be a secret, so it is not shown.
            raise table.wrong(name, "has a character that no header can have.")
    return headers


def _header_name(table: TomlTable, key: str) -> str:
    name = table.optional(key, str, is_secret=True) or ""
    if name and not _is_token(name):
        # It may be the key itself, so it is not shown.
        raise table.wrong(key, "is not the name of a header.")
    return name.lower()


def _is_token(name: str) -> bool:
    return bool(name) and all((char.isalnum() and char.isascii()) or char in "-_." for char in name)
