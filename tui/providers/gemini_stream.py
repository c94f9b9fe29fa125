"""The events of Google's Gemini API, decoded (PROTOCOLS section 6)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tui.chat.ending import Ending, Refusal, ReplyError, StopReason
from tui.chat.events import Alive, ReplyStarted, UsageReported
from tui.chat.hygiene import one_line
from tui.chat.json_text import parse_object, repair_object
from tui.chat.message import Citation, Usage
from tui.providers import loose
from tui.providers.blocks import Blocks
from tui.providers.call_ids import made_up_id
from tui.providers.event_stream import EventStreamDecoder

if TYPE_CHECKING:
    from tui.chat.ending import Outcome
    from tui.chat.message import JsonObject
    from tui.wire.sse import ServerSentEvent

PART = "gemini:part"
"""The type of a `ServerPart` that is a part as it came: it goes back to its model, unchanged."""

ERROR_TYPES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_RETRYABLE = frozenset({"RESOURCE_EXHAUSTED", "INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED"})
_STOP_REASONS = {
    "STOP": StopReason.END_TURN.value,
    "MAX_TOKENS": StopReason.MAX_TOKENS.value,
    **dict.fromkeys(
        [
            *("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"),
            *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"),
        ],
        StopReason.REFUSAL.value,
    ),
}
_MOST = 2**63 - 1  # that SQLite can store
_SECONDS = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,9})?)s").fullmatch  # "34.074824224s"
_FAILURES = frozenset({"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"})


class GeminiDecoder(EventStreamDecoder):
    """Decodes one streamed reply.

    It is over with a `finishReason`, and nothing says that no event comes after it: the usage may.
    """

    def __init__(self, content_type: str = "") -> None:
        super().__init__(content_type)
        self._blocks = Blocks(self._emit)
        self._started = False
        self._reply = ""
        self._calls = 0
        self._sources: dict[str, Citation] = {}
        self._stop_reason: str | None = None
        self._finish_reason: str | None = None
        self._refusal: Refusal | None = None
        self._detail = ""

    def _handle(self, event: ServerSentEvent) -> None:
        if event.event == "ping" or event.data.strip() in {"", "[DONE]"}:  # of gateways
            self._emit(Alive())
            return
        document = parse_object(event.data)
        told = loose.first_object(event.data) if document is None else document
        if told is not None and (error := read_error(told)) is not None:
            self._fail(error)
        elif event.event == "error":
            self._fail(_told(told or {}, told or {}, event.data))
        elif document is None:
            self._fail(self._malformed(event.data))
        else:
            self._take(document)

    def _take(self, document: JsonObject) -> None:
        if not self._started:
            self._started = True
            id_ = loose.text(document, "responseId") or None
            # Proxies give none; the count of the prompt's tokens is another in every turn.
            self._reply = id_ or json.dumps(document)
            self._emit(ReplyStarted(id_, loose.text(document, "modelVersion")))
        self._report_usage(document)
        candidate = _first_candidate(document)
        content = loose.mapping(candidate, "content") or {}
        for part in loose.sequence(content, "parts"):
            if isinstance(part, dict):
                self._part(part)
        self._cite(loose.mapping(candidate, "groundingMetadata") or {})
        feedback = loose.mapping(document, "promptFeedback") or {}
        if self.is_over:
            return
        if reason := loose.text(candidate, "finishReason"):
            self._finish(reason, loose.text(candidate, "finishMessage"))
        elif reason := loose.text(feedback, "blockReason"):
            self._refuse(reason, loose.text(feedback, "blockReasonMessage"))

    def _conclude(self) -> None:
        # An error can come as bare, indented JSON, each line of which the standard ignores.
        document = loose.first_object("\n".join(self._lines.ignored_lines))
        if document is not None and (error := read_error(document)) is not None:
            self._fail(error)
        super()._conclude()

    def _ending(self, outcome: Outcome) -> Ending:
        return Ending(
            outcome,
            self._stop_reason,
            raw_stop_reason=self._finish_reason,
            refusal=self._refusal,
            detail=self._detail,
        )

    def _read_error_object(self, document: JsonObject) -> ReplyError | None:
        return read_error(document)

    def _before_stop(self) -> None:
        self._blocks.close(complete=False)  # no call is open: they come whole
        for source in self._sources.values():
            self._blocks.cite(source)

    def _part(self, part: JsonObject) -> None:
        signature = loose.text(part, "thoughtSignature")
        text = loose.piece(part, "text")
        if (call := loose.mapping(part, "functionCall")) is not None:
            name = loose.text(call, "name") or ""
            id_ = loose.text(call, "id") or made_up_id(self._reply, name, self._calls)
            self._calls += 1
            self._blocks.whole_call(id_, name, call.get("args"), signature)
        elif text or (signature and part.get("thought") is True):
            self._say(text, signature, is_thought=part.get("thought") is True)
        elif signature or any(isinstance(value, dict) for value in part.values()):
            self._blocks.keep(PART, repair_object(part))

    def _say(self, text: str, signature: str | None, *, is_thought: bool) -> None:
        # A signature is for exactly the part that it came with, so that stands alone.
        blocks = self._blocks
        if signature:
            blocks.part()
        (blocks.thinking if is_thought else blocks.text)(text)
        if signature:
            (blocks.sign_thinking if is_thought else blocks.sign_text)(signature)
            blocks.part()

    def _cite(self, grounding: JsonObject) -> None:
        for chunk in loose.sequence(grounding, "groundingChunks"):
            web = loose.mapping(chunk, "web") if isinstance(chunk, dict) else None
            if web is not None and (address := loose.text(web, "uri")):
                title = loose.text(web, "title")
                self._sources[address] = Citation("", title, address, repair_object(web))

    def _report_usage(self, document: JsonObject) -> None:
        if (usage := loose.mapping(document, "usageMetadata")) is None:
            return
        prompt = loose.count(usage, "promptTokenCount")
        cached = loose.count(usage, "cachedContentTokenCount") or None
        visible = loose.count(usage, "candidatesTokenCount")
        thoughts = loose.count(usage, "thoughtsTokenCount")
        written = [count for count in (visible, thoughts) if count is not None]
        self._emit(
            UsageReported(
                Usage(
                    None if prompt is None else max(prompt - (cached or 0), 0),
                    min(sum(written), _MOST) if written else None,
                    cache_read_input_tokens=cached,
                    thinking_tokens=thoughts,
                )
            )
        )

    def _finish(self, reason: str, words: str | None) -> None:
        self._finish_reason = reason
        if reason in _FAILURES:
            self._fail(ReplyError(reason, words or f"The model's call of a tool failed: {reason}"))
            return
        canonical = _STOP_REASONS.get(reason, reason)
        if canonical == StopReason.REFUSAL:
            self._refuse(reason, words)
            return
        if reason == "STOP" and self._blocks.has_calls:
            canonical = StopReason.TOOL_USE.value
        self._stop_reason = canonical
        self._detail = words or ""
        self.is_over = True

    def _refuse(self, reason: str, words: str | None) -> None:
        self._finish_reason = reason
        self._stop_reason = StopReason.REFUSAL.value
        self._refusal = Refusal(reason, words)
        self.is_over = True


def _first_candidate(document: JsonObject) -> JsonObject:
    for candidate in loose.sequence(document, "candidates"):
        if isinstance(candidate, dict) and not candidate.get("index"):
            return candidate
    return {}


def read_error(document: JsonObject) -> ReplyError | None:
    """The error that a document tells, `None` if it tells none."""
    told = document.get("error")
    if told is None or told is False:
        return None
    return _told(loose.mapping(document, "error") or {}, document, str(dict(document)))


def _told(error: JsonObject, document: JsonObject, otherwise: str) -> ReplyError:
    """What an error object tells; the words of a document that has none are `otherwise`."""
    code = loose.count(error, "code")
    kind = loose.text(error, "status") or ERROR_TYPES.get(code or 0, "unknown_error")
    words = loose.text(error, "message") or loose.text(document, "error")
    words = words or one_line(otherwise, 200)
    return ReplyError(kind, words, retryable=kind in _RETRYABLE, retry_after=_delay(error))


def _delay(error: JsonObject) -> float | None:
    """The seconds that a `google.rpc.RetryInfo` among the details asks to wait."""
    for detail in loose.sequence(error, "details"):
        told = loose.text(detail, "retryDelay") if isinstance(detail, dict) else None
        if told and (seconds := _SECONDS(told)):
            return float(seconds[1])
    return None
