"""The items of a JSON list, read while its text comes in: an export of 500 MB is never held whole.

Sans-IO: `feed` takes text in pieces of any size, `close` says that no more will come.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.chat.json_text import DECODER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LARGEST = 64 * 1024 * 1024
"""Characters of one item; Python needs up to ten times as much memory for what is in them."""

_LIST = "conversations"
_SPACES = re.compile(r"[\s,]*")
_GAP = re.compile(r"\s*")
_OUTSIDE = re.compile(r'["\[\]{}]')
_IN_STRING = re.compile(r'["\\]')
# No token that could be cut at the end of the text so far begins further away from it: the longest
# are `-Infinity` and a pair of escaped surrogates.
_LONGEST_TOKEN = 16
_BREAKS_OFF = "it breaks off in the middle"


class JsonBroken(ValueError):
    """The text is no JSON, or not of the form that is read here."""


class _TooDeep(JsonBroken):
    """Python's own parser cannot follow."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Stands for an item that was not read, and says why."""

    why: str


class ItemReader:
    """Reads a list, or the list `conversations` of an object.

    `head` is what stood before the list in the object; it is complete with the first item.
    """

    def __init__(self, limit: int = LARGEST) -> None:
        self.head: dict[str, object] = {}
        self._limit = limit
        self._text = ""
        self._at = 0
        self._enough = 0
        self._closed = False
        self._step: Callable[[], list[object] | None] = self._begin
        self._done = False
        self._depth = 0
        self._in_string = False

    def feed(self, text: str) -> Iterator[object]:
        """The items that are complete now. Raises JsonBroken, after those before the mistake."""
        if self._done:
            return
        self._text = self._text[self._at :] + text
        self._at = 0
        # What is being waited for costs as much to try as it is long, so it is tried again only
        # when there is twice as much of it.
        if len(self._text) < self._enough and not self._closed and len(self._text) <= self._limit:
            return
        self._enough = 0
        while (found := self._step()) is not None:
            yield from found

    def close(self) -> Iterator[object]:
        """The items that were complete only now. JsonBroken if something is missing."""
        self._closed = True
        yield from self.feed("")
        if not self._done:
            raise JsonBroken(_BREAKS_OFF)

    # Each step returns what it found, and `None` if there has to be more text first.

    def _begin(self) -> list[object] | None:
        match self._peek():
            case "[":
                self._step = self._item
            case "{":
                self._step = self._key
            case "":
                return None
            case _:
                raise JsonBroken("it is not JSON")
        self._at += 1
        return []

    def _key(self) -> list[object] | None:
        """One key of the object around the list, with its value unless it is the list."""
        before = self._at
        if self._peek() == "}":
            raise JsonBroken(f"it has no list “{_LIST}”")
        if (key := self._value(":")) is None:
            return None
        self._at += 1
        if key == (_LIST,) and self._peek() == "[":
            self._at += 1
            self._step = self._item
            return []
        if self._peek() and (value := self._value(",}")) is not None:
            self.head[str(key[0])] = value[0]
            return []
        if len(self._text) - before > self._limit:
            raise JsonBroken("there is too much before its list")
        self._at = before
        return None

    def _item(self) -> list[object] | None:
        if self._peek() == "]":
            self._done = True
            self._text = ""
            return None
        before = self._at
        too_large = PassedOver(f"it is larger than {self._limit / 2**20:g} MB")
        try:
            item = self._value(",]")
        except _TooDeep as error:
            self._step = self._pass_over
            return [PassedOver(str(error))]
        if item is not None:
            return [item[0] if self._at - before <= self._limit else too_large]
        if len(self._text) - self._at <= self._limit:
            return None
        self._step = self._pass_over
        return [too_large]

    def _pass_over(self) -> list[object] | None:
        """Find the end of an item that is not kept, by its brackets and strings alone."""
        while True:
            pattern = _IN_STRING if self._in_string else _OUTSIDE
            if (found := pattern.search(self._text, self._at)) is None:
                self._at = len(self._text)
                return None
            if found.group() == "\\" and found.end() == len(self._text):
                self._at = found.start()
                return None
            self._at = found.end()
            match found.group():
                case "\\":
                    self._at += 1
                case '"':
                    self._in_string = not self._in_string
                case "[" | "{":
                    self._depth += 1
                case _:
                    self._depth -= 1
            if not self._depth and not self._in_string:
                self._step = self._item
                return []

    def _peek(self) -> str:
        """The next character that is no space or comma; `""` if it has not come."""
        found = _SPACES.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._text[self._at : self._at + 1]

    def _value(self, delimiters: str) -> tuple[object] | None:
        """The value here if it is complete, which only what follows it can tell."""
        if not self._peek():
            return None
        try:
            value, end = DECODER.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            near_end = error.pos > len(self._text) - _LONGEST_TOKEN
            if not (near_end or error.msg.startswith("Unterminated string")):
                raise JsonBroken(error.msg) from None
            if self._closed:
                raise JsonBroken(_BREAKS_OFF) from None
            self._enough = 2 * (len(self._text) - self._at)
            return None
        except RecursionError:
            raise _TooDeep("something in it is nested too deeply") from None
        except ValueError as error:
            raise JsonBroken(str(error)) from None
        gap = _GAP.match(self._text, end)
        follows = gap.end() if gap else end
        delimiter = self._text[follows : follows + 1]
        # `0` may become `0.5`, of which `0.` has come.
        near_end = follows > len(self._text) - _LONGEST_TOKEN
        if not delimiter or (delimiter not in delimiters and near_end and not self._closed):
            return None
        if delimiter not in delimiters:
            raise JsonBroken(f"Expecting one of {delimiters}")
        self._at = follows
        return (value,)
