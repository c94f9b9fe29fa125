"""The last word on the reply: what it is doing, how it ended, what it took."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.chat.continuing import can_continue
from tui.chat.ending import Outcome
from tui.chat.reply import Phase
from tui.chat.wording import ending_sentence
from tui.ui.widgets.message_content import ending_mark

if TYPE_CHECKING:
    from textual.app import RenderResult
    from textual.signal import Signal
    from textual.timer import Timer

    from tui.chat.ending import Ending
    from tui.chat.message import Message
    from tui.chat.reply import Reply
    from tui.ui.widgets.painting import Frame

_TICK = 0.25
_SILENCE_WORTH_SAYING = 3.0
_BETWEEN = " · "
_LEAST_OF_STATE = 8
"""Columns; with fewer it is left out where there is something to do."""
_CAN_RETRY = {
    Outcome.ERROR,
    Outcome.TRUNCATED,
    Outcome.STALLED,
    Outcome.CANCELLED,
    Outcome.INTERRUPTED,
}


class StatusBar(Widget):
    """Asks the Reply; keeps no state of it. Nothing ticks while no reply runs."""

    reply: reactive[Reply | None] = reactive(None, always_update=True)
    message: reactive[Message | None] = reactive(None)
    """The last reply of the conversation, while there is none of this run."""
    elsewhere = reactive("")
    """Where the reply runs, if it is not here."""
    marked = reactive("")
    """What can be done with the message that is singled out."""
    idle = reactive("")
    hint = reactive("")
    new_lines = reactive(0)
    selected_lines = reactive(0)
    address = reactive("")
    errand = reactive("")
    """What has to be done before a connection can be made."""
    stop_key = reactive("esc")
    follow_key = reactive("end")
    copy_key = reactive("y")

    def __init__(self, painting: Signal[Frame]) -> None:
        """`painting` is published before each frame of a reply, with what is painted in it."""
        super().__init__(id="status")
        self._painting = painting
        self._ticking: Timer | None = None
        self._next_tick = 0.0

    def on_mount(self) -> None:
        """Prepare the clock; it runs only with a reply."""
        self._ticking = self.set_interval(_TICK, self._tick, pause=self.reply is None)
        self._painting.subscribe(self, self._ride, immediate=True)

    def watch_reply(self, reply: Reply | None) -> None:
        """Let the clock run exactly as long as the reply does."""
        if self._ticking is not None:
            if reply is not None and reply.ending is None:
                self._ticking.resume()
            else:
                self._ticking.pause()

    def _tick(self) -> None:
        self._next_tick = monotonic() + _TICK
        self.refresh()

    def _ride(self, frame: Frame) -> None:
        """While text comes tick in its frames: no frame of its own is needed then."""
        frame[self] = []
        if self._ticking is not None and self.reply is not None and self.reply.ending is None:
            self._ticking.reset()
            if monotonic() >= self._next_tick:
                self._tick()

    def render(self) -> RenderResult:
        """The most important first, and as much of the rest as there is room for."""
        room = self.size.width
        state, facts, remedy = self._state()
        if self.hint:
            state = Content.styled(self.hint, "$warning")
        if self.selected_lines:
            what = "1 line" if self.selected_lines == 1 else f"{self.selected_lines} lines"
            what = "several messages" if self.selected_lines < 0 else what
            remedy = Content.styled(f"{what} selected · {self.copy_key} copies", "$accent")
        elif self.marked:
            remedy = Content.styled(self.marked, "$accent")
        if self.new_lines:
            more = "line" if self.new_lines == 1 else "lines"
            arrow = Content.styled(f"↓ {self.new_lines} new {more} ({self.follow_key})", "$accent")
            facts.insert(0, arrow)
        if remedy:
            # What the person can do next is worth more than the end of a long explanation, and
            # more than one of which hardly the beginning could be read.
            room -= remedy.cell_length + len(_BETWEEN)
            if room < min(state.cell_length, _LEAST_OF_STATE):
                return remedy.truncate(self.size.width, ellipsis=True)
            remedy = Content.assemble((_BETWEEN, "$foreground-muted"), remedy)
        if state.cell_length > room:
            state = state.truncate(room, ellipsis=True)
        # Least important last: what does not fit any more is left out whole.
        line = state
        for fact in facts:
            longer = line + Content.styled(_BETWEEN, "$foreground-muted") + fact
            if longer.cell_length > room:
                break
            line = longer
        return line + remedy

    def _state(self) -> tuple[Content, list[Content], Content]:
        """What is going on, facts in the order of their worth, and what to do about it."""
        reply = self.reply
        message = self.message if reply is None else None
        if message is not None and message.ended_plainly:
            message = None  # what will be sent is worth more than that all was well
        if reply is not None and reply.ending is not None:
            message = reply.message()
        if message is not None and message.ending is not None:
            facts = _facts(reply) if reply else []
            return _how_it_ended(message, message.ending), facts, _remedy(message, message.ending)
        if reply is None:
            return Content.styled(self.idle, "$foreground-muted"), [], Content()
        if self.elsewhere:
            # When it was told here is not when it came there.
            return Content.assemble(("● ", "$success"), self.elsewhere), _counts(reply), Content()
        spent = reply.seconds_in_phase()
        facts = _facts(reply)
        match reply.phase:
            case Phase.CONNECTING:
                errand = self.errand or f"connecting to {self.address}"
                state = ("◌ ", "$primary"), f"{errand} · {spent:.0f} s"
            case Phase.WAITING:
                state = ("◌ ", "$primary"), f"waiting for the first token · {spent:.0f} s"
            case Phase.THINKING:
                state = ("● ", "$accent"), f"thinking · {spent:.0f} s"
            case _:
                state = ("● ", "$success"), "streaming"
        silent = reply.seconds_of_silence()
        if reply.phase in {Phase.THINKING, Phase.STREAMING} and silent >= _SILENCE_WORTH_SAYING:
            facts.insert(0, Content.styled(f"silent for {silent:.0f} s", "$warning"))
        facts.append(Content.styled(f"{self.stop_key} stops", "$foreground-muted"))
        return Content.assemble(*state), facts, Content()


def _how_it_ended(message: Message, ending: Ending) -> Content:
    mark, color = ending_mark(ending, is_cut=message.fills_limit)
    return Content.assemble((f"{mark} ", f"${color}"), ending_sentence(message))


def _remedy(message: Message, ending: Ending) -> Content:
    ways = ["/continue"] if can_continue(message) else []
    ways += ["/retry"] if ending.outcome in _CAN_RETRY else []
    return Content.styled(_BETWEEN.join(ways), "$primary")


def _facts(reply: Reply) -> list[Content]:
    """Speed, time to first token, tokens in and out."""
    return [*_times(reply), *_counts(reply)]


def _times(reply: Reply) -> list[Content]:
    """Speed and time to first token; `~` marks what is only estimated."""
    facts = []
    if (speed := reply.tokens_per_second()) is not None:
        rate, estimated = speed
        facts.append(f"{'~' if estimated else ''}{rate:.0f} tok/s")
    if (first := reply.time_to_first_token) is not None:
        facts.append(
            f"first token {first * 1000:.0f} ms" if first < 1 else f"first token {first:.1f} s"
        )
    return [Content.styled(fact, "$foreground-muted") for fact in facts]


def _counts(reply: Reply) -> list[Content]:
    """Tokens in and out, if there are any; `~` marks what is only estimated."""
    tokens_in = reply.usage.total_input_tokens
    tokens_out, estimated = reply.output_tokens()
    if tokens_in is None and not tokens_out:
        return []
    shown_in = f"↑{_short(tokens_in)} " if tokens_in is not None else ""
    shown_out = f"↓{'~' if estimated else ''}{_short(tokens_out)}"
    return [Content.styled(shown_in + shown_out, "$foreground-muted")]


def _short(count: int) -> str:
    return f"{count / 1000:.1f}k" if count >= 1000 else str(count)
