"""Lines broken between words."""

# ruff: noqa: RUF001

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.chat.hygiene import make_visible
from tui.ui.markdown.columns import keep_columns
from tui.ui.markdown.lines import Span, text_of, width_of
from tui.ui.markdown.wrap import wrap, wrap_open

NARROW = "aaab  \n-é’"
MIXED = "ab  \n漢字。「ー)e\u0301\u0301👍🇩🇪"


TEXTS = st.one_of(
    st.text(st.sampled_from(NARROW), max_size=40),
    st.text(st.sampled_from(MIXED), max_size=40),
    st.text(max_size=30),
).map(lambda text: keep_columns(make_visible(text.replace("\t", " "))))
SPANS = st.lists(
    st.builds(Span, TEXTS, st.sampled_from(["", "em"]), st.sampled_from(["", "", "http://a"])),
    max_size=6,
)
WIDTHS = st.integers(1, 12)


def shown(text, width):
    return [text_of(line) for line in wrap([Span(text)], width)]


def looks(spans):
    """Every character that is not a space with its look and link."""
    return [
        (character, span.look, span.href)
        for span in spans
        for character in span.text
        if character not in " \n"
    ]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 5, [""]),
        ("   ", 5, [""]),
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 8, ["one two", "three"]),
        ("one two three", 100, ["one two three"]),
        ("a  b   c", 8, ["a  b   c"]),
        ("one   two", 4, ["one", "two"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("ab abcdefgh", 4, ["ab", "abcd", "efgh"]),
        ("well-known", 6, ["well-k", "nown"]),
        ("no\u00a0break here", 9, ["no\u00a0break", "here"]),
        ("one\n  two", 9, ["one", "two"]),
        ("abcde   \nfgh", 5, ["abcde", "fgh"]),
        ("one\n\ntwo", 9, ["one", "", "two"]),
        ("漢字仮名交じり", 5, ["漢字", "仮名", "交じ", "り"]),
        ("漢字、仮名", 4, ["漢", "字、", "仮名"]),
        ("漢「字」", 4, ["漢", "「字", "」"]),
        ("use 漢字abc here", 8, ["use 漢字", "abc here"]),
        ("漢字", 1, ["漢", "字"]),
        ("ee\u0301e", 2, ["ee\u0301", "e"]),
        ("🇩🇪🇫🇷", 3, ["🇩🇪", "🇫🇷"]),
        ("x🇩🇪", 2, ["x", "🇩🇪"]),
        ("it’s “so” — yes", 9, ["it’s “so”", "— yes"]),
    ],
)
def test_lines_end_where_a_reader_expects_it(text, width, lines):
    assert shown(text, width) == lines


def test_a_word_in_several_looks_stays_together():
    spans = [Span("see un"), Span("break", "strong"), Span("able now")]
    assert wrap(spans, 12) == [
        [Span("see")],
        [Span("un"), Span("break", "strong"), Span("able")],
        [Span("now")],
    ]


def test_neighbours_that_look_the_same_become_one():
    assert wrap([Span("a"), Span(""), Span("b"), Span(" ", "em"), Span("c")], 9) == [
        [Span("ab"), Span(" ", "em"), Span("c")]
    ]


@given(spans=SPANS, width=WIDTHS)
@example(spans=[Span("👨\u200d"), Span("👩", "em")], width=2)
@settings(max_examples=250, deadline=None)
def test_no_line_is_wider_than_it_may_be(spans, width):
    for line in wrap(spans, width):
        assert width_of(line) <= width or (
            width == 1 and sum(cell_len(c) > 0 for c in text_of(line)) == 1
        )


@given(spans=SPANS, width=WIDTHS)
@settings(max_examples=250, deadline=None)
def test_every_character_stays_in_its_place_with_its_look(spans, width):
    lines = wrap(spans, width)
    assert looks(span for line in lines for span in line) == looks(spans)


@given(spans=SPANS, width=WIDTHS)
@settings(max_examples=200, deadline=None)
def test_lines_are_tidy(spans, width):
    for line in wrap(spans, width):
        assert all(span.text for span in line)
        assert text_of(line) == text_of(line).strip(" ")
        assert all(a[1:] != b[1:] for a, b in pairwise(line))


@given(text=st.text(st.sampled_from("aab 漢e"), max_size=30), width=WIDTHS)
@settings(max_examples=200, deadline=None)
def test_no_line_begins_with_a_mark_that_belongs_to_a_letter(text, width):
    marked = re.sub("([ae漢])", "\\1\u0301\u0302", text)
    assert not any(line[:1] in {"\u0301", "\u0302"} for line in shown(marked, width))


@given(first=SPANS, second=SPANS, width=WIDTHS)
@settings(max_examples=200, deadline=None)
def test_more_text_changes_only_the_last_line(first, second, width):
    first = [*first, Span(" ")]
    before = wrap(first, width)
    after = wrap(first + second, width)
    assert after[: len(before) - 1] == before[:-1]


@given(first=SPANS, second=SPANS, width=WIDTHS)
@settings(max_examples=250, deadline=None)
def test_wrapping_goes_on_where_it_stopped_even_within_a_word(first, second, width):
    lines, rest = wrap_open(first, width)
    assert lines + wrap(rest + second, width) == wrap(first + second, width)


def test_each_character_is_measured_as_rich_measures_it():
    for code in range(0x20, 0x3000):
        character = chr(code)
        if cell_len(character) and not 0xD800 <= code < 0xE000:
            for line in wrap([Span(character * 4)], 2):
                assert width_of(line) <= 2, hex(code)
