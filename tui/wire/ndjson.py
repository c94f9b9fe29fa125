"""Bytes to lines, sans-IO, for streams of one JSON document a line (`application/x-ndjson`).

Lines end in LF and in nothing else: U+2028, U+0085, VT and FF are legal inside of JSON strings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.errors import EventTooLarge
from tui.wire.sse import ServerSentEvent

if TYPE_CHECKING:
    from collections.abc import Sequence

_BOM = b"\xef\xbb\xbf"


class NDJSONDecoder:
    """The same shape as `SSEDecoder`: each line that is not blank is a nameless event.

    Any split of the same bytes gives the same lines. Nothing is ignored, so `ignored_lines` and
    `events_before` stay empty.
    """

    def __init__(self, *, max_bytes: int = 16 * 1024 * 1024) -> None:
        self.ignored_lines: list[str] = []
        self.events_before: list[int] = []
        self._max_bytes = max_bytes
        self._line = bytearray()
        self._is_first = True
        self._failed = False
        self._closed = False

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """The lines that `chunk` completes.

        Raises EventTooLarge once a line has outgrown `max_bytes`, and at every later call. Lines
        complete before it in the same chunk are in its `events`.
        """
        if self._closed:
            raise ValueError("feed() after close()")
        if self._failed:
            raise self._outgrown(())
        events: list[ServerSentEvent] = []
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            self._keep(line, events)
            if event := self._event():
                events.append(event)
            self._line.clear()
            self._is_first = False
        self._keep(rest, events)
        return events

    def close(self) -> list[ServerSentEvent]:
        """No more bytes. Always empty: a last line without its LF is `pending`."""
        self._closed = True
        return []

    def pending(self) -> ServerSentEvent | None:
        """The line that has not ended; servers do forget the last LF. Changes nothing."""
        begun = self._is_first and _BOM.startswith(self._line)  # of the mark, and of nothing else
        return None if begun else self._event()

    def _event(self) -> ServerSentEvent | None:
        line = bytes(self._line)
        if self._is_first:
            line = line.removeprefix(_BOM)
        line = line.strip(b" \t\r")
        return (
            ServerSentEvent("message", line.decode("utf-8", "replace"), "", None) if line else None
        )

    def _keep(self, part: bytes, events: Sequence[ServerSentEvent]) -> None:
        self._line += part
        if len(self._line) > self._max_bytes:
            raise self._outgrown(events)

    def _outgrown(self, events: Sequence[ServerSentEvent]) -> EventTooLarge:
        self._failed = True
        self._line.clear()
        return EventTooLarge(
            f"The server sent a line of more than {self._max_bytes:,} bytes.", events
        )
