"""What of a conversation goes back to a model: the same rules for every API.

Left out are turns that the model refused, prompt and reply (sending them again provokes the next
refusal), replies that came to nothing, calls that nobody answered, and whatever was cut in the
middle. Reasoning goes back only to the model that wrote it, unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.chat.ending import Outcome
from tui.chat.message import (
    RedactedThinkingPart,
    Role,
    ServerPart,
    TextPart,
    ThinkingPart,
    ToolResultPart,
    ToolUsePart,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.chat.message import Message, Part


@dataclass(frozen=True, slots=True)
class Turn:
    """Parts of one role, in order. Every call in it is answered and has an input.

    `is_own`: all of it comes from the model that is asked now, so its signatures hold. Then
    reasoning and blocks of the server are among the parts, else they are not.
    """

    role: Role
    parts: tuple[Part, ...]
    is_own: bool = False


def turns_of(path: Iterable[Message], provider: str, model: str) -> list[Turn]:
    """A conversation as alternating turns, the first one the user's.

    Results of tools come before everything else of their turn.
    """
    messages = _without_refused(path)
    parts = [part for message in messages for part in message.parts]
    calls = {part.id for part in parts if isinstance(part, ToolUsePart) and part.input is not None}
    # A call needs its result and a result its call.
    answered = calls & {part.tool_use_id for part in parts if isinstance(part, ToolResultPart)}
    turns: list[Turn] = []
    for message in messages:
        is_own = (message.provider, message.model) == (provider, model)
        turn = _turn(message, answered, is_own=is_own)
        if not turn.parts:
            continue
        if turns and turns[-1].role is turn.role:
            before = turns.pop()
            turn = Turn(turn.role, before.parts + turn.parts, before.is_own and turn.is_own)
        turns.append(turn)
    while turns and turns[0].role is Role.ASSISTANT:
        turns.pop(0)
    return [Turn(turn.role, _results_first(turn.parts), turn.is_own) for turn in turns]


def _without_refused(path: Iterable[Message]) -> list[Message]:
    kept: list[Message] = []
    for message in path:
        if message.ending is None or not message.ending.is_refusal:
            kept.append(message)
        elif kept and kept[-1].role is Role.USER:
            kept.pop()
    return kept


def _turn(message: Message, answered: set[str], *, is_own: bool) -> Turn:
    whole = message.ending is None or message.ending.outcome is Outcome.COMPLETE
    # A thought is bound to what follows it: once something of the turn is left out, it goes too.
    is_own = is_own and whole and all(_is_whole(part, answered) for part in message.parts)
    parts = tuple(part for part in message.parts if _goes_back(part, answered, is_own=is_own))
    # A turn of nothing but thoughts says nothing, and APIs reject it.
    if all(_is_thought(part) for part in parts):
        parts = ()
    return Turn(message.role, parts, is_own)


def _is_whole(part: Part, answered: set[str]) -> bool:
    match part:
        case ToolUsePart(id_):
            return id_ in answered
        case ServerPart(complete=complete):
            return complete
        case _:
            return True


def _goes_back(part: Part, answered: set[str], *, is_own: bool) -> bool:
    match part:
        case TextPart(text, _, signature):
            return bool(text.strip()) or (is_own and signature is not None)
        case ToolUsePart(id_, _, input_):
            return id_ in answered and input_ is not None
        case ToolResultPart(tool_use_id):
            return tool_use_id in answered
        case _:
            return is_own


def _is_thought(part: Part) -> bool:
    match part:
        case ServerPart():
            return part.is_memo
        case TextPart(text):
            return not text.strip()
        case _:
            return isinstance(part, ThinkingPart | RedactedThinkingPart)


def _results_first(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    # Stable: everything else stays in its order.
    return tuple(sorted(parts, key=lambda part: not isinstance(part, ToolResultPart)))
