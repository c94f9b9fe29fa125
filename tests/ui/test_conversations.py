"""The list of conversations of this run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.message import Message
from tui.ui.conversations import Conversations

if TYPE_CHECKING:
    from tui.ui.conversations import OpenConversation


def said(conversations: Conversations, text: str) -> OpenConversation:
    current = conversations.start()
    current.conversation.append(Message.from_user(text))
    return current


def test_there_is_one_to_begin_with_and_it_is_blank() -> None:
    conversations = Conversations(system="Be brief.")
    assert conversations.all == [conversations.current]
    assert conversations.current.is_blank
    assert conversations.current.conversation.system == "Be brief."


def test_a_draft_or_a_waiting_message_or_a_prompt_is_not_blank() -> None:
    conversations = Conversations()
    current = conversations.current
    current.draft = " \n"
    assert current.is_blank
    current.draft = "a"
    assert not current.is_blank
    current.draft = ""
    current.waiting.append("b")
    assert not current.is_blank
    current.waiting.clear()
    said(conversations, "c")
    assert not current.is_blank


def test_a_blank_one_is_used_before_another_is_made() -> None:
    conversations = Conversations()
    first = conversations.current
    assert conversations.start() is first
    said(conversations, "a")
    second = conversations.start()
    assert second is not first
    conversations.go_to(first)
    assert conversations.all == [first]
    assert conversations.start() in conversations.all
    assert len(conversations.all) == 2


def test_the_one_that_is_gone_to_comes_first() -> None:
    conversations = Conversations()
    first, second, third = (said(conversations, text) for text in "abc")
    assert conversations.all == [third, second, first]
    conversations.go_to(first)
    assert conversations.all == [first, third, second]
    assert conversations.current is first


def test_closing_the_current_one_goes_to_the_newest_left() -> None:
    conversations = Conversations()
    first, second = (said(conversations, text) for text in "ab")
    conversations.close(second)
    assert conversations.current is first
    conversations.close(first)
    assert conversations.current.is_blank
    assert conversations.all == [conversations.current]


def test_closing_another_one_leaves_the_current() -> None:
    conversations = Conversations()
    first, second = (said(conversations, text) for text in "ab")
    conversations.close(first)
    assert conversations.current is second
    assert conversations.all == [second]


def test_what_was_closed_comes_back_newest_first() -> None:
    conversations = Conversations()
    first, second = (said(conversations, text) for text in "ab")
    conversations.close(first)
    conversations.close(second)
    assert conversations.has_closed
    assert conversations.reopen() is second
    assert conversations.reopen() is first
    assert not conversations.has_closed
    assert conversations.reopen() is None
    assert conversations.all == [first, second]


def test_a_blank_one_is_not_kept_for_undo() -> None:
    conversations = Conversations()
    conversations.close(conversations.current)
    assert not conversations.has_closed
