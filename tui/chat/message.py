"""A message and its parts: frozen values, in the order in which the model wrote them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.chat.ending import Ending

JsonValue: TypeAlias = (
    "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)
JsonObject: TypeAlias = Mapping[str, JsonValue]


class Role(StrEnum):
    """Who wrote a message."""

    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a text block says it got something from; `raw` is the provider's object, kept whole."""

    cited_text: str
    title: str | None
    url: str | None
    raw: JsonObject


@dataclass(frozen=True, slots=True)
class TextPart:
    """Visible text; some providers sign it (see `ThinkingPart`)."""

    text: str
    citations: tuple[Citation, ...] = ()
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class ThinkingPart:
    """Reasoning. Where the provider signs, it must not be sent back without its `signature`."""

    text: str
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class RedactedThinkingPart:
    """Reasoning that the provider encrypted; opaque, sent back as it is."""

    data: str


@dataclass(frozen=True, slots=True)
class ToolUsePart:
    """A call that the model asks for.

    `input` is `None` if its JSON never became a complete object: such a call cannot be run.
    """

    id: str
    name: str
    input: JsonObject | None
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class ToolResultPart:
    """What a tool answered, in a user message."""

    tool_use_id: str
    content: str
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class ServerPart:
    """A block that the server made for itself: server tools, their results, types yet unknown.

    Kept raw because it must go back exactly as it came; `complete` is false if it was cut. The
    types are those of the Messages API; others begin with their API and a colon, and are only ever
    sent back to that.
    """

    type: str
    raw: JsonObject
    complete: bool = True

    @property
    def is_memo(self) -> bool:
        """True if it is for the provider's eyes alone: encrypted thoughts, for instance."""
        return ":" in self.type


Part: TypeAlias = (
    TextPart | ThinkingPart | RedactedThinkingPart | ToolUsePart | ToolResultPart | ServerPart
)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counts them; `None` where it never said.

    `input_tokens` excludes what was read from or written to a cache.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    thinking_tokens: int | None = None

    def overlaid(self, newer: Usage) -> Usage:
        """Counts are cumulative: a newer one replaces, an absent one leaves the old."""

        def pick(old: int | None, new: int | None) -> int | None:
            return old if new is None else new

        return Usage(
            pick(self.input_tokens, newer.input_tokens),
            pick(self.output_tokens, newer.output_tokens),
            pick(self.cache_creation_input_tokens, newer.cache_creation_input_tokens),
            pick(self.cache_read_input_tokens, newer.cache_read_input_tokens),
            pick(self.thinking_tokens, newer.thinking_tokens),
        )

    @property
    def total_input_tokens(self) -> int | None:
        """Everything that was read, cached or not; `None` if nothing is known."""
        counts = (
            self.input_tokens,
            self.cache_creation_input_tokens,
            self.cache_read_input_tokens,
        )
        known = [count for count in counts if count is not None]
        return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class TokenLimit:
    """The cap on a reply's tokens, and who set it: a cap that nobody can name is a trap."""

    tokens: int
    set_by: str


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds from sending the prompt; `None` where the reply did not get so far."""

    first_token: float | None = None
    total: float | None = None


def new_id() -> str:
    """Return an id for a conversation or a message."""
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation.

    `provider` and `model` are what was asked for, `served_model` what answered. `ending`, `usage`,
    `limit` and `timing` belong to replies. `created_at` is in seconds since 1970.
    """

    role: Role
    parts: tuple[Part, ...]
    id: str = field(default_factory=new_id)
    created_at: float = field(default_factory=time.time)
    provider: str = ""
    model: str = ""
    served_model: str = ""
    reply_id: str | None = None
    request_id: str | None = None
    ending: Ending | None = None
    usage: Usage = Usage()
    limit: TokenLimit | None = None
    timing: Timing = Timing()

    @classmethod
    def from_user(cls, text: str) -> Message:
        """Build a user's message from what was typed."""
        return cls(Role.USER, (TextPart(text),))

    @property
    def text(self) -> str:
        """The visible text of all its parts."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def fills_limit(self) -> bool:
        """True if it has as many tokens as it may: llama.cpp calls such a reply complete."""
        count = self.usage.output_tokens
        return self.limit is not None and count is not None and count >= self.limit.tokens

    @property
    def ended_plainly(self) -> bool:
        """True for the one ending that needs no word."""
        return self.ending is not None and self.ending.is_plain and not self.fills_limit

    @property
    def thinking(self) -> str:
        """The reasoning of all its parts."""
        return "".join(part.text for part in self.parts if isinstance(part, ThinkingPart))

    @property
    def tool_calls(self) -> tuple[ToolUsePart, ...]:
        """The calls that the model asks the client to run."""
        return tuple(part for part in self.parts if isinstance(part, ToolUsePart))
