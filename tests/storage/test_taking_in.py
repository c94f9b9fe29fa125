"""Conversations from elsewhere in the history: what comes, what stays, what never comes twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.histories import reply_to, talk
from tui.chat.ending import Ending, Outcome
from tui.chat.message import Message, Role, TextPart
from tui.chat.parameters import Choice, Parameters
from tui.storage import deletions, reads, writes
from tui.storage.checkup import inconsistent
from tui.storage.database import connect_in_memory
from tui.storage.exchange.imported import stable_id
from tui.storage.reading_out import read_out
from tui.storage.records import Sheet
from tui.storage.taking_in import Became, Taken, take_in
from tui.storage.words import fold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Connection

    from tui.storage.records import Kept

NEW, KNOWN = Became.NEW, Taken(Became.KNOWN)


@pytest.fixture
def db() -> Iterator[Connection]:
    connection = connect_in_memory()
    yield connection
    connection.close()


def there(db: Connection, kept: Kept) -> Kept:
    found = read_out(db, kept.conversation.id)
    assert found is not None
    return found


def path(kept: Kept) -> list[str]:
    return [message.id for message in kept.conversation.path()]


def test_a_new_conversation_comes_as_it_is(db: Connection) -> None:
    kept = talk("one", 2, origin="chatgpt:1")
    kept.is_pinned, kept.draft, kept.waiting = True, "and then", ("first", "second")
    kept.conversation.choice = Choice("ollama/qwen", Parameters(top_k=5))
    first = kept.conversation.path()[0].id
    other = Message(Role.USER, (TextPart("one asks otherwise"),), id="other", created_at=5.0)
    kept.conversation.add([(other, first)])
    assert take_in(db, kept) == Taken(NEW, 5)
    found = there(db, kept)
    assert list(found.conversation.messages()) == list(kept.conversation.messages())
    assert path(found) == path(kept)
    assert (found.is_pinned, found.draft, found.waiting) == (True, "and then", ("first", "second"))
    assert (found.created_at, found.updated_at) == (kept.created_at, kept.updated_at)
    assert found.origin == "chatgpt:1"
    assert found.conversation.choice == kept.conversation.choice


def test_the_list_says_of_it_what_it_says_of_others(db: Connection) -> None:
    take_in(db, talk("one"))
    (entry,) = reads.newest(db, 10)
    assert (entry.title, entry.model, entry.messages) == ("one asks 0", "model-1", 4)
    assert entry.ending == Ending(Outcome.COMPLETE, "end_turn")
    assert entry.updated_at == 1_000_002.0
    assert reads.titled(db, "oneasks", 10) == [entry]


def test_what_comes_is_found_by_its_words(db: Connection) -> None:
    take_in(db, talk("one"))
    assert [hit.message_id for hit in reads.search(db, "grüezi 葉", 10)] == [
        "one-1-reply",
        "one-0-reply",
    ]


def test_what_was_said_long_ago_is_found_behind_what_is_newer(db: Connection) -> None:
    older = talk("older", 1)
    older.updated_at = 5.0
    take_in(db, talk("newer", 1))
    take_in(db, older)
    assert [hit.entry.id for hit in reads.search(db, "asks", 10)] == [
        "newer-conversation",
        "older-conversation",
    ]


def test_the_same_conversation_comes_only_once(db: Connection) -> None:
    take_in(db, talk("one"))
    counter = db.execute("SELECT change FROM counter").fetchone()
    assert take_in(db, talk("one")) == KNOWN
    assert len(reads.newest(db, 10)) == 1
    assert db.execute("SELECT change FROM counter").fetchone() == counter


def test_a_conversation_is_known_by_its_origin_too(db: Connection) -> None:
    take_in(db, talk("one", origin="claude:1"))
    grown = talk("one", 3, origin="claude:1")
    grown.conversation.id = "another-id"
    assert take_in(db, grown) == Taken(Became.GROWN, 2)
    assert len(reads.newest(db, 10)) == 1


def test_one_that_has_grown_gets_what_is_missing_and_goes_on_from_there(db: Connection) -> None:
    take_in(db, talk("one", 1))
    assert take_in(db, talk("one", 3)) == Taken(Became.GROWN, 4)
    found = there(db, talk("one"))
    assert path(found) == path(talk("one", 3))
    assert found.updated_at == 1_000_003.0
    assert reads.newest(db, 1)[0].messages == 6


def test_what_was_done_here_stays_when_it_grows(db: Connection) -> None:
    kept = talk("one", 1)
    take_in(db, kept)
    mine = Message.from_user("mine")
    kept.conversation.append(mine)
    kept.conversation.title = "My title"
    writes.add_message(db, Sheet.of(kept.conversation, "my draft"), mine, "one-0-reply", "run")
    writes.rename(db, kept.conversation.id, "My title")
    grown = talk("one", 2)
    grown.conversation.title, grown.draft = "Its title", "its draft"
    assert take_in(db, grown) == Taken(Became.GROWN, 2)
    found = there(db, kept)
    assert path(found) == ["one-0-prompt", "one-0-reply", mine.id]
    assert (found.conversation.title, found.draft) == ("My title", "my draft")
    assert reads.newest(db, 1)[0].title == "My title"
    assert found.conversation.siblings(mine.id) == (mine.id, "one-1-prompt")
    assert found.updated_at > 1_700_000_000


@pytest.mark.parametrize("mine", [Choice("ollama/qwen", Parameters(seed=1)), Choice()])
def test_what_was_chosen_here_stays_whatever_an_export_says(db: Connection, mine: Choice) -> None:
    kept = talk("one", 1)
    kept.conversation.choice = mine
    take_in(db, kept)
    for turns, again in ((2, False), (3, True)):
        grown = talk("one", turns)
        grown.conversation.choice = Choice("anthropic/model-2", Parameters(max_tokens=1))
        if again:
            deletions.delete_conversation(db, "one-conversation", "run")
        assert take_in(db, grown, again=again) == Taken(Became.GROWN, 2)
        assert there(db, kept).conversation.choice == mine


def test_an_older_export_takes_nothing_away(db: Connection) -> None:
    take_in(db, talk("one", 3))
    assert take_in(db, talk("one", 1)) == KNOWN
    assert path(there(db, talk("one"))) == path(talk("one", 3))


def test_a_reply_that_was_exported_while_it_ran_gets_its_rest(db: Connection) -> None:
    early, late = talk("one", 0), talk("one", 1)
    prompt, whole = late.conversation.path()
    cut = replace(whole, parts=(TextPart("one ans"),), ending=Ending(Outcome.INTERRUPTED))
    early.conversation.add([(prompt, None), (cut, prompt.id)])
    early.conversation.rewind(cut.id)
    take_in(db, early)
    assert take_in(db, early) == KNOWN
    assert take_in(db, late) == Taken(Became.GROWN, 1)
    assert there(db, late).conversation.path() == (prompt, whole)
    assert reads.newest(db, 1)[0].ending == whole.ending
    assert len(reads.search(db, "grüezi", 10)) == 1
    assert take_in(db, early) == KNOWN
    assert there(db, late).conversation.path() == (prompt, whole)


def test_what_was_deleted_here_does_not_come_back(db: Connection) -> None:
    take_in(db, talk("one"))
    deletions.delete_conversation(db, "one-conversation", "run")
    assert take_in(db, talk("one", 5)) == Taken(Became.DELETED)
    assert reads.newest(db, 10) == []


def test_what_was_deleted_here_comes_back_when_it_is_wanted_again(db: Connection) -> None:
    take_in(db, talk("one"))
    deletions.delete_conversation(db, "one-conversation", "run")
    assert take_in(db, talk("one", 3), again=True) == Taken(Became.GROWN, 2)
    assert path(there(db, talk("one"))) == path(talk("one", 3))
    assert deletions.undo(db, "run") is None


def test_a_branch_that_was_deleted_here_stays_so_with_all_that_would_follow_it(
    db: Connection,
) -> None:
    take_in(db, talk("one", 2))
    deletions.delete_branch(db, "one-conversation", "one-1-prompt", "one-0-reply", "run")
    assert take_in(db, talk("one", 3)) == KNOWN
    assert path(there(db, talk("one"))) == ["one-0-prompt", "one-0-reply"]
    deletions.undo(db, "run")
    assert path(there(db, talk("one"))) == path(talk("one", 2))
    assert take_in(db, talk("one", 3)) == Taken(Became.GROWN, 2)


def test_a_deleted_branch_comes_back_when_it_is_wanted_again(db: Connection) -> None:
    take_in(db, talk("one", 2))
    deletions.delete_branch(db, "one-conversation", "one-1-prompt", "one-0-reply", "run")
    assert take_in(db, talk("one", 2), again=True) == Taken(Became.GROWN, 2)
    assert path(there(db, talk("one"))) == path(talk("one", 2))
    assert reads.newest(db, 1)[0].messages == 4
    assert deletions.undo(db, "run") is None


def test_messages_that_another_conversation_has_are_kept_in_both_and_only_once(
    db: Connection,
) -> None:
    take_in(db, talk("one"))
    copy = talk("one")
    copy.conversation.id = "copy-conversation"
    assert take_in(db, copy) == Taken(NEW, 4)
    db.create_function("fold", 1, fold)
    assert inconsistent(db) == []
    assert [m.text for m in there(db, copy).conversation.path()] == [
        message.text for message in copy.conversation.path()
    ]
    assert path(there(db, talk("one"))) == path(talk("one"))
    assert take_in(db, copy) == KNOWN
    grown = talk("one", 3)
    grown.conversation.id = "copy-conversation"
    assert take_in(db, grown) == Taken(Became.GROWN, 2)
    assert len(there(db, grown).conversation.path()) == 6


def test_the_model_is_that_of_the_newest_reply_wherever_it_stands(db: Connection) -> None:
    take_in(db, talk("one", 2))
    grown = talk("one", 2)
    newer = Message(Role.ASSISTANT, (TextPart("?"),), "new", 2_000_000.0, model="model-2")
    older = Message(Role.ASSISTANT, (TextPart("?"),), "old", 3.0, model="model-0")
    grown.conversation.add([(newer, "one-0-prompt"), (older, "one-0-prompt")])
    take_in(db, grown)
    (entry,) = reads.newest(db, 1)
    assert (entry.model, entry.ending) == ("model-2", None)
    assert path(there(db, grown)) == path(grown)


def test_a_conversation_that_is_nothing_but_a_draft_comes_too(db: Connection) -> None:
    kept = talk("one", 0)
    kept.draft = "soon"
    assert take_in(db, kept) == Taken(NEW, 0)
    assert there(db, kept).draft == "soon"
    assert take_in(db, talk("one", 1)) == Taken(Became.GROWN, 2)
    assert reads.newest(db, 1)[0].title == "one asks 0"


def test_a_reply_without_a_prompt_has_no_title_and_is_none_the_worse_for_it(
    db: Connection,
) -> None:
    kept = talk("one", 0)
    kept.conversation.append(reply_to("one", 0, 1.0))
    take_in(db, kept)
    assert reads.newest(db, 1)[0].title == ""
    assert path(there(db, kept)) == ["one-0-reply"]


def test_ids_that_stand_for_other_ids_lead_nobody_astray(db: Connection) -> None:
    """An export may have any ids; none of them may be taken for a message of somebody else."""
    one, two = talk("one", 1), talk("two", 1)
    first = one.conversation.path()[0]
    in_the_way = replace(first, id=stable_id(two.conversation.id, first.id))
    one.conversation.append(in_the_way)
    two.conversation.append(first)
    two.conversation.append(in_the_way)
    for kept, count in ((one, 3), (two, 4)):
        assert take_in(db, kept) == Taken(NEW, count)
        assert take_in(db, kept) == KNOWN
        assert [m.text for m in there(db, kept).conversation.path()] == [
            message.text for message in kept.conversation.path()
        ]
