"""Where keys come from, and what becomes of a command or a keyring that does not work."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tests.launches import make_finder
from tui.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from tui.key_finding import KeyFinder

KEY = "sk-found-0123456789"


def commanded(folder: Path, code: str, **more: object) -> KeyFinder:
    """A finder that asks a Python program for the key of `mine`."""
    return asking(folder, sys.executable, "-c", code, **more)


def asking(folder: Path, *command: str, **more: object) -> KeyFinder:
    words = ", ".join(f'"{_escaped(word)}"' for word in command)
    settings = f'[providers.mine]\napi = "anthropic"\napi_key_command = [{words}]'
    return make_finder(folder, settings, **more)


def _escaped(text: str) -> str:
    return "".join(
        char if char.isalnum() or char in " /.-" else f"\\u{ord(char):04x}" for char in text
    )


async def why(finder: KeyFinder, name: str = "mine") -> str:
    """The sentence that there is no key, without the key in it."""
    with pytest.raises(SettingsError) as caught:
        await finder.find(name)
    assert KEY not in str(caught.value)
    return str(caught.value)


# Which one counts


async def test_an_entered_key_wins_over_the_environment_and_that_over_the_settings(
    tmp_path: Path,
) -> None:
    settings = '[providers.openai]\napi_key = "written"'
    finder = make_finder(tmp_path, settings, environment={"OPENAI_API_KEY": "told"})
    assert (await finder.find("openai"), finder.source("openai")) == ("told", "OPENAI_API_KEY")
    finder.enter("openai", "entered")
    assert await finder.find("openai") == "entered"
    assert finder.source("openai") == "entered in the app"
    finder = make_finder(tmp_path, settings)
    assert await finder.find("openai") == "written"
    assert finder.source("openai") == "api_key in the settings"


async def test_nobody_has_a_key(tmp_path: Path) -> None:
    finder = make_finder(tmp_path, environment={"OPENAI_API_KEY": " \n"})
    assert (await finder.find("openai"), finder.source("openai")) == ("", "")


async def test_a_key_that_stands_in_the_settings_wins_over_a_command(tmp_path: Path) -> None:
    settings = '[providers.openai]\napi_key = "k"\napi_key_command = ["/nowhere/at/all"]'
    assert await make_finder(tmp_path, settings).find("openai") == "k"


async def test_a_source_is_named_without_asking_it(tmp_path: Path) -> None:
    finder = asking(tmp_path, "/nowhere/at/all", "show", "it")
    assert finder.source("mine") == "api_key_command (/nowhere/at/all)"


# Commands


@pytest.mark.parametrize(
    "code",
    [
        f"print('{KEY}')",
        f"print('{KEY}', end='')",
        f"print('  {KEY}\\t\\r')",
        f"print('{KEY}\\nuser: me\\nurl: x')",
        f"import sys; print('{KEY}'); print('a warning', file=sys.stderr)",
        f"import sys; print('{KEY}' if sys.stdin.read() == '' else 'a stdin')",
        f"import os; print('{KEY}' if os.getsid(0) == os.getpid() else 'a terminal')",
    ],
)
async def test_the_first_line_that_a_command_prints_is_the_key(tmp_path: Path, code: str) -> None:
    assert await commanded(tmp_path, code).find("mine") == KEY


async def test_no_shell_sees_the_command(tmp_path: Path) -> None:
    words = ("$HOME", "*", "`id`", "a b", "; exit 1", "~", "'", '"')
    code = "import sys; print('|'.join(sys.argv[1:]))"
    finder = asking(tmp_path, sys.executable, "-c", code, *words)
    assert await finder.find("mine") == "|".join(words)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (f"print('{KEY}'); raise SystemExit(3)", "failed with exit code 3; run it by hand"),
        (f"import sys; sys.exit('no {KEY}')", "failed with exit code 1; run it by hand"),
        ("import os; os.kill(os.getpid(), 15)", "failed with signal 15; run it by hand"),
        ("", "printed nothing; it must print the key."),
        (f"print('\\n{KEY}')", "printed nothing; it must print the key."),
        ("while True: print('y' * 1000)", "printed far more than a key."),
    ],
)
async def test_a_command_that_gives_no_key_is_one_sentence(
    tmp_path: Path, code: str, words: str
) -> None:
    complaint = await why(commanded(tmp_path, code))
    # A long path is shown by its beginning.
    assert complaint.startswith(f"The api_key_command of mine ({sys.executable[:30]}")
    assert words in complaint
    assert "\n" not in complaint


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("/nowhere/at/all", "cannot be run: No such file or directory."),
        ("no-such-program-anywhere", "cannot be run: No such file or directory."),
        ("/", "cannot be run: Permission denied."),
        ("a\x00b", "(a␀b) cannot be run: it has a NUL in it."),
        ("/nowhere/" + "x" * 300, "cannot be run: "),
    ],
)
async def test_a_command_that_cannot_be_run_is_one_sentence(
    tmp_path: Path, program: str, words: str
) -> None:
    complaint = await why(asking(tmp_path, program))
    assert words in complaint
    assert len(complaint) < 200


async def test_a_command_without_an_end_is_ended(tmp_path: Path) -> None:
    complaint = await why(commanded(tmp_path, "import signal; signal.pause()", command_limit=0.5))
    assert complaint.endswith("gave no key within 0.5 s.")


LEAVES_SOMETHING_BEHIND = """
import os, signal
if os.fork() == 0:
    os.open({fifo!r}, os.O_WRONLY)
    signal.pause()
"""


async def test_what_a_command_has_left_behind_is_ended_too(tmp_path: Path) -> None:
    """It holds the output open, so the key may still be coming."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    read = asyncio.create_task(asyncio.to_thread(fifo.read_bytes))
    finder = commanded(tmp_path, LEAVES_SOMETHING_BEHIND.format(fifo=str(fifo)), command_limit=1.0)
    assert "gave no key within 1 s." in await why(finder)
    assert await read == b""  # whoever had it open for writing is gone


async def test_a_command_is_ended_when_nobody_wants_the_key_any_more(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    code = f"import signal; fifo = open({str(fifo)!r}, 'w'); fifo.write('x'); fifo.flush()"
    finder = commanded(tmp_path, f"{code}; signal.pause()")
    finding = asyncio.create_task(finder.find("mine"))
    with await asyncio.to_thread(fifo.open) as file:
        assert await asyncio.to_thread(file.read, 1) == "x"
        finding.cancel()
        assert await asyncio.to_thread(file.read) == ""
    await asyncio.wait({finding})
    assert finding.cancelled()


async def test_a_command_is_run_once_also_for_two_at_once_until_its_key_is_refused(
    tmp_path: Path,
) -> None:
    count = tmp_path / "count"
    code = f"f = open({str(count)!r}, 'a'); f.write('x'); f.close(); print('{KEY}')"
    finder = commanded(tmp_path, code)
    assert await asyncio.gather(finder.find("mine"), finder.find("mine")) == [KEY, KEY]
    assert await finder.find("mine") == KEY
    assert count.read_text() == "x"
    finder.forget("mine")
    assert await finder.find("mine") == KEY
    assert count.read_text() == "xx"


async def test_a_command_that_failed_is_asked_again(tmp_path: Path) -> None:
    there = tmp_path / "there"
    finder = commanded(tmp_path, f"print(open({str(there)!r}).read())")
    await why(finder)
    there.write_text(KEY)
    assert await finder.find("mine") == KEY


# The keyring

FAKE_KEYRING = """
import json, pathlib
_file = pathlib.Path(__file__).with_name("keyring.json")

def get_password(service_name, username):
    known = json.loads(_file.read_text()) if _file.exists() else {}
    return known.get(f"{service_name}/{username}")

def set_password(service_name, username, password):
    _file.write_text(json.dumps({f"{service_name}/{username}": password}))
"""


def install_keyring(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Put a package of that name where Python finds it first."""
    (folder / "keyring.py").write_text(code)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "keyring", raising=False)


@pytest.fixture(autouse=True)
def _own_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that of the person who runs the tests; what they import is forgotten at their end."""
    monkeypatch.setitem(sys.modules, "keyring", None)


async def test_a_kept_key_is_found_in_the_keyring_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_keyring(tmp_path, monkeypatch, FAKE_KEYRING)
    finder = make_finder(tmp_path / "state")
    assert finder.source("openai") == ""
    await finder.keep("openai", KEY)
    finder = make_finder(tmp_path / "state")
    assert (await finder.find("openai"), finder.source("openai")) == (KEY, "the keyring")
    assert (await finder.find("groq"), finder.source("groq")) == ("", "")
    assert all(KEY not in file.read_text() for file in (tmp_path / "state").iterdir())


async def test_a_key_that_somebody_took_out_of_the_keyring_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_keyring(tmp_path, monkeypatch, FAKE_KEYRING)
    await make_finder(tmp_path / "state").keep("openai", KEY)
    (tmp_path / "keyring.json").unlink()
    assert await make_finder(tmp_path / "state").find("openai") == ""


async def test_without_the_package_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder = make_finder(tmp_path / "state")
    remedy = "not installed: pip install 'rill-chat[keyring]'."
    with pytest.raises(SettingsError, match=r"^The package keyring is") as caught:
        await finder.keep("openai", KEY)
    assert str(caught.value).endswith(remedy)
    assert finder.source("openai") == ""

    with monkeypatch.context() as patch:
        install_keyring(tmp_path, patch, FAKE_KEYRING)
        await finder.keep("openai", KEY)
    complaint = await why(make_finder(tmp_path / "state"), "openai")
    assert complaint.startswith("The key of openai is in the system's keyring, but the package")
    assert complaint.endswith(remedy)


async def test_a_keyring_that_fails_is_one_sentence_without_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"""
class KeyringLocked(Exception): pass
def set_password(*_): raise KeyringLocked('{KEY}')
"""
    install_keyring(tmp_path, monkeypatch, code)
    finder = make_finder(tmp_path / "state")
    with pytest.raises(SettingsError) as caught:
        await finder.keep("openai", KEY)
    assert str(caught.value) == "The system's keyring cannot be used (KeyringLocked)."
    assert finder.source("openai") == ""


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("raise RuntimeError('no bus')", "RuntimeError"),
        ("import nowhere_to_be_found", "ModuleNotFoundError"),
        ("from keyring import backend", "ImportError"),
    ],
)
async def test_a_keyring_that_breaks_while_it_is_loaded_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, error: str
) -> None:
    install_keyring(tmp_path, monkeypatch, FAKE_KEYRING)
    await make_finder(tmp_path / "state").keep("openai", KEY)
    (tmp_path / "broken").mkdir()
    install_keyring(tmp_path / "broken", monkeypatch, code)
    complaint = await why(make_finder(tmp_path / "state"), "openai")
    assert complaint == f"The system's keyring cannot be used ({error})."


async def test_a_keyring_that_takes_long_to_load_stops_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"import threading\nloaded_in = threading.current_thread()\n{FAKE_KEYRING}"
    install_keyring(tmp_path, monkeypatch, code)
    await make_finder(tmp_path / "state").keep("openai", KEY)
    import keyring  # noqa: PLC0415 - ours

    assert keyring.loaded_in is not threading.current_thread()


async def test_a_keyring_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks for a password in a window that nobody sees."""
    install_keyring(tmp_path, monkeypatch, "import threading\nanswer = threading.Event()\n")
    import keyring  # noqa: PLC0415 - ours

    keyring.set_password = lambda *_: keyring.answer.wait()
    finder = make_finder(tmp_path / "state", keyring_limit=0.1)
    with pytest.raises(SettingsError, match=r"did not answer within 0\.1 s\.$"):
        await finder.keep("openai", KEY)
    waiting = [each for each in threading.enumerate() if each.name == "rill-keyring"]
    assert all(each.daemon for each in waiting)  # else the end of the program would wait
    keyring.answer.set()
    for each in waiting:
        each.join()
