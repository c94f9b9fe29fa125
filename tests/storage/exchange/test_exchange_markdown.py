"""A conversation as Markdown: what stands in it, and that its structure holds."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from tests.storage.exchange.trees import kept_conversations
from tui.chat.conversation import Conversation
from tui.chat.ending import Ending, Outcome
from tui.chat.message import (
    Citation,
    Message,
    RedactedThinkingPart,
    Role,
    ServerPart,
    TextPart,
    ThinkingPart,
    ToolResultPart,
    ToolUsePart,
)
from tui.storage.exchange.markdown import to_markdown
from tui.storage.records import Kept

DONE = Ending(Outcome.COMPLETE, "end_turn")


def reply(*parts: object, ending: Ending | None = DONE) -> Message:
    made = tuple(TextPart(part) if isinstance(part, str) else part for part in parts)
    return Message(Role.ASSISTANT, made, model="gpt_5*", ending=ending)


def written(*messages: Message, **changes: object) -> str:
    conversation = Conversation(id="c1", title="Tides", system="Be brief.\nAlways.")
    for message in messages:
        conversation.append(message)
    return to_markdown(Kept(conversation, created_at=1.5e9, updated_at=1.6e9, **changes))


def headings(text: str) -> list[str]:
    """The second-level headings outside of everything else, as a reader of Markdown sees them."""
    tokens = MarkdownIt("commonmark").parse(text.split("---\n", 2)[2])
    return [
        tokens[at + 1].content
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2" and token.level == 0
    ]


def front_matter(text: str) -> dict[str, object]:
    """Each value is JSON, which is YAML."""
    lines = text.split("---\n")[1].splitlines()
    return {name: json.loads(value) for name, value in (line.split(": ", 1) for line in lines)}


def test_the_front_matter_says_what_it_is():
    text = written(Message.from_user("When?"), reply("At six."), origin="elia:1")
    assert text.startswith("---\n")
    assert front_matter(text) == {
        "title": "Tides",
        "id": "c1",
        "created": "2017-07-14T02:40:00+00:00",
        "updated": "2020-09-13T12:26:40+00:00",
        "model": "gpt_5*",
        "messages": 2,
        "other_branches_left_out": 0,
        "origin": "elia:1",
        "system": "Be brief.\nAlways.",
    }


def test_the_text_stands_as_it_was_written_under_who_wrote_it():
    text = written(Message.from_user("**When?**"), reply("| a |\n|---|\n| *b* |"))
    assert "## You\n\n**When?**\n" in text
    assert "## gpt\\_5\\*\n\n| a |\n|---|\n| *b* |\n" in text


def test_only_the_path_is_there_and_what_is_left_out_is_counted():
    conversation = Conversation()
    conversation.append(Message.from_user("When?"))
    for answer in ("At six.", "At seven.", "At eight."):
        if conversation.path()[-1].role is Role.ASSISTANT:
            conversation.branch(conversation.head, reply(answer))
        else:
            conversation.append(reply(answer))
    conversation.select(conversation.siblings(conversation.head)[1])
    text = to_markdown(Kept(conversation))
    assert "At seven." in text
    assert "At six." not in text
    assert front_matter(text)["other_branches_left_out"] == 2


def test_everything_that_is_no_text_has_its_place():
    text = written(
        reply(
            ThinkingPart("One\n\n"),
            ThinkingPart("two."),
            RedactedThinkingPart("x"),
            TextPart("At ", (Citation("c", "Tide [table]", "https://a.example/t", {}),)),
            "six.",
            ToolUsePart("t", "search", {"q": "ü"}),
            ToolUsePart("u", "cut", None),
            ServerPart("web_search", {"a": 1}),
        ),
        Message(Role.USER, (ToolResultPart("t", "```", is_error=True),)),
    )
    assert "> **Thinking**\n>\n> One\n>\n> two.\n" in text
    assert "At six.\n\n- Tide \\[table\\] <https://a.example/t>\n" in text
    assert '**Tool call:** search\n\n```json\n{\n  "q": "ü"\n}\n```\n' in text
    assert "never completed" in text
    assert "**Block of the server:** web\\_search" in text
    assert "**Tool failed:**\n\n````\n```\n````\n" in text


def test_what_is_for_the_provider_alone_is_not_shown():
    text = written(
        reply(
            "At",
            ServerPart("openai-responses:reasoning", {"encrypted_content": "secret"}),
            TextPart("six.", signature="signed"),
            ServerPart("web_search", {"a": 1}),
        )
    )
    assert "secret" not in text
    assert "openai-responses" not in text
    assert "signed" not in text
    assert "At\n\nsix.\n\n**Block of the server:** web" in text


def test_how_a_reply_ended_is_said_unless_it_simply_did():
    assert "complete" not in written(reply("At six."))
    assert "ended" not in written(reply("At six.", ending=None))
    cut = written(reply("At six.", ending=Ending(Outcome.COMPLETE, "max_tokens")))
    assert cut.endswith("\n\n*cut off at the token limit (max\\_tokens)*\n")


@pytest.mark.parametrize(
    "open_end",
    [
        "```python\nx = 1",
        "~~~~\nx",
        "- item\n  ```\n  x",
        "> ```\n> x",
        "<!-- what",
        "<script>\nx",
        "<PRE>x",
        "<style>\n\nx",
        "<?php x",
        "<![CDATA[ x",
        "<!DOCTYPE x",
        "<details>",
        "    code",
        "| a |\n|---|",
        "[x]: <",
        "text\n---",
    ],
)
def test_what_a_message_leaves_open_does_not_take_in_the_next(open_end: str):
    text = written(reply(open_end), Message.from_user(open_end), reply(ThinkingPart(open_end)))
    found = headings(text)
    assert [each for each in found if each != "text"] == [r"gpt\_5\*", "You", r"gpt\_5\*"]


def test_controls_are_made_visible_wherever_they_stand():
    evil = "a\x1b]0;b\x07\u202ec"
    text = written(
        Message.from_user(evil),
        reply(ThinkingPart(evil), ToolUsePart("t", evil, {evil: evil}), ServerPart(evil, {})),
        reply(TextPart(evil, (Citation(evil, evil, f"https://{evil}", {}),))),
    )
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert "␛]0;b" in text


@settings(max_examples=60, deadline=None)
@given(kept_conversations)
def test_every_conversation_can_be_written_with_its_structure(kept):
    text = to_markdown(kept)
    text.encode()
    assert front_matter(text)["messages"] == len(kept.conversation.path())
    assert len(headings(text)) >= len(kept.conversation.path())
