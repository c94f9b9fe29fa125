"""Whatever arrives, however it is cut: no exception, one ending, and never a false `complete`.

`responses_stream.decode` asserts for every input that exactly one `ReplyStopped` comes, last;
`read_chunks` besides that what is kept can be encoded.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messages_stream import named, unnamed
from responses_stream import (
    PING,
    START,
    added,
    arguments,
    cited,
    completed,
    declined,
    done,
    event,
    function_call,
    incomplete,
    message,
    output_text,
    part,
    read,
    read_chunks,
    reasoning,
    response,
    summary,
    text,
    text_done,
    thinking,
    thought,
)

from tui.chat.ending import Outcome

RECORDED = Path(__file__).parent / "recorded" / "openai_responses"
BODIES = {path.stem: path.read_bytes() for path in RECORDED.glob("*.sse")}
PAGE = {"type": "url_citation", "url": "https://e.org", "title": "T", "start_index": 0}
R = {"item_id": "r", "output_index": 0}
S0, S1 = {**R, "summary_index": 0}, {**R, "summary_index": 1}
M = {"item_id": "m", "output_index": 1, "content_index": 0}
F = {"item_id": "f", "output_index": 2}
SAID = "Gr\u00fc\u00dfe \U0001f30d, low water at six"
OUTPUT = [
    reasoning("r", "Hm. \U0001f30d", "Two.", encrypted_content="b3BhcXVl"),
    message("m", content=[output_text(SAID, PAGE)], phase="final_answer"),
    function_call("f", '{"port": "Brest"}'),
]
# Everything the API can send in one reply, one event after the other.
RICH = [
    START,
    response("in_progress", status="in_progress"),
    added(reasoning("r"), 0),
    part("added", "reasoning_summary_part", **S0, part={"type": "summary_text", "text": ""}),
    summary("Hm. \ud83c", **S0),
    summary("\udf0d", **S0),
    event("response.reasoning_summary_text.done", text="Hm. \U0001f30d", **S0),
    part("done", "reasoning_summary_part", **S0, part={"text": "Hm. \U0001f30d"}),
    summary("Two.", **S1),
    done(OUTPUT[0], 0),
    PING,
    added(message("m", phase="final_answer"), 1),
    part("added", **M, part=output_text("")),
    text("Gr\u00fc\u00dfe \ud83c", **M),
    text("\udf0d, low water at six", **M),
    cited(PAGE, **M),
    text_done(SAID, **M),
    part("done", **M, part=output_text(SAID, PAGE)),
    done(OUTPUT[1], 1),
    added(function_call("f"), 2),
    arguments('{"port": "Br', **F),
    arguments('est"}', **F),
    event("response.function_call_arguments.done", arguments='{"port": "Brest"}', **F),
    done(OUTPUT[2], 2),
    completed(*OUTPUT, usage={"input_tokens": 3, "output_tokens": 9}),
]
RICH_BODY = b"".join(RICH)
END = completed()
COMPLETE = {
    name: body
    for name, body in {**BODIES, "rich": RICH_BODY}.items()
    if read(body).ending.outcome is Outcome.COMPLETE
}


def cut_at(body: bytes, cuts: list[int]) -> list[bytes]:
    marks = sorted(cut % (len(body) + 1) for cut in cuts)
    return [body[a:b] for a, b in zip([0, *marks], [*marks, len(body)], strict=True)]


# Any split, any cut


@pytest.mark.parametrize("name", [*BODIES, "rich"])
@given(cuts=st.lists(st.integers(0, 100_000), max_size=12))
@settings(max_examples=15, deadline=None)
def test_any_split_of_a_stream_gives_the_same_events_and_the_same_message(name, cuts):
    body = {**BODIES, "rich": RICH_BODY}[name]
    assert read_chunks(cut_at(body, cuts)) == read(body)


@pytest.mark.parametrize("name", COMPLETE)
def test_a_stream_cut_anywhere_before_its_end_is_whole_is_truncated(name):
    body = COMPLETE[name]
    # Up to its closing brace the end is not there; after it the blank line may be missing.
    end_is_whole = body.rindex(b"}") + 1
    text_ = read(body).message.text
    step = 1 if len(body) < 2_000 else 31
    for cut in {*range(0, end_is_whole, step), *range(end_is_whole - 100, end_is_whole)}:
        result = read(body[: max(cut, 0)])
        assert result.ending.outcome is Outcome.TRUNCATED, cut
        # A cut between two halves of an emoji leaves a mark for the first one.
        assert text_.startswith(result.message.text.removesuffix("\ufffd")), cut
    for cut in range(end_is_whole, len(body) + 1):
        assert read(body[:cut]) == read(body)


# Any garbage


@given(chunks=st.lists(st.binary(max_size=60), max_size=8))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_end_in_exactly_one_way(chunks):
    assert read_chunks(chunks) == read(b"".join(chunks))


@given(position=st.integers(0, len(RICH_BODY) - 1), byte=st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_one_wrong_byte_in_a_stream_ends_in_exactly_one_way(position, byte):
    before, after = RICH_BODY[:position], bytes([byte]) + RICH_BODY[position + 1 :]
    assert read_chunks([before, after]) == read(before, after)


# Any events

INDEX = st.sampled_from([0, 0, 1, 1, 2, 5, -1, None, "0", 1.5, True, 2**20, 10**30])
ID = st.sampled_from(["m", "n", "r", "f", "", None, 7, "\ud83c"])
STRINGS = st.sampled_from(
    ["", "a", "word ", "\ud83c", "\udf0d", "\U0001f30d", "\x1b[2J", "{", '"}']
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | STRINGS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(STRINGS, inner, max_size=2),
    max_leaves=4,
)
PARTS = st.lists(
    st.builds(output_text, STRINGS, ODD) | st.builds(lambda t: thought(t)[0], STRINGS) | ODD,
    max_size=2,
)
ITEMS = st.one_of(
    st.builds(lambda id_, content: message(id_, content=content), ID, PARTS),
    st.builds(lambda id_, phase: message(id_, "word ", phase=phase), ID, ODD),
    st.builds(
        lambda id_, s, content, kept: reasoning(id_, s, content=content, encrypted_content=kept),
        ID,
        STRINGS,
        PARTS,
        ODD,
    ),
    st.builds(function_call, ID, STRINGS | ODD, name=STRINGS | ODD, call_id=STRINGS | ODD),
    st.builds(lambda id_: {"type": "web_search_call", "id": id_}, ID),
    ODD,
)
WHERE = st.fixed_dictionaries(
    {},
    optional={
        "item_id": ID,
        "output_index": INDEX,
        "content_index": INDEX,
        "summary_index": INDEX,
    },
)
LIKELY = st.one_of(
    st.builds(
        lambda item, where: event("response.output_item.added", item=item, **where), ITEMS, WHERE
    ),
    st.builds(
        lambda item, where: event("response.output_item.done", item=item, **where), ITEMS, WHERE
    ),
    *(
        st.builds(lambda piece, where, make=make: make(piece, **where), STRINGS, WHERE)
        for make in (text, text_done, summary, thinking, arguments, declined)
    ),
    st.builds(lambda odd, where: cited(odd, **where), ODD, WHERE),
    *(
        st.builds(
            lambda odd, where, kind=kind, happened=happened: part(
                happened, kind, part=odd, **where
            ),
            st.builds(output_text, STRINGS) | ODD,
            WHERE,
        )
        for kind in ("content_part", "reasoning_summary_part")
        for happened in ("added", "done")
    ),
    st.builds(lambda odd: response("in_progress", status="in_progress", usage=odd), ODD),
    st.just(PING),
)
FILLED = st.dictionaries(
    st.sampled_from(["type", "delta", "item", "part", "text", "response", "error", "status"]),
    STRINGS | ODD,
    max_size=4,
)
NAMES = ["response.created", "response.output_item.added", "response.output_text.delta"]
NAMES += ["response.content_part.done", "response.completed", "response.failed", "error", "message"]
UNLIKELY = st.one_of(
    st.builds(lambda n, d: named(n, json.dumps(d)), st.sampled_from(NAMES), FILLED),
    st.builds(lambda d: unnamed(json.dumps(d)), FILLED | ODD),
    st.builds(lambda output: completed(*output), st.lists(ITEMS, max_size=3)),
    st.builds(incomplete, ODD),
    st.just(unnamed("[DONE]")),
)


@given(
    events=st.lists(st.one_of(LIKELY, LIKELY, LIKELY, LIKELY, UNLIKELY), max_size=25),
    stopped=st.booleans(),
    cut=st.integers(0, 10_000),
)
@settings(max_examples=400, deadline=None)
def test_any_sequence_of_events_ends_in_exactly_one_way(events, stopped, cut):
    body = b"".join(events) + END * stopped
    result = read_chunks(cut_at(body, [cut]))
    assert result == read(body)
    if stopped:
        assert result.ending.outcome in {Outcome.COMPLETE, Outcome.ERROR}
    if result.ending.outcome is Outcome.ERROR:
        assert result.ending.error is not None
        assert result.ending.error.message


@given(events=st.lists(LIKELY, max_size=25), output=st.lists(ITEMS, max_size=3))
@settings(max_examples=300, deadline=None)
def test_odd_fields_and_odd_orders_alone_are_never_an_error(events, output):
    assert read(*events, completed(*output)).ending.outcome is Outcome.COMPLETE
    assert read(*events).ending.outcome is Outcome.TRUNCATED


# The same reply, told otherwise


@given(order=st.permutations(RICH[1:-1]))
@settings(max_examples=150, deadline=None)
def test_in_whatever_order_the_events_come_nothing_is_doubled(order):
    result = read(START, *order, RICH[-1])
    assert result.ending.stop_reason == "tool_use"
    assert len(result.message.tool_calls) == 1
    # Deltas that came in the wrong order stay so, but what has come whole is there once.
    assert result.message.text.count("low water") == 1
    assert len(result.message.parts) == len(read(RICH_BODY).message.parts)


@given(kept=st.lists(st.booleans(), min_size=len(RICH) - 2, max_size=len(RICH) - 2))
@settings(max_examples=200, deadline=None)
def test_whatever_else_is_left_out_the_whole_response_makes_up_for_it(kept):
    deltas = {13, 14, 4, 5, 8, 20, 21}  # all or none: a gap in the middle cannot be filled
    middle = [e for at, e in enumerate(RICH[1:-1], 1) if kept[at - 1] and at not in deltas]
    assert read(START, *middle, RICH[-1]).message.parts == read(RICH_BODY).message.parts


@given(doubled=st.lists(st.booleans(), min_size=len(RICH), max_size=len(RICH)))
@settings(max_examples=100, deadline=None)
def test_whole_things_that_come_twice_are_there_once(doubled):
    deltas = {4, 5, 8, 13, 14, 20, 21}
    body = [e * (1 + (doubled[at] and at not in deltas)) for at, e in enumerate(RICH)]
    assert read(*body).message == read(RICH_BODY).message


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
        lost_the_end = path == ("type",) and changed is not RICH[-1] and number == len(RICH) - 1
        expected = Outcome.COMPLETE
        if lost_the_end and isinstance(odd, str) and odd:
            expected = Outcome.TRUNCATED
        assert result.ending.outcome is expected, (number, path)


@pytest.mark.parametrize("odd", [..., None, 7, "x", [], {}])
def test_a_wrong_field_outside_of_the_text_leaves_the_text_whole(odd):
    whole_text = read(RICH_BODY).message.text
    for number, path in FIELD_PATHS:
        if 11 <= number <= 18 or number == len(RICH) - 1:
            continue  # the events of the text itself
        changed = with_odd_field(RICH[number], path, odd)
        result = read(*RICH[:number], changed, *RICH[number + 1 :])
        assert result.message.text == whole_text, (number, path)
