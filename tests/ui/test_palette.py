"""Everything that is to be read can be read, in every theme that is shipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tui.ui.palette import LOOKS, Palette
from tui.ui.theme_files import load_themes, themes_folder

if TYPE_CHECKING:
    from rich.color import Color
    from rich.style import Style
    from textual.theme import Theme

THEMES = load_themes(themes_folder())
_DRAWN = {"bar", "rule", "table-line", "wrap"}
_GROUNDS = ("", "prompt", "fence", "notice", "selected")


def palette(theme: Theme) -> Palette:
    return Palette({**theme.to_color_system().generate(), **theme.variables})


def contrast(style: Style) -> float:
    """WCAG 2.2, "contrast ratio"."""
    dark, light = sorted(map(luminance, (style.color, style.bgcolor)))
    return (light + 0.05) / (dark + 0.05)


def luminance(color: Color | None) -> float:
    """WCAG 2.2, "relative luminance"."""
    assert color is not None
    assert color.triplet is not None
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in color.triplet.normalized
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_text_stands_out_from_its_ground(theme: Theme) -> None:
    colors = palette(theme)
    weak = {
        (ground, look): round(ratio, 2)
        for ground in _GROUNDS
        for look in ("", *LOOKS)
        if look not in _DRAWN
        and (
            ratio := contrast(
                colors.style(f"{ground} {look}" if ground != "selected" else f"{look} {ground}")
            )
        )
        < 4.5
    }
    assert not weak


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_what_is_drawn_can_be_seen_and_is_quieter_than_text(theme: Theme) -> None:
    colors = palette(theme)
    for look in _DRAWN:
        assert 1.5 < contrast(colors.style(look)) < 4.5


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_level_of_heading_looks_different(theme: Theme) -> None:
    styles = [palette(theme).style(f"heading{level}") for level in range(1, 7)]
    assert len({str(style) for style in styles}) == 6


def test_looks_add_up_and_the_last_one_wins() -> None:
    colors = palette(THEMES[0])
    both = colors.style("fence tok-keyword strong")
    assert both.bold
    assert both.bgcolor == colors.style("fence").bgcolor
    assert both.color == colors.style("tok-keyword").color
    assert colors.style("no-such-look") == colors.style("")
