"""A conversation as Chat Completions want it (PROTOCOLS 3.1), and the thoughts they want back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tui.chat.message import Role, ServerPart, TextPart, ThinkingPart, ToolResultPart, ToolUsePart
from tui.providers import loose
from tui.providers.turns import turns_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tui.chat.message import JsonObject, JsonValue, Message
    from tui.providers.turns import Turn

DETAILS = "openai-chat:reasoning_details"
"""The type of a part that holds OpenRouter's entries, as `details`."""
FIELD = "openai-chat:reasoning_field"
"""The type of a part that says, as `field`, under which name plain thoughts came."""
THINKING_FIELDS = ("reasoning_content", "reasoning")
"""Under which names plain thoughts come."""


def wire_messages(path: Iterable[Message], provider: str, model: str) -> list[JsonObject]:
    """A conversation as `messages`, without the system prompt."""
    return [message for turn in turns_of(path, provider, model) for message in _wire_messages(turn)]


def _wire_messages(turn: Turn) -> Iterator[JsonObject]:
    """One turn: results of tools are messages of their own, before what the user says."""
    for part in turn.parts:
        if isinstance(part, ToolResultPart):
            yield {"role": "tool", "tool_call_id": part.tool_use_id, "content": part.content}
    texts = [part.text for part in turn.parts if isinstance(part, TextPart) and part.text.strip()]
    if turn.role is Role.ASSISTANT:
        yield from _assistant_message(turn, texts)
    elif texts:
        # A plain string: not every server knows lists. What was sent apart stays apart.
        yield {"role": "user", "content": "\n\n".join(texts)}


def _assistant_message(turn: Turn, texts: list[str]) -> Iterator[JsonObject]:
    calls: list[JsonValue] = [
        {
            "id": part.id,
            "type": "function",
            "function": {
                "name": part.name,
                "arguments": json.dumps(part.input, ensure_ascii=False),
            },
        }
        for part in turn.parts
        if isinstance(part, ToolUsePart)
    ]
    if not (texts or calls):
        return
    message: dict[str, JsonValue] = {"role": "assistant", "content": "".join(texts) or None}
    if calls:
        message["tool_calls"] = calls
    if turn.is_own:
        message.update(_thoughts(turn))
    yield message


def _thoughts(turn: Turn) -> JsonObject:
    """The model's own thoughts, as their server wants them back.

    OpenRouter's entries always go. Plain thoughts go along with calls, where DeepSeek insists on
    them, and only under the very name under which they came: OpenAI, Groq and Mistral reject names
    that they do not send.
    """
    kept = {part.type: part.raw for part in turn.parts if isinstance(part, ServerPart)}
    details = [
        entry
        for part in turn.parts
        if isinstance(part, ServerPart) and part.type == DETAILS
        for entry in loose.sequence(part.raw, "details")
    ]
    if details:
        return {"reasoning_details": details}
    if (field := loose.text(kept.get(FIELD, {}), "field")) in THINKING_FIELDS:
        return {field: "".join(part.text for part in turn.parts if isinstance(part, ThinkingPart))}
    return {}
