"""A thread that owns a connection: what it is given to do, it does one after the other."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")


class WorkThread:
    """Does work in order. It is a daemon: nobody waits for it who has not called `stop`."""

    def __init__(
        self, name: str, *, every: float | None = None, then: Callable[[], None] = lambda: None
    ) -> None:
        """`then` is called between two pieces of work, `every` so many seconds or a bit later."""
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._every = every
        self._then = then
        self._has_ended = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def do(self, work: Callable[[], _Result]) -> Future[_Result]:
        """Have something done; the future has what it gives back or raises."""
        future: Future[_Result] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - whoever waits gets it
                future.set_exception(error)

        self._work.put(run)
        return future

    def stop(self, patience: float) -> bool:
        """Do what is still to be done, then end; false if that takes longer than `patience` s.

        And false if it has died before.
        """
        self._work.put(None)
        self._thread.join(patience)
        return self._has_ended

    def _run(self) -> None:
        due = monotonic()
        while True:
            wait = None if self._every is None else due - monotonic()
            if wait is not None and wait <= 0:
                self._then()
                wait = self._every
                due = monotonic() + (wait or 0)
            try:
                work = self._work.get(timeout=wait)
            except Empty:
                continue
            if work is None:
                self._has_ended = True
                return
            work()
