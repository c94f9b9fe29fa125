"""JSON, read strictly."""

from __future__ import annotations

import json

import pytest

from tui.chat.json_text import parse_object, repair_object


def test_an_object_is_read():
    assert parse_object(' {"a": [1, 2.5, null, true, "x"]} ') == {"a": [1, 2.5, None, True, "x"]}


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "{", "[]", "1", '"a"', "null", "{}{}", "{} x"],
        *['{"a":1,}', "{'a':1}", "\ufeff{}"],
        *['{"a":NaN}', '{"a":Infinity}', '{"a":-Infinity}', '{"a":' + "9" * 5000 + "}"],
    ],
)
def test_anything_else_is_none(text):
    assert parse_object(text) is None


@pytest.mark.parametrize("braces", ["[]", "{}"])
def test_what_is_nested_too_deep_to_be_written_again_is_none(braces):
    def nested(depth: int) -> str:
        opening = "[" if braces == "[]" else '{"a":'
        return '{"a":' + opening * depth + "1" + braces[1] * depth + "}"

    assert parse_object(nested(100)) == json.loads(nested(100))
    for depth in (300, 900, 990, 100_000):
        assert parse_object(nested(depth)) is None


def test_many_brackets_are_not_deep():
    wide = {"a": [[] for _ in range(500)], "code": "{" * 500}
    assert parse_object(json.dumps(wide)) == wide


def test_lone_surrogates_are_replaced_everywhere_in_an_object():
    odd = {"\ud83c": ["\ud83c\udf0d", {"x": "a\udf0d"}], "n": 1}
    assert repair_object(odd) == {"\ufffd": ["\U0001f30d", {"x": "a\ufffd"}], "n": 1}


def test_an_object_without_them_is_the_same_one():
    good = {"a": "\U0001f30d", "b": [1]}
    assert repair_object(good) is good
