"""What the machine remembers for itself, where it can."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tui.storage.state import Choices, read_state, write_state

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "state.json"
    write_state(path, {"text": "ü\n🙂", "list": [1, None]})
    assert read_state(path) == {"text": "ü\n🙂", "list": [1, None]}
    assert [each.name for each in path.parent.iterdir()] == ["state.json"]


def test_it_is_private(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "state.json"
    write_state(path, {})
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'"text"', b"\xff", b"[" * 100_000, b'{"a": 1} and more']
)
def test_what_is_damaged_counts_as_nothing_and_is_written_over(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content)
    assert read_state(path) == {}
    write_state(path, {"a": 1})
    assert read_state(path) == {"a": 1}


def test_what_is_no_file_counts_as_nothing(tmp_path: Path) -> None:
    assert read_state(tmp_path) == {}
    assert read_state(tmp_path / "nothing") == {}
    assert read_state(tmp_path / "nothing" / "below") == {}


def test_what_cannot_be_written_is_not_and_nobody_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    write_state(tmp_path / "file" / "state.json", {})
    folder = tmp_path / "state.json"
    folder.mkdir()
    write_state(folder, {"a": 1})  # a folder is in its place
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "state.json"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_a_folder_without_permission_is_no_trouble(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    write_state(tmp_path / "state.json", {})
    assert read_state(tmp_path / "state.json") == {}


def test_choices_are_there_at_the_next_start(tmp_path: Path) -> None:
    choices = Choices(tmp_path)
    assert (choices.model, choices.in_keyring) == ("", ())
    choices.choose_model("openai/gpt")
    choices.keep_in_keyring("openai")
    choices.keep_in_keyring("openai")
    choices.keep_in_keyring("groq")
    assert (choices.model, choices.in_keyring) == ("openai/gpt", ("openai", "groq"))
    again = Choices(tmp_path)
    assert (again.model, again.in_keyring) == ("openai/gpt", ("openai", "groq"))


def test_two_rills_do_not_take_each_others_choices_away(tmp_path: Path) -> None:
    one, other = Choices(tmp_path), Choices(tmp_path)
    one.choose_model("openai/gpt")
    other.keep_in_keyring("groq")
    one.keep_in_keyring("openai")
    assert Choices(tmp_path).model == "openai/gpt"
    assert set(Choices(tmp_path).in_keyring) == {"groq", "openai"}


@pytest.mark.parametrize(
    "state",
    ['{"model": 3, "in_keyring": "all"}', '{"model": null, "in_keyring": [1, null]}', '{"x": 1}'],
)
def test_choices_of_another_shape_are_none(tmp_path: Path, state: str) -> None:
    (tmp_path / "choices.json").write_text(state)
    choices = Choices(tmp_path)
    assert (choices.model, choices.in_keyring) == ("", ())
    choices.choose_model("a/b")
    assert Choices(tmp_path).model == "a/b"
