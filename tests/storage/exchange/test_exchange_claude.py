"""A Claude account export, in the shapes that descriptions and published conversations show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.ending import Outcome
from tui.storage.exchange.claude import read_claude
from tui.storage.exchange.imported import Skipped

if TYPE_CHECKING:
    from tui.storage.records import Kept

ROOT = "00000000-0000-4000-8000-000000000000"
TIME = "2026-03-29T07:06:35.552627Z"


def message(uuid, sender, *blocks, parent=ROOT, **changes):
    content = [{"type": "text", "text": b} if isinstance(b, str) else b for b in blocks]
    return {
        "uuid": uuid,
        "text": "",
        "content": content,
        "sender": sender,
        "created_at": TIME,
        "attachments": [],
        "files": [],
        "parent_message_uuid": parent,
    } | changes


def conversation(*messages, **changes):
    return {
        "uuid": "c1",
        "name": "Tides",
        "created_at": TIME,
        "updated_at": "2026-03-29T09:06:35+02:00",
        "chat_messages": list(messages),
    } | changes


def read(*messages, **changes) -> Kept:
    kept = read_claude(conversation(*messages, **changes), "here")
    assert not isinstance(kept, Skipped), kept.why
    return kept


def said(kept: Kept) -> list[str]:
    return [each.text for each in kept.conversation.path()]


def test_a_plain_conversation():
    kept = read(message("q", "human", "When?"), message("a", "assistant", "At six.", parent="q"))
    assert said(kept) == ["When?", "At six."]
    assert kept.origin == "claude:c1"
    assert kept.conversation.title == "Tides"
    assert (kept.created_at, kept.updated_at) == (1774767995.552627, 1774767995.0)
    reply = kept.conversation.path()[-1]
    assert (reply.model, reply.served_model, reply.ending) == ("", "Claude", None)


def test_an_old_export_has_only_texts_one_after_the_other():
    messages = [
        {"uuid": "q", "sender": "human", "text": "When?"},
        {"uuid": "a", "sender": "assistant", "text": "At six."},
    ]
    assert said(read(*messages)) == ["When?", "At six."]


def test_thoughts_calls_and_results_stand_in_their_order():
    kept = read(
        message("q", "human", "When?"),
        message(
            "a",
            "assistant",
            {"type": "thinking", "thinking": "A table would help."},
            "Let me look.",
            {"type": "tool_use", "name": "search", "input": {"q": "tide"}},
            {
                "type": "tool_result",
                "name": "search",
                "is_error": False,
                "content": [{"type": "text", "text": "six ```o'clock"}, {"type": "image"}],
            },
            {"type": "token_budget"},
            {"type": "hologram"},
            "At six.",
            parent="q",
        ),
    )
    reply = kept.conversation.path()[-1]
    assert reply.thinking.strip() == "A table would help."
    assert reply.text.strip() == (
        'Let me look.\n\n[to search]\n\n```json\n{\n  "q": "tide"\n}\n```\n\n'
        "[search answered]\n\n````\nsix ```o'clock\n````\n\n[image, not imported]\n\n"
        "[hologram, not imported]\n\nAt six."
    )


def test_what_was_attached_is_there_if_the_export_has_its_text():
    attachments = [
        {"file_name": "", "extracted_content": "a long paste"},
        {"file_name": "b.pdf", "extracted_content": None},
    ]
    files = [{"file_name": "c.png"}]
    kept = read(message("q", "human", attachments=attachments, files=files, files_v2=files))
    assert said(kept) == [
        (
            "[file without a name]\n\n```\na long paste\n```\n\n[file, not imported: b.pdf]"
            "\n\n[file, not imported: c.png]"
        )
    ]


def test_branches_stay_branches_and_the_newest_is_read():
    kept = read(
        message("a2", "assistant", "At six.", parent="q", created_at="2026-03-29T08:00:00Z"),
        message("a1", "assistant", "At seven.", parent="q"),
        message("q", "human", "When?"),
    )
    assert said(kept) == ["When?", "At six."]
    assert len(kept.conversation.siblings(kept.conversation.head)) == 2


def test_the_branch_that_the_export_calls_current_is_read():
    messages = [
        message("q", "human", "When?"),
        message("a1", "assistant", "At seven.", parent="q"),
        message("a2", "assistant", "At six.", parent="q"),
    ]
    assert said(read(*messages, current_leaf_message_uuid="a1")) == ["When?", "At seven."]


def test_how_a_reply_ended_is_known_only_if_the_export_says_so():
    def ending(told):
        kept = read(message("a", "assistant", "At six.", stop_reason=told))
        return kept.conversation.path()[-1].ending

    assert ending("end_turn").is_plain
    assert ending("user_canceled").outcome is Outcome.CANCELLED
    assert ending("something new") is None
    assert ending(None) is None


def test_a_second_export_has_the_same_ids():
    first = [message("q", "human", "When?")]
    old = read(*first).conversation
    new = read(*first, message("a", "assistant", "At six.", parent="q")).conversation
    assert old.id == new.id
    assert {m.id for m, _ in old.messages()} < {m.id for m, _ in new.messages()}


def test_a_conversation_without_messages_or_id_is_passed_over():
    assert read_claude(conversation(), "here") == Skipped("here", "it has no messages")
    empty = conversation(message("q", "human", " "))
    assert read_claude(empty, "here") == Skipped("here", "it has no messages")
    nameless = conversation(message("q", "human", "When?"), uuid=5)
    assert read_claude(nameless, "here") == Skipped("here", "it has no id")


def test_halves_of_surrogate_pairs_are_repaired():
    kept = read(message("q", "human", "half \ud83c and \ud83c\udf0d"), name="\ud83c")
    assert said(kept) == ["half \ufffd and 🌍"]
    assert kept.conversation.title == "\ufffd"
