"""Any bytes, cut anywhere: the same events, leftovers and failure; and those of a naive reference.

The reference is written from the text of WHATWG HTML §9.2.5 and §9.2.6, for the whole body at
once, with no thought for speed, and shares nothing with the decoder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui.errors import EventTooLarge
from tui.wire.sse import ServerSentEvent, SSEDecoder

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.sse"))
UNLIMITED = 16 * 1024 * 1024


@dataclass
class Outcome:
    events: list[ServerSentEvent] = field(default_factory=list)
    failed: bool = False
    pending: ServerSentEvent | None = None
    ignored: list[str] = field(default_factory=list)
    ignored_at_close: list[str] = field(default_factory=list)


def by_the_book(body: bytes, max_bytes: int = UNLIMITED) -> Outcome:
    outcome = Outcome()
    if body[:3] == b"\xef\xbb\xbf":
        body = body[3:]
    sizes = [len(line) for line in re.split(rb"\r\n|\n|\r", body)]
    *lines, last = re.split("\r\n|\n|\r", body.decode("utf-8", "replace"))
    assert len(sizes) == len(lines) + 1

    event_type, data, size, last_event_id, retry = "", "", 0, "", None

    def process(line: str, length: int) -> bool:
        nonlocal event_type, data, size, last_event_id, retry
        if line[0] == ":":
            return True
        if ":" in line:
            name, value = line[: line.index(":")], line[line.index(":") + 1 :]
            if value[:1] == " ":
                value = value[1:]
        else:
            name, value = line, ""
        if name == "event":
            event_type = value
        elif name == "data":
            data += value + "\n"
            removed = len(line) - len(value)  # the name, the colon, the space: all ASCII
            size += length - removed + 1
        elif name == "id":
            if "\0" not in value:
                last_event_id = value
        elif name == "retry":
            if value and all(character in "0123456789" for character in value):
                retry = int(value)
        else:
            return False
        return True

    def dispatched() -> ServerSentEvent | None:
        if data == "":
            return None
        return ServerSentEvent(event_type or "message", data[:-1], last_event_id, retry)

    for line, length in zip(lines, sizes, strict=False):
        if length > max_bytes:
            outcome.failed = True
            break
        if line == "":
            event = dispatched()
            if event is not None:
                outcome.events.append(event)
            event_type, data, size, retry = "", "", 0, None
        elif not process(line, length):
            outcome.ignored.append(line)
        if size - 1 > max_bytes:
            outcome.failed = True
            break
    if sizes[-1] > max_bytes:
        outcome.failed = True
    outcome.ignored_at_close = list(outcome.ignored)
    if outcome.failed:
        return outcome
    cut_short = ["", *(name[:n] for name in ("event", "data", "id", "retry") for n in range(6))]
    if last and not process(last, sizes[-1]) and last not in cut_short:
        outcome.ignored_at_close.append(last)
    if size - 1 <= max_bytes:
        outcome.pending = dispatched()
    return outcome


def decoded(chunks: list[bytes], max_bytes: int = UNLIMITED) -> Outcome:
    decoder = SSEDecoder(max_bytes=max_bytes)
    outcome = Outcome()
    for chunk in chunks:
        try:
            outcome.events += decoder.feed(chunk)
        except EventTooLarge as failure:
            outcome.failed = True
            outcome.events += failure.events
        else:
            assert not outcome.failed
    outcome.pending = decoder.pending()
    outcome.ignored = list(decoder.ignored_lines)
    assert decoder.close() == []
    assert decoder.pending() == outcome.pending
    outcome.ignored_at_close = list(decoder.ignored_lines)
    return outcome


def cut(body: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(place, len(body)) for place in places), len(body)]
    return [body[start:end] for start, end in pairwise(edges)]


NAMES = [b"data", b"event", b"id", b"retry", b"error", b"Data", b"dat", b"", b" ", b"ping"]
ENDS = [b"\n", b"\r\n", b"\r"]
ODD = [
    b"\xef\xbb\xbf", b"\xef\xbb", b"\xef", b"\0", b"\xff", b"\xe2\x82", b"\xf0\x9f\x98",
    b"\xc0\x80", "\u2028".encode(), "\x85".encode(), b"\x85", b"\x0b", b"\x1c",
    "🌍".encode(), "é".encode(), b"0", b"42", b"+5", "٣".encode(), b" ", b"\t", b":", b"x" * 40,
]  # fmt: skip
USUAL = [
    b'event: content_block_delta\ndata: {"type":"content_block_delta"}\n\n',
    b'data: {"choices":[]}\n\n',
    b"data: [DONE]\n\n",
    b": keep-alive\n\n",
    b"event: ping\r\ndata: {}\r\n\r\n",
]
values = st.lists(st.sampled_from(ODD) | st.binary(max_size=4), max_size=3).map(b"".join)
field_lines = st.builds(
    lambda name, colon, value, end: name + colon + value + end,
    st.sampled_from(NAMES),
    st.sampled_from([b":", b": ", b":  ", b""]),
    values,
    st.sampled_from(ENDS),
)
fragments = st.one_of(
    field_lines,
    st.sampled_from(USUAL),
    st.sampled_from([*ENDS, b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r", b"\n\n\n"]),
    st.sampled_from(NAMES + ODD),
    st.binary(max_size=6),
)
bodies = st.tuples(
    st.sampled_from([b"", b"", b"\xef\xbb\xbf", b"\xef\xbb", b"\xef\xbb\xbf\xef\xbb\xbf"]),
    st.lists(fragments, max_size=14).map(b"".join),
).map(b"".join)
cuts = st.lists(st.integers(0, 250), max_size=12)
limits = st.integers(1, 60)


@settings(max_examples=500, deadline=None)
@example(b"data: 1\r\r\n\ndata: 2\n\n", [8, 9])
@example(b"\xef\xbb\xbfdata: 1\n\n\xef\xbb\xbfdata: 2", [1, 2, 3, 12])
@given(bodies, cuts)
def test_any_bytes_cut_anywhere_decode_as_the_standard_says(body: bytes, places: list[int]):
    expected = by_the_book(body)
    assert decoded([body]) == expected
    assert decoded(cut(body, places)) == expected
    assert decoded([bytes([byte]) for byte in body]) == expected


@settings(max_examples=500, deadline=None)
@example(b"\xef\xbb\xbf\n", [1, 2], 1)
@example(b"data: 1\n\ndata:1234\ndata:5678\n\n", [20], 9)
@given(bodies, cuts, limits)
def test_any_bytes_cut_anywhere_fail_at_the_limit_alike(body: bytes, places: list[int], limit: int):
    whole = decoded([body], limit)
    if body != b"\xef\xbb":  # what may become a byte order mark is not yet counted as a line
        assert whole == by_the_book(body, limit)
    assert decoded(cut(body, places), limit) == whole
    assert decoded([bytes([byte]) for byte in body], limit) == whole


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), cuts)
def test_plain_garbage_decodes_as_the_standard_says(body: bytes, places: list[int]):
    assert decoded(cut(body, places)) == by_the_book(body)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(USUAL) | field_lines, max_size=40).map(b"".join),
    st.integers(1, 400),
)
def test_usual_streams_in_chunks_of_one_size_decode_as_the_standard_says(body: bytes, size: int):
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    assert decoded(chunks) == by_the_book(body)


@settings(max_examples=200, deadline=None)
@given(bodies, cuts)
def test_asking_for_the_pending_event_between_chunks_changes_nothing(
    body: bytes, places: list[int]
):
    decoder = SSEDecoder()
    events = []
    so_far = b""
    for chunk in cut(body, places):
        events += decoder.feed(chunk)
        so_far += chunk
        assert decoder.pending() == by_the_book(so_far).pending
    assert events == by_the_book(body).events


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_a_recorded_stream_decodes_alike_at_every_split_point(path: Path, end: bytes):
    body = path.read_bytes().replace(b"\n", end)
    expected = by_the_book(body)
    for at in range(len(body) + 1):
        assert decoded([body[:at], body[at:]]) == expected
    for size in (1, 2, 3, 7, 64):
        assert decoded([body[at : at + size] for at in range(0, len(body), size)]) == expected
