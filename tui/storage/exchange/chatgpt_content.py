"""What a node of a ChatGPT export says: its content types, as parts of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.hygiene import repair_surrogates
from tui.chat.message import TextPart, ThinkingPart
from tui.storage.exchange.imported import (
    fenced,
    mapping,
    mappings,
    remark,
    sequence,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tui.chat.message import Part

_TO_EVERYBODY = {"", "all"}


def instructions(message: Mapping[str, object]) -> str:
    """The custom instructions, which stand as a hidden message before the first one."""
    content = mapping(message, "content")
    if text(content, "content_type") != "user_editable_context":
        return ""
    told = [text(content, "user_profile"), text(content, "user_instructions")]
    return "\n\n".join(filter(None, told))


def parts_of(message: Mapping[str, object]) -> Iterator[Part]:
    """The parts of one node, in order."""
    content = mapping(message, "content")
    match text(content, "content_type"):
        case "thoughts":
            yield from _thoughts(content)
        case "reasoning_recap":
            if recap := text(content, "content") or text(content, "text"):
                yield ThinkingPart(f"{remark(recap)}\n")
        case kind:
            yield from map(TextPart, _texts(message, content, kind))
    for file in mappings(mapping(message, "metadata"), "attachments"):
        yield TextPart(remark(f"file, not imported: {text(file, 'name') or 'without a name'}"))


def _thoughts(content: Mapping[str, object]) -> Iterator[Part]:
    for thought in mappings(content, "thoughts"):
        pieces = filter(None, (text(thought, "summary"), text(thought, "content")))
        if told := "\n".join(pieces):
            yield ThinkingPart(f"{told}\n\n")
    # Some descriptions have it as one text.
    if told := text(content, "thoughts"):
        yield ThinkingPart(f"{told}\n\n")


def _texts(message: Mapping[str, object], content: Mapping[str, object], kind: str) -> list[str]:
    """The texts of a node; what is for a tool, or from one, says so and is fenced."""
    author = mapping(message, "author")
    recipient = text(message, "recipient")
    heading = ""
    if text(author, "role") == "tool":
        heading = f"{text(author, 'name') or 'a tool'} answered"
    elif recipient not in _TO_EVERYBODY:
        heading = f"to {recipient}"
    elif kind not in {"text", "multimodal_text", "code"}:
        heading = kind or "content of an unknown kind"
    language = text(content, "language") if kind == "code" else ""
    if not language.isalnum() or language == "unknown":
        language = ""
    texts = [
        fenced(piece, language) if is_theirs and (heading or kind == "code") else piece
        for piece, is_theirs in _pieces(content)
        if piece.strip()
    ]
    if heading and kind not in {"text", "code"} and not texts:
        texts = [remark("not imported")]
    return [remark(heading), *texts] if heading and texts else texts


def _pieces(content: Mapping[str, object]) -> Iterator[tuple[str, bool]]:
    """All that is text in a content, whatever it is called there, and remarks, which are ours."""
    for part in sequence(content, "parts"):
        if isinstance(part, str):
            yield repair_surrogates(part), True
        elif isinstance(part, dict):
            told = text(part, "text")
            yield (told, True) if told else (_asset(part), False)
    for key in ("title", "url", "name"):
        if name := text(content, key):
            yield remark(name), False
    for key in ("text", "result", "content"):
        if told := text(content, key):
            yield told, True
            return


def _asset(part: Mapping[str, object]) -> str:
    """A remark in the place of an image or a recording."""
    kind = text(part, "content_type") or "something"
    name = kind.removesuffix("_asset_pointer").replace("_", " ")
    where = text(part, "asset_pointer")
    prompt = text(mapping(mapping(part, "metadata"), "dalle"), "prompt")
    made_of = f", made of “{prompt}”" if prompt else ""
    return remark(f"{name}, not imported{made_of}{f': {where}' if where else ''}")
