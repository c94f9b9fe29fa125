"""Building streams of the Messages API event by event, and reading them as the program does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reading import read_with

from tui.providers.anthropic_stream import AnthropicDecoder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reading import Read


def event(name: str, **fields: object) -> bytes:
    """One event as Anthropic sends it: named, and its JSON repeats the name."""
    return named(name, json.dumps({"type": name, **fields}))


def named(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode()


def unnamed(data: str) -> bytes:
    return f"data: {data}\n\n".encode()


def start(**message: object) -> bytes:
    return event("message_start", message={"id": "msg_1", "model": "m-1", **message})


def block(index: int, type_: str, **fields: object) -> bytes:
    return event("content_block_start", index=index, content_block={"type": type_, **fields})


def delta(index: int, type_: str, **fields: object) -> bytes:
    return event("content_block_delta", index=index, delta={"type": type_, **fields})


def text(index: int, piece: str) -> bytes:
    return delta(index, "text_delta", text=piece)


def thinking(index: int, piece: str) -> bytes:
    return delta(index, "thinking_delta", thinking=piece)


def json_piece(index: int, piece: str) -> bytes:
    return delta(index, "input_json_delta", partial_json=piece)


def close(index: int) -> bytes:
    return event("content_block_stop", index=index)


def text_block(index: int, *pieces: str) -> bytes:
    pieces_ = b"".join(text(index, piece) for piece in pieces)
    return block(index, "text", text="") + pieces_ + close(index)


def tool_block(index: int, *pieces: str, **fields: object) -> bytes:
    fields = {"id": "toolu_1", "name": "tides", "input": {}, **fields}
    pieces_ = b"".join(json_piece(index, piece) for piece in pieces)
    return block(index, "tool_use", **fields) + pieces_ + close(index)


def stop_reason(reason: object, **fields: object) -> bytes:
    return event("message_delta", delta={"stop_reason": reason, **fields})


STOP = event("message_stop")
PING = event("ping")


def ended(reason: str = "end_turn") -> bytes:
    return stop_reason(reason) + STOP


def whole(*blocks: bytes, reason: str = "end_turn") -> bytes:
    """A complete stream around `blocks`."""
    return start() + b"".join(blocks) + ended(reason)


def read_chunks(chunks: Iterable[bytes], *, content_type: str = "text/event-stream") -> Read:
    return read_with(AnthropicDecoder(content_type), chunks, more=whole(text_block(0, "more")))


def read(*parts: bytes, content_type: str = "text/event-stream") -> Read:
    return read_chunks([b"".join(parts)], content_type=content_type)


def read_bytewise(body: bytes) -> Read:
    return read_chunks(body[at : at + 1] for at in range(len(body)))
