"""A program in a real pseudo-terminal, and what a person in front of it would see.

Everything the program wrote is kept in `raw`; a terminal emulator (pyte) makes `screen` from it,
but only when somebody looks, so that a benchmark pays for it nowhere else.
"""

from __future__ import annotations

import asyncio
import codecs
import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyte

from tests.loopback import SAFETY_NET

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Mapping, Sequence

REPOSITORY = Path(__file__).parents[2]
RILL = (sys.executable, "-m", "tui")
# Leaves, brings back: what a program must have undone when it goes.
ALTERNATE_SCREEN, CURSOR, WRAP = 1049, 25, 7
MOUSE_MODES = (1000, 1003, 1006, 1015, 1016)
PASTE, FOCUS, RESIZE_REPORTS, SYNCHRONISED = 2004, 1004, 2048, 2026

_KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "f1": "\x1bOP",
}
_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
# pyte takes the `<` of "pop the keyboard mode" for the end of the sequence.
_UNKNOWN_TO_PYTE = re.compile(r"\x1b\[[<>=][\d;]*[a-zA-Z]")
_FRAME_BEGINS, _FRAME_ENDS = f"\x1b[?{SYNCHRONISED}h", f"\x1b[?{SYNCHRONISED}l"
_UNFINISHED = re.compile(r"\x1b(\[[\d;<=>?$ ]*)?\Z")


def environment(home: Path) -> dict[str, str]:
    """An empty home and nothing else: no key, no proxy, no settings."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "PYTHONWARNINGS": "error",
    }


class _Screen(pyte.Screen):
    """pyte's screen with an alternate one, and with bells counted."""

    def __init__(self, columns: int, lines: int) -> None:
        self.bells = 0
        self._main: dict[int, Any] | None = None
        super().__init__(columns, lines)

    def bell(self, *_: object) -> None:
        self.bells += 1

    def set_mode(self, *modes: int, **kwargs: Any) -> None:
        if ALTERNATE_SCREEN in modes and self._main is None:
            self._main = {number: copy(line) for number, line in self.buffer.items()}
            self.erase_in_display(2)
        super().set_mode(*modes, **kwargs)

    def reset_mode(self, *modes: int, **kwargs: Any) -> None:
        if ALTERNATE_SCREEN in modes and self._main is not None:
            self.erase_in_display(2)
            self.buffer.update(self._main)
            self._main = None
        super().reset_mode(*modes, **kwargs)


class Terminal:
    """Starts `command` in a pseudo-terminal of `size` (columns, rows); needs a running loop."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        size: tuple[int, int] = (80, 24),
    ) -> None:
        self.raw = bytearray()
        self.size = size
        self._fed = 0
        self._answered = 0
        self._held = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._news = asyncio.Event()
        self._pyte = _Screen(*size)
        self._stream = pyte.Stream(self._pyte)
        self._loop = asyncio.get_running_loop()
        self.master, slave = os.openpty()
        self._set_size()
        self.attributes_before = termios.tcgetattr(self.master)
        self.process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=dict(environment),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - there is no other way; it takes no lock
        )
        os.close(slave)
        os.set_blocking(self.master, False)
        self._loop.add_reader(self.master, self._read)
        self._watch = os.pidfd_open(self.process.pid)

    # What it shows

    @property
    def screen(self) -> list[str]:
        """The rows, without the spaces at their ends."""
        self._held = self._feed(self._take())
        return [line.rstrip() for line in self._pyte.display]

    def frames(self, of: Callable[[Terminal], Any]) -> list[Any]:
        """What `of` made of the screen after each synchronised update that nobody looked at yet."""
        text = self._take()
        seen: list[Any] = []
        while _FRAME_ENDS in text:
            frame, _, text = text.partition(_FRAME_ENDS)
            self._feed(frame + _FRAME_ENDS)
            seen.append(of(self))
        self._held = text
        return seen

    def _take(self) -> str:
        """What was written and not yet shown."""
        text = self._held + self._decoder.decode(bytes(self.raw[self._fed :]))
        self._fed = len(self.raw)
        return text

    def _feed(self, text: str) -> str:
        """Show what is whole, as a terminal does; gives back what is not."""
        begun = text.rfind(_FRAME_BEGINS)
        if begun >= 0 and _FRAME_ENDS not in text[begun:]:
            end = begun
        else:
            cut = _UNFINISHED.search(text)
            end = cut.start() if cut else len(text)
        self._stream.feed(_UNKNOWN_TO_PYTE.sub("", text[:end]))
        return text[end:]

    @property
    def text(self) -> str:
        """The screen as one string."""
        return "\n".join(self.screen)

    @property
    def status(self) -> str:
        """The status bar: the row above the footer."""
        return self.screen[-2].strip()

    @property
    def cursor(self) -> tuple[int, int]:
        """The column and the row of the terminal's own cursor, which input methods go by."""
        _ = self.screen
        return self._pyte.cursor.x, self._pyte.cursor.y

    @property
    def bells(self) -> int:
        """How often it rang."""
        _ = self.screen
        return self._pyte.bells

    @property
    def attributes(self) -> list[Any]:
        """The terminal's attributes now, as `attributes_before` were at first."""
        return termios.tcgetattr(self.master)

    def modes(self) -> dict[int, bool]:
        """Each private mode that was ever touched, and whether it is on now."""
        modes: dict[int, bool] = {}
        for numbers, how in _MODE.findall(bytes(self.raw)):
            for number in numbers.split(b";"):
                modes[int(number)] = how == b"h"
        return modes

    # What one does

    def write(self, data: str) -> None:
        """Write keys as a terminal would."""
        os.write(self.master, data.encode())

    type = write

    def press(self, *keys: str) -> None:
        """Press keys by Textual's names for them."""
        for key in keys:
            if key.startswith("ctrl+"):
                self.write(chr(ord(key[-1]) & 0x1F))
            else:
                self.write(_KEYS.get(key, key))

    async def send(self, prompt: str) -> None:
        """Type a prompt of one line as a person does, who looks before sending it."""
        self.write(prompt)
        end = prompt[-20:]
        await self.wait_for(lambda t: any(row.startswith("│") and end in row for row in t.screen))
        self.press("enter")

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; the kernel tells the program (SIGWINCH)."""
        _ = self.screen
        self.size = (columns, rows)
        self._pyte.resize(rows, columns)
        self._set_size()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        self.process.send_signal(number)

    def look_away(self) -> None:
        """Read nothing any more: soon the program cannot write."""
        self._loop.remove_reader(self.master)

    def hang_up(self) -> None:
        """Close the terminal, as a window or an ssh connection does."""
        if self.master >= 0:
            self._loop.remove_reader(self.master)
            os.close(self.master)
            self.master = -1

    # What one waits for

    async def wait_for(self, wanted: str | Callable[[Terminal], object]) -> None:
        """Wait until the screen shows a text, or until something is true of the terminal."""

        def is_there() -> object:
            return wanted in self.text if isinstance(wanted, str) else wanted(self)

        try:
            async with asyncio.timeout(SAFETY_NET):
                while not is_there():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"never came: {wanted!r}; the screen:\n{self.text}") from None

    async def exit_code(self) -> int:
        """Wait until the program has ended and everything it wrote is here."""
        gone = asyncio.Event()
        self._loop.add_reader(self._watch, gone.set)
        try:
            async with asyncio.timeout(SAFETY_NET):
                await gone.wait()
        except TimeoutError:
            raise AssertionError(f"did not end; the screen:\n{self.text}") from None
        finally:
            self._loop.remove_reader(self._watch)
        if self.master >= 0:
            self._read()
        return self.process.wait()

    async def close(self) -> None:
        """End what is still running."""
        if self.process.poll() is None:
            self.process.kill()
            await self.exit_code()
        self.hang_up()
        os.close(self._watch)

    def _read(self) -> None:
        """Take everything that has come."""
        with suppress(BlockingIOError):
            while True:
                try:
                    data = os.read(self.master, 65_536)
                except OSError as error:
                    if isinstance(error, BlockingIOError):
                        raise
                    data = b""  # EIO: nobody has it open any more
                if not data:
                    self._loop.remove_reader(self.master)
                    break
                self.raw += data
                self._answer()
        self._news.set()

    def _answer(self) -> None:
        """Modern terminals can do synchronised output and say so when asked."""
        query = b"\x1b[?2026$p"
        at = self.raw.find(query, self._answered)
        if at >= 0:
            self._answered = at + len(query)
            self.write("\x1b[?2026;2$y")

    def _set_size(self) -> None:
        columns, rows = self.size
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _take_terminal() -> None:
    """In the child: make standard input the terminal that controls the new session."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
