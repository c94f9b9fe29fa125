"""A message, its parts and its counts."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from tui.chat.message import (
    Message,
    RedactedThinkingPart,
    Role,
    ServerPart,
    TextPart,
    ThinkingPart,
    ToolUsePart,
    Usage,
)

CALL = ToolUsePart("t", "n", {})
MESSAGE = Message(
    Role.ASSISTANT,
    (
        ThinkingPart("h"),
        RedactedThinkingPart("secret"),
        TextPart("a"),
        CALL,
        ServerPart("x", {"text": "no"}),
        ThinkingPart("m", "s"),
        TextPart("b"),
    ),
)


def test_text_thinking_and_calls_are_told_apart():
    assert MESSAGE.text == "ab"
    assert MESSAGE.thinking == "hm"
    assert MESSAGE.tool_calls == (CALL,)


def test_what_was_typed_becomes_a_users_message():
    message = Message.from_user("hi")
    assert (message.role, message.text, message.ending) == (Role.USER, "hi", None)
    assert message.id != Message.from_user("hi").id


def test_a_message_does_not_change():
    with pytest.raises(FrozenInstanceError):
        MESSAGE.model = "other"


def test_a_newer_count_replaces_and_an_absent_one_leaves_the_old():
    old = Usage(1, 2, 3, 4, 5)
    assert old.overlaid(Usage()) == old
    assert old.overlaid(Usage(output_tokens=0)) == Usage(1, 0, 3, 4, 5)
    assert Usage().overlaid(old) == old


def test_all_that_was_read_is_counted_cached_or_not():
    assert Usage().total_input_tokens is None
    assert Usage(output_tokens=9).total_input_tokens is None
    assert Usage(input_tokens=0).total_input_tokens == 0
    assert Usage(1, 9, 20, 300).total_input_tokens == 321
