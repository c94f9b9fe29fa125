"""Content blocks for APIs that stream pieces without saying where a block begins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui.chat.events import (
    BlockStopped,
    CitationAdded,
    PartSigned,
    ServerBlock,
    TextDelta,
    ThinkingDelta,
    ToolInputDelta,
    ToolUseStarted,
)
from tui.chat.hygiene import SurrogateJoiner
from tui.chat.json_text import repair_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.chat.events import ReplyEvent
    from tui.chat.message import Citation, JsonObject, JsonValue

_TEXT, _THINKING = "text", "thinking"


class Blocks:
    """Numbers blocks in the order in which they begin.

    Text goes on in the text block that is open, unless something else has begun since; reasoning
    likewise. A character that was cut in halves is whole again, whatever comes between the halves.
    """

    def __init__(self, emit: Callable[[ReplyEvent], None]) -> None:
        self._emit = emit
        self._next = 0
        self._open: tuple[str, int] | None = None
        self._latest_text: int | None = None
        self._calls: list[int] = []
        self.has_calls = False
        """Whether the model has asked for a tool."""
        self._text = SurrogateJoiner()
        self._thinking = SurrogateJoiner()

    def text(self, piece: str) -> None:
        """More visible text."""
        if shown := self._text.push(piece):
            self._emit(TextDelta(shown, self._flowing(_TEXT)))

    def thinking(self, piece: str) -> None:
        """More reasoning."""
        if shown := self._thinking.push(piece):
            self._emit(ThinkingDelta(shown, self._flowing(_THINKING)))

    def sign_text(self, signature: str) -> None:
        """The signature of the text block that is open; nothing if there is none."""
        if self._open is not None and self._open[0] == _TEXT:
            self._emit(PartSigned(signature, self._open[1]))

    def sign_thinking(self, signature: str) -> None:
        """The signature of the thinking block that is open, or of an empty one."""
        self._emit(PartSigned(signature, self._flowing(_THINKING)))

    def cite(self, citation: Citation) -> None:
        """A source of the text so far, though its block may be closed."""
        block = self._flowing(_TEXT) if self._latest_text is None else self._latest_text
        self._emit(CitationAdded(citation, block))

    def call(self, id_: str, name: str, input_: JsonObject | None = None) -> int:
        """A call begins, whole or to be followed by its `input`; gives back its number."""
        block = self._begin()
        self._calls.append(block)
        self.has_calls = True
        self._emit(ToolUseStarted(id_, name, input_ or {}, block))
        return block

    def whole_call(
        self, id_: str, name: str, arguments: JsonValue, signature: str | None = None
    ) -> None:
        """A call that comes at once. `arguments` that are no object cannot be run, but are kept.

        JSON in a string counts as what it says: gateways write it so.
        """
        if isinstance(arguments, Mapping):
            block = self.call(id_, name, repair_object(arguments))
        else:
            block = self.call(id_, name)
            if arguments is not None:
                self.input(
                    block, arguments if isinstance(arguments, str) else json.dumps(arguments)
                )
        if signature:
            self.sign_call(block, signature)
        self.end_call(block)

    def input(self, block: int, piece: str) -> None:
        """More of a call's input."""
        if piece:
            self._emit(ToolInputDelta(piece, block))

    def sign_call(self, block: int, signature: str) -> None:
        """The signature of a call."""
        self._emit(PartSigned(signature, block))

    def end_call(self, block: int) -> None:
        """The call is whole."""
        if block in self._calls:
            self._calls.remove(block)
            self._emit(BlockStopped(block))

    def keep(self, type_: str, raw: JsonObject, block: int | None = None) -> int:
        """Keep something as it came; with the number of an earlier one, in its place."""
        block = self._begin() if block is None else block
        self._emit(ServerBlock(type_, raw, block))
        return block

    def part(self) -> None:
        """Whatever comes next is a block of its own."""
        if self._open is not None:
            self._emit(BlockStopped(self._open[1]))
            self._open = None

    def close(self, *, complete: bool) -> None:
        """The stream has ended: let go of what was held back; if it is whole, so are its calls."""
        if rest := self._thinking.flush():
            self._emit(ThinkingDelta(rest, self._flowing(_THINKING)))
        if rest := self._text.flush():
            self._emit(TextDelta(rest, self._flowing(_TEXT)))
        if complete:
            for block in list(self._calls):
                self.end_call(block)

    def _flowing(self, kind: str) -> int:
        if self._open is None or self._open[0] != kind:
            self._open = (kind, self._begin())
            if kind == _TEXT:
                self._latest_text = self._open[1]
        return self._open[1]

    def _begin(self) -> int:
        self.part()
        self._next += 1
        return self._next - 1
