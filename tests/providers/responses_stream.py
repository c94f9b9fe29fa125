"""Building streams of the Responses API event by event, and reading them as the program does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from messages_stream import named
from reading import read_with

from tui.providers.openai_responses_stream import ResponsesDecoder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reading import Read


def event(name: str, **fields: object) -> bytes:
    """One event as OpenAI sends it: named, and its JSON repeats the name."""
    return named(name, json.dumps({"type": name, **fields}))


def response(name: str, **fields: object) -> bytes:
    """An event about the response as a whole: `response.<name>`."""
    described = {"id": "resp_1", "object": "response", "model": "m-1", **fields}
    return event(f"response.{name}", response=described)


# Items, as they stand in `output_item.added`, `output_item.done` and the response's output


def message(id_: str, *texts: str, **fields: object) -> dict[str, object]:
    content = [output_text(text) for text in texts]
    return {"type": "message", "id": id_, "role": "assistant", "content": content, **fields}


def output_text(text: str, *annotations: object) -> dict[str, object]:
    return {"type": "output_text", "text": text, "annotations": list(annotations)}


def refusal(text: str) -> dict[str, object]:
    return {"type": "refusal", "refusal": text}


def reasoning(id_: str, *summary: str, **fields: object) -> dict[str, object]:
    parts = [{"type": "summary_text", "text": text} for text in summary]
    return {"type": "reasoning", "id": id_, "summary": parts, **fields}


def thought(*texts: str) -> list[dict[str, object]]:
    return [{"type": "reasoning_text", "text": text} for text in texts]


def function_call(id_: str, arguments: str = "", **fields: object) -> dict[str, object]:
    call = {"type": "function_call", "id": id_, "call_id": f"call_{id_}", "name": "tides"}
    return {**call, "arguments": arguments, **fields}


# Events about them; `where` is any of item_id, output_index, content_index, summary_index


def added(item: object, index: int | None = None) -> bytes:
    return event("response.output_item.added", **placed(index), item=item)


def done(item: object, index: int | None = None) -> bytes:
    return event("response.output_item.done", **placed(index), item=item)


def placed(index: int | None) -> dict[str, object]:
    return {} if index is None else {"output_index": index}


def text(piece: str, **where: object) -> bytes:
    return event("response.output_text.delta", delta=piece, **where)


def text_done(whole: str, **where: object) -> bytes:
    return event("response.output_text.done", text=whole, **where)


def declined(piece: str, **where: object) -> bytes:
    return event("response.refusal.delta", delta=piece, **where)


def summary(piece: str, **where: object) -> bytes:
    return event("response.reasoning_summary_text.delta", delta=piece, **where)


def thinking(piece: str, **where: object) -> bytes:
    return event("response.reasoning_text.delta", delta=piece, **where)


def arguments(piece: str, **where: object) -> bytes:
    return event("response.function_call_arguments.delta", delta=piece, **where)


def part(happened: str, kind: str = "content_part", **fields: object) -> bytes:
    return event(f"response.{kind}.{happened}", **fields)


def cited(annotation: object, **where: object) -> bytes:
    return event("response.output_text.annotation.added", annotation=annotation, **where)


START = response("created", status="in_progress", output=[], usage=None, error=None)
PING = event("ping")


def completed(*output: object, **fields: object) -> bytes:
    return response("completed", status="completed", output=list(output), **fields)


def incomplete(reason: object, *output: object, **fields: object) -> bytes:
    details = {"reason": reason}
    return response(
        "incomplete", status="incomplete", incomplete_details=details, output=[*output], **fields
    )


def whole_text(item: str, index: int, *pieces: str) -> bytes:
    """A message with one text as OpenAI streams it: everything said four times."""
    where = {"item_id": item, "output_index": index, "content_index": 0}
    whole = "".join(pieces)
    return b"".join(
        [
            added(message(item, status="in_progress"), index),
            part("added", **where, part=output_text("")),
            *(text(piece, **where) for piece in pieces),
            text_done(whole, **where),
            part("done", **where, part=output_text(whole)),
            done(message(item, whole, status="completed"), index),
        ]
    )


def whole(*parts: bytes, output: Iterable[object] = ()) -> bytes:
    """A complete stream around `parts`."""
    return START + b"".join(parts) + completed(*output)


MORE = whole(whole_text("m", 0, "more"))


def read_chunks(chunks: Iterable[bytes], *, content_type: str = "text/event-stream") -> Read:
    return read_with(ResponsesDecoder(content_type), chunks, more=MORE)


def read(*parts: bytes, content_type: str = "text/event-stream") -> Read:
    return read_chunks([b"".join(parts)], content_type=content_type)


def read_bytewise(body: bytes) -> Read:
    return read_chunks(body[at : at + 1] for at in range(len(body)))
