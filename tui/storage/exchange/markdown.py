"""One conversation as Markdown with front matter: the path being read, for people and their tools.

Text stands in it as it was written, because it is Markdown already; only controls are made visible.
What a message says could look like the export's own structure, so before each heading stands a
comment with the id of the message, which nobody can guess, and what a message leaves open (a code
block, a comment, raw HTML) is closed behind it. A heading in a message stays the heading it is.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from tui.chat.message import (
    RedactedThinkingPart,
    ServerPart,
    TextPart,
    ThinkingPart,
    ToolResultPart,
    ToolUsePart,
)
from tui.storage.exchange.imported import as_json, fenced
from tui.storage.exchange.reading import (
    iso_time,
    model_of,
    notice,
    other_branches,
    parts_to_read,
    safe,
    sources,
    speaker,
    title_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.chat.message import Part
    from tui.storage.records import Kept

_PUNCTUATION = re.compile(r"([\\`*_\[\]<>#|~&])")
# YAML takes them for no characters at all.
_NOT_IN_YAML = re.compile("[\ufeff\ufffe\uffff]")
_ENDS_OF_HTML = (
    (re.compile(r"<(script|pre|style|textarea)\b", re.IGNORECASE), "</{}>"),
    (re.compile(r"<!--()"), "-->"),
    (re.compile(r"<\?()"), "?>"),
    (re.compile(r"<!\[CDATA\[()"), "]]>"),
    (re.compile(r"<![A-Z]()", re.IGNORECASE), ">"),
)


def to_markdown(kept: Kept) -> str:
    """The whole document."""
    return "\n\n".join([_front_matter(kept), *_body(kept)]) + "\n"


def _front_matter(kept: Kept) -> str:
    """YAML, in which every string of JSON is one."""
    conversation = kept.conversation
    fields: dict[str, str | int | None] = {
        "title": title_of(conversation),
        "id": conversation.id,
        "created": iso_time(kept.created_at),
        "updated": iso_time(kept.updated_at),
        "model": model_of(conversation),
        "messages": len(conversation.path()),
        "other_branches_left_out": other_branches(conversation),
        "origin": kept.origin,
        "system": conversation.system or None,
    }
    lines = [f"{name}: {_yaml(value)}" for name, value in fields.items() if value is not None]
    return "\n".join(["---", *lines, "---"])


def _yaml(value: str | int | None) -> str:
    told = safe(value) if isinstance(value, str) else value
    return _NOT_IN_YAML.sub("\ufffd", json.dumps(told, ensure_ascii=False))


def _body(kept: Kept) -> Iterator[str]:
    yield f"# {_escape(title_of(kept.conversation))}"
    for message in kept.conversation.path():
        id_ = re.sub(r"[^0-9A-Za-z]", "", message.id)
        yield f"<!-- message {id_} -->\n## {_escape(speaker(message))}"
        yield from filter(None, (_part(part) for part in parts_to_read(message)))
        if ended := notice(message):
            yield f"*{_escape(ended)}*"


def _part(part: Part) -> str:
    match part:
        case TextPart(text):
            return "\n\n".join(filter(None, [_closed(safe(text).strip("\n")), _sources(part)]))
        case ThinkingPart(text):
            return _quoted(f"**Thinking**\n\n{_closed(safe(text).strip())}")
        case RedactedThinkingPart():
            return _quoted("**Thinking**\n\n*withheld by the provider*")
        case ToolUsePart(_, name, input_):
            told = safe(as_json(input_)) if input_ is not None else "its input was never completed"
            return f"**Tool call:** {_escape(safe(name))}\n\n{fenced(told, 'json')}"
        case ToolResultPart(_, content, is_error):
            name = "Tool failed" if is_error else "Tool result"
            return f"**{name}:**\n\n{fenced(safe(content))}"
        case ServerPart(type_, raw):
            name = _escape(safe(type_))
            return f"**Block of the server:** {name}\n\n{fenced(safe(as_json(raw)), 'json')}"


def _sources(part: TextPart) -> str:
    return "\n".join(
        f"- {_escape(title)}{f' <{url}>' if re.fullmatch(r'https?://[^<>]+', url) else ''}"
        for title, url in sources(part)
    )


def _escape(text: str) -> str:
    """Text that is to be read as it is, on one line."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(text.split()))


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark")


def _closed(text: str) -> str:
    """The text, with an end of what would take in the headings that follow it."""
    tokens = _parser().parse(f"{text}\n\n# end\n")
    if not tokens or tokens[-1].type == "heading_close":
        return text
    last = tokens[-1]
    if last.type == "fence":
        return f"{text}\n{last.markup}"
    for start, end in _ENDS_OF_HTML:
        if found := start.match(last.content.lstrip()):
            return f"{text}\n{end.format(found.group(1))}"
    return text
