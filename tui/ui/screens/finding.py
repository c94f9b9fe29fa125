"""What all lists have in common that are found in by typing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.binding import Binding
from textual.screen import ModalScreen, ScreenResultType
from textual.widgets import Input

from tui.ui.keys import MOVES
from tui.ui.widgets.line_input import LineInput

if TYPE_CHECKING:
    from collections.abc import Callable


class FindingScreen(ModalScreen[ScreenResultType]):
    """Typing finds, up and down choose while the cursor stays in the input, enter takes.

    Answers come later than questions. Keys are obeyed when what was typed before them is answered:
    they were not meant for the rows that happened to be still there.
    """

    BINDINGS = [  # noqa: RUF012 - Textual's own way to declare them
        Binding("escape", "dismiss(None)", "Back", id="finding.back"),
        *(
            Binding(keys, f"move('{how}', {step})", show=False, priority=True)
            for keys, how, step in MOVES
        ),
    ]

    def __init__(self, placeholder: str) -> None:
        super().__init__()
        self.input = LineInput(placeholder=placeholder, compact=True)
        self._waiting: list[tuple[str, Callable[[], object]]] = []

    # What each of them is for

    def find(self, query: str) -> None:
        """Begin to look for something; what was looked for before does not matter any more."""
        raise NotImplementedError

    def has_found(self, query: str) -> bool:
        """Whether what is shown, and the highlighted row of it, is the answer to that."""
        raise NotImplementedError

    def move(self, how: str, step: int) -> None:
        """Move the highlight by lines or pages, or to the top or the bottom."""
        raise NotImplementedError

    def choose(self) -> None:
        """Take the highlighted row, if there is one."""
        raise NotImplementedError

    # Keys, in the order in which they were pressed

    def do(self, act: Callable[[], object]) -> None:
        """Do what a key wishes; such keys overtake letters if all come together."""
        self.input.call_later(self._in_turn, act)

    def obey(self) -> None:
        """Do what was wished of what is shown now; to be called when it has changed."""
        while self._waiting and self.has_found(self.input.value):
            meant_for, act = self._waiting.pop(0)
            # A key before may have closed this, or opened another dialog over it.
            if meant_for == self.input.value and self.is_active:
                act()

    def _in_turn(self, act: Callable[[], object]) -> None:
        self._waiting.append((self.input.value, act))
        self.obey()

    @on(Input.Changed)
    def _find(self, event: Input.Changed) -> None:
        self.find(event.value)

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        # More may have been typed before this was told.
        self._waiting.append((event.value, self.choose))
        self.obey()

    def action_move(self, how: str, step: int = 0) -> None:
        """Move the highlight."""
        self.do(partial(self.move, how, step))
