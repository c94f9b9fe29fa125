"""The files of an export that hold conversations: one alone, or those of a folder or a zip."""

from __future__ import annotations

import re
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from tui.chat.hygiene import one_line
from tui.errors import ArchiveUnreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

# ChatGPT splits large exports into conversations-000.json and so on.
_CONVERSATIONS = re.compile(r"(?:.*/)?conversations(?:-\d+)?\.json", re.IGNORECASE)
_DATABASES = ("elia.sqlite", "store.db")
# What a damaged zip raises, beside OSError: also for a password and an unknown compression.
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)


@dataclass(frozen=True, slots=True)
class Member:
    """A file to read; `size` is in bytes, unpacked."""

    name: str
    size: int
    open: Callable[[], AbstractContextManager[IO[bytes]]]


def shown(path: Path) -> str:
    """A path as it stands in a sentence."""
    return one_line(str(path), 200)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Translate what reading a file or a zip raises into ArchiveUnreadable."""
    try:
        yield
    except FileNotFoundError:
        raise ArchiveUnreadable(f"There is no file {shown(path)}.") from None
    except OSError as error:
        why = error.strerror or "it is damaged"
        raise ArchiveUnreadable(f"{shown(path)} cannot be read: {why}.") from error
    except _DAMAGED as error:
        raise ArchiveUnreadable(
            f"{shown(path)} cannot be unpacked ({one_line(str(error), 100)}); "
            "was it downloaded completely?"
        ) from error


def database_in(folder: Path) -> Path | None:
    """The database of another chat program in its folder."""
    return next((folder / name for name in _DATABASES if (folder / name).is_file()), None)


def members_of_folder(folder: Path) -> list[Member]:
    """Its files of conversations; those one folder down if it has none itself."""
    for pattern in ("*", "*/*"):
        found = [
            Member(str(file.relative_to(folder)), file.stat().st_size, _opener(file))
            for file in sorted(folder.glob(pattern))
            if file.is_file() and _CONVERSATIONS.fullmatch(file.name)
        ]
        if found:
            return found
    raise ArchiveUnreadable(
        f"{shown(folder)} holds no conversations.json; is it the folder of an export?"
    )


def members_of_zip(path: Path) -> list[Member]:
    """Its files of conversations; any JSON file if it is the only one."""
    with zipfile.ZipFile(path) as archive:
        files = [
            file
            for file in archive.infolist()
            if not file.is_dir() and not file.filename.startswith("__MACOSX/")
        ]
    found = [file for file in files if _CONVERSATIONS.fullmatch(file.filename)]
    documents = [file for file in files if file.filename.lower().endswith(".json")]
    if not found and len(documents) == 1:
        found = documents
    if not found:
        raise ArchiveUnreadable(
            f"{shown(path)} holds no conversations.json; is it an export of ChatGPT or Claude?"
        )
    return [
        Member(one_line(file.filename, 200), file.file_size, _zip_opener(path, file.filename))
        for file in sorted(found, key=lambda file: file.filename)
    ]


def member_of_file(path: Path) -> Member:
    """The file itself."""
    return Member(one_line(path.name, 200), path.stat().st_size, _opener(path))


def _opener(file: Path) -> Callable[[], AbstractContextManager[IO[bytes]]]:
    return lambda: file.open("rb")


def _zip_opener(path: Path, name: str) -> Callable[[], AbstractContextManager[IO[bytes]]]:
    @contextmanager
    def opened() -> Iterator[IO[bytes]]:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            yield file

    return opened
