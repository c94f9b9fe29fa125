"""What every event, block and delta of the Messages API becomes (PROTOCOLS 2.2 to 2.6)."""

from __future__ import annotations

import json

import pytest
from messages_stream import (
    PING,
    STOP,
    block,
    close,
    delta,
    ended,
    event,
    json_piece,
    named,
    read,
    read_bytewise,
    start,
    stop_reason,
    text,
    text_block,
    thinking,
    tool_block,
    unnamed,
    whole,
)

from tui.chat.ending import Outcome, Refusal
from tui.chat.events import (
    Alive,
    BlockStopped,
    CitationAdded,
    PartSigned,
    ReplyStarted,
    ReplyStopped,
    TextDelta,
    ThinkingDelta,
    ToolInputDelta,
    ToolUseStarted,
    UsageReported,
)
from tui.chat.message import (
    Citation,
    RedactedThinkingPart,
    ServerPart,
    TextPart,
    ThinkingPart,
    ToolUsePart,
    Usage,
)
from tui.providers.anthropic_stream import AnthropicDecoder

# The stream that PROTOCOLS 2.2 prints, in our own words.
TIDES = b"".join(
    [
        start(usage={"input_tokens": 21, "cache_read_input_tokens": 0, "output_tokens": 2}),
        block(0, "thinking", thinking="", signature=""),
        thinking(0, "They want the tide table."),
        delta(0, "signature_delta", signature="c2lnbmVk"),
        close(0),
        block(1, "tool_use", id="toolu_9", name="tides", input={}),
        PING,
        json_piece(1, '{"port":"Br'),
        json_piece(1, 'est"}'),
        close(1),
        event("message_delta", delta={"stop_reason": "tool_use"}, usage={"output_tokens": 57}),
        STOP,
    ]
)


# The events


def test_a_whole_stream_becomes_its_reply_events_in_the_order_of_arrival():
    events = read(TIDES).events
    assert [e for e in events if not isinstance(e, UsageReported)] == [
        ReplyStarted("msg_1", "m-1"),
        ThinkingDelta("They want the tide table.", 0),
        PartSigned("c2lnbmVk", 0),
        BlockStopped(0),
        ToolUseStarted("toolu_9", "tides", {}, 1),
        Alive(),
        ToolInputDelta('{"port":"Br', 1),
        ToolInputDelta('est"}', 1),
        BlockStopped(1),
        events[-1],
    ]
    assert isinstance(events[-1], ReplyStopped)


def test_a_whole_stream_becomes_one_message():
    message = read(TIDES).message
    assert message.parts == (
        ThinkingPart("They want the tide table.", "c2lnbmVk"),
        ToolUsePart("toolu_9", "tides", {"port": "Brest"}),
    )
    assert message.usage == Usage(21, 57, None, 0)
    assert (message.reply_id, message.served_model) == ("msg_1", "m-1")
    assert message.ending is not None
    assert message.ending.outcome is Outcome.COMPLETE
    assert message.ending.stop_reason == message.ending.raw_stop_reason == "tool_use"


def test_events_are_given_out_as_soon_as_their_blank_line_is_there():
    decoder = AnthropicDecoder()
    assert decoder.feed(text(0, "now")[:-1]) == []
    assert decoder.feed(b"\n") == [TextDelta("now", 0)]


def test_a_message_start_without_usage_or_message_still_starts_the_reply():
    assert read(event("message_start"), ended()).events[0] == ReplyStarted(None, None)
    assert read(start(), ended()).ending.outcome is Outcome.COMPLETE


@pytest.mark.parametrize("ping", [PING, named("ping", ""), named("ping", "{broken"), unnamed("{}")])
def test_a_ping_carries_nothing_and_breaks_nothing(ping):
    result = read(start(), ping, text_block(0, "hi"), ended())
    assert result.message.text == "hi"
    assert result.ending.outcome is Outcome.COMPLETE


@pytest.mark.parametrize("ping", [PING, named("ping", "{broken"), unnamed('{"type":"ping"}')])
def test_a_ping_is_a_sign_of_life(ping):
    assert Alive() in read(ping).events


@pytest.mark.parametrize(
    "odd",
    [
        named("future_event", "not even JSON"),
        named("future_event", '{"type":"message_stop"}'),
        unnamed('{"type":"future_event"}'),
        unnamed("{}"),
        unnamed('{"type":null}'),
        named("message_stopp", "{}"),
    ],
)
def test_an_event_of_an_unknown_kind_is_ignored(odd):
    result = read(start(), odd, text_block(0, "hi"), odd, ended())
    assert result.message.text == "hi"
    assert result.ending.outcome is Outcome.COMPLETE


def test_unnamed_events_are_known_by_the_type_in_their_data():
    body = TIDES.replace(b"event: ", b": was ")
    assert read(body).events == read(TIDES).events


def test_named_events_without_a_type_in_their_data_are_known_by_their_name():
    body = whole(text_block(0, "hi"))
    for name in ("message_start", "content_block_delta", "message_delta", "message_stop"):
        body = body.replace(f'"type": "{name}"'.encode(), b'"t": 0')
    assert read(body).events == read(whole(text_block(0, "hi"))).events


def test_the_type_in_the_data_wins_over_the_name():
    result = read(start(), named("content_block_stop", json.dumps({"type": "message_stop"})))
    assert result.ending.outcome is Outcome.COMPLETE


def test_padding_after_the_json_is_no_part_of_it():
    body = whole(text_block(0, "hi"))
    assert read(body.replace(b"}\n\n", b"}   \t \n\n")).events == read(body).events


def test_crlf_and_cr_line_ends_change_nothing():
    body = whole(text_block(0, "a\nb"))
    for end in (b"\r\n", b"\r"):
        changed = body.replace(b"\n", end)
        assert read(changed).events == read(body).events
        assert read_bytewise(changed).events == read(body).events


def test_characters_that_only_python_takes_for_line_ends_stay_in_the_text():
    strange = "a\u2028b\u2029c\u0085d"
    data = '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%s"}}'
    body = start() + named("content_block_delta", data % strange) + ended()
    assert read(body).message.text == strange
    assert read_bytewise(body).message.text == strange


def test_a_byte_order_mark_does_not_cost_the_first_event():
    assert read(b"\xef\xbb\xbf", TIDES).events == read(TIDES).events


# Blocks in any order


def test_the_text_is_the_blocks_in_the_order_of_their_index_not_of_their_arrival():
    result = read(whole(text_block(2, "three"), text_block(0, "one "), text_block(1, "two ")))
    assert result.message.text == "one two three"


def test_overlapping_blocks_are_kept_apart():
    result = read(
        start(),
        block(0, "text", text=""),
        block(1, "text", text=""),
        text(1, "B"),
        text(0, "A"),
        text(1, "b"),
        close(0),
        text(1, "!"),
        close(1),
        ended(),
    )
    assert result.message.parts == (TextPart("A"), TextPart("Bb!"))


def test_thinking_between_two_texts_stays_out_of_the_text_and_keeps_its_place():
    thought = block(1, "thinking") + thinking(1, "hm") + close(1)
    result = read(whole(text_block(0, "a"), thought, text_block(2, "b")))
    assert result.message.parts == (TextPart("a"), ThinkingPart("hm"), TextPart("b"))
    assert result.message.text == "ab"
    assert result.message.thinking == "hm"


def test_a_text_block_may_start_with_text_in_it():
    result = read(whole(block(0, "text", text="Once "), text(0, "more"), close(0)))
    assert result.message.text == "Once more"


def test_a_thinking_block_may_start_with_its_text_and_signature():
    result = read(whole(block(0, "thinking", thinking="all of it", signature="s"), close(0)))
    assert result.message.parts == (ThinkingPart("all of it", "s"),)


def test_a_text_or_thinking_delta_for_an_index_never_opened_opens_it():
    result = read(start(), text(1, "text"), thinking(0, "thought"), close(1), ended())
    assert result.message.parts == (ThinkingPart("thought"), TextPart("text"))


def test_tool_input_for_an_index_never_opened_is_ignored():
    result = read(start(), json_piece(3, "{}"), text_block(0, "a"), ended())
    assert result.message.parts == (TextPart("a"),)


def test_a_missing_block_stop_loses_nothing():
    result = read(
        start(),
        block(0, "text", text=""),
        text(0, "let me see"),
        block(1, "tool_use", id="t", name="tides", input={}),
        json_piece(1, '{"port": "Br'),
        ended("max_tokens"),
    )
    assert result.message.parts == (TextPart("let me see"), ToolUsePart("t", "tides", None))
    assert result.ending.stop_reason == "max_tokens"


def test_a_block_that_begins_under_the_number_of_an_open_one_ends_that_one():
    begun = block(0, "text", text="\ud83c")
    result = read(whole(begun, tool_block(0, '{"port": "Brest"}'), reason="tool_use"))
    assert TextDelta("\ufffd", 0) in result.events
    assert [call.input for call in result.message.tool_calls] == [{"port": "Brest"}]


def test_a_tool_call_whose_block_never_stopped_is_parsed_at_the_end():
    result = read(
        start(), block(0, "tool_use", id="t", name="n"), json_piece(0, '{"a": 1}'), ended()
    )
    assert result.message.tool_calls == (ToolUsePart("t", "n", {"a": 1}),)


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize(
    ("opened", "strangers"),
    [
        (
            "text",
            [thinking(0, "x"), json_piece(0, "{}"), delta(0, "signature_delta", signature="s")],
        ),
        ("thinking", [text(0, "x"), json_piece(0, "{}"), delta(0, "citations_delta", citation={})]),
        ("tool_use", [text(0, "x"), thinking(0, "x"), delta(0, "signature_delta", signature="s")]),
        ("redacted_thinking", [text(0, "x"), thinking(0, "x"), json_piece(0, "{}")]),
        ("server_tool_use", [text(0, "x"), thinking(0, "x")]),
        ("from_the_future", [text(0, "x"), thinking(0, "x"), json_piece(0, '{"a":1}')]),
    ],
)
def test_a_delta_that_does_not_fit_its_block_is_ignored(opened, strangers, closed):
    first = block(0, opened, text="", thinking="", id="i", name="n", data="d", input={})
    first += close(0) * closed
    undisturbed = read(start(), first, ended())
    disturbed = read(start(), first, *strangers, ended())
    assert disturbed.events == undisturbed.events


def test_an_unknown_delta_is_ignored():
    odd = delta(0, "hologram_delta", hologram="x") + event("content_block_delta", index=0)
    result = read(whole(block(0, "text", text=""), odd, text(0, "a"), close(0)))
    assert result.message.parts == (TextPart("a"),)


def test_a_delta_with_null_or_empty_content_neither_ends_nor_changes_the_reply():
    nulls = (
        delta(0, "text_delta", text=None) + text(0, "") + event("content_block_delta", delta=None)
    )
    result = read(whole(block(0, "text", text=None), nulls, text(0, "a"), nulls, close(0)))
    assert result.message.parts == (TextPart("a"),)
    assert result.ending.outcome is Outcome.COMPLETE


def test_a_block_start_that_does_not_say_what_it_starts_leaves_that_to_its_deltas():
    vague = event("content_block_start", index=0, content_block=None)
    assert read(start(), vague, text(0, "a"), close(0), ended()).message.text == "a"


def test_a_block_start_without_an_index_takes_nothing_away_from_the_block_before():
    nameless = event(
        "content_block_start", content_block={"type": "tool_use", "id": "t", "name": "n"}
    )
    piece = event(
        "content_block_delta", delta={"type": "input_json_delta", "partial_json": '{"a":1}'}
    )
    result = read(start(), text_block(0, "kept"), nameless, piece, ended())
    assert result.message.parts == (TextPart("kept"), ToolUsePart("t", "n", {"a": 1}))


# Thinking


def test_thinking_that_is_omitted_still_has_its_signature():
    shown = block(0, "thinking", thinking="", signature="")
    result = read(whole(shown, delta(0, "signature_delta", signature="sig"), close(0)))
    assert result.message.parts == (ThinkingPart("", "sig"),)


def test_an_estimate_of_thinking_tokens_is_no_thought():
    hint = delta(0, "thinking_delta", estimated_tokens=50)
    result = read(whole(block(0, "thinking"), hint, thinking(0, "hm"), close(0)))
    assert result.message.thinking == "hm"


def test_redacted_thinking_is_kept_opaque():
    result = read(whole(block(0, "redacted_thinking", data="b3BhcXVl"), close(0)))
    assert result.message.parts == (RedactedThinkingPart("b3BhcXVl"),)
    assert result.message.thinking == ""


# Tool input


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_tool_input_may_be_cut_anywhere_even_inside_an_escape(size):
    whole_input = json.dumps(
        {"q": 'a "quoted" \\ line\n', "emoji": "\U0001f30d", "n": [1, {"x": None}]}
    )
    pieces = [whole_input[at : at + size] for at in range(0, len(whole_input), size)]
    result = read(whole(tool_block(0, *pieces), reason="tool_use"))
    assert result.message.tool_calls[0].input == json.loads(whole_input)


def test_tool_input_that_never_came_is_that_of_the_start_event():
    result = read(whole(tool_block(0, "", input={"port": "Brest"}), tool_block(1, input=None)))
    assert [call.input for call in result.message.tool_calls] == [{"port": "Brest"}, {}]


@pytest.mark.parametrize(
    "broken", ['{"a": 1', "{a: 1}", '{"a": 1} {', "[1]", '"text"', "7", "null", " ", '{"a": NaN}']
)
def test_tool_input_that_is_no_json_object_is_none(broken):
    result = read(whole(tool_block(0, broken, input={"a": 2}), reason="tool_use"))
    assert result.message.tool_calls == (ToolUsePart("toolu_1", "tides", None),)
    assert result.ending.outcome is Outcome.COMPLETE


def test_several_tool_calls_are_all_kept_in_order():
    calls = [tool_block(i, json.dumps({"n": i}), id=f"t{i}") for i in range(3)]
    result = read(whole(*calls, reason="tool_use"))
    assert [(c.id, c.input) for c in result.message.tool_calls] == [
        ("t0", {"n": 0}),
        ("t1", {"n": 1}),
        ("t2", {"n": 2}),
    ]


# What the server does for itself


@pytest.mark.parametrize("kind", ["server_tool_use", "mcp_tool_use"])
def test_a_server_tool_keeps_the_input_that_was_streamed_and_is_no_tool_call(kind):
    started = {"id": "srv_1", "name": "web_search", "input": {}}
    result = read(
        whole(
            block(0, kind, **started),
            json_piece(0, '{"query": "ti'),
            json_piece(0, 'des"}'),
            close(0),
        )
    )
    assert result.message.parts == (
        ServerPart(kind, {"type": kind, **started, "input": {"query": "tides"}}),
    )
    assert result.message.tool_calls == ()


def test_a_server_tool_without_streamed_input_keeps_that_of_the_start_event():
    started = {"id": "srv_1", "name": "web_search", "input": {"query": "tides"}}
    (part,) = read(whole(block(0, "server_tool_use", **started), close(0))).message.parts
    assert part == ServerPart("server_tool_use", {"type": "server_tool_use", **started})


@pytest.mark.parametrize(
    "kind",
    [
        "web_search_tool_result",
        "web_fetch_tool_result",
        "code_execution_tool_result",
        "bash_code_execution_tool_result",
        "text_editor_code_execution_tool_result",
        "tool_search_tool_result",
        "container_upload",
        "mcp_tool_result",
        "fallback",
        "from_the_future",
    ],
)
def test_blocks_that_come_whole_are_kept_as_they_came(kind):
    fields = {"tool_use_id": "srv_1", "content": [{"deep": {"er": 1}}], "input": {}, "n": None}
    ignored = json_piece(0, '{"a":1}') + text(0, "x")
    result = read(whole(block(0, kind, **fields), ignored, close(0), text_block(1, "so")))
    assert result.message.parts == (ServerPart(kind, {"type": kind, **fields}), TextPart("so"))


def test_a_server_block_that_was_cut_is_marked_so():
    (part,) = read(start(), block(0, "server_tool_use", id="s", input={})).message.parts
    assert isinstance(part, ServerPart)
    assert not part.complete


def test_a_compaction_takes_its_content_from_its_delta():
    filled = delta(0, "compaction_delta", content="summary", encrypted_content="xyz")
    result = read(
        whole(block(0, "compaction", content=None), filled, close(0), reason="compaction")
    )
    kept = {"type": "compaction", "content": "summary", "encrypted_content": "xyz"}
    assert result.message.parts == (ServerPart("compaction", kept),)
    assert result.ending.stop_reason == "compaction"


# Citations


def test_citations_belong_to_their_text_and_are_kept_whole():
    page = {
        "type": "page_location",
        "cited_text": "Low water at six.",
        "document_title": "Tides",
        "start_page_number": 3,
    }
    web = {
        "type": "web_search_result_location",
        "cited_text": "High water at noon.",
        "title": "Port",
        "url": "https://example.org/",
        "encrypted_index": "e",
    }
    result = read(
        whole(
            block(0, "text", text="", citations=[page]),
            text(0, "Six and noon."),
            delta(0, "citations_delta", citation=web),
            close(0),
        )
    )
    assert result.message.parts == (
        TextPart(
            "Six and noon.",
            (
                Citation("Low water at six.", "Tides", None, page),
                Citation("High water at noon.", "Port", "https://example.org/", web),
            ),
        ),
    )


@pytest.mark.parametrize("odd", [None, 7, "text", [], [1]])
def test_a_citation_that_is_no_object_is_left_out(odd):
    result = read(
        whole(
            block(0, "text", text="a", citations=odd),
            delta(0, "citations_delta", citation=odd),
            close(0),
        )
    )
    assert result.message.parts == (TextPart("a"),)
    assert not any(isinstance(e, CitationAdded) for e in result.events)


# Stop reasons


@pytest.mark.parametrize(
    "reason",
    [
        "end_turn",
        "max_tokens",
        "stop_sequence",
        "tool_use",
        "pause_turn",
        "refusal",
        "model_context_window_exceeded",
        "compaction",
        "a_reason_from_the_future",
    ],
)
def test_every_stop_reason_is_kept_verbatim_and_the_reply_is_complete(reason):
    ending = read(whole(text_block(0, "a"), reason=reason)).ending
    assert ending.outcome is Outcome.COMPLETE
    assert ending.stop_reason == ending.raw_stop_reason == reason
    assert ending.error is None


def test_a_stop_sequence_is_named():
    result = read(start(), stop_reason("stop_sequence", stop_sequence="\n\nHuman:"), STOP)
    assert result.ending.stop_sequence == "\n\nHuman:"


def test_a_refusal_tells_its_category_and_explanation_and_keeps_the_partial_text():
    details = {"type": "refusal", "category": "cyber", "explanation": "Not this."}
    result = read(
        start(), text_block(0, "First, "), stop_reason("refusal", stop_details=details), STOP
    )
    assert result.ending.is_refusal
    assert result.ending.refusal == Refusal("cyber", "Not this.")
    assert result.message.text == "First, "


def test_a_refusal_may_tell_nothing():
    bare = {"category": None, "explanation": None}
    assert read(start(), stop_reason("refusal", stop_details=bare), STOP).ending.is_refusal
    assert read(start(), stop_reason("refusal", stop_details=None), STOP).ending.refusal is None


@pytest.mark.parametrize(
    "odd", [stop_reason(None), event("message_delta"), event("message_delta", delta=None), b""]
)
def test_without_a_stop_reason_the_reply_is_complete_for_no_known_reason(odd):
    ending = read(start(), text_block(0, "a"), odd, STOP).ending
    assert (ending.outcome, ending.stop_reason) == (Outcome.COMPLETE, None)


def test_of_several_message_deltas_the_last_value_that_is_not_null_wins():
    ending = read(
        start(),
        stop_reason("pause_turn", stop_sequence="X"),
        stop_reason("end_turn", stop_sequence=None),
        stop_reason(None),
        STOP,
    ).ending
    assert (ending.stop_reason, ending.stop_sequence) == ("end_turn", "X")


# Usage


def test_usage_is_cumulative_a_newer_count_replaces_and_an_absent_one_leaves_the_old():
    first = {
        "input_tokens": 10,
        "output_tokens": 1,
        "cache_creation_input_tokens": 4,
        "cache_read_input_tokens": 5,
    }
    result = read(
        start(usage=first),
        event("message_delta", delta={}, usage={"output_tokens": 20, "input_tokens": None}),
        event(
            "message_delta",
            delta={"stop_reason": "end_turn"},
            usage={"output_tokens": 50, "output_tokens_details": {"thinking_tokens": 30}},
        ),
        event("message_delta", delta={}),
        STOP,
    )
    assert result.message.usage == Usage(10, 50, 4, 5, 30)
    assert result.message.usage.total_input_tokens == 19


@pytest.mark.parametrize("odd", [None, "12", 1.5, -1, True, [3], {"n": 3}, 10**30])
def test_a_count_that_is_none_leaves_the_old_one(odd):
    late = event("message_delta", delta={}, usage={"output_tokens": odd, "input_tokens": 8})
    result = read(start(usage={"output_tokens": 3, "input_tokens": 7}), late, ended())
    assert result.message.usage == Usage(8, 3)


def test_no_usage_at_all_leaves_every_count_unknown():
    assert read(whole(text_block(0, "a"))).message.usage == Usage()


# Half surrogate pairs


def test_an_emoji_cut_in_two_deltas_is_joined():
    result = read(whole(text_block(0, "a \ud83c", "\udf0d b")))
    assert result.message.text == "a \U0001f30d b"
    assert [e.text for e in result.events if isinstance(e, TextDelta)] == ["a ", "\U0001f30d b"]


def test_a_lone_half_becomes_a_replacement_character():
    assert read(whole(text_block(0, "a\ud83c", "b"))).message.text == "a\ufffdb"
    assert read(whole(text_block(0, "a\udf0d"))).message.text == "a\ufffd"


def test_a_half_at_the_end_of_its_block_of_the_stream_or_of_the_bytes_is_replaced():
    assert read(whole(text_block(0, "a\ud83c"))).message.text == "a\ufffd"
    assert read(start(), text(0, "a\ud83c"), ended()).message.text == "a\ufffd"
    assert read(start(), text(0, "a\ud83c")).message.text == "a\ufffd"
    assert read(start(), thinking(0, "a\ud83c")).message.thinking == "a\ufffd"


def test_halves_in_different_blocks_do_not_meet():
    result = read(start(), text(0, "\ud83c"), text(1, "\udf0d"), ended())
    assert result.message.text == "\ufffd\ufffd"


def test_halves_in_tool_input_are_joined_or_replaced():
    split = tool_block(0, '{"a":"\ud83c', '\udf0d"}')
    escaped = tool_block(1, '{"a":"\\ud83c', '\\udf0d","b":"\\ud83c"}')
    in_start = tool_block(2, input={"a": ["\ud83c"]})
    calls = read(whole(split, escaped, in_start)).message.tool_calls
    assert [call.input for call in calls] == [
        {"a": "\U0001f30d"},
        {"a": "\U0001f30d", "b": "\ufffd"},
        {"a": ["\ufffd"]},
    ]


def test_lone_halves_are_replaced_in_everything_else_that_is_kept():
    half = "\ud83c"
    result = read(
        start(id=half, model=half),
        block(0, "text", text="a", citations=[{"title": half, "cited_text": half}]),
        block(1, "from_the_future", deep=[{half: half}]),
        block(2, "redacted_thinking", data=half),
        stop_reason(half, stop_sequence=half, stop_details={"category": half}),
        STOP,
    )
    assert "\ud83c" not in repr(result.message)
    assert "\\ud83c" not in repr(result.message)
    assert result.ending.stop_reason == "\ufffd"
