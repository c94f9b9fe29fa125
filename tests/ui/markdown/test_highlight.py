"""Colours that depend on the text alone, however it came."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.ui.markdown.highlight import Highlighter, language_of
from tui.ui.markdown.lines import text_of

_OWN_CODE = Path(__file__).read_text(encoding="utf-8").split("\n")
_PIECES = ["", "def f(x):", "    return 'a'", '"""', "# note", "/*", "*/", "`", "<?php", "\tx = 1"]


def _looks(language: str, lines: list[str], cuts: list[int]) -> list[object]:
    code = Highlighter(language)
    for end in [*cuts, len(lines)]:
        start = len(code.lines)
        code.replace(max(0, start - 1), lines[max(0, start - 1) : max(start, end)])
        if code.lines:
            code.line(len(code.lines) - 1)
    code.settle()
    return [code.line(index) for index in range(len(lines))]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["python", "c", "php", "bash", "html", "nonsense"]),
    st.lists(st.sampled_from(_PIECES), min_size=1, max_size=12),
    st.integers(1, 30),
    st.lists(st.integers(0, 300), max_size=8),
)
def test_code_that_grew_looks_as_code_that_came_at_once(language, some, times, cuts):
    lines = some * times
    assert _looks(language, lines, sorted(cuts)) == _looks(language, lines, [])


def test_no_text_is_lost_or_changed():
    code = Highlighter("python")
    code.replace(0, _OWN_CODE)
    shown = [text_of(code.line(index)) for index in range(len(_OWN_CODE))]
    assert shown == _OWN_CODE


@pytest.mark.parametrize(
    ("language", "opening", "closing", "look"),
    [
        ("python", 'x = """', '"""', "tok-string"),
        ("c", "/*", "*/", "tok-comment"),
        ("javascript", "x = `", "`", "tok-string"),
        ("html", "<!--", "-->", "tok-comment"),
        ("bash", "cat <<EOF", "EOF", "tok-string"),
    ],
)
def test_what_is_open_for_many_lines_keeps_its_look(language, opening, closing, look):
    lines = [opening, *["", "if words here"] * 300, closing]
    code = Highlighter(language)
    code.replace(0, lines)
    assert {code.line(index)[0].look for index in (2, 200, 400, 600)} == {f"fence {look}"}


def test_php_without_its_opening_is_php():
    code = Highlighter("php")
    code.replace(0, ["function f() { return 1; }"] * 300)
    assert code.line(0)[0].look == code.line(299)[0].look == "fence tok-keyword"


@pytest.mark.parametrize("language", ["", "nonsense", "text"])
def test_code_in_no_known_language_is_plain(language):
    code = Highlighter(language)
    code.replace(0, ["if x:"])
    assert code.line(0) == [("if x:", "fence", "")]


def test_a_very_long_line_is_plain_and_the_next_is_not():
    code = Highlighter("python")
    code.replace(0, ["x = '" + "y" * 3000, "import os"])
    assert [span.look for span in code.line(0)] == ["fence"]
    assert code.line(1)[0].look == "fence tok-keyword"


def test_tabs_stand_where_they_stood_before_the_colours():
    code = Highlighter("make")
    code.replace(0, ["all:", "\techo\ta"])
    assert text_of(code.line(1)) == "    echo    a"


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ("python title=x", "python"),
        ("{.python .wide}", "python"),
        ("rust,ignore", "rust"),
        ("c++", "c++"),
        ("py:main.py", "py"),
        ("", ""),
    ],
)
def test_the_language_is_the_first_word_of_the_info_string(info, language):
    assert language_of(info) == language
