"""What every API has to offer, and nothing about any of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tui.chat.conversation import Conversation
    from tui.chat.ending import ReplyError
    from tui.chat.events import ReplyEvent
    from tui.chat.message import TokenLimit
    from tui.errors import ServerRefused
    from tui.wire.http import HttpClient
    from tui.wire.request import WireRequest


@dataclass(frozen=True, slots=True)
class ReplyOptions:
    """What is asked of the model besides the conversation. No sampling unless the user set it."""

    model: str
    limit: TokenLimit
    temperature: float | None = None
    stop_sequences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """One model that a provider lists; `None` where it does not tell."""

    id: str
    name: str
    context_tokens: int | None = None
    output_tokens: int | None = None


class ReplyDecoder(Protocol):
    """Bytes of a response body in, reply events out; no I/O, any split gives the same events.

    Exactly one `ReplyStopped` comes, as the last event, from `feed` or from `close`.
    """

    def feed(self, chunk: bytes) -> list[ReplyEvent]:
        """Decode more bytes; after the `ReplyStopped` always empty."""

    def close(self) -> list[ReplyEvent]:
        """The bytes have ended, well or badly."""


class Provider(Protocol):
    """One API at one address with one key."""

    @property
    def name(self) -> str:
        """Its name in the settings, the first half of `provider/model`."""

    @property
    def address(self) -> str:
        """Host and port, for a person who waits for it."""

    def build_request(self, conversation: Conversation, options: ReplyOptions) -> WireRequest:
        """The request for a reply to the conversation's head."""

    def new_decoder(self, content_type: str = "") -> ReplyDecoder:
        """A decoder for one response; `content_type` only helps to say what came instead."""

    def read_error(self, refused: ServerRefused) -> ReplyError:
        """The failure that an HTTP status and its body tell."""

    def conceal(self, text: str) -> str:
        """The same without the key, which some servers quote when they refuse it."""

    async def list_models(self, http: HttpClient) -> list[Model]:
        """The models on offer. Raises `WireError`."""
