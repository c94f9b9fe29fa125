"""One conversation as a web page: one file, no script, nothing loaded from anywhere.

What a model wrote can be anything, so it reaches the page only through three doors: escaped text,
Markdown without raw HTML whose links lead to http, https or mailto alone, and Pygments' spans. An
image becomes a link, because loading it would tell its server who reads this. Should a door leak,
the page's own policy forbids everything but its one style sheet, which it knows by its hash.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING

from tui.chat.message import (
    RedactedThinkingPart,
    ServerPart,
    TextPart,
    ThinkingPart,
    ToolResultPart,
    ToolUsePart,
)
from tui.storage.exchange.imported import as_json
from tui.storage.exchange.page_style import STYLE
from tui.storage.exchange.page_text import code_block, is_web_address, render
from tui.storage.exchange.reading import (
    is_reply,
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

    from tui.chat.message import Message, Part
    from tui.storage.records import Kept

_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"


def to_html(kept: Kept) -> str:
    """The whole document."""
    # The last look at everything: `&#x202e;` in Markdown is made a control only when it is drawn.
    return safe("\n".join([*_head(kept), *_header(kept), *_messages(kept), *_foot()]))


def _head(kept: Kept) -> Iterator[str]:
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
    yield '<meta name="referrer" content="no-referrer">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield '<meta name="generator" content="Rill">'
    yield f"<title>{escape(title_of(kept.conversation))}</title>"
    yield f"<style>{STYLE}</style>"
    yield "</head>"


def _header(kept: Kept) -> Iterator[str]:
    conversation = kept.conversation
    facts = [_time(kept.created_at)]
    if iso_time(kept.updated_at)[:10] != iso_time(kept.created_at)[:10]:
        facts.append(f"last changed {_time(kept.updated_at)}")
    if model := model_of(conversation):
        facts.append(escape(model))
    if count := other_branches(conversation):
        facts.append(
            "one other branch is not here" if count == 1 else f"{count} others are not here"
        )
    yield "<body>"
    yield "<main>"
    yield "<header>"
    yield f'<h1 dir="auto">{escape(title_of(conversation))}</h1>'
    yield f'<p class="facts">{" · ".join(facts)}</p>'
    if conversation.system:
        yield _folded("System prompt", _plain(conversation.system))
    yield "</header>"


def _messages(kept: Kept) -> Iterator[str]:
    for message in kept.conversation.path():
        yield f'<article class="{"reply" if is_reply(message) else "prompt"}">'
        yield f"<h2>{escape(speaker(message))}</h2>"
        for part in parts_to_read(message):
            yield from _part(part, message)
        if ended := notice(message):
            yield f'<p class="ending">{escape(ended)}</p>'
        yield "</article>"


def _foot() -> Iterator[str]:
    yield "</main>"
    yield "</body>"
    yield "</html>\n"


def _part(part: Part, message: Message) -> Iterator[str]:
    match part:
        case TextPart(text):
            # A prompt is shown as it was typed, as it is in the app.
            yield render(safe(text)) if is_reply(message) else _plain(text)
            if found := sources(part):
                items = "".join(f"<li>{_source(*source)}</li>" for source in found)
                yield f'<ul class="sources">{items}</ul>'
        case ThinkingPart(text):
            yield _folded("Thinking", _plain(text))
        case RedactedThinkingPart():
            yield '<p class="note">Some of the thinking was withheld by the provider.</p>'
        case ToolUsePart(_, name, None):
            yield f'<p class="note">Tool call: {escape(name)}; its input was never completed</p>'
        case ToolUsePart(_, name, input_):
            yield f'<p class="note">Tool call: {escape(name)}</p>'
            yield code_block(as_json(input_), "json")
        case ToolResultPart(_, content, is_error):
            what = "Tool failed" if is_error else "Tool result"
            yield f'<p class="note">{what}</p>'
            yield code_block(safe(content), "")
        case ServerPart(type_, raw):
            yield _folded(f"Block of the server: {type_}", code_block(as_json(raw), "json"))


def _plain(text: str) -> str:
    return f'<div class="plain" dir="auto">{escape(safe(text).strip(chr(10)))}</div>'


def _folded(summary: str, inside: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>{inside}</details>"


def _source(title: str, url: str) -> str:
    if not is_web_address(url):
        return escape(title)
    return f'<a href="{escape(url)}" rel="noopener noreferrer">{escape(title)}</a>'


def _time(seconds: float) -> str:
    time = iso_time(seconds)
    return f'<time datetime="{time}">{time[:10]} {time[11:16]} UTC</time>'
