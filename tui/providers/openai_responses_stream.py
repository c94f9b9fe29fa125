"""The events of OpenAI's Responses API (PROTOCOLS section 4), decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.ending import Ending, Outcome, ReplyError, StopReason
from tui.chat.events import ReplyStarted, UsageReported
from tui.chat.message import Usage
from tui.providers import loose
from tui.providers.named_events import NamedEventDecoder
from tui.providers.openai_error import is_error, read_error
from tui.providers.openai_responses_items import OutputItems

if TYPE_CHECKING:
    from tui.chat.message import JsonObject

_INCOMPLETE = {
    "max_output_tokens": StopReason.MAX_TOKENS,
    "content_filter": StopReason.REFUSAL,
}


class ResponsesDecoder(NamedEventDecoder):
    """Decodes one streamed response.

    The name of the last event and the status inside of it may contradict each other; then the one
    counts that says less good of the reply.
    """

    def __init__(self, content_type: str = "") -> None:
        super().__init__(content_type)
        self._items = items = OutputItems(self._emit)
        self._started: tuple[str | None, str | None] = (None, None)
        self._stop_reason: str | None = None
        self._raw_stop_reason: str | None = None
        self._handlers = {
            "response.output_text.delta": items.text,
            "response.output_text.done": items.end_text,
            "response.output_text.annotation.added": items.cite,
            "response.refusal.delta": items.refusal,
            "response.refusal.done": items.end_refusal,
            "response.reasoning_summary_part.added": items.begin_summary,
            "response.reasoning_summary_part.done": items.end_summary,
            "response.reasoning_summary_text.delta": items.summary,
            "response.reasoning_summary_text.done": items.end_summary,
            "response.reasoning_text.delta": items.reasoning,
            "response.reasoning_text.done": items.end_reasoning,
            "response.function_call_arguments.delta": items.arguments,
            "response.function_call_arguments.done": items.end_arguments,
            "response.content_part.added": items.begin_part,
            "response.content_part.done": items.end_part,
            "response.output_item.added": items.begin,
            "response.output_item.done": items.end,
            "response.created": self._snapshot,
            "response.queued": self._snapshot,
            "response.in_progress": self._snapshot,
            "response.completed": self._completed,
            "response.incomplete": self._incomplete,
            "response.failed": self._failed,
            "response.cancelled": self._cancelled,
            "error": self._error,
            "message": self._nameless,
        }

    def _ending(self, outcome: Outcome) -> Ending:
        return Ending(outcome, self._stop_reason, raw_stop_reason=self._raw_stop_reason)

    def _read_error_object(self, document: JsonObject) -> ReplyError | None:
        return read_error(document) if is_error(document) else None

    def _before_stop(self) -> None:
        self._items.close(complete=False)

    def _is_empty_talk(self, data: str) -> bool:
        return data.strip() == "[DONE]"

    def _error(self, document: JsonObject) -> None:
        self._fail(read_error(document))

    def _nameless(self, document: JsonObject) -> None:
        # Gateways report a failure as Chat Completions do, in an event without any name.
        if is_error(document):
            self._fail(read_error(document))

    def _snapshot(self, document: JsonObject) -> None:
        """What is known of the response as a whole; it may have failed without an event for it."""
        response = loose.mapping(document, "response") or {}
        id_, model = self._started
        started = loose.text(response, "id") or id_, loose.text(response, "model") or model
        # Some servers name the model at the end only.
        if started != self._started:
            self._started = started
            self._emit(ReplyStarted(*started))
        if usage := loose.mapping(response, "usage"):
            self._emit(UsageReported(_usage(usage)))
        match loose.text(response, "status"):
            case "failed":
                self._fail(_failure(document, response))
            case "cancelled":
                self._fail(_cancellation(document, response))
            case _:
                pass

    def _completed(self, document: JsonObject) -> None:
        self._snapshot(document)
        response = loose.mapping(document, "response") or {}
        reason = _reason(response)
        if reason or loose.text(response, "status") == "incomplete":
            self._finish(response, reason or "incomplete", is_cut=True)
        else:
            self._finish(response, "completed")

    def _incomplete(self, document: JsonObject) -> None:
        self._snapshot(document)
        response = loose.mapping(document, "response") or {}
        self._finish(response, _reason(response) or "incomplete", is_cut=True)

    def _finish(self, response: JsonObject, raw: str, *, is_cut: bool = False) -> None:
        if self._stopped:
            return
        self._items.finish(loose.sequence(response, "output"))
        self._items.close(complete=True)
        self._raw_stop_reason = raw
        if self._items.has_refusal:
            self._stop_reason = StopReason.REFUSAL
        elif is_cut:
            self._stop_reason = _INCOMPLETE.get(raw, raw)
        elif self._items.has_calls:
            self._stop_reason = StopReason.TOOL_USE
        else:
            self._stop_reason = StopReason.END_TURN
        self._stop(self._ending(Outcome.COMPLETE))

    def _failed(self, document: JsonObject) -> None:
        self._snapshot(document)
        self._fail(_failure(document, loose.mapping(document, "response") or {}))

    def _cancelled(self, document: JsonObject) -> None:
        self._snapshot(document)
        self._fail(_cancellation(document, loose.mapping(document, "response") or {}))


def _reason(response: JsonObject) -> str | None:
    return loose.text(loose.mapping(response, "incomplete_details") or {}, "reason")


def _failure(document: JsonObject, response: JsonObject) -> ReplyError:
    """What a response says of its failure, or what the event does that brings it."""
    if is_error(response):
        return read_error(response)
    if is_error(document):
        return read_error(document)
    return ReplyError("unknown_error", "The server says that it failed, and not why.")


def _cancellation(document: JsonObject, response: JsonObject) -> ReplyError:
    if is_error(response) or is_error(document):
        return _failure(document, response)
    return ReplyError("cancelled", "The server cancelled the response.")


def _usage(usage: JsonObject) -> Usage:
    """OpenAI counts what came from the cache among the input."""
    read = loose.count(loose.mapping(usage, "input_tokens_details") or {}, "cached_tokens")
    input_ = loose.count(usage, "input_tokens")
    return Usage(
        None if input_ is None else max(input_ - (read or 0), 0),
        loose.count(usage, "output_tokens"),
        None,
        read,
        loose.count(loose.mapping(usage, "output_tokens_details") or {}, "reasoning_tokens"),
    )
