"""A list of any length, of which only what is on the screen is ever drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

if TYPE_CHECKING:
    from typing import ClassVar

    from textual.events import Click, Resize

_POINTER = 1
"""Columns before each row; colours alone do not show everybody which one is highlighted."""


class Rows(Protocol):
    """What is listed."""

    @property
    def count(self) -> int:
        """How many there are."""

    def can_choose(self, index: int) -> bool:
        """Whether it is more than a heading."""

    def draw(self, index: int, width: int) -> Content:
        """One line, at most so many cells wide."""


class RowList(ScrollView, can_focus=False):
    """Rows of one line each. Whoever shows it has the focus, and moves the highlight.

    Textual's option list makes an object of each row first: 1.6 s for 10,000.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-list--highlighted"}
    DEFAULT_CSS = """
    RowList {
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        overflow-x: hidden;
        text-wrap: nowrap;
    }
    RowList > .row-list--highlighted {
        background: $primary 17%;
    }
    """

    class Scrolled(Message):
        """Other rows are on the screen than before."""

    class Clicked(Message):
        """A row was clicked; it is highlighted now."""

    def __init__(self, rows: Rows) -> None:
        super().__init__()
        self._rows = rows
        self._height = 0
        self.highlighted = 0
        """The number of a row that can be chosen, or of none if there is no such row."""

    @property
    def on_screen(self) -> range:
        """The numbers of the rows that are seen."""
        top = self.scroll_offset.y
        return range(top, min(top + self.size.height, self._rows.count))

    def show(self, rows: Rows, highlighted: int, *, reveal: bool = False) -> None:
        """Show other rows, or the same after something has happened to them.

        Who has turned the wheel away from the highlight is left there, unless it is to `reveal`.
        """
        reveal = reveal or self.highlighted in self.on_screen or not self._rows.count
        self._rows = rows
        self.virtual_size = Size(self.size.width, rows.count)
        self.highlighted = self._near(highlighted, 1)
        if reveal:
            self._reveal()
        self.refresh()
        self.post_message(self.Scrolled())

    def move(self, step: int) -> None:
        """Highlight the row that is so many further down, or the last there is."""
        self.highlight(self.highlighted + step, 1 if step > 0 else -1)

    def page(self, direction: int) -> None:
        """Move by what is seen at once."""
        self.move(direction * max(1, self.size.height - 1))

    def highlight(self, index: int, direction: int = 1) -> None:
        """Highlight a row; if it cannot be chosen, the next one in a direction."""
        self.refresh_line(self.highlighted)
        self.highlighted = self._near(index, direction)
        self.refresh_line(self.highlighted)
        self._reveal()

    def _near(self, index: int, direction: int) -> int:
        last = self._rows.count - 1
        index = max(0, min(index, last))
        for step in (direction, -direction):
            at = index
            while 0 <= at <= last:
                if self._rows.can_choose(at):
                    return at
                at += step
        return 0

    def _reveal(self) -> None:
        """Scroll as far as the highlight needs it; the heading above a row is seen with it."""
        at = self.highlighted
        first = at - 1 if at and not self._rows.can_choose(at - 1) else at
        top, height = self.scroll_offset.y, self.size.height
        if first < top:
            self.scroll_to(y=first, animate=False)
        elif height and at >= top + height:
            self.scroll_to(y=at - height + 1, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell it."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Scrolled())

    def on_resize(self, event: Resize) -> None:
        """Keep the highlight on the screen if it was there."""
        top = self.scroll_offset.y
        if top <= self.highlighted < top + self._height or not self._height:
            self._reveal()
        self._height = event.size.height
        self.post_message(self.Scrolled())

    def on_click(self, event: Click) -> None:
        """Highlight it, and tell it."""
        event.stop()
        index = self.scroll_offset.y + event.y
        if index < self._rows.count and self._rows.can_choose(index):
            self.highlight(index)
            self.post_message(self.Clicked())

    def render_line(self, y: int) -> Strip:
        """Draw what is on one line of the screen."""
        index = self.scroll_offset.y + y
        width = self.scrollable_content_region.width
        style = self.visual_style
        if index >= self._rows.count or width <= _POINTER + 1:
            return Strip.blank(width, style.rich_style)
        pointer: Content | str = " "
        if index == self.highlighted and self._rows.can_choose(index):
            style = self.get_visual_style("row-list--highlighted")
            pointer = Content.styled("▌", "$primary")
        row = Content.assemble(pointer, self._rows.draw(index, width - _POINTER - 1))
        row = row.truncate(width, pad=True)
        return Visual.to_strips(self, row, width, 1, style, apply_selection=False)[0]
