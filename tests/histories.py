"""Histories for tests: conversations with something in them, and what is wrong with a file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from tui.chat.conversation import Conversation
from tui.chat.ending import Ending, Outcome
from tui.chat.events import ReplyStarted, TextDelta
from tui.chat.message import Message, Role, TextPart, ThinkingPart
from tui.storage.database import connect, transaction
from tui.storage.reading_out import read_out
from tui.storage.records import Kept
from tui.storage.replies import append_journal, begin_reply
from tui.storage.taking_in import take_in

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PAGE = 4096


def talk(name: str, turns: int = 2, *, origin: str | None = None) -> Kept:
    """A conversation `name` of so many prompts and replies, whose ids begin with its name."""
    conversation = Conversation(id=f"{name}-conversation")
    for turn in range(turns):
        at = 1_000_000.0 + turn
        prompt = Message(
            Role.USER, (TextPart(f"{name} asks {turn}"),), id=f"{name}-{turn}-prompt", created_at=at
        )
        conversation.append(prompt)
        conversation.append(reply_to(name, turn, at))
    return Kept(conversation, created_at=1_000_000.0, updated_at=1_000_000.0 + turns, origin=origin)


def reply_to(name: str, turn: int, at: float) -> Message:
    """A reply with thinking, a model and an ending."""
    return Message(
        Role.ASSISTANT,
        (ThinkingPart("hmm", "signed"), TextPart(f"{name} answers {turn}: grüezi 言葉")),
        id=f"{name}-{turn}-reply",
        created_at=at + 0.5,
        provider="anthropic",
        model="model-1",
        ending=Ending(Outcome.COMPLETE, "end_turn"),
    )


def fill(path: Path, conversations: Iterable[Kept]) -> None:
    """Put them into the history at `path`."""
    with closing(connect(path)) as db, transaction(db):
        for kept in conversations:
            take_in(db, kept)


def begin_a_reply(path: Path, kept: Kept, text: str, *, run: str = "a-run-that-died") -> None:
    """As a Rill leaves it that is killed in the middle of a reply, or is not done with it."""
    begun = Message(Role.ASSISTANT, (), id="running", provider="anthropic", model="model-1")
    with closing(connect(path)) as db, transaction(db):
        begin_reply(db, kept.conversation.id, begun, kept.conversation.head or "", run)
        append_journal(db, "running", [ReplyStarted("id", "model-1"), TextDelta(text)])


def ask(path: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """What SQL says; a change is kept."""
    with closing(sqlite3.connect(path)) as db, db:
        return db.execute(statement, values).fetchall()


def texts(path: Path) -> dict[str, list[str]]:
    """What all conversations say on the path that is read, by their ids."""
    with closing(connect(path)) as db:
        ids = [row[0] for row in db.execute("SELECT id FROM conversation WHERE deletion IS NULL")]
        found = {id_: read_out(db, id_) for id_ in ids}
    return {
        id_: [message.text for message in kept.conversation.path()]
        for id_, kept in found.items()
        if kept is not None
    }


def said(*conversations: Kept) -> dict[str, list[str]]:
    """What `texts` should find of them."""
    return {
        kept.conversation.id: [message.text for message in kept.conversation.path()]
        for kept in conversations
    }
