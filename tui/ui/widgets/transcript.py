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
    from collections.abc import Iterable, Sequence

    from textual.widget import Widget

    from tui.chat.conversation import Conversation


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
        self._thinking_open = False

    def on_mount(self) -> None:
        """Begin at the end, and stay there."""
        self.anchor()

    async def show(self, conversation: Conversation, *, running: Widget | None = None) -> None:
        """Show another conversation instead, or another branch of it.

        `running` is the view of a reply under way, which comes last.
        """
        views: list[Widget] = [
            view_of(message, _alternative(conversation.siblings(message.id), message.id))
            for message in conversation.path()
        ]
        if running is not None:
            views.append(running)
        self._fold(views)
        if not views:
            views.append(Static(self.welcome, classes="welcome"))
        with self.app.batch_update():
            # Both begin before either is awaited, or two that meet here would mix their messages.
            gone, come = self.remove_children(), self.mount_all(views)
            await gone
            await come
        self.follow()

    async def add(self, *views: Widget, follow: bool) -> None:
        """Show more messages at the end, and go there if `follow`: the reader owns the scroll."""
        self._fold(views)
        with self.app.batch_update():
            gone, come = self.query(".welcome").remove(), self.mount_all(views)
            await gone
            await come
        if follow:
            self.follow()

    def toggle_thinking(self) -> None:
        """Unfold or fold what the model thought, in all replies, those to come as well."""
        self._keep_count()
        self._thinking_open = not self._thinking_open
        for view in self.query(ReplyView):
            view.unfold_thinking(is_open=self._thinking_open)

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
        if self.is_following:
            self._left_at = None
            self.new_lines = 0
        elif self._left_at is None:
            self._left_at = self.max_scroll_y

    @on(ReplyView.Grew)
    def _grew(self) -> None:
        self.call_after_refresh(self._count)

    def _count(self) -> None:
        if self._left_at is not None:
            self.new_lines = max(0, self.max_scroll_y - self._left_at)

    def on_resize(self) -> None:
        """Lines that break elsewhere are no new lines."""
        self._keep_count()

    def _keep_count(self) -> None:
        """What is there is about to be laid out anew: count from its new height on."""
        self.call_after_refresh(self._count_from_here)

    def _count_from_here(self) -> None:
        if self._left_at is not None:
            self._left_at = self.max_scroll_y - self.new_lines

    def _fold(self, views: Iterable[Widget]) -> None:
        for view in views:
            if isinstance(view, ReplyView):
                view.unfold_thinking(is_open=self._thinking_open)


def _alternative(siblings: Sequence[str], message_id: str) -> tuple[int, int] | None:
    """Which one a message is of how many, if there are several."""
    if len(siblings) == 1:
        return None
    return siblings.index(message_id) + 1, len(siblings)
