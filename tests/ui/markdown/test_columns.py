"""Text that every terminal gives the same number of cells."""

# ruff: noqa: RUF001

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import wcwidth

from tui.ui.markdown.columns import expand_tabs, keep_columns

FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")

# wcwidth knows a newer Unicode than Rich: what is not assigned yet may have any width there.
# Controls are the business of `make_visible`.
ASSIGNED = st.characters(exclude_categories=("Cn", "Cc", "Cs"))
TRICKY = st.sampled_from(
    "\u00ad\u200b\u200c\u200d\u2060\ufe0e\ufe0f\ufeff\u3164\u0301\u093f\u20e3 a1"
    "क\u094dषم漢한❤☺👍👨👩\U0001f3fb\U0001f3fd\U0001f3ff\U0001f1e9\U0001f1ea\U000e0067"
)
TEXTS = st.text(st.one_of(ASSIGNED, TRICKY), max_size=20)


def cells_by_character(text):
    """As a terminal counts that looks at one character at a time.

    But for flags: of the two letters terminals make either one flag of two cells, or two letters of
    one cell each. wcwidth gives the width of a letter on its own, on which they do not agree.
    """
    return sum(wcwidth(character) for character in FLAG.sub("ab", text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("👨‍👩‍👧", "👨👩👧"),
        ("❤️", "❤"),
        ("❤︎", "❤"),
        ("👍🏽", "👍"),
        ("🧑🏽‍🚀!", "🧑🚀!"),
        ("❤️\u200d🔥", "❤🔥"),
        ("1️⃣", "1\u20e3"),
        ("🏴\U000e0067\U000e0062\U000e007f", "🏴"),
        ("hy\u00adphen\u200bate\u2060d\ufeff", "hyphenated"),
        ("🇩🇪🇫🇷", "🇩🇪🇫🇷"),
        ("🇩🇪🇫", "🇩🇪F"),
        ("skin: 🏽", "skin: \ufffd"),
        ("a\u200cb", "ab"),
    ],
)
def test_what_is_disputed_is_taken_out(text, shown):
    assert keep_columns(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "plain text, with `code`",
        "漢字かな交じり文、ｶﾀｶﾅ",
        "👍 🎉 🚀",
        "🇩🇪 and 🇫🇷",
        "한국어 조합 \u1112\u1161\u11ab",
        "ภาษาไทยไม่มีช่องว่าง",
        "العَرَبِيَّة",
        "שָׁלוֹם",
        "हिन्दी में लिखा हुआ",
        "می\u200cخواهم",
        "e\u0301 o\u0308 Zu\u0308rich",
        "┌─┐│└┘ ░▒▓ ▁▂▃ ⠿",
        "“quoted” — it’s → … €",
    ],
)
def test_ordinary_text_is_left_alone_and_measured_alike(text):
    assert keep_columns(text) == text
    assert cell_len(text) == cells_by_character(text)


@given(text=TEXTS)
@example(text="👍\U0001f3fd\U0001f3ff")
@example(text="\u200c\U0001f3fd")
@example(text="\U0001f1e9\u200b\U0001f1ea")
@settings(max_examples=400, deadline=None)
def test_rich_and_a_terminal_agree_on_what_is_left(text):
    shown = keep_columns(text)
    assert cell_len(shown) == cells_by_character(shown)


@given(text=st.text(st.one_of(st.characters(), TRICKY), max_size=20))
@settings(max_examples=400, deadline=None)
def test_what_is_left_stays_as_it_is(text):
    shown = keep_columns(text)
    assert keep_columns(shown) == shown


@given(text=st.text(st.characters(categories=["L", "Mn", "Mc", "N", "P"]), max_size=30))
@settings(max_examples=200, deadline=None)
def test_letters_marks_digits_and_punctuation_stay(text):
    assert keep_columns(text) == re.sub("[\ufe0e\ufe0f\u3164\uffa0]", "", text)


@pytest.mark.parametrize(
    ("text", "column", "shown"),
    [
        ("a\tb", 0, "a   b"),
        ("\t", 0, "    "),
        ("\t", 3, " "),
        ("漢\tb", 0, "漢  b"),
        ("abcd\t\tx", 0, "abcd        x"),
        ("no tabs", 1, "no tabs"),
    ],
)
def test_tabs_reach_to_the_next_stop(text, column, shown):
    assert expand_tabs(text, column) == shown


@given(
    text=st.text(st.sampled_from("\t\tab漢e\u0301 "), max_size=20),
    column=st.integers(0, 9),
    size=st.integers(1, 8),
)
@settings(max_examples=200, deadline=None)
def test_after_a_tab_text_stands_at_a_stop(text, column, size):
    shown = expand_tabs(text, column, size)
    assert "\t" not in shown
    assert shown.replace(" ", "") == text.replace("\t", "").replace(" ", "")
    *parts, last = text.split("\t")
    if parts:
        assert (column + cell_len(shown) - cell_len(last)) % size == 0
