"""What a client receives for each trigger word, over a real socket."""

import json

import httpx
import pytest
from demo_client import message, read_events, text_of


def stop_of(events):
    assert events[-1] == {"type": "message_stop"}
    assert events[-2]["type"] == "message_delta"
    return events[-2]["delta"]


def block_starts(events):
    return [e["content_block"] for e in events if e["type"] == "content_block_start"]


async def test_a_reply_is_a_whole_stream_with_its_usage(ask):
    response = await ask("hello")
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["transfer-encoding"] == "chunked"
    assert response.headers["request-id"].startswith("req_demo_")
    events = read_events(response.content)
    assert [e["type"] for e in events[:4]] == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
    ]
    assert events[0]["message"]["usage"]["input_tokens"] > 0
    assert stop_of(events) == {"stop_reason": "end_turn", "stop_sequence": None}
    deltas = [e for e in events if e["type"] == "content_block_delta"]
    assert events[-2]["usage"] == {"output_tokens": len(deltas)}


@pytest.mark.parametrize(
    ("word", "stop_reason"),
    [
        ("max_tokens", "max_tokens"),
        ("tool_use", "tool_use"),
        ("tools", "tool_use"),
        ("pause", "pause_turn"),
        ("refusal", "refusal"),
        ("context", "model_context_window_exceeded"),
        ("unknown", "tide_turned"),
        ("nothing", "end_turn"),
        ("think", "end_turn"),
        ("redacted", "end_turn"),
        ("citations", "end_turn"),
        ("help", "end_turn"),
        ("long", "end_turn"),
        ("burst", "end_turn"),
        ("code", "end_turn"),
        ("table", "end_turn"),
        ("unicode", "end_turn"),
        ("hostile", "end_turn"),
        ("slow", "end_turn"),
        ("wait", "end_turn"),
        ("drip", "end_turn"),
        ("split", "end_turn"),
    ],
)
async def test_a_word_ends_with_its_stop_reason(ask, word, stop_reason):
    events = read_events((await ask(word)).content)
    assert stop_of(events)["stop_reason"] == stop_reason


async def test_a_stop_sequence_is_named(ask):
    events = read_events((await ask("stop_sequence")).content)
    assert stop_of(events) == {"stop_reason": "stop_sequence", "stop_sequence": "\n\nHuman:"}


async def test_a_refusal_comes_after_text_and_with_its_details(ask):
    events = read_events((await ask("refusal")).content)
    assert text_of(events)
    details = stop_of(events)["stop_details"]
    assert details["category"] == "cyber"
    assert details["explanation"]


async def test_a_tool_call_comes_in_fragments_that_join_to_its_input(ask):
    events = read_events((await ask("tool")).content)
    text, tool = block_starts(events)
    assert text["type"] == "text"
    assert (tool["type"], tool["name"], tool["input"]) == ("tool_use", "get_tides", {})
    deltas = [e["delta"] for e in events if e["type"] == "content_block_delta"]
    fragments = [d["partial_json"] for d in deltas if d["type"] == "input_json_delta"]
    assert fragments[0] == ""
    assert len(fragments) > 10
    assert json.loads("".join(fragments))["port"]["name"] == "Brest (Finistère)"


async def test_thinking_is_signed_before_its_block_stops(ask):
    events = read_events((await ask("think")).content)
    assert [b["type"] for b in block_starts(events)] == ["thinking", "text"]
    at = next(
        i for i, e in enumerate(events) if e.get("delta", {}).get("type") == "signature_delta"
    )
    assert events[at - 1]["delta"]["type"] == "thinking_delta"
    assert events[at + 1] == {"type": "content_block_stop", "index": 0}
    usage = events[-2]["usage"]
    assert 100 < usage["output_tokens_details"]["thinking_tokens"] < usage["output_tokens"]


async def test_redacted_thinking_is_whole_in_its_start_event(ask):
    events = read_events((await ask("redacted")).content)
    assert block_starts(events)[0]["data"]


async def test_the_requests_own_limit_ends_the_reply(ask):
    events = read_events((await ask("hello", max_tokens=3)).content)
    assert stop_of(events)["stop_reason"] == "max_tokens"
    assert events[-2]["usage"]["output_tokens"] == 3
    assert events[-3]["type"] == "content_block_stop"


async def test_a_limit_inside_a_tool_call_leaves_its_block_open(ask):
    events = read_events((await ask("tool", max_tokens=12)).content)
    assert stop_of(events)["stop_reason"] == "max_tokens"
    assert events[-3]["delta"]["type"] == "input_json_delta"


async def test_the_requests_own_stop_sequence_ends_the_reply_before_it(ask):
    events = read_events((await ask("hello", stop_sequences=["nowhere", "built-in"])).content)
    assert stop_of(events) == {"stop_reason": "stop_sequence", "stop_sequence": "built-in"}
    assert text_of(events).endswith("> I am the **")


@pytest.mark.parametrize(
    ("word", "status", "error_type"),
    [
        ("error 400", 400, "invalid_request_error"),
        ("error 401", 401, "authentication_error"),
        ("error 403", 403, "permission_error"),
        ("error 404", 404, "not_found_error"),
        ("error 429", 429, "rate_limit_error"),
        ("error 529", 529, "overloaded_error"),
    ],
)
async def test_an_error_before_the_first_byte_has_the_apis_json(ask, word, status, error_type):
    response = await ask(word)
    assert response.status_code == status
    assert response.headers["request-id"]
    assert response.json()["type"] == "error"
    assert response.json()["error"]["type"] == error_type
    assert response.json()["error"]["message"]


async def test_a_rate_limit_says_when_to_come_back(ask):
    assert (await ask("error 429")).headers["retry-after"] == "7"


@pytest.mark.parametrize(("word", "status"), [("error 413", 413), ("error 500", 500)])
async def test_some_errors_are_not_json(ask, word, status):
    response = await ask(word)
    assert response.status_code == status
    with pytest.raises(ValueError, match="Expecting value"):
        response.json()


async def test_flaky_answers_the_third_attempt(ask):
    statuses = [(await ask("flaky")).status_code for _ in range(6)]
    assert statuses == [529, 529, 200, 529, 529, 200]


async def test_an_error_in_mid_stream_comes_after_text_and_ends_it(ask):
    events = read_events((await ask("error mid")).content)
    assert text_of(events)
    assert events[-1]["error"]["type"] == "overloaded_error"


async def test_cut_ends_the_body_cleanly_in_mid_sentence(ask):
    events = read_events((await ask("cut")).content)
    assert text_of(events).endswith("somebody had written")
    assert events[-1]["type"] == "content_block_delta"


async def test_cut_utf8_ends_the_body_inside_a_character(ask):
    body = (await ask("cut utf8")).content
    assert body.endswith("🌊".encode()[:2])


async def test_almost_lacks_only_message_stop(ask):
    events = read_events((await ask("almost")).content)
    assert events[-1]["type"] == "message_delta"
    assert events[-1]["delta"]["stop_reason"] == "end_turn"


async def test_reset_does_not_end_the_body(ask, log):
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
        await ask("reset")
    assert (await log.ending()).endswith("cut off by the script after 37 deltas (mid-stream)")


async def test_reset_hard_sends_a_tcp_reset(ask):
    with pytest.raises(httpx.ReadError):
        await ask("reset hard")


async def test_garbage_is_an_event_that_is_no_json(ask):
    with pytest.raises(json.JSONDecodeError):
        read_events((await ask("garbage")).content)


async def test_html_and_json_are_successes_that_are_no_streams(ask):
    page, document = await ask("html"), await ask("json")
    assert page.status_code == document.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.text.startswith("<!DOCTYPE html>")
    assert document.headers["content-type"] == "application/json"
    assert document.json()["type"] == "message"


async def test_empty_is_a_stream_without_a_byte(ask):
    response = await ask("empty")
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.content == b""


async def test_surrogate_halves_come_as_separate_deltas(ask):
    body = (await ask("unicode")).content
    assert b'"text":"\\ud83c"' in body
    assert b'"text":"\\udf0a"' in body


async def test_hostile_text_arrives_as_it_is(ask):
    text = text_of(read_events((await ask("hostile")).content))
    for trap in ("\x1b]52;c;", "\x00", "\u202e", "\x9b31m", "[@click=app.quit]", "\x1b[201~"):
        assert trap in text


async def test_split_sends_every_byte_in_a_chunk_of_its_own(raw):
    client = await raw()
    await client.post(message("split"))
    await client.reader.readuntil(b"\r\n\r\n")
    body = b""
    while (size := await client.reader.readuntil(b"\r\n")) != b"0\r\n":
        assert size == b"1\r\n"
        body += (await client.reader.readexactly(3))[:1]
    assert "👩‍🚀" in text_of(read_events(body))


async def test_without_a_stream_the_same_words_come_as_one_message(ask):
    streamed = read_events((await ask("think")).content)
    response = await ask("think", stream=False)
    assert response.headers["content-type"] == "application/json"
    value = response.json()
    assert [b["type"] for b in value["content"]] == ["thinking", "text"]
    assert value["content"][1]["text"] == text_of(streamed)
    assert value["stop_reason"] == "end_turn"
    assert value["usage"]["output_tokens"] == streamed[-2]["usage"]["output_tokens"]


async def test_without_a_stream_a_tool_input_is_an_object(ask):
    value = (await ask("tools", stream=False)).json()
    assert [b.get("input") for b in value["content"]] == [None, {"city": "Kraków", "days": 2}, {}]


async def test_without_a_stream_a_tool_call_cut_by_the_limit_has_no_input(ask):
    value = (await ask("tool", stream=False, max_tokens=12)).json()
    assert value["stop_reason"] == "max_tokens"
    assert value["content"][1]["input"] == {}


async def test_without_a_stream_a_cut_shows_as_a_missing_stop_reason(ask):
    value = (await ask("cut", stream=False)).json()
    assert value["content"][0]["text"].endswith("somebody had written")
    assert value["stop_reason"] is None


async def test_without_a_stream_nobody_waits(ask, clock):
    assert (await ask("wait", stream=False)).status_code == 200
    assert clock.calls == []


async def test_without_a_stream_an_error_in_mid_stream_is_an_http_error(ask):
    response = await ask("error mid", stream=False)
    assert response.status_code == 529
    assert response.json()["error"]["type"] == "overloaded_error"
