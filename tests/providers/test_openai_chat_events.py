"""What the chunks of Chat Completions mean: PROTOCOLS 3.2 and 3.3, quirk by quirk."""

from __future__ import annotations

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
    text,
    usage,
)

from tui.chat.events import Alive, ReplyStarted, TextDelta, ThinkingDelta, ToolUseStarted
from tui.chat.message import ServerPart, TextPart, ThinkingPart, ToolUsePart, Usage
from tui.providers.call_ids import is_made_up


def parts(*chunks: bytes) -> tuple:
    return read(START, *chunks, ended()).message.parts


def calls(*chunks: bytes) -> list:
    return read(START, *chunks, ended("tool_calls")).calls


# The chunk itself


def test_text_is_joined_and_nothing_else_of_a_chunk_is_needed():
    bare = data({"choices": [{"delta": {"content": "Aho"}}]})
    assert read(bare, bare).message.text == "AhoAho"


@pytest.mark.parametrize("nothing", [None, "", [], {}, 7, True, [None], ["x"], [{"type": "text"}]])
def test_content_without_text_is_normal(nothing):
    assert parts(text("a"), text(nothing), text("b")) == (TextPart("ab"),)


@pytest.mark.parametrize(
    "odd",
    [
        chunk(),
        chunk(None),
        chunk("x", 7, []),
        chunk({"delta": None}),
        chunk({"delta": "x"}),
        chunk(choice([])),
        data({"choices": None}),
        data({"choices": {"delta": {"content": "x"}}}),
        data({"obfuscation": "x", "timings": {}, "service_tier": None, "error": None}),
        data({"choices": [], "usage": None, "x_groq": None, "error": ""}),
        data({"choices": [], "usage": "many", "x_groq": [], "error": {}}),
        delta(role="assistant", annotations=[{}], audio={"data": "x"}),
        delta(tool_calls=None, function_call=None, reasoning=None, refusal=None),
        delta(tool_calls=[None, {}, {"index": 0}, {"function": None}], reasoning_details=[None]),
    ],
)
def test_fields_that_are_missing_or_odd_are_ignored(odd):
    result = read(START, text("a"), odd, text("b"), ended())
    assert result.message.parts == (TextPart("ab"),)
    assert result.ending.stop_reason == "end_turn"


def test_only_the_first_choice_is_read():
    others = chunk(choice({"content": "no"}, "length", index=1), choice({"content": "a"}))
    late = chunk({"delta": {"content": "b"}}, choice({"content": "no"}, "length", index=2))
    result = read(START, others, late, finish())
    assert result.message.text == "ab"
    assert result.ending.stop_reason == "end_turn"


def test_names_of_events_mean_nothing():
    named = data({"choices": [choice({"content": "a"})]}, name="completion.chunk")
    assert read(START, named, ended()).message.text == "a"


def test_a_ping_is_a_sign_of_life_whatever_it_holds():
    for ping in (data("{broken", name="ping"), data("", name="ping"), data({}, name="ping")):
        assert read(START, text("a"), ping, text("b"), ended()).message.text == "ab"
        assert read(ping).events[0] == Alive()


def test_empty_data_and_comments_are_ignored():
    quiet = b": OPENROUTER PROCESSING\n\ndata:\n\ndata: \n\ndata\n\n: keep-alive\n\n"
    assert read(quiet, START, quiet, text("a"), quiet, ended()).message.text == "a"


def test_crlf_and_cr_end_lines_as_well_as_lf():
    body = START + text("a") + ended()
    for end in (b"\r\n", b"\r"):
        assert read(body.replace(b"\n", end)).events == read(body).events


def test_the_reply_begins_once_with_the_id_and_the_model_that_answers():
    other = chunk(choice({"content": "a"}), id="cc-2", model="m-2")
    result = read(START, other, ended())
    assert result.events[0] == ReplyStarted("cc-1", "m-1")
    assert [e for e in result.events if isinstance(e, ReplyStarted)] == result.events[:1]
    assert (result.message.reply_id, result.message.served_model) == ("cc-1", "m-1")


def test_azures_first_chunk_with_empty_names_does_not_take_their_place():
    verdicts = data({"id": "", "model": "", "choices": [], "prompt_filter_results": [{}]})
    assert read(verdicts, START, ended()).events[0] == ReplyStarted("cc-1", "m-1")


def test_a_reply_of_a_server_without_names_begins_all_the_same():
    bare = data({"choices": [choice({"content": "a"})]})
    assert read(bare, ended()).events[0] == ReplyStarted(None, None)


def test_a_whole_message_in_one_event_is_read_where_there_is_no_delta():
    message = {"role": "assistant", "content": "Hi", "reasoning_content": "Hm"}
    whole = data({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
    assert read(whole).message.parts == (ThinkingPart("Hm"), TextPart("Hi"))


def test_a_message_beside_a_delta_repeats_what_has_come():
    both = chunk(choice({"content": "b"}, message={"content": "ab"}))
    last = chunk(choice({}, "stop", message={"content": "ab"}))
    assert read(START, text("a"), both, last).message.text == "ab"


# Mistral's lists


def test_content_may_be_a_list_of_texts_thoughts_and_others():
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}, None, {}, "x"]}
    reference = {"type": "reference", "reference_ids": [1]}
    listed = text([thought, {"type": "text", "text": "a"}, reference, {"type": "text", "text": 7}])
    assert parts(listed, text("b")) == (ThinkingPart("Hm"), TextPart("ab"))


def test_a_thought_in_a_list_may_be_a_plain_string():
    assert parts(text([{"type": "thinking", "thinking": "Hm"}])) == (ThinkingPart("Hm"),)


# Reasoning


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_is_never_mixed_into_the_text(field):
    result = read(
        START, delta(**{field: "Hm"}), delta(**{field: "."}, content=""), text("a"), ended()
    )
    assert result.message.parts == (ThinkingPart("Hm."), TextPart("a"))
    assert result.events[1] == ThinkingDelta("Hm", 0)


def test_of_several_fields_with_the_same_thoughts_the_first_that_holds_any_counts():
    details = [{"type": "reasoning.text", "text": "Hm"}]
    result = read(
        delta(reasoning_content="a", reasoning="b", reasoning_details=details),
        delta(reasoning_content="", reasoning="c", reasoning_details=details),
        delta(reasoning_content=None, reasoning="", reasoning_details=details),
    )
    assert result.message.thinking == "acHm"


def test_thoughts_and_text_in_one_chunk_are_both_kept():
    assert parts(delta(reasoning="Hm", content="a")) == (ThinkingPart("Hm"), TextPart("a"))


def kept(*entries: list) -> ServerPart:
    chunks = [delta(reasoning_details=pieces) for pieces in entries]
    (part,) = (part for part in parts(*chunks, text("a")) if isinstance(part, ServerPart))
    assert part.type == "openai-chat:reasoning_details"
    return part


def detail(kind: str, **fields: object) -> dict:
    return {"type": f"reasoning.{kind}", **fields}


def test_reasoning_details_are_read_and_kept_whole_to_be_sent_back():
    chunks = [
        delta(reasoning_details=[detail("text", text="Hm", index=0, format="f", signature=None)]),
        delta(reasoning_details=[detail("text", text=", so", index=0, format="f")]),
        delta(reasoning_details=[detail("text", signature="c2ln", index=0)]),
        delta(reasoning_details=[detail("summary", summary="In ", index=1)]),
        delta(reasoning_details=[detail("summary", summary="short", index=1)]),
        delta(reasoning_details=[detail("encrypted", data="b3Bh", id="rs_1", index=2)]),
        text("a"),
    ]
    assert parts(*chunks) == (
        ThinkingPart("Hm, soIn short"),
        TextPart("a"),
        ServerPart(
            "openai-chat:reasoning_details",
            {
                "details": [
                    detail("text", text="Hm, so", index=0, format="f", signature="c2ln"),
                    detail("summary", summary="In short", index=1),
                    detail("encrypted", data="b3Bh", id="rs_1", index=2),
                ]
            },
        ),
    )


def test_pieces_of_several_entries_may_alternate():
    first, second = detail("text", text="a", index=0), detail("text", text="b", index=1)
    assert kept([first, second], [first], [second]).raw == {
        "details": [detail("text", text="aa", index=0), detail("text", text="bb", index=1)]
    }


def test_without_an_index_neighbours_of_one_type_are_one_entry():
    piece, secret = detail("text", text="a"), detail("encrypted", data="x")
    assert kept([piece], [piece], [secret], [secret], [piece]).raw == {
        "details": [detail("text", text="aa"), secret, secret, piece]
    }


def test_data_that_comes_again_at_its_index_replaces_what_came():
    first, second = (detail("encrypted", data=data_, index=0) for data_ in ("x", "y"))
    assert kept([first], [second]).raw == {"details": [second]}


def test_what_a_later_piece_leaves_empty_stays_as_it_came():
    first, second = (detail("text", text="a", signature=sig, index=0) for sig in ("c2ln", None))
    whole = {"details": [detail("text", text="aa", signature="c2ln", index=0)]}
    assert kept([first], [second]).raw == whole
    assert kept([second], [first]).raw == whole


def test_two_ids_are_two_entries():
    one, two = (detail("encrypted", data="x", id=id_, index=0) for id_ in ("a", "b"))
    assert kept([one], [two]).raw == {"details": [one, two]}


@pytest.mark.parametrize("odd", [[], {}, 7, ["x"]])
def test_fields_of_entries_may_be_of_the_wrong_type(odd):
    first = {"type": odd, "id": odd, "text": odd, "data": odd}
    assert kept([first], [{}, {"id": "a"}]).raw == {"details": [{**first, "id": "a"}]}


def test_half_an_emoji_in_an_entry_is_joined_with_its_other_half():
    high, low = detail("text", text="\ud83c", index=0), detail("text", text="\udf0d", index=0)
    assert kept([high], [low]).raw == {"details": [detail("text", text="\U0001f30d", index=0)]}


def test_thoughts_of_a_reply_that_was_cut_are_shown_and_not_kept_to_be_sent():
    cut = read(START, delta(reasoning_details=[detail("text", text="Hm")]), text("a"))
    assert cut.message.parts == (ThinkingPart("Hm"), TextPart("a"))


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_before_a_call_the_name_of_plain_thoughts_is_remembered(field):
    thought, called = delta(**{field: "Hm"}), call(index=0, id="a", name="f", arguments="{}")
    assert parts(thought, called)[-1] == ServerPart("openai-chat:reasoning_field", {"field": field})
    assert parts(thought, text("a")) == (ThinkingPart("Hm"), TextPart("a"))


# Text in halves


def test_half_an_emoji_a_delta_is_a_whole_one_whatever_stands_between():
    result = read(START, text("\ud83c"), delta(reasoning="Hm"), text("\udf0d"), ended())
    assert result.message.text == "\U0001f30d"


def test_half_an_emoji_at_the_end_is_a_replacement_mark():
    for end in (b"", DONE, ended()):
        assert read(START, text("a\ud83c"), end).message.text == "a\ufffd"


# Refusals


def test_a_refusal_is_visible_text():
    result = read(START, delta(refusal="I can"), delta(refusal="not.", content=None), ended())
    assert result.message.text == "I cannot."
    assert result.ending.is_refusal
    assert TextDelta("I can", 0) in result.events


# Tool calls


def test_a_call_is_put_together_from_its_pieces():
    pieces = [
        call(index=0, id="call_a", type="function", name="tides", arguments=""),
        call(index=0, arguments='{"po'),
        call(index=0, arguments='rt":"Brest"}'),
    ]
    assert calls(*pieces) == [("call_a", "tides", {"port": "Brest"})]


@pytest.mark.parametrize("nothing", ["", None])
def test_a_call_without_arguments_has_an_empty_input(nothing):
    assert calls(call(index=0, id="a", name="f", arguments=nothing)) == [("a", "f", {})]
    assert calls(call(index=0, id="a", name="f")) == [("a", "f", {})]


@pytest.mark.parametrize("cut", ["{", '{"a":', "[]", "7", "null", '{"a":1}{"a":1}'])
def test_arguments_that_are_no_object_are_no_input(cut):
    assert calls(call(index=0, id="a", name="f", arguments=cut)) == [("a", "f", None)]


def test_ids_and_names_that_are_repeated_are_set_once():
    piece = {"index": 0, "id": "call_1", "type": "function", "name": "f"}
    pieces = [call(**piece, arguments=a) for a in ("", '{"a"', ":1}")]
    assert calls(*pieces) == [("call_1", "f", {"a": 1})]


def test_calls_may_alternate_and_stand_in_the_order_in_which_they_began():
    pieces = [
        call(index=1, id="b", name="g", arguments='{"b"'),
        call(index=0, id="a", name="f", arguments='{"a"'),
        call(index=1, arguments=":2}"),
        call(index=0, arguments=":1}"),
    ]
    assert calls(*pieces) == [("b", "g", {"b": 2}), ("a", "f", {"a": 1})]


def test_several_calls_may_come_in_one_chunk():
    both = delta(
        tool_calls=[
            {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}},
            {"index": 1, "id": "b", "function": {"name": "g", "arguments": "{}"}},
        ]
    )
    assert calls(both) == [("a", "f", {}), ("b", "g", {})]


def test_without_an_index_a_new_id_opens_a_call_and_anything_else_goes_on():
    pieces = [
        call(id="a", name="f", arguments='{"a"'),
        call(arguments=":1}"),
        call(id="b", name="g", arguments='{"b"'),
        call(id="b", arguments=":"),
        call(arguments="2}"),
    ]
    assert calls(*pieces) == [("a", "f", {"a": 1}), ("b", "g", {"b": 2})]


def test_without_an_index_an_id_that_is_known_goes_on_with_its_call():
    pieces = [
        call(id="a", name="f", arguments='{"a"'),
        call(id="b", name="g", arguments='{"b"'),
        call(id="a", arguments=":1}"),
        call(id="b", arguments=":2}"),
    ]
    assert calls(*pieces) == [("a", "f", {"a": 1}), ("b", "g", {"b": 2})]


def test_another_id_at_a_known_index_opens_another_call():
    pieces = [
        call(index=0, id="a", name="f", arguments='{"a"'),
        call(index=0, arguments=":1}"),
        call(index=0, id="b", name="g", arguments='{"b"'),
        call(index=0, arguments=":2}"),
    ]
    assert calls(*pieces) == [("a", "f", {"a": 1}), ("b", "g", {"b": 2})]


@pytest.mark.parametrize("index", [{}, {"index": None}, {"index": "0"}, {"index": -1}])
def test_an_index_that_is_none_is_missing(index):
    pieces = [call(**index, id="a", name="f", arguments="{"), call(**index, arguments="}")]
    assert calls(*pieces) == [("a", "f", {})]


def test_an_id_or_a_name_that_comes_later_still_counts():
    pieces = [
        call(index=0, arguments='{"a"'),
        call(index=0, id="a"),
        call(index=0, name="f", arguments=":1}"),
    ]
    assert calls(*pieces) == [("a", "f", {"a": 1})]


def test_a_call_without_an_id_is_a_call():
    ((id_, name, input_),) = calls(call(index=0, name="f", arguments="{}"))
    assert is_made_up(id_)
    assert (name, input_) == ("f", {})


def test_calls_without_ids_get_some_that_no_other_call_of_the_conversation_has():
    pieces = [call(index=0, name="f", arguments="{}"), call(index=1, name="f", arguments="{}")]

    def ids(*before: bytes) -> list[str]:
        return [id_ for id_, _, _ in read(*before, *pieces, ended()).calls]

    here, later = ids(START), ids(START.replace(b'"created": 1', b'"created": 2'))
    assert len({*here, *later}) == 4
    azure = data({"id": "", "model": "", "choices": [], "prompt_filter_results": [{}]})
    assert ids(azure, START) == here  # what is the same in all replies tells none from another
    assert ids(azure, START.replace(b"cc-1", b"cc-2")) != here


def test_an_id_that_comes_after_all_takes_the_place_of_one_that_was_made_up():
    pieces = [call(index=0, name="f", arguments="{"), call(index=0, id="a", arguments="}")]
    assert calls(*pieces) == [("a", "f", {})]


@pytest.mark.parametrize("arguments", [{"a": {"b": [1, "\ud83c"]}}, {}])
def test_arguments_that_are_an_object_are_the_input(arguments):
    expected = {"a": {"b": [1, "\ufffd"]}} if arguments else {}
    assert calls(call(index=0, id="a", name="f", arguments=arguments)) == [("a", "f", expected)]


def test_arguments_that_are_repeated_as_an_object_are_not_added_to_those_in_pieces():
    pieces = [
        call(index=0, id="a", name="f", arguments='{"a":'),
        call(index=0, arguments="1}"),
        call(index=0, arguments={"a": 1}),
        call(index=0, arguments=""),
    ]
    assert calls(*pieces) == [("a", "f", {"a": 1})]


def test_an_object_that_is_repeated_is_one_input():
    piece = call(index=0, id="a", name="f", arguments={"a": 1})
    assert calls(piece, piece, call(index=0, arguments="{}")) == [("a", "f", {"a": 1})]


def test_text_around_a_call_stays_in_its_place():
    pieces = [text("before"), call(index=0, id="a", name="f", arguments="{}"), text("after")]
    assert parts(*pieces) == (TextPart("before"), ToolUsePart("a", "f", {}), TextPart("after"))


def test_a_function_call_is_one_call():
    pieces = [
        delta(function_call={"name": "f", "arguments": ""}),
        delta(function_call={"arguments": '{"a"'}),
        delta(function_call={"name": "f", "arguments": ":1}"}),
    ]
    result = read(START, *pieces, ended("function_call"))
    assert [(name, input_) for _, name, input_ in result.calls] == [("f", {"a": 1})]
    assert result.ending.stop_reason == "tool_use"


def test_a_function_call_beside_tool_calls_only_repeats_them():
    entry = {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}
    assert calls(delta(tool_calls=[entry], function_call=entry["function"])) == [("a", "f", {})]


def test_a_call_begins_before_its_input_is_whole():
    result = read(START, call(index=0, id="a", name="f", arguments='{"a"'))
    assert ToolUseStarted("a", "f", {}, 0) in result.events
    assert result.calls == [("a", "f", None)]


# Usage

CACHED = {"prompt_tokens": 12, "prompt_tokens_details": {"cached_tokens": 8}}


@pytest.mark.parametrize(
    "counted",
    [
        usage(prompt_tokens=12, completion_tokens=3, total_tokens=15),
        chunk(choice(), usage={"prompt_tokens": 12, "completion_tokens": 3}),
        chunk(x_groq={"id": "req_1", "usage": {"prompt_tokens": 12, "completion_tokens": 3}}),
        chunk(choice(usage={"prompt_tokens": 12, "completion_tokens": 3})),
    ],
)
@pytest.mark.parametrize("after", [True, False])
def test_usage_is_taken_wherever_it_stands(counted, after):
    chunks = (finish(), counted) if after else (counted, finish())
    assert read(START, *chunks, DONE).message.usage == Usage(12, 3)


def test_usage_on_the_finish_chunk_counts():
    last = chunk(choice({}, "stop"), usage={"prompt_tokens": 12, "completion_tokens": 3})
    assert read(START, last).message.usage == Usage(12, 3)


def test_of_usage_on_every_chunk_the_last_wins():
    chunks = [usage(prompt_tokens=12, completion_tokens=n) for n in range(5)]
    assert read(START, *chunks, ended()).message.usage == Usage(12, 4)


def test_what_was_read_from_a_cache_is_not_counted_twice():
    counted = usage(**CACHED, completion_tokens=3)
    assert read(START, counted).message.usage == Usage(4, 3, cache_read_input_tokens=8)
    none = usage(prompt_tokens=12, prompt_tokens_details={"cached_tokens": 0})
    assert read(START, none).message.usage == Usage(12)


def test_more_from_the_cache_than_there_was_is_no_negative_count():
    odd = usage(prompt_tokens=1, prompt_tokens_details={"cached_tokens": 8})
    assert read(START, odd).message.usage == Usage(0, cache_read_input_tokens=8)


def test_the_tokens_of_thoughts_are_told_and_stay_in_the_output():
    counted = usage(completion_tokens=9, completion_tokens_details={"reasoning_tokens": 7})
    assert read(START, counted).message.usage == Usage(None, 9, thinking_tokens=7)


@pytest.mark.parametrize("odd", [None, "3", -1, 1.5, True, 2**63, [], {}])
def test_counts_that_are_none_are_unknown(odd):
    assert read(START, usage(prompt_tokens=odd, completion_tokens=odd)).message.usage == Usage()
