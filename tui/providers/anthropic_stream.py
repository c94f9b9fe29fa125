"""The events of Anthropic's Messages API (PROTOCOLS section 2), decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.ending import Ending, Outcome, Refusal, ReplyError
from tui.chat.events import (
    BlockStopped,
    CitationAdded,
    PartSigned,
    ReplyStarted,
    ServerBlock,
    TextDelta,
    ThinkingDelta,
    ThinkingRedacted,
    ToolInputDelta,
    ToolUseStarted,
    UsageReported,
)
from tui.chat.hygiene import SurrogateJoiner, one_line
from tui.chat.json_text import repair_object
from tui.chat.message import Citation, Usage
from tui.chat.reply import parse_tool_input
from tui.providers import loose
from tui.providers.named_events import NamedEventDecoder

if TYPE_CHECKING:
    from tui.chat.message import JsonObject, JsonValue

RETRYABLE_TYPES = frozenset({"overloaded_error", "api_error", "timeout_error", "rate_limit_error"})
# Server tools; every other block that the client does not run is whole in its start event.
_STREAMED_INPUT = frozenset({"server_tool_use", "mcp_tool_use"})
_SPEND_LIMITS = frozenset({"enforced_spend_limit_reached", "contract_spend_limit_reached"})


class AnthropicDecoder(NamedEventDecoder):
    """Decodes one streamed reply.

    Content blocks are keyed by their index: nothing promises that they do not overlap.
    """

    def __init__(self, content_type: str = "") -> None:
        super().__init__(content_type)
        self._open: dict[int, _Block] = {}
        self._kinds: dict[int, str] = {}  # of all blocks, closed ones too
        self._latest = 0
        self._stop_reason: str | None = None
        self._stop_sequence: str | None = None
        self._refusal: Refusal | None = None
        self._handlers = {
            "content_block_delta": self._block_delta,
            "content_block_start": self._block_start,
            "content_block_stop": self._block_stop,
            "message_start": self._message_start,
            "message_delta": self._message_delta,
            "message_stop": self._message_stop,
            "error": self._error,
        }

    def _ending(self, outcome: Outcome) -> Ending:
        return Ending(
            outcome,
            self._stop_reason,
            raw_stop_reason=self._stop_reason,
            stop_sequence=self._stop_sequence,
            refusal=self._refusal,
        )

    def _read_error_object(self, document: JsonObject) -> ReplyError | None:
        return read_error(document) if "error" in document else None

    def _before_stop(self) -> None:
        for index in sorted(self._open):
            self._close_block(index, complete=False)

    def _error(self, document: JsonObject) -> None:
        self._fail(read_error(document))

    def _message_start(self, document: JsonObject) -> None:
        message = loose.mapping(document, "message") or {}
        self._emit(ReplyStarted(loose.text(message, "id"), loose.text(message, "model")))
        self._report_usage(message)

    def _message_delta(self, document: JsonObject) -> None:
        delta = loose.mapping(document, "delta") or {}
        self._stop_reason = loose.text(delta, "stop_reason") or self._stop_reason
        sequence = loose.text(delta, "stop_sequence")
        self._stop_sequence = self._stop_sequence if sequence is None else sequence
        if details := loose.mapping(delta, "stop_details"):
            self._refusal = Refusal(
                loose.text(details, "category"), loose.text(details, "explanation")
            )
        self._report_usage(document)

    def _message_stop(self, _document: JsonObject) -> None:
        self._stop(self._ending(Outcome.COMPLETE))

    def _report_usage(self, holder: JsonObject) -> None:
        if usage := loose.mapping(holder, "usage"):
            details = loose.mapping(usage, "output_tokens_details") or {}
            self._emit(
                UsageReported(
                    Usage(
                        loose.count(usage, "input_tokens"),
                        loose.count(usage, "output_tokens"),
                        loose.count(usage, "cache_creation_input_tokens"),
                        loose.count(usage, "cache_read_input_tokens"),
                        loose.count(details, "thinking_tokens"),
                    )
                )
            )

    def _block_start(self, document: JsonObject) -> None:
        index = loose.count(document, "index")
        if index is None:
            # A block of its own: under the latest number it would displace another.
            index = max(self._kinds, default=-1) + 1
        self._latest = index
        if index in self._open:
            self._close_block(index, complete=False)
        content = loose.mapping(document, "content_block") or {}
        kind = loose.text(content, "type")
        if not kind:
            return  # its deltas will open it, and say what it is
        block = self._opened(index, kind, content)
        match kind:
            case "text":
                self._text(index, block, loose.piece(content, "text"))
                for citation in loose.sequence(content, "citations"):
                    self._cite(index, citation)
            case "thinking":
                self._thinking(index, block, loose.piece(content, "thinking"))
                if signature := loose.text(content, "signature"):
                    self._emit(PartSigned(signature, index))
            case "redacted_thinking":
                self._emit(ThinkingRedacted(loose.text(content, "data") or "", index))
            case "tool_use":
                self._emit(
                    ToolUseStarted(
                        loose.text(content, "id") or "",
                        loose.text(content, "name") or "",
                        repair_object(loose.mapping(content, "input") or {}),
                        index,
                    )
                )
            case _:
                self._emit(ServerBlock(kind, block.whole(), index, complete=False))

    def _block_delta(self, document: JsonObject) -> None:
        delta = loose.mapping(document, "delta") or {}
        index = self._index(document)
        block = self._open.get(index)
        match delta.get("type"), self._kinds.get(index):
            case "text_delta", "text" | None:
                self._text(index, self._opened(index, "text"), loose.piece(delta, "text"))
            case "thinking_delta", "thinking" | None:
                block = self._opened(index, "thinking")
                self._thinking(index, block, loose.piece(delta, "thinking"))
            case "signature_delta", "thinking":
                if signature := loose.text(delta, "signature"):
                    self._emit(PartSigned(signature, index))
            case "citations_delta", "text":
                self._cite(index, delta.get("citation"))
            case "input_json_delta", "tool_use" if block is not None:
                if piece := loose.piece(delta, "partial_json"):
                    self._emit(ToolInputDelta(piece, index))
            case "input_json_delta", str(kind) if block is not None and kind in _STREAMED_INPUT:
                block.input_pieces.append(loose.piece(delta, "partial_json"))
            case "compaction_delta", "compaction" if block is not None:
                kept = {key: delta[key] for key in ("content", "encrypted_content") if key in delta}
                block.raw = {**block.raw, **kept}
            case _:
                pass  # unknown, or it does not fit its block: ignored (PROTOCOLS 2.2)

    def _block_stop(self, document: JsonObject) -> None:
        index = self._index(document)
        if index in self._open:
            self._close_block(index, complete=True)

    def _close_block(self, index: int, *, complete: bool) -> None:
        block = self._open.pop(index)
        rest = block.joiner.flush()
        match block.type:
            case "text" if rest:
                self._emit(TextDelta(rest, index))
            case "thinking" if rest:
                self._emit(ThinkingDelta(rest, index))
            case "text" | "thinking" | "redacted_thinking" | "tool_use":
                pass
            case _:
                self._emit(ServerBlock(block.type, block.whole(), index, complete))
        if complete:
            self._emit(BlockStopped(index))

    def _text(self, index: int, block: _Block, piece: str) -> None:
        if shown := block.joiner.push(piece):
            self._emit(TextDelta(shown, index))

    def _thinking(self, index: int, block: _Block, piece: str) -> None:
        if shown := block.joiner.push(piece):
            self._emit(ThinkingDelta(shown, index))

    def _cite(self, index: int, citation: JsonValue) -> None:
        if isinstance(citation, dict):
            self._emit(
                CitationAdded(
                    Citation(
                        loose.text(citation, "cited_text") or "",
                        loose.text(citation, "title") or loose.text(citation, "document_title"),
                        loose.text(citation, "url") or loose.text(citation, "source"),
                        repair_object(citation),
                    ),
                    index,
                )
            )

    def _opened(self, index: int, kind: str, raw: JsonObject | None = None) -> _Block:
        block = self._open.get(index)
        if block is None:
            self._kinds[index] = kind
            block = self._open[index] = _Block(kind, raw or {})
        return block

    def _index(self, document: JsonObject) -> int:
        index = loose.count(document, "index")
        self._latest = self._latest if index is None else index
        return self._latest


class _Block:
    """One content block that has not been closed yet."""

    __slots__ = ("input_pieces", "joiner", "raw", "type")

    def __init__(self, kind: str, raw: JsonObject) -> None:
        self.type = kind
        self.raw = raw
        self.joiner = SurrogateJoiner()
        self.input_pieces: list[str] = []

    def whole(self) -> JsonObject:
        """The block as it must go back: a server tool's input has come in pieces."""
        raw = repair_object(self.raw)
        collected = "".join(self.input_pieces)
        return {**raw, "input": parse_tool_input(collected)} if collected else raw


def read_error(document: JsonObject) -> ReplyError:
    """The error that an `error` event or an error response holds; its words, or the whole of it."""
    error = loose.mapping(document, "error") or {}
    kind = loose.text(error, "type") or "unknown_error"
    words = (
        loose.text(error, "message")
        or loose.text(document, "error")
        or loose.text(document, "message")
    )
    return ReplyError(
        kind,
        words or one_line(str(dict(document)), 200),
        request_id=loose.text(document, "request_id"),
        retryable=kind in RETRYABLE_TYPES and not is_spend_limit(document),
    )


def is_spend_limit(document: JsonObject) -> bool:
    """Whether an error is one that no waiting cures: the account's own limit is reached."""
    error = loose.mapping(document, "error") or {}
    details = loose.mapping(error, "details") or {}
    return loose.text(details, "error_code") in _SPEND_LIMITS
