"""What every API has to offer, and nothing about any of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tui.chat.parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.chat.conversation import Conversation
    from tui.chat.ending import ReplyError
    from tui.chat.events import ReplyEvent
    from tui.chat.message import TokenLimit
    from tui.errors import ServerRefused
    from tui.wire.http import HttpClient
    from tui.wire.request import WireRequest


@dataclass(frozen=True, slots=True)
class Server:
    """Where a provider is reached, and how it wants to be spoken to.

    `base_url` has no slash at its end and may carry a path prefix. `headers` are sent along with
    our own, `query` stands behind every address; both may hold secrets, as the key does, and stay
    out of `repr`. What follows is `""` or `None` where the API's own way is right: `key_header`
    takes the key instead of the API's header, `max_tokens_field` is what Chat Completions call the
    limit, `asks_usage` whether they are asked to count tokens, `api_version` is Anthropic's,
    `keep_alive` is how long Ollama keeps a model loaded: seconds, or a duration such as `10m`.
    """

    name: str
    base_url: str
    api_key: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    key_header: str = ""
    max_tokens_field: str = ""
    asks_usage: bool = True
    api_version: str = ""
    keep_alive: str = ""


@dataclass(frozen=True, slots=True)
class ReplyOptions:
    """What is asked of the model besides the conversation. No sampling unless the user set it.

    `limit` is the cap on the reply's tokens, `None` if none is sent; it counts, and not what
    `parameters` say about it. `context` is how many tokens a prompt and its reply may take
    together, where the server has to be told.
    """

    model: str
    limit: TokenLimit | None = None
    parameters: Parameters = field(default_factory=Parameters)
    context: int | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """One model that a provider lists; `None` where it does not tell.

    `abilities` are what it says it can do besides text, by short names: `tools`, `thinking`,
    `images`, `pdf`; empty also where the provider says nothing of it.
    """

    id: str
    name: str
    context_tokens: int | None = None
    output_tokens: int | None = None
    abilities: tuple[str, ...] = ()


class ReplyDecoder(Protocol):
    """Bytes of a response body in, reply events out; no I/O, any split gives the same events.

    Exactly one `ReplyStopped` comes, as the last event, from `feed` or from `close`.
    """

    @property
    def is_over(self) -> bool:
        """The end marker has come; what may still follow it changes nothing about the ending."""

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
