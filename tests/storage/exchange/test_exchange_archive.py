"""What a file is, told by what it holds; and what is broken, told in a sentence."""

from __future__ import annotations

import json
import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from tui.errors import ArchiveUnreadable
from tui.storage.exchange.archive import open_archive
from tui.storage.exchange.imported import Skipped

if TYPE_CHECKING:
    from pathlib import Path


def claude(uuid: str, text: str = "When?") -> dict[str, object]:
    message = {"uuid": "m", "sender": "human", "text": text}
    return {"uuid": uuid, "name": "Tides", "chat_messages": [message]}


def chatgpt(id_: str) -> dict[str, object]:
    message = {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["Hi"]}}
    return {"id": id_, "title": "Tides", "mapping": {"a": {"message": message}}}


def zipped(path: Path, **members: object) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, whole in members.items():
            archive.writestr(name, json.dumps(whole))
    return path


def origins(path: Path) -> list[str | None]:
    return [found.origin for found in open_archive(path)]


def test_a_zip_is_known_by_what_is_in_it_and_not_by_its_name(tmp_path: Path):
    path = zipped(
        tmp_path / "download",
        **{"user.json": {}, "conversations.json": [claude("one")], "projects.json": []},
    )
    archive = open_archive(path)
    assert archive.name == "an export of Claude"
    assert [found.origin for found in archive] == ["claude:one"]
    assert archive.progress.done == archive.progress.total > 0


def test_an_export_in_parts_is_read_in_their_order(tmp_path: Path):
    parts = {
        "export/conversations-001.json": [chatgpt("two")],
        "export/conversations-000.json": [chatgpt("one")],
        "__MACOSX/export/conversations-000.json": 5,
    }
    path = zipped(tmp_path / "export.zip", **parts)
    assert origins(path) == ["chatgpt:one", "chatgpt:two"]
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "unpacked")
    assert origins(tmp_path / "unpacked") == ["chatgpt:one", "chatgpt:two"]
    assert origins(tmp_path / "unpacked" / "export") == ["chatgpt:one", "chatgpt:two"]


def test_a_list_inside_of_an_object_is_found(tmp_path: Path):
    path = tmp_path / "some.json"
    path.write_text(json.dumps({"account": {"x": 1}, "conversations": [claude("one")]}))
    assert origins(path) == ["claude:one"]


def test_a_byte_order_mark_and_broken_utf8_do_not_stop_the_import(tmp_path: Path):
    path = tmp_path / "conversations.json"
    path.write_bytes(
        b"\xef\xbb\xbf" + json.dumps([claude("one", "a~b")]).encode().replace(b"~", b"\xff")
    )
    (kept,) = open_archive(path)
    assert kept.conversation.path()[0].text == "a\ufffdb"


def test_it_can_be_read_twice(tmp_path: Path):
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([claude("one"), claude("two")]))
    archive = open_archive(path)
    assert len(list(archive)) == len(list(archive)) == 2


def test_an_export_is_read_piece_by_piece_and_says_how_far_it_is(tmp_path: Path):
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([claude(str(number), "x" * 100_000) for number in range(50)]))
    archive = open_archive(path)
    found = iter(archive)
    next(found)
    assert 0 < archive.progress.done < archive.progress.total / 2
    assert len(list(found)) == 49
    assert archive.progress.done == archive.progress.total == path.stat().st_size


def test_an_empty_export_is_no_error(tmp_path: Path):
    path = tmp_path / "conversations.json"
    path.write_text("[]")
    assert list(open_archive(path)) == []


@pytest.mark.parametrize("depth", [300, 900, 950, 970, 3000])
def test_what_is_nested_deeply_loses_at_most_its_own_conversation(tmp_path: Path, depth: int):
    block = '{"type": "tool_use", "name": "x", "input": ' + "[" * depth + "]" * depth + "}"
    odd = json.dumps(claude("odd", "DEEP")).replace('"text": "DEEP"', f'"content": [{block}]')
    path = tmp_path / "conversations.json"
    path.write_text(f"[{odd}, {json.dumps(claude('one'))}]")
    first, second = open_archive(path)
    assert not isinstance(first, Skipped) or "too deeply" in first.why
    assert second.origin == "claude:one"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "some.json cannot be read as JSON"),
        (b"hello", "some.json cannot be read as JSON"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "some.json cannot be read as JSON"),
        (b"[1, 2, 3]", "no conversations of a kind that Rill knows"),
        (b'[{"a": 1}]', "no conversations of a kind that Rill knows"),
        (b'{"a": 1}', "cannot be read as JSON"),
        (b"PK\x03\x04" + b"\0" * 50, "was it downloaded completely"),
        (b"SQLite format 3\0" + b"\0" * 50, "cannot be read as a database"),
    ],
)
def test_what_is_no_archive_is_refused_in_one_sentence(tmp_path: Path, content: bytes, said: str):
    path = tmp_path / "some.json"
    path.write_bytes(content)
    with pytest.raises(ArchiveUnreadable, match=said) as caught:
        open_archive(path)
    assert str(caught.value).endswith((".", "?"))
    assert str(caught.value).isprintable()


def test_what_is_not_there_or_holds_nothing_is_said(tmp_path: Path):
    with pytest.raises(ArchiveUnreadable, match="There is no file"):
        open_archive(tmp_path / "nothing\x1b")
    with pytest.raises(ArchiveUnreadable, match="holds no conversations"):
        open_archive(tmp_path)
    with pytest.raises(ArchiveUnreadable, match="holds no conversations"):
        open_archive(zipped(tmp_path / "other.zip", **{"a.json": [], "b.json": []}))


def test_a_pipe_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ArchiveUnreadable, match="is a pipe or a device; save it as a file first"):
        open_archive(tmp_path / "pipe")


def test_a_file_that_breaks_off_gives_what_came_before(tmp_path: Path):
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([claude("one"), claude("two")])[:-20])
    found = iter(open_archive(path))
    assert next(found).origin == "claude:one"
    with pytest.raises(ArchiveUnreadable, match="after entry 1: it breaks off"):
        next(found)


def test_a_zip_that_is_damaged_inside_is_an_error_that_says_so(tmp_path: Path):
    path = zipped(tmp_path / "a.zip", **{"conversations.json": [claude(str(n)) for n in range(99)]})
    data = bytearray(path.read_bytes())
    data[100:110] = b"\xff" * 10
    path.write_bytes(data)
    with pytest.raises(ArchiveUnreadable, match="unpacked"):
        list(open_archive(path))
