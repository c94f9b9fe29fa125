"""Anthropic's Messages API, and the servers that speak it (PROTOCOLS section 2)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from tui.chat.ending import Outcome
from tui.chat.json_text import parse_object
from tui.chat.message import (
    RedactedThinkingPart,
    Role,
    ServerPart,
    TextPart,
    ThinkingPart,
    ToolResultPart,
    ToolUsePart,
)
from tui.errors import AnswerUnreadable
from tui.providers import loose
from tui.providers.anthropic_stream import AnthropicDecoder, is_spend_limit, read_error
from tui.providers.base import Model
from tui.providers.http_status import error_from_status
from tui.wire.request import WireRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tui.chat.conversation import Conversation
    from tui.chat.ending import ReplyError
    from tui.chat.message import JsonObject, JsonValue, Message, Part
    from tui.errors import ServerRefused
    from tui.providers.base import ReplyOptions
    from tui.wire.http import HttpClient

API_VERSION = "2023-06-01"
_SHORTEST_SECRET = 8
"""Characters of a key; a server of one's own takes `x` or `none`, which stand in ordinary words."""
_ERROR_TYPES = {
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


class Anthropic:
    """A server that speaks the Messages API at `base_url`, which may carry a path prefix."""

    def __init__(
        self, name: str, base_url: str, api_key: str | None, *, api_version: str = API_VERSION
    ) -> None:
        self.name = name
        self.address = urlsplit(base_url).netloc.rpartition("@")[2]  # no password in it
        self._base = base_url.rstrip("/").removesuffix("/v1")
        self._api_key = api_key
        self._api_version = api_version

    def build_request(self, conversation: Conversation, options: ReplyOptions) -> WireRequest:
        """The request for a reply to the conversation's head."""
        body: dict[str, object] = {
            "model": options.model,
            "max_tokens": options.limit.tokens,
            "stream": True,
            "messages": wire_messages(conversation.path(), self.name, options.model),
        }
        if conversation.system:
            body["system"] = conversation.system
        if options.stop_sequences:
            body["stop_sequences"] = list(options.stop_sequences)
        if options.temperature is not None:
            body["temperature"] = options.temperature
        return WireRequest(
            "POST",
            f"{self._base}/v1/messages",
            {"accept": "text/event-stream", "content-type": "application/json", **self._headers()},
            json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        )

    def new_decoder(self, content_type: str = "") -> AnthropicDecoder:
        """A decoder for one response."""
        return AnthropicDecoder(content_type)

    def read_error(self, refused: ServerRefused) -> ReplyError:
        """The failure that an HTTP status and its body tell."""
        document = parse_object(refused.body.decode("utf-8", "replace"))
        if document is None or "error" not in document:
            return error_from_status(refused, None, _ERROR_TYPES)
        told = read_error(document)
        if told.type == "unknown_error":
            told = replace(told, type=_ERROR_TYPES.get(refused.status, told.type))
        return error_from_status(refused, told, _ERROR_TYPES, incurable=is_spend_limit(document))

    def conceal(self, text: str) -> str:
        """The same without the key."""
        key = self._api_key or ""
        return text.replace(key, "[the key]") if len(key) >= _SHORTEST_SECRET else text

    async def list_models(self, http: HttpClient) -> list[Model]:
        """The models on offer. Raises `WireError`."""
        models: dict[str, Model] = {}
        after = ""
        while True:
            url = f"{self._base}/v1/models?limit=1000{after}"
            page = parse_object(
                (await http.fetch(WireRequest("GET", url, self._headers()))).decode(
                    "utf-8", "replace"
                )
            )
            if page is None:
                raise AnswerUnreadable(
                    f"{self.address} did not answer with a list of models; is the base URL right?"
                )
            known = len(models)
            for entry in loose.sequence(page, "data"):
                if (model := _read_model(entry)) is not None:
                    models.setdefault(model.id, model)
            last = loose.text(page, "last_id")
            # A page of nothing new would be followed by the same page for ever.
            if page.get("has_more") is not True or not last or len(models) == known:
                return list(models.values())
            after = f"&after_id={quote(last, safe='')}"

    def _headers(self) -> Mapping[str, str]:
        headers = {"anthropic-version": self._api_version}
        if self._api_key:
            headers["x-api-key"] = self._api_key
        return headers


def wire_messages(path: Iterable[Message], provider: str, model: str) -> list[JsonObject]:
    """A conversation as `messages`: alternating roles, nothing that the API would reject.

    Left out are turns that the model refused, prompt and reply (sending them again provokes the
    next refusal), replies that came to nothing, calls that nobody answered, and whatever was cut in
    the middle. Reasoning goes back only to the model that wrote it, unchanged.
    """
    turns: list[tuple[Role, list[JsonObject]]] = []
    messages = _without_refused(path)
    parts = [part for message in messages for part in message.parts]
    calls = {part.id for part in parts if isinstance(part, ToolUsePart) and part.input is not None}
    # A call needs its result and a result its call.
    answered = calls & {part.tool_use_id for part in parts if isinstance(part, ToolResultPart)}
    for message in messages:
        blocks = _wire_blocks(
            message, answered, same=(message.provider, message.model) == (provider, model)
        )
        if not blocks:
            continue
        if turns and turns[-1][0] is message.role:
            turns[-1][1].extend(blocks)
        else:
            turns.append((message.role, blocks))
    while turns and turns[0][0] is Role.ASSISTANT:
        turns.pop(0)
    for _, blocks in turns:
        blocks.sort(key=_after_results)  # stable: everything else stays in its order
    return [{"role": role.value, "content": blocks} for role, blocks in turns]


def _after_results(block: JsonObject) -> bool:
    """The results of tools come before everything else of their message."""
    return block["type"] != "tool_result"


def _without_refused(path: Iterable[Message]) -> list[Message]:
    kept: list[Message] = []
    for message in path:
        if message.ending is None or not message.ending.is_refusal:
            kept.append(message)
        elif kept and kept[-1].role is Role.USER:
            kept.pop()
    return kept


def _wire_blocks(message: Message, answered: set[str], *, same: bool) -> list[JsonObject]:
    whole = message.ending is None or message.ending.outcome is Outcome.COMPLETE
    # A thought is bound to what follows it: once something of the turn is left out, it goes too.
    keep_thinking = same and whole and all(_can_go_back(part, answered) for part in message.parts)
    blocks = [
        block
        for part in message.parts
        if (block := _wire_block(part, answered, keep_thinking=keep_thinking)) is not None
    ]
    # A turn of nothing but thoughts says nothing, and the API rejects it.
    if all(block["type"] in {"thinking", "redacted_thinking"} for block in blocks):
        return []
    return blocks


def _can_go_back(part: Part, answered: set[str]) -> bool:
    match part:
        case ToolUsePart(id_):
            return id_ in answered
        case ServerPart(complete=complete):
            return complete
        case _:
            return True


def _wire_block(part: Part, answered: set[str], *, keep_thinking: bool) -> JsonObject | None:
    match part:
        case TextPart(text, citations):
            if not text.strip():
                return None
            block: dict[str, JsonValue] = {"type": "text", "text": text}
            if citations:
                block["citations"] = [citation.raw for citation in citations]
            return block
        case ThinkingPart(text, str(signature)) if keep_thinking:
            return {"type": "thinking", "thinking": text, "signature": signature}
        case RedactedThinkingPart(data) if keep_thinking:
            return {"type": "redacted_thinking", "data": data}
        case ToolUsePart(id_, name, dict(input_)) if id_ in answered:
            return {"type": "tool_use", "id": id_, "name": name, "input": input_}
        case ToolResultPart(tool_use_id, content, is_error) if tool_use_id in answered:
            return {
                "type": "tool_result",
                "tool_use_id": tool_use_id,
                "content": content,
                "is_error": is_error,
            }
        case ServerPart(_, raw, complete=True) if keep_thinking:
            return raw
        case _:
            return None


def _read_model(entry: JsonValue) -> Model | None:
    if not isinstance(entry, dict) or not (id_ := loose.text(entry, "id")):
        return None
    return Model(
        id_,
        loose.text(entry, "display_name") or id_,
        loose.count(entry, "max_input_tokens"),
        loose.count(entry, "max_tokens"),
    )
