"""What is sent for a response: headers, address, body, and the conversation as `input` items."""

from __future__ import annotations

import json

import pytest
from responses_stream import added, done, function_call, message, read, reasoning, text, whole

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
from tui.chat.parameters import PARAMETERS, Parameters
from tui.providers.base import ReplyOptions, Server
from tui.providers.openai_responses import OpenAIResponses, wire_input

KEY = "sk-very-secret"
END_TURN = Ending(Outcome.COMPLETE, "end_turn")
CALL = ToolUsePart("call_f", "tides", {"port": "Brest \u2693"})
RESULT = ToolResultPart("call_f", "low at six")
OPTIONS = ReplyOptions("m-1", TokenLimit(1024, "you"))
ENCRYPTED = reasoning("r", "Hm.", encrypted_content="b3BhcXVl")
MEMO = ServerPart("openai-responses:reasoning", ENCRYPTED)
SENT_MEMO = {
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "Hm."}],
    "encrypted_content": "b3BhcXVl",
}
SENT_CALL = {
    "type": "function_call",
    "call_id": "call_f",
    "name": "tides",
    "arguments": '{"port": "Brest \u2693"}',
}
SENT_RESULT = {"type": "function_call_output", "call_id": "call_f", "output": "low at six"}


def user(*parts) -> Message:
    return Message(Role.USER, tuple(TextPart(p) if isinstance(p, str) else p for p in parts))


def assistant(*parts, ending: Ending | None = END_TURN, provider="p", model="m-1") -> Message:
    parts = tuple(TextPart(p) if isinstance(p, str) else p for p in parts)
    return Message(Role.ASSISTANT, parts, provider=provider, model=model, ending=ending)


def wire(*messages: Message) -> list:
    return wire_input(messages, "p", "m-1")


def asked(*texts: str) -> dict[str, object]:
    content = [{"type": "input_text", "text": text_} for text_ in texts]
    return {"type": "message", "role": "user", "content": content}


def said(*texts: str, **fields: object) -> dict[str, object]:
    content = [{"type": "output_text", "text": text_, "annotations": []} for text_ in texts]
    return {
        "type": "message",
        "role": "assistant",
        "status": "completed",
        **fields,
        "content": content,
    }


def conversation(*messages: Message, system: str = "") -> Conversation:
    made = Conversation(system=system)
    for message_ in messages or (user("hi"),):
        made.append(message_)
    return made


def provider(base: str = "https://host/v1", **server: object) -> OpenAIResponses:
    return OpenAIResponses(Server("p", base, KEY, **server))


def body(options: ReplyOptions = OPTIONS, system: str = "") -> dict[str, object]:
    return json.loads(provider().build_request(conversation(system=system), options).body)


# The request around the items


def test_a_plain_request_says_what_is_needed_and_nothing_more():
    assert body(ReplyOptions("m-1")) == {
        "model": "m-1",
        "stream": True,
        "store": False,
        "input": [asked("hi")],
    }


def test_a_full_request_says_all_that_was_set():
    parameters = Parameters(temperature=0.0, top_p=0.5, effort="high")
    options = ReplyOptions("m-1", TokenLimit(5, "you"), parameters)
    assert body(options, system="Be brief.") == {
        "model": "m-1",
        "max_output_tokens": 5,
        "stream": True,
        "store": False,
        "instructions": "Be brief.",
        "input": [asked("hi")],
        "temperature": 0.0,
        "top_p": 0.5,
        "reasoning": {"effort": "high", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
    }


def test_no_effort_asks_for_no_thoughts_either():
    sent = body(ReplyOptions("m-1", None, Parameters(effort="none")))
    assert sent["reasoning"] == {"effort": "none"}
    assert "include" not in sent


def test_parameters_that_the_api_has_no_place_for_are_declared_as_such_and_not_sent():
    everything = Parameters(9, 0.1, 0.2, 3, 4, ("END",), "low", 2048)
    known = OpenAIResponses.parameters
    assert known == {"max_tokens", "temperature", "top_p", "effort"}
    assert known < set(PARAMETERS)
    sent = json.dumps(body(ReplyOptions("m-1", None, everything)))
    for word in ("END", "2048", "seed", "top_k", "stop", "max_output_tokens"):
        assert word not in sent


def test_the_request_goes_to_responses_with_the_key_in_one_header():
    request = provider().build_request(conversation(), OPTIONS)
    assert (request.method, request.url) == ("POST", "https://host/v1/responses")
    assert request.headers == {
        "authorization": f"Bearer {KEY}",
        "content-type": "application/json",
        "accept": "text/event-stream",
    }
    assert KEY.encode() not in request.body


def test_a_gateway_may_want_the_key_elsewhere_and_a_version_behind_the_address():
    request = provider(
        "https://host/openai/v1/", key_header="api-key", query={"api-version": "preview"}
    ).build_request(conversation(), OPTIONS)
    assert request.url == "https://host/openai/v1/responses?api-version=preview"
    assert request.headers["api-key"] == KEY
    assert "authorization" not in request.headers


def test_without_a_key_no_key_header_is_sent():
    local = OpenAIResponses(Server("p", "http://127.0.0.1:8080/v1"))
    assert "authorization" not in local.build_request(conversation(), OPTIONS).headers


def test_the_key_shows_in_no_text_of_anything():
    for thing in (provider(), provider().build_request(conversation(), OPTIONS)):
        assert KEY not in repr(thing)
        assert KEY not in str(thing)


# Items


def test_a_conversation_is_messages_in_the_long_form_that_every_server_takes():
    assert wire(user("hi"), assistant("Hello."), user("again")) == [
        asked("hi"),
        said("Hello."),
        asked("again"),
    ]


def test_several_texts_of_one_turn_are_one_message():
    assert wire(user("a", "b"), assistant("c", "d"), assistant("e"), user("f")) == [
        asked("a", "b"),
        said("c", "d", "e"),
        asked("f"),
    ]


def test_texts_that_are_empty_are_left_out():
    assert wire(user("a"), assistant("", "b", " \n"), user("c")) == [
        asked("a"),
        said("b"),
        asked("c"),
    ]


def test_a_call_its_result_and_what_followed_go_back_in_their_order():
    assert wire(user("a"), assistant("Let me see.", CALL), user(RESULT, "and?")) == [
        asked("a"),
        said("Let me see."),
        SENT_CALL,
        SENT_RESULT,
        asked("and?"),
    ]


def test_calls_at_once_come_before_their_results():
    other = ToolUsePart("call_g", "tides", {})
    sent = wire(user("a"), assistant(CALL, other), user(RESULT, ToolResultPart("call_g", "?")))
    assert [item["type"] for item in sent[1:]] == ["function_call"] * 2 + [
        "function_call_output"
    ] * 2
    assert [item["call_id"] for item in sent[1:]] == ["call_f", "call_g"] * 2


def test_a_call_that_nobody_answered_is_dropped():
    assert wire(user("a"), assistant("see", CALL), user("never mind"))[1:] == [
        said("see"),
        asked("never mind"),
    ]


def test_a_refused_turn_is_left_out_together_with_its_prompt():
    refused = assistant("I won't.", ending=Ending(Outcome.COMPLETE, "refusal"))
    assert wire(user("bad"), refused, user("good")) == [asked("good")]


# What only this API gets back


def test_own_reasoning_goes_back_in_its_place_without_what_only_storage_knows():
    thoughtful = assistant(ThinkingPart("Hm."), MEMO, CALL)
    assert wire(user("a"), thoughtful, user(RESULT)) == [
        asked("a"),
        SENT_MEMO,
        SENT_CALL,
        SENT_RESULT,
    ]


def test_reasoning_between_texts_keeps_them_apart():
    assert wire(user("a"), assistant("b", MEMO, "c"), user("d")) == [
        asked("a"),
        said("b"),
        SENT_MEMO,
        said("c"),
        asked("d"),
    ]


def test_fields_that_are_null_or_for_the_way_out_only_are_not_sent():
    raw = {**ENCRYPTED, "status": "completed", "content": None}
    memo = ServerPart("openai-responses:reasoning", raw)
    assert wire(user("a"), assistant(memo, "b"), user("c"))[1] == SENT_MEMO


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"model": "m-2"},
        {"provider": "q"},
        {"ending": Ending(Outcome.TRUNCATED)},
        {"ending": Ending(Outcome.ERROR)},
    ],
)
def test_reasoning_of_another_model_or_of_a_cut_reply_is_dropped(elsewhere):
    thoughtful = assistant(MEMO, "b", **elsewhere)
    assert wire(user("a"), thoughtful, user("c")) == [asked("a"), said("b"), asked("c")]


def test_what_other_apis_keep_is_dropped():
    foreign = assistant(
        ThinkingPart("hm", "sig"),
        RedactedThinkingPart("b3BhcXVl"),
        ServerPart("server_tool_use", {"type": "server_tool_use", "id": "s"}),
        ServerPart("gemini:thought", {"thoughtSignature": "c2ln"}),
        "b",
    )
    assert wire(user("a"), foreign, user("c")) == [asked("a"), said("b"), asked("c")]


def test_phases_go_back_with_their_messages():
    def phase(name: str) -> ServerPart:
        return ServerPart("openai-responses:message", {"id": "msg_1", "phase": name})

    reply = assistant(phase("commentary"), "Let me see.", phase("final_answer"), "Six.", MEMO, "!")
    assert wire(user("a"), reply, user("b"))[1:-1] == [
        said("Let me see.", phase="commentary"),
        said("Six.", phase="final_answer"),
        SENT_MEMO,
        said("!"),
    ]


def test_a_phase_whose_text_is_missing_goes_to_no_other_message():
    phase = ServerPart("openai-responses:message", {"phase": "commentary"})
    assert wire(user("a"), assistant(phase, "", MEMO, "b"), user("c"))[1:-1] == [
        SENT_MEMO,
        said("b"),
    ]
    odd = ServerPart("openai-responses:message", {"phase": 7})
    assert wire(user("a"), assistant(odd, "b"), user("c"))[1] == said("b")


def test_sources_go_back_to_the_model_that_named_them_and_to_no_other():
    raw = {"type": "url_citation", "url": "https://e.org", "title": "T"}
    cited = TextPart("b", (Citation("", "T", "https://e.org", raw),))
    own, *_ = wire(user("a"), assistant(cited), user("c"))[1]["content"]
    foreign, *_ = wire(user("a"), assistant(cited, model="m-2"), user("c"))[1]["content"]
    assert (own["annotations"], foreign["annotations"]) == ([raw], [])


def test_what_a_stream_brought_goes_back_as_it_came():
    stream = whole(
        added(reasoning("r", encrypted_content="b3Bh"), 0),
        done(ENCRYPTED, 0),
        added(message("m", phase="commentary"), 1),
        text("Let me see.", item_id="m", output_index=1, content_index=0),
        done(function_call("f", '{"port": "Brest \u2693"}'), 2),
    )
    parts = read(stream).message.parts
    assert wire(user("a"), assistant(*parts), user(RESULT)) == [
        asked("a"),
        SENT_MEMO,
        said("Let me see.", phase="commentary"),
        SENT_CALL,
        SENT_RESULT,
    ]
