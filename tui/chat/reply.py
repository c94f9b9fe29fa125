"""The one place where a reply's state lives: events go in, a message comes out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from tui.chat.ending import Ending, Outcome
from tui.chat.events import (
    Alive,
    BlockStopped,
    CitationAdded,
    PartSigned,
    ReplyStarted,
    ReplyStopped,
    RequestSent,
    ResponseAccepted,
    ServerBlock,
    TextDelta,
    ThinkingDelta,
    ThinkingRedacted,
    ToolInputDelta,
    ToolUseStarted,
    UsageReported,
)
from tui.chat.hygiene import repair_surrogates
from tui.chat.json_text import parse_object, repair_object
from tui.chat.message import (
    Message,
    RedactedThinkingPart,
    Role,
    ServerPart,
    TextPart,
    ThinkingPart,
    Timing,
    ToolUsePart,
    Usage,
    new_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.chat.ending import CancelledBy
    from tui.chat.events import ReplyEvent
    from tui.chat.message import Citation, JsonObject, Part, TokenLimit


class Phase(StrEnum):
    """What a reply is doing now."""

    CONNECTING = "connecting"
    WAITING = "waiting"
    THINKING = "thinking"
    STREAMING = "streaming"
    STOPPED = "stopped"


@dataclass(slots=True)
class _Text:
    pieces: list[str] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    signature: str | None = None

    def part(self) -> Part | None:
        text = "".join(self.pieces)
        if not (text or self.citations or self.signature):
            return None
        return TextPart(text, tuple(self.citations), self.signature)


@dataclass(slots=True)
class _Thinking:
    pieces: list[str] = field(default_factory=list)
    signature: str | None = None

    def part(self) -> Part | None:
        text = "".join(self.pieces)
        return ThinkingPart(text, self.signature) if text or self.signature else None


@dataclass(slots=True)
class _ToolUse:
    id: str
    name: str
    input: JsonObject
    pieces: list[str] = field(default_factory=list)
    signature: str | None = None

    def part(self) -> Part | None:
        text = "".join(self.pieces)
        input_ = parse_tool_input(text) if text else self.input
        return ToolUsePart(self.id, self.name, input_, self.signature)


@dataclass(slots=True)
class _Whole:
    """A block that needs no assembling."""

    value: Part

    def part(self) -> Part | None:
        return self.value


_Block = _Text | _Thinking | _ToolUse | _Whole
_Streamed = TypeVar("_Streamed", _Text, _Thinking)


class Reply:
    """A reply on its way.

    `apply` folds events in, in the order of their arrival, and knows nothing of how they came.
    After the ending nothing changes any more: what a cancelled stream may still deliver is ignored.
    `clock` gives seconds and is asked once an event.
    """

    def __init__(
        self,
        *,
        provider: str = "",
        model: str = "",
        limit: TokenLimit | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.message_id = new_id()
        self.created_at = time.time()
        self.provider = provider
        self.model = model
        self.limit = limit
        self.phase = Phase.CONNECTING
        self.request_sent = False
        self.served_model = ""
        self.reply_id: str | None = None
        self.request_id: str | None = None
        self.usage = Usage()
        self.ending: Ending | None = None
        self.characters = 0
        self.thinking_characters = 0
        self.tool_input_characters = 0
        self._clock = clock
        self._blocks: dict[int, _Block] = {}
        self.started_at = clock()
        self.phase_since = self.started_at
        self.last_sign_of_life = self.started_at
        self.first_token_at: float | None = None
        self.stopped_at: float | None = None

    @classmethod
    def to_tell_again(cls, begun: Message) -> Reply:
        """One whose events were kept, from what it was when it began."""
        return cls(provider=begun.provider, model=begun.model, limit=begun.limit)

    def apply(self, event: ReplyEvent) -> None:
        """Fold one event in."""
        if self.ending is not None:
            return
        now = self._clock()
        self.last_sign_of_life = now
        match event:
            case TextDelta(text, block):
                if (prose := self._open(block, _Text)) is not None:
                    prose.pieces.append(text)
                    self.characters += len(text)
                    self._flowing(Phase.STREAMING, now)
            case ThinkingDelta(text, block):
                if (thought := self._open(block, _Thinking)) is not None:
                    thought.pieces.append(text)
                    self.thinking_characters += len(text)
                    self._flowing(Phase.THINKING, now)
            case ToolInputDelta(partial_json, block):
                if isinstance(call := self._blocks.get(block), _ToolUse):
                    call.pieces.append(partial_json)
                    self.tool_input_characters += len(partial_json)
                    self._flowing(Phase.STREAMING, now)
            case ToolUseStarted(id_, name, input_, block):
                self._blocks[block] = _ToolUse(id_, name, input_)
                self._flowing(Phase.STREAMING, now)
            case PartSigned(signature, block):
                part = self._blocks.setdefault(block, _Thinking())
                if not isinstance(part, _Whole):
                    part.signature = signature
            case ThinkingRedacted(data, block):
                self._blocks[block] = _Whole(RedactedThinkingPart(data))
                self._flowing(Phase.THINKING, now)
            case CitationAdded(citation, block):
                if (prose := self._open(block, _Text)) is not None:
                    prose.citations.append(citation)
            case ServerBlock(type_, raw, block, complete):
                self._blocks[block] = _Whole(ServerPart(type_, raw, complete))
            case UsageReported(usage):
                self.usage = self.usage.overlaid(usage)
            case ReplyStarted(id_, model):
                self.reply_id = id_ or self.reply_id
                self.served_model = model or self.served_model
            case RequestSent():
                self.request_sent = True
                self._enter(Phase.WAITING, now)
            case ResponseAccepted(request_id):
                self.request_id = request_id
                self._enter(Phase.WAITING, now)
            case ReplyStopped(ending):
                self._stop(ending, now)
            case BlockStopped() | Alive():
                pass

    def cancel(self, by: CancelledBy) -> None:
        """End the reply because nobody watches it any more; what came is kept."""
        if self.ending is None:
            self._stop(Ending(Outcome.CANCELLED, cancelled_by=by), self._clock())

    def message(self) -> Message:
        """The reply so far, or as it ended."""
        parts = [self._blocks[index].part() for index in sorted(self._blocks)]
        return Message(
            role=Role.ASSISTANT,
            parts=tuple(part for part in parts if part is not None),
            id=self.message_id,
            created_at=self.created_at,
            provider=self.provider,
            model=self.model,
            served_model=self.served_model,
            reply_id=self.reply_id,
            request_id=self.request_id,
            ending=self.ending,
            usage=self.usage,
            limit=self.limit,
            timing=Timing(self.time_to_first_token, self._since_start(self.stopped_at)),
        )

    def tool_call(self, block: int) -> ToolUsePart | None:
        """The call that this block holds so far, if it is one."""
        target = self._blocks.get(block)
        part = target.part() if isinstance(target, _ToolUse) else None
        return part if isinstance(part, ToolUsePart) else None

    @property
    def time_to_first_token(self) -> float | None:
        """Seconds from the start to the first text, reasoning or tool call."""
        return self._since_start(self.first_token_at)

    def seconds_in_phase(self) -> float:
        """How long the present phase has lasted."""
        return self._clock() - self.phase_since

    def seconds_of_silence(self) -> float:
        """How long nothing at all has come, not even a ping."""
        return self._clock() - self.last_sign_of_life

    def output_tokens(self) -> tuple[int, bool]:
        """The tokens that came, and whether that is only an estimate.

        Providers count at the end, so until then, and for a reply that never got there, four
        characters are taken for a token: what `message_start` reports is a mere beginning.
        """
        if self.ending is not None and self.ending.stop_reason and self.usage.output_tokens:
            return self.usage.output_tokens, False
        received = self.characters + self.thinking_characters + self.tool_input_characters
        return received // 4, True

    def tokens_per_second(self) -> tuple[float, bool] | None:
        """The speed since the first token, and whether it is only an estimate; `None` if unknown.

        A fifth of a second is the least that a speed can be told from.
        """
        if self.first_token_at is None:
            return None
        until = self._clock() if self.stopped_at is None else self.stopped_at
        elapsed = until - self.first_token_at
        tokens, estimated = self.output_tokens()
        return (tokens / elapsed, estimated) if elapsed > 0.2 else None

    def _open(self, index: int, kind: type[_Streamed]) -> _Streamed | None:
        """The block with this number, opened if it never was; `None` if it is of another kind."""
        block = self._blocks.get(index)
        if block is None:
            self._blocks[index] = opened = kind()
            return opened
        return block if isinstance(block, kind) else None

    def _flowing(self, phase: Phase, now: float) -> None:
        if self.first_token_at is None:
            self.first_token_at = now
        self._enter(phase, now)

    def _enter(self, phase: Phase, now: float) -> None:
        if phase is not self.phase:
            self.phase = phase
            self.phase_since = now

    def _stop(self, ending: Ending, now: float) -> None:
        self.ending = ending
        self.stopped_at = now
        self._enter(Phase.STOPPED, now)

    def _since_start(self, moment: float | None) -> float | None:
        return None if moment is None else moment - self.started_at


def parse_tool_input(text: str) -> JsonObject | None:
    """Parse a tool call's collected input; anything but one complete JSON object gives `None`."""
    value = parse_object(repair_surrogates(text))
    return None if value is None else repair_object(value)
