"""Messages and reply events as JSON: what comes back, and what is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.storage.exchange.trees import choices, citations, messages, objects, texts
from tui.chat import events
from tui.chat.ending import Ending, Outcome
from tui.chat.message import Message, Role, TextPart, ToolUsePart, Usage
from tui.chat.parameters import Choice, Parameters
from tui.storage.codec import (
    CodecError,
    decode,
    decode_events,
    decode_part,
    encode,
    encode_events,
)

blocks = st.integers(0, 2)
happened = st.one_of(
    st.builds(events.ResponseAccepted, st.none() | texts),
    st.builds(events.ReplyStarted, st.none() | texts, st.none() | texts),
    st.builds(events.TextDelta, texts, blocks),
    st.builds(events.ThinkingDelta, texts, blocks),
    st.builds(events.PartSigned, texts, blocks),
    st.builds(events.ThinkingRedacted, texts, blocks),
    st.builds(events.CitationAdded, citations, blocks),
    st.builds(events.ToolUseStarted, texts, texts, objects, blocks),
    st.builds(events.ToolInputDelta, texts, blocks),
    st.builds(events.ServerBlock, texts, objects, blocks, st.booleans()),
    st.builds(events.UsageReported, st.builds(Usage, st.none() | st.integers(0, 9))),
)


def through_json(value: object) -> object:
    return json.loads(json.dumps(encode(value)))


@settings(max_examples=100, deadline=None)
@given(messages)
def test_a_message_comes_back_as_it_was(message: Message):
    assert decode(Message, through_json(message), "here") == message


@settings(max_examples=100, deadline=None)
@given(choices)
def test_what_was_chosen_comes_back_as_it_was(choice: Choice):
    assert decode(Choice, through_json(choice), "here") == choice


@settings(max_examples=100, deadline=None)
@given(st.lists(happened, max_size=8), st.integers(0, 8))
def test_events_can_be_written_in_any_pieces(found: list[events.ReplyEvent], cut: int):
    def texts_by_block(kind: type) -> dict[int, str]:
        back = decode_events(json.loads(json.dumps(encode_events(found))), "here")
        told: dict[int, str] = {}
        for event in back:
            if isinstance(event, kind):
                told[event.block] = told.get(event.block, "") + event.text
        return told

    whole = encode_events(found)
    back = decode_events(json.loads(json.dumps(whole)), "here")
    assert encode_events(back) == whole
    assert {type(event) for event in back} == {type(event) for event in found}
    pieces = [*encode_events(found[:cut]), *encode_events(found[cut:])]
    assert encode_events(decode_events(pieces, "here")) == whole
    for kind in (events.TextDelta, events.ThinkingDelta):
        said = "".join(event.text for event in found if isinstance(event, kind))
        assert sum(map(len, texts_by_block(kind).values())) == len(said)


def test_what_has_its_default_is_left_out():
    message = Message(Role.USER, (TextPart("When?"),), id="q1", created_at=5.0)
    assert encode(message) == {
        "role": "user",
        "parts": [{"kind": "text", "text": "When?"}],
        "id": "q1",
        "created_at": 5.0,
    }
    assert encode(Ending(Outcome.COMPLETE, "end_turn")) == {
        "outcome": "complete",
        "stop_reason": "end_turn",
    }


def test_only_what_was_chosen_is_kept():
    assert encode(Choice()) == {}
    assert encode(Choice(parameters=Parameters(top_k=5, stop=()))) == {
        "parameters": {"top_k": 5, "stop": []}
    }


def test_signatures_of_text_and_calls_are_kept_where_there_are_any():
    signed = (TextPart("At six.", signature="s1"), ToolUsePart("t", "look", {}, "s2"))
    message = Message(Role.ASSISTANT, signed, id="a1", created_at=5.0)
    assert encode(message)["parts"] == [
        {"kind": "text", "text": "At six.", "signature": "s1"},
        {"kind": "tool_use", "id": "t", "name": "look", "input": {}, "signature": "s2"},
    ]


def test_pieces_of_one_block_are_joined_and_those_of_two_are_not():
    happened = [
        events.TextDelta("At ", 0),
        events.Alive(),
        events.TextDelta("six", 0),
        events.TextDelta(".", 1),
        events.ToolInputDelta('{"a"', 2),
        events.ToolInputDelta(": 1}", 2),
    ]
    assert decode_events(encode_events(happened), "here") == [
        events.TextDelta("At six", 0),
        events.TextDelta(".", 1),
        events.ToolInputDelta('{"a": 1}', 2),
    ]


def test_halves_of_surrogate_pairs_are_repaired():
    part = decode_part(
        {"kind": "tool_use", "id": "\ud83c", "name": "x", "input": {"a": "\ud83c"}}, "p"
    )
    assert part == ToolUsePart("\ufffd", "x", {"a": "\ufffd"})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (5, "here is not an object"),
        ({}, "here has no 'parts'"),
        ({"role": "robot", "parts": []}, "here.role is none of user, assistant"),
        ({"role": "user", "parts": {}}, "here.parts is not a list"),
        ({"role": "user", "parts": [{}]}, r"here.parts\[0\] has no kind"),
        ({"role": "user", "parts": [{"kind": "text"}]}, r"here.parts\[0\] has no 'text'"),
        ({"role": "user", "parts": [], "colour": 1}, "'colour', which is not known"),
        ({"role": "user", "parts": [], "created_at": True}, "here.created_at is not a float"),
        ({"role": "user", "parts": [], "created_at": 10**400}, "here.created_at is too large"),
        ({"role": "user", "parts": [], "created_at": float("nan")}, "created_at is too large"),
        ({"role": "user", "parts": [], "usage": {"input_tokens": 1.5}}, "is not a int"),
        (
            {"role": "user", "parts": [{"kind": "text", "text": "", "signature": 5}]},
            "signature is not a str",
        ),
    ],
)
def test_what_is_no_message_is_refused_and_says_where(data: object, said: str):
    with pytest.raises(CodecError, match=said):
        decode(Message, data, "here")
