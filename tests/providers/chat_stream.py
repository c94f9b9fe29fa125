"""Building streams of Chat Completions chunk by chunk, and reading them as the program does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reading import read_with

from tui.providers.openai_chat_stream import OpenAIChatDecoder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reading import Read

DONE = b"data: [DONE]\n\n"


def data(document: object, *, name: str = "") -> bytes:
    """One event, named if a name is given; a string is sent as it is."""
    text = document if isinstance(document, str) else json.dumps(document)
    return (f"event: {name}\n" * bool(name) + f"data: {text}\n\n").encode()


def choice(delta: object = None, finish_reason: object = None, **fields: object) -> dict:
    return {"index": 0, "delta": delta or {}, "finish_reason": finish_reason, **fields}


def chunk(*choices: object, **fields: object) -> bytes:
    head = {"id": "cc-1", "object": "chat.completion.chunk", "created": 1, "model": "m-1"}
    return data({**head, "choices": list(choices), **fields})


def delta(**fields: object) -> bytes:
    return chunk(choice(fields))


def text(piece: object) -> bytes:
    return delta(content=piece)


def call(**fields: object) -> bytes:
    """A piece of a call; `name` and `arguments` go where they belong."""
    function = {key: fields.pop(key) for key in ("name", "arguments") if key in fields}
    return delta(tool_calls=[{**fields, "function": function}])


def finish(reason: object = "stop", **fields: object) -> bytes:
    return chunk(choice({}, reason, **fields))


def usage(**fields: object) -> bytes:
    return chunk(usage=fields)


START = delta(role="assistant", content="")
KEPT = START + text("kept")


def ended(reason: str = "stop") -> bytes:
    return finish(reason) + DONE


def read_chunks(chunks: Iterable[bytes], *, content_type: str = "text/event-stream") -> Read:
    return read_with(OpenAIChatDecoder(content_type), chunks, more=KEPT + ended())


def read(*parts: bytes, content_type: str = "text/event-stream") -> Read:
    return read_chunks([b"".join(parts)], content_type=content_type)


def read_bytewise(body: bytes) -> Read:
    return read_chunks(body[at : at + 1] for at in range(len(body)))
