"""Themes are TOML files; a mistake in one is found when it is loaded, not when it is painted.

Textual accepts a bad colour and crashes at the next refresh, and a misspelt variable in silence.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from textual.color import Color, ColorParseError
from textual.theme import Theme

from tui.errors import SettingsError
from tui.hints import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COLORS = (
    "primary",
    "secondary",
    "accent",
    "warning",
    "error",
    "success",
    "foreground",
    "background",
    "surface",
    "panel",
    "boost",
)
_REQUIRED = ("primary", "foreground", "background", "surface", "panel")
_STYLES = {"none", "bold", "dim", "italic", "reverse", "strike", "underline"}
_KEYS = ("name", "note", "dark", "colors", "variables")


def themes_folder() -> Path:
    """The shipped themes: inside an installed package, at the top of a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "themes"
    return installed if installed.is_dir() else package.parent / "themes"


def load_themes(folder: Path) -> list[Theme]:
    """Load every theme in `folder`, by name. Raises SettingsError."""
    themes = [load_theme(path) for path in sorted(folder.glob("*.toml"))]
    if not themes:
        raise SettingsError(f"There are no themes in {folder}; install Rill again.")
    return themes


def load_theme(path: Path) -> Theme:
    """Load and check one theme file.

    Raises:
        SettingsError: naming the file, the key, and what would be right.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The theme {path} cannot be read: {error}") from error
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, endless numbers, deep nesting
        raise SettingsError(f"The theme {path} is not valid TOML: {error}") from error
    _expect_only(path, "", document, _KEYS)
    name, dark = document.get("name"), document.get("dark")
    if not isinstance(name, str) or not name:
        raise SettingsError(f"{path}: name must be a string.")
    if not isinstance(dark, bool):
        raise SettingsError(f"{path}: dark must be true or false.")
    colors = _strings(path, document, "colors")
    _expect_only(path, "colors.", colors, COLORS)
    for missing in (color for color in _REQUIRED if color not in colors):
        raise SettingsError(f"{path}: colors.{missing} is missing.")
    for key, value in colors.items():
        _check_color(path, f"colors.{key}", value)
    theme = Theme(name=name, dark=dark, primary=colors["primary"])
    known = theme.to_color_system().generate()
    variables = _strings(path, document, "variables")
    _expect_only(path, "variables.", variables, known)
    for key, value in variables.items():
        if key.endswith("style"):
            _check_style(path, f"variables.{key}", value)
        else:
            _check_color(path, f"variables.{key}", value)
    return Theme(
        name=name,
        dark=dark,
        primary=colors["primary"],
        secondary=colors.get("secondary"),
        accent=colors.get("accent"),
        warning=colors.get("warning"),
        error=colors.get("error"),
        success=colors.get("success"),
        foreground=colors["foreground"],
        background=colors["background"],
        surface=colors["surface"],
        panel=colors["panel"],
        boost=colors.get("boost"),
        variables=dict(variables),
    )


def _strings(path: Path, document: Mapping[str, object], table: str) -> dict[str, str]:
    values = document.get(table, {})
    if not isinstance(values, dict):
        raise SettingsError(f"{path}: {table} must be a table.")
    for key, value in values.items():
        if not isinstance(value, str):
            raise SettingsError(f"{path}: {table}.{key} must be a string, not {value!r}.")
    return values


def _expect_only(path: Path, prefix: str, keys: Iterable[str], known: Iterable[str]) -> None:
    names = list(known)
    for key in keys:
        if key not in names:
            raise SettingsError(f"{path}: {prefix}{key} is not known; {nearest(key, names)}")


def _is_color(value: str) -> bool:
    try:
        Color.parse(value)
    except ColorParseError:
        return False
    return True


def _check_style(path: Path, key: str, value: str) -> None:
    if not set(value.split()) <= _STYLES or not value.strip():
        styles = ", ".join(sorted(_STYLES))
        raise SettingsError(f"{path}: {key} is {value!r}; it is made of the words {styles}.")


def _check_color(path: Path, key: str, value: str) -> None:
    if not _is_color(value):
        raise SettingsError(f"{path}: {key} is {value!r}, which is not a colour such as #5fb3d4.")
