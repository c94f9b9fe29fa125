"""How each ending is said to a person."""

from __future__ import annotations

import pytest

from tui.chat.ending import CancelledBy, Ending, Outcome, Refusal, ReplyError
from tui.chat.message import (
    Message,
    RedactedThinkingPart,
    Role,
    TextPart,
    ThinkingPart,
    TokenLimit,
    ToolUsePart,
    Usage,
)
from tui.chat.wording import ending_sentence, tokens_words

LIMIT = TokenLimit(4096, "the default for this model")


def sentence(ending: Ending | None, *parts, **fields) -> str:
    return ending_sentence(
        Message(Role.ASSISTANT, parts or (TextPart("a" * 1234),), ending=ending, **fields)
    )


def complete(reason: str | None, *parts, **fields) -> str:
    return sentence(Ending(Outcome.COMPLETE, reason), *parts, **fields)


def test_a_reply_on_its_way_has_no_ending_to_tell():
    assert sentence(None) == ""


def test_only_a_complete_end_of_turn_is_plain():
    assert Ending(Outcome.COMPLETE, "end_turn").is_plain
    assert not Ending(Outcome.TRUNCATED, "end_turn").is_plain
    assert not Ending(Outcome.COMPLETE, "max_tokens").is_plain
    assert not Ending(Outcome.COMPLETE).is_plain
    assert complete("end_turn") == "complete"


# Complete


def test_a_reply_that_fills_its_limit_was_cut_whatever_the_server_calls_it():
    told = complete("end_turn", limit=LIMIT, usage=Usage(output_tokens=4096))
    assert told.startswith("complete, says the server, but cut off at the token limit")
    assert "max_tokens 4,096, set by the default" in told
    assert complete("end_turn", limit=LIMIT, usage=Usage(output_tokens=4095)) == "complete"


def test_max_tokens_tells_the_limit_and_who_set_it():
    told = complete("max_tokens", limit=LIMIT)
    assert "cut off" in told
    assert "max_tokens 4,096" in told
    assert "set by the default for this model" in told


def test_max_tokens_without_a_known_limit_is_still_a_cut():
    assert "cut off at the token limit" in complete("max_tokens")


@pytest.mark.parametrize(
    "parts",
    [
        (ThinkingPart("hm"),),
        (RedactedThinkingPart("d"),),
        (ThinkingPart("hm"), RedactedThinkingPart("d"), TextPart("\n")),
    ],
)
def test_thinking_that_used_up_the_whole_limit_is_told(parts):
    usage = Usage(output_tokens=4096)
    told = complete("max_tokens", *parts, limit=LIMIT, usage=usage)
    assert "0 visible tokens: thinking used 4,096 of 4,096" in told


def test_how_much_was_thinking_is_the_providers_count_if_there_is_one():
    usage = Usage(output_tokens=4096, thinking_tokens=4000)
    told = complete("max_tokens", ThinkingPart("hm"), limit=LIMIT, usage=usage)
    assert "thinking used 4,000 of 4,096" in told


def test_thinking_that_used_up_everything_is_told_without_counts_too():
    assert "0 visible tokens" in complete("max_tokens", ThinkingPart("hm"))


def test_thinking_is_not_blamed_if_there_is_text_or_a_call():
    usage = Usage(output_tokens=4096)
    for visible in (TextPart("so"), ToolUsePart("t", "n", None)):
        told = complete("max_tokens", ThinkingPart("hm"), visible, limit=LIMIT, usage=usage)
        assert "0 visible" not in told
        assert "cut off at the token limit" in told


def test_a_stop_sequence_is_named():
    told = sentence(Ending(Outcome.COMPLETE, "stop_sequence", stop_sequence="END"))
    assert "END" in told
    assert "stop sequence" in complete("stop_sequence")


def test_the_tools_that_are_wanted_are_named():
    calls = (ToolUsePart("1", "tides", {}), ToolUsePart("2", "weather", {}))
    told = complete("tool_use", *calls)
    assert "tides" in told
    assert "weather" in told
    assert "tool" in complete("tool_use")


def test_a_pause_is_the_servers():
    assert "paused by the server" in complete("pause_turn")


def test_a_refusal_tells_what_the_server_told():
    told = sentence(
        Ending(Outcome.COMPLETE, "refusal", refusal=Refusal("cyber", "Not this request."))
    )
    assert "declined" in told
    assert "cyber" in told
    assert "Not this request." in told
    assert "declined" in sentence(Ending(Outcome.COMPLETE, "refusal", refusal=Refusal()))
    assert "left out of the next request" in complete("refusal")


def test_a_full_context_window_is_told():
    assert "context window is full" in complete("model_context_window_exceeded")


@pytest.mark.parametrize("reason", ["compaction", "a_reason_from_the_future"])
def test_an_unknown_stop_reason_is_shown_as_it_is(reason):
    assert reason in complete(reason)


def test_no_stop_reason_is_told_as_well():
    assert "without a stop reason" in complete(None)


# Not complete


def test_an_error_is_told_in_the_providers_words_with_what_helps_to_ask_about_it():
    error = ReplyError("overloaded_error", "Busy.", status=529, request_id="req_1", retry_after=2.5)
    told = sentence(Ending(Outcome.ERROR, error=error))
    for piece in ("Busy.", "overloaded_error", "529", "req_1", "2.5 s"):
        assert piece in told
    assert told.startswith("Busy.")


def test_a_long_error_keeps_its_type_its_status_and_its_request():
    error = ReplyError("api_error", "word " * 1000, status=500, request_id="req_1", retry_after=3)
    told = sentence(Ending(Outcome.ERROR, error=error))
    assert told.startswith("word word")
    assert told.endswith("… (api_error, HTTP 500, request req_1); try again in 3 s")
    assert len(told) <= 400


def test_an_error_whose_every_word_is_long_still_has_its_status():
    error = ReplyError("t" * 5000, "m" * 5000, status=500, request_id="r" * 5000, retry_after=3)
    told = sentence(Ending(Outcome.ERROR, error=error))
    for piece in ("mmm… (ttt", "ttt…, HTTP 500, request rrr", "rrr…); try again in 3 s"):
        assert piece in told


def test_an_error_without_words_is_still_told():
    assert "api_error" in sentence(Ending(Outcome.ERROR, error=ReplyError("api_error", " ")))
    assert sentence(Ending(Outcome.ERROR)) != ""


def test_a_cut_says_after_how_much_and_why():
    ending = Ending(Outcome.TRUNCATED, detail="the connection was reset")
    told = sentence(ending)
    assert "closed early after 1,234 characters" in told
    assert "the connection was reset" in told
    assert "after 1 character" in sentence(ending, TextPart("a"))
    assert "characters" not in sentence(ending, TextPart("a"))
    assert "after 0 characters" in sentence(ending, ThinkingPart("hm"))


def test_a_cut_after_the_stop_reason_is_probably_whole():
    told = sentence(Ending(Outcome.TRUNCATED, "end_turn"))
    assert "end_turn" in told
    assert "probably whole" in told


def test_a_stall_says_for_how_long_and_what_is_kept():
    told = sentence(Ending(Outcome.STALLED, silent_for=300.0))
    assert "silent for 300 s" in told
    assert "1,234 characters kept" in told
    assert "nothing had come" in sentence(Ending(Outcome.STALLED, silent_for=1), TextPart(""))


@pytest.mark.parametrize("by", CancelledBy)
def test_a_cancelled_reply_says_that_it_was_stopped(by):
    assert "stopped" in sentence(Ending(Outcome.CANCELLED, cancelled_by=by))


def test_who_stopped_a_reply_is_told_apart():
    told = {by: sentence(Ending(Outcome.CANCELLED, cancelled_by=by)) for by in CancelledBy}
    assert told[CancelledBy.STOP] == told[CancelledBy.INTERRUPT] == "stopped by you"
    assert len(set(told.values())) == len(CancelledBy) - 1


def test_an_interrupted_reply_says_where():
    assert "interrupted at 1,234 characters" in sentence(Ending(Outcome.INTERRUPTED))


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_its_words(outcome):
    assert sentence(Ending(outcome))


@pytest.mark.parametrize("outcome", Outcome)
def test_whatever_a_server_says_the_sentence_is_one_safe_line(outcome):
    evil = "\x1b]52;c;eA==\x07\n\u202e" + "long " * 1000
    told = sentence(
        Ending(
            outcome,
            evil,
            stop_sequence=evil,
            error=ReplyError(evil, evil, request_id=evil),
            refusal=Refusal(evil, evil),
            detail=evil,
        ),
        ToolUsePart("t", evil, {}),
        limit=TokenLimit(1, evil),
    )
    assert told
    assert told.isprintable()
    assert len(told) <= 400


@pytest.mark.parametrize(
    ("count", "words"),
    [
        *((0, "0"), (999, "999"), (1000, "1k"), (8192, "8.2k"), (131_072, "131.1k")),
        *((200_000, "200k"), (1_000_000, "1M"), (1_048_576, "1M"), (10_500_000, "10.5M")),
    ],
)
def test_a_size_in_tokens_is_told_in_a_few_letters(count, words):
    assert tokens_words(count) == words
