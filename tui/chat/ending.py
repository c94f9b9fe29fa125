"""How a reply ended: its outcome, for a complete one its stop reason, and what is known of why.

The rules that decide are PROTOCOLS section 0: `complete` only after the protocol's own end marker,
`error` when the server reported one or the stream is not what it claims to be, `truncated` when the
bytes ended without either. `stalled` and `cancelled` are set by the transport and the interface,
`interrupted` by the next start of the program.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a reply."""

    COMPLETE = "complete"
    ERROR = "error"
    TRUNCATED = "truncated"
    STALLED = "stalled"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class StopReason(StrEnum):
    """The canonical stop reasons, under Anthropic's names.

    `Ending.stop_reason` is a plain string because a value that is none of these is kept verbatim.
    """

    END_TURN = "end_turn"
    MAX_TOKENS = "max_tokens"
    STOP_SEQUENCE = "stop_sequence"
    TOOL_USE = "tool_use"
    PAUSE_TURN = "pause_turn"
    REFUSAL = "refusal"
    CONTEXT_WINDOW_EXCEEDED = "model_context_window_exceeded"


class CancelledBy(StrEnum):
    """Who or what stopped watching a reply."""

    STOP = "stop"
    NEW = "new"
    SWITCH = "switch"
    DELETE = "delete"
    QUIT = "quit"
    HANG_UP = "hang-up"
    TERMINATED = "terminated"
    INTERRUPT = "interrupt"
    BROKEN_PIPE = "broken pipe"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class ReplyError:
    """A failure in the words of whoever reported it.

    `type` is the provider's own (`overloaded_error`) or one of ours: `connection_error`,
    `malformed_event`, `invalid_response`, `event_too_large`, `unknown_error`.
    `retry_after` is in seconds, `status` the HTTP status if that is where it came from.
    """

    type: str
    message: str
    status: int | None = None
    request_id: str | None = None
    retryable: bool = False
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the model declined, where the server tells."""

    category: str | None = None
    explanation: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How one reply ended. Stored beside the text, never written into it.

    `stop_reason` is canonical or an unknown provider value verbatim, `None` if none was received;
    `raw_stop_reason` is what the provider called it. `silent_for` (seconds) belongs to `stalled`,
    `detail` to whatever the transport could say about an early end.
    """

    outcome: Outcome
    stop_reason: str | None = None
    raw_stop_reason: str | None = None
    stop_sequence: str | None = None
    error: ReplyError | None = None
    refusal: Refusal | None = None
    cancelled_by: CancelledBy | None = None
    silent_for: float | None = None
    detail: str = ""

    @property
    def is_plain(self) -> bool:
        """True for the one ending that needs no word: complete, at the end of the turn."""
        return self.outcome is Outcome.COMPLETE and self.stop_reason == StopReason.END_TURN

    @property
    def is_refusal(self) -> bool:
        """True if the model declined; such a turn is left out of the next request."""
        # Whatever cut the stream afterwards: asked again, the model declines again.
        return self.stop_reason == StopReason.REFUSAL
