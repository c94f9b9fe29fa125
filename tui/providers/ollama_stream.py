"""The lines of Ollama's chat, decoded (PROTOCOLS section 5)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from tui.chat.ending import Ending, Outcome, ReplyError, StopReason
from tui.chat.events import ReplyStarted, UsageReported
from tui.chat.hygiene import one_line
from tui.chat.json_text import parse_object
from tui.chat.message import Usage
from tui.providers import loose
from tui.providers.blocks import Blocks
from tui.providers.call_ids import made_up_id
from tui.providers.event_stream import EventStreamDecoder
from tui.wire.ndjson import NDJSONDecoder

if TYPE_CHECKING:
    from tui.chat.message import JsonObject, JsonValue
    from tui.wire.sse import ServerSentEvent

_STOP_REASONS = {"stop": StopReason.END_TURN.value, "length": StopReason.MAX_TOKENS.value}


class OllamaDecoder(EventStreamDecoder):
    """Decodes one streamed reply: the object that is `done` ends it."""

    framing: ClassVar = NDJSONDecoder

    def __init__(self, content_type: str = "") -> None:
        super().__init__(content_type)
        self._blocks = Blocks(self._emit)
        self._started = False
        self._calls = 0
        self._stop_reason: str | None = None
        self._done_reason: str | None = None

    def _is_no_event(self, event: ServerSentEvent) -> bool:
        # An indented document begins with a brace alone; what has more after it was to be an event.
        is_begun = event.data.startswith("{") and event.data != "{"
        return not is_begun and parse_object(event.data) is None

    def _is_something_else(self) -> bool:
        # An object that was cut is the beginning of a stream; any other rest of a line is not.
        rest = self._lines.pending()
        is_cut = rest is None or rest.data.startswith("{")
        return super()._is_something_else() or not is_cut

    def _handle(self, event: ServerSentEvent) -> None:
        document = parse_object(event.data)
        if document is None:
            self._fail(self._malformed(event.data))
            return
        if (error := read_error(document)) is not None:
            self._fail(error)
            return
        if not self._started:
            self._started = True
            self._emit(ReplyStarted(None, loose.text(document, "model")))
        message = loose.mapping(document, "message") or {}
        # What stands second is no Ollama's: a mock's name for thoughts, and the text of proxies
        # that answer a chat as if it were /api/generate.
        self._blocks.thinking(
            loose.piece(message, "thinking") or loose.piece(message, "reasoning_content")
        )
        self._blocks.text(loose.piece(message, "content") or loose.piece(document, "response"))
        for call in loose.sequence(message, "tool_calls"):
            self._call(call, document)
        self._report_usage(document)
        if document.get("done") is True:
            self._done(document)

    def _ending(self, outcome: Outcome) -> Ending:
        return Ending(outcome, self._stop_reason, raw_stop_reason=self._done_reason)

    def _read_error_object(self, document: JsonObject) -> ReplyError | None:
        return read_error(document)

    def _before_stop(self) -> None:
        self._blocks.close(complete=False)  # no call is open: they come whole

    def _call(self, call: JsonValue, document: JsonObject) -> None:
        if not isinstance(call, dict) or (asked := loose.mapping(call, "function")) is None:
            return
        name = loose.text(asked, "name") or ""
        # Older servers give no ids; each line has the time at which it was made.
        made_at = loose.text(document, "created_at") or json.dumps(document)
        id_ = loose.text(call, "id") or made_up_id(made_at, name, self._calls)
        self._calls += 1
        self._blocks.whole_call(id_, name, asked.get("arguments"))

    def _report_usage(self, document: JsonObject) -> None:
        read = loose.count(document, "prompt_eval_count")
        written = loose.count(document, "eval_count")
        if read is not None or written is not None:
            self._emit(UsageReported(Usage(read, written)))

    def _done(self, document: JsonObject) -> None:
        self._done_reason = loose.text(document, "done_reason") or None
        # Old servers give no reason, and the model has ended all the same.
        reason = self._done_reason or "stop"
        self._stop_reason = _STOP_REASONS.get(reason, reason)
        if reason == "stop" and self._blocks.has_calls:
            self._stop_reason = StopReason.TOOL_USE.value
        self._stop(self._ending(Outcome.COMPLETE))


def read_error(document: JsonObject) -> ReplyError | None:
    """The error that a line or a refusal tells, `None` if it tells none.

    Ollama's own is a string and has no type; servers that imitate it send an object with one.
    """
    told = document.get("error")
    if told is None or told is False:
        return None
    error = loose.mapping(document, "error") or {}
    words = loose.text(document, "error") or loose.text(error, "message")
    words = words or one_line(str(dict(document)), 200)
    if address := loose.text(document, "signin_url"):
        words = f"{words.rstrip('.')}. Sign in at {address}"
    return ReplyError(loose.text(error, "type") or "unknown_error", words)
