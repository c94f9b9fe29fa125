"""How far a command is, in a log. (On a terminal: see the import.)"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.commands.progress import ProgressLine

if TYPE_CHECKING:
    import pytest


def test_a_log_gets_a_line_for_every_tenth_and_none_for_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress = ProgressLine("importing\x1b[2J\nchats", pause=0)
    for percent in range(101):
        progress.show(percent / 100, f"{percent} conversations")
    progress.clear()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 9
    assert lines[0] == "rill: importing␛[2J chats: 10%, 10 conversations"


def test_what_is_done_soon_is_not_worth_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    progress = ProgressLine("importing chats", pause=1000)
    for percent in range(101):
        progress.show(percent / 100, f"{percent} conversations")
    progress.clear()
    assert capsys.readouterr().err == ""
