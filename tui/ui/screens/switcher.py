"""The conversations of this run, to go to or to close."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.fuzzy import Matcher
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui.chat.hygiene import one_line
from tui.chat.message import Role
from tui.ui.keys import Place, bindings, first_key
from tui.ui.widgets.message_content import ending_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.app import ComposeResult

    from tui.ui.conversations import Conversations, OpenConversation


class Switcher(ModalScreen["OpenConversation | None"]):
    """Typing filters, up and down choose, enter opens; gives back the choice or nothing.

    Closing one from here is left to `close`: its reply has to be ended first.
    """

    CSS_PATH = "switcher.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own way to declare them
        Binding("escape", "dismiss(None)", "Back", id="switcher.back"),
        Binding("down,ctrl+n", "move(1)", show=False, priority=True, id="switcher.down"),
        Binding("up,ctrl+p", "move(-1)", show=False, priority=True, id="switcher.up"),
        *bindings(Place.SWITCHER),
    ]

    def __init__(
        self,
        conversations: Conversations,
        close: Callable[[OpenConversation], None],
        keymap: Mapping[str, str],
    ) -> None:
        super().__init__()
        self._close = close
        self._keymap = keymap
        self._conversations = conversations
        self._shown: list[OpenConversation] = []

    def compose(self) -> ComposeResult:
        """A line to type in and the list."""
        with Vertical(id="switcher") as box:
            box.border_title = "Conversations"
            closes = first_key("drop_conversation", self._keymap)
            box.border_subtitle = f"enter opens · {closes} closes · esc back"
            yield Input(placeholder="Type to filter", compact=True)
            yield OptionList(markup=False, compact=True)

    def on_mount(self) -> None:
        """Show all."""
        self.fill("")

    def fill(self, query: str) -> None:
        """List the conversations whose title matches, the best first."""
        everything = self._conversations.all
        if query.strip():
            matcher = Matcher(query)
            scored = [(matcher.match(_title(each)), each) for each in everything]
            scored.sort(key=lambda pair: -pair[0])
            self._shown = [each for score, each in scored if score > 0]
        else:
            self._shown = list(everything)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._line(each)) for each in self._shown])
        if self._shown:
            options.highlighted = 0

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        self.fill(event.value)

    @on(Input.Submitted)
    def _choose(self) -> None:
        self.dismiss(self._highlighted)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index])

    def action_move(self, step: int) -> None:
        """Move the highlight while the cursor stays in the input."""
        options = self.query_one(OptionList)
        if step > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_drop_conversation(self) -> None:
        """Close the highlighted conversation; `/undo` brings it back."""
        if (target := self._highlighted) is not None:
            self._close(target)
            self.fill(self.query_one(Input).value)

    @property
    def _highlighted(self) -> OpenConversation | None:
        index = self.query_one(OptionList).highlighted
        return None if index is None else self._shown[index]

    def _line(self, each: OpenConversation) -> Content:
        count = len(each.conversation)
        here = "● " if each is self._conversations.current else "  "
        last = each.conversation.path()[-1:]
        how: Content | str = ""
        if last and last[0].role is Role.ASSISTANT and last[0].ending is not None:
            mark, color = ending_mark(last[0].ending)
            how = Content.styled(f"  {mark}", f"${color}")
        draft = Content.styled("  draft", "$warning") if each.draft.strip() else ""
        messages = "1 message" if count == 1 else f"{count} messages"
        title = one_line(_title(each), max(10, min(60, self.app.size.width - 32)))
        return Content.assemble(
            (here, "$primary"), title, (f"  {messages}", "$foreground-muted"), how, draft
        )


def _title(each: OpenConversation) -> str:
    return each.conversation.title or "New conversation"
