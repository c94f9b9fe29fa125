"""A slash and a word is a command; everything else is a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ui.desk import prompts, sit_down
from tui.errors import UsageError
from tui.ui.commands import find_command
from tui.ui.keys import BY_SLASH

if TYPE_CHECKING:
    from tests.loopback import LoopbackServer


@pytest.mark.parametrize("word", BY_SLASH)
def test_every_command_is_found_in_any_case_and_with_blanks_behind(word: str) -> None:
    for text in (word, word.upper(), f"{word} \n"):
        assert find_command(text) == (BY_SLASH[word], "")


@pytest.mark.parametrize(
    "text",
    ["", "hello", "/usr/bin is missing?", "/usr/bin", "/", "//", "/new things", "a /new", "/42"],
)
def test_what_only_begins_like_a_command_is_a_prompt(text: str) -> None:
    assert find_command(text) == (None, "")


def test_only_a_command_that_takes_something_has_something_behind_it() -> None:
    assert find_command("/model openrouter/a/b ") == (BY_SLASH["/model"], "openrouter/a/b")
    assert find_command("/SET  stop END now") == (BY_SLASH["/set"], "stop END now")
    assert find_command("/new things") == (None, "")
    assert find_command("/set this\nand that") == (None, "")


def test_a_blank_before_it_makes_it_a_prompt() -> None:
    assert find_command(" /new") == (None, "")
    assert find_command(" /nonsense") == (None, "")


def test_an_unknown_command_hints_at_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"no command /retyr; did you mean '/retry'\?"):
        find_command("/retyr")
    with pytest.raises(UsageError, match=r"no command /xyzzy; known are: /code, .*/undo"):
        find_command("/xyzzy")


async def test_an_unknown_command_stays_in_the_prompt_and_is_not_sent(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.say("/retyr")
        await desk.sees("There is no command /retyr; did you mean '/retry'?")
        assert desk.prompt == "/retyr"
        await desk.press("home", "space", "enter")
        assert prompts(await loopback.next_exchange()) == [("user", " /retyr")]


async def test_a_path_is_sent_as_a_prompt(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("/usr/bin is missing?")
        assert prompts(exchange) == [("user", "/usr/bin is missing?")]


async def test_no_command_reaches_the_server(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        elsewhere = {"/quit", "/retry", "/help", "/open", "/rename", "/history", "/stop"}
        elsewhere |= {"/model", "/set", "/key"}
        in_the_prompt = {"/recall", "/edit"}
        for word in BY_SLASH:
            if word not in elsewhere | in_the_prompt:
                await desk.say(word)
                await desk.until(lambda: desk.prompt == "")
        await desk.settle()
        assert loopback.unanswered() == 0


async def test_help_and_open_show_what_they_say(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.say("/help")
        await desk.sees("Keys and commands")
        await desk.press("escape")
        await desk.say("/open")
        await desk.sees("Type to find titles and messages")
        await desk.press("escape")
        assert desk.prompt == ""


async def test_who_types_a_command_goes_on_typing(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        # With nothing to stop, the key for it leaves the prompt.
        await desk.say("/stop")
        await desk.press("a", "b")
        assert desk.prompt == "ab"


async def test_copy_works_from_the_prompt(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.answered("Second", "Two, three")
        await desk.say("/copy")
        await desk.sees("10 characters sent to the clipboard")
        assert desk.app.clipboard == "Two, three"
        assert desk.prompt == ""


async def test_quit_quits(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.type("/quit")
        desk.key("enter")
        await desk.gone()
        assert desk.app.return_code == 0
