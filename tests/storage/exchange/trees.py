"""Conversations of every shape that the app can make, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from tui.chat import ending, message
from tui.chat.conversation import Conversation
from tui.chat.message import Message, Role
from tui.chat.parameters import EFFORTS, Choice, Parameters
from tui.storage.records import Kept

# Everything but halves of surrogate pairs, which nothing keeps.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
times = st.floats(0, 1e11)
counts = st.none() | st.integers(0, 2**62)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e200, 1e200) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
objects = st.dictionaries(texts, values, max_size=2)
citations = st.builds(message.Citation, texts, st.none() | texts, st.none() | texts, objects)
parts = st.one_of(
    st.builds(
        message.TextPart, texts, st.lists(citations, max_size=2).map(tuple), st.none() | texts
    ),
    st.builds(message.ThinkingPart, texts, st.none() | texts),
    st.builds(message.RedactedThinkingPart, texts),
    st.builds(message.ToolUsePart, texts, texts, st.none() | objects, st.none() | texts),
    st.builds(message.ToolResultPart, texts, texts, st.booleans()),
    st.builds(message.ServerPart, texts, objects, st.booleans()),
)
errors = st.builds(
    ending.ReplyError,
    texts,
    texts,
    status=counts,
    request_id=st.none() | texts,
    retryable=st.booleans(),
    retry_after=st.none() | times,
)
endings = st.builds(
    ending.Ending,
    st.sampled_from(ending.Outcome),
    stop_reason=st.none() | st.sampled_from(ending.StopReason).map(str) | texts,
    stop_sequence=st.none() | texts,
    error=st.none() | errors,
    refusal=st.none() | st.builds(ending.Refusal, st.none() | texts, st.none() | texts),
    cancelled_by=st.none() | st.sampled_from(ending.CancelledBy),
    silent_for=st.none() | times,
    detail=texts,
)
messages = st.builds(
    Message,
    st.sampled_from(Role),
    st.lists(parts, max_size=3).map(tuple),
    created_at=times,
    provider=texts,
    model=texts,
    served_model=texts,
    reply_id=st.none() | texts,
    request_id=st.none() | texts,
    ending=st.none() | endings,
    usage=st.builds(message.Usage, counts, counts, counts, counts, counts),
    limit=st.none() | st.builds(message.TokenLimit, st.integers(1, 10**6), texts),
    timing=st.builds(message.Timing, st.none() | times, st.none() | times),
)

numbers = st.none() | st.integers(1, 2**53)
choices = st.builds(
    Choice,
    texts,
    st.builds(
        Parameters,
        max_tokens=numbers,
        temperature=st.none() | st.floats(0, 2),
        top_p=st.none() | st.floats(0, 1),
        top_k=numbers,
        seed=st.none() | st.integers(-(2**53), 2**53),
        stop=st.none() | st.lists(texts.filter(bool), max_size=2).map(tuple),
        effort=st.none() | st.sampled_from(EFFORTS),
        thinking_budget=numbers,
    ),
)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """A tree: each message under one before it, or under none."""
    conversation = Conversation(title=draw(texts), system=draw(texts))
    conversation.choice = draw(st.just(Choice()) | choices)
    ids: list[str | None] = [None]
    for each in draw(st.lists(messages, max_size=6)):
        conversation.add([(each, draw(st.sampled_from(ids)))])
        ids.append(each.id)
    conversation.rewind(draw(st.sampled_from(ids)))
    return conversation


kept_conversations = st.builds(
    Kept,
    conversations(),
    created_at=times,
    updated_at=times,
    is_pinned=st.booleans(),
    draft=texts,
    waiting=st.lists(texts, max_size=2).map(tuple),
    origin=st.none() | texts,
)


def as_told(kept: Kept) -> tuple[object, ...]:
    """All of a conversation as something that can be compared."""
    conversation = kept.conversation
    return (
        *(conversation.id, conversation.given_title, conversation.system, conversation.head),
        conversation.choice,
        list(conversation.messages()),
        *(kept.created_at, kept.updated_at, kept.is_pinned, kept.draft, kept.waiting),
        kept.origin,
    )
