"""What was written earlier, to be written once more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from textual import on, work
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.chat.hygiene import make_visible, one_line
from tui.errors import HistoryError
from tui.storage import reads
from tui.ui.keys import first_key
from tui.ui.screens.finding import FindingScreen
from tui.ui.widgets.letters import words_in
from tui.ui.widgets.plain_text import wrap_plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import ComposeResult

    from tui.storage.history import History

_LINE_END = re.compile(r"\s*\n\s*")
_MOST = 100
_LINES = 2
"""Of each prompt in the list."""
_MARK = "· "
_FOUND = "bold $accent"


class EarlierPrompts(FindingScreen["str | None"]):
    """The newest first, each once; gives back the chosen one or nothing."""

    CSS_PATH = "earlier.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own way to declare them
        # By the action's own name, so that the user's key for it goes on as well, as in a shell.
        Binding("ctrl+r", "move('line', 1)", show=False, priority=True, id="earlier_prompts"),
    ]

    def __init__(self, history: History, keymap: Mapping[str, str]) -> None:
        super().__init__("Type words that are in it")
        self._history = history
        self._key = first_key("earlier_prompts", keymap)
        self._box = Vertical(id="earlier")
        self._list = OptionList(markup=False, compact=True)
        self._list.can_focus = False
        self._note = Static(id="note", markup=False)
        self._whole = Static(id="whole", markup=False)
        self._prompts: Sequence[str] = ()
        self._answered: str | None = None

    def compose(self) -> ComposeResult:
        """A line to type in, the list, and more of the highlighted one."""
        with self._box as box:
            box.border_subtitle = Content(f"enter takes it · {self._key} the one before · esc back")
            yield self.input
            self._note.display = False
            yield self._note
            yield self._list
            yield self._whole

    def on_mount(self) -> None:
        """Begin to read."""
        self.find("")

    @work(exclusive=True, group="read", description="earlier prompts")
    async def find(self, query: str) -> None:  # type: ignore[override] # the worker is not waited for
        """Read; a later question takes the place of this one."""
        try:
            prompts = await self._history.read(reads.prompts, query, _MOST + 1)
        except HistoryError as error:
            self._show((), query, Content.styled(str(error), "$error"))
            return
        nothing = "Nothing found." if query.strip() else "Nothing was written yet."
        self._show(prompts, query, Content.styled(nothing, "$foreground-muted"))

    def has_found(self, query: str) -> bool:
        """Whether what is shown is the answer to that."""
        return self._answered == query

    def move(self, how: str, step: int) -> None:
        """Move the highlight, not beyond the ends."""
        match how:
            case "page":
                page = self._list.action_page_down if step > 0 else self._list.action_page_up
                page()  # type: ignore[no-untyped-call] # Textual has left it so
            case "top":
                self._list.action_first()
            case "bottom":
                self._list.action_last()
            case _ if (at := self._list.highlighted) is not None:
                self._list.highlighted = max(0, min(at + step, len(self._prompts) - 1))

    @on(OptionList.OptionSelected)
    def choose(self) -> None:
        """Take the highlighted prompt."""
        if (at := self._list.highlighted) is not None:
            self.dismiss(self._prompts[at])

    def on_resize(self) -> None:
        """Break all lines anew."""
        at = self._list.highlighted
        self.call_after_refresh(self._fill, at or 0)

    def _show(self, prompts: Sequence[str], query: str, nothing: Content) -> None:
        more = f" · the newest {_MOST}; type more to narrow it" if len(prompts) > _MOST else ""
        self._box.border_title = f"Earlier prompts{more}"
        self._prompts, self._answered = prompts[:_MOST], query
        self._note.update(nothing)
        self._note.display = not prompts
        self._list.display = self._whole.display = bool(prompts)
        self._fill(0)
        self.obey()

    def _fill(self, highlighted: int) -> None:
        width = max(20, self._list.scrollable_content_region.width - 2)
        with self.app.batch_update():
            self._list.clear_options()
            self._list.add_options(Option(self._line(text, width)) for text in self._prompts)
            self._list.highlighted = highlighted if self._prompts else None
        self._show_whole()

    def _line(self, text: str, width: int) -> Content:
        """The beginning of a prompt, its lines one after the other."""
        room = width - len(_MARK)
        beginning = _LINE_END.sub(" ↵ ", text[: _LINES * room * 4].strip())
        lines = wrap_plain(one_line(beginning, _LINES * room * 2), room)
        if len(lines) > _LINES:
            lines = [*lines[: _LINES - 1], one_line(f"{lines[_LINES - 1]} …")]
        indented = f"\n{' ' * len(_MARK)}".join(lines)
        return Content.assemble((_MARK, "$foreground-muted"), self._found(indented))

    @on(OptionList.OptionHighlighted)
    def _show_whole(self) -> None:
        """The highlighted prompt as it was written, as many lines as there is room for."""
        at = self._list.highlighted
        if at is None:
            return
        width, height = self._whole.scrollable_content_region.size
        text = make_visible(self._prompts[at][: width * height * 2].rstrip())
        lines = [row for line in text.split("\n") for row in wrap_plain(line, max(1, width))]
        shown = self._found("\n".join(lines[:height]))
        if len(lines) > height or len(text) < len(self._prompts[at].rstrip()):
            shown = self._found("\n".join(lines[: height - 1]))
            more = f"\n… {len(self._prompts[at]):,} characters in all"
            shown = Content.assemble(shown, (more, "$foreground-muted"))
        self._whole.update(shown)

    def _found(self, text: str) -> Content:
        found = Content(text)
        for begin, end in words_in(text, self._answered or ""):
            found = found.stylize(_FOUND, begin, end)
        return found
