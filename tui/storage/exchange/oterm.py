"""One conversation of oterm's database.

It has no times, and asking again for a reply writes over the old one. So the id of a message is
made of all that was said before it, as a commit's is: what changed comes as a new branch at the
next import, and what was there stays. The first message also tells two databases apart, whose chats
are both numbered from 1.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tui.chat.conversation import Conversation
from tui.chat.message import Message, Role, TextPart
from tui.storage.exchange.imported import (
    EMPTY,
    Skipped,
    add_all,
    paragraphs,
    remark,
    stable_id,
    text,
)
from tui.storage.records import Kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui.chat.message import Part

_ASSISTANT = {"assistant", "ollama", "ai"}
_USER = {"me", "user", "human"}


def read_oterm(
    chat: Mapping[str, object], rows: Sequence[Mapping[str, object]], where: str, changed: float
) -> Kept | Skipped:
    """The conversation of one row of `chat` and its rows of `message`.

    `changed` is when the file was: it stands for what has no time.
    """
    told = [row for row in rows if _author(row) != "system"]
    if not told:
        return Skipped(where, EMPTY)
    first = stable_id("oterm", _author(told[0]), text(told[0], "text"))
    origin = f"oterm:{chat.get('id')}-{first[:12]}"
    system = [
        text(chat, "system"),
        *(text(row, "text") for row in rows if _author(row) == "system"),
    ]
    conversation = Conversation(
        id=stable_id(origin),
        title=text(chat, "name"),
        system="\n\n".join(filter(None, system)),
    )
    messages: list[tuple[Message, str | None]] = []
    before: str | None = None
    for row in told:
        parts = _parts(row)
        id_ = stable_id(origin, before or "", _author(row), text(row, "text"))
        message = Message(Role.USER, parts, id=id_, created_at=changed)
        if _author(row) not in _USER:
            model = text(chat, "model")
            message = Message(Role.ASSISTANT, parts, id=id_, created_at=changed, model=model)
        messages.append((message, before))
        before = id_
    add_all(conversation, messages, before)
    return Kept(conversation, created_at=changed, updated_at=changed, origin=origin)


def _author(row: Mapping[str, object]) -> str:
    return text(row, "author") or text(row, "role")


def _parts(row: Mapping[str, object]) -> tuple[Part, ...]:
    author = _author(row)
    of_whom = [] if author in _USER | _ASSISTANT else [TextPart(remark(f"by {author or 'nobody'}"))]
    images = [TextPart(remark("image, not imported"))] * _count(text(row, "images"))
    return paragraphs([*of_whom, TextPart(text(row, "text")), *images])


def _count(images: str) -> int:
    """How many images a column holds: a JSON list of them, each as long as it is."""
    try:
        found = json.loads(images or "[]")
    except (ValueError, RecursionError):
        return 1
    return len(found) if isinstance(found, list) else 0
