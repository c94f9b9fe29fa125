"""A tree of messages, and the one path that is being read."""

from __future__ import annotations

import pytest

from tui.chat.conversation import Conversation
from tui.chat.message import Message, Role, TextPart


def user(text: str) -> Message:
    return Message(Role.USER, (TextPart(text),), id=text)


def reply(text: str) -> Message:
    return Message(Role.ASSISTANT, (TextPart(text),), id=text)


def made(*messages: Message) -> Conversation:
    conversation = Conversation()
    for message in messages:
        conversation.append(message)
    return conversation


def read(conversation: Conversation) -> list[str]:
    return [message.text for message in conversation.path()]


def test_a_new_conversation_is_empty_and_has_an_id_of_its_own():
    one, other = Conversation(), Conversation()
    assert one.path() == ()
    assert one.head is None
    assert len(one) == 0
    assert one.id != other.id
    assert Conversation(id="kept").id == "kept"


def test_messages_are_read_in_the_order_in_which_they_were_appended():
    conversation = made(user("q1"), reply("a1"), user("q2"))
    assert read(conversation) == ["q1", "a1", "q2"]
    assert conversation.head == "q2"
    assert len(conversation) == 3


def test_an_edit_becomes_a_sibling_and_the_old_branch_stays():
    conversation = made(user("q1"), reply("a1"), user("q2"), reply("a2"))
    conversation.branch("q2", user("q2 edited"))
    assert read(conversation) == ["q1", "a1", "q2 edited"]
    assert conversation.siblings("q2") == conversation.siblings("q2 edited") == ("q2", "q2 edited")
    conversation.select("q2")
    assert read(conversation) == ["q1", "a1", "q2", "a2"]


def test_the_first_prompt_can_be_edited():
    conversation = made(user("q1"), reply("a1"))
    conversation.branch("q1", user("q1 edited"))
    assert read(conversation) == ["q1 edited"]
    assert conversation.siblings("q1") == ("q1", "q1 edited")


def test_another_try_at_a_reply_becomes_its_sibling():
    conversation = made(user("q1"), reply("a1"))
    conversation.branch("a1", reply("a1 again"))
    assert read(conversation) == ["q1", "a1 again"]
    assert conversation.siblings("a1") == ("a1", "a1 again")


def test_a_message_without_alternatives_is_its_only_sibling():
    assert made(user("q1"), reply("a1")).siblings("a1") == ("a1",)


def test_selecting_a_branch_leads_to_its_newest_end():
    conversation = made(user("q1"), reply("a1"), user("q2"), reply("a2"))
    conversation.branch("a2", reply("a2 again"))
    conversation.branch("q1", user("other"))
    conversation.select("q1")
    assert read(conversation) == ["q1", "a1", "q2", "a2 again"]


def test_rewinding_goes_on_from_an_earlier_message_and_loses_nothing():
    conversation = made(user("q1"), reply("a1"), user("q2"), reply("a2"))
    conversation.rewind("a1")
    assert read(conversation) == ["q1", "a1"]
    conversation.append(user("q2 instead"))
    assert read(conversation) == ["q1", "a1", "q2 instead"]
    assert conversation.siblings("q2") == ("q2", "q2 instead")
    assert len(conversation) == 5


def test_a_reply_goes_under_its_prompt_and_the_reader_goes_along():
    conversation = made(user("q1"))
    conversation.append(reply("a1"), parent="q1")
    assert read(conversation) == ["q1", "a1"]


def test_a_reply_that_ends_after_the_reader_left_is_kept_without_pulling_the_reader_back():
    conversation = made(user("q1"), reply("a1"), user("q2"))
    conversation.branch("q2", user("q2 edited"))
    conversation.append(reply("a2"), parent="q2")
    assert read(conversation) == ["q1", "a1", "q2 edited"]
    conversation.select("q2")
    assert read(conversation) == ["q1", "a1", "q2", "a2"]


def test_a_message_is_added_only_once():
    conversation = made(user("q1"))
    with pytest.raises(ValueError, match="q1"):
        conversation.append(user("q1"))
    with pytest.raises(ValueError, match="q1"):
        conversation.branch("q1", user("q1"))
    assert read(conversation) == ["q1"]


@pytest.mark.parametrize(
    "act",
    [
        lambda c: c.append(user("x"), parent="nobody"),
        lambda c: c.branch("nobody", user("x")),
        lambda c: c.rewind("nobody"),
        lambda c: c.select("nobody"),
        lambda c: c.siblings("nobody"),
    ],
)
def test_a_message_that_is_not_there_is_an_error_that_changes_nothing(act):
    conversation = made(user("q1"))
    with pytest.raises(KeyError):
        act(conversation)
    assert (read(conversation), len(conversation)) == (["q1"], 1)


# Titles


def test_the_title_is_the_beginning_of_the_first_prompt():
    assert Conversation().title == ""
    assert made(user("When is\nlow  water?"), reply("At six."), user("And high?")).title == (
        "When is low water?"
    )


def test_a_long_first_prompt_is_cut_for_the_title():
    title = made(user("word " * 1000)).title
    assert len(title) <= 60
    assert title.endswith("\u2026")


def test_a_given_title_wins_until_it_is_taken_away():
    conversation = made(user("q1"))
    conversation.title = "Tides"
    assert conversation.title == "Tides"
    conversation.title = ""
    assert conversation.title == "q1"
    assert Conversation(title="Tides").title == "Tides"


def test_a_title_is_one_safe_line_wherever_it_comes_from():
    evil = "a\x1b]0;b\x07\nc\u202ed " + "long " * 100
    renamed = Conversation()
    renamed.title = evil
    for title in (Conversation(title=evil).title, renamed.title, made(user(evil)).title):
        assert title.isprintable()
        assert title.startswith("a\u241b]0;b")
        assert len(title) <= 60


def test_an_edited_first_prompt_changes_the_title():
    conversation = made(user("q1"))
    conversation.branch("q1", user("q1 edited"))
    assert conversation.title == "q1 edited"


def test_the_title_follows_whatever_becomes_of_the_first_prompt():
    conversation = made(user("q1"), reply("a1"))
    assert conversation.title == "q1"
    conversation.branch("q1", user("q2"))
    assert conversation.title == "q2"
    conversation.select("q1")
    assert conversation.title == "q1"
    conversation.replace(Message(Role.USER, (TextPart("q1 now"),), id="q1"))
    assert conversation.title == "q1 now"
    conversation.remove("q1")
    assert conversation.title == "q2"
    conversation.rewind(None)
    assert conversation.title == ""
    conversation.append(user("q3"))
    assert conversation.title == "q3"
    conversation.remove("q3")
    conversation.remove("q2")
    assert conversation.title == ""


def test_the_title_is_that_of_the_beginning_as_soon_as_it_is_known():
    conversation = Conversation()
    conversation.add([(user("q2"), "a1")])
    conversation.rewind("q2")
    assert conversation.title == "q2"
    conversation.add([(user("q1"), None), (reply("a1"), "q1")])
    assert conversation.title == "q1"


def test_the_title_is_looked_for_once_however_often_it_is_asked():
    walks = 0

    class Counting(Conversation):
        def path(self) -> tuple[Message, ...]:
            nonlocal walks
            walks += 1
            return super().path()

    conversation = Counting()
    for message in (user("q1"), reply("a1")):
        conversation.append(message)
    assert {conversation.title for _ in range(10)} == {"q1"}
    assert walks == 1


# A tree that is read from somewhere, and what is taken out of it


def told(conversation: Conversation) -> list[tuple[str, str | None]]:
    return [(message.id, parent) for message, parent in conversation.messages()]


def branched() -> Conversation:
    """Two tries at an answer, and what came after the second."""
    conversation = made(user("q1"), reply("a1"))
    conversation.branch("a1", reply("a1 again"))
    conversation.append(user("q2"))
    return conversation


def test_all_messages_are_told_parents_first_and_siblings_oldest_first():
    assert told(branched()) == [
        ("q1", None),
        ("a1", "q1"),
        ("a1 again", "q1"),
        ("q2", "a1 again"),
    ]


def test_messages_that_were_told_make_the_same_tree_again():
    old, new = branched(), Conversation()
    new.add(old.messages())
    assert told(new) == told(old)
    assert new.head is None
    new.rewind(old.head)
    assert read(new) == read(old)


def test_adding_what_is_there_already_changes_nothing():
    conversation = branched()
    conversation.add([*branched().messages(), (reply("a2"), "q2")])
    assert told(conversation) == [*told(branched()), ("a2", "q2")]
    assert conversation.head == "q2"


def test_a_message_cannot_be_its_own_parent():
    with pytest.raises(ValueError, match="own parent"):
        Conversation().add([(user("q1"), "q1")])


def test_a_newer_state_takes_the_place_of_the_older():
    conversation = made(user("q1"))
    conversation.replace(Message(Role.USER, (TextPart("newer"),), id="q1"))
    assert read(conversation) == ["newer"]
    with pytest.raises(KeyError):
        conversation.replace(user("nobody"))


@pytest.mark.parametrize(
    ("taken", "left", "read_now"),
    [
        ("q2", ["q1", "a1", "a1 again"], ["q1", "a1 again"]),
        ("a1 again", ["q1", "a1"], ["q1", "a1"]),
        ("a1", ["q1", "a1 again", "q2"], ["q1", "a1 again", "q2"]),
        ("q1", [], []),
    ],
)
def test_a_branch_is_taken_out_with_all_that_follows_it(taken, left, read_now):
    conversation = branched()
    assert conversation.remove(taken) == 4 - len(left)
    assert [id_ for id_, _ in told(conversation)] == left
    assert read(conversation) == read_now


def test_without_the_branch_that_was_read_its_older_neighbour_is_read():
    conversation = made(user("q1"), reply("a1"))
    conversation.branch("a1", reply("a2"))
    conversation.branch("a1", reply("a3"))
    conversation.select("a1")
    conversation.remove("a1")
    assert read(conversation) == ["q1", "a2"]
    conversation.select("a3")
    conversation.remove("a3")
    assert read(conversation) == ["q1", "a2"]


def test_rewinding_to_before_the_first_message_reads_nothing():
    conversation = made(user("q1"))
    conversation.rewind(None)
    assert (read(conversation), len(conversation)) == ([], 1)
