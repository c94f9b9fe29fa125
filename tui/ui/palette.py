"""What the names of looks mean in the present theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style
from textual.color import Color

if TYPE_CHECKING:
    from collections.abc import Mapping

_MIXED = {"muted": 0.30, "faint": 0.66}
"""Quieter than the text by so much; what is faint is drawn, never read."""

_ATTRIBUTES = {
    "bold": Style(bold=True),
    "italic": Style(italic=True),
    "underline": Style(underline=True),
    "strike": Style(strike=True),
}

_LOOKS = {
    "strong": "bold",
    "em": "italic",
    "strike": "strike muted",
    "code": "secondary on surface",
    "link": "underline primary",
    "url": "muted",
    "image": "italic secondary",
    "heading1": "bold underline primary",
    "heading2": "bold primary",
    "heading3": "bold accent",
    "heading4": "bold foreground",
    "heading5": "bold italic muted",
    "heading6": "italic muted",
    "quote": "muted",
    "mark": "primary",
    "bar": "faint",
    "rule": "faint",
    "label": "muted on surface",
    "fence": "foreground on surface",
    "wrap": "faint",
    "html": "muted",
    "math": "accent",
    "note": "muted",
    "table-head": "bold secondary",
    "table-line": "faint",
    "dim": "muted",
    "role": "bold primary",
    "alternative": "muted",
    "thinking": "muted",
    "extras": "muted",
    "prompt": "foreground on surface",
    "prompt-bar": "primary on surface",
    "reply-bar": "primary",
    "marked": "accent",
    "notice": "foreground on surface",
    "notice-primary": "primary",
    "notice-warning": "warning",
    "notice-error": "error",
    "notice-secondary": "secondary",
    "tok-keyword": "primary",
    "tok-string": "success",
    "tok-number": "warning",
    "tok-comment": "italic muted",
    "tok-name": "foreground",
    "tok-function": "accent",
    "tok-class": "bold accent",
    "tok-builtin": "secondary",
    "tok-decorator": "warning",
    "tok-operator": "secondary",
    "tok-punctuation": "muted",
    "tok-tag": "primary",
    "tok-attribute": "accent",
    "tok-constant": "warning",
    "tok-error": "error",
    "tok-inserted": "success",
    "tok-deleted": "error",
    "tok-heading": "bold primary",
    "selected": "foreground on input-selection-background",
}

LOOKS = tuple(_LOOKS)
"""All names there are."""


class Palette:
    """The styles of one theme, each made when it is first asked for.

    Every style has both its colours, so that a line can be drawn without knowing what is around it.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        """`variables` are Textual's of the theme: names of colours and what they are."""
        self._variables = variables
        self.background = self._color("background")
        """What is behind everything that does not say otherwise."""
        self._styles: dict[str, Style] = {}

    def style(self, look: str) -> Style:
        """The style of a look: names with a space between them, the later ones on top."""
        style = self._styles.get(look)
        if style is None:
            style = self._styles[look] = self._make(look)
        return style

    def _make(self, look: str) -> Style:
        color, background = "foreground", "background"
        style = Style()
        for name in look.split():
            before, _, on = _LOOKS.get(name, "").partition("on ")
            background = on or background
            for word in before.split():
                if word in _ATTRIBUTES:
                    style += _ATTRIBUTES[word]
                else:
                    color = word
        return style + Style(
            color=self._color(color).rich_color, bgcolor=self._color(background).rich_color
        )

    def _color(self, name: str) -> Color:
        if name in _MIXED:
            return self._color("foreground").blend(self._color("background"), _MIXED[name])
        return Color.parse(self._variables[name])
