"""Whether another run of Rill is alive is known for certain, however it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tui.storage.presence import Presence

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
OTHER = """
import signal
import sys
from pathlib import Path
from tui.storage.presence import Presence
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # `nohup` has it ignored, in us, too
presence = Presence(Path(sys.argv[1]), "other")
print("here", flush=True)
sys.stdin.readline()
presence.leave()
"""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Presence]:
    presence = Presence(tmp_path / "runs", "here")
    yield presence
    presence.leave()


@pytest.fixture
def other(here: Presence, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is there until a line comes."""
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(tmp_path / "runs")],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    yield process
    process.kill()
    process.communicate()


def test_a_run_knows_itself_and_nobody_who_was_never_there(here: Presence) -> None:
    assert here.is_alive("here")
    assert not here.is_alive("nobody")
    assert here.process_id("here") == os.getpid()
    assert here.process_id("nobody") is None


def test_another_run_is_alive_until_it_leaves(here: Presence, other: subprocess.Popen[str]) -> None:
    assert here.is_alive("other")
    assert here.process_id("other") == other.pid
    other.communicate("leave\n")
    assert not here.is_alive("other")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_was_killed_is_dead(
    here: Presence, other: subprocess.Popen[str], number: signal.Signals, tmp_path: Path
) -> None:
    other.send_signal(number)
    other.wait()
    assert not here.is_alive("other")
    assert [file.name for file in (tmp_path / "runs").iterdir()] == ["here"]


def test_a_run_that_is_only_stopped_is_alive(here: Presence, other: subprocess.Popen[str]) -> None:
    other.send_signal(signal.SIGSTOP)
    os.waitpid(other.pid, os.WUNTRACED)
    assert here.is_alive("other")
    other.send_signal(signal.SIGCONT)


def test_asking_about_oneself_does_not_let_others_take_one_for_dead(
    here: Presence, other: subprocess.Popen[str]
) -> None:
    for _ in range(3):
        assert here.is_alive("here")
        assert here.is_alive("other")


def test_nobody_else_can_read_who_is_there(here: Presence, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "here").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_one_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(OSError, match="runs"):
        Presence(tmp_path / "runs", "here")


def test_files_of_runs_that_are_dead_are_swept_away(
    here: Presence, other: subprocess.Popen[str], tmp_path: Path
) -> None:
    folder = tmp_path / "runs"
    (folder / "long-gone").write_text("4711\n")
    here.sweep()
    assert {file.name for file in folder.iterdir()} == {"here", "other"}
    other.kill()
    other.wait()
    here.sweep()
    assert [file.name for file in folder.iterdir()] == ["here"]
