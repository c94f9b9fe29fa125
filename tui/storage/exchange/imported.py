"""What all imports have in common: ids that stay, values that may be anything, a tree from a list.

An id is made from where something comes from, so that a second import of the same export, or of one
that has grown, brings only what is new. What our parts cannot say becomes text with a remark in
brackets; calls of tools and their results, too: a call whose result is in the same reply cannot go
back to any provider as one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from tui.chat.hygiene import one_line, repair_surrogates
from tui.chat.message import TextPart

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tui.chat.conversation import Conversation
    from tui.chat.message import Message, Part

EMPTY = "it has no messages"
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999, which is as far as dates go."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A conversation that was not imported: where it stood, and why."""

    where: str
    why: str


def stable_id(*words: str) -> str:
    """The id of what these words name, the same at every import."""
    # No word can hold the separator, so ("a", "bc") and ("ab", "c") differ.
    name = "\0".join(word.replace("\0", "\ufffd") for word in words)
    return sha256(name.encode("utf-8", "replace")).hexdigest()[:32]


# Values


def text(source: Mapping[str, object], key: str) -> str:
    """A string, its surrogates repaired; `""` if there is none."""
    value = source.get(key)
    return repair_surrogates(value) if isinstance(value, str) else ""


def mapping(source: Mapping[str, object], key: str) -> Mapping[str, object]:
    """An object, empty if there is none."""
    value = source.get(key)
    return value if isinstance(value, dict) else {}


def sequence(source: Mapping[str, object], key: str) -> Sequence[object]:
    """A list, empty if there is none."""
    value = source.get(key)
    return value if isinstance(value, list) else ()


def mappings(source: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    """The objects in a list."""
    return [item for item in sequence(source, key) if isinstance(item, dict)]


def seconds(value: object) -> float | None:
    """A time in seconds since 1970, from a number or from ISO 8601; without a zone it is UTC."""
    if isinstance(value, str):
        try:
            time = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
        value = (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < _LAST_SECOND:
        return float(value)
    return None


# Text


def remark(words: str) -> str:
    """A remark of ours in somebody else's text."""
    return f"[{one_line(words, 300).replace('[', '(').replace(']', ')')}]"


def fenced(content: str, language: str = "") -> str:
    """A code block around anything, itself with fences or not."""
    fence = "```"
    while fence in content:
        fence += "`"
    return f"{fence}{language}\n{content}\n{fence}"


def as_json(value: object) -> str:
    """JSON for a person, safe to keep."""
    try:
        return repair_surrogates(json.dumps(value, ensure_ascii=False, indent=2))
    except RecursionError:  # Python reads deeper than it writes
        return remark("nested too deeply to be shown")


def paragraphs(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Parts with a blank line between what is text: it is shown as one, whatever stood between.

    What is blank is left out, and text that stands together is joined.
    """
    found: list[Part] = []
    has_text = False
    for part in parts:
        if not isinstance(part, TextPart):
            found.append(part)
            continue
        if not part.text.strip():
            continue
        between = "\n\n" if has_text else ""
        has_text = True
        if found and isinstance(last := found[-1], TextPart):
            found[-1] = TextPart(last.text + between + part.text)
        else:
            found.append(TextPart(between + part.text))
    return tuple(found)


# The tree


def parents_first(parents: Mapping[str, str | None], order: Iterable[str]) -> list[str]:
    """All of `order`, children after their parents, siblings in the order given.

    A file can say anything: who has no parent that is there begins a branch, and so does one of
    those who are each other's ancestors.
    """
    children: dict[str | None, list[str]] = {}
    known = list(dict.fromkeys(order))
    for name in known:
        parent = parents.get(name)
        children.setdefault(parent if parent in parents else None, []).append(name)
    found: dict[str, None] = {}
    for start in (None, *known):
        waiting = children.get(None, [])[::-1] if start is None else [start]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = None
                waiting += children.get(name, [])[::-1]
    return list(found)


def add_all(
    conversation: Conversation, messages: Sequence[tuple[Message, str | None]], head: str | None
) -> None:
    """Add messages with the ids of their parents, and read the one at `head`.

    Without one, the branch of the newest message is read.
    """
    made = {message.id: message for message, _ in messages}
    parents = {message.id: parent for message, parent in messages}
    for name in parents_first(parents, parents):
        parent = parents[name]
        is_there = parent is not None and parent in conversation
        conversation.add([(made[name], parent if is_there else None)])
    if head in made:
        conversation.rewind(head)
    elif made:
        newest = max(made.values(), key=lambda message: message.created_at)
        conversation.select(newest.id)
