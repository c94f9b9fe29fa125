"""Tool calls as Chat Completions stream them: put together from pieces (PROTOCOLS 3.3)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from tui.chat.events import ToolUseStarted
from tui.providers import loose
from tui.providers.call_ids import made_up_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.chat.events import ReplyEvent
    from tui.chat.message import JsonObject
    from tui.providers.blocks import Blocks

_LATEST = None
"""In the place of an index: whichever call was spoken of last."""


@dataclass(slots=True)
class _Call:
    block: int
    id: str
    made_up_id: str
    name: str
    input: list[str]
    is_whole: bool = False


class ToolCalls:
    """Says which call a piece belongs to: servers agree neither on `index` nor on `id`.

    Ids and names are set once, not joined: some servers repeat them with every piece. A call
    without an id has one that is made up, until the server gives it one.
    """

    def __init__(self, blocks: Blocks, emit: Callable[[ReplyEvent], None]) -> None:
        self._blocks = blocks
        self._emit = emit
        self.reply = ""
        """What tells this reply from others."""
        self._count = 0
        self._at: dict[int | None, _Call] = {}
        self._named: dict[tuple[int | None, str], _Call] = {}

    def add(self, piece: JsonObject) -> None:
        """One entry of `tool_calls`."""
        self._take(piece, loose.count(piece, "index"), loose.text(piece, "id") or "")

    def add_function(self, function: JsonObject) -> None:
        """A `function_call`, as it was before `tool_calls`: there is one, without an id."""
        self._take({"function": function}, _LATEST, "")

    def _take(self, piece: JsonObject, index: int | None, id_: str) -> None:
        function = loose.mapping(piece, "function") or {}
        name = loose.text(function, "name") or ""
        call = self._find(index, id_)
        if call is None:
            if not (id_ or name or function.get("arguments")):
                return
            made_up = made_up_id(self.reply, name, self._count)
            self._count += 1
            call = _Call(self._blocks.call(id_ or made_up, name), id_, made_up, name, [])
        elif (id_ and not call.id) or (name and not call.name):
            call.id, call.name = call.id or id_, call.name or name
            # Whoever listens was told a call without it, and starts anew.
            self._emit(ToolUseStarted(call.id or call.made_up_id, call.name, {}, call.block))
            self._blocks.input(call.block, "".join(call.input))
        for at in (index, _LATEST):
            self._at[at] = call
            if call.id:
                self._named[at, call.id] = call
        self._add_input(call, function)

    def _find(self, index: int | None, id_: str) -> _Call | None:
        """The call that a piece goes on with; `None` if it begins one."""
        if id_ and (known := self._named.get((index, id_))):
            return known
        latest = self._at.get(index)
        # Some gateways send every call under index 0, and others none at all.
        if latest is None or (id_ and (latest.id or index is _LATEST)):
            return None
        return latest

    def _add_input(self, call: _Call, function: JsonObject) -> None:
        arguments = function.get("arguments")
        if call.is_whole:
            return
        if isinstance(arguments, dict):
            call.is_whole = True
            if call.input:
                return  # it only repeats what came in pieces
            text = json.dumps(cast("JsonObject", arguments))
        else:
            text = loose.piece(function, "arguments")
        if text:
            call.input.append(text)
            self._blocks.input(call.block, text)
