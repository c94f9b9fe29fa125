"""The chunks of Chat Completions and of its many dialects (PROTOCOLS section 3), decoded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from tui.chat.ending import Ending, Outcome, ReplyError, StopReason
from tui.chat.events import Alive, ReplyStarted, UsageReported
from tui.chat.hygiene import one_line
from tui.chat.json_text import parse_object
from tui.chat.message import Usage
from tui.providers import loose
from tui.providers.blocks import Blocks
from tui.providers.chat_messages import DETAILS, FIELD, THINKING_FIELDS
from tui.providers.chat_tool_calls import ToolCalls
from tui.providers.event_stream import EventStreamDecoder
from tui.providers.openai_errors import find_error, read_error
from tui.providers.reasoning_details import ReasoningDetails

if TYPE_CHECKING:
    from tui.chat.message import JsonObject, JsonValue
    from tui.wire.sse import ServerSentEvent

_STOP_REASONS = {
    "stop": StopReason.END_TURN.value,
    "length": StopReason.MAX_TOKENS.value,
    "model_length": StopReason.MAX_TOKENS.value,
    "tool_calls": StopReason.TOOL_USE.value,
    "function_call": StopReason.TOOL_USE.value,
    "content_filter": StopReason.REFUSAL.value,
}
_FAILURES = {
    "error": ReplyError("unknown_error", "The server ended the reply with an error, and no word."),
    "abort": ReplyError("unknown_error", "The server aborted the reply."),
    "insufficient_system_resource": ReplyError(
        "overloaded_error", "The server ran out of resources for the reply.", retryable=True
    ),
}


class OpenAIChatDecoder(EventStreamDecoder):
    """Decodes one streamed reply.

    The end marker is the first `finish_reason`; from then on nothing is an error any more, but the
    stream is read on, because the count of tokens comes after it. `[DONE]` alone proves nothing:
    some servers send it after an error, too.
    """

    def __init__(self, content_type: str = "") -> None:
        super().__init__(content_type)
        self._blocks = Blocks(self._emit)
        self._calls = ToolCalls(self._blocks, self._emit)
        self._details = ReasoningDetails()
        self._thinking_field = ""
        self._started = False
        self._refused = False
        self._raw_stop_reason: str | None = None
        self._stop_reason: str | None = None
        self._stop_sequence: str | None = None

    def _handle(self, event: ServerSentEvent) -> None:
        data = event.data.strip()
        if event.event == "ping":
            self._emit(Alive())
        elif data == "[DONE]":
            self._stop(self._ending(Outcome.COMPLETE if self.is_over else Outcome.TRUNCATED))
        elif data:
            self._handle_data(data, is_error=event.event == "error")

    def _handle_data(self, data: str, *, is_error: bool) -> None:
        document = parse_object(data)
        if document is None and is_error:
            self._fail(ReplyError("unknown_error", one_line(data, 200)))
        elif document is None:
            self._fail(self._malformed(data))
        else:
            self._handle_chunk(document, read_error(document) if is_error else None)

    def _handle_ignored(self, line: str) -> None:
        """Old llama.cpp servers report an error in a field of that name."""
        name, _, value = line.partition(":")
        error = parse_object(value) if name == "error" else None
        if error is not None:
            self._fail(find_error(error) or read_error({"error": error}))

    def _read_error_object(self, document: JsonObject) -> ReplyError | None:
        return find_error(document)

    def _ending(self, outcome: Outcome) -> Ending:
        return Ending(
            outcome,
            self._stop_reason,
            raw_stop_reason=self._raw_stop_reason,
            stop_sequence=self._stop_sequence,
        )

    def _before_stop(self) -> None:
        # `is_over` still tells whether the end marker has come.
        self._blocks.close(complete=self.is_over)
        if not self.is_over:
            return  # thoughts of a reply that was cut never go back
        if details := self._details.whole():
            self._blocks.keep(DETAILS, {"details": details})
        elif self._thinking_field and self._blocks.has_calls:
            self._blocks.keep(FIELD, {"field": self._thinking_field})

    def _handle_chunk(self, document: JsonObject, error: ReplyError | None) -> None:
        groq = loose.mapping(document, "x_groq") or {}
        choices = [
            cast("JsonObject", choice)
            for choice in loose.sequence(document, "choices")
            if isinstance(choice, dict) and not loose.count(choice, "index")
        ]
        self._start(document, has_choice=bool(choices))
        for holder in (groq, *choices, document):
            self._report_usage(holder)
        if told := error or find_error(document) or find_error(groq):
            self._fail(told)
        for choice in choices:
            if not self._stopped:
                self._handle_choice(choice)

    def _start(self, document: JsonObject, *, has_choice: bool) -> None:
        # Azure's first chunk holds verdicts on the prompt, and empty names.
        id_, model = loose.text(document, "id") or None, loose.text(document, "model") or None
        if not self._started and (id_ or model or has_choice):
            self._started = True
            # All of it: some servers give every reply the same id.
            self._calls.reply = json.dumps(document)
            self._emit(ReplyStarted(id_, model))

    def _report_usage(self, holder: JsonObject) -> None:
        """Groq counts in `x_groq`, Moonshot in the choice, everyone else in the chunk itself."""
        usage = loose.mapping(holder, "usage") or {}
        read = loose.mapping(usage, "prompt_tokens_details") or {}
        written = loose.mapping(usage, "completion_tokens_details") or {}
        prompt, cached = loose.count(usage, "prompt_tokens"), loose.count(read, "cached_tokens")
        counted = Usage(
            None if prompt is None else max(prompt - (cached or 0), 0),
            loose.count(usage, "completion_tokens"),
            cache_read_input_tokens=cached or None,
            thinking_tokens=loose.count(written, "reasoning_tokens"),
        )
        if counted != Usage():
            self._emit(UsageReported(counted))

    def _handle_choice(self, choice: JsonObject) -> None:
        # Proxies that only pretend to stream send the whole message at once, and no delta.
        delta = loose.mapping(choice, "delta")
        self._handle_delta((loose.mapping(choice, "message") or {}) if delta is None else delta)
        if error := find_error(choice):
            self._fail(error)
        elif (reason := loose.text(choice, "finish_reason")) and self._raw_stop_reason is None:
            self._raw_stop_reason = reason
            if failure := _FAILURES.get(reason):
                self._fail(failure)
            else:
                self._stop_reason = self._canonical(reason, choice)
                self.is_over = True

    def _canonical(self, reason: str, choice: JsonObject) -> str:
        stop_reason = _STOP_REASONS.get(reason, reason)
        if stop_reason in {StopReason.END_TURN, StopReason.TOOL_USE} and self._refused:
            return StopReason.REFUSAL.value
        if stop_reason != StopReason.END_TURN:
            return stop_reason
        if self._blocks.has_calls:
            return StopReason.TOOL_USE.value
        # vLLM: the string that matched, or the number of the token that did.
        self._stop_sequence = loose.text(choice, "stop_reason") or None
        return stop_reason

    def _handle_delta(self, delta: JsonObject) -> None:
        self._handle_thinking(delta)
        self._handle_content(delta.get("content"))
        if refusal := loose.piece(delta, "refusal"):
            self._refused = True
            self._blocks.text(refusal)
        calls = [call for call in loose.sequence(delta, "tool_calls") if isinstance(call, dict)]
        for call in calls:
            self._calls.add(cast("JsonObject", call))
        if not calls and (function := loose.mapping(delta, "function_call")):
            self._calls.add_function(function)

    def _handle_thinking(self, delta: JsonObject) -> None:
        """Several fields may hold the same thoughts: the first that holds any counts."""
        detailed = self._details.add(loose.sequence(delta, "reasoning_details"))
        for field in THINKING_FIELDS:
            if piece := loose.piece(delta, field):
                self._thinking_field = self._thinking_field or field
                self._blocks.thinking(piece)
                return
        self._blocks.thinking(detailed)

    def _handle_content(self, content: JsonValue) -> None:
        """Text, or Mistral's list of parts, some of which hold lists themselves."""
        if isinstance(content, str):
            self._blocks.text(content)
            return
        for part in loose.sequence({"content": content}, "content"):
            match part:
                case {"type": "text", "text": str(text)}:
                    self._blocks.text(text)
                case {"type": "thinking", "thinking": str(text)}:
                    self._blocks.thinking(text)
                case {"type": "thinking", "thinking": list(pieces)}:
                    for piece in pieces:
                        if isinstance(piece, dict):
                            self._blocks.thinking(loose.piece(cast("JsonObject", piece), "text"))
                case _:
                    pass  # references, and what is yet to come
