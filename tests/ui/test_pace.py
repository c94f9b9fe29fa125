"""How often a stream is painted, on a clock of our own."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tui.ui.widgets.pace import Pace

FRAME = 1 / 30


def paints(pieces: list[float], cost: float) -> tuple[list[float], float]:
    """When frames begin that take so many seconds each, and the longest wait of a piece."""
    pace = Pace()
    began: list[float] = []
    waiting: list[float] = []
    timer = None
    longest = 0.0
    for now in pieces:  # what waits at the end is painted with it
        while timer is not None and timer <= now:
            at, timer = timer, None
            longest = max(longest, at - waiting[0])
            began.append(at)
            waiting = []
            pace.painted(at, at + cost)
        waiting.append(now)
        wait = pace.came(now)
        if not wait:
            longest = max(longest, now - waiting[0])
            began.append(now)
            waiting, timer = [], None
            pace.painted(now, now + cost)
        elif timer is None:
            timer = now + wait
    return began, longest


def every(seconds: float) -> list[float]:
    return [100 + index * seconds for index in range(int(10 / seconds))]


@pytest.mark.parametrize("interval", [0.0005, 0.001, 0.005, 0.009, 0.02, 0.05, 0.3])
def test_there_are_never_more_than_thirty_frames_a_second(interval: float) -> None:
    began, longest = paints(every(interval), 0.001)
    gaps = [later - earlier for earlier, later in pairwise(began)]
    assert min(gaps) >= FRAME - 1e-9
    assert longest <= FRAME + 1e-9


def test_the_first_piece_and_each_after_a_rest_is_painted_at_once() -> None:
    began, longest = paints([100.0, 100.5, 103.0], 0.001)
    assert began[:3] == [100.0, 100.5, 103.0]
    assert longest == 0


def test_tokens_that_come_quickly_wait_less_than_a_frame() -> None:
    _, longest = paints(every(0.005), 0.001)
    assert longest < 0.031


def test_slow_frames_are_fewer_and_leave_half_of_the_time() -> None:
    began, _ = paints(every(0.005), 0.2)
    assert len([at for at in began if at < 110]) <= 10 / 0.4 + 1
