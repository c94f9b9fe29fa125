"""A title is written over, left as it is, or given back to the first prompt."""

from __future__ import annotations

import pytest

from tests.ui.shelf import reading
from tui.ui.screens.rename import RenameScreen


@pytest.mark.parametrize(
    ("keys", "result"),
    [
        (["N", "e", "w", "enter"], "New"),
        (["end", "!", "enter"], "Old title!"),
        (["delete", "enter"], ""),
        (["space", "space", "enter"], ""),
        (["!", "enter", "enter"], "!"),
        (["enter"], None),
        (["N", "escape"], None),
    ],
)
async def test_what_is_typed_takes_the_place_of_the_old_title(
    keys: list[str], result: str | None
) -> None:
    async with reading() as reader:
        await reader.open(RenameScreen("Old title"))
        await reader.sees("Old title")
        await reader.press(*keys)
        await reader.until(lambda: reader.results == [result])


async def test_a_title_that_would_drive_the_terminal_is_left_if_it_is_not_changed() -> None:
    async with reading() as reader:
        await reader.open(RenameScreen("a \x1b[31mred\x1b[0m title"))
        await reader.sees("a ␛[31mred␛[0m title")
        await reader.press("enter")
        await reader.until(lambda: reader.results == [None])
