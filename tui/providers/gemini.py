"""Google's Gemini API (PROTOCOLS section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from tui.chat.message import (
    Role,
    ServerPart,
    TextPart,
    ThinkingPart,
    ToolResultPart,
    ToolUsePart,
)
from tui.providers import loose
from tui.providers.base import Model
from tui.providers.call_ids import is_made_up
from tui.providers.gemini_stream import ERROR_TYPES, PART, GeminiDecoder, read_error
from tui.providers.http_provider import HttpProvider
from tui.providers.turns import turns_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.chat.conversation import Conversation
    from tui.chat.ending import ReplyError
    from tui.chat.message import JsonObject, JsonValue, Message, Part
    from tui.chat.parameters import Parameters
    from tui.providers.base import ReplyOptions, Server
    from tui.wire.request import WireRequest

_VERSIONS = ("v1beta", "v1alpha", "v1")
_LEVELS = {"xhigh": "HIGH", "max": "HIGH"}


class Gemini(HttpProvider):
    """A server that speaks the Gemini API."""

    parameters: ClassVar = frozenset(
        {
            *("max_tokens", "temperature", "top_p", "top_k", "seed", "stop"),
            *("effort", "thinking_budget"),
        }
    )
    error_types: ClassVar = ERROR_TYPES
    _list_key: ClassVar = "models"

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        base, _, last = self._base.rpartition("/")
        self._base, self._version = (base, last) if last in _VERSIONS else (self._base, "v1beta")

    def build_request(self, conversation: Conversation, options: ReplyOptions) -> WireRequest:
        """The request for a reply to the conversation's head."""
        model = quote(options.model.removeprefix("models/"), safe="")
        system = conversation.system
        return self._post(
            f"/{self._version}/models/{model}:streamGenerateContent",
            {
                "systemInstruction": {"parts": [{"text": system}]} if system else None,
                "contents": wire_contents(conversation.path(), self.name, options.model),
                "generationConfig": _generation(options) or None,
            },
            alt="sse",
        )

    def new_decoder(self, content_type: str = "") -> GeminiDecoder:
        """A decoder for one response."""
        return GeminiDecoder(content_type)

    def _read_error_object(self, document: JsonObject) -> ReplyError | None:
        return read_error(document)

    def _key_header(self, key: str) -> tuple[str, str]:
        return "x-goog-api-key", key

    def _list_request(self, after: str) -> WireRequest:
        following = {"pageToken": after} if after else {}
        return self._get(f"/{self._version}/models", pageSize="1000", **following)

    def _next_page(self, page: JsonObject) -> str | None:
        return loose.text(page, "nextPageToken") or None

    def _read_model(self, entry: JsonObject) -> Model | None:
        id_ = (loose.text(entry, "name") or "").removeprefix("models/")
        methods = loose.sequence(entry, "supportedGenerationMethods")
        if not id_ or (methods and "generateContent" not in methods):
            return None
        return Model(
            id_,
            loose.text(entry, "displayName") or id_,
            loose.count(entry, "inputTokenLimit"),
            loose.count(entry, "outputTokenLimit"),
            ("thinking",) if entry.get("thinking") is True else (),
        )


def wire_contents(path: Iterable[Message], provider: str, model: str) -> list[JsonObject]:
    """A conversation as `contents`: alternating roles, nothing that the API would reject."""
    contents: list[JsonObject] = []
    names: dict[str, str] = {}
    for turn in turns_of(path, provider, model):
        names |= {part.id: part.name for part in turn.parts if isinstance(part, ToolUsePart)}
        found = [_wire_part(part, names, is_own=turn.is_own) for part in turn.parts]
        if parts := [part for part in found if part is not None]:
            role = "model" if turn.role is Role.ASSISTANT else "user"
            contents.append({"role": role, "parts": parts})
    return contents


def _wire_part(part: Part, names: dict[str, str], *, is_own: bool) -> JsonObject | None:
    match part:
        case TextPart(text, _, signature):
            return {"text": text, **_signed(signature, is_own=is_own)}
        case ThinkingPart(text, str(signature)):
            return {"text": text, "thought": True, "thoughtSignature": signature}
        case ToolUsePart(id_, name, input_, signature):
            call: JsonObject = {**_named(id_), "name": name, "args": input_}
            return {"functionCall": call, **_signed(signature, is_own=is_own)}
        case ToolResultPart(id_, content, is_error):
            told: JsonObject = {"error" if is_error else "output": content}
            answer: JsonObject = {**_named(id_), "name": names.get(id_, ""), "response": told}
            return {"functionResponse": answer}
        case ServerPart(type_, raw) if type_ == PART:
            return raw
        case _:
            return None


def _named(id_: str) -> JsonObject:
    return {} if is_made_up(id_) else {"id": id_}


def _signed(signature: str | None, *, is_own: bool) -> JsonObject:
    return {"thoughtSignature": signature} if signature and is_own else {}


def _generation(options: ReplyOptions) -> dict[str, JsonValue]:
    asked = options.parameters
    found: dict[str, JsonValue] = {
        "maxOutputTokens": options.limit.tokens if options.limit else None,
        "stopSequences": asked.stop or None,
        "temperature": asked.temperature,
        "topP": asked.top_p,
        "topK": asked.top_k,
        "seed": asked.seed,
        "thinkingConfig": _thinking(asked),
    }
    return {name: value for name, value in found.items() if value is not None}


def _thinking(asked: Parameters) -> JsonObject | None:
    """How much to think: a number or a level, for the API rejects both at once.

    Models that cannot think reject it altogether, so nothing is sent unasked.
    """
    if asked.effort == "none":
        return {"thinkingBudget": 0}
    if asked.thinking_budget is not None:
        return {"includeThoughts": True, "thinkingBudget": asked.thinking_budget}
    if asked.effort is not None:
        level = _LEVELS.get(asked.effort, asked.effort.upper())
        return {"includeThoughts": True, "thinkingLevel": level}
    return None
