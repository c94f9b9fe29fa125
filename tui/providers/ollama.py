"""Ollama's own API, which streams JSON lines (PROTOCOLS section 5)."""

from __future__ import annotations

import asyncio
import re
from itertools import islice
from typing import TYPE_CHECKING, ClassVar

from tui.chat.json_text import parse_object
from tui.chat.message import Role, TextPart, ThinkingPart, ToolResultPart, ToolUsePart
from tui.errors import WireError
from tui.providers.http_provider import HttpProvider
from tui.providers.ollama_models import add_details, read_tag
from tui.providers.ollama_stream import OllamaDecoder, read_error
from tui.providers.turns import turns_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.chat.conversation import Conversation
    from tui.chat.ending import ReplyError
    from tui.chat.message import JsonObject, JsonValue, Message
    from tui.chat.parameters import Parameters
    from tui.providers.base import Model, ReplyOptions
    from tui.providers.turns import Turn
    from tui.wire.http import HttpClient
    from tui.wire.request import WireRequest

_LEVELS = {"minimal": "low", "xhigh": "max"}
_AT_ONCE = 8
_MOST = 100
"""Models whose details are asked for; one request each."""
_DETAILS_LIMIT = 5.0
"""Seconds for all of that; a hundred models here take one."""
_SECONDS = re.compile(r"-?[0-9]{1,9}").fullmatch


class Ollama(HttpProvider):
    """A server that speaks Ollama's own API, on this machine or at ollama.com."""

    parameters: ClassVar = frozenset(
        {"max_tokens", "temperature", "top_p", "top_k", "seed", "stop", "effort"}
    )
    accept: ClassVar = "application/x-ndjson"
    address_ends: ClassVar = ("/api/chat", "/api", "/v1")
    error_types: ClassVar = {
        400: "invalid_request_error",
        401: "authentication_error",
        403: "permission_error",
        404: "not_found_error",
        429: "rate_limit_error",
        500: "api_error",
        502: "api_error",
        503: "overloaded_error",
    }
    _list_key: ClassVar = "models"

    def build_request(self, conversation: Conversation, options: ReplyOptions) -> WireRequest:
        """The request for a reply to the conversation's head."""
        asked = options.parameters
        messages = wire_messages(conversation.path(), self.name, options.model)
        if conversation.system:
            messages.insert(0, {"role": "system", "content": conversation.system})
        return self._post(
            "/api/chat",
            {
                "model": options.model,
                "messages": messages,
                "stream": True,
                "think": _think(asked),
                # Else the server forgets the beginning of what does not fit, without a word: first
                # of the prompt, then, while the model writes, of what it goes on from. Without
                # that the one is an error with status 400 and the other a reply cut by `length`.
                "truncate": False,
                "shift": False,
                "options": _options(options) or None,
                "keep_alive": _keep_alive(self._server.keep_alive),
            },
        )

    def new_decoder(self, content_type: str = "") -> OllamaDecoder:
        """A decoder for one response."""
        return OllamaDecoder(content_type)

    def _read_error_object(self, document: JsonObject) -> ReplyError | None:
        return read_error(document)

    def _list_request(self, after: str) -> WireRequest:  # noqa: ARG002 - it has no pages
        return self._get("/api/tags")

    def _read_model(self, entry: JsonObject) -> Model | None:
        return read_tag(entry)

    async def list_models(self, http: HttpClient) -> list[Model]:
        """The models on offer, with what the server tells of each. Raises `WireError`.

        Only the list has to come: what cannot be had of a model, or not in time, stays unknown.
        """
        told: dict[str, Model | None] = {m.id: m for m in await self.list_briefly(http)}
        turns = asyncio.Semaphore(_AT_ONCE)

        async def ask(model: Model) -> None:
            async with turns:
                try:
                    body = await http.fetch(self._post("/api/show", {"model": model.id}))
                except WireError:
                    return
            if (shown := parse_object(body.decode("utf-8", "replace"))) is not None:
                told[model.id] = add_details(model, shown)

        try:
            async with asyncio.timeout(_DETAILS_LIMIT), asyncio.TaskGroup() as group:
                for model in islice(filter(None, [*told.values()]), _MOST):
                    group.create_task(ask(model))
        except TimeoutError:
            pass
        return [model for model in told.values() if model is not None]


def wire_messages(path: Iterable[Message], provider: str, model: str) -> list[JsonObject]:
    """A conversation as `messages`; results of tools are messages of their own."""
    messages: list[JsonObject] = []
    names: dict[str, str] = {}
    for turn in turns_of(path, provider, model):
        if turn.role is Role.ASSISTANT:
            names |= {part.id: part.name for part in turn.parts if isinstance(part, ToolUsePart)}
            messages.append(_assistant_message(turn))
        else:
            messages += _user_messages(turn, names)
    return messages


def _assistant_message(turn: Turn) -> JsonObject:
    text = "".join(part.text for part in turn.parts if isinstance(part, TextPart))
    message: dict[str, JsonValue] = {"role": "assistant", "content": text}
    if thinking := "".join(part.text for part in turn.parts if isinstance(part, ThinkingPart)):
        message["thinking"] = thinking
    calls: list[JsonValue] = [
        {"id": part.id, "function": {"name": part.name, "arguments": part.input}}
        for part in turn.parts
        if isinstance(part, ToolUsePart)
    ]
    if calls:
        message["tool_calls"] = calls
    return message


def _user_messages(turn: Turn, names: dict[str, str]) -> list[JsonObject]:
    messages: list[JsonObject] = [
        {
            "role": "tool",
            # There is no other place to say so.
            "content": f"Error: {part.content}" if part.is_error else part.content,
            "tool_name": names.get(part.tool_use_id, ""),
            "tool_call_id": part.tool_use_id,
        }
        for part in turn.parts
        if isinstance(part, ToolResultPart)
    ]
    if texts := [part.text for part in turn.parts if isinstance(part, TextPart)]:
        messages.append({"role": "user", "content": "\n\n".join(texts)})
    return messages


def _think(asked: Parameters) -> bool | str | None:
    """Whether or how much to think; models that can, do so unless told otherwise."""
    if asked.effort is None:
        return None
    return False if asked.effort == "none" else _LEVELS.get(asked.effort, asked.effort)


def _options(options: ReplyOptions) -> dict[str, JsonValue]:
    asked = options.parameters
    found: dict[str, JsonValue] = {
        # Unasked, the server takes what it thinks fits: often few thousand tokens of what the
        # model can.
        "num_ctx": options.context,
        "num_predict": options.limit.tokens if options.limit else None,
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "top_k": asked.top_k,
        "seed": asked.seed,
        "stop": asked.stop or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _keep_alive(told: str) -> str | int | None:
    """How long the model stays loaded: the server takes seconds as a number, and only so."""
    return int(told) if _SECONDS(told) else told or None
