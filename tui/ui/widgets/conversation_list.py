"""The conversations, or those that something was found in: read bit by bit, as far as needed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import on, work
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.errors import HistoryError
from tui.storage import reads
from tui.ui.widgets.entry_rows import MOST_HITS, MOST_TITLES, EntryRows, found_rows
from tui.ui.widgets.row_list import RowList

if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection

    from textual.app import ComposeResult

    from tui.storage.records import Entry
    from tui.ui.conversations import Conversations
    from tui.ui.widgets.entry_rows import Key

_AROUND = 80
"""Rows that are read before and after those that are needed."""
_SEARCH_MAY_TAKE = 0.15
"""Seconds after which titles are shown without waiting for what is found in messages."""


class ConversationList(Vertical):
    """Shows the answer to the last question that has one; until then the one before stays."""

    class Answered(Message):
        """There is more to see than before."""

    def __init__(self, conversations: Conversations) -> None:
        super().__init__()
        self._conversations = conversations
        self._note = Static(id="note", markup=False)
        self._list = RowList(EntryRows())
        self.rows = EntryRows()
        self.total: int | None = None
        """How many conversations there are, once it is known."""
        self._asked = ""
        self._answered: str | None = None
        self._is_all = False

    def compose(self) -> ComposeResult:
        """The list, and what is said in its place if it is empty."""
        self._note.display = False
        yield self._note
        yield self._list

    @property
    def entry(self) -> Entry | None:
        """The highlighted conversation."""
        return self.rows.entry(self._list.highlighted)

    @property
    def key(self) -> Key | None:
        """The highlighted row."""
        return self.rows.key(self._list.highlighted)

    @property
    def place(self) -> int:
        """Where it stands."""
        return self._list.highlighted

    def has_answered(self, query: str) -> bool:
        """Whether this is the answer to that, and the highlighted row is read if there is one."""
        return self._answered == query and (
            self.key is not None or (self._is_all and not self.rows.count)
        )

    def move(self, how: str, step: int) -> None:
        """Move the highlight by lines or pages, or to the top or the bottom."""
        match how:
            case "line":
                self._list.move(step)
            case "page":
                self._list.page(step)
            case "top":
                self._list.highlight(0)
            case "bottom":
                self._list.highlight(self.rows.count, -1)

    def take_out(self, conversation_id: str) -> None:
        """Show that it is gone before the history has said so; the next one is highlighted."""
        self.rows.remove(conversation_id)
        self._list.show(self.rows, self._list.highlighted)

    def update(self, entry: Entry) -> None:
        """Show that it is otherwise before the history has said so."""
        self.rows.update(entry)
        self._list.refresh()

    def ask(self, query: str) -> None:
        """Find what there is, `""` finds all; what was asked before does not matter any more."""
        self._asked = query
        self._answer(query, 0, None, reveal=True)

    def refresh_rows(self, key: Key | None = None, near: int | None = None) -> None:
        """Read again; a given row is highlighted, that stands near to a place, or the same.

        What was changed here is waited for first, however long: it must not seem to be undone.
        """
        if self._asked != self._answered:
            self.ask(self._asked)
        elif key is None:
            self._answer(self._asked, self.place, self.key, is_again=True)
        else:
            place = self.place if near is None else near
            self._answer(self._asked, place, key, reveal=True, is_again=True)

    # Reading

    @work(exclusive=True, group="read", description="conversations")
    async def _answer(
        self,
        query: str,
        near: int,
        key: Key | None,
        *,
        reveal: bool = False,
        is_again: bool = False,
    ) -> None:
        try:
            if is_again:
                await asyncio.wrap_future(self._conversations.history.write(reads.count))
            if query.strip():
                await self._find(query, near, key, reveal=reveal)
            else:
                await self._list_all(query, near, key, reveal=reveal)
        except HistoryError as error:
            self._fail(query, error)

    async def _list_all(self, query: str, near: int, key: Key | None, *, reveal: bool) -> None:
        seen = self._list.on_screen
        count, pages = await self._conversations.history.read(_pages, [range(near, near + 1), seen])
        self.total = count
        rows = EntryRows(count, current=self._current)
        for first, entries in pages:
            rows.add(first, entries)
        self._show(rows, query, near, key, reveal=reveal)

    async def _find(self, query: str, near: int, key: Key | None, *, reveal: bool) -> None:
        history = self._conversations.history
        # One more than is shown tells whether there are more.
        titled = await history.read(reads.titled, query, MOST_TITLES + 1)
        searching = asyncio.create_task(history.read(reads.search, query, MOST_HITS + 1))
        try:
            await asyncio.wait({searching}, timeout=_SEARCH_MAY_TAKE)
            if not searching.done():
                rows = found_rows(query, self._current, titled, None)
                self._show(rows, query, near, key, reveal=reveal, is_all=False)
                await asyncio.wait({searching})
                near, key, reveal = self.place, self.key, False
            rows = found_rows(query, self._current, titled, searching.result())
        finally:
            searching.cancel()
        self._show(rows, query, near, key, reveal=reveal)

    @on(RowList.Scrolled)
    def _read_on(self) -> None:
        """Read what is near to what is seen."""
        seen = self._list.on_screen
        near = range(seen.start - len(seen), seen.stop + len(seen))
        if (missing := self.rows.missing(near)) is not None:
            self._read_more(missing)

    @work(exclusive=True, group="more", description="more conversations")
    async def _read_more(self, missing: range) -> None:
        rows = self.rows
        try:
            count, pages = await self._conversations.history.read(_pages, [missing])
        except HistoryError as error:
            self._fail(self._answered or "", error)
            return
        if rows is not self.rows:
            return
        if count != rows.count:  # some have come or gone: everything may stand elsewhere
            self.refresh_rows()
            return
        for first, entries in pages:
            rows.add(first, entries)
        self._list.refresh()
        self.post_message(self.Answered())

    # Showing

    @property
    def _current(self) -> str:
        return self._conversations.current.conversation.id

    def _show(
        self,
        rows: EntryRows,
        query: str,
        near: int,
        key: Key | None,
        *,
        reveal: bool,
        is_all: bool = True,
    ) -> None:
        self.rows, self._answered, self._is_all = rows, query, is_all
        index = None if key is None else rows.find(key)
        self._list.show(rows, near if index is None else index, reveal=reveal)
        if rows.count:
            self._say("")
        elif query.strip():
            self._say("Nothing found. Fewer letters of a title, or beginnings of words, find more.")
        else:
            self._say("Nothing was said yet.")

    def _fail(self, query: str, error: HistoryError) -> None:
        self.rows, self._answered, self._is_all = EntryRows(), query, True
        self._list.show(self.rows, 0)
        self._say(str(error), "$error")

    def _say(self, note: str, color: str = "$foreground-muted") -> None:
        """Say it in place of the list; nothing: the list is there again."""
        self._note.update(Content.styled(note, color))
        self._note.display = bool(note)
        self._list.display = not note
        self.post_message(self.Answered())


def _pages(db: Connection, places: Sequence[range]) -> tuple[int, list[tuple[int, list[Entry]]]]:
    """How many conversations there are, and those around each of these places."""
    pages = []
    for place in places:
        first = max(0, place.start - _AROUND)
        pages.append((first, reads.newest(db, place.stop + _AROUND - first, first)))
    return reads.count(db), pages
