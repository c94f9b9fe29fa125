"""What the events of the Responses API become: text, reasoning, calls, sources, memos."""

from __future__ import annotations

import itertools

import pytest
from messages_stream import unnamed
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
    message,
    output_text,
    part,
    read,
    reasoning,
    refusal,
    response,
    summary,
    text,
    text_done,
    thinking,
    thought,
    whole,
    whole_text,
)

from tui.chat.ending import Outcome
from tui.chat.events import Alive, BlockStopped, ReplyStarted, ServerBlock, TextDelta
from tui.chat.message import Citation, ServerPart, TextPart, ThinkingPart, ToolUsePart, Usage

BREST = '{"port": "Brest"}'
CALL = ToolUsePart("call_f", "tides", {"port": "Brest"})


def citations(result) -> tuple[Citation, ...]:
    (only,) = (part for part in result.message.parts if isinstance(part, TextPart))
    return only.citations


# Text


def test_text_is_shown_piece_by_piece_and_what_repeats_it_is_not():
    result = read(whole(whole_text("m", 0, "Low ", "water"), output=[message("m", "Low water")]))
    assert [e.text for e in result.events if isinstance(e, TextDelta)] == ["Low ", "water"]
    assert result.message.text == "Low water"
    assert len(result.message.parts) == 1


REPEATS = {
    "delta": text("Low water", item_id="m", output_index=0, content_index=0),
    "text": text_done("Low water", item_id="m", output_index=0, content_index=0),
    "part": part(
        "done", item_id="m", output_index=0, content_index=0, part=output_text("Low water")
    ),
    "item": done(message("m", "Low water"), 0),
    "item added": added(message("m", "Low water"), 0),
    "response": b"",
}


@pytest.mark.parametrize("where", REPEATS)
def test_text_that_comes_in_one_place_only_is_shown(where):
    output = [message("m", "Low water")] if where == "response" else []
    assert read(whole(REPEATS[where], output=output)).message.text == "Low water"


@pytest.mark.parametrize("two", [*itertools.permutations(REPEATS, 2)])
def test_text_that_comes_in_any_two_places_in_any_order_is_shown_once(two):
    output = [message("m", "Low water")] if "response" in two else []
    result = read(whole(*(REPEATS[where] for where in two), output=output))
    assert result.message.text == "Low water"


@pytest.mark.parametrize("order", [*itertools.permutations(["text", "part", "item", "item added"])])
def test_what_tells_that_text_is_done_may_come_twice_and_in_any_order(order):
    events = [REPEATS[where] for where in order]
    result = read(whole(*events, *events, output=[message("m", "Low water")]))
    assert result.message.text == "Low water"
    assert len(result.message.parts) == 1


def test_a_whole_text_brings_what_the_deltas_left_out_at_the_end():
    where = {"item_id": "m", "output_index": 0, "content_index": 0}
    body = whole(text("Low", **where), text_done("Low water", **where))
    assert [e.text for e in read(body).events if isinstance(e, TextDelta)] == ["Low", " water"]


def test_a_whole_text_that_contradicts_the_deltas_is_not_shown_beside_them():
    where = {"item_id": "m", "output_index": 0, "content_index": 0}
    result = read(whole(text("Low tide", **where), text_done("High tide", **where)))
    assert result.message.text == "Low tide"


def test_an_emoji_in_halves_is_whole_and_its_repetition_is_none():
    where = {"item_id": "m", "output_index": 0, "content_index": 0}
    halves = text("Hi \ud83c", **where) + text("\udf0d", **where)
    result = read(whole(halves, text_done("Hi \U0001f30d", **where)))
    assert result.message.text == "Hi \U0001f30d"


def test_an_emoji_of_which_only_the_first_half_streamed_is_completed_by_the_whole_text():
    where = {"item_id": "m", "output_index": 0, "content_index": 0}
    body = whole(text("Hi \ud83c", **where), text_done("Hi \U0001f30d!", **where))
    assert read(body).message.text == "Hi \U0001f30d!"


def test_half_an_emoji_at_the_end_of_everything_leaves_a_mark():
    assert read(START, text("Hi \ud83c", item_id="m")).message.text == "Hi \ufffd"


def test_text_stands_in_the_order_of_output_and_content_index_however_it_came():
    def at(piece: str, output: int, content: int) -> bytes:
        return text(piece, item_id=f"m{output}", output_index=output, content_index=content)

    events = [at("a", 0, 0), at("b", 0, 1), at("c", 1, 0), at("d", 3, 2)]
    for order in itertools.permutations(events):
        assert read(whole(*order)).message.text == "abcd"


def test_items_that_are_mixed_up_are_kept_apart():
    body = whole(
        added(message("m"), 1),
        added(function_call("f"), 2),
        added(reasoning("r"), 0),
        text("Low ", item_id="m", output_index=1, content_index=0),
        arguments('{"port": ', item_id="f", output_index=2),
        summary("Hm", item_id="r", output_index=0, summary_index=0),
        text("water", item_id="m", output_index=1, content_index=0),
        arguments('"Brest"}', item_id="f", output_index=2),
        summary("m.", item_id="r", output_index=0, summary_index=0),
    )
    assert read(body).message.parts == (ThinkingPart("Hmm."), TextPart("Low water"), CALL)


def test_without_any_index_items_stand_in_the_order_in_which_they_begin():
    body = whole(
        added(message("m1")),
        text("One. ", item_id="m1"),
        added(message("m2")),
        text("Two.", item_id="m2"),
        done(message("m1", "One. ")),
        done(message("m2", "Two.")),
    )
    result = read(body)
    assert result.message.parts == (TextPart("One. "), TextPart("Two."))


def test_without_id_or_index_a_piece_belongs_to_the_latest_item_of_its_kind():
    body = whole(
        added({"type": "message"}),
        text("Low "),
        added({"type": "function_call", "call_id": "call_f", "name": "tides"}),
        text("water"),
        arguments(BREST),
        done({"type": "message", "content": [output_text("Low water")]}),
        done({"type": "message", "content": [output_text("Low water")]}),
        added({"type": "message"}),
        text("!"),
    )
    assert read(body).message.parts == (TextPart("Low water"), CALL, TextPart("!"))


def test_whole_items_without_id_or_index_are_all_shown_and_repeated_ones_once():
    items = [{"type": "message", "content": [output_text(text_)]} for text_ in ("One. ", "Two.")]
    events = [done(items[0]), done(items[0]), done(items[1])]
    assert read(whole(*events)).message.text == "One. Two."
    assert read(whole(*events, output=items)).message.text == "One. Two."


def test_parts_without_an_index_follow_each_other():
    where = {"item_id": "m"}
    body = whole(
        added(message("m")),
        part("added", **where, part=output_text("")),
        text("One. ", **where),
        part("done", **where, part=output_text("One. ")),
        part("added", **where, part=output_text("")),
        text("Two.", **where),
        part("done", **where, part=output_text("Two.")),
        done(message("m", "One. ", "Two.")),
    )
    assert read(body).message.parts == (TextPart("One. "), TextPart("Two."))


def test_a_part_that_begins_twice_without_an_index_is_one():
    begun = part("added", item_id="m", part=output_text(""))
    body = whole(begun, begun, text("Six.", item_id="m"), done(message("m", "Six.")))
    assert read(body).message.parts == (TextPart("Six."),)


def test_a_server_that_gives_every_item_the_same_index_loses_nothing():
    body = whole(
        added(reasoning("r"), 0),
        summary("Hm.", item_id="r", output_index=0, summary_index=0),
        done(reasoning("r", "Hm."), 0),
        whole_text("m", 0, "Low ", "water"),
        whole_text("n", 0, "!"),
        output=[reasoning("r", "Hm."), message("m", "Low water"), message("n", "!")],
    )
    assert read(body).message.parts == (ThinkingPart("Hm."), TextPart("Low water"), TextPart("!"))


def test_a_proxy_that_renames_items_in_every_event_doubles_nothing():
    at = {"output_index": 1, "content_index": 0}
    body = whole(
        added(reasoning("r1"), 0),
        summary("Hm.", item_id="r2", output_index=0, summary_index=0),
        done(reasoning("r3", "Hm."), 0),
        added(message("m1"), 1),
        part("added", item_id="m2", **at, part=output_text("")),
        text("Low ", item_id="m3", **at),
        text("water", item_id="m4", **at),
        text_done("Low water", item_id="m5", **at),
        done(message("m6", "Low water"), 1),
        added(function_call("f1"), 2),
        arguments(BREST, item_id="f2", output_index=2),
        done(function_call("f3", BREST), 2),
        output=[reasoning("r4", "Hm."), message("m7", "Low water"), function_call("f4", BREST)],
    )
    result = read(body)
    assert result.message.text == "Low water"
    assert result.message.thinking == "Hm."
    assert result.message.tool_calls == (ToolUsePart("call_f1", "tides", {"port": "Brest"}),)


def test_renamed_items_of_one_kind_are_told_by_their_order():
    body = whole(
        text("One. ", item_id="m", output_index=0),
        text("Two", item_id="n", output_index=1),
        output=[message("x", "One. "), message("y", "Two.")],
    )
    assert read(body).message.parts == (TextPart("One. "), TextPart("Two."))


def test_indexes_beyond_all_measure_lose_no_text_and_mix_up_no_items():
    body = whole(
        text("a", item_id="m", output_index=0, content_index=5000),
        text("b", item_id="n", output_index=1, content_index=0),
        text("c", item_id="o", output_index=2**62, content_index=2**62),
    )
    result = read(body)
    assert result.message.parts == (TextPart("a"), TextPart("b"), TextPart("c"))
    # SQLite's integers end there.
    assert all(e.block < 2**63 for e in result.events if isinstance(e, TextDelta))


def test_an_output_that_leaves_items_out_doubles_none_of_the_others():
    body = whole(whole_text("m", 0, "One. "), whole_text("n", 1, "Two."), output=[message("x")])
    assert read(body).message.text == "One. Two."


def test_an_item_that_only_the_whole_response_has_stands_in_its_place():
    body = whole(
        whole_text("m", 0, "One. "),
        whole_text("o", 2, "Three."),
        output=[message("m", "One. "), message("n", "Two. "), message("o", "Three.")],
    )
    assert read(body).message.text == "One. Two. Three."


def test_text_is_a_block_of_its_own_for_each_part():
    body = whole(done(message("m", "One. ", "Two."), 0))
    assert [e.block for e in read(body).events if isinstance(e, TextDelta)] == [1, 2]


# Refusals


def test_a_refusal_is_visible_text():
    body = whole(
        declined("I ", item_id="m", output_index=0, content_index=0),
        declined("won't.", item_id="m", output_index=0, content_index=0),
        event("response.refusal.done", refusal="I won't.", item_id="m", output_index=0),
        output=[message("m", content=[refusal("I won't.")])],
    )
    result = read(body)
    assert result.message.text == "I won't."
    assert result.ending.stop_reason == "refusal"


@pytest.mark.parametrize(
    "body",
    [
        whole(event("response.refusal.done", refusal="No.", item_id="m")),
        whole(part("done", item_id="m", part=refusal("No."))),
        whole(done(message("m", content=[refusal("No.")]))),
        whole(output=[message("m", content=[refusal("No.")])]),
    ],
)
def test_a_refusal_that_comes_whole_is_one_too(body):
    assert read(body).message.text == "No."
    assert read(body).ending.stop_reason == "refusal"


# Reasoning


def test_paragraphs_of_a_summary_are_apart():
    def at(index: int) -> dict[str, object]:
        return {"item_id": "r", "output_index": 0, "summary_index": index}

    body = whole(
        added(reasoning("r"), 0),
        part("added", "reasoning_summary_part", **at(0), part={"type": "summary_text", "text": ""}),
        summary("**Tides**", **at(0)),
        summary(" turn.", **at(0)),
        event("response.reasoning_summary_text.done", text="**Tides** turn.", **at(0)),
        part("done", "reasoning_summary_part", **at(0), part={"text": "**Tides** turn."}),
        part("added", "reasoning_summary_part", **at(1), part={"type": "summary_text", "text": ""}),
        summary("Twice", **at(1)),
        event("response.reasoning_summary_text.done", text="Twice a day.", **at(1)),
        done(reasoning("r", "**Tides** turn.", "Twice a day."), 0),
        output=[reasoning("r", "**Tides** turn.", "Twice a day.")],
    )
    result = read(body)
    assert result.message.parts == (ThinkingPart("**Tides** turn.\n\nTwice a day."),)


def test_paragraphs_without_an_index_are_apart():
    body = whole(
        *(
            part("added", "reasoning_summary_part", item_id="r", part={"text": ""})
            + summary(piece, item_id="r")
            + part("done", "reasoning_summary_part", item_id="r", part={"text": piece})
            for piece in ("One.", "Two.")
        )
    )
    assert read(body).message.thinking == "One.\n\nTwo."


def test_reasoning_in_full_is_thinking():
    where = {"item_id": "r", "output_index": 0, "content_index": 0}
    body = whole(
        part("added", **where, part={"type": "reasoning_text", "text": ""}),
        thinking("Hm", **where),
        event("response.reasoning_text.done", text="Hm.", **where),
        part("done", **where, part={"type": "reasoning_text", "text": "Hm."}),
        done(reasoning("r", content=thought("Hm.")), 0),
        whole_text("m", 1, "Six."),
    )
    assert read(body).message.parts == (ThinkingPart("Hm."), TextPart("Six."))


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (reasoning("r", "One.", "Two."), "One.\n\nTwo."),
        (reasoning("r", content=thought("In full.")), "In full."),
        (reasoning("r", "In short.", content=thought("In full.")), "In short."),
    ],
)
@pytest.mark.parametrize("how", [added, done])
def test_reasoning_that_comes_whole_is_shown_once(item, told, how):
    assert read(whole(how(item, 0), output=[item])).message.thinking == told
    assert read(START, how(item, 0)).message.thinking == told


def test_of_summary_and_reasoning_in_full_the_one_that_streamed_is_shown():
    item = reasoning("r", "In short.", content=thought("In full."))
    body = whole(thinking("In full", item_id="r"), done(item), output=[item])
    assert read(body).message.thinking == "In full."


# Memos: what only the next request needs


def test_encrypted_reasoning_is_kept_as_it_is_in_the_done_item():
    item = reasoning("r", "Hm.", encrypted_content="b3BhcXVl", new_field=1)
    body = whole(
        added(reasoning("r", encrypted_content="b3Bh"), 0),
        done(item, 0),
        whole_text("m", 1, "Six."),
        output=[reasoning("r", "Hm.", encrypted_content="elsewhere")],
    )
    assert read(body).message.parts == (
        ThinkingPart("Hm."),
        ServerPart("openai-responses:reasoning", item),
        TextPart("Six."),
    )


def test_an_item_announced_again_after_it_is_done_does_not_displace_its_memo():
    item = reasoning("r", encrypted_content="b3BhcXVl")
    body = whole(done(item, 0), added(reasoning("r", encrypted_content="b3Bh"), 0))
    assert read(body).message.parts == (ServerPart("openai-responses:reasoning", item),)


def test_encrypted_reasoning_that_only_the_whole_response_has_is_kept():
    item = reasoning("r", encrypted_content="b3BhcXVl")
    assert read(whole(output=[item])).message.parts == (
        ServerPart("openai-responses:reasoning", item),
    )


@pytest.mark.parametrize("nothing", [{}, {"encrypted_content": ""}, {"encrypted_content": None}])
def test_reasoning_that_is_not_encrypted_leaves_no_memo(nothing):
    events = read(whole(done(reasoning("r", "Hm.", **nothing), 0))).events
    assert not [e for e in events if isinstance(e, ServerBlock)]


def test_encrypted_reasoning_of_a_stream_that_broke_before_it_was_done_is_not_kept():
    result = read(START, added(reasoning("r", encrypted_content="b3Bh"), 0))
    assert result.message.parts == ()


@pytest.mark.parametrize("how", [added, done])
def test_the_phase_of_a_message_is_kept_before_its_text(how):
    body = whole(
        text("Let me see.", item_id="m", output_index=0, content_index=0),
        how(message("m", phase="commentary"), 0),
        whole_text("n", 1, "Six."),
    )
    assert read(body).message.parts == (
        ServerPart("openai-responses:message", {"id": "m", "phase": "commentary"}),
        TextPart("Let me see."),
        TextPart("Six."),
    )


# Calls


def test_the_arguments_of_a_call_are_collected():
    body = whole(
        added(function_call("f"), 0),
        *(arguments(piece, item_id="f", output_index=0) for piece in ('{"port"', ': "Br', 'est"}')),
        event("response.function_call_arguments.done", arguments=BREST, item_id="f"),
        done(function_call("f", BREST), 0),
        output=[function_call("f", BREST)],
    )
    result = read(body)
    assert result.message.tool_calls == (CALL,)
    assert result.ending.stop_reason == "tool_use"
    assert len([e for e in result.events if isinstance(e, BlockStopped)]) == 1


@pytest.mark.parametrize(
    "body",
    [
        whole(added(function_call("f", BREST), 0)),
        whole(done(function_call("f", BREST), 0)),
        whole(added(function_call("f", BREST)), done(function_call("f", BREST))),
        whole(added(function_call("f", BREST)), arguments(BREST, item_id="f")),
        whole(output=[function_call("f", BREST)]),
        whole(
            added(function_call("f"), 0),
            event("response.function_call_arguments.done", arguments=BREST, output_index=0),
        ),
        # The item, and with it the name, comes after its arguments.
        whole(arguments(BREST, item_id="f", output_index=0), added(function_call("f"), 0)),
        whole(arguments(BREST, item_id="f", output_index=0), done(function_call("f", BREST), 0)),
        whole(arguments(BREST, item_id="f"), output=[function_call("f", BREST)]),
        # Its name comes late.
        whole(
            added(function_call("f", name="", call_id=None), 0),
            arguments(BREST, item_id="f"),
            done(function_call("f", BREST), 0),
        ),
        # Done before its deltas, and done twice.
        whole(
            done(function_call("f", BREST), 0),
            arguments(BREST, item_id="f", output_index=0),
            done(function_call("f", BREST), 0),
        ),
    ],
)
def test_a_call_is_whole_and_there_once_whatever_of_it_came(body):
    result = read(body)
    assert result.message.tool_calls == (CALL,)
    assert result.ending.stop_reason == "tool_use"


def test_what_a_call_was_announced_with_need_not_be_repeated():
    bare = {"type": "function_call", "id": "f", "arguments": BREST}
    body = whole(added(function_call("f", call_id=None)), done(bare))
    assert read(body).message.tool_calls == (ToolUsePart("f", "tides", {"port": "Brest"}),)


def test_a_call_that_nothing_but_the_end_closes_is_closed():
    events = read(whole(added(function_call("f")), arguments(BREST, item_id="f"))).events
    assert len([e for e in events if isinstance(e, BlockStopped)]) == 1
    cut = read(START, added(function_call("f")), arguments(BREST, item_id="f")).events
    assert not [e for e in cut if isinstance(e, BlockStopped)]


def test_two_calls_at_once_are_two():
    body = whole(
        added(function_call("f"), 0),
        added(function_call("g"), 1),
        arguments("{}", item_id="g", output_index=1),
        arguments(BREST, item_id="f", output_index=0),
    )
    assert read(body).message.tool_calls == (CALL, ToolUsePart("call_g", "tides", {}))


def test_a_call_without_arguments_has_an_empty_input():
    assert read(whole(done(function_call("f")))).message.tool_calls[0].input == {}


@pytest.mark.parametrize("cut", ['{"port": "Br', "[]", "7", "null", '{"a":1}{'])
def test_arguments_that_are_no_object_make_a_call_that_cannot_be_run(cut):
    result = read(whole(added(function_call("f")), arguments(cut, item_id="f")))
    assert result.message.tool_calls == (ToolUsePart("call_f", "tides", None),)


def test_arguments_of_a_call_that_nobody_named_are_not_lost():
    result = read(START, arguments('{"port"', item_id="f"))
    assert result.ending.outcome is Outcome.TRUNCATED
    assert result.message.tool_calls == (ToolUsePart("", "", None),)


# Sources

PAGE = {"type": "url_citation", "url": "https://e.org", "title": "Tides", "start_index": 0}
FILE = {"type": "file_citation", "file_id": "file_1", "filename": "tides.pdf", "index": 3}


def test_sources_are_kept_whole_with_title_and_address():
    where = {"item_id": "m", "output_index": 0, "content_index": 0}
    body = whole(text("Six.", **where), cited(PAGE, **where), cited(FILE, **where))
    assert citations(read(body)) == (
        Citation("", "Tides", "https://e.org", PAGE),
        Citation("", "tides.pdf", None, FILE),
    )


@pytest.mark.parametrize(
    "events",
    [
        [text("Six.", item_id="m"), cited(PAGE, item_id="m"), cited(PAGE, item_id="m")],
        [text("Six.", item_id="m"), cited(PAGE, item_id="m"), done(message("m"))],
        [part("done", item_id="m", part=output_text("Six.", PAGE))],
        [done(message("m", content=[output_text("Six.", PAGE)]))],
        [],
    ],
)
def test_a_source_that_is_told_again_with_the_whole_text_is_one(events):
    output = [message("m", content=[output_text("Six.", PAGE)])]
    assert citations(read(whole(*events, output=output))) == (
        Citation("", "Tides", "https://e.org", PAGE),
    )


def test_a_source_of_which_more_is_told_later_is_one():
    early = {**PAGE, "title": None}
    body = whole(
        text("Six.", item_id="m"),
        cited(early, item_id="m"),
        part("done", item_id="m", part=output_text("Six.", PAGE, FILE)),
    )
    assert [citation.raw for citation in citations(read(body))] == [early, FILE]


@pytest.mark.parametrize("odd", [None, 7, "x", [], [PAGE]])
def test_a_source_that_is_none_is_ignored(odd):
    body = whole(text("Six.", item_id="m"), cited(odd, item_id="m"))
    assert citations(read(body)) == ()


# What the server does for itself


@pytest.mark.parametrize(
    "name",
    [
        "response.web_search_call.in_progress",
        "response.file_search_call.completed",
        "response.code_interpreter_call_code.delta",
        "response.mcp_list_tools.failed",
        "response.image_generation_call.partial_image",
        "response.custom_tool_call_input.delta",
        "response.something_new.delta",
    ],
)
def test_what_the_server_does_for_itself_is_no_part_of_the_reply(name):
    search = {"type": "web_search_call", "id": "ws", "action": {"query": "tides"}}
    body = whole(
        added(search, 0),
        event(name, item_id="ws", output_index=0, delta="noise"),
        done(search, 0),
        whole_text("m", 1, "Six."),
        output=[search, message("m", "Six.")],
    )
    result = read(body)
    assert result.message.parts == (TextPart("Six."),)
    assert result.ending.stop_reason == "end_turn"


# About the response


def test_the_reply_has_the_servers_name_and_that_of_the_model():
    result = read(whole(whole_text("m", 0, "Six.")))
    assert (result.message.reply_id, result.message.served_model) == ("resp_1", "m-1")
    assert len([e for e in result.events if isinstance(e, ReplyStarted)]) == 1


def test_a_model_that_is_named_at_the_end_only_is_known_all_the_same():
    result = read(response("created", model=None), completed(model="m-2"))
    assert result.message.served_model == "m-2"


@pytest.mark.parametrize("name", ["completed", "incomplete", "failed"])
def test_tokens_are_counted_without_the_cached_ones(name):
    usage = {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 60},
        "output_tokens": 20,
        "output_tokens_details": {"reasoning_tokens": 12},
        "total_tokens": 120,
    }
    result = read(START, response(name, usage=usage))
    assert result.message.usage == Usage(40, 20, None, 60, 12)
    assert result.message.usage.total_input_tokens == 100


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"input_tokens": 3}, Usage(3)),
        ({"input_tokens": 3, "input_tokens_details": None}, Usage(3)),
        (
            {"input_tokens": 3, "input_tokens_details": {"cached_tokens": 5}},
            Usage(0, None, None, 5),
        ),
        ({"input_tokens_details": {"cached_tokens": 5}}, Usage(None, None, None, 5)),
        ({"output_tokens": "many", "output_tokens_details": []}, Usage()),
        ("odd", Usage()),
    ],
)
def test_counts_that_are_missing_or_odd_are_unknown(usage, expected):
    assert read(START, completed(usage=usage)).message.usage == expected


def test_a_ping_is_a_sign_of_life_with_or_without_a_name():
    for ping in (PING, b"event: ping\ndata: odd\n\n", unnamed('{"type":"ping"}')):
        assert read(START, ping).events[1] == Alive()
