"""The links that are on the screen: where they lead, and, chosen on purpose, there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.chat.hygiene import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult


class LinksScreen(ModalScreen["str | None"]):
    """Up and down choose, enter takes; gives back the address or nothing."""

    CSS_PATH = "switcher.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own way to declare them
        Binding("escape,q,o", "dismiss(None)", "Back", id="links.back"),
        Binding("j", "app.simulate_key('down')", show=False, id="links.down"),
        Binding("k", "app.simulate_key('up')", show=False, id="links.up"),
    ]

    def __init__(self, links: Sequence[tuple[str, str]], what_enter_does: str) -> None:
        """`links` are their texts and addresses."""
        super().__init__()
        self._links = links
        self._what_enter_does = what_enter_does

    def compose(self) -> ComposeResult:
        """The list."""
        width = max(10, min(76, self.app.size.width - 8))
        with Vertical(id="switcher") as box:
            box.border_title = "Links on the screen"
            box.border_subtitle = f"enter {self._what_enter_does} · esc back"
            options = [
                Option(
                    Content(
                        # The address is what one decides by: as legible as can be, and whole.
                        one_line(href)
                        if text == href
                        else f"{one_line(text, width)}\n  {one_line(href)}"
                    )
                )
                for text, href in self._links
            ]
            yield OptionList(*options, markup=False, compact=True)

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._links[event.option_index][1])
