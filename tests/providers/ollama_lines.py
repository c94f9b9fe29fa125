"""Building the lines of Ollama's chat, and reading them as the program does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reading import read_with

from tui.providers.ollama_stream import OllamaDecoder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reading import Read

MADE_AT = "2026-11-01T10:00:00.123456789Z"


def line(**fields: object) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def chunk(content: object = "", *, done: object = False, **message: object) -> bytes:
    """One line as Ollama sends it."""
    said = {"role": "assistant", "content": content, **message}
    return line(model="q3", created_at=MADE_AT, message=said, done=done)


def call(name: str = "tides", arguments: object = None, **fields: object) -> dict[str, object]:
    given = {"port": "Brest"} if arguments is None else arguments
    return {"function": {"name": name, "arguments": given}, **fields}


def ended(reason: object = "stop", **fields: object) -> bytes:
    """The line that ends a reply."""
    told = {} if reason is ... else {"done_reason": reason}
    message = {"role": "assistant", "content": ""}
    return line(model="q3", created_at=MADE_AT, message=message, done=True, **told, **fields)


def read_chunks(chunks: Iterable[bytes], *, content_type: str = "application/x-ndjson") -> Read:
    return read_with(OllamaDecoder(content_type), chunks, more=chunk("more") + ended())


def read(*parts: bytes, content_type: str = "application/x-ndjson") -> Read:
    return read_chunks([b"".join(parts)], content_type=content_type)
