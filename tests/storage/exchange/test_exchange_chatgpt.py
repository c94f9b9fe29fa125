"""A ChatGPT account export, in the shapes that descriptions and published conversations show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tui.chat.ending import Ending, Outcome
from tui.chat.message import ThinkingPart
from tui.storage.exchange.archive import open_archive
from tui.storage.exchange.chatgpt import read_chatgpt
from tui.storage.exchange.imported import Skipped

if TYPE_CHECKING:
    from pathlib import Path

    from tui.storage.records import Kept


def node(id_, parent, role, content, *, children=(), metadata=None, **changes):
    """A node as the export has it; `content` is a text or a content object."""
    if isinstance(content, str):
        content = {"content_type": "text", "parts": [content]}
    message = {
        "id": id_,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": 1_764_090_000.5,
        "content": content,
        "status": "finished_successfully",
        "end_turn": None,
        "metadata": metadata or {},
        "recipient": "all",
    } | changes
    return id_, {"id": id_, "parent": parent, "children": list(children), "message": message}


def conversation(*nodes, current=None, **changes):
    root = ("root", {"id": "root", "parent": None, "children": [], "message": None})
    return {
        "conversation_id": "c1",
        "title": "Tides",
        "create_time": 1_764_090_000.0,
        "update_time": 1_764_091_000.0,
        "mapping": dict([root, *nodes]),
        "current_node": current or nodes[-1][0],
        "default_model_slug": "gpt-5",
    } | changes


def read(*nodes, current=None, **changes) -> Kept:
    kept = read_chatgpt(conversation(*nodes, current=current, **changes), "here")
    assert not isinstance(kept, Skipped), kept.why
    return kept


def said(kept: Kept) -> list[str]:
    return [message.text for message in kept.conversation.path()]


HIDDEN = {"is_visually_hidden_from_conversation": True}


def test_a_plain_conversation():
    kept = read(
        node("s", "root", "system", "", metadata=HIDDEN),
        node("q", "s", "user", "When?"),
        node("a", "q", "assistant", "At six.", end_turn=True, metadata={"model_slug": "gpt-5-2"}),
        is_starred=True,
    )
    assert said(kept) == ["When?", "At six."]
    assert kept.conversation.title == "Tides"
    assert (kept.created_at, kept.updated_at) == (1_764_090_000.0, 1_764_091_000.0)
    assert kept.origin == "chatgpt:c1"
    assert kept.is_pinned
    question, answer = kept.conversation.path()
    assert question.created_at == 1_764_090_000.5
    assert answer.model == "gpt-5-2"
    assert answer.ending is not None
    assert answer.ending.is_plain


def test_thoughts_calls_and_results_of_one_turn_are_one_message():
    thoughts = {
        "content_type": "thoughts",
        "thoughts": [{"summary": "Looking", "content": "A table would help."}],
    }
    recap = {"content_type": "reasoning_recap", "content": "Thought for 8s"}
    code = {"content_type": "code", "language": "python", "text": "print(6)"}
    output = {"content_type": "execution_output", "text": "6"}
    kept = read(
        node("q", "root", "user", "When?"),
        node("t", "q", "assistant", thoughts),
        node("r", "t", "assistant", recap),
        node("c", "r", "assistant", code, recipient="python"),
        node("o", "c", "tool", output, author={"role": "tool", "name": "python"}),
        node("a", "o", "assistant", "At six."),
    )
    assert said(kept)[1] == (
        "[to python]\n\n```python\nprint(6)\n```\n\n[python answered]\n\n```\n6\n```\n\nAt six."
    )
    answer = kept.conversation.path()[-1]
    assert "A table would help." in answer.thinking
    assert "Thought for 8s" in answer.thinking
    assert isinstance(answer.parts[0], ThinkingPart)
    assert answer.ending is None


def test_how_a_reply_ended_is_known_only_if_the_export_says_so():
    def ending(**changes):
        kept = read(
            node("q", "root", "user", "When?"), node("a", "q", "assistant", "At", **changes)
        )
        return kept.conversation.path()[-1].ending

    def told(kind):
        return ending(metadata={"finish_details": {"type": kind}})

    assert ending() is None
    assert told("something new") is None
    assert told("stop").is_plain
    assert told("max_tokens") == Ending(
        Outcome.COMPLETE, "max_tokens", raw_stop_reason="max_tokens"
    )
    assert told("interrupted").outcome is Outcome.CANCELLED


def test_branches_stay_branches_and_the_current_one_is_read():
    kept = read(
        node("q", "root", "user", "When?", children=["a2", "a1"]),
        node("a1", "q", "assistant", "At seven."),
        node("a2", "q", "assistant", "At six."),
        node("q2", "a2", "user", "Sure?"),
        current="a2",
    )
    assert said(kept) == ["When?", "At six."]
    reply = kept.conversation.path()[-1]
    first, second = kept.conversation.siblings(reply.id)
    assert (first, kept.conversation[second].text) == (reply.id, "At seven.")
    assert len(kept.conversation) == 4


def test_answers_to_one_result_of_a_tool_are_branches():
    kept = read(
        node("q", "root", "user", "When?"),
        node("c", "q", "assistant", "Let me look.", recipient="python"),
        node("o", "c", "tool", "6", author={"role": "tool", "name": "python"}, children=["a", "b"]),
        node("a", "o", "assistant", "At six."),
        node("b", "o", "assistant", "At 6."),
    )
    last = kept.conversation.path()[-1]
    siblings = [kept.conversation[each].text for each in kept.conversation.siblings(last.id)]
    assert siblings == ["At six.", "At 6."]
    assert len(said(kept)) == 3


def test_hidden_messages_are_passed_over_and_what_follows_them_stays():
    kept = read(
        node("q", "root", "user", "When?"),
        node("h", "q", "user", "internal", metadata=HIDDEN),
        node("e", "h", "assistant", ""),
        node("a", "e", "assistant", "At six."),
        current="a",
    )
    assert said(kept) == ["When?", "At six."]


def test_custom_instructions_become_the_system_prompt():
    told = {
        "content_type": "user_editable_context",
        "user_profile": "I sail.",
        "user_instructions": "Be brief.",
    }
    kept = read(node("i", "root", "user", told, metadata=HIDDEN), node("q", "i", "user", "When?"))
    assert kept.conversation.system == "I sail.\n\nBe brief."
    assert said(kept) == ["When?"]


def test_images_files_and_what_nobody_knows_become_remarks():
    pictures = {
        "content_type": "multimodal_text",
        "parts": [
            {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_1"},
            "What is this?",
            {"content_type": "audio_transcription", "text": "Hello."},
        ],
    }
    files = {"attachments": [{"name": "a [b].pdf"}]}
    kept = read(
        node("q", "root", "user", pictures, metadata=files),
        node("a", "q", "assistant", {"content_type": "hologram", "beam": 1}),
    )
    assert said(kept) == [
        (
            "[image, not imported: sediment://file_1]\n\nWhat is this?\n\nHello."
            "\n\n[file, not imported: a (b).pdf]"
        ),
        "[hologram]\n\n[not imported]",
    ]


def test_a_second_export_that_has_grown_adds_only_what_is_new():
    first = [node("q", "root", "user", "When?"), node("a", "q", "assistant", "At six.")]
    more = [node("q2", "a", "user", "Sure?"), node("b", "q", "assistant", "At seven.")]
    old, new = read(*first).conversation, read(*first, *more, current="q2").conversation
    before = {message.id for message, _ in old.messages()}
    after = {message.id for message, _ in new.messages()}
    assert old.id == new.id
    assert before < after
    assert len(after) == 4
    old.add(new.messages())
    assert len(old) == 4


def test_the_same_message_in_two_conversations_has_two_ids():
    nodes = [node("q", "root", "user", "When?")]
    one, other = read(*nodes).conversation, read(*nodes, conversation_id="c2").conversation
    assert one.head != other.head


def test_a_tree_that_is_none_loses_nothing():
    kept = read(
        node("a", "b", "user", "one"),
        node("b", "a", "user", "two"),
        node("c", "c", "user", "three"),
        node("d", "nobody", "user", "four"),
        ("odd", None),
        ("odder", {"message": {"author": 5, "content": [1]}, "parent": 7, "children": {}}),
        current="nobody",
    )
    texts = {message.text for message, _ in kept.conversation.messages()}
    assert texts == {"one", "two", "three", "four"}
    assert said(kept)


def test_a_time_that_is_missing_is_that_of_the_message_before():
    kept = read(
        node("q", "root", "user", "When?", create_time=1_764_090_005),
        node("a", "q", "assistant", "At six.", create_time=None),
        node("b", "a", "user", "Sure?", create_time=-5e300),
    )
    assert {m.created_at for m in kept.conversation.path()} == {1_764_090_005}


def test_a_conversation_without_messages_or_id_is_passed_over(tmp_path: Path):
    path = tmp_path / "conversations.json"
    empty = conversation(node("s", "root", "system", "", metadata=HIDDEN))
    nameless = conversation(node("q", "root", "user", "When?")) | {"conversation_id": None}
    path.write_text(json.dumps([empty, nameless, {"mapping": 5, "id": "x"}, None, 5]))
    archive = open_archive(path)
    assert archive.name == "an export of ChatGPT"
    assert [(found.where, found.why) for found in archive] == [
        ("conversations.json, entry 1 “Tides”", "it has no messages"),
        ("conversations.json, entry 2 “Tides”", "it has no id"),
        ("conversations.json, entry 3", "it has no messages"),
        ("conversations.json, entry 4", "it is not a conversation"),
        ("conversations.json, entry 5", "it is not a conversation"),
    ]
