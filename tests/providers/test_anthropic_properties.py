"""Whatever arrives, however it is cut: no exception, one ending, and never a false `complete`.

`messages_stream.read_chunks` asserts for every input that exactly one `ReplyStopped` comes, last,
and that what is kept can be encoded.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messages_stream import (
    PING,
    STOP,
    block,
    close,
    delta,
    event,
    json_piece,
    named,
    read,
    read_chunks,
    start,
    text,
    thinking,
    unnamed,
)

from tui.chat.ending import Outcome

BODIES = {
    path.stem: path.read_bytes() for path in (Path(__file__).parent / "recorded").glob("*.sse")
}
# Everything the API can send in one reply, one event after the other.
RICH = [
    start(usage={"input_tokens": 3, "output_tokens": 1, "output_tokens_details": {}}),
    block(0, "thinking", thinking="", signature=""),
    thinking(0, "Hm. \ud83c"),
    thinking(0, "\udf0d"),
    delta(0, "signature_delta", signature="c2ln"),
    close(0),
    block(1, "redacted_thinking", data="ZGF0YQ=="),
    close(1),
    PING,
    block(2, "server_tool_use", id="srv_1", name="web_search", input={}),
    json_piece(2, '{"query": "tides"}'),
    close(2),
    block(3, "web_search_tool_result", tool_use_id="srv_1", content=[{"url": "https://e.org"}]),
    close(3),
    block(4, "text", text="", citations=None),
    text(4, "Gr\u00fc\u00dfe \ud83c"),
    text(4, "\udf0d, low water at six"),
    delta(
        4, "citations_delta", citation={"cited_text": "six", "title": "T", "url": "https://e.org"}
    ),
    close(4),
    block(5, "tool_use", id="toolu_1", name="tides", input={}),
    json_piece(5, '{"port": "Br'),
    json_piece(5, 'est"}'),
    close(5),
    event(
        "message_delta",
        delta={
            "stop_reason": "tool_use",
            "stop_sequence": None,
            "stop_details": {"category": None, "explanation": None},
        },
        usage={"output_tokens": 9, "cache_read_input_tokens": 2},
    ),
    STOP,
]
RICH_BODY = b"".join(RICH)
COMPLETE = {
    name: body
    for name, body in {**BODIES, "rich": RICH_BODY}.items()
    if read(body).ending.outcome is Outcome.COMPLETE
}


def cut_at(body: bytes, cuts: list[int]) -> list[bytes]:
    marks = sorted(cut % (len(body) + 1) for cut in cuts)
    return [body[a:b] for a, b in zip([0, *marks], [*marks, len(body)], strict=True)]


# Any split


@pytest.mark.parametrize("name", [*BODIES, "rich"])
@given(cuts=st.lists(st.integers(0, 100_000), max_size=12))
@settings(max_examples=15, deadline=None)
def test_any_split_of_a_stream_gives_the_same_events_and_the_same_message(name, cuts):
    body = {**BODIES, "rich": RICH_BODY}[name]
    assert read_chunks(cut_at(body, cuts)) == read(body)


@given(
    lines=st.lists(
        st.sampled_from(
            [*RICH, b"\n", b": c\n", b"data: {\n", b"event: ping\n", b"<html>\n", b'{"error":1}']
        ),
        max_size=12,
    ),
    end=st.sampled_from([b"\n", b"\r", b"\r\n"]),
    cuts=st.lists(st.integers(0, 100_000), max_size=8),
)
@settings(max_examples=150, deadline=None)
def test_any_split_of_a_mangled_stream_gives_the_same_events(lines, end, cuts):
    body = b"".join(lines).replace(b"\n", end)
    assert read_chunks(cut_at(body, cuts)) == read(body)


# Any cut


@pytest.mark.parametrize("name", COMPLETE)
def test_a_stream_cut_anywhere_before_its_end_marker_is_whole_is_truncated(name):
    body = COMPLETE[name]
    # Up to its closing brace the end marker is not there; after it the blank line may be missing.
    marker_is_whole = body.rindex(b"}") + 1
    text_ = read(body).message.text
    # Every byte of the short ones; of the others every byte of the end, where a mistake would show.
    step = 1 if len(body) < 2_000 else 7
    cuts = {*range(0, marker_is_whole, step), *range(marker_is_whole - 400, marker_is_whole)}
    for cut in cuts:
        result = read(body[: max(cut, 0)])
        assert result.ending.outcome is Outcome.TRUNCATED, cut
        # A cut between two halves of an emoji leaves a mark for the first one.
        assert text_.startswith(result.message.text.removesuffix("\ufffd")), cut
    for cut in range(marker_is_whole, len(body) + 1):
        assert read(body[:cut]) == read(body)


@given(cut=st.integers(0, len(RICH_BODY)), crlf=st.booleans(), split=st.integers(0, 10_000))
@settings(max_examples=100, deadline=None)
def test_a_stream_cut_anywhere_is_never_an_error_and_never_wrongly_complete(cut, crlf, split):
    body = RICH_BODY.replace(b"\n", b"\r\n") if crlf else RICH_BODY
    kept = body[:cut]
    result = read_chunks(cut_at(kept, [split]))
    assert result.ending.outcome is (Outcome.COMPLETE if STOP[:-2] in kept else Outcome.TRUNCATED)


# Any garbage


@given(chunks=st.lists(st.binary(max_size=60), max_size=8))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_end_in_exactly_one_way(chunks):
    result = read_chunks(chunks)
    assert result == read(b"".join(chunks))


SSE_SOUP = st.lists(
    st.sampled_from(
        [
            *[b"data", b"event", b"id", b"retry", b":", b" ", b"\n", b"\r", b"\r\n", b"\n\n"],
            *[b"{", b"}", b'{"type":"message_stop"}', b"message_stop", b"ping", b"error"],
            *[b"[DONE]", b'"', b"\0", b"\xef\xbb\xbf", b"\xf0\x9f", b"\x8c\x8d"],
            *[b"content_block_delta", b'"\\ud83c"'],
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


# Any events

INDEX = st.sampled_from([0, 0, 1, 1, 2, 5, -1, None, "0", 1.5, True, 10**30])
STRINGS = st.sampled_from(
    ["", "a", "word ", "\ud83c", "\udf0d", "\U0001f30d", "\x1b[2J", "{", '"}']
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | STRINGS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(STRINGS, inner, max_size=2),
    max_leaves=4,
)
KINDS = st.sampled_from(
    ["text", "thinking", "redacted_thinking", "tool_use", "server_tool_use", "compaction", "new"]
)
DELTAS = st.sampled_from(
    [
        *["text_delta", "thinking_delta", "input_json_delta", "signature_delta"],
        *["citations_delta", "compaction_delta", "new_delta"],
    ]
)
FIELDS = ["text", "thinking", "signature", "partial_json", "citation", "citations", "data", "id"]
FIELDS += ["name", "input", "content", "index", "type", "stop_reason", "usage", "delta", "error"]
FILLED = st.dictionaries(st.sampled_from(FIELDS), STRINGS | ODD, max_size=4)
NAMES = ["message_start", "content_block_start", "content_block_delta", "content_block_stop"]
NAMES += ["message_delta", "ping", "error", "message_stop", "message", "new_event"]

LIKELY = st.one_of(
    st.builds(block, INDEX, KINDS, input=ODD, text=STRINGS, thinking=STRINGS, data=ODD),
    st.builds(delta, INDEX, DELTAS, text=STRINGS, thinking=STRINGS, partial_json=STRINGS),
    st.builds(delta, INDEX, DELTAS, citation=ODD, signature=ODD, content=ODD),
    st.builds(close, INDEX),
    st.builds(lambda d, u: event("message_delta", delta=d, usage=u), FILLED | ODD, FILLED | ODD),
    st.builds(lambda d: event("message_start", message=d), FILLED | ODD),
    st.just(PING),
)
UNLIKELY = st.one_of(
    st.builds(lambda n, d: named(n, json.dumps(d)), st.sampled_from(NAMES), FILLED),
    st.builds(lambda d: unnamed(json.dumps(d)), FILLED),
    st.builds(lambda d: unnamed(json.dumps(d)), ODD),
    st.just(STOP),
)


@given(
    events=st.lists(st.one_of(LIKELY, LIKELY, LIKELY, LIKELY, UNLIKELY), max_size=25),
    stopped=st.booleans(),
    cut=st.integers(0, 10_000),
)
@settings(max_examples=300, deadline=None)
def test_any_sequence_of_events_ends_in_exactly_one_way(events, stopped, cut):
    body = b"".join(events) + STOP * stopped
    result = read_chunks(cut_at(body, [cut]))
    assert result == read(body)
    if stopped:
        assert result.ending.outcome in {Outcome.COMPLETE, Outcome.ERROR}
    if result.ending.outcome is Outcome.ERROR:
        assert result.ending.error is not None
        assert result.ending.error.message


@given(events=st.lists(LIKELY, max_size=25))
@settings(max_examples=200, deadline=None)
def test_odd_fields_and_odd_orders_alone_are_never_an_error(events):
    assert read(*events, STOP).ending.outcome is Outcome.COMPLETE
    assert read(*events).ending.outcome is Outcome.TRUNCATED


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
    name, _, data = raw.decode().partition("\n")
    document = json.loads(data.removeprefix("data: "))
    target = document
    for key in path[:-1]:
        target = target[key]
    if odd is ...:
        del target[path[-1]]
    else:
        target[path[-1]] = odd
    return f"{name}\ndata: {json.dumps(document)}\n\n".encode()


FIELD_PATHS = [
    (number, path)
    for number, raw in enumerate(RICH)
    for path in paths(json.loads(raw.partition(b"data: ")[2]))
]


@pytest.mark.parametrize(
    "odd", [..., None, 7, -1.5, True, "x", "", [], [1, {"a": None}], {}, {"type": "x"}, "\ud83c"]
)
def test_any_field_may_be_missing_or_of_the_wrong_type(odd):
    for number, path in FIELD_PATHS:
        changed = with_odd_field(RICH[number], path, odd)
        result = read(*RICH[:number], changed, *RICH[number + 1 :])
        lost_the_end = path == ("type",) and RICH[number] is STOP and isinstance(odd, str) and odd
        expected = Outcome.TRUNCATED if lost_the_end else Outcome.COMPLETE
        assert result.ending.outcome is expected, (number, path)


@pytest.mark.parametrize("odd", [..., None, 7, "x", [], {}])
def test_a_wrong_field_outside_of_the_text_leaves_the_text_whole(odd):
    whole_text = read(RICH_BODY).message.text
    for number, path in FIELD_PATHS:
        if 14 <= number <= 18 or path == ("index",):
            continue  # the events of the text block itself, and what moves another block into it
        changed = with_odd_field(RICH[number], path, odd)
        result = read(*RICH[:number], changed, *RICH[number + 1 :])
        assert result.message.text == whole_text, (number, path)
