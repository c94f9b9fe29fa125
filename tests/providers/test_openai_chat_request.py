"""What is sent for a reply by Chat Completions, as whole documents, now and in the next turn."""

from __future__ import annotations

import json

import pytest
from chat_stream import START, call, delta, ended, read, text

from tui.chat.conversation import Conversation
from tui.chat.ending import Ending, Outcome
from tui.chat.message import (
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
from tui.chat.parameters import EFFORTS, PARAMETERS, Parameters
from tui.providers.base import ReplyOptions, Server
from tui.providers.openai_chat import OpenAIChat

KEY = "sk-very-secret"
BASE = "https://host/v1"
OPENROUTER = "https://openrouter.ai/api/v1"
LIMIT = TokenLimit(800, "you")
OPTIONS = ReplyOptions("m-1", LIMIT)
END_TURN = Ending(Outcome.COMPLETE, "end_turn")
CALL = ToolUsePart("t1", "tides", {"port": "Gr\u00fc\u00dfe"})
RESULT = ToolResultPart("t1", "low at six")
WIRE_CALL = {
    "id": "t1",
    "type": "function",
    "function": {"name": "tides", "arguments": '{"port": "Gr\u00fc\u00dfe"}'},
}
WIRE_RESULT = {"role": "tool", "tool_call_id": "t1", "content": "low at six"}


def user(*parts) -> Message:
    return Message(Role.USER, tuple(TextPart(p) if isinstance(p, str) else p for p in parts))


def assistant(*parts, ending: Ending | None = END_TURN, provider="p", model="m-1") -> Message:
    parts = tuple(TextPart(p) if isinstance(p, str) else p for p in parts)
    return Message(Role.ASSISTANT, parts, provider=provider, model=model, ending=ending)


def conversation(*messages: Message, system: str = "") -> Conversation:
    made = Conversation(system=system)
    for message in messages or (user("hi"),):
        made.append(message)
    return made


def body(
    *messages: Message,
    server: Server | None = None,
    base: str = BASE,
    system: str = "",
    limit: TokenLimit | None = LIMIT,
    **parameters: object,
) -> dict:
    provider = OpenAIChat(server or Server("p", base, KEY))
    options = ReplyOptions("m-1", limit, Parameters(**parameters))
    return json.loads(provider.build_request(conversation(*messages, system=system), options).body)


def wire(*messages: Message) -> list:
    return body(*messages)["messages"]


# The request around the messages


def test_a_plain_request_says_what_is_needed_and_nothing_more():
    assert body() == {
        "model": "m-1",
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 800,
    }


def test_everything_that_was_set_is_sent():
    assert body(
        system="Be brief.",
        temperature=0.0,
        top_p=0.5,
        top_k=40,
        seed=7,
        stop=("a", "b"),
        effort="high",
    ) == {
        "model": "m-1",
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hi"},
        ],
        "max_tokens": 800,
        "temperature": 0.0,
        "top_p": 0.5,
        "top_k": 40,
        "seed": 7,
        "stop": ["a", "b"],
        "reasoning_effort": "high",
    }


def test_address_key_and_headers():
    request = OpenAIChat(Server("p", BASE, KEY)).build_request(conversation(), OPTIONS)
    assert (request.method, request.url) == ("POST", "https://host/v1/chat/completions")
    assert request.headers == {
        "authorization": f"Bearer {KEY}",
        "content-type": "application/json",
        "accept": "text/event-stream",
    }
    assert KEY.encode() not in request.body


def test_without_a_key_no_key_header_is_sent():
    request = OpenAIChat(Server("p", BASE)).build_request(conversation(), OPTIONS)
    assert "authorization" not in request.headers


def test_azure_can_have_its_key_header_and_its_version():
    server = Server(
        "p",
        "https://me.openai.azure.com/openai/deployments/d",
        KEY,
        query={"api-version": "2026-10-21"},
        key_header="api-key",
    )
    request = OpenAIChat(server).build_request(conversation(), OPTIONS)
    assert request.url == (
        "https://me.openai.azure.com/openai/deployments/d/chat/completions?api-version=2026-10-21"
    )
    assert request.headers["api-key"] == KEY
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    "base",
    ["https://host/pre/v1", "https://host/pre/v1/", "https://host/pre/v1/chat/completions"],
)
def test_a_base_url_may_have_a_path_and_may_be_the_whole_address(base):
    request = OpenAIChat(Server("p", base)).build_request(conversation(), OPTIONS)
    assert request.url == "https://host/pre/v1/chat/completions"


@pytest.mark.parametrize(
    ("base", "field"),
    [
        ("https://api.openai.com/v1", "max_completion_tokens"),
        ("https://eu.api.openai.com/v1", "max_completion_tokens"),
        ("https://me.openai.azure.com/openai/v1", "max_completion_tokens"),
        ("https://API.OpenAI.com:443/v1", "max_completion_tokens"),
        ("https://openrouter.ai/api/v1", "max_tokens"),
        ("http://127.0.0.1:8080/v1", "max_tokens"),
        ("https://host/api.openai.com/v1", "max_tokens"),
        ("https://notapi.openai.com.example/v1", "max_tokens"),
    ],
)
def test_the_limit_has_the_name_that_the_host_knows(base, field):
    sent = body(base=base)
    assert sent[field] == 800
    assert ("max_tokens" in sent) != ("max_completion_tokens" in sent)


@pytest.mark.parametrize("base", [BASE, "https://api.openai.com/v1"])
def test_the_name_of_the_limit_can_be_set(base):
    sent = body(server=Server("p", base, max_tokens_field="num_predict"))
    assert sent["num_predict"] == 800
    assert not {"max_tokens", "max_completion_tokens"} & set(sent)


def test_without_a_limit_none_is_sent_whatever_the_parameters_say():
    assert not {"max_tokens", "max_completion_tokens"} & set(body(limit=None, max_tokens=5))


def test_a_server_that_rejects_the_question_for_usage_is_not_asked():
    assert "stream_options" not in body(server=Server("p", BASE, asks_usage=False))


def test_mistral_is_sent_only_what_it_knows():
    sent = body(base="https://api.mistral.ai/v1", seed=7)
    assert "stream_options" not in sent
    assert (sent.get("random_seed"), sent.get("seed")) == (7, None)


@pytest.mark.parametrize("effort", EFFORTS)
def test_openrouter_is_told_everything_about_thinking_in_one_object(effort):
    assert body(base=OPENROUTER, effort=effort)["reasoning"] == {"effort": effort}
    both = body(base=OPENROUTER, effort=effort, thinking_budget=2000)
    assert both["reasoning"] == {"max_tokens": 2000}
    assert "reasoning_effort" not in both
    assert "reasoning" not in body(base=OPENROUTER)


def test_a_thinking_budget_is_sent_only_where_there_is_a_place_for_it():
    assert body(thinking_budget=2000) == body()
    assert "thinking_budget" not in OpenAIChat.parameters_at(BASE)
    assert "thinking_budget" in OpenAIChat.parameters_at(OPENROUTER)


@pytest.mark.parametrize("base", [BASE, OPENROUTER])
def test_the_parameters_that_a_provider_declares_are_those_that_it_sends(base):
    values = Parameters(5, 0.1, 0.2, 3, 4, ("x",), "low", 6)
    for name in set(PARAMETERS) - {"max_tokens"}:
        changes = body(base=base, **{name: getattr(values, name)}) != body(base=base)
        assert changes is (name in OpenAIChat.parameters_at(base)), name


def test_the_body_is_utf8_whatever_the_text():
    words = "Gr\u00fc\u00dfe \U0001f30d\u2028\x00"
    assert wire(user(words)) == [{"role": "user", "content": words}]


# Turns


def test_a_conversation_is_sent_as_it_was():
    assert wire(user("a"), assistant("b"), user("c")) == [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]


def test_prompts_that_follow_each_other_are_one_and_stay_apart():
    assert wire(user("a"), user("b", " ", "c")) == [{"role": "user", "content": "a\n\nb\n\nc"}]


def test_a_call_and_its_result_are_messages_of_their_own():
    sent = wire(user("a"), assistant("let me see", CALL), user(RESULT), assistant("b"), user("c"))
    assert sent[1:] == [
        {"role": "assistant", "content": "let me see", "tool_calls": [WIRE_CALL]},
        WIRE_RESULT,
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]


def test_a_call_without_words_has_null_for_content():
    assert wire(user("a"), assistant(CALL), user(RESULT))[1:] == [
        {"role": "assistant", "content": None, "tool_calls": [WIRE_CALL]},
        WIRE_RESULT,
    ]


@pytest.mark.parametrize("answer", [("and now?", RESULT), (RESULT, "and now?")])
def test_results_come_before_what_the_user_says(answer):
    assert wire(user("a"), assistant(CALL), user(*answer))[2:] == [
        WIRE_RESULT,
        {"role": "user", "content": "and now?"},
    ]


def test_several_calls_have_several_results():
    other = ToolUsePart("t2", "tides", {})
    results = user(RESULT, ToolResultPart("t2", "none", is_error=True))
    sent = wire(user("a"), assistant(CALL, other), results)
    assert [entry["id"] for entry in sent[1]["tool_calls"]] == ["t1", "t2"]
    assert sent[1]["tool_calls"][1]["function"]["arguments"] == "{}"
    assert sent[2:] == [WIRE_RESULT, {"role": "tool", "tool_call_id": "t2", "content": "none"}]


def test_what_nobody_answered_or_what_was_cut_is_left_out():
    cut = ToolUsePart("t1", "tides", None)
    assert wire(user("a"), assistant("see", CALL), user("b"))[1] == {
        "role": "assistant",
        "content": "see",
    }
    assert wire(user("a"), assistant("see", cut), user(RESULT, "b"))[1:] == [
        {"role": "assistant", "content": "see"},
        {"role": "user", "content": "b"},
    ]


def test_a_refused_turn_is_left_out():
    refused = assistant("no", ending=Ending(Outcome.COMPLETE, "refusal", "content_filter"))
    assert wire(user("bad"), refused, user("good")) == [{"role": "user", "content": "good"}]


def test_nothing_of_another_api_goes_along():
    foreign = (
        ThinkingPart("hm", "sig"),
        RedactedThinkingPart("data"),
        ServerPart("web_search", {"type": "web_search"}),
        ServerPart("gemini:thought", {"x": 1}),
        "so",
    )
    for provider in ("p", "elsewhere"):
        sent = wire(user("a"), assistant(*foreign, provider=provider), user("b"))
        assert sent[1] == {"role": "assistant", "content": "so"}


# Thoughts that have to go back, from the stream to the next request


def next_turn(*chunks: bytes, model: str = "m-1", called: bool = True) -> dict:
    """The assistant's turn as it is sent after a reply that came as these chunks."""
    reply = read(START, *chunks, ended("tool_calls" if called else "stop")).message
    answer = user(*(ToolResultPart(call_.id, "r") for call_ in reply.tool_calls), "go on")
    provider = OpenAIChat(Server("p", OPENROUTER))
    made = conversation(user("a"), reply, answer)
    sent = json.loads(provider.build_request(made, ReplyOptions(model)).body)
    return sent["messages"][1]


TIDES = call(index=0, id="t1", name="tides", arguments='{"port":1}')
SENT_TIDES = {
    "id": "t1",
    "type": "function",
    "function": {"name": "tides", "arguments": '{"port": 1}'},
}
DETAIL = {"type": "reasoning.text", "text": "Hm", "signature": "c2ln", "index": 0}


def test_reasoning_details_go_back_as_they_came():
    first = delta(reasoning="H", reasoning_details=[{**DETAIL, "text": "H", "signature": None}])
    second = delta(reasoning="m", reasoning_details=[{**DETAIL, "text": "m"}])
    assert next_turn(first, second, text("b"), called=False) == {
        "role": "assistant",
        "content": "b",
        "reasoning_details": [DETAIL],
    }
    assert next_turn(first, second, TIDES) == {
        "role": "assistant",
        "content": None,
        "tool_calls": [SENT_TIDES],
        "reasoning_details": [DETAIL],
    }


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_plain_thoughts_go_back_with_a_call_under_the_name_under_which_they_came(field):
    assert next_turn(delta(**{field: "Hm"}), delta(**{field: "."}), TIDES) == {
        "role": "assistant",
        "content": None,
        "tool_calls": [SENT_TIDES],
        field: "Hm.",
    }


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_plain_thoughts_without_a_call_stay_here(field):
    sent = next_turn(delta(**{field: "Hm"}), text("b"), called=False)
    assert sent == {"role": "assistant", "content": "b"}


def test_thoughts_that_came_as_content_do_not_go_back_under_a_name():
    thought = text([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}])
    assert next_turn(thought, TIDES) == {
        "role": "assistant",
        "content": None,
        "tool_calls": [SENT_TIDES],
    }


@pytest.mark.parametrize(
    "thought", [delta(reasoning_content="Hm"), delta(reasoning_details=[DETAIL])]
)
def test_thoughts_do_not_go_to_another_model(thought):
    assert next_turn(thought, TIDES, model="m-2") == {
        "role": "assistant",
        "content": None,
        "tool_calls": [SENT_TIDES],
    }


def test_a_name_that_no_server_uses_for_thoughts_is_not_sent():
    odd = ServerPart("openai-chat:reasoning_field", {"field": "role"})
    sent = wire(user("a"), assistant(ThinkingPart("Hm"), odd, CALL), user(RESULT))
    assert sent[1] == {"role": "assistant", "content": None, "tool_calls": [WIRE_CALL]}


def test_the_key_shows_in_no_text_of_anything():
    provider = OpenAIChat(Server("p", BASE, KEY))
    request = provider.build_request(conversation(), OPTIONS)
    for thing in (provider, request, provider.new_decoder()):
        assert KEY not in repr(thing)
