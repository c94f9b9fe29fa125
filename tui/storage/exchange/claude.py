"""One conversation of a Claude account export.

Its messages are a list; `parent_message_uuid` makes a tree of it, which older exports do not have.
Calls of tools and their results stand in one reply, between its texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.conversation import Conversation
from tui.chat.ending import CancelledBy, Ending, Outcome, StopReason
from tui.chat.message import Message, Role, TextPart, ThinkingPart
from tui.storage.exchange.imported import (
    EMPTY,
    Skipped,
    add_all,
    as_json,
    fenced,
    mapping,
    mappings,
    paragraphs,
    remark,
    seconds,
    stable_id,
    text,
)
from tui.storage.records import Kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tui.chat.message import Part

_SAYS_NOTHING = {"token_budget", "flag"}
"""Blocks that are for the page of claude.ai alone."""


def read_claude(entry: Mapping[str, object], where: str) -> Kept | Skipped:
    """The conversation of one entry of `conversations.json`."""
    uuid = text(entry, "uuid")
    if not uuid:
        return Skipped(where, "it has no id")
    origin = f"claude:{uuid}"
    time = seconds(entry.get("created_at")) or 0.0
    started = time
    messages: list[tuple[Message, str | None]] = []
    for number, source in enumerate(mappings(entry, "chat_messages")):
        parts = paragraphs(_parts(source))
        name = text(source, "uuid") or str(number)
        before = messages[-1][0].id if messages else None
        if "parent_message_uuid" in source:
            # The parent of a first message is an id that no message has.
            before = stable_id(origin, text(source, "parent_message_uuid"))
        time = seconds(source.get("created_at")) or time
        messages.append((_message(source, stable_id(origin, name), parts, time, entry), before))
    if not any(message.parts for message, _ in messages):
        return Skipped(where, EMPTY)
    conversation = Conversation(id=stable_id(origin), title=text(entry, "name"))
    leaf = text(entry, "current_leaf_message_uuid")
    add_all(conversation, messages, stable_id(origin, leaf) if leaf else None)
    return Kept(
        conversation,
        created_at=started or messages[0][0].created_at,
        updated_at=seconds(entry.get("updated_at")) or time,
        is_pinned=entry.get("is_starred") is True,
        origin=origin,
    )


def _message(
    source: Mapping[str, object],
    id_: str,
    parts: tuple[Part, ...],
    time: float,
    entry: Mapping[str, object],
) -> Message:
    # One without parts stays, because others may hang on it.
    if text(source, "sender") != "assistant":
        return Message(Role.USER, parts, id=id_, created_at=time)
    model = text(source, "model") or text(entry, "model")
    return Message(
        Role.ASSISTANT,
        parts,
        id=id_,
        created_at=time,
        model=model,
        served_model="" if model else "Claude",
        ending=_ending(text(source, "stop_reason")),
    )


def _ending(told: str) -> Ending | None:
    """How it ended if the export says so in a word that we know, else nothing."""
    if told == "user_canceled":
        return Ending(Outcome.CANCELLED, cancelled_by=CancelledBy.STOP)
    if told in set(StopReason):
        return Ending(Outcome.COMPLETE, told, raw_stop_reason=told)
    return None


def _parts(source: Mapping[str, object]) -> Iterator[Part]:
    blocks = mappings(source, "content")
    for block in blocks:
        yield from _block(block)
    # Older exports have the text alone, newer ones at times nothing in it.
    if not any(text(block, "text").strip() for block in blocks):
        yield TextPart(text(source, "text"))
    for attached in mappings(source, "attachments"):
        name = text(attached, "file_name") or "without a name"
        if content := text(attached, "extracted_content"):
            yield TextPart(remark(f"file {name}"))
            yield TextPart(fenced(content))
        else:
            yield TextPart(remark(f"file, not imported: {name}"))
    files = [*mappings(source, "files"), *mappings(source, "files_v2")]
    for name in dict.fromkeys(text(file, "file_name") for file in files):
        yield TextPart(remark(f"file, not imported: {name or 'without a name'}"))


def _block(block: Mapping[str, object]) -> Iterator[Part]:
    match kind := text(block, "type"):
        case "text":
            yield TextPart(text(block, "text"))
            urls = [
                text(mapping(citation, "details"), "url") or text(citation, "url")
                for citation in mappings(block, "citations")
            ]
            if found := ", ".join(dict.fromkeys(filter(None, urls))):
                yield TextPart(f"[sources: {found}]")
        case "thinking":
            if thought := text(block, "thinking"):
                yield ThinkingPart(f"{thought}\n\n")
        case "tool_use":
            yield TextPart(remark(f"to {text(block, 'name') or 'a tool'}"))
            yield TextPart(fenced(as_json(block.get("input")), "json"))
        case "tool_result":
            did = "failed" if block.get("is_error") is True else "answered"
            yield TextPart(remark(f"{text(block, 'name') or 'a tool'} {did}"))
            yield from map(TextPart, _result(block))
        case "voice_note":
            yield TextPart(text(block, "text"))
        case _ if kind not in _SAYS_NOTHING:
            yield TextPart(remark(f"{kind or 'something'}, not imported"))


def _result(block: Mapping[str, object]) -> Iterator[str]:
    if told := text(block, "content"):
        yield fenced(told)
    for item in mappings(block, "content"):
        told = text(item, "text")
        if told:
            yield fenced(told)
        else:
            name = " ".join(filter(None, (text(item, "type"), text(item, "title"))))
            yield remark(f"{name or 'something'}, not imported")
