"""What is asked of the model in one conversation: how long, how warm, when to stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.chat.hygiene import one_line
from tui.chat.parameters import EFFORTS, PARAMETERS, Parameters
from tui.errors import UsageError
from tui.ui.asked import parameter_text, parse_parameter
from tui.ui.widgets.line_input import LineInput

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.roster import Target

_HINTS = {
    "max_tokens": "the longest reply",
    "temperature": "0 to 2",
    "top_p": "0 to 1",
    "top_k": "a whole number",
    "seed": "a whole number",
    "stop": 'END, or ["END", "\\n\\n"]',
    "effort": " ".join(EFFORTS),
    "thinking_budget": "tokens",
    "system": "what the model is told first",
}

_AROUND = 3
"""Rows besides those of the lines: the frame, and a complaint."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was written down; `system` is `None` where it cannot be changed any more."""

    parameters: Parameters
    system: str | None


class AskingScreen(ModalScreen["Wishes | None"]):
    """A line for each; what is empty is as the settings and the provider have it."""

    CSS_PATH = "asking.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own way to declare them
        Binding("escape", "dismiss(None)", "Back", id="asking.back"),
        Binding("down", "app.focus_next", show=False, priority=True, id="asking.next"),
        Binding("up", "app.focus_previous", show=False, priority=True, id="asking.previous"),
    ]

    def __init__(self, target: Target, own: Parameters, system: str | None) -> None:
        super().__init__()
        self._target = target
        self._own = own
        self._system = system
        self._lines: dict[str, LineInput] = {}
        self._wrong = Static(id="wrong", markup=False)

    def compose(self) -> ComposeResult:
        """A name, what is asked here, and whose word it would be otherwise."""
        with Vertical(id="asking") as box:
            box.border_title = Content(f"Asked of {one_line(self._target.label)}")
            box.border_subtitle = "enter keeps it · empty: as set elsewhere · up, down · esc back"
            with VerticalScroll(can_focus=False):
                for name in PARAMETERS:
                    own = getattr(self._own, name)
                    yield from self._row(name, "" if own is None else parameter_text(own))
                if self._system is not None:
                    yield from self._row("system", self._system)
            yield self._wrong
            box.styles.height = len(self._lines) + _AROUND

    def _row(self, name: str, text: str) -> ComposeResult:
        line = LineInput(text, placeholder=self._otherwise(name), compact=True)
        self._lines[name] = line
        with Horizontal():
            yield Static(name, classes="name", markup=False)
            yield line

    def _otherwise(self, name: str) -> str:
        """What counts without a word here."""
        target = self._target
        value = target.system if name == "system" else getattr(target.options.parameters, name)
        by = target.set_by.get(name, "")
        if name != "system" and name not in target.places:
            return f"not sent: {target.api} has no place for it"
        if value in (None, "") or not by:
            return f"not sent · {_HINTS[name]}"
        return f"{one_line(parameter_text(value), 40)} · {one_line(by, 40)}"

    @on(Input.Submitted)
    def _keep(self) -> None:
        parameters = Parameters()
        for name in PARAMETERS:
            text = self._lines[name].value.strip()
            if not text:
                continue
            try:
                parameters = parameters.with_value(name, parse_parameter(name, text))
            except UsageError as error:
                self._wrong.update(str(error))
                self.set_focus(self._lines[name])
                # Where there is little room a long complaint takes some of it from the lines.
                self.call_after_refresh(self._lines[name].scroll_visible, animate=False)
                return
        system = self._lines["system"].value if "system" in self._lines else None
        if self.is_active:  # enter may have been pressed twice
            self.dismiss(Wishes(parameters, system))
