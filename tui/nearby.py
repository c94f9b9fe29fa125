"""Model servers that run on this machine and that nobody has told Rill about."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tui.catalogue import ON_THIS_MACHINE
from tui.errors import SettingsError, WireError
from tui.providers.base import Server
from tui.providers.registry import make_provider

if TYPE_CHECKING:
    from tui.roster import Roster
    from tui.wire.http import HttpClient

LIMIT = 1.0
"""Seconds that a server has; one that is there answers in a hundredth of that."""
_HERE = ("127.0.0.1", "localhost", "::1")
"""The hosts that are asked: those that no proxy is ever used for (`tui.wire.http`)."""
_OFFERED = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A server that answered: `base_url` says where, `models` are a few of its `count`.

    They are written as `provider/model`, and there is at least one.
    """

    provider: str
    base_url: str
    models: tuple[str, ...]
    count: int


async def look_around(roster: Roster, http: HttpClient) -> list[Found]:
    """The servers that list models, in the order of likelihood; takes no longer than `LIMIT`.

    No key is sent and no command for one is run, and nothing leaves this machine.
    """
    found = await asyncio.gather(*(_look(roster, name, http) for name in ON_THIS_MACHINE))
    return [each for each in found if each is not None]


async def _look(roster: Roster, name: str, http: HttpClient) -> Found | None:
    try:
        base_url, _ = roster.base_url(name)
        if urlsplit(base_url).hostname not in _HERE:
            return None
        provider = make_provider(roster.api(name), Server(name, base_url))
        async with asyncio.timeout(LIMIT):
            models = await provider.list_briefly(http)
    except (SettingsError, WireError, TimeoutError):
        return None  # nothing there, or something else: that is the usual case
    if not models:
        return None
    labels = tuple(f"{name}/{model.id}" for model in models[:_OFFERED])
    return Found(name, base_url, labels, len(models))
