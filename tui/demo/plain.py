"""The answer to `"stream": false`: a script folded into one JSON message."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tui.demo.steps import Drop, Emit, Respond, Send, Stall, Wait, document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tui.demo.steps import Event, Step

_Pieces = defaultdict[str, list[str]]
_STATUS = {"overloaded_error": 529, "api_error": 500, "invalid_request_error": 400}


def plain(steps: Iterable[Step]) -> Iterator[Step]:
    """The same words without a stream and without delays.

    An error in mid-stream becomes an HTTP error. A body that ends early becomes a message whose
    stop reason is null. Scripts that speak no events (error pages) are played as they are.
    """
    message: dict[str, Any] | None = None
    pieces = _Pieces(list)
    as_they_are: list[Step] = []
    for step in steps:
        match step:
            case Wait():
                pass
            case Emit(event) if event["type"] == "error":
                yield from document(_STATUS.get(event["error"]["type"], 500), event)
                return
            case Emit(event) if event["type"] == "message_start":
                message = event["message"]
            case Emit(event) if message is not None:
                _fold(message, pieces, event)
            case Stall() | Drop():
                yield step
                return
            case Respond() | Send() | Emit():
                as_they_are.append(step)
    if message is None:
        yield from as_they_are
    else:
        if message["content"]:
            _join(message["content"][-1], pieces)
        yield from document(200, message)


def _fold(message: dict[str, Any], pieces: _Pieces, event: Event) -> None:
    content = message["content"]
    match event:
        case {"type": "content_block_start", "content_block": block}:
            if content:  # `garbage` opens a block before the last one is closed
                _join(content[-1], pieces)
            content.append(dict(block))
        case {"type": "content_block_delta", "delta": {"citation": citation}}:
            content[-1]["citations"] = [*content[-1].get("citations", ()), citation]
        case {"type": "content_block_delta", "delta": delta}:
            key = next(key for key in delta if key != "type")
            pieces[key].append(delta[key])
        case {"type": "content_block_stop"}:
            if "partial_json" in pieces:
                content[-1]["input"] = json.loads("".join(pieces["partial_json"]) or "{}")
            _join(content[-1], pieces)
        case {"type": "message_delta", "delta": delta, "usage": usage}:
            message.update(delta)
            message["usage"].update(usage)


def _join(block: dict[str, Any], pieces: _Pieces) -> None:
    """Put the collected text into its block. A tool input that was cut off is left out."""
    pieces.pop("partial_json", None)
    for key, texts in pieces.items():
        block[key] = "".join(texts)
    pieces.clear()
