"""Paragraphs that grow while they are shown."""

# ruff: noqa: RUF001

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tui.ui.markdown.lines import Span, text_of
from tui.ui.markdown.paragraph import Paragraph
from tui.ui.markdown.parser import References

SOURCES = st.lists(
    st.sampled_from(["a", "word ", "lo", "ng", "**", "*", "`", " ", "\n", "  \n", "漢", "é", "👍"])
    | st.sampled_from(["[a]", "](http://x.y)", "🇩", "e\u0301", "\\", "$"]),
    max_size=40,
).map("".join)
SMALL = (5, 10)
WIDTHS = st.integers(1, 15)


def laid_out(text, width=20, references=None, **options):
    paragraph = Paragraph(text, References() if references is None else references, **options)
    paragraph.set_width(width)
    paragraph.lay_out()
    return paragraph


def lines_of(paragraph):
    return [paragraph.line(y) for y in range(paragraph.height)]


def shown(paragraph):
    return [text_of(line) for line in lines_of(paragraph)]


def test_text_is_wrapped_at_the_width():
    paragraph = laid_out("one **two** three", 8)
    assert lines_of(paragraph) == [[Span("one "), Span("two", "strong")], [Span("three")]]
    assert paragraph.source == "one **two** three"
    assert not paragraph.is_code


def test_another_width_wraps_anew():
    paragraph = laid_out("one two three", 8)
    paragraph.set_width(3)
    assert not paragraph.is_laid_out
    paragraph.lay_out()
    assert shown(paragraph) == ["one", "two", "thr", "ee"]


def test_no_text_is_one_empty_line():
    assert lines_of(laid_out("")) == [[]]


def test_a_heading_is_a_paragraph_with_a_look():
    assert lines_of(laid_out("a *b*", base="heading1")) == [
        [Span("a ", "heading1"), Span("b", "heading1 em")]
    ]


def test_the_height_is_estimated_before_layout():
    paragraph = Paragraph("x" * 25 + "\n\n" + "y", References())
    paragraph.set_width(10)
    assert (paragraph.height, paragraph.is_laid_out) == (5, False)


def test_a_height_can_be_asked_for_before_any_width():
    assert Paragraph("a\nb", References()).height == 2


@given(source=SOURCES, width=WIDTHS, start=st.integers(0, 60))
@settings(max_examples=150, deadline=None)
def test_text_that_grew_looks_like_text_that_came_at_once(source, width, start):
    grown = laid_out(source[:start], width, chunk=SMALL)
    for end in range(start + 1, len(source) + 1):
        grown.set_text(source[:end])
        grown.lay_out()
        assert lines_of(grown) == lines_of(laid_out(source[:end], width, chunk=SMALL))


@given(first=SOURCES, second=SOURCES, width=WIDTHS, both=st.booleans())
@settings(max_examples=150, deadline=None)
def test_text_that_changed_looks_like_text_that_came_at_once(first, second, width, both):
    changed = laid_out(first, width + 3, chunk=SMALL)
    changed.set_text(first[: len(first) // 2] + second if both else second)
    changed.set_width(width)
    changed.lay_out()
    assert lines_of(changed) == lines_of(laid_out(changed.source, width, chunk=SMALL))


@given(words=st.lists(st.text("abc漢", min_size=1, max_size=14), max_size=30), width=WIDTHS)
@settings(max_examples=200, deadline=None)
def test_where_plain_text_is_cut_cannot_be_seen(words, width):
    text = " ".join(words)
    assert lines_of(laid_out(text, width, chunk=SMALL)) == lines_of(laid_out(text, width))


def test_emphasis_does_not_reach_across_a_cut():
    paragraph = laid_out("**abc def ghi jkl**", 40, chunk=SMALL)
    assert shown(paragraph) == ["**abc def ghi jkl**"]


def test_a_long_text_is_cut_at_a_line_end_before_a_space():
    paragraph = laid_out("abcdef\ng *i j*", 40, chunk=SMALL)
    assert lines_of(paragraph) == [[Span("abcdef")], [Span("g "), Span("i j", "em")]]


def test_labels_without_a_definition_are_missed_until_one_comes():
    references = References()
    paragraph = laid_out("see [one] and [two]", 60, references)
    other = laid_out("see [one]", 60, references)
    assert (paragraph.missed, other.missed) == ({"ONE", "TWO"}, {"ONE"})
    references["ONE"] = {"href": "http://x.y", "title": ""}
    paragraph.forget()
    assert not paragraph.is_laid_out
    paragraph.lay_out()
    assert shown(paragraph) == ["see one ‹http://x.y› and [two]"]
    assert paragraph.missed == {"TWO"}


def test_labels_that_are_gone_are_not_missed_any_more():
    paragraph = laid_out("see [one]")
    paragraph.set_text("see")
    paragraph.lay_out()
    assert paragraph.missed == set()


def test_nothing_is_parsed_before_it_is_looked_at():
    references = References()
    paragraph = Paragraph("[one]", references)
    paragraph.set_width(20)
    assert paragraph.height == 1
    assert not references.missed


def test_what_is_finished_is_not_parsed_again():
    """A definition that comes late shows which part of the text was parsed after it."""
    references = References()
    paragraph = laid_out("[one] text that fills it", 80, references, chunk=SMALL)
    references["ONE"] = {"href": "http://x.y", "title": ""}
    paragraph.set_text(paragraph.source + " [one]")
    paragraph.lay_out()
    assert shown(paragraph) == ["[one] text that fills it one ‹http://x.y›"]
