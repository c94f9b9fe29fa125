"""The age of something is told as people tell it."""

from __future__ import annotations

from datetime import datetime

import pytest

from tui.chat.age import age, ago


def at(text: str) -> float:
    """A local time, in seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()


NOW = at("2025-03-12 01:30:00")


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("2025-03-12 01:29:30", "now"),
        ("2025-03-12 01:25:00", "5 min"),
        ("2025-03-12 00:31:00", "59 min"),
        ("2025-03-11 22:30:00", "3 h"),  # of the day before, but of this evening
        ("2025-03-11 09:00:00", "yesterday"),
        ("2025-03-10 23:00:00", "10 Mar"),
        ("2024-05-02 00:00:00", "2 May"),
        ("2024-03-12 00:00:00", "Mar 2024"),
        ("2024-03-20 00:00:00", "Mar 2024"),
        ("2025-03-13 00:00:00", "now"),  # by a clock that is wrong
    ],
)
def test_it_is_told_in_as_few_letters_as_will_do(then: str, told: str) -> None:
    assert age(at(then), NOW) == told


def test_later_on_a_day_its_morning_is_still_told_in_hours() -> None:
    evening = at("2025-03-12 23:00:00")
    assert age(at("2025-03-12 01:00:00"), evening) == "22 h"


def test_what_was_imported_without_a_time_has_none() -> None:
    assert age(0, NOW) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "just now"), (-5, "just now"), (300, "5 min ago"), (3 * 3600, "3 h ago")],
)
def test_in_a_sentence_it_says_that_it_is_past(seconds: float, words: str) -> None:
    now = 1_700_000_000.0
    assert ago(now - seconds, now) == words


def test_in_a_sentence_a_date_stands_for_itself() -> None:
    now = 1_700_000_000.0
    assert ago(now - 60 * 86400, now) == age(now - 60 * 86400, now)
