"""How far something is that takes long: a line on a terminal, a few lines elsewhere."""

from __future__ import annotations

import sys
from time import monotonic

from tui.chat.hygiene import one_line

_INTERVAL = 0.1
"""Seconds between two lines on a terminal."""
_PAUSE = 2.0
"""Seconds between two lines in a log: what is done by then needs none."""
_MILESTONES = 10


class ProgressLine:
    """On standard error, so that standard output has nothing but the result."""

    def __init__(self, what: str, *, pause: float = _PAUSE) -> None:
        """`what` is being done: `importing chats.zip`. `pause` is for logs, in seconds."""
        self._what = one_line(what, 60)
        self._out = sys.stderr
        self._is_terminal = self._out is not None and self._out.isatty()
        self._pause = _INTERVAL if self._is_terminal else pause
        self._due = monotonic() + self._pause
        self._milestone = 0

    def show(self, share: float, items: str) -> None:
        """`share` is from 0 to 1; `items` says how many of what are done."""
        if self._out is None:
            return
        if (now := monotonic()) < self._due:
            return
        milestone = int(share * _MILESTONES)
        if self._is_terminal:
            self._out.write(f"\r\x1b[Krill: {self._what}: {share:.0%}, {items}")
        elif self._milestone < milestone < _MILESTONES:  # the end has a sentence of its own
            self._out.write(f"rill: {self._what}: {share:.0%}, {items}\n")
        else:
            return
        self._milestone = milestone
        self._due = now + self._pause
        self._out.flush()

    def clear(self) -> None:
        """Leave a terminal as if nothing had been shown."""
        if self._out is not None and self._is_terminal:
            self._out.write("\r\x1b[K")
            self._out.flush()
