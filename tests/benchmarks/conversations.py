"""Reading a long conversation as a person does: open, resize, another theme, up, to the start."""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.benchmarks.prefilled import TITLE
from tests.benchmarks.texts import END
from tests.benchmarks.watched import (
    COLUMNS,
    F6,
    F7,
    F8,
    GIVE_UP,
    PAGE_UP,
    ROWS,
    Replay,
    begin,
    naive_with,
    rill_with,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.watched import (
        Watched,
    )
    from tests.loopback import LoopbackServer


@dataclass(frozen=True)
class Step:
    """Seconds from a key to the last change it made in the transcript, and the CPU it took."""

    seconds: float
    cpu: float


async def steps(terminal: Watched, replay: Replay, act: Callable[[], None], times: int) -> Step:
    """Do it so many times, each when the last one is all on the screen; the median, and all CPU.

    Times when nothing changed, the start having been reached, count for the CPU only.
    """
    spent, total = [], terminal.cpu()
    for _ in range(times):
        before = replay.catch_up()
        offset, began = len(terminal.raw), time.perf_counter()
        act()
        await settled(terminal, offset)
        looks = [(moment, replay.looks()) for moment in replay.times()]
        shown = began
        for (_, last), (moment, look) in zip([(0, before), *looks], looks, strict=False):
            if look != last:
                shown = moment
        if shown > began:
            spent.append(shown - began)
    median = statistics.median(spent) if spent else math.nan
    return Step(median, terminal.cpu() - total)


async def settled(terminal: Watched, offset: int) -> None:
    """Wait until it has nothing to do any more but blink its cursor. Raises TimeoutError."""
    async with asyncio.timeout(GIVE_UP):
        cpu, is_idle = terminal.cpu(), False
        while not is_idle:
            await asyncio.sleep(0.25)
            last, cpu = cpu, terminal.cpu()
            is_idle = cpu - last < 0.03 and terminal.written_since(offset, 0.2) < 500


async def read_conversation(
    server: LoopbackServer, count: int, *, is_rill: bool
) -> dict[str, Step | None]:
    """Open it, resize, change the theme, page up, go to the start.

    `None` for what took too long; nothing comes after it.
    """
    results: dict[str, Step | None] = {}
    options = ("--messages", str(count))
    program = rill_with(*options) if is_rill else naive_with(*options)
    terminal = await begin(program, server, GIVE_UP)
    replay = Replay(terminal)
    open_key = F6
    if is_rill:
        open_key = "\r"
        terminal.press("ctrl+o")
        await asyncio.sleep(0.5)
        terminal.write(TITLE)
        await asyncio.sleep(1.0)
    write = terminal.write
    acts: dict[str, tuple[Callable[[], None], int]] = {
        "open": (partial(write, open_key), 1),
        "resize": (partial(resize, terminal, replay), 1),
        "theme": (partial(write, F8), 1),
        "page up": (partial(write, PAGE_UP), 20),
        "start": (partial(write, "g" if is_rill else F7), 1),
    }
    for name, (act, times) in acts.items():
        if name == "start" and is_rill:
            terminal.press("escape")
            await asyncio.sleep(0.4)
        results[name] = None
        with suppress(TimeoutError):
            results[name] = await steps(terminal, replay, act, times)
        if name == "open" and results[name] is not None and not replay.shows(END):
            raise RuntimeError(f"the end of {count} messages is not shown:\n{terminal.text}")
        if results[name] is None:
            break
    await terminal.close()
    return results


def resize(terminal: Watched, replay: Replay) -> None:
    """To 100 columns. The terminal's own emulator is left out of it: nobody looks at that."""
    terminal.size = (COLUMNS - 20, ROWS)
    replay.screen.resize(ROWS, COLUMNS - 20)
    terminal._set_size()


STEPS = {
    "open": "open",
    "resize": "120x40 -> 100x40",
    "theme": "change the theme",
    "page up": "page up (CPU of 20)",
    "start": "go to the start",
}
