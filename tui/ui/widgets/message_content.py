"""What one message shows, line by line, on whatever widget."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from tui.chat.ending import Outcome, StopReason
from tui.chat.events import ReplyStarted, TextDelta, ThinkingDelta
from tui.chat.hygiene import VisiblePieces, make_visible, one_line
from tui.chat.message import RedactedThinkingPart, Role, TextPart
from tui.chat.wording import ending_sentence
from tui.ui.markdown import new_document
from tui.ui.markdown.columns import keep_columns
from tui.ui.markdown.lines import Span
from tui.ui.markdown.stack import Stack
from tui.ui.widgets.plain_text import FixedLine, PlainLine, PlainText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.chat.ending import Ending
    from tui.chat.events import ReplyEvent
    from tui.chat.message import Message, ToolUsePart
    from tui.chat.reply import Reply
    from tui.ui.markdown.document import Document
    from tui.ui.markdown.lines import Line
    from tui.ui.markdown.stack import Block

_QUIET = {StopReason.STOP_SEQUENCE, StopReason.TOOL_USE}
_HEAD, _FOLD, _THOUGHT, _BODY, _EXTRAS, _NOTICE = range(6)


class Place(NamedTuple):
    """A line of a message, told so that it can be found again when heights have changed.

    It is the same `line` of its block as long as that has the same `width`; at another one it is
    as far into the block as before: `part` is 0 for its first line, 1 for the one after its last.
    """

    section: int
    block: int
    line: int
    part: float
    width: int


class MessageContent:
    """The lines of one message, laid out only where somebody looks.

    Its state is the message's or, while that is being written, the Reply's. What it keeps of its
    own is only what has come and was not painted yet. Positions are lines, as in a Stack.
    """

    def __init__(
        self,
        message: Message,
        *,
        alternative: tuple[int, int] | None = None,
        reply: Reply | None = None,
        thinking_open: bool = False,
    ) -> None:
        """`alternative` is its number among those at the same place, and how many there are.

        With a `reply` the message is still being written.
        """
        self.is_prompt = message.role is Role.USER
        self.width = 0
        self._message = message
        self._reply = reply
        self.alternative = alternative
        self._thinking_open = thinking_open
        self._unpainted: list[str] = []
        self._unpainted_thoughts: list[str] = []
        self._visible = VisiblePieces()
        self._visible_thoughts = VisiblePieces()
        self._thought = PlainText("thinking")
        self._body: PlainText | Document = PlainText("prompt") if self.is_prompt else new_document()
        self._sections = (Stack(), Stack(), self._thought, self._body, Stack(), Stack())
        self._shown: dict[int, object] = {}
        if reply is None:
            self._body.append(make_visible(message.text))
            self._body.close()
        else:  # what has come of it so far
            self._body.append(self._visible.push(message.text))
        if self.is_prompt:
            self._show_number()
        else:
            self._show_rest()
            self._unfold()

    # Geometry

    @property
    def height(self) -> int:
        """In lines, with the blank one that follows; an estimate until all of it was revealed."""
        top, height = self._top_and_height(_NOTICE)
        return top + height + 1

    def lines(self, first: int, count: int) -> list[Line]:
        """The `count` lines from `first` on, which have been revealed."""
        lines: list[Line] = []
        bottom = 0
        for index, stack in enumerate(self._sections):
            if not (height := stack.height):
                continue
            top = bottom + self._gap(index)
            bottom = top + height
            if bottom <= first:
                continue
            lines += [[] for _ in range(first + len(lines), top)]
            at = first + len(lines) - top
            block, inside = stack.find(at)
            while at < height and len(lines) < count:
                shown = stack.blocks[block]
                until = min(shown.height, inside + count - len(lines))
                lines += [shown.line(y) for y in range(inside, until)]
                at += until - inside
                block, inside = block + 1, 0
            if len(lines) >= count:
                break
        return lines[:count] + [[] for _ in range(count - len(lines))]

    def block_at(self, y: int) -> Block | None:
        """The block that a line belongs to."""
        section, inside = self._find(y)
        stack = self._sections[section]
        return stack.blocks[stack.find(inside)[0]] if 0 <= inside < stack.height else None

    def joint(self, y: int) -> str:
        """What the text itself has between a line and the next one."""
        section, inside = self._find(y)
        stack = self._sections[section]
        if not 0 <= inside < stack.height:
            return "\n"
        block, line = stack.find(inside)
        return stack.blocks[block].joint(line)

    def set_width(self, width: int) -> None:
        """Be `width` cells wide; every height is an estimate again."""
        self.width = width
        for stack in self._sections:
            stack.set_width(width)

    def reveal_down(self, y: int, count: int) -> None:
        """Lay out what stands in the `count` lines from `y` on; `y` and all above it stay."""
        section, inside = self._find(y)
        for stack in self._sections[section:]:
            if count <= 0:
                break
            inside = max(0, inside)
            stack.reveal_down(inside, count)
            count -= max(0, stack.height - inside)
            inside = 0

    def reveal_up(self, y: int, count: int) -> int:
        """Lay out what stands in the `count` lines above `y`; give back by how much `y` moves."""
        section, inside = self._find(y)
        moved = 0
        for stack in reversed(self._sections[: section + 1]):
            if count <= 0:
                break
            inside = min(max(0, inside), stack.height)
            by = stack.reveal_up(inside, count)
            moved += by
            count -= inside + by
            inside = 1 << 30
        return moved

    def place(self, y: int) -> Place:
        """What stands at a line."""
        section, inside = self._find(y)
        stack = self._sections[section]
        if not stack.height:
            return Place(section, 0, 0, 0.0, self.width)
        block, line = stack.find(min(max(0, inside), stack.height - 1))
        part = line / stack.blocks[block].height
        return Place(section, block, line, part, self.width)

    def find(self, place: Place) -> int:
        """The line where a place is now; its block is laid out for that."""
        top, height = self._top_and_height(place.section)
        stack = self._sections[place.section]
        if place.block >= len(stack.blocks):
            return top + height
        at = stack.top(place.block)
        stack.reveal_down(at, 1)
        lines = stack.blocks[place.block].height
        if place.width != self.width:
            return top + at + round(place.part * lines)
        return top + at + min(place.line, max(0, lines - 1))

    def _top_and_height(self, section: int) -> tuple[int, int]:
        bottom = top = height = 0
        for index, stack in enumerate(self._sections[: section + 1]):
            height = stack.height
            top = bottom + self._gap(index) if height else bottom
            bottom = top + height
        return top, height

    def _find(self, y: int) -> tuple[int, int]:
        """The section at a line and the line inside of it; -1 is the blank line above it.

        What is below the last section is counted from the top of that section.
        """
        found, inside, bottom = _HEAD, y, 0
        for index, stack in enumerate(self._sections):
            if height := stack.height:
                if bottom and y < bottom:
                    break
                top = bottom + self._gap(index)
                found, inside = index, y - top
                bottom = top + height
        return found, inside

    def _gap(self, section: int) -> int:
        """The blank lines above a section: none inside of the thinking, and none below the head."""
        if section <= _THOUGHT:
            return 0
        return 1 if any(stack.blocks for stack in self._sections[_FOLD:section]) else 0

    # What comes

    def renumber(self, alternative: tuple[int, int] | None) -> None:
        """It is another one now of how many there are at the same place."""
        if alternative != self.alternative:
            self.alternative = alternative
            self._show_number()

    def _show_number(self) -> None:
        if self.is_prompt:
            line = _numbered("", self.alternative)
            self._sections[_HEAD].replace(0, [FixedLine(line)] if line else [])
        else:
            self._shown.pop(_HEAD, None)
            self._show_head()

    def show(self, event: ReplyEvent) -> None:
        """Keep what one event brought until it is painted; the model's name is shown at once."""
        match event:
            case ReplyStarted():
                self._show_head()
            case TextDelta(text):
                self._unpainted.append(text)
            case ThinkingDelta(text) if self._thinking_open:
                self._unpainted_thoughts.append(text)

    def end(self, message: Message) -> None:
        """The reply has ended as `message`."""
        self._message = message
        self._reply = None

    def paint(self) -> None:
        """Take in what has come since the last time."""
        text, self._unpainted = self._visible.push("".join(self._unpainted)), []
        thoughts = self._visible_thoughts.push("".join(self._unpainted_thoughts))
        self._unpainted_thoughts = []
        if self._reply is None:
            text += self._visible.flush()
            thoughts += self._visible_thoughts.flush()
        self._thought.append(thoughts)
        self._body.append(text)
        if self._reply is None:
            self._body.close()
        self._show_rest()

    def unfold_thinking(self, *, is_open: bool) -> None:
        """Show or hide what the model thought."""
        if is_open != self._thinking_open:
            self._thinking_open = is_open
            if not self.is_prompt:
                self._unfold()

    def _unfold(self) -> None:
        """Begin with all that has been thought so far; what comes later is appended."""
        self._unpainted_thoughts = []
        self._visible_thoughts = VisiblePieces()
        self._thought.replace(0, [])
        if self._thinking_open:
            message = self._message if self._reply is None else self._reply.message()
            self._thought.append(self._visible_thoughts.push(message.thinking))
            if self._reply is None:
                self._thought.append(self._visible_thoughts.flush())
        self._show_thinking()

    # What there is besides the text

    def _show_rest(self) -> None:
        """Everything but the text and the thoughts; nothing is made anew that says the same."""
        self._show_head()
        self._show_thinking()
        if self._reply is None:
            self._show_extras()
            self._show_notice()

    def _show(self, section: int, state: object) -> bool:
        """Whether a section has to say something else than before."""
        is_new = self._shown.get(section) != state
        self._shown[section] = state
        return is_new

    def _show_head(self) -> None:
        """The model that answers, as soon as it is known, and which of several replies this is."""
        source = self._message if self._reply is None else self._reply
        model = one_line(source.served_model or source.model, 60)
        if self._show(_HEAD, model):
            line = _numbered(keep_columns(model), self.alternative)
            self._sections[_HEAD].replace(0, [FixedLine(line)])

    def _show_thinking(self) -> None:
        reply = self._reply
        count = len(self._message.thinking) if reply is None else reply.thinking_characters
        goes_on = reply is not None and not reply.characters
        if count and self._show(_FOLD, (count, goes_on, self._thinking_open)):
            mark = "▾" if self._thinking_open else "▸"
            state = "thinking" if goes_on else "thought"
            line = [Span(f"{mark} {state} · {count:,} characters", "thinking")]
            self._sections[_FOLD].replace(0, [FixedLine(line)])

    def _show_extras(self) -> None:
        """Sources, calls, and what was withheld; known only once the reply has ended."""
        remarks = dict.fromkeys(_remarks(self._message))
        lines = [*remarks, *map(_call_line, self._message.tool_calls)]
        if self._show(_EXTRAS, lines):
            self._sections[_EXTRAS].replace(0, [PlainLine(line, "extras") for line in lines])

    def _show_notice(self) -> None:
        """How it ended, unless it simply did."""
        ending = self._message.ending
        message = self._message
        if ending is None or message.ended_plainly or not self._show(_NOTICE, ending):
            return
        mark, color = ending_mark(ending, is_cut=message.fills_limit)
        look = f"notice notice-{color}"
        text_look = look if color in {"warning", "error"} else "notice"
        bar = Span("▌ ", look)
        lines = f"{mark} {ending_sentence(message)}".split("\n")
        self._sections[_NOTICE].replace(0, [PlainLine(line, text_look, bar) for line in lines])


def _numbered(name: str, alternative: tuple[int, int] | None) -> list[Span]:
    """A name, and which of several this one is."""
    line = [Span(name, "role")] if name else []
    if alternative is not None:
        number, count = alternative
        line.append(Span(f"{'  ' if name else ''}{number}/{count}", "alternative"))
    return line


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


def ending_mark(ending: Ending, *, is_cut: bool = False) -> tuple[str, str]:
    """A sign and the name of a theme colour; `is_cut` if the reply fills its limit."""
    match ending.outcome:
        case Outcome.COMPLETE if is_cut:
            return "▲", "warning"
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
