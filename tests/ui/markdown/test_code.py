"""Blocks of code: as wide as the block, and the same however they grew."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tui.ui.markdown.code import Code
from tui.ui.markdown.lines import text_of, width_of

_LINES = st.lists(st.text("ab \t=漢é#'\"", max_size=40), max_size=12)


def _laid_out(code: Code, width: int) -> Code:
    code.set_width(width)
    code.lay_out()
    return code


def _all(code: Code) -> list[object]:
    return [code.line(y) for y in range(code.height)]


@settings(max_examples=60, deadline=None)
@given(_LINES, st.lists(st.integers(0, 12), max_size=5), st.sampled_from([2, 7, 8, 20, 80]))
def test_code_that_grew_is_as_code_that_came_at_once(lines, cuts, width):
    grown = _laid_out(Code([], "python"), width)
    for end in [*sorted(cuts), len(lines)]:
        start = max(0, min(end, len(grown.source.split("\n"))) - 1)
        grown.replace(start, lines[start:end])
        grown.lay_out()
        _all(grown)
    at_once = _laid_out(Code(lines, "python"), width)
    grown.close()
    at_once.close()
    assert _all(grown) == _all(at_once)
    assert all(width_of(line) == width for line in _all(grown))


@settings(max_examples=60, deadline=None)
@given(_LINES, st.sampled_from([2, 7, 8, 20, 80]))
def test_every_character_is_shown(lines, width):
    code = _laid_out(Code(lines), width)
    shown = "".join(text_of(line) for line in _all(code)).replace("↪", "")
    assert "".join(shown.split()) == "".join("".join(lines).split())


def test_height_before_layout_is_that_of_the_lines_and_the_label():
    assert Code(["a", "b"]).height == 2
    assert Code(["a", "b"], "python").height == 3


def test_what_does_not_fit_goes_on_behind_a_mark():
    code = _laid_out(Code(["abcdefghijkl"]), 10)
    assert [text_of(line) for line in _all(code)] == [" abcdefgh ", " ↪ ijkl   "]
    assert code.line(1)[1].look == "fence wrap"


def test_a_blank_line_of_code_is_a_line_of_background():
    code = _laid_out(Code(["a", "", "b"]), 10)
    assert text_of(code.line(1)) == " " * 10


def test_html_as_text_is_neither_code_nor_padded():
    html = _laid_out(Code(["<b>hi</b>"], look="html", plain=True), 40)
    assert html.line(0) == [("<b>hi</b>", "html", "")]
    assert not html.is_code


def test_the_source_keeps_its_tabs():
    assert Code(["a\tb", ""], "make").source == "a\tb\n"
