"""OpenAI's Responses API, and the servers that speak it (PROTOCOLS section 4).

Nothing is kept on the server (`store: false`): every request brings the whole conversation.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from tui.chat.message import Role, ServerPart, TextPart, ToolResultPart, ToolUsePart
from tui.providers import loose
from tui.providers.http_provider import HttpProvider
from tui.providers.model_entries import read_entry
from tui.providers.openai_errors import find_error, is_spent
from tui.providers.openai_responses_items import MESSAGE, REASONING
from tui.providers.openai_responses_stream import ResponsesDecoder
from tui.providers.turns import turns_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui.chat.conversation import Conversation
    from tui.chat.ending import ReplyError
    from tui.chat.message import JsonObject, JsonValue, Message, Part
    from tui.chat.parameters import Parameters
    from tui.providers.base import Model, ReplyOptions
    from tui.providers.turns import Turn
    from tui.wire.request import WireRequest

# Without storage an id is a reference to nothing, and servers answer it with 400 or 404.
_NOT_SENT = frozenset({"id", "status"})


class OpenAIResponses(HttpProvider):
    """A server that speaks the Responses API."""

    parameters: ClassVar = frozenset({"max_tokens", "temperature", "top_p", "effort"})
    address_ends: ClassVar = ("/responses",)
    error_types: ClassVar = {
        400: "invalid_request_error",
        401: "authentication_error",
        403: "permission_error",
        404: "not_found_error",
        429: "rate_limit_error",
        500: "server_error",
        503: "server_error",
    }

    def build_request(self, conversation: Conversation, options: ReplyOptions) -> WireRequest:
        """The request for a reply to the conversation's head."""
        asked = options.parameters
        return self._post(
            "/responses",
            {
                "model": options.model,
                "max_output_tokens": options.limit and options.limit.tokens,
                "stream": True,
                "store": False,
                "instructions": conversation.system or None,
                "input": wire_input(conversation.path(), self.name, options.model),
                "temperature": asked.temperature,
                "top_p": asked.top_p,
                **_reasoning(asked),
            },
        )

    def new_decoder(self, content_type: str = "") -> ResponsesDecoder:
        """A decoder for one response."""
        return ResponsesDecoder(content_type)

    def _read_error_object(self, document: JsonObject) -> ReplyError | None:
        return find_error(document)

    def _is_incurable(self, document: JsonObject) -> bool:
        return is_spent(document)

    def _read_model(self, entry: JsonObject) -> Model | None:
        return read_entry(entry)


def wire_input(path: Iterable[Message], provider: str, model: str) -> list[JsonObject]:
    """A conversation as `input` items, each in the long form: the short ones llama.cpp rejects."""
    return [item for turn in turns_of(path, provider, model) for item in _items(turn)]


def _items(turn: Turn) -> Iterable[JsonObject]:
    texts: list[TextPart] = []
    phase: str | None = None
    for part in turn.parts:
        if isinstance(part, TextPart):
            texts.append(part)
            continue
        yield from _message(turn, texts, phase)
        texts, phase = [], None
        match part:
            case ServerPart(type_, raw) if type_ == MESSAGE:
                phase = loose.text(raw, "phase")
            case _:
                yield from _item(part)
    yield from _message(turn, texts, phase)


def _message(turn: Turn, parts: Sequence[TextPart], phase: str | None) -> Iterable[JsonObject]:
    said = [part for part in parts if part.text.strip()]
    if not said:
        return
    if turn.role is Role.USER:
        asked: list[JsonValue] = [{"type": "input_text", "text": part.text} for part in said]
        yield {"type": "message", "role": "user", "content": asked}
        return
    message: dict[str, JsonValue] = {"type": "message", "role": "assistant", "status": "completed"}
    if phase:
        message["phase"] = phase
    message["content"] = [
        {
            "type": "output_text",
            "text": part.text,
            # Other APIs have others.
            "annotations": [citation.raw for citation in part.citations] if turn.is_own else [],
        }
        for part in said
    ]
    yield message


def _item(part: Part) -> Iterable[JsonObject]:
    match part:
        case ServerPart(type_, raw) if type_ == REASONING:
            yield {
                name: value
                for name, value in raw.items()
                if name not in _NOT_SENT and value is not None
            }
        case ToolUsePart(id_, name, input_):
            arguments = json.dumps(input_, ensure_ascii=False)
            yield {
                "type": "function_call",
                "call_id": id_,
                "name": name,
                "arguments": arguments,
            }
        case ToolResultPart(tool_use_id, content):
            yield {"type": "function_call_output", "call_id": tool_use_id, "output": content}
        case _:
            pass


def _reasoning(asked: Parameters) -> JsonObject:
    """How much to think. A model that takes an effort can also give its thoughts, to be sent back.

    To others that must not be said: they refuse the whole request.
    """
    if asked.effort is None:
        return {}
    if asked.effort == "none":
        return {"reasoning": {"effort": "none"}}
    return {
        "reasoning": {"effort": asked.effort, "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
    }
