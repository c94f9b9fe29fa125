"""Building the events of the Gemini API, and reading them as the program does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reading import read_with

from tui.providers.gemini_stream import GeminiDecoder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reading import Read


def event(document: object) -> bytes:
    return f"data: {json.dumps(document)}\r\n\r\n".encode()


def chunk(*parts: object, finish: object = None, **fields: object) -> bytes:
    """One event as Gemini sends it; `fields` are the candidate's."""
    candidate = {"content": {"parts": list(parts), "role": "model"}, "index": 0, **fields}
    if finish is not None:
        candidate["finishReason"] = finish
    return event({"candidates": [candidate], "modelVersion": "g-1", "responseId": "r1"})


def text(piece: object, **fields: object) -> dict[str, object]:
    return {"text": piece, **fields}


def thought(piece: object, **fields: object) -> dict[str, object]:
    return {"text": piece, "thought": True, **fields}


def call(name: str = "tides", args: object = None, **fields: object) -> dict[str, object]:
    given = {"port": "Brest"} if args is None else args
    return {"functionCall": {"name": name, "args": given, **fields}}


def usage(**counts: object) -> bytes:
    return event({"usageMetadata": counts})


def ended(reason: object = "STOP", **fields: object) -> bytes:
    """The event that ends a reply."""
    return chunk(finish=reason, **fields)


def failed(status: object = "UNAVAILABLE", message: object = "Busy", **fields: object) -> object:
    return {"error": {"code": 503, "message": message, "status": status, **fields}}


def read_chunks(chunks: Iterable[bytes], *, content_type: str = "text/event-stream") -> Read:
    return read_with(GeminiDecoder(content_type), chunks, more=chunk(text("more")) + ended())


def read(*parts: bytes, content_type: str = "text/event-stream") -> Read:
    return read_chunks([b"".join(parts)], content_type=content_type)
