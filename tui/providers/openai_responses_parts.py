"""The three kinds of output items that matter to a chat: prose, thoughts and calls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from tui.chat.events import (
    BlockStopped,
    CitationAdded,
    TextDelta,
    ThinkingDelta,
    ToolInputDelta,
    ToolUseStarted,
)
from tui.chat.hygiene import SurrogateJoiner
from tui.chat.json_text import repair_object
from tui.chat.message import Citation
from tui.providers import loose

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.chat.events import ReplyEvent
    from tui.chat.message import JsonObject, JsonValue

ROOM = 1024
"""Block numbers that an item has; texts beyond share the last one."""


class _Stretch:
    """A text that comes in pieces, as a whole, or first in pieces and then as a whole."""

    __slots__ = ("_joiner", "_pieces", "is_whole")

    def __init__(self) -> None:
        self._joiner = SurrogateJoiner()
        self._pieces: list[str] = []
        self.is_whole = False

    def push(self, piece: str) -> str:
        """What a piece adds; nothing once the whole is known: then it comes late."""
        if self.is_whole or not piece:
            return ""
        self._pieces.append(piece)
        return self._joiner.push(piece)

    def finish(self, whole: str) -> str:
        """What the whole text has beyond its pieces; nothing if it does not begin with them."""
        if self.is_whole or not whole:
            return ""
        # Halves of surrogate pairs are only the same as the pair in UTF-16.
        came, all_ = _utf16("".join(self._pieces)), _utf16(whole)
        rest = all_[len(came) :] if all_.startswith(came) else b""
        self.is_whole = True
        return self._joiner.push(rest.decode("utf-16-le", "surrogatepass"))

    def flush(self) -> str:
        """Nothing more will come."""
        return self._joiner.flush()

    def __bool__(self) -> bool:
        return bool(self._pieces) or self.is_whole


class _Stretches:
    """Numbered texts; where a server does not number them, one follows when the last is whole."""

    def __init__(self) -> None:
        self._latest = 0
        self.all: dict[int, _Stretch] = {}

    def at(self, index: int | None, *, begins: bool = False) -> tuple[int, _Stretch]:
        if index is None:
            latest = self.all.get(self._latest)
            index = self._latest + (begins and latest is not None and latest.is_whole)
        self._latest = index = min(index, ROOM - 2)
        return index, self.all.setdefault(index, _Stretch())

    def __bool__(self) -> bool:
        return any(self.all.values())


class _Item(ABC):
    """An item; `first` is the number of its first block, `memo` the one of what is only kept."""

    def __init__(self, first: int, emit: Callable[[ReplyEvent], None]) -> None:
        self._first = first
        self._emit = emit
        self._announced: JsonObject = {}
        self._ended_as: JsonObject = {}
        self.is_over = False

    @property
    def memo(self) -> int:
        return self._first

    def begin(self, described: JsonObject) -> None:
        """It begins, described as far as the server knows it."""
        self._announced = described

    def end(self, described: JsonObject) -> None:
        """It is whole."""
        self._ended_as = described
        self.is_over = True
        self._take(described)

    def is_again(self, described: JsonObject) -> bool:
        """Whether this is the same item once more, perhaps under another id."""
        return {**described, "id": None} == {**self._ended_as, "id": None}

    def close(self) -> None:
        """Nothing more will come."""
        if not self.is_over:
            self._take(self._announced)

    @abstractmethod
    def _take(self, described: JsonObject) -> None:
        """Fill in what has not come."""


class Text:
    """One text of a message."""

    def __init__(self, stretch: _Stretch, block: int, emit: Callable[[ReplyEvent], None]) -> None:
        self._stretch = stretch
        self._block = block
        self._emit = emit
        self._cited: list[JsonValue] = []

    def push(self, piece: str) -> None:
        self._show(self._stretch.push(piece))

    def finish(self, part: JsonObject) -> None:
        self._show(self._stretch.finish(loose.piece(part, "text") or loose.piece(part, "refusal")))
        for annotation in loose.sequence(part, "annotations")[len(self._cited) :]:
            self.cite(annotation)

    def close(self) -> None:
        self._show(self._stretch.flush())

    def cite(self, annotation: JsonValue) -> None:
        if isinstance(annotation, dict) and annotation not in self._cited:
            self._cited.append(annotation)
            self._emit(CitationAdded(_citation(annotation), self._block))

    def _show(self, text: str) -> None:
        if text:
            self._emit(TextDelta(text, self._block))


class Prose(_Item):
    """A message: texts, each a block of its own, and perhaps one that declines."""

    def __init__(self, first: int, emit: Callable[[ReplyEvent], None]) -> None:
        super().__init__(first, emit)
        self._stretches = _Stretches()
        self._texts: dict[int, Text] = {}
        self.declines = False

    def text(self, index: int | None, *, begins: bool = False) -> Text:
        """The text with this index, or the one that is being written."""
        number, stretch = self._stretches.at(index, begins=begins)
        if (text := self._texts.get(number)) is None:
            text = Text(stretch, self._first + 1 + number, self._emit)
            self._texts[number] = text
        return text

    def refuse(self, index: int | None, piece: str) -> None:
        """More text that declines."""
        self.declines = self.declines or bool(piece)
        self.text(index).push(piece)

    def end_part(self, index: int | None, part: JsonObject) -> None:
        """A text is whole."""
        self.declines = self.declines or bool(loose.piece(part, "refusal"))
        self.text(index).finish(part)

    def close(self) -> None:
        super().close()
        for text in self._texts.values():
            text.close()

    def _take(self, described: JsonObject) -> None:
        for index, part in enumerate(loose.sequence(described, "content")):
            if isinstance(part, dict):
                self.end_part(index, part)


class Thought(_Item):
    """Reasoning: paragraphs of a summary, or what was thought in full; one block for all of it."""

    def __init__(self, first: int, emit: Callable[[ReplyEvent], None]) -> None:
        super().__init__(first, emit)
        self._sections = {"summary": _Stretches(), "content": _Stretches()}
        self._shown: _Stretch | None = None
        self.is_kept = False

    @property
    def memo(self) -> int:
        return self._first + 1

    def section(self, kind: str, index: int | None, *, begins: bool = False) -> _Stretch:
        """A paragraph of the `summary`, or a stretch of the `content`."""
        return self._sections[kind].at(index, begins=begins)[1]

    def push(self, kind: str, index: int | None, piece: str) -> None:
        """More of it."""
        section = self.section(kind, index)
        self._show(section, section.push(piece))

    def finish(self, kind: str, index: int | None, whole: str) -> None:
        """A section is whole."""
        section = self.section(kind, index)
        self._show(section, section.finish(whole))

    def close(self) -> None:
        super().close()
        for sections in self._sections.values():
            for section in sections.all.values():
                self._show(section, section.flush())

    def _take(self, described: JsonObject) -> None:
        # Where both are there, they may say the same twice: what has not come at all stays away.
        came = [kind for kind, sections in self._sections.items() if sections]
        for kind in came or ("summary", "content"):
            for index, part in enumerate(loose.sequence(described, kind)):
                if isinstance(part, dict):
                    self.finish(kind, index, loose.piece(part, "text"))
            if self._sections[kind] and not came:
                break

    def _show(self, section: _Stretch, text: str) -> None:
        if text:
            apart = "\n\n" if self._shown not in {None, section} else ""
            self._shown = section
            self._emit(ThinkingDelta(apart + text, self._first))


class Call(_Item):
    """A call of one of our tools. Until its name is known, its arguments wait."""

    def __init__(self, first: int, emit: Callable[[ReplyEvent], None]) -> None:
        super().__init__(first, emit)
        self._stretch = _Stretch()
        self._waiting: list[str] | None = []

    def begin(self, described: JsonObject) -> None:
        super().begin(described)
        if loose.text(described, "call_id") and loose.text(described, "name"):
            self._start(described)

    def push(self, piece: str) -> None:
        """More of its arguments."""
        self._show(self._stretch.push(piece))

    def finish(self, described: JsonObject) -> None:
        """Its arguments are whole."""
        self._show(self._stretch.finish(loose.piece(described, "arguments")))

    def end(self, described: JsonObject) -> None:
        was_over = self.is_over
        super().end(described)
        if not was_over:
            self._emit(BlockStopped(self._first))

    def close(self) -> None:
        super().close()
        self._show(self._stretch.flush())

    def _take(self, described: JsonObject) -> None:
        described = {**self._announced, **described}
        self._start(described)
        self.finish(described)

    def _start(self, described: JsonObject) -> None:
        if self._waiting is None:
            return
        id_ = loose.text(described, "call_id") or loose.text(described, "id") or ""
        name = loose.text(described, "name") or ""
        self._emit(ToolUseStarted(id_, name, {}, self._first))
        waiting, self._waiting = self._waiting, None
        self._show("".join(waiting))

    def _show(self, text: str) -> None:
        if text and self._waiting is not None:
            self._waiting.append(text)
        elif text:
            self._emit(ToolInputDelta(text, self._first))


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _citation(annotation: JsonObject) -> Citation:
    """A web page, or a file by its name; the place in the text stays in `raw`."""
    title = loose.text(annotation, "title") or loose.text(annotation, "filename")
    return Citation(
        "",
        title or loose.text(annotation, "file_id"),
        loose.text(annotation, "url"),
        repair_object(annotation),
    )
