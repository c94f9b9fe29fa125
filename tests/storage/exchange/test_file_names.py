"""The name of the file that a conversation is exported to."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from tests.storage.exchange.trees import kept_conversations
from tui.chat.conversation import Conversation
from tui.storage.exchange.reading import file_name
from tui.storage.records import Kept


def named(title: str, *, id_: str = "abc123def", time: float = 1_795_435_200) -> str:
    return file_name(Kept(Conversation(id=id_, title=title), created_at=time), ".md")


def test_it_tells_the_day_the_title_and_which_one_it_is():
    assert named("When is low water?") == "2026-11-23 When is low water-abc123.md"
    assert named("") == "2026-11-23 Conversation-abc123.md"
    assert named("...") == "2026-11-23 Conversation-abc123.md"
    assert named("x", time=1e300) == "1970-01-01 x-abc123.md"


@pytest.mark.parametrize(
    "title", ["../../etc/passwd", "a/b\\c", "...", "CON:", "a\nb\x1b[0m", "*?"]
)
def test_no_title_leads_out_of_the_folder_or_upsets_a_file_system(title: str):
    name = named(title, id_="../.")
    assert re.fullmatch(r"2026-11-23 [^/\\:*?\"<>|\x00-\x1f]+-[0-9a-f]{6}\.md", name)


def test_a_long_title_is_cut_between_characters():
    for beginning in ("", "a", "ab"):  # a character has three bytes: each of them is at the cut
        name = named(beginning + "潮" * 60)
        assert len(name.encode()) <= 120
        assert name.startswith(f"2026-11-23 {beginning}潮潮潮")
        assert "\ufffd" not in name


@settings(max_examples=60, deadline=None)
@given(kept_conversations)
def test_every_conversation_has_a_name(kept):
    name = file_name(kept, ".json")
    assert len(name.encode()) <= 120
    assert name.isprintable()
    assert "/" not in name
