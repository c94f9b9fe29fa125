"""A reply on its way: what each event changes, and when."""

from __future__ import annotations

import pytest

from tui.chat.ending import CancelledBy, Ending, Outcome
from tui.chat.events import (
    Alive,
    BlockStopped,
    CitationAdded,
    PartSigned,
    ReplyStarted,
    ReplyStopped,
    RequestSent,
    ResponseAccepted,
    ServerBlock,
    TextDelta,
    ThinkingDelta,
    ThinkingRedacted,
    ToolInputDelta,
    ToolUseStarted,
    UsageReported,
)
from tui.chat.message import (
    Citation,
    RedactedThinkingPart,
    Role,
    ServerPart,
    TextPart,
    ThinkingPart,
    TokenLimit,
    ToolUsePart,
    Usage,
)
from tui.chat.reply import Phase, Reply, parse_tool_input

DONE = ReplyStopped(Ending(Outcome.COMPLETE, "end_turn"))
LIMIT = TokenLimit(1024, "the default")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reply(clock) -> Reply:
    return Reply(provider="p", model="m", limit=LIMIT, clock=clock)


def fold(reply: Reply, *events) -> None:
    for event in events:
        reply.apply(event)


# Phases and times


def test_a_reply_goes_from_connecting_to_stopped(reply, clock):
    phases = [reply.phase]
    for event in (
        RequestSent(),
        ResponseAccepted("req_1"),
        ReplyStarted("msg_1", "m-served"),
        ThinkingDelta("hm", 0),
        TextDelta("a", 1),
        DONE,
    ):
        clock.now += 1
        reply.apply(event)
        phases.append(reply.phase)
    assert phases == [
        Phase.CONNECTING,
        Phase.WAITING,
        Phase.WAITING,
        Phase.WAITING,
        Phase.THINKING,
        Phase.STREAMING,
        Phase.STOPPED,
    ]


def test_how_long_a_phase_lasts_counts_from_its_beginning(reply, clock):
    clock.now += 2
    assert reply.seconds_in_phase() == 2
    reply.apply(RequestSent())
    assert reply.seconds_in_phase() == 0
    clock.now += 3
    reply.apply(ResponseAccepted(None))
    clock.now += 1
    assert reply.seconds_in_phase() == 4


@pytest.mark.parametrize("quiet", [Alive(), UsageReported(Usage(1, 1)), BlockStopped(0)])
def test_what_carries_no_content_is_a_sign_of_life_and_no_more(reply, clock, quiet):
    reply.apply(ThinkingDelta("hm"))
    clock.now += 5
    reply.apply(quiet)
    assert reply.last_sign_of_life == clock.now
    assert reply.phase is Phase.THINKING
    assert reply.seconds_in_phase() == 5


def test_silence_is_measured_from_the_start_until_something_comes(reply, clock):
    assert reply.last_sign_of_life == clock.now


@pytest.mark.parametrize(
    "first",
    [
        TextDelta("a"),
        ThinkingDelta("hm"),
        ThinkingRedacted("data"),
        ToolUseStarted("t", "n", {}),
    ],
)
def test_the_first_text_thought_or_call_sets_the_time_to_first_token(reply, clock, first):
    fold(reply, RequestSent(), ResponseAccepted(None), ReplyStarted(None, None), Alive())
    clock.now += 0.25
    assert reply.time_to_first_token is None
    reply.apply(first)
    clock.now += 1
    reply.apply(TextDelta("b", 9))
    assert reply.time_to_first_token == 0.25


def test_a_reply_that_goes_back_to_thinking_says_so(reply):
    phases = []
    for event in (ThinkingDelta("h", 0), TextDelta("a", 1), ThinkingDelta("m", 2)):
        reply.apply(event)
        phases.append(reply.phase)
    assert phases == [Phase.THINKING, Phase.STREAMING, Phase.THINKING]


def test_a_tool_call_counts_as_streaming(reply):
    fold(reply, ThinkingDelta("h", 0), ToolUseStarted("t", "n", {}, 1))
    assert reply.phase is Phase.STREAMING


def test_the_speed_is_an_estimate_until_the_provider_has_counted(reply, clock):
    assert reply.tokens_per_second() is None
    reply.apply(TextDelta("x" * 4))
    assert reply.tokens_per_second() is None
    reply.apply(ThinkingDelta("x" * 36, 1))
    clock.now += 0.125  # too little to tell a speed from
    assert reply.tokens_per_second() is None
    clock.now += 1.875
    assert reply.tokens_per_second() == (5.0, True)
    fold(reply, UsageReported(Usage(output_tokens=30)), DONE)
    clock.now += 60
    assert reply.tokens_per_second() == (15.0, False)


def test_the_speed_stays_an_estimate_if_nobody_counted(reply, clock):
    reply.apply(TextDelta("x" * 40))
    clock.now += 2
    reply.apply(DONE)
    assert reply.tokens_per_second() == (5.0, True)


def test_the_count_a_reply_begins_with_is_never_taken_for_its_count(reply):
    began = UsageReported(Usage(input_tokens=5, output_tokens=1))
    fold(reply, began, TextDelta("x" * 300), ThinkingDelta("x" * 100, 1))
    assert reply.output_tokens() == (100, True)
    reply.cancel(CancelledBy.STOP)
    assert reply.output_tokens() == (100, True)


@pytest.mark.parametrize("outcome", [Outcome.TRUNCATED, Outcome.STALLED, Outcome.ERROR])
def test_the_tokens_of_a_reply_without_its_end_are_an_estimate(reply, outcome):
    began = UsageReported(Usage(output_tokens=1))
    fold(reply, began, TextDelta("x" * 40), ReplyStopped(Ending(outcome)))
    assert reply.output_tokens() == (10, True)


@pytest.mark.parametrize("reason", ["end_turn", "max_tokens", "a_reason_from_the_future"])
def test_the_tokens_of_a_complete_reply_are_the_providers_count(reply, reason):
    began, counted = (UsageReported(Usage(output_tokens=count)) for count in (1, 30))
    fold(reply, began, TextDelta("x" * 400), counted)
    assert reply.output_tokens() == (100, True)
    reply.apply(ReplyStopped(Ending(Outcome.COMPLETE, reason)))
    assert reply.output_tokens() == (30, False)


def test_the_message_keeps_the_times(reply, clock):
    clock.now += 1
    reply.apply(TextDelta("a"))
    assert reply.message().timing.total is None
    clock.now += 2
    reply.apply(DONE)
    clock.now += 60
    timing = reply.message().timing
    assert (timing.first_token, timing.total) == (1.0, 3.0)


# Folding


def test_blocks_are_assembled_in_the_order_of_their_numbers(reply):
    source = Citation("six", "T", None, {"cited_text": "six"})
    fold(
        reply,
        TextDelta("b", 3),
        ToolUseStarted("t", "n", {}, 5),
        ThinkingDelta("h", 0),
        ToolInputDelta('{"a":', 5),
        TextDelta("c", 3),
        CitationAdded(source, 3),
        ThinkingDelta("m", 0),
        PartSigned("sig", 0),
        ToolInputDelta("1}", 5),
        ThinkingRedacted("d", 1),
        ServerBlock("s", {"type": "s"}, 2, complete=False),
        ServerBlock("s", {"type": "s", "full": True}, 2),
        BlockStopped(3),
        DONE,
    )
    assert reply.message().parts == (
        ThinkingPart("hm", "sig"),
        RedactedThinkingPart("d"),
        ServerPart("s", {"type": "s", "full": True}),
        TextPart("bc", (source,)),
        ToolUsePart("t", "n", {"a": 1}),
    )
    assert (reply.characters, reply.thinking_characters) == (2, 2)


def test_a_message_can_be_had_at_any_moment(reply):
    assert reply.message().parts == ()
    assert reply.message().ending is None
    fold(reply, TextDelta("half"), ToolUseStarted("t", "n", {}, 1), ToolInputDelta('{"a', 1))
    assert reply.message().parts == (TextPart("half"), ToolUsePart("t", "n", None))


def test_the_message_knows_what_was_asked_for_and_what_answered(reply):
    fold(
        reply,
        ResponseAccepted("req_1"),
        ReplyStarted("msg_1", "m-served"),
        ReplyStarted(None, None),
        UsageReported(Usage(5, 1)),
        UsageReported(Usage(output_tokens=7)),
        DONE,
    )
    message = reply.message()
    assert message.role is Role.ASSISTANT
    assert message.id == reply.message_id == reply.message().id
    assert (message.provider, message.model, message.served_model) == ("p", "m", "m-served")
    assert (message.reply_id, message.request_id) == ("msg_1", "req_1")
    assert message.usage == Usage(5, 7)
    assert message.limit == LIMIT
    assert message.ending == DONE.ending


def test_blocks_without_content_are_no_parts(reply):
    fold(reply, TextDelta("", 0), ThinkingDelta("", 1), DONE)
    assert reply.message().parts == ()


@pytest.mark.parametrize(
    ("first", "stranger"),
    [
        (TextDelta("a", 0), ThinkingDelta("x", 0)),
        (ThinkingDelta("a", 0), TextDelta("x", 0)),
        (ServerBlock("s", {}, 0), PartSigned("x", 0)),
        (ToolUseStarted("t", "n", {}, 0), TextDelta("x", 0)),
        (TextDelta("a", 0), ToolInputDelta("{}", 0)),
        (ServerBlock("s", {}, 0), CitationAdded(Citation("", None, None, {}), 0)),
    ],
)
def test_an_event_that_does_not_fit_its_block_is_ignored(reply, first, stranger):
    reply.apply(first)
    before = reply.message().parts
    reply.apply(stranger)
    assert reply.message().parts == before
    assert (reply.characters, reply.thinking_characters) in {(1, 0), (0, 1), (0, 0)}


@pytest.mark.parametrize(
    "signed", [TextDelta("a", 0), ThinkingDelta("a", 0), ToolUseStarted("t", "n", {}, 0)]
)
def test_text_thoughts_and_calls_can_be_signed(reply, signed):
    fold(reply, signed, PartSigned("sig", 0), DONE)
    [part] = reply.message().parts
    assert part.signature == "sig"


def test_tool_input_for_no_tool_is_ignored(reply):
    fold(reply, ToolInputDelta("{}", 7), DONE)
    assert reply.message().parts == ()


def test_a_call_can_be_looked_at_while_it_comes(reply):
    assert reply.tool_call(0) is None
    fold(reply, ToolUseStarted("t", "n", {"from": "start"}, 0), TextDelta("a", 1))
    assert reply.tool_call(0) == ToolUsePart("t", "n", {"from": "start"})
    assert reply.tool_call(1) is None
    reply.apply(ToolInputDelta('{"a":', 0))
    assert reply.tool_call(0) == ToolUsePart("t", "n", None)
    reply.apply(ToolInputDelta("1}", 0))
    assert reply.tool_call(0) == ToolUsePart("t", "n", {"a": 1})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('{"a": "\ud83c\udf0d"}', {"a": "\U0001f30d"}),
        ('{"a": "\\ud83c"}', {"a": "\ufffd"}),
        ("", None),
        ("{", None),
        ("[]", None),
        ('{"a": NaN}', None),
        ("[" * 100_000, None),
    ],
)
def test_tool_input_is_one_complete_json_object_or_none(text, value):
    assert parse_tool_input(text) == value


# The ending


def test_nothing_changes_after_the_ending(reply, clock):
    fold(reply, TextDelta("kept"), DONE)
    before = (reply.message(), reply.phase, reply.last_sign_of_life, reply.characters)
    clock.now += 10
    fold(
        reply,
        TextDelta(" late"),
        UsageReported(Usage(1, 1)),
        ReplyStarted("x", "x"),
        RequestSent(),
        ReplyStopped(Ending(Outcome.ERROR)),
    )
    reply.cancel(CancelledBy.STOP)
    assert (reply.message(), reply.phase, reply.last_sign_of_life, reply.characters) == before


@pytest.mark.parametrize("by", CancelledBy)
@pytest.mark.parametrize("so_far", [[], [RequestSent()], [ThinkingDelta("h")], [TextDelta("a", 1)]])
def test_cancelling_works_in_every_phase_and_keeps_what_came(reply, clock, by, so_far):
    fold(reply, *so_far)
    before = reply.message().parts
    clock.now += 4
    reply.cancel(by)
    fold(reply, TextDelta("late"), DONE)
    message = reply.message()
    assert message.parts == before
    assert message.ending == Ending(Outcome.CANCELLED, cancelled_by=by)
    assert message.timing.total == 4
    assert reply.phase is Phase.STOPPED


def test_a_second_cancel_does_not_change_who_cancelled(reply):
    reply.cancel(CancelledBy.STOP)
    reply.cancel(CancelledBy.QUIT)
    assert reply.ending == Ending(Outcome.CANCELLED, cancelled_by=CancelledBy.STOP)


def test_the_ending_is_never_written_into_the_text(reply):
    fold(reply, TextDelta("so far"))
    reply.cancel(CancelledBy.STOP)
    assert reply.message().text == "so far"
