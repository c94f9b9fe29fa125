"""Branches: a prompt is edited, a reply asked for again; nothing is overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.histories import ask
from tests.ui.desk import prompts, sit_down

if TYPE_CHECKING:
    from pathlib import Path

    from tests.loopback import LoopbackServer
    from tests.ui.desk import Desk

COMING = "A reply is still coming; stop it first."


async def two_turns(desk: Desk) -> None:
    await desk.answered("First", "One")
    await desk.answered("Second", "Two")


async def answer(desk: Desk, loopback: LoopbackServer, text: str) -> list[tuple[str, str]]:
    """Answer what was asked for by a key, to the end; gives back what was sent."""
    exchange = await loopback.next_exchange()
    await exchange.text(text)
    await exchange.finish()
    await desk.sees(text)
    await desk.until(lambda: not desk.ours())
    return prompts(exchange)


# Editing


async def test_the_last_prompt_is_edited_and_only_the_new_branch_is_sent(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await two_turns(desk)
        await desk.press("escape", "e")
        await desk.sees("editing a prompt · esc gives up")
        assert desk.prompt == "Second"
        await desk.press(*"ary", "enter")
        assert await answer(desk, loopback, "Two again") == [
            ("user", "First"),
            ("assistant", "One"),
            ("user", "Secondary"),
        ]
        await desk.sees("2/2 Secondary", "Two again")
        assert "editing" not in desk.words
        assert desk.transcript.count("Two") == 1
        assert desk.prompt == ""
        await desk.press("escape", "[")
        await desk.sees("1/2 Second loopback-1 Two")
        await desk.press("i")
        exchange = await desk.ask("Third")
        assert [text for _, text in prompts(exchange)] == ["First", "One", "Second", "Two", "Third"]


async def test_the_first_prompt_is_edited_and_with_it_the_title(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await two_turns(desk)
        await desk.press("escape", "K", "K", "K", "K", "e")
        assert desk.prompt == "First"
        await desk.press(*" of all", "enter")
        assert await answer(desk, loopback, "Uno") == [("user", "First of all")]
        assert "First of all" in desk.lines[0]
        assert "Second" not in desk.transcript
        await desk.sees("2/2 First of all")


async def test_the_draft_from_before_an_edit_survives_a_kill(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    path = tmp_path / "history.db"
    async with sit_down(loopback, history=path) as desk:
        await two_turns(desk)
        await desk.type("my draft")
        await desk.press("escape", "e")
        await desk.until(lambda: ask(path, "SELECT text FROM unsent") == [("my draft",)])


async def test_giving_the_edit_up_brings_the_draft_back_and_up_the_edited_text(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await two_turns(desk)
        await desk.type("my draft")
        await desk.press("escape", "e", "!", "!")
        assert desk.prompt == "Second!!"
        await desk.press("escape")
        assert desk.prompt == "my draft"
        assert "editing" not in desk.words
        await desk.press("up")
        await desk.until(lambda: desk.prompt == "Second!!")
        await desk.press("down")
        await desk.until(lambda: desk.prompt == "my draft")
        assert loopback.unanswered() == 0


async def test_sending_the_edit_brings_the_draft_back(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.type("my draft")
        await desk.press("escape", "e", "!", "enter")
        assert await answer(desk, loopback, "Uno") == [("user", "First!")]
        assert desk.prompt == "my draft"


async def test_an_edit_is_given_up_by_going_elsewhere(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.type("my draft")
        await desk.press("escape", "e", "!")
        await desk.press("ctrl+n")
        await desk.until(lambda: desk.prompt == "")
        assert "editing" not in desk.words
        await desk.answered("Elsewhere", "Yes")
        await desk.go_to("First")
        assert desk.prompt == "my draft"
        assert "1/" not in desk.transcript


# Singling out


async def test_what_can_be_done_with_the_marked_message_is_said(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await two_turns(desk)
        await desk.press("K")
        assert desk.prompt == "K"
        await desk.press("backspace", "escape", "K")
        await desk.status_says("reply marked · r asks again · D deletes")
        await desk.press("K")
        await desk.status_says("prompt marked · e edits · D deletes")
        await desk.press("J")
        await desk.status_says("reply marked")
        await desk.press("escape")
        await desk.until(lambda: "marked" not in desk.status)


async def test_copying_takes_the_marked_message(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await two_turns(desk)
        await desk.press("escape", "K", "K", "K", "y")
        await desk.sees("3 characters sent to the clipboard")
        assert desk.app.clipboard == "One"
        await desk.press("K", "y")
        await desk.until(lambda: desk.app.clipboard == "First")
        await desk.press("escape", "y")
        await desk.until(lambda: desk.app.clipboard == "Two")


async def test_a_message_far_above_is_brought_onto_the_screen(loopback: LoopbackServer) -> None:
    async with sit_down(loopback, size=(100, 24)) as desk:
        await desk.answered("First", "\n\n".join(f"line {number}" for number in range(30)))
        await desk.answered("Second", "Two")
        await desk.press("escape", "K", "K", "K")
        await desk.sees("reply marked", "line 0", "line 3")
        assert "Two" not in desk.transcript


# Asking again, in the middle


async def test_a_reply_in_the_middle_is_asked_for_again_and_what_followed_stays_behind_the_old(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await two_turns(desk)
        await desk.press("escape", "K", "K", "K", "r")
        assert await answer(desk, loopback, "Uno") == [("user", "First")]
        await desk.sees("2/2 Uno")
        assert "Second" not in desk.transcript
        await desk.press("[")
        await desk.sees("1/2 One Second loopback-1 Two")
        await desk.press("]")
        await desk.sees("2/2 Uno")
        assert "Second" not in desk.transcript


async def test_the_place_of_another_try_is_shown_while_it_comes(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.press("escape", "r")
        exchange = await loopback.next_exchange()
        await exchange.text("Uno")
        await desk.sees("loopback-1 2/2 Uno")


async def test_brackets_walk_the_alternatives_of_the_marked_message(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await two_turns(desk)
        await desk.press("escape", "e", "!", "enter")
        await answer(desk, loopback, "Two!")
        await desk.press("escape", "K", "K", "K", "r")
        await answer(desk, loopback, "Uno")
        await desk.press("escape", "[")
        await desk.sees("1/2 One 2/2 Second! loopback-1 Two!")
        await desk.press("K", "K", "K", "]")
        await desk.sees("2/2 Uno")
        assert "Second" not in desk.transcript
        await desk.press("[", "J")
        await desk.sees("1/2 One 2/2 Second! loopback-1 Two!")
        await desk.press("[")
        await desk.sees("1/2 One 1/2 Second loopback-1 Two")
        await desk.status_says("prompt marked · e edits · [ ] others · D deletes")
        await desk.press("[")
        await desk.sees("There is no alternative in that direction.")
        await desk.press("]")
        await desk.sees("2/2 Second! loopback-1 Two!")


# Deleting


async def test_a_branch_is_deleted_and_brought_back(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await two_turns(desk)
        await desk.press("escape", "K", "K", "D")
        await desk.sees("Deleted the prompt and 1 more after it. /undo brings it back.")
        await desk.until(lambda: "Second" not in desk.transcript)
        assert "One" in desk.transcript
        await desk.press("i")
        await desk.say("/undo")
        await desk.sees("First loopback-1 One", "Second loopback-1 Two")
        exchange = await desk.ask("Third")
        assert [text for _, text in prompts(exchange)] == ["First", "One", "Second", "Two", "Third"]


async def test_bringing_something_back_in_the_middle_of_a_reply_keeps_what_has_come(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await two_turns(desk)
        await desk.press("escape", "D", "i")
        exchange = await desk.begun("Third", "Thr")
        await desk.say("/undo")
        await exchange.wait_closed()
        await desk.sees("Second loopback-1 1/2 Two")
        await desk.press("ctrl+n")
        await desk.go_to("First")
        await desk.sees("Second loopback-1 1/2 Two")
        await desk.press("escape", "]")
        await desk.sees("Third loopback-1 Thr ■ stopped")


async def test_what_is_brought_back_from_the_list_takes_the_place_of_what_came_into_it(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await two_turns(desk)
        await desk.press("escape", "D", "i")
        exchange = await desk.begun("Third", "Thr")
        await desk.type("half a tho")
        await desk.press("ctrl+o", "ctrl+z")
        await exchange.wait_closed()
        await desk.press("escape")
        await desk.sees("Second loopback-1 1/2 Two")
        assert desk.prompt == "half a tho"
        await desk.press("escape", "]")
        await desk.sees("Third loopback-1 Thr ■ stopped")


async def test_what_was_deleted_is_not_sent(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await two_turns(desk)
        await desk.press("escape", "K", "K", "D", "i")
        exchange = await desk.ask("Third")
        assert [text for _, text in prompts(exchange)] == ["First", "One", "Third"]


async def test_without_a_mark_the_last_message_is_deleted_and_its_sibling_shown(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.press("escape", "r")
        await answer(desk, loopback, "Uno")
        await desk.press("i")
        await desk.say("/delete_branch")
        await desk.sees("Deleted the reply. /undo brings it back.")
        await desk.until(lambda: "Uno" not in desk.transcript)
        assert "One" in desk.transcript
        assert "1/" not in desk.transcript
        await desk.say("/undo")
        await desk.sees("2/2 Uno")


async def test_all_can_be_deleted_and_something_else_be_said(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.press("escape", "K", "K", "D")
        await desk.until(lambda: "First" not in desk.transcript)
        await desk.press("i")
        exchange = await desk.ask("Other")
        assert prompts(exchange) == [("user", "Other")]
        assert "Other" in desk.lines[0]


# What is not possible, and what is kept


@pytest.mark.parametrize("key", ["e", "r", "D", "["])
async def test_nothing_is_branched_or_deleted_while_a_reply_comes(
    loopback: LoopbackServer, key: str
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        exchange = await desk.begun("Second", "Tw")
        await desk.press("shift+tab", "K", key)
        await desk.sees(COMING)
        await exchange.text("o, and no more")
        await exchange.finish()
        await desk.sees("First loopback-1 One", "Two, and no more", "✓ complete")
        assert desk.prompt == ""
        assert loopback.unanswered() == 0


async def test_the_same_branch_is_shown_when_it_is_opened_again(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    path = tmp_path / "history.db"
    async with sit_down(loopback, history=path) as desk:
        await two_turns(desk)
        await desk.press("escape", "e", "!", "enter")
        await answer(desk, loopback, "Two!")
        await desk.press("escape", "[")
        await desk.sees("1/2 Second")
        await desk.press("ctrl+q")
        await desk.gone()
    async with sit_down(loopback, history=path) as desk:
        await desk.go_to("First")
        await desk.sees("First loopback-1 One", "1/2 Second loopback-1 Two")
        await desk.press("escape", "]")
        await desk.sees("2/2 Second! loopback-1 Two!")


async def test_what_can_be_done_with_a_marked_message_is_said_only_where_it_can(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.press("escape", "K")
        await desk.status_says("reply marked · r asks again · D deletes")
        await desk.press("i")
        await desk.until(lambda: "marked" not in desk.status)
        await desk.press("escape")
        await desk.status_says("reply marked")


async def test_of_a_reply_that_is_still_coming_only_what_can_be_done_with_it_is_said(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        exchange = await desk.begun("Second", "Half a sent")
        await desk.press("shift+tab", "K")
        await desk.until(lambda: desk.status.endswith("· reply marked · y copies"))
        await exchange.text("ence")
        await desk.sees("Half a sentence")
        await desk.press("y")
        assert desk.app.clipboard == "Half a sentence"
        await desk.press("K")
        await desk.until(lambda: desk.status.endswith("· prompt marked · y copies"))
        await exchange.finish()
        await desk.status_says("prompt marked · e edits · D deletes")


async def test_an_edit_of_which_nothing_is_left_is_given_up_by_enter(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.type("a draft")
        await desk.press("escape", "e")
        await desk.sees("editing a prompt")
        await desk.press("ctrl+u", "enter")
        await desk.until(lambda: "editing a prompt" not in desk.words)
        assert desk.prompt == "a draft"
        await desk.press("enter")
        exchange = await loopback.next_exchange()
        assert [text for _, text in prompts(exchange)] == ["First", "One", "a draft"]
