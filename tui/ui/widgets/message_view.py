"""One message on the screen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message as UiMessage
from textual.widget import MountError
from textual.widgets import Markdown, Static

from tui.chat.ending import Outcome, StopReason
from tui.chat.events import ReplyStarted, TextDelta, ThinkingDelta
from tui.chat.hygiene import VisiblePieces, make_visible, one_line
from tui.chat.message import RedactedThinkingPart, Role, TextPart
from tui.chat.wording import ending_sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from markdown_it.token import Token
    from textual.app import ComposeResult

    from tui.chat.ending import Ending
    from tui.chat.events import ReplyEvent
    from tui.chat.message import Message, ToolUsePart
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

    def __init__(
        self,
        message: Message,
        *,
        alternative: tuple[int, int] | None = None,
        reply: Reply | None = None,
    ) -> None:
        """`alternative` is its number among the replies to one prompt, and how many there are."""
        super().__init__(classes="reply")
        self._message = message
        self._reply = reply
        self._alternative = alternative
        self._unpainted: list[str] = []
        self._visible = VisiblePieces()
        self._stale = False
        self._frame_due = False
        self._header = Static(markup=False, classes="role")
        self._body = Markdown(parser_factory=_parser, open_links=False, classes="body")
        self._thinking = Static(markup=False, classes="thinking")
        self._thinking.display = False
        self._extras = Static(markup=False, classes="extras")
        self._extras.display = False
        self._notice = Static(markup=False, classes="notice")
        self._notice.display = False
        self._thinking_open = False
        self._thinking_shown: tuple[int, bool, bool] | None = None

    def compose(self) -> ComposeResult:
        """Header, thinking, text, what else there was, and how it ended."""
        yield self._header
        yield self._thinking
        yield self._body
        yield self._extras
        yield self._notice

    async def on_mount(self) -> None:
        """Show a message that is there already."""
        self._show_header()
        if self._reply is None:
            await self._body.update(make_visible(self._message.text))
            self._show_thinking()
            self._show_rest()

    def show(self, event: ReplyEvent) -> None:
        """Paint what one event brought, not later than in the next frame."""
        match event:
            case TextDelta(text):
                self._unpainted.append(text)
                self._paint_soon()
            case ThinkingDelta():
                self._paint_soon()
            case ReplyStarted():
                self._show_header()

    def end(self, message: Message) -> None:
        """The reply has ended as `message`."""
        self._message = message
        self._reply = None
        self._show_header()
        self._paint_soon()
        self._show_thinking()
        self._show_rest()

    def unfold_thinking(self, *, is_open: bool) -> None:
        """Show or hide what the model thought."""
        self._thinking_open = is_open
        self._show_thinking()

    def _paint_soon(self) -> None:
        self._stale = True
        if not self._frame_due:
            self._frame_due = True
            self.call_later(self._paint)

    async def _paint(self) -> None:
        text, self._unpainted = self._visible.push("".join(self._unpainted)), []
        if self._reply is None:
            text += self._visible.flush()
        self._stale = False
        if text:
            try:
                await self._body.append(text)
            except MountError:
                if self.is_running and self.is_attached:
                    raise
                return  # the reader left while this frame was being painted
        self._show_thinking()
        self.post_message(self.Grew())
        self.set_timer(FRAME, self._next_frame)

    async def _next_frame(self) -> None:
        """A frame in which nothing came is not painted, and the one after it not waited for."""
        self._frame_due = False
        if self._stale:
            self._paint_soon()

    def _show_header(self) -> None:
        """The model that answers, as soon as it is known, and which of several replies this is."""
        source = self._message if self._reply is None else self._reply
        line = Content(one_line(source.served_model or source.model, 60))
        if self._alternative is not None:
            number, count = self._alternative
            line += Content.styled(f"  {number}/{count}", "$foreground-muted")
        self._header.update(line)

    def _show_thinking(self) -> None:
        reply = self._reply
        count = len(self._message.thinking) if reply is None else reply.thinking_characters
        self._thinking.display = bool(count)
        if not count:
            return
        goes_on = reply is not None and not reply.characters
        shown = (count, goes_on, self._thinking_open)
        if shown == self._thinking_shown:
            return
        self._thinking_shown = shown
        state = "thinking" if goes_on else "thought"
        mark = "▾" if self._thinking_open else "▸"
        line = f"{mark} {state} · {count:,} characters"
        if self._thinking_open:
            message = self._message if reply is None else reply.message()
            line += "\n" + make_visible(message.thinking.rstrip())
        self._thinking.update(Content(line))

    def _show_rest(self) -> None:
        """What can only be told once the reply has ended: calls, sources, and the ending itself."""
        message = self._message
        extras = [*dict.fromkeys(_remarks(message)), *map(_call_line, message.tool_calls)]
        self._extras.display = bool(extras)
        self._extras.update(Content("\n".join(extras)))
        ending = message.ending
        self._notice.display = ending is not None and not ending.is_plain
        if ending is not None and not ending.is_plain:
            mark, style = ending_mark(ending)
            self._notice.set_classes(f"notice -{style}")
            self._notice.update(Content(f"{mark} {ending_sentence(message)}"))


def _remarks(message: Message) -> Iterator[str]:
    """What is worth one line each, however often it came."""
    for part in message.parts:
        match part:
            case TextPart(_, citations):
                for citation in citations:
                    names = [one_line(name, 200) for name in (citation.title, citation.url) if name]
                    if names:
                        yield f"source: {' · '.join(names)}"
            case RedactedThinkingPart():
                yield "some of the thinking was withheld by the provider"


def _call_line(call: ToolUsePart) -> str:
    name = one_line(call.name, 60)
    if call.input is None:
        return f"→ {name}: its input was never completed"
    return f"→ {name} {one_line(json.dumps(call.input, ensure_ascii=False), 300)}"


def _parser() -> MarkdownIt:
    """Textual's own parser, and what it makes of `&#x202e;` is as harmless as the character is."""
    parser = MarkdownIt("gfm-like")
    parser.core.ruler.push("make_visible", lambda state: _make_visible(state.tokens))
    return parser


def _make_visible(tokens: Iterable[Token]) -> None:
    for token in tokens:
        if token.children:
            _make_visible(token.children)
        elif token.type == "text":
            token.content = make_visible(token.content)


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


def view_of(message: Message, alternative: tuple[int, int] | None) -> PromptView | ReplyView:
    """The widget for a message that is there already."""
    if message.role is Role.USER:
        return PromptView(message)
    return ReplyView(message, alternative=alternative)
