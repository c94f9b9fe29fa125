"""What is sent for a reply: headers, address, body, and the conversation as `messages`."""

from __future__ import annotations

import json

import pytest

from tui.chat.conversation import Conversation
from tui.chat.ending import Ending, Outcome
from tui.chat.message import (
    Citation,
    Message,
    RedactedThinkingPart,
    Role,
    ServerPart,
    TextPart,
    ThinkingPart,
    TokenLimit,
    ToolResultPart,
    ToolUsePart,
)
from tui.chat.parameters import Parameters
from tui.providers.anthropic import Anthropic, wire_messages
from tui.providers.base import ReplyOptions, Server

KEY = "sk-ant-very-secret"
END_TURN = Ending(Outcome.COMPLETE, "end_turn")
REFUSED = Ending(Outcome.COMPLETE, "refusal")
CALL = ToolUsePart("t1", "tides", {"port": "Brest"})
RESULT = ToolResultPart("t1", "low at six")
SIGNED = ThinkingPart("hm", "sig")
OPTIONS = ReplyOptions("m-1", TokenLimit(1024, "the default"))


def user(*parts) -> Message:
    return Message(Role.USER, tuple(TextPart(p) if isinstance(p, str) else p for p in parts))


def assistant(*parts, ending: Ending | None = END_TURN, provider="p", model="m-1") -> Message:
    parts = tuple(TextPart(p) if isinstance(p, str) else p for p in parts)
    return Message(Role.ASSISTANT, parts, provider=provider, model=model, ending=ending)


def wire(*messages: Message) -> list:
    return wire_messages(messages, "p", "m-1")


def said(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def contents(*messages: Message) -> list:
    return [message["content"] for message in wire(*messages)]


def conversation(*messages: Message, system: str = "") -> Conversation:
    made = Conversation(system=system)
    for message in messages or (user("hi"),):
        made.append(message)
    return made


def request_body(options: ReplyOptions = OPTIONS, system: str = "") -> dict[str, object]:
    provider = Anthropic(Server("p", "https://host", KEY))
    return json.loads(provider.build_request(conversation(system=system), options).body)


# The request around the messages


def test_a_plain_request_says_what_is_needed_and_nothing_more():
    assert request_body() == {
        "model": "m-1",
        "max_tokens": 1024,
        "stream": True,
        "messages": [{"role": "user", "content": [said("hi")]}],
    }


def test_system_prompt_stop_sequences_and_temperature_are_sent_if_set():
    options = ReplyOptions(
        "m-1", TokenLimit(5, "you"), Parameters(temperature=0.0, stop=("a", "b"))
    )
    body = request_body(options, system="Be brief.")
    assert body["system"] == "Be brief."
    assert body["stop_sequences"] == ["a", "b"]
    assert body["temperature"] == 0.0
    assert body["max_tokens"] == 5


def test_the_key_is_sent_in_one_header_and_the_version_in_another():
    request = Anthropic(Server("p", "https://host", KEY)).build_request(conversation(), OPTIONS)
    assert request.method == "POST"
    assert request.headers == {
        "x-api-key": KEY,
        "anthropic-version": "2023-06-01",
        "content-type": "application/json",
        "accept": "text/event-stream",
    }
    assert KEY not in request.url
    assert KEY.encode() not in request.body


def test_without_a_key_no_key_header_is_sent():
    request = Anthropic(Server("p", "https://host")).build_request(conversation(), OPTIONS)
    assert "x-api-key" not in request.headers


def test_the_version_can_be_another():
    provider = Anthropic(Server("p", "https://host", api_version="2026-10-21"))
    headers = provider.build_request(conversation(), OPTIONS).headers
    assert headers["anthropic-version"] == "2026-10-21"


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://api.anthropic.com", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/", "https://api.anthropic.com/v1/messages"),
        ("https://host/proxy/anthropic", "https://host/proxy/anthropic/v1/messages"),
        ("https://host/proxy/anthropic/", "https://host/proxy/anthropic/v1/messages"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1/messages"),
        ("http://127.0.0.1:8080/pre/v1/", "http://127.0.0.1:8080/pre/v1/messages"),
    ],
)
def test_a_base_url_may_have_a_path_prefix_and_may_end_in_v1(base, url):
    assert Anthropic(Server("p", base)).build_request(conversation(), OPTIONS).url == url


def test_the_key_shows_in_no_text_of_anything():
    provider = Anthropic(Server("p", "https://host", KEY))
    request = provider.build_request(conversation(), OPTIONS)
    for thing in (provider, request, provider.new_decoder(), OPTIONS):
        assert KEY not in repr(thing)
        assert KEY not in str(thing)


def test_the_address_is_host_and_port_without_a_password():
    assert Anthropic(Server("p", "https://me:secret@host:8443/pre")).address == "host:8443"
    assert Anthropic(Server("p", "http://127.0.0.1:8080/v1")).address == "127.0.0.1:8080"


def test_the_body_is_utf8_whatever_the_text():
    provider = Anthropic(Server("p", "https://host"))
    body = provider.build_request(
        conversation(user("Gr\u00fc\u00dfe \U0001f30d\u2028\x00")), OPTIONS
    ).body
    assert json.loads(body)["messages"][0]["content"] == [
        said("Gr\u00fc\u00dfe \U0001f30d\u2028\x00")
    ]


# Turns


def test_roles_alternate_and_neighbours_of_one_role_are_merged():
    messages = wire(user("a"), user("b"), assistant("c"), assistant("d"), user("e"))
    assert messages == [
        {"role": "user", "content": [said("a"), said("b")]},
        {"role": "assistant", "content": [said("c"), said("d")]},
        {"role": "user", "content": [said("e")]},
    ]


def test_the_first_turn_is_a_users():
    assert [m["role"] for m in wire(assistant("hello"), user("hi"), assistant("x"), user("y"))] == [
        "user",
        "assistant",
        "user",
    ]


@pytest.mark.parametrize("ending", [REFUSED, Ending(Outcome.TRUNCATED, "refusal")])
def test_a_refused_turn_is_left_out_together_with_its_prompt(ending):
    refused = assistant("I can", ending=ending)
    assert contents(user("a"), assistant("b"), user("bad"), refused, user("c")) == [
        [said("a")],
        [said("b")],
        [said("c")],
    ]


def test_a_refused_first_turn_leaves_only_what_follows():
    assert contents(user("bad"), assistant(ending=REFUSED), user("good")) == [[said("good")]]


def test_a_refused_continuation_takes_no_earlier_reply_with_it():
    paused = assistant("The first half", ending=Ending(Outcome.COMPLETE, "pause_turn"))
    assert contents(user("a"), paused, assistant(ending=REFUSED), user("b")) == [
        [said("a")],
        [said("The first half")],
        [said("b")],
    ]


def test_a_refusal_of_a_tools_result_leaves_no_half_of_the_call_behind():
    assert contents(
        user("a"), assistant("let me see", CALL), user(RESULT), assistant(ending=REFUSED), user("b")
    ) == [[said("a")], [said("let me see")], [said("b")]]


@pytest.mark.parametrize(
    "outcome",
    [Outcome.TRUNCATED, Outcome.STALLED, Outcome.CANCELLED, Outcome.INTERRUPTED, Outcome.ERROR],
)
def test_the_text_of_a_reply_that_was_cut_goes_back(outcome):
    cut = assistant("The first half", ending=Ending(outcome))
    assert contents(user("a"), cut, user("go on")) == [
        [said("a")],
        [said("The first half")],
        [said("go on")],
    ]


@pytest.mark.parametrize("nothing", [(), ("",), (" \n",), (SIGNED,), (RedactedThinkingPart("d"),)])
def test_a_reply_that_came_to_nothing_is_left_out_and_its_neighbours_merge(nothing):
    assert contents(user("a"), assistant(*nothing), user("b")) == [[said("a"), said("b")]]


def test_no_empty_text_block_is_sent():
    assert contents(user("a", "", " \n"), assistant("", "b", "\n"), user("c")) == [
        [said("a")],
        [said("b")],
        [said("c")],
    ]


def test_how_a_reply_ended_is_never_in_the_text_that_goes_back():
    endings = [Ending(outcome, detail="the reason") for outcome in Outcome]
    for ending in endings:
        sent = json.dumps(wire(user("a"), assistant("b", ending=ending), user("c")))
        assert "the reason" not in sent
        assert ending.outcome.value not in sent


# Thinking


THOUGHTFUL = (SIGNED, RedactedThinkingPart("b3BhcXVl"), "so")
THOUGHT_BLOCKS = [
    {"type": "thinking", "thinking": "hm", "signature": "sig"},
    {"type": "redacted_thinking", "data": "b3BhcXVl"},
]


def test_thinking_goes_back_to_its_model_with_its_signature_and_in_its_place():
    later = ThinkingPart("", "sig2")
    (_, sent, _) = contents(user("a"), assistant(*THOUGHTFUL, later, "!"), user("b"))
    assert sent == [
        *THOUGHT_BLOCKS,
        said("so"),
        {"type": "thinking", "thinking": "", "signature": "sig2"},
        said("!"),
    ]


@pytest.mark.parametrize(("provider", "model"), [("p", "m-2"), ("q", "m-1"), ("", "")])
def test_thinking_does_not_go_to_another_model_or_provider(provider, model):
    thought = assistant(*THOUGHTFUL, provider=provider, model=model)
    assert contents(user("a"), thought, user("b"))[1] == [said("so")]


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.COMPLETE])
def test_thinking_of_a_reply_that_was_cut_is_dropped(outcome):
    cut = assistant(*THOUGHTFUL, ending=Ending(outcome))
    assert contents(user("a"), cut, user("b"))[1] == [said("so")]


def test_thinking_without_a_signature_is_dropped():
    assert contents(user("a"), assistant(ThinkingPart("hm"), "so"), user("b"))[1] == [said("so")]


@pytest.mark.parametrize(
    "left_out",
    [CALL, ToolUsePart("t1", "tides", None), ServerPart("server_tool_use", {}, complete=False)],
)
def test_thinking_goes_when_something_else_of_its_turn_is_left_out(left_out):
    assert contents(user("a"), assistant(*THOUGHTFUL, left_out), user("b"))[1] == [said("so")]


def test_thinking_stays_in_a_tool_loop():
    messages = contents(user("a"), assistant(*THOUGHTFUL, CALL), user(RESULT))
    assert messages[1][:2] == THOUGHT_BLOCKS
    assert messages[1][3]["type"] == "tool_use"


# Tools


def test_a_call_and_its_result_go_back():
    assert contents(user("a"), assistant("let me see", CALL), user(RESULT))[1:] == [
        [
            said("let me see"),
            {"type": "tool_use", "id": "t1", "name": "tides", "input": {"port": "Brest"}},
        ],
        [{"type": "tool_result", "tool_use_id": "t1", "content": "low at six", "is_error": False}],
    ]


def test_a_call_that_nobody_answered_is_dropped():
    assert contents(user("a"), assistant("see", CALL), user("never mind"))[1] == [said("see")]
    assert contents(user("a"), assistant(CALL), user("b")) == [[said("a"), said("b")]]


def test_of_several_calls_only_the_unanswered_are_dropped():
    other = ToolUsePart("t2", "tides", {})
    messages = contents(user("a"), assistant(CALL, other), user(RESULT))
    assert [block["id"] for block in messages[1]] == ["t1"]


def test_a_call_whose_input_was_cut_goes_together_with_its_result():
    cut = ToolUsePart("t1", "tides", None)
    assert contents(user("a"), assistant("see", cut), user(RESULT, "b")) == [
        [said("a")],
        [said("see")],
        [said("b")],
    ]


def test_a_result_without_its_call_is_dropped():
    assert contents(user("a"), assistant("b"), user(RESULT, "c"))[2] == [said("c")]


@pytest.mark.parametrize(
    "answer", [[("and now?", RESULT)], [(RESULT, "and now?")], [("and now?",), (RESULT,)]]
)
def test_results_come_first_in_their_message(answer):
    messages = contents(user("a"), assistant(CALL), *(user(*parts) for parts in answer))
    assert [block["type"] for block in messages[2]] == ["tool_result", "text"]


def test_a_result_can_be_an_error():
    failed = ToolResultPart("t1", "no such port", is_error=True)
    assert contents(user("a"), assistant(CALL), user(failed))[2][0]["is_error"] is True


# What the server made


def test_server_blocks_go_back_raw_to_the_model_that_they_came_from():
    raw = {"type": "server_tool_use", "id": "s", "input": {"query": "x"}, "new_field": 1}
    part = ServerPart("server_tool_use", raw)
    assert contents(user("a"), assistant(part, "so"), user("b"))[1] == [raw, said("so")]
    elsewhere = assistant(part, "so", model="m-2")
    assert contents(user("a"), elsewhere, user("b"))[1] == [said("so")]


def test_citations_go_back_as_they_came():
    raw = {"type": "char_location", "cited_text": "x", "document_index": 0}
    cited = TextPart("so", (Citation("x", None, None, raw),))
    assert contents(user("a"), assistant(cited), user("b"))[1] == [
        {**said("so"), "citations": [raw]}
    ]
