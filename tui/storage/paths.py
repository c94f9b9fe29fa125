"""Where Rill's files are, by the XDG base directory specification."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tui.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping


def config_file(environment: Mapping[str, str]) -> Path:
    """The user's settings; it need not exist."""
    return _root(environment, "XDG_CONFIG_HOME", ".config") / "config.toml"


def history_file(environment: Mapping[str, str]) -> Path:
    """The conversations; it need not exist."""
    return _root(environment, "XDG_DATA_HOME", ".local/share") / "history.db"


def state_folder(environment: Mapping[str, str]) -> Path:
    """What the machine keeps for itself; it need not exist."""
    return _root(environment, "XDG_STATE_HOME", ".local/state")


def runs_folder(history: Path) -> Path:
    """Where the runs of Rill that use a history say that they are alive."""
    real = real_file(history)
    return real.with_name(f"{real.name}-runs")


def real_file(path: Path) -> Path:
    """Where links lead: all that use a file have to meet there, as SQLite's own files beside it."""
    return Path(os.path.realpath(path))  # `resolve` raises an error if links lead in a circle


def _root(environment: Mapping[str, str], variable: str, default: str) -> Path:
    base = environment.get(variable, "")
    if base.startswith("/"):  # the specification: a relative path there is to be ignored
        return Path(base) / "rill"
    try:
        return Path.home() / default / "rill"
    except RuntimeError as error:  # no HOME, and nobody of this number in the list of users
        raise SettingsError(f"You have no home folder; set HOME or {variable}.") from error
