"""Where a provider's key comes from: entered in the app, the environment, the settings, a command
of the user's, the system's keyring, in this order. It is never written anywhere but the keyring.
"""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from importlib import import_module
from signal import SIGKILL
from typing import TYPE_CHECKING, cast

from tui.chat.hygiene import one_line
from tui.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from tui.roster import Roster
    from tui.storage.state import Choices

    class Keyring(Protocol):
        """What we use of the package `keyring`."""

        def get_password(self, service_name: str, username: str) -> str | None:
            """The secret, `None` if there is none."""

        def set_password(self, service_name: str, username: str, password: str) -> None:
            """Keep it."""


COMMAND_LIMIT = 30.0
"""Seconds that a command has: somebody may have to touch a token."""
KEYRING_LIMIT = 10.0
"""Seconds that the keyring has: it may ask for a password in a window that nobody sees."""
_MOST_BYTES = 64 * 1024
_FAREWELL = 1.0
"""Seconds until what was killed is gone."""
_SERVICE = "rill"


class KeyFinder:
    """Finds keys, each once in a run; `forget` makes it look again. Limits are in seconds."""

    def __init__(
        self,
        roster: Roster,
        choices: Choices,
        *,
        command_limit: float = COMMAND_LIMIT,
        keyring_limit: float = KEYRING_LIMIT,
    ) -> None:
        self._roster = roster
        self._choices = choices
        self._command_limit = command_limit
        self._keyring_limit = keyring_limit
        self._locks: dict[str, asyncio.Lock] = {}
        self._entered: dict[str, str] = {}
        self._told: dict[str, str] = {}

    def enter(self, name: str, key: str) -> None:
        """Use this key of a provider for the rest of the run."""
        self._entered[name] = key

    def forget(self, name: str) -> None:
        """A key was not accepted: the command may have a newer one."""
        self._told.pop(name, None)

    def source(self, name: str) -> str:
        """Where the key would come from, `""` if nowhere; asks nobody."""
        own = self._roster[name]
        if name in self._entered:
            return "entered in the app"
        if self._roster.key_from_environment(name):
            return self._roster.key_variable(name)
        if own.api_key:
            return "api_key in the settings"
        if own.api_key_command:
            return f"api_key_command ({one_line(own.api_key_command[0], 40)})"
        return "the keyring" if name in self._choices.in_keyring else ""

    def errand(self, name: str) -> str:
        """Whom `find` would have to ask, and somebody may have to answer; `""` for nobody."""
        source = self.source(name)
        asks_somebody = source.startswith("api_key_command") or source == "the keyring"
        return f"waiting for {source}" if asks_somebody and name not in self._told else ""

    async def find(self, name: str) -> str:
        """The key, `""` if there is none.

        Raises SettingsError if there should be one: the named variable is empty, a command fails.
        """
        own = self._roster[name]
        if key := self._entered.get(name) or self._roster.key_from_environment(name):
            return key
        if own.api_key:
            return own.api_key
        # Two that want the same key must not have somebody touch a token twice.
        async with self._locks.setdefault(name, asyncio.Lock()):
            if name not in self._told:
                self._told[name] = await self._ask(name, own.api_key_command)
            return self._told[name]

    async def keep(self, name: str, key: str) -> None:
        """Put a key into the system's keyring. Raises SettingsError."""
        missing = "The package keyring is not installed: pip install 'rill-chat[keyring]'."

        def put(keyring: Keyring) -> None:
            keyring.set_password(_SERVICE, name, key)

        await _with_keyring(put, missing, self._keyring_limit)
        self._choices.keep_in_keyring(name)

    async def _ask(self, name: str, command: tuple[str, ...]) -> str:
        if command:
            return await _ask_command(name, command, self._command_limit)
        if name in self._choices.in_keyring:
            return await _ask_keyring(name, self._keyring_limit)
        return ""


async def _ask_command(name: str, command: tuple[str, ...], limit: float) -> str:
    """The first line that the user's command prints. No shell sees it, and it has no terminal."""
    shown = f"The api_key_command of {name} ({one_line(command[0], 40)})"
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # it may quote the key
            start_new_session=True,  # one that asks at the terminal would draw over the app
        )
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it has a NUL in it"
        raise SettingsError(f"{shown} cannot be run: {why}.") from error
    code: int | None = None
    try:
        async with asyncio.timeout(limit):
            out = await _read(process, shown)
            code = await process.wait()
    except TimeoutError:
        raise SettingsError(f"{shown} gave no key within {limit:g} s.") from None
    finally:
        if code is None:
            await _kill(process)
    if code:
        how = f"exit code {code}" if code > 0 else f"signal {-code}"
        raise SettingsError(f"{shown} failed with {how}; run it by hand to see why.")
    key = next(iter(out.decode("utf-8", "replace").splitlines()), "").strip()
    if not key:
        raise SettingsError(f"{shown} printed nothing; it must print the key.")
    return key


async def _read(process: asyncio.subprocess.Process, shown: str) -> bytes:
    """All of its output, which ends when everybody who has it has closed it."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    try:
        await process.stdout.readexactly(_MOST_BYTES)
    except asyncio.IncompleteReadError as error:
        return error.partial
    raise SettingsError(f"{shown} printed far more than a key.")


async def _kill(process: asyncio.subprocess.Process) -> None:
    """End a command and what it has started: that may hold its output open."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, SIGKILL)
    with suppress(TimeoutError):  # what has left the group lives on, and is not waited for
        async with asyncio.timeout(_FAREWELL):
            await process.communicate()


async def _ask_keyring(name: str, limit: float) -> str:
    missing = (
        f"The key of {name} is in the system's keyring, but the package keyring is not "
        "installed: pip install 'rill-chat[keyring]'."
    )
    found: list[str] = []

    def take(keyring: Keyring) -> None:
        found.append(keyring.get_password(_SERVICE, name) or "")

    await _with_keyring(take, missing, limit)
    return found[0]


async def _with_keyring(work: Callable[[Keyring], None], missing: str, limit: float) -> None:
    """Use the keyring, which may ask a person. Raises SettingsError, `missing` if there is none.

    The import takes a while, too: it looks for every backend there is.

    Not `asyncio.to_thread`: the end of the program would wait for what nobody answers.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[BaseException | None] = loop.create_future()

    def tell(failure: BaseException | None) -> None:
        if not done.done():
            done.set_result(failure)

    def run() -> None:
        failure: BaseException | None = None
        try:
            try:
                keyring = cast("Keyring", import_module("keyring"))  # an optional extra
            except ModuleNotFoundError as error:
                if error.name != "keyring":
                    raise
                failure = SettingsError(missing)
            else:
                work(keyring)
        except Exception as error:  # noqa: BLE001 - its backends share no base class
            failure = error
        with suppress(RuntimeError):  # nobody waits any more, and the loop is closed
            loop.call_soon_threadsafe(tell, failure)

    threading.Thread(target=run, name="rill-keyring", daemon=True).start()
    try:
        async with asyncio.timeout(limit):
            failure = await done
    except TimeoutError:
        raise SettingsError(f"The system's keyring did not answer within {limit:g} s.") from None
    if isinstance(failure, SettingsError):
        raise failure
    if failure is not None:
        words = type(failure).__name__  # its message may quote anything
        raise SettingsError(f"The system's keyring cannot be used ({words}).") from failure
