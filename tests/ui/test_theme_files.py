"""The shipped themes load and can be read; a mistake in a theme is named when it is loaded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual.color import Color

from tui.errors import SettingsError
from tui.storage.settings import DEFAULT_THEME
from tui.ui.theme_files import load_theme, load_themes, themes_folder

if TYPE_CHECKING:
    from textual.theme import Theme

REPOSITORY = Path(__file__).parents[2]
SHIPPED = sorted((REPOSITORY / "themes").glob("*.toml"))
READABLE = 4.5  # WCAG 2.2, success criterion 1.4.3 (AA)

GOOD = """\
name = "mine"
note = "A theme for tests."
dark = true

[colors]
primary = "#6cb6d9"
foreground = "#d6dee6"
background = "#0f141a"
surface = "#161d25"
panel = "#1d2731"

[variables]
border = "#6cb6d9"
"""


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    """The relative luminance of WCAG 2.2."""
    channels = [value / 255 for value in Color.parse(color).rgb]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _color(theme: Theme, name: str) -> str:
    value = theme.variables.get(name) or getattr(theme, name)
    assert isinstance(value, str)
    return value


def _complaint(path: Path) -> str:
    with pytest.raises(SettingsError) as raised:
        load_theme(path)
    return str(raised.value)


@pytest.fixture
def theme_file(tmp_path: Path) -> Path:
    """A theme without a mistake."""
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_the_formula_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_the_shipped_themes_load_by_the_names_of_their_files() -> None:
    themes = load_themes(themes_folder())
    assert [theme.name for theme in themes] == [path.stem for path in SHIPPED]
    assert {theme.name: theme.dark for theme in themes} == {"rill-dark": True, "rill-light": False}
    assert DEFAULT_THEME in {theme.name for theme in themes}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
@pytest.mark.parametrize("ground", ["background", "surface", "panel"])
@pytest.mark.parametrize(
    "text",
    [
        *("foreground", "primary", "secondary", "accent", "warning", "error", "success"),
        *("footer-description-foreground", "footer-key-foreground"),
    ],
)
def test_text_can_be_read_on_every_ground(path: Path, text: str, ground: str) -> None:
    theme = load_theme(path)
    assert contrast(_color(theme, text), _color(theme, ground)) >= READABLE


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("block-cursor-foreground", "block-cursor-background"),
        ("foreground", "input-selection-background"),
        ("footer-key-foreground", "footer-background"),
        ("footer-description-foreground", "footer-background"),
    ],
)
def test_text_can_be_read_on_the_ground_it_is_made_for(path: Path, text: str, ground: str) -> None:
    theme = load_theme(path)
    assert contrast(_color(theme, text), _color(theme, ground)) >= READABLE


def test_a_theme_is_what_its_file_says(theme_file: Path) -> None:
    theme = load_theme(theme_file)
    assert (theme.name, theme.dark, theme.primary) == ("mine", True, "#6cb6d9")
    assert theme.accent is None
    assert theme.variables == {"border": "#6cb6d9"}


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ('name = "mine"\n', "", "name is missing; it must be a string."),
        ('name = "mine"', 'name = ""', "name must not be empty."),
        ('name = "mine"', "name = 3", "name must be a string, not 3."),
        ("dark = true\n", "", "dark is missing; it must be true or false."),
        ("dark = true", 'dark = "yes"', "dark must be true or false, not 'yes'."),
        ("dark = true", "dark = 1", "dark must be true or false, not 1."),
        ('note = "A theme for tests."', "note = 3", "note must be a string, not 3."),
        ("dark = true", "drak = true", "drak is not known; did you mean 'dark'?"),
        (
            "dark = true",
            "dark = true\nzzz = 1",
            "zzz is not known; known are: colors, dark, name, note, variables.",
        ),
        ('panel = "#1d2731"\n', "", "colors.panel is missing."),
        ("[colors]", "[coulors]", "coulors is not known; did you mean 'colors'?"),
        (
            "[colors]",
            '[colors]\nbackgrond = "#000000"',
            "colors.backgrond is not known; did you mean 'background'?",
        ),
        (
            '"#161d25"',
            '"#16zz25"',
            "colors.surface is '#16zz25', which is not a colour such as #5fb3d4.",
        ),
        ('"#161d25"', "7", "colors.surface must be a string, not 7."),
        (
            "[variables]\nborder",
            "[variables]\nboarder",
            "variables.boarder is not known; did you mean 'border'?",
        ),
        (
            'border = "#6cb6d9"',
            'border = "blueish"',
            "variables.border is 'blueish', which is not a colour such as #5fb3d4.",
        ),
        ('border = "#6cb6d9"', "border = true", "variables.border must be a string, not True."),
    ],
)
def test_a_mistake_is_told_with_the_file_the_key_and_what_would_be_right(
    theme_file: Path, right: str, wrong: str, complaint: str
) -> None:
    assert right in GOOD
    theme_file.write_text(GOOD.replace(right, wrong, 1), encoding="utf-8")
    assert re.sub(r", line \d+:", ":", _complaint(theme_file)) == f"{theme_file}: {complaint}"


@pytest.mark.parametrize("table", ["colors", "variables"])
def test_a_table_that_is_none_is_told(theme_file: Path, table: str) -> None:
    head, _, _ = GOOD.partition(f"[{table}]")
    first, _, rest = head.partition("\n")
    theme_file.write_text(f'{first}\n{table} = "blue"\n{rest}', encoding="utf-8")
    complaint = f"{theme_file}, line 2: {table} must be a table, not 'blue'."
    assert _complaint(theme_file) == complaint


def test_what_is_no_toml_is_told_with_its_line(theme_file: Path) -> None:
    theme_file.write_text(GOOD.replace("dark = true", "dark = yes"), encoding="utf-8")
    complaint = _complaint(theme_file)
    assert complaint.startswith(f"The theme {theme_file} is not valid TOML: ")
    assert "line 3" in complaint


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    assert _complaint(missing).startswith(f"The theme {missing} cannot be read: ")
    assert _complaint(tmp_path).startswith(f"The theme {tmp_path} cannot be read: ")
    latin = tmp_path / "latin.toml"
    latin.write_bytes(GOOD.replace("A theme", "Ein schöner").encode("latin-1"))
    assert _complaint(latin).startswith(f"The theme {latin}, line ")
    assert _complaint(latin).endswith(": it must be UTF-8.")


def test_a_folder_without_themes_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="There are no themes in") as raised:
        load_themes(tmp_path)
    assert str(tmp_path) in str(raised.value)
    assert str(raised.value).endswith("install Rill again.")
