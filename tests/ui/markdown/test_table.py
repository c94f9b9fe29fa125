"""Tables: legible at every width, and the same however they grew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.ui.markdown import inline
from tui.ui.markdown.lines import text_of, width_of
from tui.ui.markdown.parser import References, parse_inline
from tui.ui.markdown.table import Table

if TYPE_CHECKING:
    from tui.ui.markdown.lines import Line

_CELL = st.text("ab 12漢*`[]<\t&", max_size=14).map(str.strip)
_ROWS = st.integers(1, 5).flatmap(
    lambda count: st.lists(st.lists(_CELL, min_size=count, max_size=count), min_size=1, max_size=8)
)


_MARKED = st.lists(
    st.sampled_from(["a", "b c", "`x`", "**y**", "[a](http://b.c)", "[r]", "`", "*", "<br>", "\\"])
    | st.sampled_from(["![i](http://b.c)", "漢", "$", "<b>", "`[a](http://b.c)`"]),
    max_size=3,
).map("".join)
_WIDTHS = st.integers(2, 40)


def _table(rows: list[list[str]], width: int, aligns: list[str] | None = None) -> Table:
    table = Table(rows, aligns or [], References())
    table.set_width(width)
    table.lay_out()
    return table


def _all(table: Table) -> list[Line]:
    return [table.line(y) for y in range(table.height)]


def _texts(table: Table) -> list[str]:
    return [text_of(line) for line in _all(table)]


@settings(max_examples=60, deadline=None)
@given(
    _ROWS,
    st.integers(1, 14),
    st.lists(st.integers(1, 100), max_size=5),
    st.sampled_from([2, 12, 25, 60]),
)
def test_a_table_that_grew_is_as_one_that_came_at_once(some, times, cuts, width):
    rows = some * times
    grown = _table(rows[:1], width)
    count = 1
    for end in sorted(cuts):
        if count <= end <= len(rows):
            half = [rows[end - 1][0], *[""] * (len(rows[0]) - 1)]
            grown.replace(count - 1, [*rows[count - 1 : end - 1], half])
            grown.lay_out()
            _all(grown)
            count = end
    grown.replace(count - 1, rows[count - 1 :])
    grown.lay_out()
    at_once = _table(rows, width)
    assert _all(grown) == _all(at_once)
    assert all(width_of(line) <= width for line in _all(grown))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text("ab1 漢", max_size=14), min_size=3, max_size=3), min_size=1))
def test_every_character_is_shown(rows):
    shown = "".join(_texts(_table(rows, 20)))
    for sign in "ab1漢":
        assert shown.count(sign) == sum(cell.count(sign) for row in rows for cell in row)


def test_a_table_that_fits_takes_no_more_than_it_needs():
    table = _table([["Name", "n"], ["x", "10"]], 80, ["", "right"])
    assert _texts(table) == ["Name │  n", "─────┼───", "x    │ 10"]
    assert table.line(0)[0].look == "table-head"


def test_rows_of_several_lines_are_set_off():
    table = _table([["k", "v"], ["a", "some words here"], ["b", "c"]], 14)
    assert _texts(table) == [
        "k │ v",
        "──┼───────────",
        "a │ some words",
        "  │ here",
        "╌╌┼╌╌╌╌╌╌╌╌╌╌╌",
        "b │ c",
    ]


@pytest.mark.parametrize("width", [30, 80])
def test_numbers_that_grow_longer_are_not_broken(width):
    rows = [["n", "text"], *[[str(n), "some words in a row of text"] for n in range(1, 1200)]]
    table = _table(rows, width)
    assert any(text.startswith("1000 │ some") for text in _texts(table))


def test_a_column_takes_what_is_free_for_a_later_row():
    rows = [["k", "v"], *[["a", "b"]] * 80, ["longer", "c"]]
    assert _texts(_table(rows, 20))[-1] == "longer │ c"


def test_too_many_columns_become_records():
    table = _table([["one", "two", "three"], ["1", "2", "3"], ["4", "5", "6"]], 14)
    assert _texts(table) == [
        *["one: 1", "two: 2", "three: 3"],
        "─" * 14,
        *["one: 4", "two: 5", "three: 6"],
    ]


def test_a_break_in_a_cell_is_a_break():
    assert _texts(_table([["k"], ["a<br>b<br/>c"]], 20))[-3:] == ["a", "b", "c"]


def test_a_break_that_is_code_is_none():
    assert _texts(_table([["k"], ["`<br>`"]], 20))[-1] == "<br>"


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(_MARKED, min_size=2, max_size=2), min_size=4, max_size=9), _WIDTHS)
def test_a_cell_of_which_it_is_known_that_it_fits_would_have_been_measured_alike(rows, width):
    rows = rows * (60 // len(rows))
    known = _table(rows, width)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Table, "_fits", lambda *_: False)
        measured = _table(rows, width)
    assert _all(known) == _all(measured)


def test_a_link_is_found_when_its_definition_comes_later():
    references = References()
    table = Table([["k"], ["[a]"]], [""], references)
    table.set_width(40)
    table.lay_out()
    assert "A" in table.missed
    references["A"] = {"href": "https://a.example", "title": ""}
    table.forget()
    table.lay_out()
    assert table.line(2)[0].href == "https://a.example"


def test_the_source_is_markdown():
    table = Table([["a", "b"], ["1|2", "3"]], ["", "right"], References())
    assert table.source == "| a | b |\n| --- | --: |\n| 1\\|2 | 3 |"


def test_height_before_layout_is_that_of_the_rows_and_the_rule():
    assert Table([["a"], ["b"]], [""], References()).height == 3


@settings(max_examples=100, deadline=None)
@given(_CELL)
def test_a_cell_that_was_not_parsed_looks_as_if_it_had_been(cell):
    references = References()
    parsed = inline.spans(parse_inline(cell, references))
    assert "".join(_texts(_table([["k"], [cell]], 200))[2:]).strip() == text_of(parsed).strip()
