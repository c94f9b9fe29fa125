"""How a reply ended, said to a person: the same sentence in the app and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from tui.chat.ending import CancelledBy, Outcome, StopReason
from tui.chat.hygiene import one_line
from tui.chat.message import RedactedThinkingPart, ServerPart, TextPart, ThinkingPart

if TYPE_CHECKING:
    from tui.chat.ending import Ending, ReplyError
    from tui.chat.message import Message, TokenLimit

_LONGEST_QUOTE = 200
_CANCELLED = {
    CancelledBy.STOP: "stopped by you",
    CancelledBy.NEW: "stopped: you started a new conversation",
    CancelledBy.SWITCH: "stopped: you left the conversation",
    CancelledBy.DELETE: "stopped: you deleted the conversation",
    CancelledBy.QUIT: "stopped: you quit",
    CancelledBy.HANG_UP: "stopped: the terminal hung up",
    CancelledBy.TERMINATED: "stopped: the program was asked to end",
    CancelledBy.INTERRUPT: "stopped by you",
    CancelledBy.BROKEN_PIPE: "stopped: nobody reads the output any more",
    CancelledBy.OUTPUT: "stopped: the output could not be written",
}


def ending_sentence(message: Message) -> str:
    """One line on how this reply ended, safe to show; `""` while it has not.

    It says what happened first and the details after, because a narrow screen cuts the end.
    """
    ending = message.ending
    if ending is None:
        return ""
    match ending.outcome:
        case Outcome.COMPLETE:
            sentence = _complete(message, ending)
        case Outcome.ERROR:
            sentence = error_sentence(ending.error) if ending.error else "failed"
        case Outcome.TRUNCATED:
            sentence = _truncated(message, ending)
        case Outcome.STALLED:
            sentence = f"silent for {ending.silent_for or 0:g} s, so given up; {_kept(message)}"
        case Outcome.CANCELLED:
            sentence = _CANCELLED.get(ending.cancelled_by or CancelledBy.STOP, "stopped")
        case Outcome.INTERRUPTED:
            sentence = f"interrupted at {_characters(message)}"
        case never:
            assert_never(never)
    return one_line(sentence, 400)


def error_sentence(error: ReplyError) -> str:
    """The provider's own words, its type for them, and what helps to ask somebody about it."""
    extras = [one_line(error.type, 60)]
    if error.status is not None:
        extras.append(f"HTTP {error.status}")
    if error.request_id:
        extras.append(f"request {one_line(error.request_id, 80)}")
    # Cut here, where it is long, so that what comes after it is not.
    message = one_line(error.message, _LONGEST_QUOTE) or "no explanation given"
    sentence = f"{message} ({', '.join(extras)})"
    if error.retry_after is not None:
        sentence += f"; try again in {error.retry_after:g} s"
    return sentence


def _complete(message: Message, ending: Ending) -> str:
    match ending.stop_reason:
        case StopReason.END_TURN if message.fills_limit:
            return f"complete, says the server, but {_max_tokens(message)}"
        case StopReason.END_TURN:
            return "complete"
        case StopReason.MAX_TOKENS:
            return _max_tokens(message)
        case StopReason.STOP_SEQUENCE:
            which = f" “{ending.stop_sequence}”" if ending.stop_sequence else ""
            return f"stopped at the stop sequence{which}"
        case StopReason.TOOL_USE:
            names = ", ".join(call.name for call in message.tool_calls) or "a tool"
            return f"wants to use {names}; Rill cannot run tools yet"
        case StopReason.PAUSE_TURN:
            return "paused by the server (pause_turn); send a message to go on"
        case StopReason.REFUSAL:
            return _refusal(ending)
        case StopReason.CONTEXT_WINDOW_EXCEEDED:
            return "the context window is full; start a new conversation to go on"
        case None:
            return "ended without a stop reason"
        case unknown:
            return f"stop reason: {unknown}"


def _max_tokens(message: Message) -> str:
    limit = message.limit
    if _only_thought(message):
        used = message.usage.thinking_tokens or message.usage.output_tokens
        of = f" of {limit.tokens:,}" if limit else ""
        spent = f"{used:,}{of}" if used else "all"
        return f"0 visible tokens: thinking used {spent} tokens (max_tokens)"
    if limit is None:
        return "cut off at the token limit (max_tokens)"
    return f"cut off at the token limit: max_tokens {limit.tokens:,}, set by {limit.set_by}"


def limit_words(limit: TokenLimit | None) -> str:
    """How long a reply may be, and who says so, before it is asked for."""
    if limit is None:
        return "replies as long as the model makes them"
    return f"replies up to {limit.tokens:,} tokens ({one_line(limit.set_by)})"


def _only_thought(message: Message) -> bool:
    parts = [part for part in message.parts if not isinstance(part, TextPart) or part.text.strip()]
    return bool(parts) and all(
        isinstance(part, ThinkingPart | RedactedThinkingPart)
        or (isinstance(part, ServerPart) and part.is_memo)
        for part in parts
    )


def _refusal(ending: Ending) -> str:
    refusal = ending.refusal
    category = f" ({refusal.category})" if refusal and refusal.category else ""
    told = one_line(refusal.explanation or "", _LONGEST_QUOTE) if refusal else ""
    why = f": {told}" if told else ""
    return f"the model declined{category}{why} (this turn is left out of the next request)"


def _truncated(message: Message, ending: Ending) -> str:
    sentence = f"connection closed early after {_characters(message)}"
    if ending.stop_reason:
        sentence += f"; its stop reason {ending.stop_reason} had come, so it is probably whole"
    elif ending.detail:
        sentence += f" ({ending.detail})"
    return sentence


def _characters(message: Message) -> str:
    count = len(message.text)
    return "1 character" if count == 1 else f"{count:,} characters"


def _kept(message: Message) -> str:
    return f"{_characters(message)} kept" if message.text else "nothing had come"


def count_of(count: int, one: str, many: str = "") -> str:
    """A number of things: `1 message`, `2,345 messages`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def tokens_words(count: int) -> str:
    """A number of tokens in as few letters as tell models apart: `8.2k`, `200k`, `1M`."""
    for unit, letter in ((1_000_000, "M"), (1000, "k")):
        if count >= unit:
            return f"{count / unit:.1f}".removesuffix(".0") + letter
    return str(count)
