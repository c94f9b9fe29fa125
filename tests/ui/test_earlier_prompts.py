"""What was written once is found again by the words in it."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from tests.ui.shelf import kept, reading, talk, written
from tui.storage import writes
from tui.ui.screens.earlier import EarlierPrompts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ui.shelf import Reader
    from tui.storage.history import History


async def open_earlier(reader: Reader, history: History) -> None:
    """The list, when all that was said is in the file."""
    await written(history)
    await reader.open(EarlierPrompts(history, {}))


async def test_the_newest_is_first_and_enter_gives_it_back_as_it_was_written(
    tmp_path: Path,
) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        talk(history, "The older one")
        talk(history, "The newer one\n\n  in three lines")
        await open_earlier(reader, history)
        await reader.sees("· The newer one ↵ in three lines", "· The older one")
        await reader.press("enter")
        await reader.until(lambda: reader.results == ["The newer one\n\n  in three lines"])


async def test_all_words_have_to_be_in_it_in_any_place_and_order(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        talk(history, "Boats upon the river")
        talk(history, "The river in winter")
        talk(history, "Winter in the mountains")
        await open_earlier(reader, history)
        await reader.sees("Boats")
        await reader.press(*"ter RIV", "enter")
        await reader.until(lambda: reader.results == ["The river in winter"])


async def test_the_same_keys_as_in_a_shell_go_further_back(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        for name in ("First", "Second", "Third"):
            talk(history, name)
        await open_earlier(reader, history)
        await reader.press("ctrl+r", "ctrl+r", "ctrl+r", "up", "enter")
        await reader.until(lambda: reader.results == ["Second"])


async def test_home_and_end_go_to_the_newest_and_the_oldest(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        for number in range(40):
            talk(history, f"Number {number}")
        await open_earlier(reader, history)
        await reader.sees("Number 39")
        await reader.press("end")
        await reader.until(lambda: "Number 39" not in reader.text)
        await reader.press("pageup", "home", "pagedown", "end", "enter")
        await reader.until(lambda: reader.results == ["Number 0"])
        await open_earlier(reader, history)
        await reader.sees("Number 39")
        await reader.press("end", "pageup", "home", "enter")
        await reader.until(lambda: reader.results == ["Number 0", "Number 39"])


async def test_what_was_never_sent_is_there_too(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        history.write(writes.keep_unsent, "Thought better of it", None)
        await open_earlier(reader, history)
        await reader.sees("· Thought better of it")


async def test_more_of_the_highlighted_one_is_shown_than_fits_the_list(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading((100, 40)) as reader:
        talk(history, "\n".join(f"Line {number}" for number in range(6)) + "\n" * 3)
        talk(history, "\n".join(f"Row {number}" for number in range(50)))
        await open_earlier(reader, history)
        await reader.sees("Row 0\nRow 1\n", "Row 6\n… 339 characters in all")
        await reader.press("down")
        await reader.sees("Line 0\nLine 1\nLine 2\nLine 3\nLine 4\nLine 5\n")
        assert "in all" not in reader.text


async def test_a_click_takes_a_prompt_and_typing_can_go_on_before(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        talk(history, "One potato")
        talk(history, "Two potatoes")
        await open_earlier(reader, history)
        await reader.press(*"potato")
        await reader.sees("One potato")
        row = next(y for y, line in enumerate(reader.lines) if "One potato" in line)
        await reader.pilot.click(offset=(12, row))
        await reader.until(lambda: reader.results == ["One potato"])


async def test_nothing_is_said_to_be_nothing(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        await open_earlier(reader, history)
        await reader.sees("Nothing was written yet.")
        talk(history, "Something")
        await written(history)
        await reader.press(*"x", "enter")
        await reader.sees("Nothing found.")
        await reader.press("backspace")
        await reader.sees("· Something")
        assert reader.results == []
        await reader.press("escape")
        await reader.until(lambda: reader.results == [None])


async def test_text_that_would_drive_the_terminal_or_is_markup_is_shown_as_text(
    tmp_path: Path,
) -> None:
    prompt = "\x1b[2J[bold]loud[/bold] [@click=app.quit]x[/] [/nothing]"
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        talk(history, prompt)
        await open_earlier(reader, history)
        shown = "␛[2J[bold]loud[/bold] [@click=app.quit]x[/] [/nothing]"
        # In the list, and whole below it.
        await reader.until(lambda: reader.text.count(shown) == 2)
        assert "\x1b" not in reader.text
        await reader.press("enter")
        await reader.until(lambda: reader.results == [prompt])


async def test_a_history_that_cannot_be_read_says_so_once(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    async with kept(path) as history, reading() as reader:
        other = sqlite3.connect(path)
        other.execute("DROP TABLE unsent")
        other.close()
        await open_earlier(reader, history)
        await reader.until(lambda: " ".join(reader.text.split()).count("cannot be used") == 1)
        await reader.press("enter", "escape")
        await reader.until(lambda: reader.results == [None])


async def test_where_there_are_more_than_are_listed_that_is_said(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        for text in ("The first of all", *(f"Number {number}" for number in range(1, 101))):
            history.write(writes.keep_unsent, text, None)
        await open_earlier(reader, history)
        await reader.sees("Earlier prompts · the newest 100; type more to narrow it", "Number 100")
        await reader.press("end")
        await reader.sees("· Number 1\n")
        assert "The first of all" not in reader.text
        await reader.press(*"first", "enter")
        await reader.until(lambda: reader.results == ["The first of all"])
