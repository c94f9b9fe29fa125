"""Which line of a TOML file a key stands in: `tomllib` does not tell."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ENDS = ('"""', "'''", "]", "}")
"""What is in the last line of a statement of several lines."""


def line_of(text: str, path: Sequence[str]) -> int | None:
    """The number of the first line that says something about this key; `None` if none does.

    `text` is valid TOML, and `path` are the names from the outermost table on. A key that is not
    there has the line of the innermost table around it that is.
    """
    statements = list(_statements(text))
    for length in range(len(path), 0, -1):
        wanted = tuple(path[:length])
        for number, found in statements:
            if found[:length] == wanted:
                return number
    return None


def _statements(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every key with the number of the line in which its statement begins, from top to bottom."""
    table: tuple[str, ...] = ()
    statement, begin = "", 1
    for number, line in enumerate(text.split("\n"), 1):
        if not statement:
            begin = number
        is_within = bool(statement)
        statement += f"{line}\n"
        if is_within and not any(end in line for end in _ENDS):
            continue  # a long text is not parsed again for each of its lines
        try:
            found = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue  # it goes on in the next line
        if statement.lstrip().startswith("["):
            table = next(_paths(found))
            yield begin, table
        elif found:
            for keys in _paths(found):
                yield begin, table + keys
        statement = ""


def _paths(value: object) -> Iterator[tuple[str, ...]]:
    """The ways to everything that is in a table, or in the first of a list of tables."""
    # No recursion: a dotted key may have thousands of parts.
    waiting: list[tuple[tuple[str, ...], object]] = [((), value)]
    while waiting:
        way, value = waiting.pop()
        if isinstance(value, list):
            value = value[0] if value else None
        if not isinstance(value, dict) or not value:
            yield way
            continue
        waiting.extend(((*way, key), inner) for key, inner in value.items())
