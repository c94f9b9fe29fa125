"""A program in a pseudo-terminal, and when everything that it wrote came."""

from __future__ import annotations

import asyncio
import codecs
import os
import sys
import tempfile
import time
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyte

from tests.terminal.terminal import _FRAME_BEGINS as BEGINS
from tests.terminal.terminal import _FRAME_ENDS as ENDS
from tests.terminal.terminal import _UNFINISHED, _UNKNOWN_TO_PYTE, RILL, Terminal, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.loopback import LoopbackServer

COLUMNS, ROWS = 120, 40
HERE = Path(__file__).parent
PYTHON = sys.executable
FULL_SPEED = 0
PACED = 4000  # tokens a second that no model has, but that a screen must stand
GIVE_UP = 30.0
GRACE = 0.25
# Rows of the screen that belong to the transcript in both apps, and columns left of a scrollbar.
READ_ROWS, READ_COLUMNS = range(1, 30), range(COLUMNS - 24)
# On neither screen; each is pressed once, or an old one painted again would pass for its echo.
LETTERS = "".join(map(chr, (*range(0x410, 0x450), *range(0x3B1, 0x3CA))))
PAGE_UP = "\x1b[5~"
F6, F7, F8 = "\x1b[17~", "\x1b[18~", "\x1b[19~"


class Watched(Terminal):
    """A terminal that notes when everything came."""

    def __init__(self, command: Sequence[str], home: Path) -> None:
        self.reads: list[tuple[float, int]] = []
        super().__init__(command, environment(home), (COLUMNS, ROWS))

    def _read(self) -> None:
        now = time.perf_counter()
        try:
            data = os.read(self.master, 65_536)
        except BlockingIOError:
            return
        except OSError:  # EIO: nobody has it open any more
            data = b""
        if not data:
            self._loop.remove_reader(self.master)
        self.raw += data
        self.reads.append((now, len(self.raw)))
        if not self._answered:  # it is asked once, and what was written can get long
            self._answer()
        self._news.set()

    def cpu(self) -> float:
        """Seconds of CPU so far, of all threads: the process's clock as the kernel numbers it."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def resident(self) -> float:
        """MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    async def until(self, is_true: Callable[[], bool], limit: float) -> bool:
        """Whether it became true in time; looks whenever something was written."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                while not is_true():
                    self._news.clear()
                    await self._news.wait()
                return True
        return False

    def time_of(self, offset: int) -> float:
        """When the byte at `offset` could be seen: with the end of its synchronised update."""
        ends = self.raw.find(ENDS.encode(), offset)
        begins = self.raw.find(BEGINS.encode(), offset)
        if ends >= 0 and (begins < 0 or ends < begins):
            offset = ends
        return self.reads[bisect_right(self.reads, offset, key=lambda read: read[1])][0]

    def written_since(self, offset: int, seconds: float) -> int:
        """Bytes of the last `seconds`, but not of those before `offset`."""
        then = time.perf_counter() - seconds
        at = bisect_right(self.reads, then, key=lambda read: read[0])
        return len(self.raw) - max(offset, self.reads[at - 1][1] if at else 0)


class Replay:
    """What the screen showed after each read, made from a `Watched` when nobody is in a hurry."""

    def __init__(self, terminal: Watched) -> None:
        self.terminal = terminal
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.Stream(self.screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._next = self._at = 0

    def times(self) -> Iterator[float]:
        """Show read after read; the time of each that changed anything."""
        reads, raw = self.terminal.reads, self.terminal.raw
        while self._next < len(reads):
            moment, end = reads[self._next]
            text = self._held + self._decoder.decode(bytes(raw[self._at : end]))
            self._next, self._at = self._next + 1, end
            begun = text.rfind(BEGINS)
            cut = _UNFINISHED.search(text)
            whole = cut.start() if cut else len(text)
            if begun >= 0 and ENDS not in text[begun:]:
                whole = begun
            self._held = text[whole:]
            self._stream.feed(_UNKNOWN_TO_PYTE.sub("", text[:whole]))
            if self.screen.dirty:
                yield moment

    def new_lines(self) -> Iterator[str]:
        """The rows that changed since the last time."""
        for row in sorted(self.screen.dirty):
            line = self.screen.buffer[row]
            yield "".join(line[column].data for column in range(self.screen.columns))
        self.screen.dirty.clear()

    def looks(self) -> int:
        """A number for the look of the transcript, colours included."""
        self.screen.dirty.clear()
        buffer = self.screen.buffer
        return hash(
            tuple(
                (cell.data, cell.fg, cell.bg)
                for cell in (buffer[row][column] for row in READ_ROWS for column in READ_COLUMNS)
            )
        )

    def catch_up(self) -> int:
        """Show everything that has come; the look of it."""
        for _ in self.times():
            pass
        return self.looks()

    def shows(self, words: str) -> bool:
        """Whether they stand on one row."""
        return any(words in line for line in self.screen.display)


@dataclass(frozen=True)
class Program:
    """How to start it, and what it writes when it is ready for keys."""

    name: str
    command: Callable[[str], Sequence[str]]
    is_ready: bytes = b"\x1b[?1004h"
    echoes: bool = True
    patience: float = GIVE_UP


def rill_with(*options: str) -> Program:
    """`rill` through `prefilled.py`."""
    script = str(HERE / "prefilled.py")
    return Program(
        "rill",
        lambda url: (PYTHON, script, *options, "--", "--base-url", url, "-m", "anthropic/x"),
    )


def naive_with(*options: str) -> Program:
    """The naive app."""
    return Program("naive", lambda url: (PYTHON, str(HERE / "naive_app.py"), url, *options))


RILL_APP = Program("rill", lambda url: (*RILL, "--base-url", url, "-m", "anthropic/x"))
NAIVE = replace(naive_with(), patience=60)
PRINT = Program("print", lambda url: (PYTHON, str(HERE / "print_stream.py"), url), b"> ", False)


async def begin(program: Program, server: LoopbackServer, patience: float = 15) -> Watched:
    """Start it; it has settled, and has a prompt that only wants an enter."""
    terminal = Watched(program.command(server.base_url), Path(tempfile.mkdtemp()))
    letter = "ж"
    if not await terminal.until(lambda: program.is_ready in terminal.raw, patience):
        raise RuntimeError(f"{program.name} did not start:\n{terminal.text}")
    terminal.write(letter)
    while program.echoes and not await terminal.until(lambda: letter.encode() in terminal.raw, 0.1):
        terminal.write(letter)
    await asyncio.sleep(0.3)
    return terminal
