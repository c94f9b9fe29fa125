"""Writes one assistant message as steps: blocks, deltas, pace, limits, usage."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tui.demo.steps import PING, STREAM, Emit, Wait

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tui.demo.asked import Asked
    from tui.demo.steps import Event, Step

PACE = 60.0
"""Tokens a second, about what a large hosted model writes."""

FULL_SPEED = float("inf")

_TOKEN = re.compile(
    r"\n+|[ \t]*[A-Za-z]{1,6}|[ \t]*[0-9]{1,3}|[ \t]*([-=`~.#*|])\1{0,3}|[ \t]+|.", re.DOTALL
)


class ReplyEnded(Exception):
    """The request's own limit ends the reply, wherever its script is."""

    def __init__(self, stop_reason: str, stop_sequence: str | None = None) -> None:
        super().__init__(stop_reason)
        self.stop_reason = stop_reason
        self.stop_sequence = stop_sequence


def tokens(text: str) -> list[str]:
    """Word pieces of about four characters, which join to the same text."""
    return [match.group() for match in _TOKEN.finditer(text)]


class Reply:
    """One message being written; its methods give the steps that write it.

    `number` is the number typed after the trigger word, if there was one. Methods that write
    deltas raise `ReplyEnded` where the request's `max_tokens` or a stop sequence ends the reply;
    a stop sequence is looked for within one text block.
    """

    def __init__(self, asked: Asked, number: int | None = None) -> None:
        self.asked = asked
        self.number = number
        self.bytewise = False
        self._speed = 10.0 if asked.model.endswith("-fast") else 1.0
        self._index = -1
        self._open: str | None = None
        self._spent = 0
        self._thought = 0

    def start(self) -> Iterator[Step]:
        """Headers and `message_start`."""
        yield STREAM
        usage = {
            "input_tokens": self.asked.input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 1,
            "service_tier": "standard",
        }
        message: dict[str, Any] = {
            "id": self.asked.request_id.replace("req_", "msg_", 1),
            "type": "message",
            "role": "assistant",
            "model": self.asked.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        yield self._emit({"type": "message_start", "message": message})

    def text(self, text: str | Sequence[str], pace: float = PACE) -> Iterator[Step]:
        """A whole text block; a sequence of strings is sent as exactly these deltas."""
        yield from self.open_text(text, pace)
        yield self.close_block()

    def open_text(self, text: str | Sequence[str], pace: float = PACE) -> Iterator[Step]:
        """A text block that is not closed yet."""
        pieces = tokens(text) if isinstance(text, str) else text
        pieces, matched = _until(pieces, self.asked.stop_sequences)
        yield from self.open_block({"type": "text", "text": ""})
        yield from self._write("text_delta", "text", pieces, pace)
        if matched is not None:
            raise ReplyEnded("stop_sequence", matched)

    def thinking(self, text: str, signature: str) -> Iterator[Step]:
        """A whole thinking block with its signature, which comes just before the end."""
        yield from self.open_block({"type": "thinking", "thinking": "", "signature": ""})
        self._thought += len(tokens(text))
        yield from self._write("thinking_delta", "thinking", tokens(text), PACE)
        yield self.delta({"type": "signature_delta", "signature": signature})
        yield self.close_block()

    def tool_use(self, name: str, arguments: dict[str, Any]) -> Iterator[Step]:
        """A tool call whose input comes in fragments, the first one empty.

        Fragments have five characters each and so cut through the escapes of non-ASCII letters.
        """
        call = f"{self.asked.request_id.replace('req_', 'toolu_', 1)}_{self._index + 1}"
        yield from self.open_block({"type": "tool_use", "id": call, "name": name, "input": {}})
        yield self.delta({"type": "input_json_delta", "partial_json": ""})
        fragments = re.findall(".{1,5}", json.dumps(arguments))
        yield from self._write("input_json_delta", "partial_json", fragments, PACE)
        yield self.close_block()

    def open_block(self, block: dict[str, Any]) -> Iterator[Step]:
        """`content_block_start`, and after the first one a ping, as the real server does."""
        self._index += 1
        self._open = str(block["type"])
        start = {"type": "content_block_start", "index": self._index, "content_block": block}
        yield self._emit(start)
        if self._index == 0:
            yield self._emit(PING.event)

    def delta(self, delta: dict[str, Any]) -> Step:
        """A delta for the open block that costs no token."""
        return self._emit({"type": "content_block_delta", "index": self._index, "delta": delta})

    def close_block(self) -> Step:
        """`content_block_stop` for the open block."""
        self._open = None
        return self._emit({"type": "content_block_stop", "index": self._index})

    def message_delta(
        self,
        stop_reason: str,
        stop_sequence: str | None = None,
        stop_details: dict[str, Any] | None = None,
    ) -> Step:
        """The stop reason and the final usage."""
        delta: dict[str, Any] = {"stop_reason": stop_reason, "stop_sequence": stop_sequence}
        if stop_details is not None:
            delta["stop_details"] = stop_details
        usage: dict[str, Any] = {"output_tokens": self._spent}
        if self._thought:
            thought = min(self._thought, self._spent)
            usage["output_tokens_details"] = {"thinking_tokens": thought}
        return self._emit({"type": "message_delta", "delta": delta, "usage": usage})

    def stop(
        self,
        stop_reason: str = "end_turn",
        stop_sequence: str | None = None,
        stop_details: dict[str, Any] | None = None,
    ) -> Iterator[Step]:
        """The end of the message, whatever is still open.

        A tool call that is still open stays so: the real server, cut by max_tokens, does not
        close it either.
        """
        if self._open is not None and self._open != "tool_use":
            yield self.close_block()
        yield self.message_delta(stop_reason, stop_sequence, stop_details)
        yield self._emit({"type": "message_stop"})

    def say(self, text: str | Sequence[str], pace: float = PACE) -> Iterator[Step]:
        """A whole message of one text block."""
        yield from self.start()
        yield from self.text(text, pace)
        yield from self.stop()

    def _write(
        self, delta_type: str, key: str, pieces: Iterable[str], pace: float
    ) -> Iterator[Step]:
        for piece in pieces:
            if self._spent >= self.asked.max_tokens:
                raise ReplyEnded("max_tokens")
            self._spent += 1
            yield self.delta({"type": delta_type, key: piece})
            if pace != FULL_SPEED:
                yield Wait(1 / (pace * self._speed))

    def _emit(self, event: Event) -> Step:
        return Emit(event, self.bytewise)


def _until(pieces: Sequence[str], sequences: Sequence[str]) -> tuple[Sequence[str], str | None]:
    """The pieces before the first stop sequence, and that sequence."""
    whole = "".join(pieces)
    found = [(at, s) for s in sequences if (at := whole.find(s)) >= 0]
    if not found:
        return pieces, None
    left, sequence = min(found)
    before: list[str] = []
    for piece in pieces:
        if left <= 0:
            break
        before.append(piece[:left])
        left -= len(piece)
    return before, sequence
