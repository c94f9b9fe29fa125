"""What all APIs that stream events have in common: PROTOCOLS section 0.

A subclass says what one event means; this class decides what the end of the bytes means.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from tui.chat.ending import Outcome, ReplyError
from tui.chat.events import ReplyStopped
from tui.chat.hygiene import one_line
from tui.chat.json_text import parse_object
from tui.errors import EventTooLarge
from tui.providers import loose
from tui.wire.sse import SSEDecoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.chat.ending import Ending
    from tui.chat.events import ReplyEvent
    from tui.chat.message import JsonObject
    from tui.wire.ndjson import NDJSONDecoder
    from tui.wire.sse import ServerSentEvent

_HEAD_BYTES = 64 * 1024
_SHOWN_CHARACTERS = 200


class EventStreamDecoder(ABC):
    """A `ReplyDecoder` for one response body made of events."""

    framing: ClassVar[type[SSEDecoder | NDJSONDecoder]] = SSEDecoder

    def __init__(self, content_type: str = "") -> None:
        self.is_over = False
        self._content_type = content_type
        self._lines = self.framing()
        self._out: list[ReplyEvent] = []
        self._stopped = False
        self._dispatched = 0
        self._ignored = 0
        self._is_foreign = False
        self._head = bytearray()

    def feed(self, chunk: bytes) -> list[ReplyEvent]:
        """Decode more bytes."""
        if self._stopped:
            return []
        if not self._dispatched:
            self._head += chunk[: _HEAD_BYTES - len(self._head)]
        try:
            self._handle_all(self._lines.feed(chunk))
        except EventTooLarge as error:
            self._handle_all(cast("Sequence[ServerSentEvent]", error.events))
            if not self._stopped:
                self._fail(ReplyError("event_too_large", str(error)))
        return self._taken()

    def close(self) -> list[ReplyEvent]:
        """End of bytes: decide what that means, unless the stream had said so itself."""
        if self._stopped:
            return []
        self._lines.close()
        pending = self._lines.pending()
        self._handle_all([pending] if pending is not None and _is_whole(pending.data) else [])
        self._conclude()
        return self._taken()

    @abstractmethod
    def _handle(self, event: ServerSentEvent) -> None:
        """Say what one event means, with `_emit`, `_stop` and `_fail`."""

    @abstractmethod
    def _read_error_object(self, document: JsonObject) -> ReplyError | None:
        """Return the error that a whole body tells, `None` if it is something else."""

    @abstractmethod
    def _ending(self, outcome: Outcome) -> Ending:
        """An ending with this outcome and whatever stop reason has come so far."""

    @abstractmethod
    def _before_stop(self) -> None:
        """A last chance to emit what was held back."""

    def _is_no_event(self, event: ServerSentEvent) -> bool:  # noqa: ARG002 - for bare lines
        """Whether what came first shows that the whole body is something else than a stream."""
        return False

    def _handle_ignored(self, line: str) -> None:  # noqa: B027 - most APIs have none
        """Say what a line means that the standard ignores."""

    def _emit(self, event: ReplyEvent) -> None:
        self._out.append(event)

    def _stop(self, ending: Ending) -> None:
        self._before_stop()
        self._stopped = self.is_over = True
        self._out.append(ReplyStopped(ending))

    def _fail(self, error: ReplyError) -> None:
        """End with an error; after the end marker nothing is one any more."""
        if not self.is_over:
            self._stop(replace(self._ending(Outcome.ERROR), error=error))

    def _conclude(self) -> None:
        if self._stopped:
            return
        if self.is_over:
            self._stop(self._ending(Outcome.COMPLETE))
        elif not self._dispatched and self._is_something_else():
            self._fail(self._not_a_stream())
        else:
            self._stop(self._ending(Outcome.TRUNCATED))

    def _is_something_else(self) -> bool:
        """Whether bytes that held no event held anything at all."""
        return self._is_foreign or bool(self._lines.ignored_lines)

    def _handle_all(self, events: Sequence[ServerSentEvent]) -> None:
        """Handle them in the order in which they came, and the ignored lines between them."""
        for event in events:
            self._take_ignored(self._dispatched)
            if not self._dispatched and (self._is_foreign or self._is_no_event(event)):
                self._is_foreign = True
            elif not self._stopped:
                self._dispatched += 1
                self._handle(event)
        self._take_ignored(self._dispatched)

    def _take_ignored(self, until: int) -> None:
        before = self._lines.events_before
        while not self._stopped and self._ignored < len(before) and before[self._ignored] <= until:
            self._ignored += 1
            self._handle_ignored(self._lines.ignored_lines[self._ignored - 1])

    def _malformed(self, data: str) -> ReplyError:
        return ReplyError(
            "malformed_event", f"Malformed event: {one_line(data, _SHOWN_CHARACTERS)}"
        )

    def _taken(self) -> list[ReplyEvent]:
        out, self._out = self._out, []
        return out

    def _not_a_stream(self) -> ReplyError:
        """Not one event came, but something else did: an error document, a web page."""
        body = bytes(self._head).decode("utf-8-sig", "replace")
        document = loose.first_object(body)
        if document is not None and (error := self._read_error_object(document)) is not None:
            return error
        kind = f" ({self._content_type})" if self._content_type else ""
        if document is not None:
            kind = " but one JSON document" + kind
        return ReplyError(
            "invalid_response",
            f"The answer is no event stream{kind}; is the base URL right? It begins: "
            + one_line(body, _SHOWN_CHARACTERS),
        )


def _is_whole(data: str) -> bool:
    """Whether data without its blank line can be trusted: an object cannot be cut unnoticed."""
    stripped = data.strip()
    return stripped == "[DONE]" or parse_object(stripped) is not None
