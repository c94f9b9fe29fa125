"""Conversations, and messages in which something was found, as rows of a list."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from textual.content import Content

from tui.chat.age import LONGEST, age
from tui.chat.hygiene import one_line
from tui.storage.records import Entry, Hit
from tui.ui.widgets.letters import crop_around, letters
from tui.ui.widgets.message_content import ending_mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui.ui.widgets.letters import Part

Row: TypeAlias = Entry | Hit | str
"""Text is a heading."""

Key: TypeAlias = tuple[str, str | None]
"""Which row it is, wherever it stands: the ids of a conversation and of a message found in it."""

MOST_TITLES, MOST_HITS = 50, 100
_GAP = 2
_MARKS = 3  # pinned, open, a space
_LONGEST_TITLE = 200  # characters
_LONGEST_MODEL = 40
_SHORTEST_TITLE = 22
"""Columns; where it would have less it is the model that gives way."""
_WIDE = 84
"""Columns from which on there is room to say what the number is that of messages."""


class EntryRows:
    """`count` rows, of which some are read; those that are not stay blank until they are."""

    def __init__(self, count: int = 0, *, current: str = "", query: str = "") -> None:
        """`current` is the id of the open conversation; `query` what they were found by."""
        self.count = count
        self.query = query
        self._current = current
        self._rows: dict[int, Row] = {}
        self._now = time.time()
        self._model_width = 0
        self._number_width = 2

    # What is where

    def add(self, first: int, rows: Iterable[Row]) -> None:
        """These were read, from a number on."""
        for index, row in enumerate(rows, first):
            self._rows[index] = row
            if isinstance(row, Entry):
                model = Content(one_line(row.model, _LONGEST_MODEL))
                self._model_width = max(self._model_width, model.cell_length)
                self._number_width = max(self._number_width, len(str(row.messages)))

    def remove(self, conversation_id: str) -> None:
        """Close the gap where a conversation and what was found in it stood."""
        rows: dict[int, Row] = {}
        gone = 0
        for index, row in sorted(self._rows.items()):
            entry = _entry(row)
            if entry is not None and entry.id == conversation_id:
                gone += 1
            else:
                rows[index - gone] = row
        self._rows = rows
        self.count -= gone

    def update(self, entry: Entry) -> None:
        """Show a conversation as it is now, where it stands."""
        for index, row in self._rows.items():
            if isinstance(row, Entry) and row.id == entry.id:
                self._rows[index] = entry
            elif isinstance(row, Hit) and row.entry.id == entry.id:
                self._rows[index] = replace(row, entry=entry)

    def missing(self, near: range) -> range | None:
        """From which row to which some are not read yet."""
        missing = [
            i for i in range(max(0, near.start), min(near.stop, self.count)) if i not in self
        ]
        return range(missing[0], missing[-1] + 1) if missing else None

    def __contains__(self, index: int) -> bool:
        return index in self._rows

    def entry(self, index: int) -> Entry | None:
        """The conversation of a row; `None` of a heading and where nothing is known yet."""
        return _entry(self._rows.get(index))

    def key(self, index: int) -> Key | None:
        """Which row it is."""
        match self._rows.get(index):
            case Entry(id=id_):
                return id_, None
            case Hit(entry=entry, message_id=message_id):
                return entry.id, message_id
            case _:
                return None

    def find(self, key: Key) -> int | None:
        """Where a row stands, if that is known."""
        return next((index for index in self._rows if self.key(index) == key), None)

    def can_choose(self, index: int) -> bool:
        """Whether it is more than a heading."""
        return not isinstance(self._rows.get(index), str)

    # How it looks

    def draw(self, index: int, width: int) -> Content:
        """One line, at most so many cells wide."""
        match self._rows.get(index):
            case Entry() as entry:
                return self._draw_entry(entry, width)
            case Hit() as hit:
                return self._draw_hit(hit, width)
            case str() as heading:
                return Content.styled(heading, "$foreground-muted")
            case None:
                return Content()

    def _draw_entry(self, entry: Entry, width: int) -> Content:
        """Marks, title and tags, model, messages, ending, age; the title gives way first."""
        mark, color = ("", "") if entry.ending is None else ending_mark(entry.ending)
        number_width = self._number_width
        number = str(entry.messages)
        if width >= _WIDE:
            number_width += len(" messages")
            number += " message " if entry.messages == 1 else " messages"
        room = width - _MARKS - 3 * _GAP - number_width - 1 - LONGEST
        model_width = min(self._model_width, width // 4)
        if room - _GAP - model_width < _SHORTEST_TITLE:
            model = ""
        else:
            model = " " * _GAP + _fit(one_line(entry.model, _LONGEST_MODEL), model_width)
        return Content.assemble(
            ("✦" if entry.is_pinned else " ", "$warning"),
            ("● " if entry.id == self._current else "  ", "$primary"),
            self._title_and_tags(entry, max(0, room - Content(model).cell_length)),
            (model, "$foreground-muted"),
            " " * _GAP,
            (number.rjust(number_width), "$foreground-muted"),
            " " * _GAP,
            (mark or " ", f"${color}" if color else ""),
            " " * _GAP,
            (age(entry.updated_at, self._now).rjust(LONGEST), "$foreground-muted"),
        )

    def _title_and_tags(self, entry: Entry, width: int) -> Content:
        tags: list[Content] = []
        if entry.is_running:
            tags.append(Content.styled("running", "$primary"))
        if entry.has_draft:
            tags.append(Content.styled("draft", "$warning"))
        tag = Content(" ").join(tags)
        room = max(0, width - tag.cell_length - (1 if tags else 0))
        title = one_line(entry.title, _LONGEST_TITLE) or "New conversation"
        title, parts = crop_around(title, letters(title, self.query), room)
        found = _fit_content(_marked(title, parts), room)
        return Content.assemble(found, " ", tag) if tags else found

    def _draw_hit(self, hit: Hit, width: int) -> Content:
        """Whose, what, when; the title takes a third at most."""
        title_width = min(36, (width - _MARKS) * 3 // 10)
        room = max(0, width - _MARKS - title_width - 2 * _GAP - LONGEST)
        text, marks = crop_around(hit.excerpt, hit.marks, room)
        found = _marked(text, marks)
        title = one_line(hit.entry.title, _LONGEST_TITLE)
        return Content.assemble(
            " ",
            ("● " if hit.entry.id == self._current else "  ", "$primary"),
            (_fit(title, title_width), "$foreground-muted"),
            " " * _GAP,
            _fit_content(found, room),
            " " * _GAP,
            (age(hit.entry.updated_at, self._now).rjust(LONGEST), "$foreground-muted"),
        )


def found_rows(
    query: str, current: str, titled: Sequence[Entry], hits: Sequence[Hit] | None
) -> EntryRows:
    """What a query has found; `hits` are `None` while they are still being looked for.

    Of more than `MOST_TITLES` and `MOST_HITS` the first are shown, and that there are more is said.
    """
    rows: list[Row] = [*titled[:MOST_TITLES]]
    if len(titled) > MOST_TITLES:
        rows.insert(0, f"   in titles · the best {MOST_TITLES}; type more to narrow it")
    if hits is None:
        rows.append("   searching in messages …")
    elif hits:
        more = f" · the newest {MOST_HITS}; type more to narrow it"
        rows += [f"   in messages{more if len(hits) > MOST_HITS else ''}", *hits[:MOST_HITS]]
    found = EntryRows(len(rows), current=current, query=query)
    found.add(0, rows)
    return found


def _entry(row: Row | None) -> Entry | None:
    match row:
        case Entry():
            return row
        case Hit(entry=entry):
            return entry
        case _:
            return None


def _marked(text: str, parts: Iterable[Part]) -> Content:
    found = Content(text)
    for begin, end in parts:
        found = found.stylize("bold $accent", begin, end)
    return found


def _fit(text: str, width: int) -> str:
    return _fit_content(Content(text), width).plain


def _fit_content(content: Content, width: int) -> Content:
    """Exactly so many cells wide."""
    return content.truncate(width, ellipsis=True, pad=True)
