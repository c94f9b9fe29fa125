"""What can happen to a reply, as small facts: the only language between providers and the rest.

`block` numbers the content block that an event belongs to. Blocks may overlap and arrive out of
order; a reply's text is the blocks' text in ascending order of that number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from tui.chat.ending import Ending
    from tui.chat.message import Citation, JsonObject, Usage


@dataclass(frozen=True, slots=True)
class RequestSent:
    """The connection stands and the whole request is on its way; now the server has the word."""


@dataclass(frozen=True, slots=True)
class ResponseAccepted:
    """The server answered with a success status; `request_id` is its own name for the exchange."""

    request_id: str | None


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """The first event of the reply proper."""

    id: str | None
    model: str | None


@dataclass(frozen=True, slots=True)
class Alive:
    """A sign of life that carries nothing: the server is still at work."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More visible text."""

    text: str
    block: int = 0


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """More reasoning."""

    text: str
    block: int = 0


@dataclass(frozen=True, slots=True)
class PartSigned:
    """A part's signature: it is whole, and can be sent back. Some providers sign text and calls."""

    signature: str
    block: int = 0


@dataclass(frozen=True, slots=True)
class ThinkingRedacted:
    """A reasoning block that the provider encrypted."""

    data: str
    block: int = 0


@dataclass(frozen=True, slots=True)
class CitationAdded:
    """A source of the text block so far."""

    citation: Citation
    block: int = 0


@dataclass(frozen=True, slots=True)
class ToolUseStarted:
    """The model begins to ask for a tool; `input` counts only if no `ToolInputDelta` follows."""

    id: str
    name: str
    input: JsonObject
    block: int = 0


@dataclass(frozen=True, slots=True)
class ToolInputDelta:
    """More of a tool call's input: JSON text, cut anywhere."""

    partial_json: str
    block: int = 0


@dataclass(frozen=True, slots=True)
class ServerBlock:
    """A block that is kept as it came; a later one with the same number replaces it."""

    type: str
    raw: JsonObject
    block: int = 0
    complete: bool = True


@dataclass(frozen=True, slots=True)
class BlockStopped:
    """The server closed this content block."""

    block: int = 0


@dataclass(frozen=True, slots=True)
class UsageReported:
    """Tokens so far; cumulative, so it overlays what was known."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class ReplyStopped:
    """The last event of every reply: nothing comes after it."""

    ending: Ending


ReplyEvent: TypeAlias = (
    RequestSent
    | ResponseAccepted
    | ReplyStarted
    | Alive
    | TextDelta
    | ThinkingDelta
    | PartSigned
    | ThinkingRedacted
    | CitationAdded
    | ToolUseStarted
    | ToolInputDelta
    | ServerBlock
    | BlockStopped
    | UsageReported
    | ReplyStopped
)
