"""`rill export`: conversations as files (README, moving in and out)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from tui.chat.hygiene import one_line
from tui.chat.wording import count_of
from tui.commands.new_file import make_folder, new_file
from tui.commands.progress import ProgressLine
from tui.errors import UsageError
from tui.output import BROKEN_PIPE, complain, give_up_output, print_line, print_text
from tui.storage import reads
from tui.storage.codec import CodecError
from tui.storage.database import explained
from tui.storage.exchange.imported import stable_id
from tui.storage.exchange.markdown import to_markdown
from tui.storage.exchange.page import to_html
from tui.storage.exchange.reading import file_name
from tui.storage.exchange.rill_json import write_json
from tui.storage.lookup import find
from tui.storage.reading_out import open_to_read, read_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tui.storage.records import Entry, Kept

_SHORT_ID = 12
_INCOMPLETE = 1
_SUFFIXES = {".md": "markdown", ".json": "json", ".html": "html", ".htm": "html"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for; `ids` may be beginnings of ids, or `last`.

    Without a `format` the suffix of `output` says it, else it is Markdown.
    """

    ids: Sequence[str] = ()
    is_all: bool = False
    format: str | None = None
    output: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class _PerFile:
    """A format in which each conversation is a file of its own."""

    suffix: str
    write: Callable[[Kept], str]


_PER_FILE = {"markdown": _PerFile(".md", to_markdown), "html": _PerFile(".html", to_html)}


class _Reader:
    """Reads conversations one by one, shows how far it is, and passes over what is damaged."""

    def __init__(self, db: sqlite3.Connection, history: Path, ids: Sequence[str]) -> None:
        self.done = 0
        self.failed = 0
        self._db = db
        self._history = history
        self._ids = ids

    def conversations(self, *, quiet: bool) -> Iterator[Kept]:
        progress = None if quiet else ProgressLine("exporting")
        try:
            for number, id_ in enumerate(self._ids):
                if progress is not None:
                    progress.show(number / len(self._ids), f"{number:,} conversations")
                if (kept := self._read(id_)) is not None:
                    yield kept
                    self.done += 1
        finally:
            if progress is not None:
                progress.clear()

    def _read(self, id_: str) -> Kept | None:
        try:
            return read_out(self._db, id_)
        except sqlite3.Error as error:
            trouble = explained(error, self._history)
            if trouble.passes:
                raise trouble from error
        except CodecError:
            pass
        self.failed += 1
        complain(f"conversation {id_} is damaged and left out; rill doctor can repair it.")
        return None


def export(wanted: Wanted, history: Path) -> int:
    """Export; gives back the exit code. Raises HistoryError, UsageError and OutputFailed."""
    if not wanted.ids and not wanted.is_all:
        raise UsageError(
            "Which conversations? Name some by their ids, or say last or --all; "
            "rill export --list shows them."
        )
    if wanted.ids and wanted.is_all:
        raise UsageError("--all is all of them; leave it out, or the ids.")
    try:
        with closing(open_to_read(history)) as db:
            ids = (
                reads.all_ids(db)
                if wanted.is_all
                else list(dict.fromkeys(find(db, words) for words in wanted.ids))
            )
            reader = _Reader(db, history, ids)
            _write(reader, wanted, is_one=not wanted.is_all and len(ids) == 1)
    except BrokenPipeError:
        give_up_output()
        return BROKEN_PIPE
    except sqlite3.Error as error:
        raise explained(error, history) from error
    return _INCOMPLETE if reader.failed else 0


def print_list(history: Path) -> int:
    """Ids, times and titles, a conversation a line, as the app lists them. Raises HistoryError."""
    try:
        with closing(open_to_read(history)) as db:
            entries = reads.newest(db, reads.count(db))
        shorter = _shortened(entry.id for entry in entries)
        print_text(f"{shorter[entry.id]}  {_when(entry)}  {_title(entry)}\n" for entry in entries)
    except BrokenPipeError:
        give_up_output()
        return BROKEN_PIPE
    except sqlite3.Error as error:
        raise explained(error, history) from error
    return 0


def _write(reader: _Reader, wanted: Wanted, *, is_one: bool) -> None:
    output = None if wanted.output in {None, "-"} else Path(wanted.output or "")
    name = wanted.format or _SUFFIXES.get(output.suffix if output else "", "markdown")
    per_file = _PER_FILE.get(name)
    if per_file is None:
        if output is not None and output.is_dir():
            raise UsageError(f"{output} is a folder; name a file for the JSON document.")
        _write_file(reader, output, write_json, wanted)
    elif is_one and (output is None or not output.is_dir()):
        _write_file(reader, output, partial(map, per_file.write), wanted)
    elif output is None or (output.suffix in _SUFFIXES and not output.is_dir()):
        raise UsageError(
            "Several conversations need a folder: name one with -o, or take --format json."
        )
    else:
        _write_folder(reader, output, per_file, wanted)


def _write_file(
    reader: _Reader,
    output: Path | None,
    write: Callable[[Iterable[Kept]], Iterable[str]],
    wanted: Wanted,
) -> None:
    """All in one; nothing takes the place of an earlier export if none of them can be read."""
    conversations = reader.conversations(quiet=output is None)
    first = next(conversations, None)
    if first is None and reader.failed:
        return
    pieces = write(chain([] if first is None else [first], conversations))
    if output is None:
        print_text(pieces)
        return
    with new_file(output, force=wanted.force) as file:
        file.writelines(pieces)
    _report(reader, output)


def _write_folder(reader: _Reader, folder: Path, per_file: _PerFile, wanted: Wanted) -> None:
    make_folder(folder)
    names = set()
    for kept in reader.conversations(quiet=False):
        name = file_name(kept, per_file.suffix)
        if name in names:
            more = stable_id(kept.conversation.id)[:8]
            name = f"{name.removesuffix(per_file.suffix)}-{more}{per_file.suffix}"
        names.add(name)
        with new_file(folder / name, force=wanted.force) as file:
            file.write(per_file.write(kept))
    _report(reader, folder)


def _report(reader: _Reader, output: Path) -> None:
    what = count_of(reader.done, "conversation")
    print_line(f"{what} exported to {one_line(str(output))}.")


def _shortened(ids: Iterable[str]) -> dict[str, str]:
    """Beginnings of ids, each long enough to be that of no other."""
    in_order = sorted(ids)
    found = {}
    for before, id_, after in zip(["", *in_order], in_order, [*in_order[1:], ""], strict=False):
        length = _SHORT_ID
        while length < len(id_) and id_[:length] in {before[:length], after[:length]}:
            length += 1
        found[id_] = id_[:length]
    return found


def _when(entry: Entry) -> str:
    try:
        return f"{datetime.fromtimestamp(entry.updated_at).astimezone():%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):
        return " " * 16


def _title(entry: Entry) -> str:
    return one_line(entry.title) or "untitled"
