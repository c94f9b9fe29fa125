"""How long ago something was, in as few letters as tell it."""

from __future__ import annotations

from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# `strftime` would speak the language of the system, and the rest of Rill does not.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

LONGEST = len("yesterday")


def age(then: float, now: float) -> str:
    """`now`, `5 min`, `3 h`, `yesterday`, `12 Mar`, `Mar 2024`; times are in seconds since 1970.

    What a clock that is wrong puts into the future is `now` as well.
    """
    seconds = now - then
    if seconds < _MINUTE:
        return "now"
    if seconds < _HOUR:
        return f"{int(seconds / _MINUTE)} min"
    if then <= 0:  # an import that knew no time
        return ""
    day, today = _local(then), _local(now)
    if seconds < _DAY / 2 or day.date() == today.date():
        return f"{int(seconds / _HOUR)} h"
    if (today.date() - day.date()).days == 1:
        return "yesterday"
    month = _MONTHS[day.month - 1]
    # Eleven months: `12 Mar` is never the one of the year before.
    return f"{day.day} {month}" if seconds < 330 * _DAY else f"{month} {day.year}"


def ago(then: float, now: float) -> str:
    """The same within a sentence: `just now`, `5 min ago`, `yesterday`, `12 Mar`."""
    words = age(then, now)
    if words == "now":
        return "just now"
    return f"{words} ago" if words.endswith((" min", " h")) else words


def _local(time: float) -> datetime:
    return datetime.fromtimestamp(time, tz=UTC).astimezone()
