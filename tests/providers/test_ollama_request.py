"""What is sent to Ollama for a reply, and what of a conversation goes back."""

from __future__ import annotations

import json

import pytest
from ollama_lines import MADE_AT, call, chunk, ended, read

from tui.chat.conversation import Conversation
from tui.chat.ending import Ending, Outcome
from tui.chat.message import (
    Citation,
    Message,
    Role,
    ServerPart,
    TextPart,
    ThinkingPart,
    TokenLimit,
    ToolResultPart,
    ToolUsePart,
)
from tui.chat.parameters import Parameters
from tui.providers.base import ReplyOptions, Server
from tui.providers.ollama import Ollama, wire_messages

END_TURN = Ending(Outcome.COMPLETE, "end_turn")
REFUSED = Ending(Outcome.COMPLETE, "refusal")
CALL = ToolUsePart("t1", "tides", {"port": "Brest"})
RESULT = ToolResultPart("t1", "low at six")
WIRE_CALL = {"id": "t1", "function": {"name": "tides", "arguments": {"port": "Brest"}}}
WIRE_RESULT = {
    "role": "tool",
    "content": "low at six",
    "tool_name": "tides",
    "tool_call_id": "t1",
}


def user(*parts) -> Message:
    return Message(Role.USER, tuple(TextPart(p) if isinstance(p, str) else p for p in parts))


def assistant(*parts, ending: Ending | None = END_TURN, provider="p", model="q3") -> Message:
    parts = tuple(TextPart(p) if isinstance(p, str) else p for p in parts)
    return Message(Role.ASSISTANT, parts, provider=provider, model=model, ending=ending)


def said(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


def wire(*messages: Message) -> list:
    return wire_messages(messages, "p", "q3")


def request(
    *messages: Message,
    parameters: Parameters | None = None,
    limit: int | None = None,
    system: str = "",
    context: int | None = None,
    server: Server | None = None,
):
    conversation = Conversation(system=system)
    for message in messages or (user("hi"),):
        conversation.append(message)
    token_limit = None if limit is None else TokenLimit(limit, "you")
    options = ReplyOptions("q3", token_limit, parameters or Parameters(), context)
    return Ollama(server or Server("p", "http://host")).build_request(conversation, options)


def body(**kwargs) -> dict[str, object]:
    return json.loads(request(**kwargs).body)


# The request around the messages


def test_a_plain_request_says_what_is_needed_and_nothing_more():
    assert body() == {
        "model": "q3",
        "messages": [said("user", "hi")],
        "stream": True,
        "truncate": False,
        "shift": False,
    }


def test_everything_that_is_set_is_sent():
    parameters = Parameters(
        temperature=0.0, top_p=0.5, top_k=1, seed=0, stop=("a", "b"), effort="high"
    )
    assert body(parameters=parameters, limit=5, system="Be brief.") == {
        "model": "q3",
        "messages": [said("system", "Be brief."), said("user", "hi")],
        "stream": True,
        "think": "high",
        "truncate": False,
        "shift": False,
        "options": {
            "num_predict": 5,
            "temperature": 0.0,
            "top_p": 0.5,
            "top_k": 1,
            "seed": 0,
            "stop": ["a", "b"],
        },
    }


def test_the_server_is_told_how_much_context_to_take_and_how_long_to_keep_the_model():
    assert body(context=16_384)["options"] == {"num_ctx": 16_384}
    assert "keep_alive" not in body(context=16_384)


@pytest.mark.parametrize(
    ("told", "sent"), [("10m", "10m"), ("-1", -1), ("600", 600), ("0", 0), ("1h30m", "1h30m")]
)
def test_seconds_are_a_number_and_durations_are_words(told, sent):
    assert body(server=Server("p", "http://host", keep_alive=told))["keep_alive"] == sent


@pytest.mark.parametrize(
    ("effort", "think"),
    [
        ("none", False),
        ("minimal", "low"),
        ("low", "low"),
        ("medium", "medium"),
        ("high", "high"),
        ("xhigh", "max"),
        ("max", "max"),
    ],
)
def test_effort_is_a_level_or_off(effort, think):
    assert body(parameters=Parameters(effort=effort))["think"] == think


def test_a_budget_for_thinking_has_no_place():
    assert "thinking_budget" not in Ollama.parameters
    assert body(parameters=Parameters(thinking_budget=5)) == body()


def test_the_headers_ask_for_lines_of_json():
    sent = request()
    assert sent.method == "POST"
    assert sent.headers == {"accept": "application/x-ndjson", "content-type": "application/json"}


def test_a_key_is_sent_as_ollama_com_wants_it_and_shows_nowhere():
    sent = request(server=Server("p", "https://ollama.com", "very-secret-key"))
    assert sent.headers["authorization"] == "Bearer very-secret-key"
    assert "very-secret-key" not in repr(sent)
    assert b"very-secret-key" not in sent.body
    assert "very-secret-key" not in sent.url


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/api/chat"),
        ("http://127.0.0.1:11434/", "http://127.0.0.1:11434/api/chat"),
        ("http://127.0.0.1:11434/api", "http://127.0.0.1:11434/api/chat"),
        ("http://127.0.0.1:11434/api/", "http://127.0.0.1:11434/api/chat"),
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/api/chat"),
        ("https://host/pre/ollama/v1/", "https://host/pre/ollama/api/chat"),
    ],
)
def test_a_base_url_may_have_a_path_prefix_and_end_as_other_clients_want_it(base, url):
    assert request(server=Server("p", base)).url == url


def test_the_body_is_utf8_whatever_the_text():
    sent = request(user("Gr\u00fc\u00dfe \U0001f30d\u2028\x00")).body
    assert json.loads(sent)["messages"] == [said("user", "Gr\u00fc\u00dfe \U0001f30d\u2028\x00")]


# Turns


def test_turns_alternate_and_a_users_neighbours_stand_apart():
    assert wire(user("a"), user("b", "c"), assistant("d", "e"), user("f")) == [
        said("user", "a\n\nb\n\nc"),
        said("assistant", "de"),
        said("user", "f"),
    ]


def test_a_refused_turn_is_left_out_together_with_its_prompt():
    assert wire(user("bad"), assistant("I can", ending=REFUSED), user("good")) == [
        said("user", "good")
    ]


def test_the_text_of_a_reply_that_was_cut_goes_back():
    cut = assistant(ThinkingPart("hm"), "half", ending=Ending(Outcome.TRUNCATED))
    assert wire(user("a"), cut, user("go on"))[1] == said("assistant", "half")


def test_a_reply_that_came_to_nothing_is_left_out():
    assert wire(user("a"), assistant(ThinkingPart("hm")), user("b")) == [said("user", "a\n\nb")]


def test_thoughts_go_back_to_the_model_that_had_them():
    thought = (ThinkingPart("h"), ThinkingPart("m"), "so")
    assert wire(user("a"), assistant(*thought), user("b"))[1] == {
        "role": "assistant",
        "content": "so",
        "thinking": "hm",
    }


@pytest.mark.parametrize(("provider", "model"), [("p", "other"), ("q", "q3"), ("", "")])
def test_thoughts_go_to_no_other_model(provider, model):
    thought = assistant(ThinkingPart("hm", "sig"), "so", provider=provider, model=model)
    assert wire(user("a"), thought, user("b"))[1] == said("assistant", "so")


def test_what_other_apis_made_is_left_out():
    cited = TextPart("so", (Citation("x", None, None, {}),), "sig")
    made = assistant(ServerPart("server_tool_use", {"id": "s"}), cited)
    assert wire(user("a"), made, user("b"))[1] == said("assistant", "so")


# Tools


def test_a_call_and_its_result_go_back():
    messages = wire(user("a"), assistant(ThinkingPart("hm"), "let me see", CALL), user(RESULT))
    assert messages[1:] == [
        {
            "role": "assistant",
            "content": "let me see",
            "thinking": "hm",
            "tool_calls": [WIRE_CALL],
        },
        WIRE_RESULT,
    ]


def test_a_result_comes_before_what_the_user_says_with_it():
    messages = wire(user("a"), assistant(CALL), user("and now?", RESULT))
    assert messages[2:] == [WIRE_RESULT, said("user", "and now?")]


def test_a_failed_call_says_so():
    failed = ToolResultPart("t1", "no such port", is_error=True)
    assert wire(user("a"), assistant(CALL), user(failed))[2]["content"] == "Error: no such port"


def test_a_call_that_nobody_answered_is_dropped_and_so_is_a_result_without_its_call():
    assert wire(user("a"), assistant("see", CALL), user("b"))[1] == said("assistant", "see")
    assert wire(user("a"), assistant("see"), user(RESULT, "b"))[2] == said("user", "b")


def test_calls_of_two_replies_that_had_no_ids_find_their_own_results():
    replies = [
        read(chunk("", tool_calls=[call(name)]).replace(MADE_AT.encode(), at), ended()).message
        for name, at in (("tides", b"2026-11-01T10:00:00Z"), ("winds", b"2026-11-01T10:01:00Z"))
    ]
    path = [user("a")]
    for reply in replies:
        path += [reply, user(ToolResultPart(reply.tool_calls[0].id, "low"))]
    sent = [message for message in wire(*path) if message["role"] == "tool"]
    assert [message["tool_name"] for message in sent] == ["tides", "winds"]
    assert len({message["tool_call_id"] for message in sent}) == 2


def test_the_next_turn_after_a_reply_with_a_call_is_sent_whole():
    reply = read(
        chunk("", thinking="Hm."),
        chunk("See."),
        chunk("", tool_calls=[call(id="call_9")]),
        ended(),
    ).message
    reply = Message(
        reply.role, reply.parts, provider="p", model="q3", ending=reply.ending, usage=reply.usage
    )
    sent = json.loads(request(user("a"), reply, user(ToolResultPart("call_9", "low"))).body)
    assert sent["messages"] == [
        said("user", "a"),
        {
            "role": "assistant",
            "content": "See.",
            "thinking": "Hm.",
            "tool_calls": [
                {"id": "call_9", "function": {"name": "tides", "arguments": {"port": "Brest"}}}
            ],
        },
        {"role": "tool", "content": "low", "tool_name": "tides", "tool_call_id": "call_9"},
    ]
