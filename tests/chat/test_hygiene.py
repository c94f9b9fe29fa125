"""Text that is safe to keep, and text that is safe to show."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.chat.hygiene import (
    SurrogateJoiner,
    VisiblePieces,
    make_visible,
    one_line,
    repair_surrogates,
)

HIGH, LOW, EARTH = "\ud83c", "\udf0d", "\U0001f30d"
SLICED = st.text(
    st.sampled_from(["a", "\u00e9", HIGH, "\ud83d", LOW, "\udc69", EARTH]), max_size=12
)
CONTROLS = [
    chr(code) for code in (*range(0x20), 0x7F, *range(0x80, 0xA0)) if chr(code) not in "\t\n"
]
DISGUISES = [
    chr(c) for c in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
]
SEPARATORS = ["\u2028", "\u2029"]


def repaired_by_hand(text: str) -> str:
    """UTF-16 as the Unicode standard reads it, one code unit after the other."""
    out, at = "", 0
    while at < len(text):
        code = ord(text[at])
        following = ord(text[at + 1]) if at + 1 < len(text) else 0
        if 0xD800 <= code < 0xDC00 and 0xDC00 <= following < 0xE000:
            out += chr(0x10000 + (code - 0xD800) * 0x400 + following - 0xDC00)
            at += 2
            continue
        out += "\ufffd" if 0xD800 <= code < 0xE000 else text[at]
        at += 1
    return out


# Keeping


@given(text=SLICED)
@settings(max_examples=200, deadline=None)
def test_halves_are_joined_and_lone_ones_replaced(text):
    assert repair_surrogates(text) == repaired_by_hand(text)


@given(text=st.text(max_size=30))
@settings(max_examples=100, deadline=None)
def test_text_without_halves_is_left_alone(text):
    assert repair_surrogates(text) == text


@given(pieces=st.lists(SLICED, max_size=8))
@settings(max_examples=300, deadline=None)
def test_any_split_of_a_text_is_repaired_like_the_whole(pieces):
    joiner = SurrogateJoiner()
    shown = [joiner.push(piece) for piece in pieces]
    for piece in shown:
        piece.encode()
    assert "".join(shown) + joiner.flush() == repaired_by_hand("".join(pieces))


def test_only_a_trailing_first_half_is_held_back():
    joiner = SurrogateJoiner()
    assert joiner.push("a" + HIGH) == "a"
    assert joiner.push("") == ""
    assert joiner.push(LOW + "b") == EARTH + "b"
    assert joiner.flush() == ""


def test_a_joiner_is_empty_after_its_flush():
    joiner = SurrogateJoiner()
    joiner.push(HIGH)
    assert joiner.flush() == "\ufffd"
    assert joiner.flush() == ""
    assert joiner.push(LOW) == "\ufffd"


# Showing


@pytest.mark.parametrize("character", [*CONTROLS, *DISGUISES, *SEPARATORS])
def test_everything_that_drives_a_terminal_or_disguises_text_becomes_one_visible_mark(character):
    shown = make_visible(f"a{character}b")
    assert len(shown) == 3
    assert shown[0] + shown[2] == "ab"
    assert shown[1] != character
    assert shown[1].isprintable()
    assert unicodedata.category(shown[1]) == "So"


def test_controls_show_as_their_pictures():
    assert make_visible("\x00\x07\x1b\x7f") == "\u2400\u2407\u241b\u2421"


@pytest.mark.parametrize(
    "attack",
    [
        "\x1b[2J\x1b[H",
        "\x1b]52;c;ZXZpbA==\x07",
        "\x1b]0;title\x1b\\",
        "\x1bP+q544e\x1b\\",
        "\x9b31m",
        "\x9d52;c;ZXZpbA==\x9c",
        "\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\",
        "\x0eSO\x0f",
        "over\rwrite",
        "back\x08\x08space",
    ],
)
def test_no_escape_sequence_survives(attack):
    assert make_visible(attack).isprintable()


def test_tabs_line_feeds_and_crlf_line_ends_stay_line_structure():
    assert make_visible("a\tb\nc\r\nd") == "a\tb\nc\nd"
    assert make_visible("a\rb") == "a\u240db"


def test_ordinary_text_is_shown_as_it_is():
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
    text = f"Gr\u00fc\u00dfe, \u4e16\u754c {family} e\u0301 \u05e9\u05dc\u05d5\u05dd"
    assert make_visible(text) == text


@given(text=st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_what_is_shown_has_no_control_whatever_the_text(text):
    shown = make_visible(text)
    assert not set(shown) & {*CONTROLS, *DISGUISES, *SEPARATORS}
    assert make_visible(shown) == shown


@given(pieces=st.lists(st.text("a\r\n\t\x1b\u202e\u00e9", max_size=5), max_size=8))
@settings(max_examples=300, deadline=None)
def test_any_split_of_a_text_is_shown_like_the_whole(pieces):
    visible = VisiblePieces()
    shown = [visible.push(piece) for piece in pieces]
    for piece in shown:
        assert "\r" not in piece
    assert "".join(shown) + visible.flush() == make_visible("".join(pieces))


def test_only_a_trailing_carriage_return_is_held_back():
    visible = VisiblePieces()
    assert visible.push("a\r") == "a"
    assert visible.push("") == ""
    assert visible.push("\nb\r") == "\nb"
    assert visible.push("c") == "\u240dc"
    assert visible.push("d\r") == "d"
    assert visible.flush() == "\u240d"
    assert visible.flush() == ""


# One line


def test_one_line_is_one_line():
    assert one_line("  a\n\n b\t\tc\r\nd\u2028e\x0bf  ") == "a b c d e f"
    assert one_line("") == one_line(" \n ") == ""


def test_one_line_shows_controls():
    assert one_line("a\x1b[2Jb") == "a\u241b[2Jb"


def test_a_line_of_just_the_limit_is_not_cut():
    assert one_line("x" * 60, 60) == "x" * 60
    assert one_line("x" * 61, 60) == "x" * 59 + "\u2026"


def test_a_cut_line_does_not_end_in_a_blank_before_its_ellipsis():
    assert one_line("abc defgh", 5) == "abc\u2026"


@given(text=st.text(max_size=300), limit=st.integers(1, 60))
@settings(max_examples=300, deadline=None)
def test_one_line_never_outgrows_its_limit_nor_its_line(text, limit):
    line = one_line(text, limit)
    assert len(line) <= limit
    assert not set(line) & {*CONTROLS, *DISGUISES, *SEPARATORS, "\n", "\t"}
    assert line == line.strip()


def test_a_huge_text_is_cut_and_says_so():
    assert one_line("word " * 1_000_000, 20) == "word word word word\u2026"
    assert one_line("word" + " " * 1_000_000 + "word", 20) == "word\u2026"
