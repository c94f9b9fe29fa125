"""The output items of a streamed response: their pieces, and the same once more as a whole.

OpenAI sends each text in deltas, then whole when the text, its part and its item are done, and
whole again with the end. Compatible servers leave out any of these, the indexes, or the beginning
of an item, and proxies rename items on the way. So everything whole fills in what the deltas did
not bring, and only that.

Blocks are numbered by output index and, within an item, by content index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tui.chat.events import ServerBlock
from tui.chat.json_text import repair_object
from tui.providers import loose
from tui.providers.openai_responses_parts import ROOM, Call, Prose, Thought

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui.chat.events import ReplyEvent
    from tui.chat.message import JsonObject, JsonValue

# Further out nothing real stands, and block numbers must stay numbers that can be kept.
_LAST_PLACE = 2**20
REASONING = "openai-responses:reasoning"
MESSAGE = "openai-responses:message"

_Item = Prose | Thought | Call
_Kind = TypeVar("_Kind", bound=_Item)
_KINDS: dict[str, type[_Item]] = {
    "message": Prose,
    "reasoning": Thought,
    "function_call": Call,
}


class OutputItems:
    """All items of one response; each method takes the document of one event.

    What servers run for themselves (searches, code) is left out: it is nothing to show or to send.
    """

    def __init__(self, emit: Callable[[ReplyEvent], None]) -> None:
        self._emit = emit
        self._items: dict[int, _Item] = {}
        self._ids: dict[_Item, str] = {}
        self._by_id: dict[str, _Item] = {}
        self._by_index: dict[int, _Item] = {}

    @property
    def has_calls(self) -> bool:
        """Whether the model asks for a tool."""
        return any(isinstance(item, Call) for item in self._items.values())

    @property
    def has_refusal(self) -> bool:
        """Whether any of the text says that the model declines."""
        return any(isinstance(item, Prose) and item.declines for item in self._items.values())

    # Items

    def begin(self, document: JsonObject) -> None:
        """An item begins; a few servers have it whole at once, so it is kept for the end."""
        described = loose.mapping(document, "item") or {}
        if (kind := _KINDS.get(loose.text(described, "type") or "")) is None:
            return
        id_, index = loose.text(described, "id") or "", _index(document)
        item = self._find(kind, id_, index) if id_ or index is not None else None
        # Some servers give every item the same index; the ids tell that this is another one.
        if item is None or (id_ and self._ids.get(item, id_) != id_):
            item = self._new(kind, id_, index)
        self._know(item, id_)
        item.begin(described)
        self._keep_phase(item, described)

    def end(self, document: JsonObject) -> None:
        """An item is whole."""
        described = loose.mapping(document, "item") or {}
        if (kind := _KINDS.get(loose.text(described, "type") or "")) is None:
            return
        id_, index = loose.text(described, "id") or "", _index(document)
        item = self._find(kind, id_, index)
        if item is None or (
            item.is_over and self._by_id.get(id_) is not item and not item.is_again(described)
        ):
            item = self._new(kind, id_, index)
        self._end(item, described)

    def finish(self, output: Sequence[JsonValue]) -> None:
        """The response is whole: what of its output never came is taken from it now.

        Items that were renamed on the way are told by their kind and order.
        """
        known = [
            (place, described, kind)
            for place, described in enumerate(output)
            if isinstance(described, dict)
            and (kind := _KINDS.get(loose.text(described, "type") or "")) is not None
        ]
        named = {
            item
            for _, described, _ in known
            if (item := self._by_id.get(loose.text(described, "id") or "")) is not None
        }
        others = [item for _, item in sorted(self._items.items()) if item not in named]
        for place, described, kind in known:
            id_ = loose.text(described, "id") or ""
            item = self._by_id.get(id_)
            if not isinstance(item, kind):
                item = next((other for other in others if isinstance(other, kind)), None)
                if item is None:
                    item = self._new(kind, id_, place)
                else:
                    others.remove(item)
            self._end(item, described)

    def close(self, *, complete: bool) -> None:
        """No more will come: let go of what was held back; if all is whole, so are the calls."""
        for item in self._items.values():
            item.close()
            if complete and isinstance(item, Call):
                item.end({})

    # Text

    def begin_part(self, document: JsonObject) -> None:
        """A part of a message begins; what it holds comes with the deltas."""
        part = loose.mapping(document, "part") or {}
        if loose.text(part, "type") in {"output_text", "refusal"}:
            self._get(Prose, document).text(_part_index(document), begins=True)

    def end_part(self, document: JsonObject) -> None:
        """A part of a message is whole; parts of reasoning have an event of their own as well."""
        part = loose.mapping(document, "part") or {}
        if loose.text(part, "type") in {"output_text", "refusal"}:
            self._get(Prose, document).end_part(_part_index(document), part)

    def text(self, document: JsonObject) -> None:
        """More visible text."""
        piece = loose.piece(document, "delta")
        self._get(Prose, document).text(_part_index(document)).push(piece)

    def end_text(self, document: JsonObject) -> None:
        """A visible text is whole."""
        whole = {"type": "output_text", "text": loose.piece(document, "text")}
        self._get(Prose, document).end_part(_part_index(document), whole)

    def refusal(self, document: JsonObject) -> None:
        """More text that declines."""
        piece = loose.piece(document, "delta")
        self._get(Prose, document).refuse(_part_index(document), piece)

    def end_refusal(self, document: JsonObject) -> None:
        """A text that declines is whole."""
        whole = {"type": "refusal", "refusal": loose.piece(document, "refusal")}
        self._get(Prose, document).end_part(_part_index(document), whole)

    def cite(self, document: JsonObject) -> None:
        """A source of a text."""
        self._get(Prose, document).text(_part_index(document)).cite(document.get("annotation"))

    # Reasoning

    def begin_summary(self, document: JsonObject) -> None:
        """A paragraph of a summary begins."""
        index = _part_index(document, "summary_index")
        self._get(Thought, document).section("summary", index, begins=True)

    def summary(self, document: JsonObject) -> None:
        """More of a summary of the reasoning."""
        index = _part_index(document, "summary_index")
        self._get(Thought, document).push("summary", index, loose.piece(document, "delta"))

    def end_summary(self, document: JsonObject) -> None:
        """A paragraph of a summary is whole."""
        part = loose.mapping(document, "part") or document
        index = _part_index(document, "summary_index")
        self._get(Thought, document).finish("summary", index, loose.piece(part, "text"))

    def reasoning(self, document: JsonObject) -> None:
        """More of the reasoning itself, which open models show."""
        piece = loose.piece(document, "delta")
        self._get(Thought, document).push("content", _part_index(document), piece)

    def end_reasoning(self, document: JsonObject) -> None:
        """A stretch of the reasoning itself is whole."""
        whole = loose.piece(document, "text")
        self._get(Thought, document).finish("content", _part_index(document), whole)

    # Calls

    def arguments(self, document: JsonObject) -> None:
        """More of a call's arguments."""
        self._get(Call, document).push(loose.piece(document, "delta"))

    def end_arguments(self, document: JsonObject) -> None:
        """A call's arguments are whole."""
        self._get(Call, document).finish(document)

    # Which item

    def _get(self, kind: type[_Kind], document: JsonObject) -> _Kind:
        """The item that an event is about, begun if nothing has begun it."""
        id_, index = loose.text(document, "item_id") or "", _index(document)
        found = self._find(kind, id_, index)
        return self._new(kind, id_, index) if found is None else found

    def _find(self, kind: type[_Kind], id_: str, index: int | None) -> _Kind | None:
        """By its id; by its index if that is new, since proxies rename items; else the latest."""
        item = self._by_id.get(id_)
        if item is None and index is not None:
            item = self._by_index.get(index)
        elif item is None and not id_:
            alike = (item for item in reversed(self._items.values()) if isinstance(item, kind))
            item = next(alike, None)
        return item if isinstance(item, kind) else None

    def _new(self, kind: type[_Kind], id_: str, index: int | None) -> _Kind:
        following = max(self._items, default=-1) + 1
        index = following if index is None else index
        place = following if index in self._items else index
        item = kind(place * ROOM, self._emit)
        self._items[place] = self._by_index[index] = item
        self._know(item, id_)
        return item

    def _know(self, item: _Item, id_: str) -> None:
        if id_:
            self._ids.setdefault(item, id_)
            self._by_id.setdefault(id_, item)

    def _end(self, item: _Item, described: JsonObject) -> None:
        item.end(described)
        self._keep_phase(item, described)
        # Not before: what `output_item.added` holds of it may be incomplete.
        is_worth_keeping = bool(loose.text(described, "encrypted_content"))
        if isinstance(item, Thought) and is_worth_keeping and not item.is_kept:
            item.is_kept = True
            self._emit(ServerBlock(REASONING, repair_object(described), item.memo))

    def _keep_phase(self, item: _Item, described: JsonObject) -> None:
        if isinstance(item, Prose) and (phase := loose.text(described, "phase")):
            memo = {"id": loose.text(described, "id"), "phase": phase}
            self._emit(ServerBlock(MESSAGE, memo, item.memo))


def _index(document: JsonObject) -> int | None:
    index = loose.count(document, "output_index")
    return index if index is not None and index <= _LAST_PLACE else None


def _part_index(document: JsonObject, key: str = "content_index") -> int | None:
    return loose.count(document, key)
