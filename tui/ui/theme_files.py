"""Themes are TOML files; a mistake in one is found when it is loaded, not when it is painted.

Textual accepts a bad colour and crashes at the next refresh, and a misspelt variable in silence.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.color import Color, ColorParseError
from textual.theme import Theme

from tui.errors import SettingsError
from tui.hints import nearest
from tui.storage.toml_table import read_toml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.storage.settings import Settings

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
_WHAT = "known"


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


def check_theme(settings: Settings, themes: Iterable[Theme]) -> None:
    """Raises SettingsError if the theme of the settings is none of these."""
    names = [theme.name for theme in themes]
    if settings.theme not in names:
        raise settings.table.wrong(
            "theme", f"is {settings.theme!r}, not known; {nearest(settings.theme, names)}"
        )


def load_theme(path: Path) -> Theme:
    """Load and check one theme file.

    Raises:
        SettingsError: naming the file, the key, and what would be right.
    """
    try:
        table = read_toml(path, "theme")
    except FileNotFoundError as error:
        raise SettingsError(f"The theme {path} cannot be read: {error}") from error
    table.expect_only(_KEYS, _WHAT)
    table.optional("note", str)
    name, dark = table.required("name", str), table.required("dark", bool)
    if not name:
        raise SettingsError(f"{table.where('name')} must not be empty.")
    inner = table.inner("colors")
    inner.expect_only(COLORS, _WHAT)
    colors = inner.strings()
    for missing in (color for color in _REQUIRED if color not in colors):
        raise SettingsError(f"{inner.where(missing)} is missing.")
    for key, value in colors.items():
        _check_color(inner.where(key), value)
    theme = Theme(name=name, dark=dark, primary=colors["primary"])
    inner = table.inner("variables")
    inner.expect_only(theme.to_color_system().generate(), _WHAT)
    variables = inner.strings()
    for key, value in variables.items():
        if key.endswith("style"):
            _check_style(inner.where(key), value)
        else:
            _check_color(inner.where(key), value)
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
        variables=variables,
    )


def _is_color(value: str) -> bool:
    try:
        Color.parse(value)
    except ColorParseError:
        return False
    return True


def _check_style(where: str, value: str) -> None:
    if not set(value.split()) <= _STYLES or not value.strip():
        styles = ", ".join(sorted(_STYLES))
        raise SettingsError(f"{where} is {value!r}; it is made of the words {styles}.")


def _check_color(where: str, value: str) -> None:
    if not _is_color(value):
        raise SettingsError(f"{where} is {value!r}, which is not a colour such as #5fb3d4.")
