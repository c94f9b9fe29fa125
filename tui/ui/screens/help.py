"""All keys and commands, from the one table of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.ui.keys import ACTIONS, FIXED, Place, key_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult


_NARROW = 72
_MOVES = (
    "By a line; pageup and pagedown by a page; home and end to the ends; enter takes, esc leaves"
)
_LONGEST_COMMAND = max(len(action.slash) for action in ACTIONS)


class HelpScreen(ModalScreen[None]):
    """Any way out closes it: escape, q, or the key that opened it."""

    CSS_PATH = "help.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own way to declare them
        Binding("escape,q,enter", "dismiss", "Close", id="help.close"),
        # By the action's own name, so that the user's key for it closes it as well.
        Binding("f1", "dismiss", show=False, id="help"),
        Binding("j", "down", show=False, id="help.down"),
        Binding("k", "up", show=False, id="help.up"),
    ]

    def __init__(self, keymap: Mapping[str, str]) -> None:
        super().__init__()
        self._keymap = keymap

    def compose(self) -> ComposeResult:
        """One table, grouped by where the keys count."""
        with VerticalScroll(id="help") as scroll:
            scroll.border_title = "Keys and commands"
            scroll.border_subtitle = "esc closes"
            yield Static(self._table(), markup=False)

    def action_down(self) -> None:
        """One line down."""
        self.query_one("#help", VerticalScroll).scroll_down(animate=False)

    def action_up(self) -> None:
        """One line up."""
        self.query_one("#help", VerticalScroll).scroll_up(animate=False)

    def _table(self) -> Group:
        """Keys, slash command, what it does; a long explanation wraps inside its column."""
        colors = self.app.theme_variables
        parts: list[Table | Text] = []
        for place in Place:
            parts.append(Text(place.value.capitalize(), style=f"bold {colors['primary']}"))
            table = Table.grid(padding=(0, 2, 0, 0))
            rows = [
                (", ".join(key_names(action, self._keymap)[:2]), action.slash, action.help)
                for action in ACTIONS
                if action.place is place
            ]
            rows += [(key, "", help_) for where, key, _, help_ in FIXED if where is place]
            if place is Place.CHAT:
                rows.append(("ctrl+p", "", "Command palette: actions and themes"))
            if place is Place.SWITCHER:
                rows.insert(0, ("up, down", "", _MOVES))
            if self.app.size.width < _NARROW:
                for keys, slash, help_ in rows:
                    table.add_row(Text(f"{keys}  {slash}".strip(), style=colors["accent"]))
                    table.add_row(Padding(help_, (0, 0, 0, 2)))
            else:
                table.add_column(width=21, style=colors["accent"])
                table.add_column(width=_LONGEST_COMMAND)
                table.add_column(ratio=1)
                for keys, slash, help_ in rows:
                    table.add_row(Text(f"  {keys}"), slash, help_)
            parts += [table, Text()]
        return Group(*parts[:-1])
