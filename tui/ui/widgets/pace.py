"""When a stream is painted: often enough to be live, and no more often."""

from __future__ import annotations

FRAME = 1 / 30
_SOON = 0.008


class Pace:
    """The frames of one stream: the first at once, then at most one each `FRAME`.

    It has no clock; all times are seconds of the caller's.
    """

    def __init__(self) -> None:
        self._due = 0.0
        self._came = 0.0

    def came(self, now: float) -> float:
        """A piece has come: how long it may wait for its frame; 0 is not at all."""
        comes_quickly = now - self._came < _SOON
        self._came = now
        if now >= self._due:
            return 0.0
        # What just misses a frame waits for a whole one. So where the next piece is likely to come
        # soon, it makes the frame: at 200 tokens a second nothing waits more than 30 ms.
        wait = self._due - now
        return min(wait + _SOON, max(wait, FRAME)) if comes_quickly else wait

    def painted(self, began: float, ended: float) -> None:
        """Leave at least as much time to others as the frame took, however slow the machine."""
        self._due = max(began + FRAME, ended + (ended - began))
