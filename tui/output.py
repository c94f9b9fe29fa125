"""What the commands print: results on standard output, everything about them on standard error."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import TYPE_CHECKING, NoReturn

from tui.chat.hygiene import VisiblePieces, one_line
from tui.errors import OutputFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BROKEN_PIPE = 128 + signal.SIGPIPE
"""The exit code when nobody reads the output any more."""


def print_text(pieces: Iterable[str]) -> None:
    """Text as it is, in UTF-8, into a pipe or a file; harmless on a terminal.

    Raises BrokenPipeError, OutputFailed, and UsageError if there is no standard output.
    """
    if sys.stdout is None:
        raise UsageError("There is no standard output to write to.")
    if isinstance(sys.stdout, TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8")
    _write(pieces)


def print_line(line: str) -> None:
    """A line for a person, in the encoding of the place. Raises as `print_text` does."""
    if sys.stdout is not None:
        _write([f"{line}\n"])


def _write(pieces: Iterable[str]) -> None:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    for piece in _visible(pieces) if sys.stdout.isatty() else pieces:
        with _explained():
            sys.stdout.write(piece)
    with _explained():
        sys.stdout.flush()


def complain(sentence: str) -> None:
    """Something that a person should know, on one safe line of standard error."""
    if sys.stderr is None:  # closed by whoever started us; print() would take standard output
        return
    print(f"rill: {one_line(sentence)}", file=sys.stderr)  # noqa: T201 - the command line


def give_up_output() -> None:
    """Python would try to flush what cannot be written, and complain on the way out."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def leave_now(code: int) -> NoReturn:
    """End the process with all that was printed, and without waiting for its threads."""
    if sys.stdout is not None:
        with suppress(OSError):
            sys.stdout.flush()
    if sys.stderr is not None:
        sys.stderr.flush()
    os._exit(code)


def _visible(pieces: Iterable[str]) -> Iterator[str]:
    visible = VisiblePieces()
    for piece in pieces:
        yield visible.push(piece)
    yield visible.flush()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        give_up_output()
        raise OutputFailed(f"The output cannot be written: {error.strerror}.") from error
