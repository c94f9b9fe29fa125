"""Parameters as they are written and read again."""

from __future__ import annotations

import pytest

from tui.errors import UsageError
from tui.ui.asked import parse_parameter


@pytest.mark.parametrize("text", ["[" * 100_000, '["a"', "[1]", "[NaN]", '[["a"]]'])
def test_a_list_that_is_none_is_one_short_sentence(text: str) -> None:
    with pytest.raises(UsageError, match=r'^stop must be a list of strings, as in \["END"\]') as it:
        parse_parameter("stop", text)
    assert len(str(it.value)) < 150


def test_a_list_of_strings_is_what_it_says_and_a_word_alone_is_one() -> None:
    assert parse_parameter("stop", '["a", "b\\n"]') == ("a", "b\n")
    assert parse_parameter("stop", "END") == ("END",)
