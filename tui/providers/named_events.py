"""Streams whose events have names that their data repeat: Anthropic's and OpenAI's Responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.ending import ReplyError
from tui.chat.events import Alive
from tui.chat.hygiene import one_line
from tui.chat.json_text import parse_object
from tui.providers import loose
from tui.providers.event_stream import EventStreamDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tui.chat.message import JsonObject
    from tui.wire.sse import ServerSentEvent


class NamedEventDecoder(EventStreamDecoder):
    """Decides by the name first: what is unknown is never parsed, so it cannot break a reply.

    What is parsed is decided by its `type`, by its name only if it has none. A subclass fills
    `_handlers`; `error` must be among them.
    """

    _handlers: Mapping[str, Callable[[JsonObject], None]]

    def _handle(self, event: ServerSentEvent) -> None:
        name = event.event
        if name == "ping":
            self._emit(Alive())
            return
        if name != "message" and name not in self._handlers:
            return
        document = parse_object(event.data)
        if document is None:
            if name == "error":
                self._fail(ReplyError("unknown_error", one_line(event.data, 200)))
            elif name != "message" or not self._is_empty_talk(event.data):
                self._fail(self._malformed(event.data))
            return
        # An event that calls itself an error is one, whatever type its data claims.
        kind = name if name == "error" else loose.text(document, "type") or name
        if kind == "ping":
            self._emit(Alive())
        elif handler := self._handlers.get(kind):
            handler(document)

    def _is_empty_talk(self, data: str) -> bool:  # noqa: ARG002 - for those that know
        """Whether an event without a name means nothing, although it is no JSON: `[DONE]`."""
        return False
