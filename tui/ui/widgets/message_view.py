"""One message on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.content import Content
from textual.message import Message as UiMessage
from textual.widgets import Markdown, Static

from tui.chat.ending import Outcome, StopReason
from tui.chat.events import TextDelta, ThinkingDelta
from tui.chat.hygiene import make_visible, one_line
from tui.chat.message import Role
from tui.chat.wording import ending_sentence

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.chat.ending import Ending
    from tui.chat.events import ReplyEvent
    from tui.chat.message import Message
    from tui.chat.reply import Reply

FRAME = 1 / 30
_QUIET = {StopReason.STOP_SEQUENCE, StopReason.TOOL_USE}


class PromptView(Static):
    """What the person wrote, as it was written: no markup of any kind is looked for in it."""

    def __init__(self, message: Message) -> None:
        super().__init__(Content(make_visible(message.text)), markup=False, classes="prompt")


class ReplyView(Vertical):
    """A reply, running or ended.

    Its state is the Reply's. What it keeps of its own is only text that has not been painted yet:
    deltas are gathered and painted together, the first at once, then at most once a frame.
    """

    class Grew(UiMessage):
        """More of the reply is on the screen."""

    def __init__(self, message: Message, *, place: str = "", reply: Reply | None = None) -> None:
        super().__init__(classes="reply")
        self._message = message
        self._reply = reply
        self._place = place
        self._unpainted: list[str] = []
        self._frame_due = False
        self._body = Markdown(open_links=False, classes="body")
        self._thinking = Static(markup=False, classes="thinking")
        self._thinking.display = False
        self._notice = Static(markup=False, classes="notice")
        self._notice.display = False
        self._thinking_open = False

    def compose(self) -> ComposeResult:
        """Header, thinking, text, and how it ended."""
        name = one_line(self._message.served_model or self._message.model, 60)
        yield Static(Content.assemble(name, (self._place, "$foreground-muted")), classes="role")
        yield self._thinking
        yield self._body
        yield self._notice

    async def on_mount(self) -> None:
        """Show a message that is there already."""
        if self._reply is None:
            await self._body.update(make_visible(self._message.text))
            self._show_thinking()
            self._show_notice()

    def show(self, event: ReplyEvent) -> None:
        """Paint what one event brought, not later than in the next frame."""
        match event:
            case TextDelta(text):
                self._unpainted.append(text)
            case ThinkingDelta():
                pass
            case _:
                return
        self._paint_soon()

    def end(self, message: Message) -> None:
        """The reply has ended as `message`."""
        self._message = message
        self._reply = None
        self._paint_soon()
        self._show_thinking()
        self._show_notice()

    def toggle_thinking(self) -> None:
        """Unfold or fold what the model thought."""
        self._thinking_open = not self._thinking_open
        self._show_thinking()

    def _paint_soon(self) -> None:
        if not self._frame_due:
            self._frame_due = True
            self.call_later(self._paint)

    async def _paint(self) -> None:
        text, self._unpainted = "".join(self._unpainted), []
        if text:
            await self._body.append(make_visible(text))
        self._show_thinking()
        self.post_message(self.Grew())
        self.set_timer(FRAME, self._next_frame)

    async def _next_frame(self) -> None:
        """A frame in which nothing came is not painted, and the one after it not waited for."""
        self._frame_due = False
        if self._unpainted:
            self._paint_soon()

    def _show_thinking(self) -> None:
        reply = self._reply
        count = len(self._message.thinking) if reply is None else reply.thinking_characters
        self._thinking.display = bool(count)
        if not count:
            return
        state = "thinking" if reply is not None and not reply.characters else "thought"
        mark = "▾" if self._thinking_open else "▸"
        line = f"{mark} {state} · {count:,} characters"
        if self._thinking_open:
            message = self._message if reply is None else reply.message()
            line += "\n" + make_visible(message.thinking.rstrip())
        self._thinking.update(Content(line))

    def _show_notice(self) -> None:
        message = self._message
        ending = message.ending
        self._notice.display = ending is not None and not ending.is_plain
        if ending is not None and not ending.is_plain:
            mark, style = ending_mark(ending)
            self._notice.set_classes(f"notice -{style}")
            self._notice.update(Content(f"{mark} {ending_sentence(message)}"))


def ending_mark(ending: Ending) -> tuple[str, str]:
    """A sign and the name of a theme colour for how a reply ended."""
    match ending.outcome:
        case Outcome.COMPLETE if ending.is_plain:
            return "✓", "success"
        case Outcome.COMPLETE if ending.stop_reason in _QUIET:
            return "◆", "primary"
        case Outcome.COMPLETE:
            return "▲", "warning"
        case Outcome.CANCELLED:
            return "■", "secondary"
        case Outcome.ERROR:
            return "✗", "error"
        case _:
            return "▲", "warning"


def view_of(message: Message, place: str = "") -> PromptView | ReplyView:
    """The widget for a message that is there already."""
    return PromptView(message) if message.role is Role.USER else ReplyView(message, place=place)
