"""OpenAI's Chat Completions, and the many servers that speak it (PROTOCOLS section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from tui.providers import loose
from tui.providers.base import Model
from tui.providers.chat_messages import wire_messages
from tui.providers.http_provider import HttpProvider
from tui.providers.openai_chat_stream import OpenAIChatDecoder
from tui.providers.openai_errors import find_error, is_spent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.chat.conversation import Conversation
    from tui.chat.ending import ReplyError
    from tui.chat.message import JsonObject
    from tui.chat.parameters import Parameters
    from tui.providers.base import ReplyOptions, Server
    from tui.wire.request import WireRequest

# The others know only the older name; these reject it for their reasoning models.
_NEW_LIMIT_HOSTS = ("api.openai.com", "openai.azure.com")
_CONTEXT_FIELDS = ("context_length", "context_window", "max_context_length", "max_model_len")


class OpenAIChat(HttpProvider):
    """A server that speaks Chat Completions.

    Two hosts are known by name because they want something else than all the others: OpenRouter
    has one `reasoning` object for everything about thinking, and Mistral rejects what it does not
    know, among it `stream_options`; it counts tokens unasked.
    """

    parameters: ClassVar[frozenset[str]] = frozenset(
        {"max_tokens", "temperature", "top_p", "top_k", "seed", "stop", "effort"}
    )
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
        # As the vendors' pages print the address.
        self._base = self._base.removesuffix("/chat/completions")
        self._host = urlsplit(self._base).hostname or ""
        self._is_openrouter = _is_at(self._host, "openrouter.ai")
        self._is_mistral = _is_at(self._host, "api.mistral.ai")

    @classmethod
    def parameters_at(cls, base_url: str) -> frozenset[str]:
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
        able = loose.mapping(entry, "capabilities") or {}
        made = loose.sequence(loose.mapping(entry, "architecture") or {}, "output_modalities")
        id_ = loose.text(entry, "id")
        if not id_ or able.get("completion_chat") is False or (made and "text" not in made):
            return None
        return Model(
            id_,
            loose.text(entry, "name") or id_,
            _context_tokens(entry),
            _output_tokens(entry),
            tuple(_abilities(entry, able)),
        )


def _is_at(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _context_tokens(entry: JsonObject) -> int | None:
    """OpenRouter's, Groq's, Mistral's and vLLM's names for it; llama.cpp tells it in `meta`."""
    meta = loose.mapping(entry, "meta") or {}
    told = [loose.count(entry, field) for field in _CONTEXT_FIELDS]
    # What the server was started with, and in older ones only what the model was made for.
    told += [loose.count(meta, "n_ctx"), loose.count(meta, "n_ctx_train")]
    return next((count for count in told if count), None)


def _output_tokens(entry: JsonObject) -> int | None:
    top = loose.mapping(entry, "top_provider") or {}
    return loose.count(top, "max_completion_tokens") or loose.count(entry, "max_completion_tokens")


def _abilities(entry: JsonObject, able: JsonObject) -> Iterator[str]:
    """From OpenRouter's lists, or from Mistral's switches."""
    taken = loose.sequence(loose.mapping(entry, "architecture") or {}, "input_modalities")
    known = loose.sequence(entry, "supported_parameters")
    if "tools" in known or able.get("function_calling") is True:
        yield "tools"
    if "reasoning" in known or able.get("reasoning") is True:
        yield "thinking"
    if "image" in taken or able.get("vision") is True:
        yield "images"
    if "file" in taken:
        yield "pdf"
