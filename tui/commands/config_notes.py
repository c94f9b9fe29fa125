"""What is allowed in the settings, and still not what somebody means."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tui.chat.parameters import PARAMETERS
from tui.roster import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tui.chat.parameters import Parameters
    from tui.roster import Roster
    from tui.storage.settings import ProviderSettings

_OTHERS = 0o077


def notes(roster: Roster, path: Path) -> Iterator[str]:
    """A sentence for each, without its full stop. Raises SettingsError and UsageError.

    `path` is the file that the roster's settings were read from.
    """
    settings = roster.settings
    table = settings.table
    if settings.model:
        name, _ = roster.split(settings.model, table.where("model"))
        for each in _unplaced(roster, name, settings.parameters):
            yield (
                f"{table.where(each)} is not sent to {settings.model}: {roster.api(name)} has no "
                "place for it"
            )
    elif settings.providers:
        name = next(iter(settings.providers))
        yield f'{path} has providers but no model; add model = "{name}/NAME"'
    for name, own in settings.providers.items():
        yield from _of_parameters(roster, name, own)
        yield from _of_key(roster, name)
    if any(each.api_key or each.headers or each.query for each in settings.providers.values()):
        yield from _of_rights(path)


def _of_parameters(roster: Roster, name: str, own: ProviderSettings) -> Iterator[str]:
    api, table = roster.api(name), roster.settings.table
    said: list[tuple[tuple[str, ...], Parameters]] = [(("providers", name), own.parameters)]
    for model, one in own.models.items():
        said.append((("providers", name, "models", model), one.parameters))
    for way, parameters in said:
        for each in _unplaced(roster, name, parameters):
            yield f"{table.where(*way, each)} is not sent: {api} has no place for it"


def _of_key(roster: Roster, name: str) -> Iterator[str]:
    table, own = roster.settings.table, roster.settings.providers[name]
    variable = own.api_key_env
    if variable and not roster.key_from_environment(name):
        where = table.where("providers", name, "api_key_env")
        yield f"{where} names {variable}, which is not set in the environment"
    command = own.api_key_command
    if command and own.api_key:
        where = table.where("providers", name, "api_key_command")
        yield f"{where} is not asked, because there is an api_key, too"
    elif command and shutil.which(command[0]) is None:
        where = table.where("providers", name, "api_key_command")
        yield f"{where} names a program that is not here"
    base_url, _ = roster.base_url(name)
    has_key = roster.key_from_environment(name) or own.api_key or command
    if (
        base_url.lower().startswith("http://")
        and (has_key or own.headers or own.query)
        and not (is_loopback(base_url) or own.allow_http)
    ):
        yield (
            f"{table.where('providers', name)} has a key that is not sent over http to "
            f"{base_url}: use https, or set allow_http = true"
        )


def _of_rights(path: Path) -> Iterator[str]:
    try:
        is_open = path.stat().st_mode & _OTHERS
    except OSError:  # it went away since it was read
        return
    if is_open:
        yield f"{path} may hold a key, and others than you may read it: chmod 600 it"


def _unplaced(roster: Roster, name: str, parameters: Parameters) -> list[str]:
    """The parameters that are set, and that the provider has no place for."""
    known = roster.places(name)
    return [
        each for each in PARAMETERS if getattr(parameters, each) is not None and each not in known
    ]
