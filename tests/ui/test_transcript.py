"""A conversation of any length on one screen: no hole, no jump, and no work for what is unseen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from textual import events
from textual.geometry import Offset

from tests.ui.desk import sit_down
from tui.chat.conversation import Conversation
from tui.chat.ending import Ending, Outcome, StopReason
from tui.chat.message import Message, Role, TextPart, ThinkingPart
from tui.ui.widgets.message_view import MessageView
from tui.ui.widgets.scroll_bar import ScrollBar

if TYPE_CHECKING:
    from tests.loopback import LoopbackServer
    from tests.ui.desk import Desk

_DONE = Ending(Outcome.COMPLETE, StopReason.END_TURN)
_STOPPED = Ending(Outcome.TRUNCATED)


def conversation(count: int) -> Conversation:
    """Prompts and replies of all sizes; every line of text in it has a number, in order."""
    built = Conversation()
    number = 0

    def lines(many: int, end: str) -> str:
        nonlocal number
        texts = []
        for _ in range(many):
            number += 1
            texts.append(f"L{number}.")
        return end.join(texts)

    for index in range(count):
        many = (1, 3, 12, 2, 7, 60, 1, 1)[index % 8]
        if index % 2 == 0:
            built.append(Message.from_user(lines(many, "\n")))
        else:
            parts = (ThinkingPart("a thought\n" * 9),) if index % 5 == 0 else ()
            text = TextPart(lines(many, "\n\n"))
            ending = _STOPPED if index % 7 == 0 else _DONE
            message = Message(Role.ASSISTANT, (*parts, text), model="m", ending=ending)
            built.append(message)
    return built


async def open_(desk: Desk, shown: Conversation) -> None:
    desk._chat.transcript.show(shown)
    await desk.settle()
    await desk.press("escape")


def rows(desk: Desk) -> list[str]:
    """The lines of the transcript, its frame and scroll bar left away."""
    region = desk._chat.transcript.content_region
    return [line[region.x : region.right - 1] for line in desk.lines[region.y : region.bottom]]


def numbers(desk: Desk) -> list[int]:
    return [int(found) for row in rows(desk) for found in re.findall(r"L(\d+)\.", row)]


def whole(desk: Desk) -> list[int]:
    """The numbers on the screen, which has no hole: all follow one another, never two blanks."""
    found = numbers(desk)
    assert found == list(range(found[0], found[-1] + 1)), rows(desk)
    blank = [not row.strip(" ▌") for row in rows(desk)]
    assert not any(blank[at] and blank[at + 1] for at in range(len(blank) - 1)), rows(desk)
    return found


async def wheel(desk: Desk, kind: type[events.MouseScrollDown | events.MouseScrollUp]) -> None:
    screen = desk._chat
    screen._forward_event(
        kind(screen, 20, 10, 0, 1 if kind is events.MouseScrollDown else -1, 0, False, False, False)
    )


@pytest.mark.parametrize("way", ["keys", "wheel"])
async def test_reading_through_everything_and_back_never_shows_a_hole(
    loopback: LoopbackServer, way: str
) -> None:
    async with sit_down(loopback, size=(100, 80)) as desk:
        shown = conversation(120 if way == "keys" else 8)
        last = int(re.findall(r"L(\d+)\.", shown.path()[-1].text)[-1])
        await open_(desk, shown)
        assert whole(desk)[-1] == last

        async def move(key: str, kind: type[events.MouseScrollDown | events.MouseScrollUp]) -> None:
            if way == "keys":
                desk.key(key)
            else:
                await wheel(desk, kind)
            # What is on the screen at the next opportunity is as whole as what stays there.
            await desk.pilot._wait_for_screen()
            whole(desk)
            await desk.pilot.pause()

        seen: set[int] = set()
        above = whole(desk)
        while above[0] != 1:
            seen.update(above)
            await move("pageup", events.MouseScrollUp)
            now = whole(desk)
            assert now[0] <= above[0]
            assert now[-1] >= above[0] - 1, "lines were skipped"
            assert now != above or way == "wheel", "it did not move"
            above = now
        assert seen | set(above) == set(range(1, last + 1))
        below = above
        while below[-1] != last:
            await move("pagedown", events.MouseScrollDown)
            now = whole(desk)
            assert now[-1] >= below[-1]
            assert now[0] <= below[-1] + 1, "lines were skipped"
            below = now


async def test_the_beginning_and_the_end_are_one_key_away(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        shown = conversation(5000)
        last = int(re.findall(r"L(\d+)\.", shown.path()[-1].text)[-1])
        await open_(desk, shown)
        for _ in range(2):
            await desk.press("g")
            assert whole(desk)[0] == 1
            assert len(desk._chat.query(MessageView)) <= 40
            await desk.press("G")
            assert whole(desk)[-1] == last
            assert desk._chat.transcript.is_following


async def test_the_scroll_bar_goes_anywhere_and_tells_where_that_is(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await open_(desk, conversation(1000))
        last = numbers(desk)[-1]
        bar = desk._chat.query_one(ScrollBar)
        x, bottom = bar.region.x, bar.region.bottom - 1
        height = bar.region.height
        await desk.pilot.mouse_down(offset=(x, bottom))
        for part in (0.75, 0.5, 0.25, 0.1):
            y = bottom - round(height * (1 - part))
            await desk.pilot.hover(offset=(x, y))
            await desk.settle()
            here = whole(desk)[0] / last
            assert abs(here - part) < 0.1
        await desk.pilot.mouse_up(offset=(x, bottom))


async def test_opening_looks_at_no_more_messages_than_fit_on_the_screen(
    loopback: LoopbackServer,
) -> None:
    made = []
    for count in (40, 10_000):
        async with sit_down(loopback) as desk:
            await open_(desk, conversation(count))
            whole(desk)
            made.append(desk._chat.transcript.window.rows_made)
            await desk.press("g", "G", "g")
            whole(desk)
            assert desk._chat.transcript.window.rows_made <= 60
    assert made[0] == made[1] <= 10


@pytest.mark.parametrize("width", [60, 140])
async def test_a_resize_keeps_the_first_line_where_it_is(
    loopback: LoopbackServer, width: int
) -> None:
    async with sit_down(loopback) as desk:
        built = Conversation()
        for index in range(200):
            built.append(Message.from_user(f"Prompt {index}. " + "word " * (index * 7 % 90)))
        await open_(desk, built)
        await desk.press(*["pageup"] * 5, "k", "k")
        await desk.until(lambda: "Prompt" in desk.transcript)
        while not rows(desk)[0].lstrip(" ▌").startswith("Prompt"):
            await desk.press("k")
        first = re.findall(r"Prompt \d+", desk.transcript)[0]
        for size in ((width, 40), (width, 20), (100, 40)):
            await desk.pilot.resize_terminal(*size)
            await desk.settle()
            assert first in rows(desk)[0]


async def test_the_reader_stays_while_a_reply_streams_below_and_reads_on_above(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        current = desk._chat._conversations.current
        for message in conversation(120).path():
            current.conversation.append(message)
        desk._chat.show_current()
        exchange = await desk.ask("And now?")
        await exchange.text("It begins")
        await desk.sees("It begins")
        await desk.press("shift+tab", *["pageup"] * 8)
        before = rows(desk)
        for part in range(20):
            await exchange.text(f"\n\n{part} " + "word " * 40)
            await desk.settle()
            assert rows(desk) == before
        top = whole(desk)[0]
        await desk.press("pageup")
        assert whole(desk)[-1] in (top, top - 1)
        above = rows(desk)
        await exchange.text("\n\nThe end.")
        await exchange.finish()
        await desk.status_says("✓")
        assert rows(desk) == above
        assert "new lines" in desk.status
        await desk.press("G")
        await desk.sees("The end.")
        assert "new lines" not in desk.status


async def test_a_theme_recolours_what_is_on_the_screen(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await open_(desk, conversation(1000))

        def backgrounds() -> set[str]:
            region = desk._chat.transcript.content_region
            strips = desk._chat._compositor.render_strips()[region.y : region.bottom]
            return {
                segment.style.bgcolor.name
                for strip in strips
                for segment in strip.crop(region.x, region.right - 1)
                if segment.style and segment.style.bgcolor
            }

        dark = backgrounds()
        desk.app.theme = "rill-light"
        await desk.settle()
        assert not dark & backgrounds()
        whole(desk)


async def test_an_alternative_leaves_what_stands_above_it_alone(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First?", "one")
        await desk.answered("Second?", "two")
        transcript = desk._chat.transcript
        made = transcript.window.rows_made
        await desk.press("escape", "r")
        exchange = await loopback.next_exchange()
        await exchange.text("three")
        await exchange.finish()
        await desk.sees("three", "2/2")
        await desk.status_says("✓")
        assert transcript.window.rows_made == made + 1
        await desk.press("[")
        await desk.sees("two", "1/2")
        assert transcript.window.rows_made == made + 2


async def test_a_place_of_the_screen_is_a_place_of_a_message(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await open_(desk, conversation(40))
        transcript = desk._chat.transcript
        region = transcript.content_region
        for y, row in enumerate(rows(desk)):
            if found := re.search(r"L\d+\.", row):
                spot = transcript.spot_at(Offset(region.x + found.start(), region.y + y))
                assert spot is not None
                line = transcript.selecting.line(spot)
                assert "".join(span.text for span in line)[spot.x :].startswith(found.group())
        assert transcript.spot_at(Offset(0, 0)) is None


async def test_no_timer_runs_while_nothing_streams(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.begun("Hello?", "One")
        await desk.settle()
        transcript = desk._chat.transcript
        assert not list(transcript._timers)
        await exchange.text(" two")
        await exchange.text(" three")
        await desk.sees("One two three")
        await exchange.finish()
        await desk.status_says("✓")
        assert not [timer for timer in transcript._timers if timer._task]


@pytest.mark.parametrize(
    ("begin", "line"),
    [
        ("```\n", "row {}\n"),
        ("| a |\n|---|\n", "| row {} |\n"),
        ("", "row {} and many words more to fill the whole line of the screen. "),
        ("", "> row {}\n"),
    ],
)
async def test_the_reader_stays_in_a_block_that_grows(
    loopback: LoopbackServer, begin: str, line: str
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("Hello?")
        await exchange.text(begin + "".join(map(line.format, range(150))))
        await desk.sees("row 149")
        await desk.press("shift+tab", "k", "k", "k")
        before = rows(desk)
        for start in (150, 300):
            await exchange.text("".join(map(line.format, range(start, start + 150))))
            await desk.until(lambda: "new line" in desk.status)
            await desk.settle()
            assert rows(desk)[:-2] == before[:-2]
        await exchange.finish()


async def test_the_scroll_bar_is_right_at_once_when_the_screen_gets_lower(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await open_(desk, conversation(40))
        await desk.pilot.resize_terminal(100, 20)
        await desk.settle()
        bar = desk._chat.query_one(ScrollBar)
        last = desk._chat._compositor.render_strips()[bar.region.bottom - 1]
        handle = next(iter(last.crop(bar.region.x, bar.region.x + 1))).style.bgcolor
        assert handle == bar.styles.scrollbar_color.rich_color


async def test_a_selection_outlives_what_is_laid_out_elsewhere(loopback: LoopbackServer) -> None:
    built = conversation(300)
    long = "supercalifragilisticexpialidocious " * 14
    text = "".join(f"p{number} {long}\n\n" for number in range(30)) + "the last words"
    built.append(Message.from_user("And?"))
    built.append(Message(Role.ASSISTANT, (TextPart(text),), model="m", ending=_DONE))
    built.append(Message.from_user("Thanks."))
    async with sit_down(loopback) as desk:
        await open_(desk, built)
        await desk.press("v", "G", "k", "$")
        transcript = desk._chat.transcript
        selected = transcript.selecting.text()
        assert selected
        for index in range(200):  # as reading through them would
            transcript.window.row(index)
        transcript.scroll_home()
        await desk.settle()
        assert transcript.selecting.text() == selected
