"""What the history could not take when the app had to end is in a file that can be imported."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from tests.histories import talk
from tui.storage.exchange.archive import open_archive
from tui.storage.exchange.imported import Skipped
from tui.storage.rescue import rescue

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def rescued(folder: Path) -> list[str]:
    """The ids of the conversations in all files of a folder, which nobody else may read."""
    found = []
    for path in sorted(folder.glob("*")):
        assert path.stat().st_mode & 0o777 == 0o600
        for kept in open_archive(path):
            assert not isinstance(kept, Skipped)
            found.append(kept.conversation.id)
    return found


def test_runs_that_end_at_once_do_not_take_the_place_of_each_other(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "rill"
    for name in ("alpha", "beta", "gamma"):
        assert str(folder) in rescue([talk(name)], folder)
    assert sorted(rescued(folder)) == [
        *("alpha-conversation", "beta-conversation", "gamma-conversation")
    ]


def test_where_nothing_can_be_written_it_goes_to_the_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    line = rescue([talk("alpha")], in_the_way / "rill")
    assert str(elsewhere) in line
    assert rescued(elsewhere) == ["alpha-conversation"]

    monkeypatch.setattr(tempfile, "tempdir", str(in_the_way))
    line = rescue([talk("alpha")], in_the_way / "rill")
    assert line.startswith("rill: this run is neither in the history nor in ")


def test_nothing_to_save_is_nothing_to_say(tmp_path: Path) -> None:
    assert rescue([], tmp_path / "rill") == ""
    assert list(tmp_path.iterdir()) == []
