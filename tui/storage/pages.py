"""The rows of a damaged database, read from its pages one by one, whatever leads to them.

By "Database File Format" of SQLite (sqlite.org/fileformat2.html): rows stand in the leaves of
trees, each leaf says so itself, and rows too long for it go on in a chain of other pages. What
holds the leaves together is not looked at, so it may be gone. Nor can rows come back that were
deleted: Rill has SQLite write zeros over them (`secure_delete`).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import IO

    Value = None | int | float | str | bytes

_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_PAGE_SIZES = {1 << power for power in range(9, 17)}
_USUAL_PAGE_SIZE = 4096
_LEAF = 0x0D
_LARGEST_ROW = 1 << 30
_WAL_MAGIC = {0x377F0682, 0x377F0683}
_WAL_HEADER, _FRAME_HEADER = 32, 24
_INTEGER_SIZES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


def read_rows(path: Path) -> Iterator[tuple[int, tuple[Value, ...]]]:
    """Numbers and values of all rows of all tables, whose names nobody knows.

    What a row has lost at its end is `None`; bytes that are no text are U+FFFD. Raises OSError.
    """
    wal = path.with_name(f"{path.name}-wal")
    with path.open("rb") as file:
        if not wal.exists():
            yield from _Pages(file, None).rows()
            return
        with wal.open("rb") as newer:
            yield from _Pages(file, newer).rows()


class _Pages:
    """All pages, each in its newest state that was committed."""

    def __init__(self, file: IO[bytes], wal: IO[bytes] | None) -> None:
        self._file = file
        self._wal = wal
        self._size, self._reserved = _page_size(file)
        self._newer: Mapping[int, int] = {}
        if wal is not None:
            size, self._newer = _committed(wal)
            self._size = size or self._size
        self._count = max(file.seek(0, 2) // self._size, *self._newer, 0)

    def rows(self) -> Iterator[tuple[int, tuple[Value, ...]]]:
        for number in range(1, self._count + 1):
            page = self._page(number)
            start = _HEADER if number == 1 else 0
            if page[start : start + 1] == bytes([_LEAF]):
                yield from self._rows_of(page, start)

    def _page(self, number: int) -> bytes:
        if self._wal is not None and number in self._newer:
            self._wal.seek(self._newer[number])
            return self._wal.read(self._size)
        self._file.seek((number - 1) * self._size)
        return self._file.read(self._size)

    def _rows_of(self, page: bytes, start: int) -> Iterator[tuple[int, tuple[Value, ...]]]:
        count = int.from_bytes(page[start + 3 : start + 5], "big")
        for index in range(min(count, self._size // 2)):
            pointer = start + 8 + 2 * index
            at = int.from_bytes(page[pointer : pointer + 2], "big")
            try:
                length, at = _varint(page, at)
                rowid, at = _varint(page, at)
                yield rowid, _values(self._payload(page, at, length))
            except (IndexError, ValueError, struct.error):
                continue  # this one is damaged; its neighbours need not be

    def _payload(self, page: bytes, at: int, length: int) -> bytes:
        usable = self._size - self._reserved
        if length > _LARGEST_ROW:
            raise ValueError("no row is so long")
        if length <= usable - 35:
            return page[at : at + length]
        least = (usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (usable - 4)
        if local > usable - 35:
            local = least
        pieces = [page[at : at + local]]
        missing = length - local
        following = int.from_bytes(page[at + local : at + local + 4], "big")
        while missing > 0 and 0 < following <= self._count:
            more = self._page(following)
            following = int.from_bytes(more[:4], "big")
            pieces.append(more[4 : min(usable, 4 + missing)])
            missing -= usable - 4
        return b"".join(pieces)


def _page_size(file: IO[bytes]) -> tuple[int, int]:
    """The size of pages, and how much at the end of each is for others."""
    file.seek(0)
    header = file.read(_HEADER)
    size = int.from_bytes(header[16:18], "big")
    size = 65536 if size == 1 else size
    if header.startswith(_MAGIC) and size in _PAGE_SIZES:
        return size, header[20]
    return _USUAL_PAGE_SIZE, 0


def _committed(wal: IO[bytes]) -> tuple[int, Mapping[int, int]]:
    """The size of its pages, and where in it the newest state of each page begins."""
    header = wal.read(_WAL_HEADER)
    if len(header) < _WAL_HEADER or int.from_bytes(header[:4], "big") not in _WAL_MAGIC:
        return 0, {}
    size, salts = int.from_bytes(header[8:12], "big"), header[16:24]
    if size not in _PAGE_SIZES:
        return 0, {}
    found: dict[int, int] = {}
    pending: dict[int, int] = {}
    # What is left of an older journal behind the end of this one has other salts.
    while len(frame := wal.read(_FRAME_HEADER)) == _FRAME_HEADER and frame[8:16] == salts:
        number, pages = struct.unpack(">II", frame[:8])
        pending[number] = wal.tell()
        if len(wal.read(size)) < size:
            break
        if pages:
            found |= pending
            pending = {}
    return size, found


def _values(payload: bytes) -> tuple[Value, ...]:
    end, at = _varint(payload, 0)
    kinds = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    found: list[Value] = []
    at = end
    for kind in kinds:
        size = _size(kind)
        found.append(_value(kind, payload[at : at + size], size))
        at += size
    return tuple(found)


def _size(kind: int) -> int:
    if kind >= 12:
        return (kind - 12) // 2
    return 8 if kind == 7 else _INTEGER_SIZES.get(kind, 0)


def _value(kind: int, data: bytes, size: int) -> Value:
    if kind >= 12:  # what is left of a long one is better than nothing
        if size and not data:
            return None
        return data.decode("utf-8", "replace") if kind % 2 else data
    if kind in {8, 9}:
        return kind - 8
    if not data or len(data) < size:
        return None
    if kind == 7:
        return float(struct.unpack(">d", data)[0])
    return int.from_bytes(data, "big", signed=True)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends."""
    value = 0
    for index in range(8):
        byte = data[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | data[at + 8], at + 9
