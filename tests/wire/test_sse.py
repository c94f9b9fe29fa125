"""The rules of WHATWG HTML §9.2.5/§9.2.6 one by one, and what Rill adds to them.

That no split of the bytes changes anything is tested in test_sse_properties.py.
"""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tui.errors import EventTooLarge
from tui.wire.sse import ServerSentEvent, SSEDecoder

if TYPE_CHECKING:
    from collections.abc import Iterable

RECORDED = Path(__file__).parent / "recorded"


def decode(*chunks: bytes) -> list[ServerSentEvent]:
    decoder = SSEDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.close()


def data_of(*chunks: bytes) -> list[str]:
    return [event.data for event in decode(*chunks)]


def feed_all(decoder: SSEDecoder, chunks: Iterable[bytes]) -> None:
    for chunk in chunks:
        decoder.feed(chunk)


def ignored(*chunks: bytes, close: bool = True) -> list[str]:
    decoder = SSEDecoder()
    feed_all(decoder, chunks)
    if close:
        decoder.close()
    return list(decoder.ignored_lines)


# The event


def test_an_event_is_an_immutable_tuple_of_event_data_id_and_retry():
    (event,) = decode(b"id: 7\nevent: ping\nretry: 250\ndata: {}\n\n")
    assert event == ServerSentEvent("ping", "{}", "7", 250)
    assert ServerSentEvent._fields == ("event", "data", "id", "retry")
    with pytest.raises(AttributeError):
        event.data = "other"


def test_an_event_without_a_type_is_a_message():
    assert decode(b"data: x\n\n") == [ServerSentEvent("message", "x", "", None)]


# The byte order mark


def test_one_leading_byte_order_mark_is_removed():
    assert data_of(b"\xef\xbb\xbfdata: x\n\n") == ["x"]


def test_a_byte_order_mark_split_over_chunks_is_removed():
    assert data_of(b"\xef", b"", b"\xbb", b"\xbfda", b"ta: x\n\n") == ["x"]


def test_a_second_byte_order_mark_makes_the_first_line_an_unknown_field():
    body = b"\xef\xbb\xbf\xef\xbb\xbfdata: x\ndata: y\n\n"
    assert data_of(body) == ["y"]
    assert ignored(body) == ["\ufeffdata: x"]


def test_a_byte_order_mark_later_in_the_stream_stays():
    assert data_of(b"data: \xef\xbb\xbfx\n\n", b"\xef\xbb\xbfdata: y\n\n") == ["\ufeffx"]


def test_bytes_that_only_begin_like_a_byte_order_mark_are_kept():
    assert ignored(b"\xef\xbb", b"data: x\n\n") == ["\ufffddata: x"]
    assert ignored(b"\xef\xbb") == ["\ufffd"]


def test_nothing_comes_of_a_byte_order_mark_alone():
    decoder = SSEDecoder()
    assert decoder.feed(b"\xef\xbb\xbf") == []
    assert decoder.pending() is None
    assert decoder.close() == []
    assert decoder.ignored_lines == []


# UTF-8


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\xff", "\ufffd"),
        (b"a\xe2\x82b", "a\ufffdb"),  # a sequence cut short is one mark
        (b"\xf0\x9f\x98", "\ufffd"),
        (b"\xf0\x80\x80", "\ufffd\ufffd\ufffd"),  # F0 80 can begin nothing: three marks
        (b"\xc0\x80", "\ufffd\ufffd"),  # an overlong NUL is not a NUL
        (b"\xed\xa0\xbd", "\ufffd\ufffd\ufffd"),  # a surrogate
        ("Grüße 🌍".encode(), "Grüße 🌍"),
    ],
)
def test_broken_utf8_is_replaced_and_never_raises(raw: bytes, text: str):
    assert data_of(b"data: " + raw + b"\n\n") == [text]
    assert data_of(b"data:  " + raw + b"\ndata\n\n") == [" " + text + "\n"]


def test_a_line_end_after_a_broken_sequence_still_ends_the_line():
    assert data_of(b"data: a\xe2\x82\ndata: b\n\n") == ["a\ufffd\nb"]


def test_a_character_split_over_chunks_is_one_character():
    body = "data: 🌍é\n\n".encode()
    assert data_of(*(bytes([byte]) for byte in body)) == ["🌍é"]


def test_the_event_type_is_decoded_with_replacement_too():
    assert decode(b"event: \xffx\ndata\n\n")[0].event == "\ufffdx"


# Line ends


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lf_crlf_and_cr_end_lines(end: bytes):
    body = end.join([b"event: a", b"data: 1", b"data: 2", b"", b"data: 3", b"", b""])
    assert decode(body) == [
        ServerSentEvent("a", "1\n2", "", None),
        ServerSentEvent("message", "3", "", None),
    ]


def test_line_ends_can_be_mixed():
    assert data_of(b"data: 1\rdata: 2\r\ndata: 3\n\r\ndata: 4\n\r") == ["1\n2\n3", "4"]


def test_a_cr_is_acted_upon_at_once():
    decoder = SSEDecoder()
    assert decoder.feed(b"data: x\r\r") == [ServerSentEvent("message", "x", "", None)]


def test_one_lf_after_a_cr_is_swallowed_even_in_a_later_chunk():
    assert data_of(b"data: 1\r", b"", b"\ndata: 2\r", b"\n", b"\r", b"\n") == ["1\n2"]


def test_only_one_lf_is_swallowed_after_a_cr():
    assert data_of(b"data: 1\r", b"\n", b"\n") == ["1"]
    assert data_of(b"data: 1\r", b"\n\n") == ["1"]


def test_crlf_is_one_line_end_and_lfcr_is_two():
    assert data_of(b"data: 1\r\ndata: 2\r\n\r\n") == ["1\n2"]
    assert data_of(b"data: 1\n\rdata: 2\n\r") == ["1", "2"]


def test_cr_cr_lf_is_two_line_ends():
    assert data_of(b"data: 1\r\r\ndata: 2\r\r\n") == ["1", "2"]


@pytest.mark.parametrize("mark", "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
def test_what_str_splitlines_takes_for_a_line_end_is_text(mark: str):
    data = f'{{"text":"a{mark}b"}}'
    assert data_of(f"data: {data}\n\n".encode()) == [data]
    assert data_of(f"data: {data}\ndata: {mark}\n\n".encode()) == [f"{data}\n{mark}"]


# Fields


def test_a_comment_is_no_field_and_does_not_end_a_block():
    body = b": hello\n:\ndata: 1\n:data: no\nevent: e\n: \ndata: 2\n\n"
    assert decode(body) == [ServerSentEvent("e", "1\n2", "", None)]
    assert ignored(body) == []


def test_comments_alone_dispatch_nothing():
    assert decode(b": keep-alive\n\n: keep-alive\n\n:\n\n") == []


def test_at_most_one_leading_space_is_removed_from_a_value():
    assert data_of(b"data:x\n\ndata: x\n\ndata:  x\n\ndata: \n\n") == ["x", "x", " x", ""]
    assert [e.event for e in decode(b"event:x\ndata\n\nevent:  x\ndata:\n\n")] == ["x", " x"]


@pytest.mark.parametrize("space", ["\t", "\u00a0", "\u3000"])
def test_other_white_space_before_a_value_stays(space: str):
    assert data_of(f"data:{space}x \n\n".encode()) == [f"{space}x "]


def test_a_value_keeps_its_colons():
    assert data_of(b"data::a: b:c\n\n") == [":a: b:c"]


def test_a_line_without_a_colon_is_a_name_with_an_empty_value():
    assert decode(b"event: e\nevent\ndata: x\ndata\n\n") == [
        ServerSentEvent("message", "x\n", "", None)
    ]


def test_a_bare_data_line_dispatches_an_event_with_empty_data():
    assert data_of(b"data\n\n") == [""]
    assert data_of(b"data:\n\n") == [""]


def test_two_bare_data_lines_are_one_line_feed():
    assert data_of(b"data\ndata\n\n") == ["\n"]


def test_data_lines_are_joined_and_only_one_last_line_feed_is_removed():
    assert data_of(b"data: a\ndata: b\ndata:\ndata:\n\n") == ["a\nb\n\n"]


def test_the_last_event_type_wins_and_an_empty_one_means_the_default():
    assert [e.event for e in decode(b"event: a\nevent: b\ndata\n\n")] == ["b"]
    assert [e.event for e in decode(b"event: a\nevent:\ndata\n\n")] == ["message"]
    assert [e.event for e in decode(b"event: \ndata: x\n\n")] == ["message"]


def test_the_type_may_come_after_the_data():
    assert decode(b"data: x\nevent: e\n\n") == [ServerSentEvent("e", "x", "", None)]


@pytest.mark.parametrize("name", ["Data", "DATA", " data", "data ", "dat", "datas", "\0data"])
def test_names_are_exact(name: str):
    body = f"{name}: x\n\n".encode()
    assert decode(body) == []
    assert ignored(body) == [f"{name}: x"]


def test_a_line_of_spaces_is_an_unknown_field_and_no_blank_line():
    body = b"data: a\n  \ndata: b\n\n"
    assert data_of(body) == ["a\nb"]
    assert ignored(body) == ["  "]


# id


def test_an_id_persists_into_later_events():
    body = b"data: 0\n\nid: 1\ndata: 1\n\ndata: 2\n\nevent: e\ndata: 3\n\nid: 4\ndata: 4\n\n"
    assert [event.id for event in decode(body)] == ["", "1", "1", "1", "4"]


def test_an_empty_id_resets_it():
    assert [e.id for e in decode(b"id: 1\ndata\n\nid\ndata\n\n")] == ["1", ""]
    assert [e.id for e in decode(b"id: 1\ndata\n\nid:\ndata\n\n")] == ["1", ""]


def test_an_id_with_a_nul_is_ignored():
    body = b"id: 1\ndata\n\nid: 2\0\ndata\n\n"
    assert [event.id for event in decode(body)] == ["1", "1"]
    assert ignored(body) == []


def test_a_block_without_data_commits_its_id():
    assert decode(b"id: 9\n\ndata: x\n\n") == [ServerSentEvent("message", "x", "9", None)]


# retry


def test_retry_is_given_by_its_own_block_alone():
    assert [e.retry for e in decode(b"data\nretry: 10\n\ndata\n\n")] == [10, None]
    assert [e.retry for e in decode(b"retry: 10\n\ndata\n\n")] == [None]


def test_the_last_valid_retry_of_a_block_wins():
    assert decode(b"retry: 1\nretry: 007\nretry: x\nretry\ndata\n\n")[0].retry == 7


@pytest.mark.parametrize(
    "value", ["", "+5", "-5", " 5", "5 ", "1_000", "1.0", "0x1", "٣", "²", "\0"]
)
def test_a_retry_of_anything_but_ascii_digits_is_ignored(value: str):
    body = f"retry: {value}\ndata\n\n".encode()
    assert decode(body)[0].retry is None
    assert ignored(body) == []


def test_a_retry_of_more_digits_than_int_takes_does_not_raise():
    assert data_of(b"retry: " + b"9" * 100_000 + b"\ndata: x\n\n") == ["x"]
    assert decode(b"retry: " + b"9" * 30 + b"\ndata\n\n")[0].retry == int("9" * 30)


# Blank lines and the end


@pytest.mark.parametrize("line", [b"event: ping", b"id: 1", b"retry: 3", b": comment", b"other: x"])
def test_a_block_without_data_dispatches_nothing(line: bytes):
    assert decode(line + b"\n\n") == []


def test_the_type_of_a_block_without_data_does_not_leak_into_the_next():
    assert decode(b"event: ping\n\ndata: x\n\n") == [ServerSentEvent("message", "x", "", None)]
    assert decode(b"event: ping\n", b"\n", b"data: x\n\n")[0].event == "message"


def test_more_blank_lines_change_nothing():
    assert data_of(b"\n\n\n\ndata: 1\n\n\n\n\n", b"\n", b"\ndata: 2\n\n") == ["1", "2"]


@pytest.mark.parametrize(
    "tail", [b"data: x", b"data: x\n", b"data: x\r", b"data: x\r\n", b"data: x\n "]
)
def test_an_unfinished_block_is_discarded_at_the_end(tail: bytes):
    assert data_of(b"data: 1\n\n" + tail) == ["1"]


def test_close_can_be_called_twice():
    decoder = SSEDecoder()
    decoder.feed(b"error: x")
    assert decoder.close() == decoder.close() == []
    assert decoder.ignored_lines == ["error: x"]


def test_feed_after_close_is_a_programming_error():
    decoder = SSEDecoder()
    decoder.close()
    with pytest.raises(ValueError, match="close"):
        decoder.feed(b"")


def test_an_empty_stream_is_no_event():
    assert decode() == decode(b"") == decode(b"", b"") == []


# The event left pending


def test_nothing_is_pending_between_blocks():
    decoder = SSEDecoder()
    assert decoder.pending() is None
    decoder.feed(b"event: a\ndata: x\n\n")
    assert decoder.pending() is None
    decoder.close()
    assert decoder.pending() is None


@pytest.mark.parametrize("tail", [b"", b"\n", b"\r", b"\r\n"])
def test_a_last_event_without_its_blank_line_is_pending(tail: bytes):
    decoder = SSEDecoder()
    decoder.feed(b"id: 3\ndata: 1\n\nretry: 5\nevent: e\ndata: [DONE]" + tail)
    expected = ServerSentEvent("e", "[DONE]", "3", 5)
    assert decoder.pending() == expected
    assert decoder.close() == []
    assert decoder.pending() == expected


def test_an_unterminated_last_line_counts_for_the_pending_event():
    decoder = SSEDecoder()
    for chunk, data in [(b"da", None), (b"ta", ""), (b": a", "a"), (b"\n", "a"), (b"data", "a\n")]:
        decoder.feed(chunk)
        pending = decoder.pending()
        assert (pending and pending.data) == data


def test_an_unterminated_type_or_id_counts_for_the_pending_event():
    decoder = SSEDecoder()
    decoder.feed(b"data: x\nevent: e")
    assert decoder.pending() == ServerSentEvent("e", "x", "", None)
    decoder.feed(b"\nid: 1")
    assert decoder.pending() == ServerSentEvent("e", "x", "1", None)


def test_a_pending_block_without_data_is_none():
    decoder = SSEDecoder()
    decoder.feed(b"event: e\nid: 1\nretry: 2\n: c\ndat")
    assert decoder.pending() is None


def test_asking_for_the_pending_event_changes_nothing():
    decoder = SSEDecoder()
    events = []
    for byte in b"\xef\xbb\xbfid: 1\nevent: e\ndata: a\r\nretry: 5\ndata: b\r\rx\ndata: c\n\n":
        decoder.pending()
        events += decoder.feed(bytes([byte]))
        decoder.pending()
    assert events == [
        ServerSentEvent("e", "a\nb", "1", 5),
        ServerSentEvent("message", "c", "1", None),
    ]
    assert decoder.ignored_lines == ["x"]


def test_broken_utf8_at_the_very_end_shows_in_the_pending_event():
    decoder = SSEDecoder()
    decoder.feed(b"data: \xf0\x9f")
    assert decoder.pending() == ServerSentEvent("message", "\ufffd", "", None)


# Ignored lines


def test_a_line_that_says_error_as_old_llamacpp_did_is_kept_aside():
    body = b'data: 1\n\nerror: {"code":500}\n\n'
    assert data_of(body) == ["1"]
    assert ignored(body) == ['error: {"code":500}']


def test_an_unframed_json_body_is_kept_aside_whole():
    body = b'{\n  "error": {"message": "no"}\n}'
    assert decode(body) == []
    assert json.loads("\n".join(ignored(body))) == {"error": {"message": "no"}}


def test_ignored_lines_are_in_order_and_decoded():
    assert ignored(b"b\xff: 1\n", b"\na", b": \xc3", b"\xa9\r\ndata: x\nfoo\n") == [
        "b\ufffd: 1",
        "a: é",
        "foo",
    ]


def test_blank_lines_comments_and_known_fields_are_not_ignored_lines():
    assert ignored(b"\n: c\ndata\nevent\nid\nretry\ndata: x\nretry: no\nid: \0\n\n") == []


def test_an_unterminated_last_line_is_ignored_only_once_the_stream_is_closed():
    assert ignored(b"x: 1\nerror: cut", close=False) == ["x: 1"]
    assert ignored(b"x: 1\nerror: cut") == ["x: 1", "error: cut"]


@pytest.mark.parametrize("cut", ["e", "ev", "even", "d", "dat", "i", "r", "retr"])
def test_a_known_name_cut_short_by_the_end_is_not_an_ignored_line(cut: str):
    assert ignored(cut.encode()) == []
    assert ignored(cut.encode() + b"\n") == [cut]


@pytest.mark.parametrize("last", ["event", "data", "id", "retry", "data: x", ":", ": c", ""])
def test_an_unterminated_known_field_or_comment_is_not_an_ignored_line(last: str):
    assert ignored(last.encode()) == []


@pytest.mark.parametrize("last", ["ev:", "dat: x", " ", "eventx", "error", "{"])
def test_an_unterminated_unknown_field_is_an_ignored_line(last: str):
    assert ignored(last.encode()) == [last]


def test_ignored_lines_are_kept_to_64_kib_in_all_and_the_last_one_cut():
    body = b"x" * 60_000 + b"\n" + b"y" * 60_000 + b"\n" + b"z\n" * 1000 + b"last"
    assert ignored(body) == ["x" * 60_000, "y" * (65_536 - 60_000)]
    assert ignored(b"a\n" * 100_000) == ["a"] * 65_536


# The limit


def test_a_line_longer_than_the_limit_raises_before_its_end_is_seen():
    decoder = SSEDecoder(max_bytes=10)
    assert decoder.feed(b"data: 1234") == []
    with pytest.raises(EventTooLarge, match="10 bytes") as caught:
        decoder.feed(b"5")
    assert caught.value.events == []


def test_a_line_just_within_the_limit_is_taken_whatever_ends_it():
    for end in (b"\n", b"\r\n", b"\r"):
        decoder = SSEDecoder(max_bytes=10)
        assert decoder.feed(b"\xef\xbb\xbfdata: 1234" + end + end)[0].data == "1234"


@pytest.mark.parametrize("line", [b"data: 12345", b"event: 1234", b": 123456789", b"x" * 11])
def test_the_limit_is_for_any_line(line: bytes):
    with pytest.raises(EventTooLarge):
        SSEDecoder(max_bytes=10).feed(line + b"\n")


def test_the_data_of_one_event_must_stay_within_the_limit():
    decoder = SSEDecoder(max_bytes=10)
    assert decoder.feed(b"data:1234\ndata:56789\n\n")[0].data == "1234\n56789"
    with pytest.raises(EventTooLarge):
        decoder.feed(b"data:1234\ndata:56789\ndata\n")


def test_the_limit_counts_bytes_and_not_characters():
    decoder = SSEDecoder(max_bytes=10)
    with pytest.raises(EventTooLarge):
        decoder.feed("data:ééé\n".encode())
    decoder = SSEDecoder(max_bytes=11)
    assert decoder.feed("data:ééé\ndata:xx\ndata\n\n".encode())[0].data == "ééé\nxx\n"
    with pytest.raises(EventTooLarge):
        decoder.feed("data:ééé\ndata:ééé\n".encode())


def test_the_error_carries_the_events_that_were_complete_before_it():
    decoder = SSEDecoder(max_bytes=12)
    decoder.feed(b"data: 0\n\n")
    with pytest.raises(EventTooLarge) as caught:
        decoder.feed(b"data: 1\n\nevent: e\ndata: 2\n\ndata: 3\nx" + b"x" * 12)
    assert caught.value.events == [
        ServerSentEvent("message", "1", "", None),
        ServerSentEvent("e", "2", "", None),
    ]


def test_after_the_failure_every_feed_raises_again_without_events():
    decoder = SSEDecoder(max_bytes=12)
    with pytest.raises(EventTooLarge):
        decoder.feed(b"data: 1\n\n" + b"x" * 13)
    for chunk in (b"", b"data: 2\n\n"):
        with pytest.raises(EventTooLarge) as caught:
            decoder.feed(chunk)
        assert list(caught.value.events) == []
    assert decoder.pending() is None
    assert decoder.close() == []
    assert decoder.ignored_lines == []


def test_there_is_no_limit_on_the_number_of_events():
    decoder = SSEDecoder(max_bytes=16)
    assert sum(len(decoder.feed(b"data: x\n\n" * 100)) for _ in range(1000)) == 100_000


def test_a_line_without_end_is_not_gathered_in_memory():
    decoder = SSEDecoder(max_bytes=1 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(EventTooLarge):
            feed_all(decoder, repeat(b"x" * 65_536))
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20
    assert held < 1 << 16


def test_pending_data_that_the_limit_would_refuse_is_not_offered():
    decoder = SSEDecoder(max_bytes=10)
    decoder.feed(b"data:1234\ndata:56789\ndata")
    assert decoder.pending() is None


# Work


def calls_made(chunks: list[bytes]) -> int:
    """The calls, Python's and C's, that feeding them makes: a clock that no machine disturbs."""
    decoder = SSEDecoder()
    calls = 0

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    # A collection in between would count the finalizers of what other tests have left.
    gc.disable()
    sys.setprofile(count)
    try:
        for chunk in chunks:
            decoder.feed(chunk)
    finally:
        sys.setprofile(before)
        gc.enable()
    return calls


@pytest.mark.parametrize(
    "piece",
    [
        b"event: content_block_delta\ndata: {}\n\n",
        b": keep-alive\r\n\r\n",
        b"data: a\n",
        b"\n",
        b"\r",
        b"x",
        b"data: xxxxxxxxxxxxxxxxxxxxxxxxxxx",
        b"event: x\n",
    ],
)
@pytest.mark.parametrize("size", [1, 64, 100_000])
def test_twice_the_bytes_are_at_most_twice_the_calls(piece: bytes, size: int):
    body = piece * (6_400 // len(piece))
    once, twice = (
        calls_made([whole[at : at + size] for at in range(0, len(whole), size)])
        for whole in (body, body * 2)
    )
    assert twice <= 2 * once + 10


def test_a_long_line_costs_the_same_few_calls_for_every_chunk():
    chunks = [b"data: "] + [b"x" * 64] * 10_000
    assert calls_made(chunks) < 4 * len(chunks)


@pytest.mark.parametrize("before", [b"", b": comment\n\n", b"data: 1\ndata: 2\n\n", b"id: 1\n\n"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_usual_blocks_are_taken_at_once_whatever_block_came_before(before: bytes, end: bytes):
    body = before + b"event: delta\ndata: {}\n\n" * 1000
    assert calls_made([body.replace(b"\n", end)]) < 8 * 1000


def test_what_looks_like_a_whole_block_but_goes_on_with_a_line_or_a_block_is_not_one():
    assert data_of(b"x", b"data: 1\n\n") == []
    assert data_of(b"data: 0\n", b"data: 1\n\n", b"data: 2\n\n") == ["0\n1", "2"]
    assert decode(b"event: e\nretry: 5\n", b"data: 1\n\n") == [ServerSentEvent("e", "1", "", 5)]


# Recorded streams


def test_a_recorded_messages_stream_is_read_whole():
    events = decode((RECORDED / "llamacpp_messages.sse").read_bytes())
    assert [event.event for event in events] == [
        "message_start",
        "content_block_start",
        *["content_block_delta"] * 6,
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert all(json.loads(event.data)["type"] == event.event for event in events)


def test_a_recorded_stream_with_comments_first_is_read_whole():
    events = decode((RECORDED / "llamacpp_messages_comments.sse").read_bytes())
    assert events[0].event == "message_start"
    assert events[-1].event == "message_stop"


def test_a_recorded_chat_stream_keeps_its_emoji():
    events = decode((RECORDED / "llamacpp_chat_emoji.sse").read_bytes())
    assert events[-1].data == "[DONE]"
    deltas = [json.loads(event.data) for event in events[:-1]]
    text = "".join(c["delta"].get("content") or "" for d in deltas for c in d["choices"])
    assert text.startswith("世界🌍👩\u200d👩\u200d👧 naïve")


def test_a_recorded_json_body_in_place_of_a_stream_is_kept_aside():
    body = (RECORDED / "litellm_json_instead_of_stream.sse").read_bytes()
    assert decode(body) == []
    assert json.loads("".join(ignored(body)))["type"] == "message"
