"""Where a provider's key comes from: entered in the app, the environment, the settings, a command
of the user's, the system's keyring, in this order. It is never written anywhere but the keyring.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from importlib import import_module
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
_KEYRING_LIMIT = 10.0
_SERVICE = "rill"


class KeyFinder:
    """Finds keys, each once in a run; `forget` makes it look again."""

    def __init__(self, roster: Roster, choices: Choices) -> None:
        self._roster = roster
        self._choices = choices
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

    async def find(self, name: str) -> str:
        """The key, `""` if there is none.

        Raises SettingsError if there should be one: the named variable is empty, a command fails.
        """
        own = self._roster[name]
        if key := self._entered.get(name) or self._roster.key_from_environment(name):
            return key
        if own.api_key:
            return own.api_key
        if name in self._told:
            return self._told[name]
        if own.api_key_command:
            key = await _ask_command(name, own.api_key_command)
        elif name in self._choices.in_keyring:
            key = await _ask_keyring(name)
        else:
            key = ""
        self._told[name] = key
        return key

    async def keep(self, name: str, key: str) -> None:
        """Put a key into the system's keyring. Raises SettingsError."""
        keyring = _keyring()
        if keyring is None:
            raise SettingsError(
                "The package keyring is not installed: pip install 'rill-chat[keyring]'."
            )
        await _in_thread(lambda: keyring.set_password(_SERVICE, name, key))
        self._choices.keep_in_keyring(name)


async def _ask_command(name: str, command: tuple[str, ...]) -> str:
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
    try:
        async with asyncio.timeout(COMMAND_LIMIT):
            out, _ = await process.communicate()
    except TimeoutError:
        raise SettingsError(f"{shown} gave no key within {COMMAND_LIMIT:g} s.") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            await process.wait()
    if process.returncode:
        raise SettingsError(
            f"{shown} failed with exit code {process.returncode}; run it by hand to see why."
        )
    key = next(iter(out.decode("utf-8", "replace").splitlines()), "").strip()
    if not key:
        raise SettingsError(f"{shown} printed nothing; it must print the key.")
    return key


async def _ask_keyring(name: str) -> str:
    keyring = _keyring()
    if keyring is None:
        raise SettingsError(
            f"The key of {name} is in the system's keyring, but the package keyring is not "
            "installed: pip install 'rill-chat[keyring]'."
        )
    found: list[str] = []
    await _in_thread(lambda: found.append(keyring.get_password(_SERVICE, name) or ""))
    return found[0]


async def _in_thread(work: Callable[[], object]) -> None:
    """Ask the keyring, which may ask a person. Raises SettingsError."""
    try:
        async with asyncio.timeout(_KEYRING_LIMIT):
            await asyncio.to_thread(work)
    except TimeoutError:
        raise SettingsError(
            f"The system's keyring did not answer within {_KEYRING_LIMIT:g} s."
        ) from None
    except Exception as error:  # its backends share no base class, and name no service
        words = type(error).__name__
        raise SettingsError(f"The system's keyring cannot be used ({words}).") from error


def _keyring() -> Keyring | None:
    try:
        return cast("Keyring", import_module("keyring"))  # an optional extra, and slow
    except ImportError:
        return None
