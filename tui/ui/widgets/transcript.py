"""The messages of the open conversation; the reader owns the scroll."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from tui.ui.keys import Place, bindings
from tui.ui.widgets.message_view import ReplyView, view_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from tui.chat.message import Message


class Transcript(VerticalScroll):
    """Follows the stream until the reader scrolls up; `follow` takes it up again."""

    BINDINGS = [*bindings(Place.TRANSCRIPT)]  # noqa: RUF012 - Textual's own way to declare them

    new_lines: reactive[int] = reactive(0)
    """Lines that have come below what the reader sees since the reader left the end."""

    def __init__(self) -> None:
        super().__init__(id="transcript")
        self.welcome = Content()
        """What stands in a conversation in which nothing was said yet."""
        self._left_at: int | None = None

    def on_mount(self) -> None:
        """Begin at the end, and stay there."""
        self.anchor()

    async def show(self, messages: Iterable[tuple[Message, str]]) -> None:
        """Show other messages instead, each with a word on its place among alternatives."""
        views: list[Widget] = [view_of(message, place) for message, place in messages]
        if not views:
            views.append(Static(self.welcome, classes="welcome"))
        with self.app.batch_update():
            await self.remove_children()
            await self.mount_all(views)
        self.follow()

    async def add(self, view: Widget) -> None:
        """Show one more message at the end, and go there."""
        with self.app.batch_update():
            await self.query(".welcome").remove()
            await self.mount(view)
        self.follow()

    def follow(self) -> None:
        """Go to the end and stay there as it moves."""
        self._left_at = None
        self.new_lines = 0
        self.anchor()

    @property
    def is_following(self) -> bool:
        """Whether the end is in view and stays so."""
        return not self._anchor_released

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Notice when the reader leaves the end, and comes back to it."""
        super().watch_scroll_y(old_value, new_value)
        self._count()

    @on(ReplyView.Grew)
    def _grew(self) -> None:
        self.call_after_refresh(self._count)

    def _count(self) -> None:
        if self.is_following:
            self._left_at = None
            self.new_lines = 0
        elif self._left_at is None:
            self._left_at = self.max_scroll_y
        else:
            self.new_lines = max(0, self.max_scroll_y - self._left_at)
