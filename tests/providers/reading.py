"""Reading a stream as the program does, whatever its API."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui.chat.events import ReplyStopped
from tui.chat.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.chat.ending import Ending
    from tui.chat.events import ReplyEvent
    from tui.chat.message import Message
    from tui.providers.base import ReplyDecoder


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


def read_with(decoder: ReplyDecoder, chunks: Iterable[bytes], *, more: bytes) -> Read:
    """Decode and fold; what must hold for any bytes whatever is asserted here, every time.

    `more` is a whole stream, which after the end must change nothing.
    """
    events: list[ReplyEvent] = []
    for chunk in chunks:
        events += decoder.feed(chunk)
    events += decoder.close()
    assert [e for e in events if isinstance(e, ReplyStopped)] == events[-1:]
    assert decoder.feed(more) == []
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


def cut_at(body: bytes, cuts: list[int]) -> list[bytes]:
    """The pieces of a body that is cut at these places, each taken modulo its length."""
    marks = sorted(cut % (len(body) + 1) for cut in cuts)
    return [body[a:b] for a, b in zip([0, *marks], [*marks, len(body)], strict=True)]
