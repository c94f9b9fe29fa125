"""Entering a provider's key: never shown, never written but into the system's keyring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.chat.hygiene import one_line
from tui.ui.keys import Place, fixed_bindings
from tui.ui.widgets.line_input import LineInput

if TYPE_CHECKING:
    from textual.app import ComposeResult


@dataclass(frozen=True, slots=True)
class EnteredKey:
    """A key, and whether it is to be kept beyond this run."""

    key: str
    keep: bool

    def __repr__(self) -> str:
        return "EnteredKey(…)"


class KeyEntry(ModalScreen["EnteredKey | None"]):
    """Gives back what was entered, `None` for nothing."""

    CSS_PATH = "key_entry.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own way to declare them
        Binding("escape", "dismiss(None)", "Back", id="key_entry.back"),
        *fixed_bindings(Place.KEY_ENTRY),
    ]

    def __init__(self, provider: str, address: str, source: str) -> None:
        super().__init__()
        self._provider = provider
        self._address = address
        self._source = source
        self._line = LineInput(placeholder="Paste or type the key", password=True, compact=True)

    def compose(self) -> ComposeResult:
        """One masked line, and where the key will go."""
        with Vertical(id="key") as box:
            box.border_title = Content(f"API key of {one_line(self._provider)}")
            box.border_subtitle = "enter uses it · ctrl+s keeps it · esc back"
            yield self._line
            now = f" Now it comes from {self._source}." if self._source else ""
            yield Static(
                f"It is sent to {one_line(self._address)} alone, and forgotten when Rill ends; "
                f"ctrl+s keeps it in the system's keyring.{now}",
                markup=False,
            )

    @on(Input.Submitted)
    def _enter(self) -> None:
        self._give(keep=False)

    def action_keep(self) -> None:
        """Use it, and keep it."""
        self._line.call_later(self._give, keep=True)

    def _give(self, *, keep: bool) -> None:
        key = self._line.value.strip()
        if self.is_active:
            self.dismiss(EnteredKey(key, keep) if key else None)
