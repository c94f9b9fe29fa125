"""All conversations, the newest first, and what was said in them: to go there, or to tidy up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from textual import on, work
from textual.containers import Vertical
from textual.content import Content

from tui.ui.keys import Place, bindings, first_key
from tui.ui.screens.finding import FindingScreen
from tui.ui.screens.rename import RenameScreen
from tui.ui.widgets.conversation_list import ConversationList
from tui.ui.widgets.row_list import RowList

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.app import ComposeResult

    from tui.storage.records import Entry
    from tui.ui.conversations import Conversations
    from tui.ui.widgets.entry_rows import Key

_HINTS = (
    ("drop_conversation", "deletes"),
    ("undo_drop", "undoes"),
    ("rename_highlighted", "renames"),
    ("pin_highlighted", "pins"),
    ("duplicate_highlighted", "copies"),
)


_CORNERS = 2
"""Columns of the frame's line that are left on its sides."""


class Chosen(NamedTuple):
    """Where to go; `query` is what was looked for if it is a message that was chosen."""

    conversation_id: str
    message_id: str | None = None
    query: str = ""


class Keeper(Protocol):
    """Who does to conversations what is wished here: a reply may be running in one of them."""

    def delete(self, conversation_id: str, title: str) -> None:
        """Delete it, so that it can be undone, and say so."""

    async def undo(self) -> bool:
        """Bring back what was deleted last; false if there is nothing."""

    def rename(self, conversation_id: str, title: str) -> None:
        """Give it a title; `""` gives back the automatic one."""

    def pin(self, conversation_id: str, *, is_pinned: bool) -> None:
        """Keep it on top of the list, or not."""

    async def duplicate(self, conversation_id: str) -> None:
        """Copy it."""


class Switcher(FindingScreen["Chosen | None"]):
    """Gives back where to go, or nothing."""

    CSS_PATH = "switcher.tcss"
    BINDINGS = [*bindings(Place.SWITCHER)]  # noqa: RUF012 - Textual's own way to declare them

    def __init__(
        self, conversations: Conversations, keeper: Keeper, keymap: Mapping[str, str]
    ) -> None:
        super().__init__("Type to find titles and messages")
        self._keeper = keeper
        self._keymap = keymap
        self._box = Vertical(id="switcher")
        self._list = ConversationList(conversations)
        self._dropped: list[tuple[Key, int]] = []

    def compose(self) -> ComposeResult:
        """A line to type in and the list."""
        self._box.border_title = "Conversations"
        with self._box:
            yield self.input
            yield self._list

    def on_mount(self) -> None:
        """Begin to read."""
        self.find("")

    def on_resize(self) -> None:
        """Name as many keys as there is room for."""
        hint, end = "enter opens", " · esc back"
        for action, does in _HINTS:
            key = first_key(action, self._keymap)
            more = f"{hint} · {key} {does}"
            if key and len(more + end) <= self._box.size.width - _CORNERS:
                hint = more
        self._box.border_subtitle = Content(hint + end)

    def refresh_list(self) -> None:
        """Read again what is shown; the highlight stays on the same conversation."""
        self._list.refresh_rows()

    def find(self, query: str) -> None:
        """Begin to look for something; `""` finds all."""
        self._list.ask(query)

    def has_found(self, query: str) -> bool:
        """Whether what is shown, and the highlighted row of it, is the answer to that."""
        return self._list.has_answered(query)

    def move(self, how: str, step: int) -> None:
        """Move the highlight."""
        self._list.move(how, step)

    @on(RowList.Clicked)
    def choose(self) -> None:
        """Go to the highlighted conversation, or to the message that was found in it."""
        if (key := self._list.key) is not None:
            self.dismiss(Chosen(*key, self._list.rows.query if key[1] else ""))

    @on(ConversationList.Answered)
    def _show_answer(self) -> None:
        if self._list.total is not None:
            self._box.border_title = f"Conversations · {self._list.total:,}"
        self.obey()

    # What is done to the highlighted conversation

    def _do_to_it(self, act: Callable[[Entry], object]) -> None:
        def with_entry() -> None:
            if (entry := self._list.entry) is not None:
                act(entry)

        self.do(with_entry)

    def action_drop_conversation(self) -> None:
        """Delete the highlighted conversation."""
        self._do_to_it(self._drop)

    def _drop(self, entry: Entry) -> None:
        self._dropped.append(((entry.id, None), self._list.place))
        self._list.take_out(entry.id)
        self._keeper.delete(entry.id, entry.title)
        self._list.refresh_rows()

    def action_undo_drop(self) -> None:
        """Bring back what was deleted last."""
        self.do(self._undo)

    @work(group="keeper", description="undo")
    async def _undo(self) -> None:
        if await self._keeper.undo():
            key, place = self._dropped.pop() if self._dropped else (None, None)
            self._list.refresh_rows(key, place)

    def action_rename_highlighted(self) -> None:
        """Rename the highlighted conversation."""
        self._do_to_it(self._rename)

    def _rename(self, entry: Entry) -> None:
        def rename(title: str | None) -> None:
            if title is not None:
                self._keeper.rename(entry.id, title)
                self._list.refresh_rows()

        self.app.push_screen(RenameScreen(entry.title), rename)

    def action_pin_highlighted(self) -> None:
        """Keep the highlighted conversation on top, or not."""
        self._do_to_it(self._pin)

    def _pin(self, entry: Entry) -> None:
        self._keeper.pin(entry.id, is_pinned=not entry.is_pinned)
        self._list.update(replace(entry, is_pinned=not entry.is_pinned))
        place = self._list.place if entry.is_pinned else 0
        self._list.refresh_rows((entry.id, None), place)

    def action_duplicate_highlighted(self) -> None:
        """Copy the highlighted conversation."""
        self._do_to_it(self._duplicate)

    @work(group="keeper", description="duplicate")
    async def _duplicate(self, entry: Entry) -> None:
        await self._keeper.duplicate(entry.id)
        self._list.refresh_rows()
