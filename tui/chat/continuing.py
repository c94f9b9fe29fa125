"""Going on where a reply was cut off, by a further turn that asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.ending import Outcome, StopReason

if TYPE_CHECKING:
    from tui.chat.message import Message

_QUOTED = 80
_CUT = {
    Outcome.ERROR,
    Outcome.TRUNCATED,
    Outcome.STALLED,
    Outcome.CANCELLED,
    Outcome.INTERRUPTED,
}


def can_continue(message: Message) -> bool:
    """Whether it is a reply that stopped in the middle, with something to go on from."""
    ending = message.ending
    if ending is None or ending.is_refusal or not message.text.strip():
        return False
    if ending.outcome in _CUT:
        return True
    return ending.stop_reason == StopReason.MAX_TOKENS or message.fills_limit


def continue_prompt(message: Message) -> str:
    """The prompt that asks to go on from the exact cut."""
    end = message.text.rstrip()[-_QUOTED:]
    return (
        "Your last reply was cut off. Go on from exactly where it stopped, and repeat nothing. "
        f"It stopped after: {end}"
    )
