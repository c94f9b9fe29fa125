"""Building streams of Chat Completions chunk by chunk, and reading them as the program does."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui.chat.events import ReplyStopped
from tui.chat.reply import Reply
from tui.providers.openai_chat_stream import OpenAIChatDecoder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.chat.ending import Ending
    from tui.chat.events import ReplyEvent
    from tui.chat.message import Message

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


@dataclass(frozen=True)
class Read:
    events: list[ReplyEvent]
    message: Message

    @property
    def ending(self) -> Ending:
        assert self.message.ending is not None
        return self.message.ending

    @property
    def error_type(self) -> str | None:
        return self.ending.error.type if self.ending.error else None

    @property
    def calls(self) -> list[tuple[str, str, object]]:
        return [(call.id, call.name, call.input) for call in self.message.tool_calls]


def read_chunks(chunks: Iterable[bytes], *, content_type: str = "text/event-stream") -> Read:
    """Decode and fold; what must hold for any bytes whatever is asserted here, every time."""
    decoder = OpenAIChatDecoder(content_type)
    events: list[ReplyEvent] = []
    for chunk_ in chunks:
        events += decoder.feed(chunk_)
    events += decoder.close()
    assert [e for e in events if isinstance(e, ReplyStopped)] == events[-1:]
    assert decoder.feed(KEPT + ended()) == []
    assert decoder.close() == []
    assert decoder.is_over
    reply = Reply(provider="p", model="m-1", clock=lambda: 0.0)
    for event in events:
        reply.apply(event)
    message = replace(reply.message(), id="", created_at=0)
    # What is kept can be written as UTF-8: no half of a surrogate pair anywhere.
    repr(message).encode()
    message.text.encode()
    message.thinking.encode()
    return Read(events, message)


def read(*parts: bytes, content_type: str = "text/event-stream") -> Read:
    return read_chunks([b"".join(parts)], content_type=content_type)


def read_bytewise(body: bytes) -> Read:
    return read_chunks(body[at : at + 1] for at in range(len(body)))
