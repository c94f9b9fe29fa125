"""Asking several servers at once, on the command line."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from math import inf
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from tui.commands.progress import ProgressLine
from tui.output import leave_now

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
    from concurrent.futures import Future

_P = ParamSpec("_P")
_T = TypeVar("_T")

_TICK = 0.2
_INTERRUPTED = 130


def run(work: Coroutine[None, None, int]) -> int:
    """As `asyncio.run`, but its end does not wait for the name of a host to be looked up.

    A thread does that, and nothing can stop it.
    """
    return asyncio.run(_run(work))


async def in_order(
    work: Mapping[str, Coroutine[None, None, _T]], what: str
) -> AsyncGenerator[_T, None]:
    """Do all of it at once; yield the results in the order given, each as soon as it can be.

    A terminal is told for whom it waits while `what` is being done. Use it inside
    `contextlib.aclosing`: leaving early cancels what is under way.
    """
    tasks = {name: asyncio.create_task(each) for name, each in work.items()}
    progress = ProgressLine(what, pause=inf)
    try:
        for name, task in tasks.items():
            while not task.done():
                await asyncio.wait({task}, timeout=_TICK)
                share = sum(each.done() for each in tasks.values()) / len(tasks)
                progress.show(share, f"waiting for {name}")
            progress.clear()
            yield task.result()
    finally:
        progress.clear()
        for task in tasks.values():
            task.cancel()
        if tasks:
            await asyncio.wait(tasks.values())


async def _run(work: Coroutine[None, None, int]) -> int:
    threads = _Threads()
    asyncio.get_running_loop().set_default_executor(threads)
    try:
        code = await work
    except asyncio.CancelledError:  # ctrl+c
        if threads.are_busy:
            leave_now(_INTERRUPTED)
        raise
    if threads.are_busy:
        leave_now(code)
    return code


class _Threads(ThreadPoolExecutor):
    """asyncio's threads, which tell whether one of them still works."""

    def __init__(self) -> None:
        super().__init__()
        self._begun: list[Future[Any]] = []

    @property
    def are_busy(self) -> bool:
        return not all(future.done() for future in self._begun)

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """As the executor does, and remember it."""
        future = super().submit(fn, *args, **kwargs)
        self._begun.append(future)
        return future
