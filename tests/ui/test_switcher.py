"""All conversations are a few letters away, and can be tidied up on the way."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from tests.ui.shelf import kept, reading, talk, written
from tui.chat.ending import Ending, Outcome
from tui.storage import reads, writes
from tui.storage.history import History
from tui.storage.records import Sheet
from tui.ui.conversations import Conversations
from tui.ui.screens.switcher import Chosen, Switcher

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ui.shelf import Reader
    from tui.chat.conversation import Conversation


class Housekeeper:
    """Does what is wished, and nothing else."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations

    def delete(self, conversation_id: str, title: str) -> None:  # noqa: ARG002 - the screen says it
        self._conversations.delete(conversation_id)

    async def undo(self) -> bool:
        return await self._conversations.undo() is not None

    def rename(self, conversation_id: str, title: str) -> None:
        self._conversations.rename(conversation_id, title)

    def pin(self, conversation_id: str, *, is_pinned: bool) -> None:
        self._conversations.pin(conversation_id, is_pinned=is_pinned)

    async def duplicate(self, conversation_id: str) -> None:
        await self._conversations.duplicate(conversation_id)


async def open_switcher(
    reader: Reader,
    history: History,
    current: str | None = None,
    keymap: dict[str, str] | None = None,
) -> Switcher:
    """The list, with a conversation open below it."""
    await written(history)
    conversations = Conversations(history)
    if current is not None and (opened := await conversations.open(current)):
        conversations.go_to(opened)
    switcher = Switcher(conversations, Housekeeper(conversations), keymap or {})
    reader.app.set_keymap(dict(keymap or {}))
    await reader.open(switcher)
    return switcher


def titles(reader: Reader, *known: str) -> list[str]:
    """Which of these are on the screen, from top to bottom."""
    return [title for line in reader.lines for title in known if title in line]


def pin(history: History, conversation: Conversation) -> None:
    """Keep it on top."""
    history.write(writes.pin, conversation.id, is_pinned=True)


async def test_pinned_ones_come_first_then_the_newest_each_with_all_that_is_known_of_it(
    tmp_path: Path,
) -> None:
    async with kept(tmp_path / "history.db") as history, reading((120, 24)) as reader:
        old = talk(history, "Apples", "Yes", hours_ago=2000 * 24, model="old-1")
        cut = Ending(Outcome.COMPLETE, "max_tokens")
        current = talk(history, "Pears", "Yes", hours_ago=3, ending=cut)
        unsaid = talk(history, "Plums")
        history.write(writes.save, Sheet.of(unsaid, draft="half a thou"), history.run)
        pin(history, old)
        await open_switcher(reader, history, current.id)
        await reader.sees("Conversations · 3", "Plums")
        assert titles(reader, "Apples", "Pears", "Plums") == ["Apples", "Plums", "Pears"]
        assert reader.highlighted.startswith("✦ Apples old-1 2 messages ✓ ")
        assert "Plums draft 1 message now" in reader.text
        assert "● Pears loopback-1 2 messages ▲ 3 h" in reader.text


async def test_a_reply_that_is_still_being_received_is_shown_as_running(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        conversation = talk(history, "Apples", "Yes")
        history.write(_run_again, conversation.id)
        await open_switcher(reader, history)
        await reader.sees("Apples running loopback-1")


def _run_again(db: sqlite3.Connection, conversation_id: str) -> None:
    db.execute(
        "UPDATE message SET writer = 'another run' WHERE conversation = ? AND role = 'assistant'",
        (conversation_id,),
    )


async def test_enter_opens_the_highlighted_one_and_escape_none(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        first = talk(history, "First")
        talk(history, "Second")
        await open_switcher(reader, history)
        await reader.press("down", "enter")
        await reader.until(lambda: reader.results == [Chosen(first.id)])
        await open_switcher(reader, history)
        await reader.press("escape")
        await reader.until(lambda: reader.results[1:] == [None])


async def test_typing_finds_letters_of_titles_first_and_then_words_of_messages(
    tmp_path: Path,
) -> None:
    async with kept(tmp_path / "history.db") as history, reading((100, 24)) as reader:
        talk(history, "What is a borrow checker?", "It proves that nobody else looks.")
        said = talk(history, "Of pears", "They are\nboroughs and burrows,\nor so.")
        talk(history, "Of apples", "No.")
        await open_switcher(reader, history)
        await reader.press(*"bor")
        await reader.sees("in messages", "Of pears They are boroughs and burrows, or so. now")
        assert "Of apples" not in reader.text
        assert reader.highlighted.startswith("What is a borrow checker?")
        assert reader.lines.index("in messages") > 4
        # Down goes over the heading: the prompt of the first is found as well, the newest first.
        await reader.press("down", "enter")
        reply = said.head
        await reader.until(lambda: reader.results == [Chosen(said.id, reply, "bor")])


async def test_letters_of_a_title_may_be_far_apart_and_without_accents(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        wanted = talk(history, "Übersetze dieses Gedicht")
        talk(history, "Something else")
        await open_switcher(reader, history)
        await reader.press(*"ubgedi")
        await reader.until(lambda: "Something" not in reader.text)
        await reader.press("enter")
        await reader.until(lambda: reader.results == [Chosen(wanted.id)])


async def test_enter_takes_what_was_typed_before_it_however_fast(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        pears = talk(history, "Pears")
        talk(history, "Apples")
        await open_switcher(reader, history)
        await reader.press(*"pear", "enter")
        await reader.until(lambda: reader.results == [Chosen(pears.id)])


async def test_enter_twice_opens_once(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        pears = talk(history, "Pears")
        await open_switcher(reader, history)
        await reader.press("p", "enter", "enter")
        await reader.until(lambda: bool(reader.results))
        await reader.settle()
        assert reader.results == [Chosen(pears.id)]


async def test_deleting_means_what_was_typed_before_it_however_fast(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        talk(history, "Pears")
        talk(history, "Apples")
        await open_switcher(reader, history)
        await reader.press(*"pear", "ctrl+d")
        await reader.sees("Nothing found.")
        await reader.press("ctrl+u")
        await reader.points_at("Apples")
        assert "Pears" not in reader.text


async def test_deleting_goes_on_with_the_next_and_undoing_brings_each_back(
    tmp_path: Path,
) -> None:
    names = ("First", "Second", "Third", "Fourth")
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        for name in names:
            talk(history, name)
        await open_switcher(reader, history)
        await reader.press("down", "ctrl+d")
        await reader.points_at("Second")
        await reader.press("ctrl+d")
        await reader.points_at("First")
        assert titles(reader, *names) == ["Fourth", "First"]
        await reader.press("ctrl+d")  # the last line: the one above is next
        await reader.points_at("Fourth")
        await reader.press("ctrl+z")
        await reader.points_at("First")
        await reader.press("ctrl+z")
        await reader.points_at("Second")
        await reader.press("ctrl+z")
        await reader.points_at("Third")
        await reader.sees("Conversations · 4")
        assert titles(reader, *names) == ["Fourth", "Third", "Second", "First"]


async def test_deleting_takes_away_what_was_found_in_it_too(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        talk(history, "Apples and more apples", "Apples are apples.")
        talk(history, "Of pears", "As good as apples.")
        await open_switcher(reader, history)
        await reader.press(*"apples")
        await reader.sees("Apples are")
        await reader.press("ctrl+d")
        await reader.until(lambda: "Apples" not in reader.text)
        await reader.points_at("As good as apples.")
        await reader.press("ctrl+z")
        await reader.points_at("Apples and more apples")


async def test_renaming_is_one_key_and_shows_the_new_title_in_its_place(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        for name in ("First", "Second", "Third"):
            talk(history, name)
        await open_switcher(reader, history)
        await reader.press("down", "f2")
        await reader.sees("Rename")
        await reader.press(*"Other", "enter")
        await reader.points_at("Other")
        assert titles(reader, "First", "Other", "Third") == ["Third", "Other", "First"]
        await reader.press("ctrl+r")
        await reader.sees("Rename")
        await reader.press("delete", "enter")
        await reader.points_at("Second")
        await reader.press("f2")
        await reader.sees("Rename")
        await reader.press(*"Never mind", "escape")
        await reader.points_at("Second")


async def test_the_highlight_goes_along_with_what_is_pinned(tmp_path: Path) -> None:
    names = ("First", "Second", "Third")
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        for name in names:
            talk(history, name)
        await open_switcher(reader, history)
        await reader.press("end", "ctrl+t")
        await reader.points_at("✦ First")
        assert titles(reader, *names) == ["First", "Third", "Second"]
        await reader.press("ctrl+t")
        await reader.until(lambda: "✦" not in reader.text)
        await reader.points_at("First")
        assert titles(reader, *names) == ["Third", "Second", "First"]


async def test_what_is_pinned_twice_is_as_it_was_however_fast(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        for name in ("First", "Second"):
            talk(history, name)
        await open_switcher(reader, history)
        await reader.press("down", "ctrl+t", "ctrl+t")
        await reader.press("ctrl+t", "ctrl+t", "ctrl+t")
        await reader.points_at("✦ First")
        await written(history)
        listed = await history.read(reads.newest, 2)
        assert [(entry.title, entry.is_pinned) for entry in listed] == [
            ("First", True),
            ("Second", False),
        ]
        await reader.press("ctrl+t")
        await reader.until(lambda: "✦" not in reader.text)


async def test_the_hints_name_the_keys_that_a_person_has_chosen(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading((120, 24)) as reader:
        talk(history, "First")
        await open_switcher(reader, history, keymap={"pin_highlighted": "f9"})
        await reader.sees("First", "f9 pins")
        await reader.press("f9")
        await reader.points_at("✦ First")


@pytest.mark.parametrize("width", range(56, 66))
async def test_hints_that_do_not_fit_are_left_out_whole(tmp_path: Path, width: int) -> None:
    async with kept(tmp_path / "history.db") as history, reading((width, 24)) as reader:
        await open_switcher(reader, history)
        await reader.sees("enter opens · ctrl+d deletes", "esc back")


async def test_a_copy_is_the_newest(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        talk(history, "First", "One")
        talk(history, "Second")
        await open_switcher(reader, history)
        await reader.press("down", "ctrl+y")
        await reader.sees("Conversations · 3")
        assert titles(reader, "First", "Second") == ["First", "Second", "First"]
        await reader.points_at("First")


async def test_a_long_list_is_read_wherever_one_goes_in_it(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        history.write(_fill, 5_000)
        await open_switcher(reader, history)
        await reader.sees("Conversations · 5,000", "Number 4999", "Number 4990")
        await reader.press("end")
        await reader.points_at("Number 0")
        await reader.press("up")
        await reader.points_at("Number 1")
        await reader.press("pageup", "pageup")
        await reader.until(lambda: "Number 1 " not in reader.text)
        assert reader.highlighted.startswith("Number")
        await reader.press("home", "pagedown", "pagedown", "pageup", "up", "enter")
        await reader.until(lambda: bool(reader.results))
        assert reader.results[0].conversation_id.startswith("49")


async def test_enter_waits_for_the_end_of_a_long_list(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        history.write(_fill, 5_000)
        await open_switcher(reader, history)
        await reader.sees("Number 4999")
        await reader.press("end", "enter")
        await reader.until(lambda: reader.results == [Chosen("0")])


async def test_enter_before_the_answer_opens_nothing_if_typing_goes_on(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db", SlowSearch) as history, reading() as reader:
        talk(history, "Pears")
        talk(history, "Pears and apples")
        await open_switcher(reader, history)
        await reader.press(*"pears", "enter", " ", "a")
        history.may.set()
        await reader.until(lambda: "Pears and" in reader.text and history.asked[-1:] == ["pears a"])
        await reader.settle()
        assert reader.results == []


async def test_news_do_not_move_what_the_wheel_has_brought_into_sight(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        history.write(_fill, 1_000)
        switcher = await open_switcher(reader, history)
        await reader.points_at("Number 999")
        while "Number 870" not in reader.text:
            await reader.wheel(20, 10)
        talk(history, "Another")
        switcher.refresh_list()
        await reader.sees("Conversations · 1,001")
        assert "Number 870" in reader.text


async def test_the_wheel_turns_the_list_and_a_click_opens(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        history.write(_fill, 1_000)
        await open_switcher(reader, history)
        await reader.points_at("Number 999")
        while "Number 870" not in reader.text:
            await reader.wheel(20, 10)
        row = next(y for y, line in enumerate(reader.lines) if "Number 870" in line)
        await reader.pilot.click(offset=(20, row))
        await reader.until(lambda: reader.results == [Chosen("870")])


def _fill(db: sqlite3.Connection, count: int) -> None:
    db.executemany(
        "INSERT INTO conversation (id, title, folded, given_title, system, draft, waiting, pinned,"
        " created_at, updated_at, model, messages, change)"
        " VALUES (?1, 'Number ' || ?1, 'number ' || ?1, '', '', '', '[]', 0, ?1, ?1, 'm', 2, 1)",
        ((number,) for number in range(count)),
    )


async def test_where_more_titles_are_found_than_are_shown_that_is_said(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        for number in range(51):
            talk(history, "When?", title=f"Tide {number}")
        await open_switcher(reader, history)
        await reader.press(*"tide")
        await reader.sees("in titles · the best 50; type more to narrow it\nTide 50 ")
        await reader.press(*" 5")
        await reader.points_at("Tide 50")
        await reader.until(lambda: "narrow it" not in reader.text)
        await reader.press("backspace", "backspace", "end", "enter")
        await reader.until(lambda: len(reader.results) == 1)
        listed = await history.read(reads.newest, 51)
        assert reader.results == [Chosen(listed[49].id)]


@pytest.mark.parametrize(("count", "heading"), [(100, "in messages"), (101, "in messages · the")])
async def test_where_more_messages_are_found_than_are_shown_that_is_said(
    tmp_path: Path, count: int, heading: str
) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        for _ in range(count):
            talk(history, "about the tide", title="Question")
        await open_switcher(reader, history)
        await reader.press(*"tide")
        await reader.sees(heading)
        shown = next(line for line in reader.lines if line.startswith("in messages"))
        is_cut = shown == "in messages · the newest 100; type more to narrow it"
        assert is_cut == (count > 100)


async def test_the_highlight_stays_on_its_conversation_when_others_come(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        for name in ("First", "Second", "Third"):
            talk(history, name)
        switcher = await open_switcher(reader, history)
        await reader.press("down")
        await reader.points_at("Second")
        talk(history, "Fourth")
        switcher.refresh_list()
        await reader.sees("Conversations · 4", "Fourth")
        assert "Second" in reader.highlighted


class SlowSearch(History):
    """Finds nothing in messages until it may."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: list[str] = []
        self.may = asyncio.Event()

    async def read(self, question, *args, **kwargs):
        if question is reads.search:
            self.asked.append(args[0])
            await self.may.wait()
        return await super().read(question, *args, **kwargs)


async def test_titles_do_not_wait_for_a_search_that_takes_long(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db", SlowSearch) as history, reading() as reader:
        talk(history, "Of apples", "Yes")
        talk(history, "Apples", "Apples are apples.")
        talk(history, "Pears", "No, apples.")
        await open_switcher(reader, history)
        await reader.press(*"apples")
        await reader.sees("Apples", "Of apples", "searching in messages …")
        await reader.press("down")
        await reader.points_at("Of apples")
        history.may.set()
        await reader.sees("Pears No, apples.")
        assert "searching" not in reader.text
        assert reader.highlighted.startswith("Of apples")


async def test_an_answer_to_what_is_not_asked_any_more_is_never_shown(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db", SlowSearch) as history, reading() as reader:
        talk(history, "First", "About apples")
        pears = talk(history, "Second", "About pears")
        await open_switcher(reader, history)
        await reader.press(*"apples")
        await reader.until(lambda: history.asked[-1:] == ["apples"])
        await reader.press("ctrl+u", *"pears", "enter")
        await reader.until(lambda: history.asked[-1:] == ["pears"])
        history.may.set()
        await reader.until(lambda: reader.results == [Chosen(pears.id, pears.head, "pears")])


async def test_nothing_is_said_to_be_nothing(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.db") as history, reading() as reader:
        await open_switcher(reader, history)
        await reader.sees("Nothing was said yet.", "Conversations · 0")
        talk(history, "Apples")
        await written(history)
        await reader.press(*"zebra", "enter")
        await reader.sees("Nothing found.")
        await reader.press("ctrl+u")
        await reader.points_at("Apples")
        assert reader.results == []


async def test_titles_and_excerpts_are_shown_as_text_whatever_they_are(tmp_path: Path) -> None:
    evil = "[bold]x[/] \x1b[2J[@click=app.quit]go[/x]"
    async with kept(tmp_path / "history.db") as history, reading((120, 24)) as reader:
        talk(history, evil, f"It said {evil}", model="\x1b]0;m\x07[red]")
        await open_switcher(reader, history)
        await reader.sees("[bold]x[/] ␛[2J[@click=app.quit]go[/x]", "␛]0;m␇[red]")
        await reader.press(*"said")
        await reader.sees("It said [bold]x[/] ␛[2J[@click=app.quit]go[/x]")


async def test_a_search_that_fails_says_so_and_the_list_is_still_there(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    async with kept(path) as history, reading() as reader:
        talk(history, "Apples")
        await open_switcher(reader, history)
        await reader.points_at("Apples")
        other = sqlite3.connect(path)
        other.execute("DROP TABLE word")
        other.close()
        await reader.press("a")
        await reader.until(lambda: "cannot be used" in " ".join(reader.text.split()))
        await reader.press("enter", "ctrl+d", "backspace")
        await reader.points_at("Apples")
        assert reader.results == []


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
async def test_columns_are_aligned_whatever_stands_in_them(tmp_path: Path, width: int) -> None:
    async with kept(tmp_path / "history.db") as history, reading((width, 24)) as reader:
        talk(history, "Short", "Yes", model="m")
        talk(history, "量子コンピュータとは何ですか" * 4, "Yes", model="量子" * 20, hours_ago=30)
        talk(history, "A long title of many words and no end, as it seems", "x", hours_ago=9999)
        await open_switcher(reader, history)
        await reader.until(lambda: bool(reader.highlighted))
        strips = reader.app.screen._compositor.render_strips()
        rows = [strip for strip in strips if "✓" in strip.text]
        assert len(rows) == 3
        assert len({cell_len(strip.text[: strip.text.index("✓")]) for strip in rows}) == 1


@pytest.mark.parametrize("width", [80, 120])
async def test_models_and_numbers_are_aligned_too(tmp_path: Path, width: int) -> None:
    async with kept(tmp_path / "history.db") as history, reading((width, 24)) as reader:
        long = talk(history, "Short", "Yes", model="m")
        talk(history, "Longer", "Yes", model="mmmmm")
        many = "UPDATE conversation SET messages = 12345 WHERE id = ?"
        history.write(lambda db: db.execute(many, (long.id,)))
        await open_switcher(reader, history)
        await reader.until(lambda: "12345" in reader.text)
        strips = reader.app.screen._compositor.render_strips()
        rows = [strip.text for strip in strips if "✓" in strip.text]
        assert len(rows) == 2
        for mark in ("✓", " m"):
            assert len({row.index(mark) for row in rows}) == 1
