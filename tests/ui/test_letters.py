"""What was looked for is marked where it stands, and that part of a line is shown."""

from __future__ import annotations

import pytest

from tui.ui.widgets.letters import crop_around, letters, words_in


@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("Explain the borrow checker", "checker", ["checker"]),
        ("Explain the borrow checker", "brchk", ["b", "r", "ch", "k"]),
        ("The rusty Rust", "Rust", ["rust"]),
        ("A pretty rust", "p rust", ["p", "rust"]),
        ("Übersetze", "uber", ["Über"]),
        ("Straße", "strasse", ["Straße"]),
        ("量子コンピュータ", "コン", ["コン"]),
        ("Nothing of this", "xyz", []),
        ("Blanks are nothing", "   ", []),
    ],
)
def test_the_letters_of_a_title_are_marked_as_close_together_as_they_are(
    text: str, query: str, marked: list[str]
) -> None:
    assert [text[begin:end] for begin, end in letters(text, query)] == marked


def test_a_title_in_which_letters_stand_in_millions_of_ways_is_no_trouble() -> None:
    assert len(letters("a b " * 50, "ab" * 20)) == 40


def test_words_of_prompts_are_marked_wherever_they_stand() -> None:
    text = "Rivers, the river; RIVER (driver)"
    parts = [text[begin:end] for begin, end in words_in(text, 'river ";"')]
    assert parts == ["River", "river", "RIVER", "river", ";"]
    assert words_in("C++ (or C)", "c++ (") == [(0, 3), (4, 5)]


def test_a_line_is_shown_from_a_word_before_what_was_found() -> None:
    text = "many words come before the one that was looked for here"
    begin = text.index("looked")
    shown, parts = crop_around(text, [(begin, begin + 6)], 30)
    assert shown == "…that was looked for here"
    assert [shown[begin:end] for begin, end in parts] == ["looked"]
    assert crop_around(text, [(5, 10)], 30) == (text, [(5, 10)])
    assert crop_around(text, [(begin, begin + 6)], 60) == (text, [(begin, begin + 6)])
