"""Selecting text in the transcript, copying code, and links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual import events

from tests.ui.desk import sit_down

if TYPE_CHECKING:
    from tests.loopback import LoopbackServer
    from tests.ui.desk import Desk

REPLY = """First words of a reply.

```python
def answer():
    return 42
```

- see [the docs](https://docs.example/page) and *more*
"""


def place(desk: Desk, text: str) -> tuple[int, int]:
    """The column and the row of a text in the transcript."""
    region = desk._chat.transcript.content_region
    for y in range(region.y, region.bottom):
        if (x := desk.lines[y].find(text)) >= 0:
            return x, y
    raise AssertionError(f"{text!r} is not on the screen:\n{desk.text}")


async def mouse(desk: Desk, kind: type[events.MouseEvent], at: tuple[int, int]) -> None:
    x, y = at
    button = 0 if kind is events.MouseMove else 1
    desk.app._driver.send_message(
        kind(None, x, y, 0, 0, button, False, False, False, screen_x=x, screen_y=y)
    )
    await desk.pilot.pause()


async def drag(desk: Desk, start: tuple[int, int], *others: tuple[int, int]) -> None:
    await mouse(desk, events.MouseDown, start)
    for at in others:
        await mouse(desk, events.MouseMove, at)
    await mouse(desk, events.MouseUp, others[-1])


async def copied(desk: Desk, key: str = "y") -> str:
    """What the key put into the clipboard, which was empty."""
    desk.app._clipboard = ""
    await desk.press(key)
    return desk.app.clipboard


async def test_the_mouse_selects_and_ctrl_c_copies(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("Hello?", REPLY)
        x, y = place(desk, "words of")
        await drag(desk, (x, y), (x + 4, y))
        assert "1 line selected" in desk.status
        assert await copied(desk, "ctrl+c") == "words"
        assert "selected" not in desk.status
        assert "42" in desk.transcript


async def test_a_selection_reaches_over_messages_and_leaves_out_what_is_only_drawn(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("Hello?", REPLY)
        x, y = place(desk, "see the docs")
        await drag(desk, place(desk, "Hello?"), (x + 2, y))
        assert await copied(desk, "ctrl+c") == (
            "Hello?\n\nloopback-1\nFirst words of a reply.\n\n\n"
            "def answer():\n    return 42\n\n • see"
        )


async def test_a_mouse_beyond_the_edge_scrolls(loopback: LoopbackServer) -> None:
    async with sit_down(loopback, size=(80, 24)) as desk:
        text = "".join(f"line {number}\n\n" for number in range(60))
        await desk.answered("Hello?", text)
        await mouse(desk, events.MouseDown, place(desk, "line 59"))
        await mouse(desk, events.MouseMove, (10, 0))
        await desk.until(lambda: "loopback-1" in desk.transcript)
        await mouse(desk, events.MouseUp, (10, 0))
        assert (await copied(desk, "ctrl+c")).endswith("\n\nline 58\n\nl")


@pytest.mark.parametrize(("times", "wanted"), [(2, "words"), (3, "First words of a reply.")])
async def test_clicks_select_a_word_or_a_line(
    loopback: LoopbackServer, times: int, wanted: str
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("Hello?", REPLY)
        x, y = place(desk, "words of")
        await desk.pilot.click(offset=(x + 1, y), times=times)
        assert await copied(desk, "ctrl+c") == wanted


async def test_keys_select(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("Hello?", REPLY)
        await desk.press("escape", "v", "j", "j", "j", "right", "l", "h", "$")
        assert "several messages selected · y copies" in desk.status
        assert await copied(desk) == "Hello?\n\nloopback-1\nFirst words of a reply."
        await desk.press("v", "$", "0", "escape")
        assert "selected" not in desk.status
        await desk.press("v", "v")
        assert "selected" not in desk.status
        await desk.press("v", "G")
        assert (await copied(desk)).endswith(
            "return 42\n\n • see the docs \u2039https://docs.example/page\u203a and more"
        )


async def test_the_cursor_goes_where_the_text_goes(loopback: LoopbackServer) -> None:
    async with sit_down(loopback, size=(80, 24)) as desk:
        text = "".join(f"line {number}\n\n" for number in range(60))
        await desk.answered("Hello?", text)
        await desk.press("escape", "v", "g")
        await desk.sees("Hello?")
        await desk.press(*"jjjjjjjjjjjjjjjjjjjjjjjj")
        await desk.until(lambda: "Hello?" not in desk.transcript)
        await desk.press("G")
        await desk.sees("line 59")


@pytest.mark.parametrize("way", ["Y", "/code"])
async def test_a_code_block_is_copied_as_it_was_written(loopback: LoopbackServer, way: str) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("Hello?", REPLY + "\n```\n\tlast\n```\n")
        if way == "Y":
            await desk.press("escape", "Y")
        else:
            await desk.say(way)
        assert desk.app.clipboard == "\tlast"


async def test_the_code_block_under_the_mouse_is_the_one_that_is_copied(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("Hello?", REPLY + "\n```\nlast\n```\n")
        await desk.press("escape")
        await desk.pilot.hover(offset=place(desk, "return 42"))
        assert await copied(desk, "Y") == "def answer():\n    return 42"


async def test_without_code_there_is_nothing_to_copy(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("Hello?", "Words")
        await desk.press("escape", "Y")
        await desk.sees("There is no code on the screen")


async def test_a_link_says_where_it_leads_and_is_followed_only_on_purpose(
    loopback: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    async with sit_down(loopback) as desk:
        await desk.answered("Hello?", REPLY)
        await desk.sees("https://docs.example/page")
        for way in ("key", "mouse"):
            if way == "key":
                await desk.press("escape", "o")
            else:
                await desk.pilot.click(offset=place(desk, "the docs"))
            await desk.sees("Links on the screen", "enter copies the address")
            await desk.press("escape")
            assert "Links on the screen" not in desk.words
            assert desk.app.clipboard == ""
        await desk.press("o", "enter")
        assert desk.app.clipboard == "https://docs.example/page"


async def test_a_selection_stays_while_the_reply_grows_and_goes_with_the_lines(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.begun("Hello?", "First words\n\n")
        x, y = place(desk, "words")
        await drag(desk, (x, y), (x + 4, y))
        await exchange.text("and more\n\n" * 5)
        await desk.sees("and more")
        await exchange.finish()
        await desk.status_says("✓")
        assert desk.app.screen.get_selected_text() == "words"
        await desk.pilot.resize_terminal(60, 30)
        await desk.settle()
        assert not desk.app.screen.get_selected_text()
        assert "selected" not in desk.status


async def test_what_the_screen_broke_is_copied_whole(loopback: LoopbackServer) -> None:
    async with sit_down(loopback, size=(40, 30)) as desk:
        prose = (
            "Words that go on and on, **far beyond** the end of a line of the screen.\nA new line."
        )
        code = "call(" + ", ".join(f"argument{number}" for number in range(6)) + ")"
        await desk.answered("A prompt " + "that is long " * 6, f"{prose}\n\n    {code}\n")
        await desk.press("escape", "v", "g", "G")
        assert await copied(desk) == "\n\n".join(
            [
                "A prompt " + ("that is long " * 6).strip(),
                f"loopback-1\n{prose.replace('**', '')}",
                code,
            ]
        )


async def test_a_selection_is_the_same_text_however_far_one_reads_away_from_it(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback, size=(60, 24)) as desk:
        # Words that break so that no estimate of a height is right.
        long = "supercalifragilisticexpialidocious " * 14
        await desk.answered("Hello?", "".join(f"p{n} {long}end{n}\n\n" for n in range(40)))
        x, y = place(desk, "end39")
        await drag(desk, (x, y), (x + 4, y))
        await desk.press(*["pageup"] * 8)
        assert await copied(desk, "ctrl+c") == "end39"
        await desk.press("escape", "v", "g", "G")
        assert (await copied(desk)).endswith("end39")


async def test_a_conversation_with_nothing_in_it_has_nothing_of_the_last_one(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("Hello?", REPLY)
        x, y = place(desk, "words of")
        await mouse(desk, events.MouseDown, (x, y))
        await desk.press("ctrl+n")
        await mouse(desk, events.MouseMove, (x + 4, y))
        await mouse(desk, events.MouseUp, (x + 4, y))
        await desk.press("escape", "v", "Y", "o")
        await desk.sees("There is no code on the screen", "There is no link on the screen")
        assert "selected" not in desk.status


async def test_a_dialog_ends_what_the_mouse_had_begun(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("Hello?", REPLY)
        x, y = place(desk, "words of")
        await mouse(desk, events.MouseDown, (x, y))
        await desk.press("f1", "escape")
        await mouse(desk, events.MouseMove, (x + 4, y))
        assert "selected" not in desk.status


async def test_who_begins_to_select_and_lets_go_at_the_end_still_follows(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("Hello?")
        await exchange.text("First words\n\n" * 30 + "so far")
        await desk.sees("so far")
        await desk.press("shift+tab", "v", "v")
        await exchange.text("line\n\n" * 40 + "the end")
        await desk.sees("the end")
        await exchange.finish()


async def test_selecting_can_be_begun_by_a_command_and_gone_on_with_at_once(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "Some words")
        await desk.say("/select")
        await desk.status_says("1 line selected · y copies")
        await desk.press("0", "l", "l", "l")
        assert await copied(desk) == "Firs"
        assert desk.prompt == ""
        await desk.press("i")
        await desk.say("/stop")  # others leave one where one types
        await desk.press("x")
        assert desk.prompt == "x"
