"""OpenAI's Chat Completions, and the many servers that speak it (PROTOCOLS section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from tui.providers.chat_messages import wire_messages
from tui.providers.http_provider import HttpProvider
from tui.providers.model_entries import read_entry
from tui.providers.openai_chat_stream import OpenAIChatDecoder
from tui.providers.openai_errors import find_error, is_spent

if TYPE_CHECKING:
    from tui.chat.conversation import Conversation
    from tui.chat.ending import ReplyError
    from tui.chat.message import JsonObject
    from tui.chat.parameters import Parameters
    from tui.providers.base import Model, ReplyOptions, Server
    from tui.wire.request import WireRequest

# The others know only the older name; these reject it for their reasoning models.
_NEW_LIMIT_HOSTS = ("api.openai.com", "openai.azure.com")


class OpenAIChat(HttpProvider):
    """A server that speaks Chat Completions.

    Two hosts are known by name because they want something else than all the others: OpenRouter
    has one `reasoning` object for everything about thinking, and Mistral rejects what it does not
    know, among it `stream_options`; it counts tokens unasked.
    """

    parameters: ClassVar[frozenset[str]] = frozenset(
        {"max_tokens", "temperature", "top_p", "top_k", "seed", "stop", "effort"}
    )
    address_ends: ClassVar = ("/chat/completions",)
    error_types: ClassVar = {
        400: "invalid_request_error",
        401: "authentication_error",
        402: "billing_error",
        403: "permission_error",
        404: "not_found_error",
        408: "timeout",
        413: "request_too_large",
        422: "invalid_request_error",
        429: "rate_limit_exceeded",
        500: "server_error",
        503: "overloaded_error",
        504: "timeout",
        529: "overloaded_error",
    }

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self._host = urlsplit(self._base).hostname or ""
        self._is_openrouter = _is_at(self._host, "openrouter.ai")
        self._is_mistral = _is_at(self._host, "api.mistral.ai")

    @classmethod
    def parameters_at(cls, base_url: str, api_version: str = "") -> frozenset[str]:  # noqa: ARG003
        """OpenRouter also has a place for a number of tokens to think with."""
        is_openrouter = _is_at(urlsplit(base_url).hostname or "", "openrouter.ai")
        return cls.parameters | {"thinking_budget"} if is_openrouter else cls.parameters

    def build_request(self, conversation: Conversation, options: ReplyOptions) -> WireRequest:
        """The request for a reply to the conversation's head."""
        asked = options.parameters
        counts = self._server.asks_usage and not self._is_mistral
        messages = wire_messages(conversation.path(), self.name, options.model)
        if conversation.system:
            messages.insert(0, {"role": "system", "content": conversation.system})
        return self._post(
            "/chat/completions",
            {
                "model": options.model,
                "stream": True,
                "stream_options": {"include_usage": True} if counts else None,
                "messages": messages,
                self._limit_field(): options.limit and options.limit.tokens,
                "stop": asked.stop or None,
                "temperature": asked.temperature,
                "top_p": asked.top_p,
                "top_k": asked.top_k,
                "random_seed" if self._is_mistral else "seed": asked.seed,
                **self._thinking(asked),
            },
        )

    def new_decoder(self, content_type: str = "") -> OpenAIChatDecoder:
        """A decoder for one response."""
        return OpenAIChatDecoder(content_type)

    def _limit_field(self) -> str:
        is_new = any(_is_at(self._host, host) for host in _NEW_LIMIT_HOSTS)
        return self._server.max_tokens_field or (
            "max_completion_tokens" if is_new else "max_tokens"
        )

    def _thinking(self, asked: Parameters) -> JsonObject:
        if not self._is_openrouter:
            return {"reasoning_effort": asked.effort}
        # One of them is allowed, and the number says more.
        if asked.thinking_budget is not None:
            return {"reasoning": {"max_tokens": asked.thinking_budget}}
        return {"reasoning": asked.effort and {"effort": asked.effort}}

    def _read_error_object(self, document: JsonObject) -> ReplyError | None:
        return find_error(document)

    def _is_incurable(self, document: JsonObject) -> bool:
        return is_spent(document)

    def _read_model(self, entry: JsonObject) -> Model | None:
        return read_entry(entry)


def _is_at(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")
