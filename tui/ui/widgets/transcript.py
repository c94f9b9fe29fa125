"""The messages of the open conversation; the reader owns the scroll."""

from __future__ import annotations

from functools import partial
from itertools import takewhile
from time import monotonic
from typing import TYPE_CHECKING

from textual.reactive import reactive
from textual.signal import Signal

from tui.chat.events import ReplyStarted, TextDelta, ThinkingDelta
from tui.ui.keys import Place, bindings
from tui.ui.widgets.key_order import obey_in_order
from tui.ui.widgets.message_content import MessageContent
from tui.ui.widgets.pace import Pace
from tui.ui.widgets.painting import paint_now
from tui.ui.widgets.selectable import SelectableViewport
from tui.ui.widgets.selection import Selecting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.events import Key
    from textual.timer import Timer

    from tui.chat.conversation import Conversation
    from tui.chat.events import ReplyEvent
    from tui.chat.message import Message
    from tui.chat.reply import Reply
    from tui.ui.widgets.painting import Frame


class Transcript(SelectableViewport):
    """Follows the stream until the reader scrolls up; `follow` takes it up again.

    What comes is gathered and painted in frames: the first at once, then as `Pace` says.
    """

    BINDINGS = [*bindings(Place.TRANSCRIPT)]  # noqa: RUF012 - Textual's own way to declare them

    new_lines: reactive[int] = reactive(0, repaint=False)
    """Lines that have come below what the reader sees since the reader left the end."""

    def __init__(self) -> None:
        super().__init__(id="transcript")
        self._conversation: Conversation | None = None
        self._reply: Reply | None = None
        self._alternative: tuple[int, int] | None = None
        self._thinking_open = False
        self._pace = Pace()
        self._frame: Timer | None = None
        self.painting: Signal[Frame] = Signal(self, "painting")
        """Before each frame of a reply. Who adds itself is painted with it, if it asked to be."""

    async def _on_key(self, event: Key) -> None:
        await obey_in_order(self, event, types=False)

    def show(
        self,
        conversation: Conversation,
        *,
        running: Reply | None = None,
        alternative: tuple[int, int] | None = None,
        follow: bool = True,
    ) -> None:
        """Show another conversation instead, or another branch of it; what is on both stays.

        `running` is a reply under way, which comes last, and `alternative` its number among how
        many. Without `follow` the reader stays in place as far as that is still there.
        """
        messages = list(conversation.path())
        kept = 0
        if conversation is self._conversation:
            for old, new in zip(self.window.messages, messages, strict=False):
                if old is not new:
                    break
                kept += 1
        self._conversation = conversation
        self._reply = running
        self._alternative = alternative
        self._drop_frame()  # it was of what is not shown any more
        if running is not None:
            messages.append(running.message())
        self._pace = Pace()
        self._let_go()
        self.window.show(messages, kept)
        self._renumber()
        if running is not None:
            # Now, with what has come so far; what comes from now on is streamed to it.
            self.window.row(self.window.last)
        if self.marked is not None and self.marked >= kept:
            self.marked = None
        if follow:
            self.follow()
        else:
            self._show()

    def complete(self, path: Sequence[Message]) -> None:
        """Show what of `path` comes before all that is there; nobody sees it until scrolling up."""
        shown = {message.id for message in self.window.messages}
        earlier = [*takewhile(lambda message: message.id not in shown, path)]
        self.window.prepend(earlier)
        self.selecting.shift(len(earlier))
        if self.marked is not None:
            self.marked += len(earlier)
        self._show()

    def find(self, message_id: str, query: str) -> None:
        """Go to a message, and select in it what was looked for."""
        found = (at for at, each in enumerate(self.window.messages) if each.id == message_id)
        if (index := next(found, None)) is None:
            return
        self.select(Selecting.clear)
        is_seen = self.selecting.find(index, query)
        selection = self.selecting.selection
        y = selection.bounds[0].y if is_seen and selection else 0
        self._set_following(is_following=False)
        self.window.go_to(index, y, below=self.window.size.height // 3)
        self.window.fill()
        self.marked = None if is_seen else index
        self.select(lambda _: None)

    def mark(self, step: int) -> None:
        """Single out the message before or after, at first one that is on the screen."""
        pieces = self.window.pieces
        if self.marked is not None:
            self.mark_at(self.marked + step)
        elif pieces:
            self.mark_at(pieces[-1 if step < 0 else 0].row.index)

    def mark_at(self, index: int) -> None:
        """Single out a message, and have its beginning on the screen."""
        window = self.window
        self.marked = min(max(0, index), window.last)
        window.fill()
        if (self.marked, 0) not in {(piece.row.index, piece.first) for piece in window.pieces}:
            self._set_following(is_following=False)
            window.go_to(self.marked, 0)
            window.fill()
            self._set_following(is_following=window.is_at_end)
        self._show()

    def unmark(self) -> None:
        """Single out none."""
        self.marked = None
        self._show()

    @property
    def marked_message(self) -> Message | None:
        """The one that is singled out; a running reply with what has come so far."""
        if self._reply is not None and self.marked == self.window.last:
            return self._reply.message()
        return None if self.marked is None else self.window.messages[self.marked]

    def add(self, message: Message, reply: Reply, *, follow: bool) -> None:
        """Show a prompt and the reply to it at the end, and go there if `follow`."""
        self._reply = reply
        self._alternative = None
        self._pace = Pace()
        lines = self.window.append(message, reply.message())
        if follow:
            self.follow()
        else:
            self._count_new(lines)
        self._show()

    def toggle_thinking(self) -> None:
        """Unfold or fold what the model thought, in all replies, those to come as well."""
        is_open = self._thinking_open = not self._thinking_open
        self.select(Selecting.clear)
        self.window.change(lambda content: content.unfold_thinking(is_open=is_open))
        self._show()

    # The stream

    def is_showing(self, reply: Reply) -> bool:
        """Whether this is the running reply that comes last."""
        return self._reply is reply

    def stream(self, event: ReplyEvent) -> None:
        """Paint what one event of the running reply brought, not later than in the next frame."""
        self.window.row(self.window.last).content.show(event)
        match event:
            case TextDelta() | ThinkingDelta():
                self._paint_soon()
            case ReplyStarted():
                self._show()

    def end(self, message: Message) -> None:
        """The running reply has ended as `message`."""
        self.window.row(self.window.last).content.end(message)
        self.window.messages[-1] = message
        self._reply = None
        self._paint()

    def _paint_soon(self) -> None:
        """Now, if the last frame is long enough ago. No timer runs in which nothing came."""
        wait = self._pace.came(monotonic())
        if not wait:
            self._paint()
        elif self._frame is None:
            self._frame = self.set_timer(wait, self._paint)

    def _drop_frame(self) -> None:
        if self._frame is not None:
            self._frame.stop()
            self._frame = None

    def _paint(self) -> None:
        self._drop_frame()
        began = monotonic()
        window = self.window
        height = window.row(window.last).content.height
        window.change(MessageContent.paint, only=window.last)
        # As far as it could be seen from the end: what is counted must be exact, too.
        self._count_new(window.measure(window.last) - height)
        frame = self._look()
        self.painting.publish(frame)
        paint_now(self.screen, frame)
        self._pace.painted(began, monotonic())

    def _count_new(self, lines: int) -> None:
        if not self.is_following:
            self.new_lines = max(0, self.new_lines + lines)

    def _set_following(self, *, is_following: bool) -> None:
        super()._set_following(is_following=is_following)
        if is_following:
            self.new_lines = 0

    def _content(self, index: int) -> MessageContent:
        message = self.window.messages[index]
        reply = self._reply if index == self.window.last else None
        return MessageContent(
            message,
            alternative=self._alternative if reply else self._number(message),
            reply=reply,
            thinking_open=self._thinking_open,
        )

    def _renumber(self) -> None:
        """There may be other alternatives to what has stayed."""
        for row in self.window.rows:
            number = self._number(self.window.messages[row.index])
            if number != row.content.alternative:
                self.window.change(
                    partial(MessageContent.renumber, alternative=number), only=row.index
                )

    def _number(self, message: Message) -> tuple[int, int] | None:
        """Which one a message is of how many, if there are several."""
        assert self._conversation is not None  # noqa: S101 - the message is one of it
        siblings: Sequence[str] = self._conversation.siblings(message.id)
        if len(siblings) == 1:
            return None
        return siblings.index(message.id) + 1, len(siblings)
