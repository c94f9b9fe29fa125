"""Which line of a TOML file a key stands in: `tomllib` does not tell."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def line_of(text: str, path: Sequence[str]) -> int | None:
    """The number of the first line that says something about this key; `None` if none does.

    `text` is valid TOML, and `path` are the names from the outermost table on. A key that is not
    there has the line of the innermost table around it that is.
    """
    lines = {found: number for number, found in reversed(list(_statements(text)))}
    for length in range(len(path), 0, -1):
        wanted = tuple(path[:length])
        known = [number for found, number in lines.items() if found[:length] == wanted]
        if known:
            return min(known)
    return None


def _statements(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every key with the number of the line in which its statement begins."""
    table: tuple[str, ...] = ()
    statement, begin = "", 1
    for number, line in enumerate(text.split("\n"), 1):
        if not statement:
            begin = number
        statement += f"{line}\n"
        try:
            found = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue  # it goes on in the next line
        if statement.lstrip().startswith("["):
            table = next(_paths(found), ())
            yield begin, table
        else:
            for keys in _paths(found):
                yield begin, table + keys
        statement = ""


def _paths(value: object) -> Iterator[tuple[str, ...]]:
    """The ways to everything that is in a table, or in a list of tables."""
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict) or not value:
        yield ()
        return
    for key, inner in value.items():
        for rest in _paths(inner):
            yield (key, *rest)
