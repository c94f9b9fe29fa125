"""Whatever lines arrive, however they are cut: no exception, one ending, no false `complete`.

`reading.read_with` asserts for every input that exactly one `ReplyStopped` comes, last, and that
what is kept can be encoded.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ollama_lines import call, chunk, ended, line, read, read_chunks
from reading import cut_at

from tui.chat.ending import Outcome

RECORDED = Path(__file__).parent / "recorded" / "ollama"
RICH = [
    chunk("", thinking="Hm \ud83c"),
    chunk("", thinking="\udf0d"),
    chunk("Gr\u00fc\u00dfe \ud83c"),
    chunk("\udf0d\u2028"),
    chunk("", tool_calls=[call(), call("winds", {"at": [1, None]}, id="call_2")]),
    ended(prompt_eval_count=14, eval_count=9),
]
RICH_BODY = b"".join(RICH)
BODIES = {path.stem: path.read_bytes() for path in RECORDED.glob("*.ndjson")} | {"rich": RICH_BODY}
COMPLETE = {
    name: body for name, body in BODIES.items() if read(body).ending.outcome is Outcome.COMPLETE
}


@pytest.mark.parametrize("name", BODIES)
@given(cuts=st.lists(st.integers(0, 100_000), max_size=12))
@settings(max_examples=15, deadline=None)
def test_any_split_of_a_stream_gives_the_same_events(name, cuts):
    assert read_chunks(cut_at(BODIES[name], cuts)) == read(BODIES[name])


@pytest.mark.parametrize("name", COMPLETE)
def test_a_stream_cut_anywhere_before_its_end_is_truncated(name):
    body = COMPLETE[name]
    lines = body.splitlines(keepends=True)
    last = next(at for at, line in enumerate(lines) if json.loads(line)["done"])
    closing = len(b"".join(lines[:last])) + lines[last].rindex(b"}")
    text = read(body).message.text
    for cut in range(closing + 1):
        result = read(body[:cut])
        assert result.ending.outcome is Outcome.TRUNCATED, cut
        assert text.startswith(result.message.text.removesuffix("\ufffd")), cut
    for cut in range(closing + 1, len(body) + 1):
        assert read(body[:cut]) == read(body)


@given(chunks=st.lists(st.binary(max_size=60), max_size=8))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_end_in_exactly_one_way(chunks):
    assert read_chunks(chunks) == read(b"".join(chunks))


SOUP = st.lists(
    st.sampled_from(
        [
            *[
                b"{",
                b"}",
                b"[",
                b"]",
                b'"',
                b":",
                b",",
                b"\n",
                b"\r\n",
                b" ",
                b"null",
                b"\xef\xbb\xbf",
            ],
            *[b'"done":true', b'"error":"x"', b'{"done":true}', b'{"error":"x"}', b"<html>"],
            *[b'{"message":{"content":"\\ud83c"}}\n', b"\xf0\x9f", b"\xe2\x80\xa8"],
        ]
    ),
    max_size=30,
).map(b"".join)


@given(body=SOUP, cuts=st.lists(st.integers(0, 1000), max_size=4))
@settings(max_examples=400, deadline=None)
def test_a_soup_of_tokens_ends_in_exactly_one_way(body, cuts):
    assert read_chunks(cut_at(body, cuts)) == read(body)


@given(position=st.integers(0, len(RICH_BODY) - 1), byte=st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_one_wrong_byte_in_a_stream_ends_in_exactly_one_way(position, byte):
    before, after = RICH_BODY[:position], bytes([byte]) + RICH_BODY[position + 1 :]
    assert read_chunks([before, after]) == read(before, after)


STRINGS = st.sampled_from(["", "a", "word ", "\ud83c", "\udf0d", "\x1b[2J", "{", '"}', "stop"])
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | STRINGS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(STRINGS, inner, max_size=2),
    max_leaves=4,
)
FUNCTIONS = st.fixed_dictionaries({}, optional={"name": ODD, "arguments": ODD})
CALLS = st.lists(st.fixed_dictionaries({}, optional={"id": ODD, "function": FUNCTIONS | ODD}))
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "content": STRINGS | ODD,
        "thinking": STRINGS | ODD,
        "reasoning_content": ODD,
        "tool_calls": CALLS | ODD,
    },
)
LINES = st.fixed_dictionaries(
    {},
    optional={
        "message": MESSAGES | ODD,
        "model": ODD,
        "created_at": ODD,
        "response": ODD,
        "done_reason": ODD,
        "prompt_eval_count": ODD,
        "eval_count": ODD,
    },
)


@given(lines=st.lists(LINES, max_size=12), cuts=st.lists(st.integers(0, 10_000), max_size=4))
@settings(max_examples=300, deadline=None)
def test_odd_fields_are_never_an_error(lines, cuts):
    body = b"".join(line(**each) for each in lines)
    assert read(body).ending.outcome is Outcome.TRUNCATED
    whole = read(body, ended())
    assert whole.ending.outcome is Outcome.COMPLETE
    assert read_chunks(cut_at(body + ended(), cuts)) == whole


@given(
    lines=st.lists(st.one_of(LINES, ODD, st.just({"done": True}), st.just({"error": "x"}))),
    cuts=st.lists(st.integers(0, 10_000), max_size=4),
)
@settings(max_examples=300, deadline=None)
def test_any_sequence_of_lines_ends_in_exactly_one_way(lines, cuts):
    body = b"".join(json.dumps(each).encode() + b"\n" for each in lines)
    result = read_chunks(cut_at(body, cuts))
    assert result == read(body)
    if result.ending.outcome is Outcome.ERROR:
        assert result.ending.error.message
