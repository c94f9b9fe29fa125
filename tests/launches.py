"""What a start decides, made from the settings' text, flags and an environment."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from tui.arguments import ask_parser
from tui.key_finding import KeyFinder
from tui.launch import prepare
from tui.providers.registry import APIS
from tui.roster import BUILT_IN, Roster
from tui.storage.settings import read_settings
from tui.storage.state import Choices
from tui.storage.toml_table import TomlTable

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tui.launch import Launch

FILE = "/home/me/config.toml"


def make_roster(settings: str = "", *, base_url: str = "", **environment: str) -> Roster:
    """The providers that these settings and this environment give; `base_url` is the flag's."""
    table = TomlTable(tomllib.loads(settings), FILE, settings)
    read = read_settings(table, apis=APIS.keys(), known=BUILT_IN)
    return Roster(read, environment, base_url=base_url)


def make_finder(folder: Path, settings: str = "", **more: Any) -> KeyFinder:
    """A finder of keys; what is neither a limit nor `environment` is none of its business."""
    environment = more.pop("environment", {})
    return KeyFinder(make_roster(settings, **environment), Choices(folder), **more)


def make_launch(
    folder: Path, *arguments: str, settings: str = "", in_app: bool = False, **environment: str
) -> Launch:
    """What `rill ask`, or the app, would start with, at home in a folder; `arguments` are flags."""
    config = folder / "rill" / "config.toml"
    if settings:
        config.parent.mkdir(exist_ok=True)
        config.write_text(settings, encoding="utf-8")
    places = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), str(folder))
    args = ask_parser().parse_args(arguments)
    return prepare(args, {**places, **environment}, in_app=in_app)
