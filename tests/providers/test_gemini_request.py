"""What is sent to Gemini for a reply, and what of a conversation goes back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from gemini_events import call, chunk, ended, read, text, thought

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
from tui.providers.gemini import Gemini, wire_contents

RECORDED = Path(__file__).parent / "recorded" / "gemini"
KEY = "AIza-very-secret"
END_TURN = Ending(Outcome.COMPLETE, "end_turn")
REFUSED = Ending(Outcome.COMPLETE, "refusal")
CALL = ToolUsePart("t1", "tides", {"port": "Brest"}, "sig")
RESULT = ToolResultPart("t1", "low at six")
WIRE_CALL = {"id": "t1", "name": "tides", "args": {"port": "Brest"}}


def user(*parts) -> Message:
    return Message(Role.USER, tuple(TextPart(p) if isinstance(p, str) else p for p in parts))


def assistant(*parts, ending: Ending | None = END_TURN, provider="p", model="g-1") -> Message:
    parts = tuple(TextPart(p) if isinstance(p, str) else p for p in parts)
    return Message(Role.ASSISTANT, parts, provider=provider, model=model, ending=ending)


def own(message: Message) -> Message:
    """A reply that was read, as one of the model that will be asked."""
    return replace(message, provider="p", model="g-1")


def wire(*messages: Message) -> list:
    return wire_contents(messages, "p", "g-1")


def sent_parts(*parts, **kwargs) -> list:
    """What goes back of a reply of these parts."""
    return wire(user("a"), assistant(*parts, **kwargs), user("b"))[1]["parts"]


def request(
    *messages: Message,
    model: str = "g-1",
    parameters: Parameters | None = None,
    limit: int | None = None,
    system: str = "",
    base: str = "https://host",
):
    conversation = Conversation(system=system)
    for message in messages or (user("hi"),):
        conversation.append(message)
    token_limit = None if limit is None else TokenLimit(limit, "you")
    options = ReplyOptions(model, token_limit, parameters or Parameters())
    return Gemini(Server("p", base, KEY)).build_request(conversation, options)


def body(**kwargs) -> dict[str, object]:
    return json.loads(request(**kwargs).body)


# The request around the contents


def test_a_plain_request_says_what_is_needed_and_nothing_more():
    assert body() == {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}


def test_everything_that_is_set_is_sent():
    parameters = Parameters(
        temperature=0.0, top_p=0.5, top_k=1, seed=0, stop=("a", "b"), effort="low"
    )
    assert body(parameters=parameters, limit=800, system="Be brief.") == {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
        "generationConfig": {
            "maxOutputTokens": 800,
            "stopSequences": ["a", "b"],
            "temperature": 0.0,
            "topP": 0.5,
            "topK": 1,
            "seed": 0,
            "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "LOW"},
        },
    }


@pytest.mark.parametrize(
    ("parameters", "config"),
    [
        (Parameters(effort="none"), {"thinkingBudget": 0}),
        (Parameters(effort="none", thinking_budget=9), {"thinkingBudget": 0}),
        (Parameters(effort="minimal"), {"includeThoughts": True, "thinkingLevel": "MINIMAL"}),
        (Parameters(effort="medium"), {"includeThoughts": True, "thinkingLevel": "MEDIUM"}),
        (Parameters(effort="high"), {"includeThoughts": True, "thinkingLevel": "HIGH"}),
        (Parameters(effort="xhigh"), {"includeThoughts": True, "thinkingLevel": "HIGH"}),
        (Parameters(effort="max"), {"includeThoughts": True, "thinkingLevel": "HIGH"}),
        (Parameters(thinking_budget=512), {"includeThoughts": True, "thinkingBudget": 512}),
        (Parameters(thinking_budget=-1), {"includeThoughts": True, "thinkingBudget": -1}),
        (
            Parameters(effort="high", thinking_budget=512),
            {"includeThoughts": True, "thinkingBudget": 512},
        ),
    ],
)
def test_how_much_to_think_is_a_level_or_a_number_and_never_both(parameters, config):
    assert body(parameters=parameters)["generationConfig"] == {"thinkingConfig": config}


def test_the_key_is_sent_in_its_header_and_stands_nowhere_else():
    sent = request()
    assert sent.method == "POST"
    assert sent.headers == {
        "x-goog-api-key": KEY,
        "accept": "text/event-stream",
        "content-type": "application/json",
    }
    assert KEY not in sent.url
    assert KEY.encode() not in sent.body
    assert KEY not in repr(sent)


STREAM = "models/g-1:streamGenerateContent?alt=sse"


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://host", f"https://host/v1beta/{STREAM}"),
        ("https://host/", f"https://host/v1beta/{STREAM}"),
        ("https://host/v1beta", f"https://host/v1beta/{STREAM}"),
        ("https://host/v1beta/", f"https://host/v1beta/{STREAM}"),
        ("https://host/v1", f"https://host/v1/{STREAM}"),
        ("https://host/v1alpha", f"https://host/v1alpha/{STREAM}"),
        ("https://host/pre/v1", f"https://host/pre/v1/{STREAM}"),
        ("https://host/pre", f"https://host/pre/v1beta/{STREAM}"),
    ],
)
def test_a_base_url_may_have_a_path_prefix_and_may_name_the_version(base, url):
    assert request(base=base).url == url


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-2.5-pro", "models/gemini-2.5-pro"),
        ("models/gemini-2.5-pro", "models/gemini-2.5-pro"),
        ("a/b?c#d e", "models/a%2Fb%3Fc%23d%20e"),
        ("../x", "models/..%2Fx"),
    ],
)
def test_the_model_stands_in_the_address_and_cannot_leave_it(model, path):
    assert request(model=model).url == f"https://host/v1beta/{path}:streamGenerateContent?alt=sse"


# Turns


def test_roles_alternate_and_neighbours_of_one_role_are_merged():
    assert wire(user("a"), user("b"), assistant("c"), user("d")) == [
        {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
        {"role": "model", "parts": [{"text": "c"}]},
        {"role": "user", "parts": [{"text": "d"}]},
    ]


def test_a_refused_turn_is_left_out_together_with_its_prompt():
    assert wire(user("bad"), assistant("I can", ending=REFUSED), user("good")) == [
        {"role": "user", "parts": [{"text": "good"}]}
    ]


def test_a_reply_that_came_to_nothing_is_left_out():
    memo = ServerPart("gemini:part", {"text": "", "thoughtSignature": "s"})
    assert wire(user("a"), assistant(ThinkingPart("hm", "s"), memo), user("b")) == [
        {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]}
    ]


# Signatures

SIGNED = (
    ThinkingPart("hm", "s1"),
    TextPart("so", (), "s2"),
    ServerPart("gemini:part", {"text": "", "thoughtSignature": "s3"}),
)


def test_signatures_go_back_to_their_model_each_with_its_part():
    assert sent_parts(*SIGNED) == [
        {"text": "hm", "thought": True, "thoughtSignature": "s1"},
        {"text": "so", "thoughtSignature": "s2"},
        {"text": "", "thoughtSignature": "s3"},
    ]


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"model": "g-2"},
        {"provider": "q"},
        {"ending": Ending(Outcome.TRUNCATED)},
        {"ending": Ending(Outcome.CANCELLED)},
    ],
)
def test_no_signature_goes_to_another_model_or_stays_with_a_reply_that_was_cut(elsewhere):
    assert sent_parts(*SIGNED, **elsewhere) == [{"text": "so"}]


def test_thoughts_without_a_signature_stay_here():
    assert sent_parts(ThinkingPart("hm"), "so") == [{"text": "so"}]


def test_what_other_apis_made_is_left_out():
    cited = TextPart("so", (Citation("x", None, None, {"type": "char_location"}),))
    assert sent_parts(ServerPart("server_tool_use", {"id": "s"}), cited) == [{"text": "so"}]


# Tools


def test_a_call_and_its_result_go_back():
    assert wire(user("a"), assistant("see", CALL), user(RESULT))[1:] == [
        {
            "role": "model",
            "parts": [{"text": "see"}, {"functionCall": WIRE_CALL, "thoughtSignature": "sig"}],
        },
        {
            "role": "user",
            "parts": [
                {
                    "functionResponse": {
                        "id": "t1",
                        "name": "tides",
                        "response": {"output": "low at six"},
                    }
                }
            ],
        },
    ]


def test_a_call_of_another_model_goes_back_without_its_signature():
    messages = wire(user("a"), assistant(CALL, model="g-2"), user(RESULT))
    assert messages[1]["parts"] == [{"functionCall": WIRE_CALL}]


def test_a_failed_call_says_so():
    failed = ToolResultPart("t1", "no such port", is_error=True)
    (part,) = wire(user("a"), assistant(CALL), user(failed))[2]["parts"]
    assert part["functionResponse"]["response"] == {"error": "no such port"}


def test_an_id_that_was_made_up_here_is_not_sent_but_the_name_of_its_call_is():
    reply = own(read(chunk(call("tides"), call("winds", id="fc_9")), ended()).message)
    results = [ToolResultPart(each.id, "low") for each in reply.tool_calls]
    _, calls, answers = wire(user("a"), reply, user(*results))
    args = {"port": "Brest"}
    assert calls["parts"] == [
        {"functionCall": {"name": "tides", "args": args}},
        {"functionCall": {"id": "fc_9", "name": "winds", "args": args}},
    ]
    assert answers["parts"] == [
        {"functionResponse": {"name": "tides", "response": {"output": "low"}}},
        {"functionResponse": {"id": "fc_9", "name": "winds", "response": {"output": "low"}}},
    ]


# The next turn


def test_the_next_turn_after_a_reply_with_everything_is_what_came():
    signed = text("three", thoughtSignature="s2")
    signed_call = call(id="fc_9") | {"thoughtSignature": "s3"}
    code = {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "s4"}
    last = {"text": "", "thoughtSignature": "s5"}
    reply = own(
        read(
            chunk(thought("Hm"), thought(".", thoughtSignature="s1")),
            chunk(text("one ")),
            chunk(text("two "), signed, text(" four")),
            chunk(code),
            chunk(signed_call),
            chunk(last, finish="STOP"),
        ).message
    )
    sent = json.loads(request(user("a"), reply, user(ToolResultPart("fc_9", "low"))).body)
    assert sent["contents"][1] == {
        "role": "model",
        "parts": [
            thought(".", thoughtSignature="s1"),
            text("one two "),
            signed,
            text(" four"),
            code,
            signed_call,
            last,
        ],
    }


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (
            "thinking",
            [
                {"text": "Low water is at six."},
                {"text": "", "thoughtSignature": "c2lnbmVk"},
            ],
        ),
        ("max_tokens", [{"text": "It was a dark and"}]),
        (
            "code",
            [
                {"text": "I compute."},
                {
                    "executableCode": {"language": "PYTHON", "code": "print(6*7)"},
                    "thoughtSignature": "Y29kZQ==",
                },
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42\n"}},
                {"text": "It is 42."},
            ],
        ),
        ("grounded", [{"text": "High tide is at noon."}]),
        ("cut", [{"text": "The tide rises, and"}]),
        ("error_bare", [{"text": "The tide"}]),
    ],
)
def test_the_next_turn_after_a_recorded_stream(name, parts):
    reply = own(read((RECORDED / f"{name}.sse").read_bytes()).message)
    assert wire(user("a"), reply, user("b"))[1] == {"role": "model", "parts": parts}


@pytest.mark.parametrize("name", ["safety", "blocked_prompt"])
def test_the_next_turn_after_a_refusal_has_neither_it_nor_its_prompt(name):
    reply = own(read((RECORDED / f"{name}.sse").read_bytes()).message)
    assert wire(user("bad"), reply, user("good")) == [{"role": "user", "parts": [{"text": "good"}]}]
