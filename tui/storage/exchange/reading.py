"""What the exports for people have in common: the path being read, and what is said about it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from tui.chat.hygiene import make_visible, one_line, repair_surrogates
from tui.chat.message import Role, ServerPart, TextPart, ThinkingPart
from tui.chat.wording import ending_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.chat.conversation import Conversation
    from tui.chat.message import Message, Part
    from tui.storage.records import Kept

UNTITLED = "Conversation"
_LONGEST_NAME = 120
"""Bytes of a file name; eCryptfs, which encrypts home folders, allows 143."""
# Separators, what Windows and its file systems forbid, and marks that stand for controls.
_NOT_IN_NAMES = re.compile('[/\\\\:*?"<>|\u2400-\u2421\ufffd]+')


def file_name(kept: Kept, suffix: str) -> str:
    """A name for a file of one conversation: `2026-11-23 Title-abc123.md`."""
    day = iso_time(kept.created_at)[:10]
    conversation = kept.conversation
    digits = "".join(re.findall("[0-9A-Za-z]", conversation.id))[:6]
    if len(digits) < 6:
        digits = sha256(conversation.id.encode("utf-8", "replace")).hexdigest()[:6]
    title = _NOT_IN_NAMES.sub(" ", repair_surrogates(conversation.title))
    title = " ".join("".join(c if c.isprintable() else " " for c in title).split())
    room = _LONGEST_NAME - len(f"{day} -{digits}{suffix}".encode())
    title = title.encode()[:room].decode("utf-8", "ignore").strip(" .")
    return f"{day} {title or UNTITLED}-{digits}{suffix}"


def iso_time(seconds: float) -> str:
    """A time in UTC by ISO 8601, to the second; that of 1970 for one that no calendar has."""
    try:
        time = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        time = datetime.fromtimestamp(0, UTC)
    return time.isoformat(timespec="seconds")


def title_of(conversation: Conversation) -> str:
    """Its title, or a word in the place of one."""
    return conversation.title or UNTITLED


def model_of(conversation: Conversation) -> str:
    """The model that wrote the last reply on the path; `""` if there is none."""
    names = (speaker(message) for message in reversed(conversation.path()) if is_reply(message))
    return next(names, "")


def is_reply(message: Message) -> bool:
    """Whether a model wrote it."""
    return message.role is Role.ASSISTANT


def speaker(message: Message) -> str:
    """Who wrote a message, on one safe line."""
    if not is_reply(message):
        return "You"
    return one_line(message.served_model or message.model, 60) or "Assistant"


def other_branches(conversation: Conversation) -> int:
    """How many ends the tree has beside the one being read."""
    messages = list(conversation.messages())
    parents = {parent for _, parent in messages}
    return sum(
        message.id not in parents and message.id != conversation.head for message, _ in messages
    )


def parts_to_read(message: Message) -> Iterator[Part]:
    """Its parts, of which those of one kind that stand together are one.

    A citation can cut a text in the middle of a sentence. Memos are for the provider alone.
    """
    held: TextPart | ThinkingPart | None = None
    for part in message.parts:
        match held, part:
            case TextPart(), TextPart():
                held = TextPart(held.text + part.text, held.citations + part.citations)
            case ThinkingPart(), ThinkingPart():
                held = ThinkingPart(held.text + part.text)
            case _:
                if held is not None:
                    yield held
                held = part if isinstance(part, TextPart | ThinkingPart) else None
                if held is None and not (isinstance(part, ServerPart) and part.is_memo):
                    yield part
    if held is not None:
        yield held


def safe(text: str) -> str:
    """Text of a message as it is written into a file for people."""
    return make_visible(repair_surrogates(text))


def sources(part: TextPart) -> list[tuple[str, str]]:
    """Titles and addresses of what a text cites, each once."""
    found = {
        (one_line(cited.title or cited.url or "", 200), one_line(cited.url or "", 2000)): None
        for cited in part.citations
        if cited.title or cited.url
    }
    return list(found)


def notice(message: Message) -> str:
    """How a reply ended, unless it simply did."""
    if message.ending is None or message.ending.is_plain:
        return ""
    return ending_sentence(message)
