"""What a frame of a reply writes to the terminal, past Textual's own way of painting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyte

from tests.ui.desk import sit_down
from tui.chat.events import TextDelta
from tui.ui.widgets.pace import Pace

if TYPE_CHECKING:
    import pytest
    from textual._compositor import CompositorUpdate
    from textual.screen import Screen

    from tests.loopback import LoopbackServer
    from tests.ui.desk import Desk


class Glass:
    """A terminal that is shown all updates; Textual writes none to one that is not there."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ways: list[str] = []
        self._desk = desk
        self._screen = pyte.Screen(*desk.app.size)
        self._stream = pyte.Stream(self._screen)
        display = desk.app._display

        def show(screen: Screen[object], update: CompositorUpdate | None) -> None:
            if update is not None:
                self.ways.append(type(update).__name__)
                text = update.render_segments(desk.app.console)
                self._stream.feed(text.replace("\n", "\r\n"))
            display(screen, update)

        monkeypatch.setattr(desk.app, "_display", show)
        desk.app.screen.refresh()

    def agrees(self) -> None:
        """It shows what it would if all were painted anew."""
        shown = [line.rstrip() for line in self._screen.display]
        assert shown == [line.rstrip() for line in self._desk.lines]


TEXT = [
    *("One", " two", " three\n\n", "- a\n", "- b\n", "```python\n", "x = 1\n", "y = 2\n```\n\n"),
    *(f"Paragraph {number} of *them*.\n\n" for number in range(30)),
    *(f"| {number} | b |\n" + "|---|---|\n" * (not number) for number in range(6)),
]


async def test_frames_show_what_would_be_painted_anew(
    loopback: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.begun("Hello?", "Begun.\n\n")
        glass = Glass(desk, monkeypatch)
        await desk.settle()
        for index, piece in enumerate(TEXT):
            await exchange.text(piece)
            await desk.settle()
            glass.agrees()
            if index == 25:
                await desk.press("pageup")
                glass.agrees()
            if index == 35:
                await desk.press("end")
        assert glass.ways.count("_LinesUpdate") > len(TEXT) / 2


async def test_frames_do_not_paint_over_what_lies_above(
    loopback: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.begun("Hello?", "Begun.")
        await exchange.text("\n\nEarly." * 40 + "\n\n")
        glass = Glass(desk, monkeypatch)
        desk.app.notify("Something else.")
        await desk.settle()
        assert "Something else." in desk.text
        for number in range(5):
            await exchange.text(f"Line {number}.\n\n")
            await desk.settle()
            glass.agrees()
        await desk.press("f1")
        for number in range(5):
            await exchange.text(f"Line {number}.\n\n")
            await desk.settle()
            glass.agrees()


async def test_a_delta_is_written_before_anything_else_can_run(
    loopback: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sit_down(loopback) as desk:
        await desk.begun("Hello?", "Begun.")
        glass = Glass(desk, monkeypatch)
        await desk.settle()
        transcript = desk._chat.transcript
        monkeypatch.setattr(transcript, "_pace", Pace())
        before = len(glass.ways)
        transcript.stream(TextDelta(" More.", 0))
        assert glass.ways[before:] == ["_LinesUpdate"]
        glass.agrees()
