"""Bytes to lines of JSON: LF ends a line and nothing else does, and no split changes anything."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.errors import EventTooLarge
from tui.wire.ndjson import NDJSONDecoder

BOM = b"\xef\xbb\xbf"


def lines(*chunks: bytes, max_bytes: int = 1000) -> tuple[list[str], str | None]:
    """The lines that have ended, and the one that has not."""
    decoder = NDJSONDecoder(max_bytes=max_bytes)
    found = [event for chunk in chunks for event in decoder.feed(chunk)]
    assert decoder.close() == []
    rest = decoder.pending()
    assert rest == decoder.pending()
    assert all((event.event, event.id, event.retry) == ("message", "", None) for event in found)
    assert decoder.ignored_lines == decoder.events_before == []
    return [event.data for event in found], rest and rest.data


def outgrown(*chunks: bytes, max_bytes: int) -> list[str]:
    """The lines before the one that is too long."""
    decoder = NDJSONDecoder(max_bytes=max_bytes)
    found = []

    def feed() -> None:
        for chunk in chunks:
            found.extend(decoder.feed(chunk))

    with pytest.raises(EventTooLarge, match=f"more than {max_bytes:,} bytes") as caught:
        feed()
    found += caught.value.events
    assert decoder.pending() is None
    with pytest.raises(EventTooLarge) as again:
        decoder.feed(b"{}\n")
    assert again.value.events == ()
    return [event.data for event in found]


def test_each_line_is_an_event():
    assert lines(b'{"a":1}\n{"b":2}\n') == (['{"a":1}', '{"b":2}'], None)


def test_a_last_line_without_its_end_is_pending():
    assert lines(b'{"a":1}\n{"b":2}') == (['{"a":1}'], '{"b":2}')
    assert lines(b'{"a":1}\n{"b":') == (['{"a":1}'], '{"b":')


def test_nothing_is_pending_after_a_line_end_or_in_an_empty_body():
    assert lines() == ([], None)
    assert lines(b"") == ([], None)
    assert lines(b"{}\n  \t") == (["{}"], None)


@pytest.mark.parametrize(
    "character",
    [
        *("\u2028", "\u2029", "\u0085", "\u00a0", "\ufeff"),
        *("\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x00"),
    ],
)
def test_a_character_that_only_python_takes_for_a_line_end_stays_in_its_line(character):
    text = f'{{"text":"before{character}after{character}"}}'
    assert lines(f"{text}\n".encode()) == ([text], None)
    assert lines(text.encode()) == ([], text)


def test_a_carriage_return_in_the_middle_of_a_line_ends_nothing():
    assert lines(b'{"a":\r1}\n') == (['{"a":\r1}'], None)


def test_crlf_is_a_line_end_too():
    assert lines(b'{"a":1}\r\n{"b":2}\r\n') == (['{"a":1}', '{"b":2}'], None)
    assert lines(b'{"a":1}\r', b'\n{"b":2}\r') == (['{"a":1}'], '{"b":2}')


def test_blank_lines_are_no_events():
    assert lines(b'\n\r\n \t\n{"a":1}\n\n\n{"b":2}\n\r\n') == (['{"a":1}', '{"b":2}'], None)


def test_one_byte_order_mark_is_removed_at_the_very_beginning():
    assert lines(BOM + b'{"a":1}\n{"b":2}\n') == (['{"a":1}', '{"b":2}'], None)
    assert lines(BOM + b'{"a":1}') == ([], '{"a":1}')
    assert lines(BOM + BOM + b"{}\n") == (["\ufeff{}"], None)
    assert lines(b"{}\n" + BOM + b"{}\n") == (["{}", "\ufeff{}"], None)


@pytest.mark.parametrize("begun", [BOM[:1], BOM[:2], BOM])
def test_of_a_byte_order_mark_that_was_cut_nothing_is_pending(begun):
    assert lines(begun) == ([], None)
    assert lines(b"\n" + begun)[1] is not None


def test_broken_utf8_is_replaced_and_breaks_no_other_line():
    assert lines(b'"\xf0\x9f"\n"ok"\n\xff') == (['"\ufffd"', '"ok"'], "\ufffd")


def test_a_line_of_exactly_the_limit_is_taken_and_one_more_byte_is_too_long():
    assert lines(b"x" * 20 + b"\n", max_bytes=20) == (["x" * 20], None)
    assert outgrown(b"x" * 21 + b"\n", max_bytes=20) == []


@pytest.mark.parametrize("size", [1, 7, 100])
def test_lines_before_one_that_is_too_long_are_kept(size):
    body = b'{"a":1}\n{"b":2}\n' + b"x" * 50 + b'\n{"c":3}\n'
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    assert outgrown(*chunks, max_bytes=20) == ['{"a":1}', '{"b":2}']


def test_a_line_is_too_long_before_it_has_ended():
    assert outgrown(b"x" * 15, b"x" * 15, max_bytes=20) == []


def test_many_lines_may_together_be_longer_than_the_limit():
    assert len(lines(b"{}\n" * 100, max_bytes=10)[0]) == 100


def test_after_the_end_nothing_can_be_fed():
    decoder = NDJSONDecoder()
    decoder.close()
    with pytest.raises(ValueError, match="after close"):
        decoder.feed(b"")


BODY = (
    BOM
    + '{"text":"Gr\u00fc\u00dfe \U0001f30d\u2028\u0085\x0b\x0c"}\r\n\n  \n'.encode()
    + b'{"a":"\xff"}\n'
    + b'{"last":true}'
)


@pytest.mark.parametrize("body", [BODY, BODY + b"\n", BODY + b"\r\n\r\n", BODY + b"\nx"])
def test_a_split_at_every_byte_gives_the_same_lines(body):
    whole = lines(body)
    for at in range(len(body) + 1):
        assert lines(body[:at], body[at:]) == whole, at
    assert lines(*(body[at : at + 1] for at in range(len(body)))) == whole


SOUP = st.lists(
    st.sampled_from([b"\n", b"\r", b"\r\n", b"{}", b" ", b"\xef", b"\xbb\xbf", BOM, b"x" * 9]),
    max_size=20,
).map(b"".join)


@given(body=st.one_of(SOUP, st.binary(max_size=60)), cuts=st.lists(st.integers(0, 80), max_size=5))
@settings(max_examples=300, deadline=None)
def test_any_split_of_any_bytes_gives_the_same_lines(body, cuts):
    marks = sorted(min(cut, len(body)) for cut in cuts)
    chunks = [body[a:b] for a, b in zip([0, *marks], [*marks, len(body)], strict=True)]
    assert lines(*chunks) == lines(body)


SMALL = st.dictionaries(st.text(max_size=4), st.text(max_size=8), max_size=4)


@given(documents=st.lists(SMALL, max_size=8))
@settings(deadline=None)
def test_every_document_that_was_written_is_read(documents):
    body = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in documents)
    found, rest = lines(body.encode(), max_bytes=10_000)
    assert [json.loads(line) for line in found] == documents
    assert rest is None
