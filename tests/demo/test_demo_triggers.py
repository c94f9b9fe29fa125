"""Which prompt plays which script, and that none of them is missing anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.demo.asked import parse_asked
from tui.demo.plain import plain
from tui.demo.quoting import quoted, shortened
from tui.demo.reply import tokens
from tui.demo.steps import Emit, Respond, Wait
from tui.demo.triggers import TRIGGERS, find_trigger, perform

REQUIRED = """
    help max_tokens stop_sequence tool_use pause refusal context unknown think redacted citations
    error_400 error_401 error_403 error_404 error_413 error_429 error_500 error_529 error_mid cut
    reset cut_utf8 almost garbage html json empty stall stall_ping slow wait drip split long burst
    code table unicode hostile
"""


def word_called_by(prompt):
    called = find_trigger(prompt)
    return called and called.trigger.word


def steps_of(prompt, **fields):
    user = {"role": "user", "content": prompt}
    request = {"model": "m", "max_tokens": 100_000, "messages": [user]} | fields
    return list(perform(parse_asked(request, "req_demo_1")))


def text_of(steps):
    return "".join(s.event["delta"].get("text", "") for s in deltas_of(steps))


def deltas_of(steps):
    return [s for s in steps if isinstance(s, Emit) and s.event["type"] == "content_block_delta"]


def test_every_promised_word_is_a_trigger():
    promised = {word.replace("_", " ") for word in REQUIRED.split()}
    assert promised <= {t.word.replace("_", " ") for t in TRIGGERS}


def test_no_spelling_belongs_to_two_triggers():
    spellings = [spelling for t in TRIGGERS for spelling in t.spellings]
    assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda t: t.word)
def test_a_word_alone_in_any_case_and_with_punctuation_calls_its_trigger(trigger):
    for word in trigger.spellings:
        for prompt in (word, f"  {word.upper()} \n", f"{word}!", f"{word}: please", f"`{word}`"):
            assert word_called_by(prompt) == trigger.word


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda t: t.word)
def test_help_has_a_row_for_every_trigger(trigger):
    rows = [row for row in text_of(steps_of("help")).splitlines() if row.startswith("| `")]
    assert len(rows) == len(TRIGGERS)
    assert any(
        row.startswith(f"| `{trigger.word}`") and row.endswith(f"| {trigger.happens} |")
        for row in rows
    )


@pytest.mark.parametrize(
    "prompt",
    [
        "help me write a poem",
        "code review please",
        "wait, what?",
        "wait 5 minutes, then tell me",
        "Long time no see",
        "think about the sea",
        "Reset my password",
        "cut the crap",
        "table of contents for a book",
        "tool use in crows: what is known?",
        "What does max_tokens mean?",
        "empty",
        "helpful",
        "stalling is bad",
        "burst-mode cameras",
        "max_tokens_to_sample",
        "JSON or YAML?",
    ],
)
def test_a_sentence_is_not_mistaken_for_a_trigger(prompt):
    expected = {"empty": "empty", "tool use in crows: what is known?": None}.get(prompt)
    assert word_called_by(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "word"),
    [
        ("max_tokens please", "max_tokens"),
        ("error 429 with a long face", "error 429"),
        ("Error 500, if you would", "error 500"),
        ("stall now", "stall"),
        ("stall ping for a while", "stall ping"),
        ("burst as much as you can", "burst"),
        ("think\nabout the sea", "think"),
        ("cut utf8 here", "cut utf8"),
    ],
)
def test_an_unmistakable_word_may_be_followed_by_others(prompt, word):
    assert word_called_by(prompt) == word


@pytest.mark.parametrize("prompt", ["burst 16000", "burst 16000!", "burst 16000: go"])
def test_a_number_after_the_word_goes_to_the_script(prompt):
    assert find_trigger(prompt).number == 16000


def test_a_long_reply_has_about_as_many_tokens_as_asked_for_and_ends_on_a_whole_block():
    for wanted in (1, 500, 4000, 20_000):
        steps = steps_of(f"long {wanted}")
        assert wanted <= len(deltas_of(steps)) <= wanted + 200
        assert text_of(steps).endswith("*And so it reaches the sea.*")


def test_slow_waits_eight_seconds_after_the_headers_and_wait_before_them():
    slow, wait = steps_of("slow"), steps_of("wait")
    assert slow.index(Wait(8)) > slow.index(next(s for s in slow if isinstance(s, Respond)))
    assert wait[0] == Wait(8)
    assert steps_of("wait 3")[0] == Wait(3)


def test_a_token_takes_a_sixtieth_of_a_second_and_a_tenth_of_that_from_the_fast_model():
    assert Wait(1 / 60) in steps_of("hello")
    assert Wait(1 / 600) in steps_of("hello", model="rill-demo-fast")
    assert not any(isinstance(step, Wait) for step in steps_of("burst"))


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda t: t.word)
def test_every_script_is_finite_with_and_without_a_stream(trigger):
    steps = steps_of(trigger.word)
    assert len(steps) < 20_000
    assert list(plain(steps))


def test_the_tour_fits_a_screen_and_a_half_and_answers_to_the_prompt():
    tour = text_of(steps_of("Hi there, what can you do?"))
    assert 25 <= len(tour.splitlines()) <= 40
    assert "Hello!" in tour
    assert "“Hi there, what can you do?”" in tour
    assert "turn 1" in tour
    assert "not a model" in tour
    assert "ANTHROPIC_API_KEY" in tour


def test_later_turns_are_short_and_count():
    earlier = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "1"}]
    replies = [
        text_of(steps_of("", messages=[*earlier * n, {"role": "user", "content": "Why *me*?"}]))
        for n in (1, 2, 3)
    ]
    for turn, reply in enumerate(replies, start=2):
        assert f"urn {turn}" in reply
        assert r"“Why \*me\*?”" in reply
        assert len(reply) < 600
    assert len(set(replies)) == 3


def test_tool_results_are_answered_and_are_no_turn():
    result = {"type": "tool_result", "tool_use_id": "t", "content": "18 °C"}
    call = {"type": "tool_use", "id": "t", "name": "get_weather", "input": {}}
    messages = [
        {"role": "user", "content": "tool"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    assert "“18 °C”" in text_of(steps_of("", messages=messages))


def test_a_conversation_that_ends_with_the_assistant_is_continued():
    messages = [
        {"role": "user", "content": "pause"},
        {"role": "assistant", "content": "This takes"},
    ]
    steps = steps_of("", messages=messages)
    assert "goes on" in text_of(steps)
    assert steps[-2].event["delta"]["stop_reason"] == "end_turn"


@given(st.text())
def test_tokens_join_to_the_same_text(text):
    assert "".join(tokens(text)) == text


@given(st.text(st.characters(exclude_categories=[]), max_size=200))
def test_a_shortened_text_is_one_printable_line_of_at_most_sixty_characters(text):
    line = shortened(text)
    assert line.isprintable()
    assert len(line) <= 60


def test_a_quote_escapes_what_markdown_would_read():
    assert quoted("`a` [b](c) <d> *e* _f_ g_h &amp; AT&T ~~i~~") == (
        r"“\`a\` \[b\](c) \<d> \*e\* \_f\_ g_h \&amp; AT&T \~\~i\~\~”"
    )
