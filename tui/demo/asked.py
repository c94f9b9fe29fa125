"""What a client asked: the body of a Messages request, checked the way the real API checks it.

Unknown fields, model names and beta features are accepted, so that any client can be pointed at
the demo. What the real API refuses because it makes no conversation is refused here as well.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tui.errors import RillError


class InvalidRequest(RillError):
    """The body is no Messages request; the text is what a 400 tells the client."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One valid request, reduced to what a script may want to know.

    `prompt` is the last text of the last user message (a client puts a prompt that came to nothing
    before it). `turn` counts the user messages that hold more
    than tool results. `continues` is true if the list ends with the assistant's own words: a
    prefill, or the resumption of a paused turn. `attempt` counts identical bodies in a row.
    """

    request_id: str
    model: str
    max_tokens: int
    stream: bool
    stop_sequences: tuple[str, ...]
    prompt: str
    turn: int
    input_tokens: int
    continues: bool = False
    tool_results: tuple[str, ...] = ()
    attempt: int = 1


def parse_body(body: bytes) -> dict[str, Any]:
    """The body as a JSON object."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"The request body is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidRequest("The request body is not a JSON object.")
    return value


def parse_asked(value: dict[str, Any], request_id: str, attempt: int = 1) -> Asked:
    """The object as a Messages request. Raises `InvalidRequest`, naming the field."""
    model = _model(value)
    max_tokens = _field(value, "max_tokens")
    if not isinstance(max_tokens, int) or isinstance(max_tokens, bool):
        raise InvalidRequest("max_tokens: Input should be a valid integer")
    if max_tokens < 1:
        raise InvalidRequest("max_tokens: Input should be greater than or equal to 1")
    messages = _messages(value)
    said_by_user = [m for m in messages if m["role"] == "user"]
    last = said_by_user[-1]["content"]
    return Asked(
        request_id=request_id,
        model=model,
        max_tokens=max_tokens,
        stream=value.get("stream") is True,
        stop_sequences=_stop_sequences(value),
        prompt=_last_text(last),
        turn=sum(not _only_tool_results(m["content"]) for m in said_by_user) or 1,
        input_tokens=_estimate(value),
        continues=messages[-1]["role"] == "assistant",
        tool_results=_tool_results(last),
        attempt=attempt,
    )


def count_tokens(value: dict[str, Any]) -> int:
    """Roughly a token for four characters. Raises `InvalidRequest`, naming the field."""
    _model(value)
    _messages(value)
    return _estimate(value)


def _field(value: dict[str, Any], name: str) -> object:
    if name not in value:
        raise InvalidRequest(f"{name}: Field required")
    return value[name]


def _model(value: dict[str, Any]) -> str:
    model = _field(value, "model")
    if not isinstance(model, str) or not model:
        raise InvalidRequest("model: Input should be a valid string")
    return model


def _messages(value: dict[str, Any]) -> list[dict[str, Any]]:
    messages = _field(value, "messages")
    if not isinstance(messages, list):
        raise InvalidRequest("messages: Input should be a valid list")
    if not messages:
        raise InvalidRequest("messages: at least one message is required")
    for index, message in enumerate(messages):
        _check_message(f"messages.{index}", message, is_last=index == len(messages) - 1)
    if messages[0]["role"] != "user":
        raise InvalidRequest('messages: first message must use the "user" role')
    return messages


def _check_message(where: str, message: object, *, is_last: bool) -> None:
    if not isinstance(message, dict):
        raise InvalidRequest(f"{where}: Input should be an object")
    if _field_of(where, message, "role") not in ("user", "assistant", "system"):
        raise InvalidRequest(f"{where}.role: Input should be 'user', 'assistant' or 'system'")
    content = _field_of(where, message, "content")
    if not isinstance(content, (str, list)):
        raise InvalidRequest(f"{where}.content: Input should be a string or a list of blocks")
    if not content and not (is_last and message["role"] == "assistant"):
        raise InvalidRequest(
            f"{where}: all messages must have non-empty content"
            " except for the optional final assistant message"
        )
    for block in content if isinstance(content, list) else ():
        if not isinstance(block, dict) or not isinstance(block.get("type"), str):
            raise InvalidRequest(f"{where}.content: every block should be an object with a type")
        if block["type"] == "text" and not isinstance(block.get("text"), str):
            raise InvalidRequest(f"{where}.content: a text block should have a text")
        if block["type"] == "text" and not block["text"]:
            raise InvalidRequest(f"{where}.content: text content blocks must be non-empty")


def _field_of(where: str, message: dict[str, Any], name: str) -> object:
    if name not in message:
        raise InvalidRequest(f"{where}.{name}: Field required")
    return message[name]


def _stop_sequences(value: dict[str, Any]) -> tuple[str, ...]:
    sequences = value.get("stop_sequences") or []
    if not isinstance(sequences, list) or not all(isinstance(s, str) for s in sequences):
        raise InvalidRequest("stop_sequences: Input should be a list of strings")
    if not all(s.strip() for s in sequences):
        raise InvalidRequest("stop_sequences: each stop sequence must contain non-whitespace")
    return tuple(sequences)


def _last_text(content: str | list[dict[str, Any]]) -> str:
    if isinstance(content, str):
        return content
    texts = [block["text"] for block in content if block["type"] == "text"]
    return texts[-1] if texts else ""


def _tool_results(content: str | list[dict[str, Any]]) -> tuple[str, ...]:
    if isinstance(content, str):
        return ()
    results = (block.get("content", "") for block in content if block["type"] == "tool_result")
    return tuple(r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in results)


def _only_tool_results(content: str | list[dict[str, Any]]) -> bool:
    return isinstance(content, list) and all(b["type"] == "tool_result" for b in content)


def _estimate(value: dict[str, Any]) -> int:
    said = [value["messages"], value.get("system", "")]
    return max(1, len(json.dumps(said, ensure_ascii=False)) // 4)
