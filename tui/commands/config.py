"""`rill config`: where the settings are, what they come to, and a way to begin and to change them.

Rill writes that file only when there is none, so what the user has put into it stays as it is.
"""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tui.chat.hygiene import one_line
from tui.commands.config_notes import notes
from tui.commands.config_template import TEMPLATE
from tui.commands.effective import effective
from tui.commands.new_file import make_folder, new_file
from tui.errors import RillError, UsageError
from tui.launch import read_roster
from tui.output import complain, print_line, print_text
from tui.storage.paths import config_file, real_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from tui.commands.effective import Effective
    from tui.launch import Launch
    from tui.storage.settings import Settings

    # Raises SettingsError about the theme and the keys, which only the interface knows.
    CheckLook: TypeAlias = Callable[[Settings], None]

_WRONG = 2
_VALUE_WIDTH = 60
_EDITORS = ("vi", "nano")


def print_path(config: Path | None, environment: Mapping[str, str]) -> int:
    """Print where the settings are, or would be. Raises SettingsError without a home."""
    print_text([f"{config or config_file(environment)}\n"])
    return 0


def show(
    launch: Launch, wanted: str | None, environment: Mapping[str, str], *, as_json: bool
) -> int:
    """Print what counts, and why. Raises SettingsError."""
    found = effective(launch, wanted, environment)
    if as_json:
        print_text([json.dumps(_document(found), ensure_ascii=False, indent=2), "\n"])
    else:
        print_text(f"{line}\n" for line in _table(found))
        if launch.hint:
            complain(launch.hint)
    return 0


def check(config: Path | None, environment: Mapping[str, str], check_look: CheckLook) -> int:
    """Say whether the settings are valid, and what in them may not be meant.

    Raises SettingsError and UsageError: they are not, and why.
    """
    roster, path = read_roster(str(config) if config else None, environment)
    if not path.exists():
        print_line(f"There are no settings; {one_line(str(path))} is where they would be.")
        return 0
    found = list(notes(roster, path))
    check_look(roster.settings)
    print_line(f"The settings {one_line(str(path))} are valid.")
    for note in found:
        print_line(f"Note: {one_line(note)}.")
    return 0


def init(config: Path | None, environment: Mapping[str, str], *, force: bool) -> int:
    """Write settings that set nothing. Raises UsageError if there are some, unless `force`."""
    path = config or config_file(environment)
    _write_template(path, force=force)
    print_line(
        f"{one_line(str(path))} explains every setting and sets none; rill config edit opens it."
    )
    return 0


def edit(config: Path | None, environment: Mapping[str, str], check_look: CheckLook) -> int:
    """Open the settings in the user's editor until they are valid, or until that has to do.

    Raises UsageError: there is no editor, or it cannot be run.
    """
    path = config or config_file(environment)
    editor = _editor(environment)
    if not path.exists():
        _write_template(path, force=False)
    while True:
        _run([*editor, str(path)])
        try:
            return check(path, environment, check_look)
        except RillError as error:
            complain(str(error))
        if not _wants_to_edit_again():
            return _WRONG


def _write_template(path: Path, *, force: bool) -> None:
    make_folder(path.parent)
    # A link, as those have one who keep their settings elsewhere, stays one.
    with new_file(real_file(path), force=force) as file:
        file.write(TEMPLATE)


def _editor(environment: Mapping[str, str]) -> Sequence[str]:
    for variable in ("VISUAL", "EDITOR"):
        told = environment.get(variable, "").strip()
        if not told:
            continue
        try:
            words = shlex.split(told)
        except ValueError as error:
            raise UsageError(f"{variable} cannot be read as a command: {error}.") from error
        if words:
            return words
    for name in _EDITORS:
        if (found := shutil.which(name, path=environment.get("PATH"))) is not None:
            return [found]
    raise UsageError("There is no editor: set EDITOR to one, for instance EDITOR=nano.")


def _run(command: Sequence[str]) -> None:
    try:
        with _ctrl_c_is_the_editors():
            done = subprocess.run(command, check=False)  # noqa: S603 - the user's own
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it has a NUL in it"
        raise UsageError(f"The editor {command[0]} cannot be run: {why}.") from error
    if done.returncode:
        complain(f"{command[0]} ended with exit code {done.returncode}")


@contextmanager
def _ctrl_c_is_the_editors() -> Iterator[None]:
    """The terminal sends it to both. A handler that does nothing is not inherited."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _wants_to_edit_again() -> bool:
    if sys.stdin is None or sys.stderr is None or not sys.stdin.isatty():
        return False
    print("Edit it again? [Y/n] ", end="", file=sys.stderr, flush=True)  # noqa: T201 - a question
    answer = sys.stdin.readline()
    return bool(answer) and answer.strip().lower() in {"", "y", "yes"}


def _document(found: Sequence[Effective]) -> dict[str, object]:
    """For scripts: what is secret is `true` if it is set, `source` is null if nobody set it."""
    return {
        each.name: {
            "value": each.value,
            "source": each.source or None,
            **({} if each.line is None else {"line": each.line}),
        }
        for each in found
    }


def _table(found: Sequence[Effective]) -> Iterator[str]:
    rows = [(each.name, _shown(each), each.source) for each in found]
    names = max(len(name) for name, _, _ in rows)
    values = max(len(value) for _, value, _ in rows)
    for name, value, source in rows:
        yield f"{name:{names}}  {value:{values}}  {source}".rstrip()


def _shown(each: Effective) -> str:
    if each.note:
        return each.note
    value = each.value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return one_line(text, _VALUE_WIDTH)
