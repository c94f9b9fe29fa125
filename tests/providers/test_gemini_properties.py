"""Whatever events arrive, however they are cut: no exception, one ending, no false `complete`.

`reading.read_with` asserts for every input that exactly one `ReplyStopped` comes, last, and that
what is kept can be encoded.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gemini_events import call, chunk, ended, event, failed, read, read_chunks, text, thought
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import cut_at

from tui.chat.ending import Outcome

RECORDED = Path(__file__).parent / "recorded" / "gemini"
SOURCE = {"groundingChunks": [{"web": {"uri": "https://e.org", "title": "T"}}]}
COUNTS = {"promptTokenCount": 5, "candidatesTokenCount": 7, "thoughtsTokenCount": 3}
RICH = [
    chunk(thought("Hm \ud83c"), thought("\udf0d", thoughtSignature="s1")),
    chunk(text("Gr\u00fc\u00dfe \ud83c")),
    chunk(text("\udf0d\u2028"), text("signed", thoughtSignature="s2")),
    chunk({"executableCode": {"language": "PYTHON", "code": "1"}}),
    chunk(call(), call("winds", {"at": [1, None]}, id="fc_2")),
    event({"usageMetadata": COUNTS}),
    chunk({"text": "", "thoughtSignature": "s3"}, finish="STOP", groundingMetadata=SOURCE),
]
RICH_BODY = b"".join(RICH)
BODIES = {path.stem: path.read_bytes() for path in RECORDED.glob("*.sse")} | {"rich": RICH_BODY}
COMPLETE = {
    name: body for name, body in BODIES.items() if read(body).ending.outcome is Outcome.COMPLETE
}


@pytest.mark.parametrize("name", BODIES)
@given(cuts=st.lists(st.integers(0, 100_000), max_size=12))
@settings(max_examples=15, deadline=None)
def test_any_split_of_a_stream_gives_the_same_events(name, cuts):
    assert read_chunks(cut_at(BODIES[name], cuts)) == read(BODIES[name])


@pytest.mark.parametrize("name", COMPLETE)
def test_a_stream_cut_anywhere_before_its_finish_is_truncated(name):
    body = COMPLETE[name]
    finish = max(body.find(b'"finishReason"'), body.find(b'"blockReason"'))
    line_end = min(at for at in (body.find(b"\n", finish), len(body)) if at >= 0)
    closing = body.rindex(b"}", 0, line_end)
    text_ = read(body).message.text
    for cut in range(closing + 1):
        result = read(body[:cut])
        assert result.ending.outcome is Outcome.TRUNCATED, cut
        assert text_.startswith(result.message.text.removesuffix("\ufffd")), cut
    for cut in range(closing + 1, len(body) + 1):
        assert read(body[:cut]).ending == read(body).ending


@given(chunks=st.lists(st.binary(max_size=60), max_size=8))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_end_in_exactly_one_way(chunks):
    assert read_chunks(chunks) == read(b"".join(chunks))


SOUP = st.lists(
    st.sampled_from(
        [
            *[b"data:", b"data", b"event:", b":", b" ", b"\n", b"\r", b"\r\n", b"\n\n", b"error"],
            *[b"{", b"}", b"[", b"]", b'"', b",", b'{"error":"x"}', b'"error": {', b"ping"],
            *[b'{"candidates":[{"finishReason":"STOP"}]}', b"[DONE]", b"\xf0\x9f", b"\xef\xbb\xbf"],
            *[b'{"candidates":[{"content":{"parts":[{"text":"\\ud83c"}]}}]}', b"\0"],
        ]
    ),
    max_size=40,
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


STRINGS = st.sampled_from(["", "a", "word ", "\ud83c", "\udf0d", "\x1b[2J", "{", '"}', "s1"])
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | STRINGS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(STRINGS, inner, max_size=2),
    max_leaves=4,
)


def objects(**fields: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Objects that have some of these fields, and each time in some of them something odd."""
    return st.fixed_dictionaries({}, optional={name: of | ODD for name, of in fields.items()})


PARTS = objects(
    text=STRINGS,
    thought=st.booleans(),
    thoughtSignature=STRINGS,
    functionCall=objects(id=STRINGS, name=STRINGS, args=ODD),
    inlineData=ODD,
)
WEB = objects(web=objects(uri=STRINGS, title=STRINGS))
CANDIDATES = objects(
    index=st.just(0),
    content=objects(parts=st.lists(PARTS, max_size=3)),
    groundingMetadata=objects(groundingChunks=st.lists(WEB, max_size=2)),
)
DOCUMENTS = objects(
    candidates=st.lists(CANDIDATES, max_size=2),
    usageMetadata=objects(
        promptTokenCount=st.integers(),
        candidatesTokenCount=st.integers(),
        thoughtsTokenCount=st.integers(),
        cachedContentTokenCount=st.integers(),
    ),
    responseId=STRINGS,
    modelVersion=STRINGS,
)


@given(documents=st.lists(DOCUMENTS, max_size=8), cuts=st.lists(st.integers(0, 10_000), max_size=4))
@settings(max_examples=300, deadline=None)
def test_odd_fields_are_never_an_error(documents, cuts):
    body = b"".join(event(each) for each in documents)
    assert read(body).ending.outcome is Outcome.TRUNCATED
    whole = read(body, ended())
    assert whole.ending.outcome is Outcome.COMPLETE
    assert read_chunks(cut_at(body + ended(), cuts)) == whole


LATE = [ended(), ended("SAFETY"), event(failed()), json.dumps(failed(), indent=1).encode() + b"\n"]


@given(
    pieces=st.lists(st.one_of(DOCUMENTS.map(event), ODD.map(event), st.sampled_from(LATE))),
    cuts=st.lists(st.integers(0, 10_000), max_size=4),
)
@settings(max_examples=300, deadline=None)
def test_any_sequence_of_events_ends_in_exactly_one_way(pieces, cuts):
    body = b"".join(pieces)
    result = read_chunks(cut_at(body, cuts))
    assert result == read(body)
    if result.ending.outcome is Outcome.ERROR:
        assert result.ending.error.message
