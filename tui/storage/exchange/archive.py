"""Conversations from elsewhere: what a file is, told by what it holds, and its conversations."""

from __future__ import annotations

from codecs import getincrementaldecoder
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from tui.chat.hygiene import one_line
from tui.errors import ArchiveUnreadable
from tui.storage.exchange.chatgpt import read_chatgpt
from tui.storage.exchange.claude import read_claude
from tui.storage.exchange.imported import Skipped, text
from tui.storage.exchange.json_items import ItemReader, JsonBroken, PassedOver
from tui.storage.exchange.members import (
    database_in,
    member_of_file,
    members_of_folder,
    members_of_zip,
    readable,
    shown,
)
from tui.storage.exchange.rill_json import FORMAT, VERSION, read_rill
from tui.storage.exchange.sqlite_archive import find_program, read_chats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tui.storage.exchange.members import Member
    from tui.storage.records import Kept

    _Read = Callable[[Mapping[str, object], str], Kept | Skipped]

_CHUNK = 1024 * 1024
# What tells an entry of one format from another's.
_FORMATS: tuple[tuple[str, str, _Read], ...] = (
    ("waiting", "an export of Rill", read_rill),
    ("mapping", "an export of ChatGPT", read_chatgpt),
    ("chat_messages", "an export of Claude", read_claude),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: `done` of `total`, which is 0 until it is known."""

    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class _Entry:
    """An item of a JSON list, and `head`: what stood before the list."""

    where: str
    item: object
    head: Mapping[str, object]
    bytes_read: int


class Archive:
    """The conversations of a file, folder or zip, read anew by every iteration.

    Iterating raises ArchiveUnreadable where the file is damaged; what came before it is good.
    """

    def __init__(self, name: str, read: Callable[[Archive], Iterator[Kept | Skipped]]) -> None:
        """`name` is what the format is called, in a sentence for a person."""
        self.name = name
        self.progress = Progress()
        self._read = read

    def __iter__(self) -> Iterator[Kept | Skipped]:
        self.progress = Progress()
        return self._read(self)


def open_archive(path: Path) -> Archive:
    """Find out what `path` is. Raises ArchiveUnreadable if it is nothing that Rill can read."""
    with readable(path):
        if path.is_dir():
            database = database_in(path)
            return _json(path, members_of_folder(path)) if database is None else _sqlite(database)
        if path.exists() and not path.is_file():  # it is read more than once
            raise ArchiveUnreadable(
                f"{shown(path)} is a pipe or a device; save it as a file first."
            )
        with path.open("rb") as file:
            start = file.read(16)
        if start.startswith(b"SQLite format 3\0"):
            return _sqlite(path)
        if start.startswith(b"PK\x03\x04"):
            return _json(path, members_of_zip(path))
        return _json(path, [member_of_file(path)])


def _sqlite(path: Path) -> Archive:
    program = find_program(path)

    def read(archive: Archive) -> Iterator[Kept | Skipped]:
        for number, total, found in read_chats(path, program):
            archive.progress = Progress(number, total)
            yield found

    return Archive(f"the database of {program.name}", read)


def _json(path: Path, members: Sequence[Member]) -> Archive:
    """Which format it is shows in the first entry, unless the document says so itself."""
    is_empty = True
    for entry in _entries(path, members):
        is_empty = False
        if (found := _format(entry, path)) is not None:
            name, read = found
            return Archive(name, partial(_read_entries, path=path, members=members, read=read))
    if is_empty:
        return Archive("an export without conversations", lambda _: iter(()))
    raise ArchiveUnreadable(
        f"{shown(path)} holds no conversations of a kind that Rill knows: those are its own "
        "exports, those of ChatGPT and Claude, and the databases of elia and oterm."
    )


def _format(entry: _Entry, path: Path) -> tuple[str, _Read] | None:
    if entry.head.get("format") == FORMAT:
        if (version := entry.head.get("version")) != VERSION:
            raise ArchiveUnreadable(
                f"{shown(path)} is of version {one_line(str(version), 20)} of Rill's format, and "
                f"this Rill knows only version {VERSION}; please use a newer one."
            )
        return _FORMATS[0][1:]
    return next(
        (
            (name, read)
            for field, name, read in _FORMATS
            if isinstance(entry.item, dict) and field in entry.item
        ),
        None,
    )


def _read_entries(
    archive: Archive, path: Path, members: Sequence[Member], read: _Read
) -> Iterator[Kept | Skipped]:
    total = sum(member.size for member in members)
    for entry in _entries(path, members):
        # A zip can say anything about the sizes of what is in it.
        archive.progress = Progress(entry.bytes_read, max(total, entry.bytes_read))
        yield _read_entry(entry, read)
    archive.progress = Progress(total, total)


def _read_entry(entry: _Entry, read: _Read) -> Kept | Skipped:
    if isinstance(entry.item, PassedOver):
        return Skipped(entry.where, entry.item.why)
    if not isinstance(entry.item, dict):
        return Skipped(entry.where, "it is not a conversation")
    title = one_line(text(entry.item, "title") or text(entry.item, "name"), 60)
    return read(entry.item, f"{entry.where} “{title}”" if title else entry.where)


def _entries(path: Path, members: Sequence[Member]) -> Iterator[_Entry]:
    bytes_read = 0
    for member in members:
        reader = ItemReader()
        decoder = getincrementaldecoder("utf-8-sig")("replace")
        number = 0
        with readable(path), member.open() as file:
            is_over = False
            while not is_over:
                data = file.read(_CHUNK)
                bytes_read += len(data)
                is_over = not data
                piece = decoder.decode(data, final=is_over)
                try:
                    for item in chain(reader.feed(piece), reader.close() if is_over else ()):
                        number += 1
                        where = f"{member.name}, entry {number}"
                        yield _Entry(where, item, reader.head, bytes_read)
                except JsonBroken as error:
                    after = f" after entry {number:,}" if number else ""
                    raise ArchiveUnreadable(
                        f"{member.name} cannot be read as JSON{after}: {error}."
                    ) from error
