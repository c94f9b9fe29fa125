"""A list read while it comes: whatever the pieces, the same items."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.storage.exchange.trees import objects, values
from tui.storage.exchange.json_items import ItemReader, JsonBroken, PassedOver


def read(
    text: str, size: int, *, limit: int = 10**6, found: list[object] | None = None
) -> tuple[list[object], dict[str, object]]:
    """Items and head; the items go into `found`, which is there even if something is broken."""
    reader = ItemReader(limit)
    found = [] if found is None else found
    for at in range(0, len(text), size):
        found.extend(reader.feed(text[at : at + size]))
    found.extend(reader.close())
    return found, reader.head


@settings(max_examples=100, deadline=None)
@given(
    items=st.lists(values, max_size=5),
    head=objects.map(lambda found: {f"x{key}": value for key, value in found.items()}),
    size=st.integers(1, 40),
    indent=st.sampled_from([None, 0, 2]),
    is_ascii=st.booleans(),
    is_bare=st.booleans(),
)
def test_pieces_of_any_size_give_the_same_items(*, items, head, size, indent, is_ascii, is_bare):
    whole = items if is_bare else head | {"conversations": items, "after": [1]}
    text = json.dumps(whole, indent=indent, ensure_ascii=is_ascii)
    assert read(f" \n{text} ", size) == (items, {} if is_bare else head)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_an_item_that_is_too_large_is_passed_over_and_the_next_is_read(size: int):
    large = {"a": ['"]}\\', {"b": "\\" * 50}], "c": 'x\\"y' * 50, "d": {}}
    text = json.dumps([{"n": 1}, large, {"n": 2}, "z" * 200, {"n": 3}])
    items, _ = read(text, size, limit=40)
    assert [item for item in items if not isinstance(item, PassedOver)] == [
        *({"n": 1}, {"n": 2}, {"n": 3})
    ]
    assert len(items) == 5


@pytest.mark.parametrize("size", [1, 5, 1000])
@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("", []),
        ("   ", []),
        ("hello", []),
        ("<html>", []),
        ("5", []),
        ("[1, 2", [1]),
        ("[1, {'a': 2}]", [1]),
        ('[1, {"a": 2', [1]),
        ('[1, "abc', [1]),
        ("[1, nul", [1]),
        ("[1, NaN]", [1]),
        ("[1 }", []),
        ('{"a": 1}', []),
        ('{"a": 1', []),
        ('{"conversations": 5}', []),
        ('{"conversations": [1, ', [1]),
        ("[1, " + "9" * 5000 + "]", [1]),
    ],
)
def test_what_is_broken_is_said_after_the_items_before_it(text: str, before: list[int], size: int):
    found: list[object] = []
    with pytest.raises(JsonBroken):
        read(text, size, found=found)
    assert found == before


@pytest.mark.parametrize("size", [1, 1000, 10**6])
def test_an_item_that_is_too_deep_for_python_is_passed_over(size: int):
    items, _ = read("[1, " + "[" * 3000 + "]" * 3000 + ", 2]", size)
    assert [item for item in items if not isinstance(item, PassedOver)] == [1, 2]
    assert len(items) == 3


def test_a_mistake_is_noticed_where_it_is_and_not_at_the_end():
    reader = ItemReader()
    with pytest.raises(JsonBroken):
        list(reader.feed('[{"a": oops, "b": "' + "x" * 1000))


def test_an_object_that_never_comes_to_its_list_does_not_fill_the_memory():
    with pytest.raises(JsonBroken, match="before its list"):
        read('{"a": "' + "x" * 10_000, 100, limit=1000)
