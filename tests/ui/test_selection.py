"""What is selected, cell by cell."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.ui.markdown.lines import Span, cut, text_of
from tui.ui.widgets.selection import Selection, Spot, word_at

LINE = [Span("one ", ""), Span("日本", "strong"), Span(" e\u0301nd", "")]


def test_a_wide_character_is_selected_with_either_of_its_cells() -> None:
    assert [text_of(part) for part in cut(LINE, 5, 6)] == ["one ", "日", "本 e\u0301nd"]
    assert [text_of(part) for part in cut(LINE, 4, 5)] == ["one ", "日", "本 e\u0301nd"]
    assert [text_of(part) for part in cut(LINE, 9, 10)] == ["one 日本 ", "e\u0301", "nd"]


@given(st.integers(0, 14), st.integers(0, 14))
def test_nothing_is_lost_or_changed_by_cutting(start: int, length: int) -> None:
    parts = cut(LINE, start, start + length)
    assert "".join(text_of(part) for part in parts) == text_of(LINE)
    assert all(
        span.look == ("strong" if span.text in "日本" else "") for part in parts for span in part
    )


def test_either_end_may_come_first() -> None:
    for ends in ((Spot(0, 3, 5), Spot(2, 1, 2)), (Spot(2, 1, 2), Spot(0, 3, 5))):
        selection = Selection(*ends)
        assert selection.cells(0, 2) is None
        assert selection.cells(0, 3) == (5, 1 << 30)
        assert selection.cells(1, 77) == (0, 1 << 30)
        assert selection.cells(2, 1) == (0, 3)
        assert selection.cells(2, 2) is None


def test_what_is_drawn_around_a_text_is_shown_as_selected_but_not_copied() -> None:
    line = [
        Span("▌ ", "bar"),
        Span(" ", "fence pad"),
        Span("code", "fence"),
        Span("  ", "fence pad"),
    ]
    selection = Selection(Spot(0, 0, 0), Spot(0, 0, 20))
    assert selection.text(0, 0, line) == "code"
    assert all("selected" in span.look for span in selection.show(0, 0, line))


def test_a_word_is_found_from_any_of_its_cells() -> None:
    line = [Span("see src/ma", ""), Span("in.py, ", "strong"), Span("日本語 ok", "")]
    assert {word_at(line, x) for x in range(4, 15)} == {(4, 14)}
    assert word_at(line, 15) == (15, 15)
    assert word_at(line, 20) == (17, 21)
    assert word_at(line, 99) == (24, 25)
