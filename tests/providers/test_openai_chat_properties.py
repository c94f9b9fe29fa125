"""Whatever arrives, however it is cut: no exception, one ending, and never a false `complete`.

`chat_stream.read_chunks` asserts for every input that exactly one `ReplyStopped` comes, last, and
that what is kept can be encoded.
"""

from __future__ import annotations

import json

import pytest
from chat_stream import (
    DONE,
    START,
    call,
    choice,
    chunk,
    data,
    delta,
    ended,
    finish,
    read,
    read_chunks,
    text,
    usage,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.chat.conversation import Conversation
from tui.chat.ending import Outcome
from tui.chat.message import Message
from tui.providers.base import ReplyOptions, Server
from tui.providers.openai_chat import OpenAIChat

# Everything that servers of the family send in one reply, one event after the other.
RICH = [
    START,
    delta(reasoning="Hm. \ud83c", reasoning_details=[{"type": "reasoning.text", "index": 0}]),
    delta(reasoning_content="\udf0d"),
    delta(
        reasoning_details=[
            {"type": "reasoning.text", "text": "so", "signature": "c2ln", "index": 0},
            {"type": "reasoning.encrypted", "data": "b3Bh", "id": "rs_1", "index": 1},
        ]
    ),
    text("Gr\u00fc\u00dfe \ud83c"),
    text([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]),
    text([{"type": "text", "text": "\udf0d, low water at six"}]),
    call(index=0, id="call_a", type="function", name="tides", arguments='{"port": "Br'),
    call(index=1, id="call_b", name="tides", arguments={"port": "Oslo"}),
    call(index=0, arguments='est"}'),
    delta(function_call={"name": "f", "arguments": ""}),
    chunk(choice({"content": "not mine"}, "stop", index=1), x_groq={"usage": {}}),
    chunk(choice({"content": ""}, "tool_calls", stop_reason=None), system_fingerprint="x"),
    usage(
        prompt_tokens=9,
        completion_tokens=5,
        prompt_tokens_details={"cached_tokens": 4},
        completion_tokens_details={"reasoning_tokens": 2},
    ),
    DONE,
]
RICH_BODY = b"".join(RICH)
FINISHED = RICH.index(next(raw for raw in RICH if b'"tool_calls", "stop_reason"' in raw))
MARKER = len(b"".join(RICH[: FINISHED + 1])) - 2
"""Where the JSON of the finish reason is whole."""


def cut_at(body: bytes, cuts: list[int]) -> list[bytes]:
    marks = sorted(cut % (len(body) + 1) for cut in cuts)
    return [body[a:b] for a, b in zip([0, *marks], [*marks, len(body)], strict=True)]


# Any split


def test_a_rich_stream_is_what_it_looks_like():
    result = read(RICH_BODY)
    assert result.ending.stop_reason == "tool_use"
    assert result.message.text == "Gr\u00fc\u00dfe \U0001f30d, low water at six"
    assert result.message.thinking == "Hm. \U0001f30dsoHm"
    assert [call_[0] for call_ in result.calls] == ["call_a", "call_b"]


def test_every_split_in_two_of_a_stream_gives_the_same():
    whole = read(RICH_BODY)
    for cut in range(len(RICH_BODY)):
        assert read_chunks([RICH_BODY[:cut], RICH_BODY[cut:]]) == whole, cut


@given(
    lines=st.lists(
        st.sampled_from(
            [
                *RICH,
                *[b"\n", b": c\n", b"data: {\n", b"event: ping\n", b"event: error\n", b"<html>\n"],
                *[b'error: {"message":"m"}\n', b'{"error":1}', finish(), data({"error": "x"})],
            ]
        ),
        max_size=12,
    ),
    end=st.sampled_from([b"\n", b"\r", b"\r\n"]),
    cuts=st.lists(st.integers(0, 100_000), max_size=8),
)
@settings(max_examples=200, deadline=None)
def test_any_split_of_a_mangled_stream_gives_the_same_events(lines, end, cuts):
    body = b"".join(lines).replace(b"\n", end)
    assert read_chunks(cut_at(body, cuts)) == read(body)


# Any cut


@pytest.mark.parametrize("crlf", [False, True])
def test_a_stream_cut_anywhere_is_never_an_error_and_complete_only_after_its_finish_reason(crlf):
    body = RICH_BODY.replace(b"\n", b"\r\n") if crlf else RICH_BODY
    marker = MARKER + RICH_BODY[:MARKER].count(b"\n") * crlf
    words = read(body).message.text
    for cut in range(len(body) + 1):
        result = read(body[:cut])
        expected = Outcome.COMPLETE if cut >= marker else Outcome.TRUNCATED
        assert result.ending.outcome is expected, cut
        # A cut between two halves of an emoji leaves a mark for the first one.
        assert words.startswith(result.message.text.removesuffix("\ufffd")), cut


# Any garbage


@given(chunks=st.lists(st.binary(max_size=60), max_size=8))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_end_in_exactly_one_way(chunks):
    assert read_chunks(chunks) == read(b"".join(chunks))


SSE_SOUP = st.lists(
    st.sampled_from(
        [
            *[b"data", b"event", b"id", b"error", b":", b" ", b"\n", b"\r", b"\r\n", b"\n\n"],
            *[b"{", b"}", b'{"choices":[{"finish_reason":"stop"}]}', b'{"error":"x"}', b"ping"],
            *[b"[DONE]", b'"', b"\0", b"\xef\xbb\xbf", b"\xf0\x9f", b"\x8c\x8d", b'{"message":1}'],
        ]
    ),
    max_size=40,
).map(b"".join)


@given(body=SSE_SOUP, cut=st.integers(0, 10_000))
@settings(max_examples=300, deadline=None)
def test_a_soup_of_tokens_ends_in_exactly_one_way(body, cut):
    assert read_chunks(cut_at(body, [cut])) == read(body)


@given(position=st.integers(0, len(RICH_BODY) - 1), byte=st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_one_wrong_byte_in_a_stream_ends_in_exactly_one_way(position, byte):
    before, after = RICH_BODY[:position], bytes([byte]) + RICH_BODY[position + 1 :]
    assert read_chunks([before, after]) == read(before, after)


# Any chunks

STRINGS = st.sampled_from(
    ["", "a", "word ", "\ud83c", "\udf0d", "\U0001f30d", "\x1b[2J", "{", '"}', "stop", "error"]
)
NUMBERS = st.sampled_from([0, 0, 1, 2, -1, 1.5, 429, 10**30])
ODD = st.recursive(
    st.none() | st.booleans() | NUMBERS | STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS, inner, max_size=2),
    max_leaves=5,
)


def filled(*names: str, **known: st.SearchStrategy) -> st.SearchStrategy:
    """An object with some of its fields, likely and unlikely values among them."""
    return st.fixed_dictionaries(
        {}, optional={name: known.get(name, STRINGS) | ODD for name in (*names, *known)}
    )


FUNCTIONS = filled("name", "arguments")
CALLS = filled("id", "type", index=NUMBERS, function=FUNCTIONS)
DETAILS = filled("id", "text", "summary", "data", "signature", "type", index=NUMBERS)
PARTS = filled("text", type=st.sampled_from(["text", "thinking"]), thinking=st.lists(FUNCTIONS))
DELTAS = filled(
    "reasoning_content",
    "reasoning",
    "refusal",
    content=STRINGS | st.lists(PARTS, max_size=3),
    tool_calls=st.lists(CALLS, max_size=3),
    function_call=FUNCTIONS,
    reasoning_details=st.lists(DETAILS, max_size=3),
)
COUNTS = filled(prompt_tokens=NUMBERS, completion_tokens=NUMBERS, prompt_tokens_details=ODD)
CHOICES = filled("stop_reason", index=NUMBERS, delta=DELTAS, message=DELTAS)
CHUNKS = filled("id", "model", choices=st.lists(CHOICES, max_size=3), usage=COUNTS)
NAMES = st.sampled_from(["", "", "", "message", "ping", "error"])
EVENTS = st.one_of(
    st.builds(data, CHUNKS),
    st.builds(data, CHUNKS),
    st.builds(data, ODD.map(json.dumps), name=NAMES),
    st.builds(data, filled("error", "object", "message", "x_groq", "choices"), name=NAMES),
    st.builds(finish, ODD | STRINGS),
    st.just(DONE),
)


@given(events=st.lists(EVENTS, max_size=20), over=st.booleans(), cut=st.integers(0, 10_000))
@settings(max_examples=400, deadline=None)
def test_any_sequence_of_chunks_ends_in_exactly_one_way_and_can_be_followed_by_a_turn(
    events, over, cut
):
    body = b"".join(events) + ended() * over
    result = read_chunks(cut_at(body, [cut]))
    assert result == read(body)
    if result.ending.outcome is Outcome.ERROR:
        assert result.ending.error is not None
        assert result.ending.error.message
    conversation = Conversation()
    for message in (Message.from_user("a"), result.message, Message.from_user("b")):
        conversation.append(message)
    sent = OpenAIChat(Server("p", "https://host")).build_request(conversation, ReplyOptions("m-1"))
    assert json.loads(sent.body)["messages"]


def without_errors(found: object) -> bool:
    return not any(word in json.dumps(found) for word in ('"error"', '"abort"'))


@given(chunks=st.lists(CHUNKS.filter(without_errors), max_size=12))
@settings(max_examples=200, deadline=None)
def test_odd_fields_alone_are_never_an_error(chunks):
    events = [data(found) for found in chunks]
    assert read(*events).ending.outcome is Outcome.TRUNCATED
    assert read(*events, DONE).ending.outcome is Outcome.TRUNCATED
    assert read(*events, ended()).ending.outcome is Outcome.COMPLETE


# Any field


def paths(value: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [*([at] if at else []), *(p for key, child in inner for p in paths(child, (*at, key)))]


def with_odd_field(raw: bytes, path: tuple[object, ...], odd: object) -> bytes:
    document = json.loads(raw.removeprefix(b"data: "))
    target = document
    for key in path[:-1]:
        target = target[key]
    if odd is ...:
        del target[path[-1]]
    else:
        target[path[-1]] = odd
    return data(document)


FIELD_PATHS = [
    (number, path)
    for number, raw in enumerate(RICH[:-1])
    for path in paths(json.loads(raw.removeprefix(b"data: ")))
]


@pytest.mark.parametrize(
    "odd", [..., None, 7, -1.5, True, "x", "", [], [1, {"a": None}], {}, {"type": "x"}, "\ud83c"]
)
def test_any_field_may_be_missing_or_of_the_wrong_type(odd):
    for number, path in FIELD_PATHS:
        changed = with_odd_field(RICH[number], path, odd)
        outcome = read(*RICH[:number], changed, *RICH[number + 1 :]).ending.outcome
        # Without its choice or its finish reason a reply is not complete.
        may_be_cut = number == FINISHED and path[0] == "choices"
        assert outcome is Outcome.COMPLETE or (may_be_cut and outcome is Outcome.TRUNCATED), path
