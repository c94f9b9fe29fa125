"""Which lines of which messages are on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Size

from tui.ui.widgets.heights import Heights
from tui.ui.widgets.message_view import GUTTER, Piece, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui.chat.message import Message
    from tui.ui.widgets.message_content import MessageContent

_KEPT = 64
"""Rows that are kept laid out, the nearest ones."""
_SAMPLE = 50
"""Messages from which the height of those is told that nobody has looked at."""


class Window:
    """The part of a conversation that can be seen, wherever in it that is.

    The truth about where the reader is are a message and a line of it, the first on the screen.
    Line numbers from the beginning of everything are derived from it: heights are estimates where
    nobody has looked, and when one turns out to be wrong the number changes and not what is on the
    screen. So moving goes through the lines that are really there, however far; only `jump` goes
    by the numbers.
    """

    def __init__(self, make_content: Callable[[int], MessageContent]) -> None:
        self.messages: list[Message] = []
        self.is_following = True
        """Whether the end is in view and stays so."""
        self.pieces: list[Piece] = []
        """What is on the screen, from top to bottom."""
        self.size = Size()
        self.pinned: tuple[int, ...] = ()
        """Messages that stay laid out wherever the reader is."""
        self.rows_made = 0
        """How many messages have been looked at so closely that they had to be laid out."""
        self._make_content = make_content
        self._rows: dict[int, Row] = {}
        self._heights = Heights()
        self._top = (0, 0)  # the row and the line of it that are first on the screen
        self._width = 0  # of the text; 0 before it is known

    # What there is

    @property
    def total(self) -> int:
        """Lines of the whole conversation, mostly estimated."""
        return self._heights.total

    @property
    def first(self) -> int:
        """The number of the line that is first on the screen."""
        return self._heights.top(self._top[0]) + self._top[1]

    @property
    def last(self) -> int:
        """The index of the last message."""
        return len(self.messages) - 1

    def show(self, messages: Sequence[Message], kept: int) -> None:
        """Show these; the first `kept` are what they were."""
        self.pieces = []
        self.pinned = ()
        if not kept:
            self._heights = Heights()
            self._top = (0, 0)
        for index in [index for index in self._rows if index >= kept]:
            del self._rows[index]
        self._heights.truncate(kept)
        self.messages = list(messages)
        self._heights.count = len(self.messages)
        if not kept:
            self._estimate()

    def append(self, *messages: Message) -> int:
        """Show more at the end; gives back how many lines they have."""
        before = self._heights.total
        first = len(self.messages)
        self.messages += messages
        self._heights.count = len(self.messages)
        if not before:
            self._estimate()
        for index in range(first, len(self.messages)):
            self.measure(index)
        return self._heights.total - self._heights.top(first)

    def prepend(self, messages: Sequence[Message]) -> None:
        """Show more at the beginning; what is on the screen stays."""
        count = len(messages)
        self.messages = [*messages, *self.messages]
        self._rows = {index + count: row for index, row in self._rows.items()}
        for index, row in self._rows.items():
            row.index = index
        self._top = self._top[0] + count, self._top[1]
        self.pinned = tuple(index + count for index in self.pinned)
        self._estimate()

    @property
    def rows(self) -> Sequence[Row]:
        """The messages that are drawn, or were lately."""
        return list(self._rows.values())

    def row(self, index: int) -> Row:
        """A message as it is drawn, made if it has to be."""
        row = self._rows.get(index)
        if row is None:
            self.rows_made += 1
            content = self._make_content(index)
            content.set_width(self._width)
            row = self._rows[index] = Row(index, content)
        return row

    def settle(self, index: int) -> None:
        """Lay out all of a message, so that its lines have the numbers that they keep."""
        self.change(_lay_out, only=index)

    def measure(self, index: int) -> int:
        """Lay out what of a message could be seen from its end; gives back its height."""
        content = self.row(index).content
        content.reveal_up(content.height, self.size.height)
        self._heights[index] = content.height
        return content.height

    def change(self, action: Callable[[MessageContent], None], *, only: int | None = None) -> None:
        """Do something to the messages, or to one; the line that is first on the screen stays."""
        index, y = self._top
        is_touched = only is None or index == only
        top = self.row(index).content if self.messages and is_touched else None
        place = top.place(y) if top else None
        changed = self._rows if only is None else (only,)
        for at in changed:
            action(self.row(at).content)
        if top and place and not self.is_following:
            self._top = index, top.find(place)
        for at in changed:
            self._heights[at] = self.row(at).content.height

    # Where one is

    @property
    def is_at_end(self) -> bool:
        """Whether the last line is on the screen."""
        if not self.pieces:
            return True
        row, first, lines = self.pieces[-1]
        return row.index == self.last and first + lines >= row.content.height

    def resize(self, size: Size) -> None:
        """Keep the line that is first on the screen where it is; all others break elsewhere."""
        self.size = size
        width = max(1, size.width - GUTTER)
        if width == self._width:
            return
        self._width = width
        self.change(lambda content: content.set_width(width))
        self._estimate()

    def fill(self) -> None:
        """Lay out what is on the screen: what ends at the end, or begins where the reader is."""
        if not self.messages:
            return
        if self.is_following:
            self._to_end()
        self.pieces = self._take(self.size.height)
        missing = self.size.height - sum(piece.lines for piece in self.pieces)
        if missing and self._top != (0, 0):
            self._to_end()
            self.pieces = self._take(self.size.height)
        self._let_go()

    def move(self, lines: int) -> None:
        """Go down by so many lines, or up."""
        if lines > 0:
            self._go_down(lines)
        else:
            self._go_up(-lines)

    def jump(self, y: int) -> None:
        """Go to the line with a number."""
        index, inside = self._heights.find(y)
        self._top = index, 0
        self._go_down(inside)

    def reveal(self, index: int, y: int) -> None:
        """Move as little as is needed to have a line on the screen."""
        self.fill()
        if any(p.row.index == index and p.first <= y < p.first + p.lines for p in self.pieces):
            return
        is_below = (index, y) > self._top
        self._top = index, y
        if is_below:
            self._go_up(self.size.height - 1)

    def go_to(self, index: int, y: int, *, below: int = 0) -> None:
        """Let a line of a message be the first on the screen, or have so many lines above it."""
        self._top = index, y
        self._go_up(below)

    def _to_end(self) -> None:
        self._top = self.last, self.row(self.last).content.height
        self._go_up(self.size.height)

    def _take(self, count: int) -> list[Piece]:
        """The next `count` lines from the top on, as far as there are any."""
        pieces = []
        index, first = self._top
        while count > 0 and index <= self.last:
            row = self.row(index)
            row.content.reveal_down(first, count)
            self._heights[index] = row.content.height
            if (here := min(count, row.content.height - first)) > 0:
                pieces.append(Piece(row, first, here))
                count -= here
            index += 1
            first = 0
        return pieces

    def _go_down(self, count: int) -> None:
        index, y = self._top
        while True:
            content = self.row(index).content
            content.reveal_down(y, count)
            self._heights[index] = content.height
            if y + count < content.height or index == self.last:
                self._top = index, min(y + count, content.height - 1)
                break
            count -= content.height - y
            index, y = index + 1, 0

    def _go_up(self, count: int) -> None:
        index, y = self._top
        while True:
            content = self.row(index).content
            y += content.reveal_up(y, count)
            self._heights[index] = content.height
            if y >= count or index == 0:
                self._top = index, max(0, y - count)
                break
            count -= y
            index -= 1
            y = self.row(index).content.height

    def _let_go(self) -> None:
        """Give up the rows that are far away, but not those that are needed; heights stay known."""
        if len(self._rows) > 2 * _KEPT:
            middle = self._top[0]
            nearest = sorted(self._rows, key=lambda index: abs(index - middle))
            for index in nearest[_KEPT:]:
                if index != self.last and index not in self.pinned:
                    del self._rows[index]

    def _estimate(self) -> None:
        """Guess what nobody has looked at from a few messages: all of them would take too long."""
        count = len(self.messages)
        width = max(20, self._width)
        # Spread by the golden ratio: even steps would meet prompts only.
        indexes = (int(at * 0.618034 % 1 * count) for at in range(min(_SAMPLE, count)))
        sample = [self.messages[index].text for index in indexes]
        lines = sum(text.count("\n") + len(text) // width + 3 for text in sample)
        self._heights = Heights(count, max(2, round(lines / max(1, len(sample)))))
        for index, row in self._rows.items():
            self._heights[index] = row.content.height


def _lay_out(content: MessageContent) -> None:
    content.reveal_down(0, 1 << 30)
