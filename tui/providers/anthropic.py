"""Anthropic's Messages API, and the servers that speak it (PROTOCOLS section 2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from tui.chat.message import (
    RedactedThinkingPart,
    ServerPart,
    TextPart,
    ThinkingPart,
    ToolResultPart,
    ToolUsePart,
)
from tui.providers import loose
from tui.providers.anthropic_stream import AnthropicDecoder, is_spend_limit, read_error
from tui.providers.http_provider import HttpProvider
from tui.providers.model_entries import read_entry
from tui.providers.turns import turns_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tui.chat.conversation import Conversation
    from tui.chat.ending import ReplyError
    from tui.chat.message import JsonObject, JsonValue, Message, Part
    from tui.chat.parameters import Parameters
    from tui.providers.base import Model, ReplyOptions
    from tui.providers.turns import Turn
    from tui.wire.request import WireRequest

API_VERSION = "2023-06-01"
_WITHOUT_SAMPLING = "2026-10-21"
_SAMPLING = frozenset({"temperature", "top_p", "top_k"})
_ABILITIES = {"thinking": "thinking", "image_input": "images", "pdf_input": "pdf"}


class Anthropic(HttpProvider):
    """A server that speaks the Messages API."""

    parameters: ClassVar = frozenset(
        {"max_tokens", "temperature", "top_p", "top_k", "stop", "effort", "thinking_budget"}
    )
    needs_limit: ClassVar = True
    address_ends: ClassVar = ("/v1/messages", "/v1")
    error_types: ClassVar = {
        400: "invalid_request_error",
        401: "authentication_error",
        402: "billing_error",
        403: "permission_error",
        404: "not_found_error",
        409: "conflict_error",
        413: "request_too_large",
        429: "rate_limit_error",
        500: "api_error",
        504: "timeout_error",
        529: "overloaded_error",
    }

    @classmethod
    def parameters_at(cls, base_url: str, api_version: str = "") -> frozenset[str]:  # noqa: ARG003
        """Later versions reject every request with sampling in it."""
        sampled = (api_version or API_VERSION) < _WITHOUT_SAMPLING
        return cls.parameters if sampled else cls.parameters - _SAMPLING

    def build_request(self, conversation: Conversation, options: ReplyOptions) -> WireRequest:
        """The request for a reply to the conversation's head."""
        asked = options.parameters
        return self._post(
            "/v1/messages",
            {
                "model": options.model,
                "max_tokens": options.limit and options.limit.tokens,
                "stream": True,
                "messages": wire_messages(conversation.path(), self.name, options.model),
                "system": conversation.system or None,
                "stop_sequences": asked.stop or None,
                "temperature": asked.temperature,
                "top_p": asked.top_p,
                "top_k": asked.top_k,
                **_thinking(asked),
            },
        )

    def new_decoder(self, content_type: str = "") -> AnthropicDecoder:
        """A decoder for one response."""
        return AnthropicDecoder(content_type)

    def _read_error_object(self, document: JsonObject) -> ReplyError | None:
        return read_error(document) if "error" in document else None

    def _is_incurable(self, document: JsonObject) -> bool:
        return is_spend_limit(document)

    def _key_header(self, key: str) -> tuple[str, str]:
        return "x-api-key", key

    def _own_headers(self) -> Mapping[str, str]:
        return {"anthropic-version": self._server.api_version or API_VERSION}

    def _list_request(self, after: str) -> WireRequest:
        following = {"after_id": after} if after else {}
        return self._get("/v1/models", limit="1000", **following)

    def _next_page(self, page: JsonObject) -> str | None:
        return loose.text(page, "last_id") or None if page.get("has_more") is True else None

    def _read_model(self, entry: JsonObject) -> Model | None:
        # Other servers with this API list their models as they do for OpenAI's.
        if (known := read_entry(entry)) is None:
            return None
        told = loose.mapping(entry, "capabilities") or {}
        able = [name for key, name in _ABILITIES.items() if _is_supported(told, key)]
        return replace(
            known,
            context_tokens=loose.count(entry, "max_input_tokens") or known.context_tokens,
            output_tokens=loose.count(entry, "max_tokens") or known.output_tokens,
            abilities=tuple(able) or known.abilities,
        )


def wire_messages(path: Iterable[Message], provider: str, model: str) -> list[JsonObject]:
    """A conversation as `messages`: alternating roles, nothing that the API would reject."""
    messages: list[JsonObject] = []
    for turn in turns_of(path, provider, model):
        found = [block for part in turn.parts if (block := _wire_block(part, turn)) is not None]
        if found:
            messages.append({"role": turn.role.value, "content": found})
    return messages


def _wire_block(part: Part, turn: Turn) -> JsonObject | None:
    match part:
        case TextPart(text, citations) if text.strip():
            block: dict[str, JsonValue] = {"type": "text", "text": text}
            if citations and turn.is_own:  # other APIs have others
                block["citations"] = [citation.raw for citation in citations]
            return block
        case ThinkingPart(text, str(signature)):
            return {"type": "thinking", "thinking": text, "signature": signature}
        case RedactedThinkingPart(data):
            return {"type": "redacted_thinking", "data": data}
        case ToolUsePart(id_, name, input_):
            return {"type": "tool_use", "id": id_, "name": name, "input": input_}
        case ToolResultPart(tool_use_id, content, is_error):
            return {
                "type": "tool_result",
                "tool_use_id": tool_use_id,
                "content": content,
                "is_error": is_error,
            }
        case ServerPart(_, raw) if not part.is_memo:
            return raw
        case _:
            return None


def _thinking(asked: Parameters) -> JsonObject:
    """How much to think, as the older models want it (a number) or the newer ones (a level).

    Newer models leave the thoughts' text out unless one asks for it.
    """
    if asked.effort == "none":
        return {"thinking": {"type": "disabled"}}
    found: dict[str, JsonValue] = {}
    if asked.thinking_budget is not None:
        found["thinking"] = {"type": "enabled", "budget_tokens": asked.thinking_budget}
    elif asked.effort is not None:
        found["thinking"] = {"type": "adaptive", "display": "summarized"}
    if asked.effort is not None:
        found["output_config"] = {"effort": asked.effort}
    return found


def _is_supported(told: JsonObject, key: str) -> bool:
    return (loose.mapping(told, key) or {}).get("supported") is True
