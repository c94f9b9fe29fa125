"""Inline Markdown as a reader sees it."""

# ruff: noqa: RUF001

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it.token import Token

from tui.ui.markdown.inline import spans
from tui.ui.markdown.lines import Span
from tui.ui.markdown.parser import References, parse_inline

SAFE = "https://example.org/a"
MARKUP = st.lists(
    st.sampled_from(["a", "b ", "*", "**", "_", "~~", "`", "[", "](", "](http://x.y)", "!["])
    | st.sampled_from(
        [")", "<", ">", "$", "\\", "\n", "  \n", "[^1]", "http://a.b ", "&#10;", "\t"]
    )
    | st.characters(),
    max_size=25,
).map("".join)


def shown(source, base="", references=None):
    return spans(parse_inline(source, references or References()), base)


def text_of(source):
    return "".join(span.text for span in shown(source))


@pytest.mark.parametrize(
    ("source", "span"),
    [
        ("**a**", Span("a", "strong")),
        ("*a*", Span("a", "em")),
        ("***a***", Span("a", "em strong")),
        ("~~a~~", Span("a", "strike")),
        ("`a  *b*`", Span("a  *b*", "code")),
        ("**`a`**", Span("a", "strong code")),
        ("`a\tb`", Span("a   b", "code")),
        ("a\tb", Span("a b")),
        ("$x^2$", Span("$x^2$", "math")),
        ("$$x$$", Span("$$x$$", "math")),
        (r"\(x\)", Span(r"\(x\)", "math")),
        (r"\[x\]", Span(r"\[x\]", "math")),
        ("<b>", Span("<b>", "html")),
        ("[^1]", Span("[^1]", "note")),
        (SAFE, Span(SAFE, "link", SAFE)),
        (f"<{SAFE}>", Span(SAFE, "link", SAFE)),
        (f"[{SAFE}]({SAFE})", Span(SAFE, "link", SAFE)),
        ("<me@example.org>", Span("me@example.org", "link", "mailto:me@example.org")),
        ("main.py, me@example.org", Span("main.py, me@example.org")),
        (
            "[me@example.org](mailto:me@example.org)",
            Span("me@example.org", "link", "mailto:me@example.org"),
        ),
    ],
)
def test_markup_becomes_a_look(source, span):
    assert shown(source) == [span]


def test_the_base_lies_under_every_look():
    assert shown("a **b**", "heading1") == [Span("a ", "heading1"), Span("b", "heading1 strong")]


def test_both_kinds_of_line_ends_break_the_line():
    assert shown("a\nb  \nc") == [Span("a"), Span("\n"), Span("b"), Span("\n"), Span("c")]


def test_a_line_end_within_a_tag_breaks_the_line_too():
    assert shown("<a\nb>") == [Span("<a", "html"), Span("\n"), Span("b>", "html")]


def test_a_link_shows_where_it_leads():
    assert shown(f"see [the **docs**]({SAFE}).") == [
        Span("see "),
        Span("the ", "link", SAFE),
        Span("docs", "link strong", SAFE),
        Span(f" ‹{SAFE}›", "url", SAFE),
        Span("."),
    ]


def test_a_link_whose_text_is_another_address_shows_where_it_really_leads():
    assert shown(f"[https://bank.example]({SAFE})")[-1] == Span(f" ‹{SAFE}›", "url", SAFE)


def test_a_definition_serves_a_link():
    references = References({"A": {"href": SAFE, "title": ""}})
    assert shown("[a]", references=references)[0] == Span("a", "link", SAFE)


@pytest.mark.parametrize(
    "target", ["./file.txt", "/etc/passwd", "vscode://open", "x:y", "//example.org", "#part"]
)
def test_only_web_and_mail_addresses_can_be_opened(target):
    assert shown(f"[a]({target})") == [Span("a", "link"), Span(f" ‹{target}›", "url")]


def test_a_scheme_may_be_written_in_capitals():
    assert all(span.href for span in shown("[a](HTTPS://EXAMPLE.ORG)"))


@pytest.mark.parametrize("target", ["javascript:alert(1)", "file:///etc/passwd"])
def test_targets_that_the_parser_refuses_stay_text(target):
    assert shown(f"[a]({target})") == [Span(f"[a]({target})")]


def test_an_image_is_named_and_located():
    assert shown(f"![a *small*\nboat]({SAFE})") == [
        Span("[image: a small boat]", "image", SAFE),
        Span(f" ‹{SAFE}›", "url", SAFE),
    ]


def test_an_image_in_a_link_leads_where_the_link_does():
    assert shown("[![a](http://x.y/pic)](http://x.y/page)") == [
        Span("[image: a]", "link image", "http://x.y/page"),
        Span(" ‹http://x.y/pic›", "link url", "http://x.y/pic"),
        Span(" ‹http://x.y/page›", "url", "http://x.y/page"),
    ]


def test_a_link_within_the_text_of_an_image_is_not_lost():
    assert "http://x.y" in text_of(f"![a [b](http://x.y)]({SAFE})")


@pytest.mark.parametrize("source", ["`\x1b[2J`", "<b \x1b[2J>", "![\x1b](x)", "[a](<x\u202ey>)"])
def test_nothing_reaches_the_terminal_that_could_drive_it(source):
    assert not set("\x1b\u202e") & set(text_of(source))


def test_what_terminals_disagree_on_is_taken_out():
    assert text_of("`👨‍👩‍👧` ❤️") == "👨👩👧 ❤"


def test_tokens_of_an_unknown_kind_are_shown_as_their_text():
    inner = Token("news", "", 0, content="inner")
    tokens = [Token("news", "", 0, content="some"), Token("more", "", 0, children=[inner])]
    assert spans(tokens) == [Span("someinner")]


@given(source=MARKUP, base=st.sampled_from(["", "heading1"]))
@settings(max_examples=300, deadline=None)
def test_spans_are_tidy_and_harmless(source, base):
    result = shown(source, base)
    for span in result:
        assert span.text
        assert span.text == "\n" or not set("\n\t\r\x1b\x7f\u202e") & set(span.text)
        assert span.text == "\n" or span.look.startswith(base)
        assert not span.href or span.href.lower().startswith(("http:", "https:", "mailto:"))
    for one, other in pairwise(result):
        assert one[1:] != other[1:] or "\n" in (one.text, other.text)


@given(source=st.text(st.sampled_from("bcd [](*_`~<>!$^\\\n"), max_size=30))
@settings(max_examples=300, deadline=None)
def test_no_letter_is_lost(source):
    """Whether it stands in the text or in a target."""
    for letter in "bcd":
        assert text_of(source).count(letter) >= source.count(letter)
