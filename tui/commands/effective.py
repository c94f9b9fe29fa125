"""What counts in the end for a model, and by whose word: what `rill config show` shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.chat.parameters import PARAMETERS
from tui.roster import DEFAULT
from tui.storage.paths import config_file
from tui.storage.settings import DEFAULT_THEME, ProviderSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tui.chat.message import JsonValue
    from tui.launch import Launch
    from tui.roster import Target

_NETWORK = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
_HIDDEN = "set, and not shown"
_HOW = ("key_header", "max_tokens_field", "stream_usage", "api_version", "keep_alive", "allow_http")
"""What may be said about a server and is shown only where it is."""


@dataclass(frozen=True, slots=True)
class Effective:
    """One setting as it counts; `note` is for people, in place of a value that is secret or none.

    `source` is `""` where nobody said anything, `line` that of the settings file, `None` if it does
    not stand there.
    """

    name: str
    value: JsonValue
    source: str = DEFAULT
    line: int | None = None
    note: str = ""


def effective(
    launch: Launch, wanted: str | None, environment: Mapping[str, str]
) -> list[Effective]:
    """Everything, in the order in which it is shown; `wanted` is the model of the command line.

    Asks nobody: no command is run for a key. Raises SettingsError.
    """
    target = launch.target()
    file = str(launch.settings_file)
    missing = "" if launch.settings_file.exists() else f"{file} (there is none)"
    return [
        Effective("file", file, _of_file(launch.settings_file, environment), note=missing),
        *_of_model(launch, target, wanted),
        *_of_server(launch, target),
        *_of_replies(launch, target),
        *_of_app(launch),
        *_of_network(environment),
    ]


def _of_file(file: Path, environment: Mapping[str, str]) -> str:
    """Who says that these are the settings."""
    if file != config_file(environment):
        return "--config"
    is_moved = environment.get("XDG_CONFIG_HOME", "").startswith("/")
    return "XDG_CONFIG_HOME" if is_moved else DEFAULT


def _of_model(launch: Launch, target: Target, wanted: str | None) -> Iterator[Effective]:
    if wanted:
        yield Effective("model", target.label, "--model")
    elif launch.settings.model:
        yield _written(launch, "model", target.label, "model")
    elif launch.choices.model == launch.model:
        yield Effective("model", target.label, "chosen in the app")
    else:
        yield Effective("model", target.label)


def _of_server(launch: Launch, target: Target) -> Iterator[Effective]:
    way = ("providers", target.provider)
    own = launch.settings.providers.get(target.provider)
    if own is not None and own.api:
        yield _written(launch, "api", target.api, *way, "api")
    else:
        yield Effective("api", target.api)
    url = target.base_url or None  # the demo's server is started when it is needed
    yield _by_word(launch, target, "base_url", url, "" if url else "Rill's own server")
    source = launch.keys.source(target.provider)
    key = _HIDDEN if source else "not set"
    if own is not None and source == "api_key in the settings":
        yield _written(launch, "key", bool(source), *way, "api_key", note=key)
    else:
        yield Effective("key", bool(source), source, note=key)
    if own is None:
        return
    plain = ProviderSettings("")
    for name in _HOW:
        if (value := getattr(own, name)) != getattr(plain, name):
            yield _written(launch, name, value, *way, name)
    for name, secrets in (("headers", own.headers), ("query", own.query)):
        for each in secrets:
            yield _written(launch, f"{name}.{each}", True, *way, name, each, note=_HIDDEN)
    if (one := own.models.get(target.options.model)) is not None:
        for name in ("context", "output"):
            if (value := getattr(one, name)) is not None:
                yield _written(launch, name, value, *way, "models", target.options.model, name)


def _of_replies(launch: Launch, target: Target) -> Iterator[Effective]:
    sent = target.options.parameters
    for name in PARAMETERS:
        value = getattr(sent, name)
        if name in target.unsent:
            note = f"not sent: {target.api} has no place for it"
            yield _by_word(launch, target, name, None, note)
        elif name in target.set_by:
            listed = list(value) if isinstance(value, tuple) else value
            yield _by_word(launch, target, name, listed)
        else:
            yield Effective(name, None, "", note="not sent: the server decides")
    yield _by_word(launch, target, "system", target.system, "" if target.system else "none")


def _of_app(launch: Launch) -> Iterator[Effective]:
    from tui.wire.http import IDLE_LIMIT  # noqa: PLC0415 - it brings httpx along

    settings = launch.settings
    if settings.idle_timeout is None:
        yield Effective("idle_timeout", IDLE_LIMIT)
    else:
        yield _written(launch, "idle_timeout", settings.idle_timeout, "idle_timeout")
    if "theme" in settings.table.names():
        yield _written(launch, "theme", settings.theme, "theme")
    else:
        yield Effective("theme", DEFAULT_THEME)
    for name, keys in settings.keys.items():
        yield _written(launch, f"keys.{name}", keys, "keys", name)


def _of_network(environment: Mapping[str, str]) -> Iterator[Effective]:
    """What is set of it; a proxy's password is not shown."""
    for name in _NETWORK:
        for variable in (name, name.lower()):
            if value := environment.get(variable):
                yield Effective(name.lower(), _without_password(value), variable)


def _by_word(
    launch: Launch, target: Target, name: str, value: JsonValue, note: str = ""
) -> Effective:
    """Something that the target knows the origin of."""
    if (way := target.written.get(name)) is not None:
        return _written(launch, name, value, *way, note=note)
    source = target.set_by.get(name, DEFAULT)
    if name == "system" and launch.flags.system is not None:
        source = "--system"
    return Effective(name, value, source, note=note)


def _written(launch: Launch, name: str, value: JsonValue, *way: str, note: str = "") -> Effective:
    """Something that stands in the settings."""
    table = launch.settings.table
    line = table.line(*way)
    return Effective(name, value, f"{table.name}, line {line}", line, note)


def _without_password(value: str) -> str:
    scheme, mark, rest = value.rpartition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"
