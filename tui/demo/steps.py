"""What a script is made of: steps, played in order on one HTTP response.

A script is a plain generator of steps. It does no I/O and knows no clock, so it can be listed in
a test, played over a socket, or folded into a single JSON document (`tui.demo.plain`). Every
script is finite: what goes on for ever is one `Stall`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Event = dict[str, Any]
"""One event of the Messages API as its JSON object; its `type` is also the event's name."""


@dataclass(frozen=True, slots=True)
class Respond:
    """The status line and headers. Without a content-length the body is chunked."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Emit:
    """One server-sent event in one write, or every byte of it in its own."""

    event: Event
    bytewise: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """Raw bytes of the body in one write: whatever no decent server would send."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Silence for some seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Stall:
    """Silence until the client goes away, broken only by pings if `ping_every` has seconds."""

    ping_every: float | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection without ending the body; `hard` sends a TCP reset instead of a FIN."""

    hard: bool = False


Step = Respond | Emit | Send | Wait | Stall | Drop

STREAM = Respond(
    200,
    (("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache")),
)
PING = Emit({"type": "ping"})


def to_sse(event: Event) -> bytes:
    """The event as it stands in the stream.

    Lone surrogates become JSON escapes: for them Python's `backslashreplace` writes exactly what
    JavaScript's `JSON.stringify` does.
    """
    data = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event['type']}\ndata: {data}\n\n".encode("utf-8", "backslashreplace")


def page(status: int, content_type: str, body: bytes, *headers: tuple[str, str]) -> Iterator[Step]:
    """A whole response that is no stream."""
    length = ("content-length", str(len(body)))
    yield Respond(status, (("content-type", content_type), length, *headers))
    yield Send(body)


def document(status: int, value: object, *headers: tuple[str, str]) -> Iterator[Step]:
    """A whole response that is one JSON document."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
    yield from page(status, "application/json", body, *headers)


def error_event(error_type: str, message: str) -> Event:
    """An error in the shape that HTTP errors and `error` events share."""
    return {"type": "error", "error": {"type": error_type, "message": message}}


def error_document(
    status: int, error_type: str, message: str, *headers: tuple[str, str]
) -> Iterator[Step]:
    """An HTTP error; the request id is in the response's `request-id` header."""
    yield from document(status, error_event(error_type, message), *headers)
