"""Walking through earlier prompts in the prompt box, as in a shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Recall:
    """Earlier prompts, the newest first, and which of them stands in the prompt box.

    It is over as soon as what stands there is changed.
    """

    def __init__(self) -> None:
        self._prompts: Sequence[str] = ()
        self._at = -1

    def is_at(self, text: str) -> bool:
        """Whether `text` is an earlier prompt, the one that was recalled last."""
        return self._at > 0 and self._prompts[self._at] == text

    def begin(self, prompts: Sequence[str], written: str) -> None:
        """Begin above what was being written, which is the newest of them all."""
        self._prompts = [written, *(prompt for prompt in prompts if prompt != written)]
        self._at = 0

    def move(self, steps: int) -> str | None:
        """The prompt that is so many older, or newer if negative; `None` if there is none."""
        at = self._at + steps
        if not 0 <= at < len(self._prompts):
            return None
        self._at = at
        return self._prompts[at]
