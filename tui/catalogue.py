"""The models that providers list: fetched from all of them at once, kept for when they are away."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from tui.errors import SettingsError, WireError
from tui.providers import loose
from tui.providers.base import Model
from tui.storage.state import read_state, write_state

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Sequence
    from pathlib import Path

    from tui.chat.message import JsonObject, JsonValue
    from tui.key_finding import KeyFinder
    from tui.roster import Roster
    from tui.session import Session

_LIMIT = 15.0
"""Seconds that a provider has for its list."""
_ON_THIS_MACHINE = ("ollama", "llamacpp", "lmstudio", "vllm")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a provider listed, and when (seconds since 1970)."""

    provider: str
    base_url: str
    fetched_at: float
    models: tuple[Model, ...]


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A provider that gave no list, and why; `is_expected` if nobody said that it is there."""

    provider: str
    why: str
    is_expected: bool = False


class Catalogue:
    """The lists as they are known, a file for each provider in the machine's state."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Listing | None] = {}

    def listing(self, provider: str, base_url: str) -> Listing | None:
        """What was listed there last; `None` if that is not known."""
        if provider not in self._known:
            self._known[provider] = _read(provider, read_state(self._file(provider)))
        known = self._known[provider]
        return known if known is not None and known.base_url == base_url else None

    def find(self, provider: str, base_url: str, model: str) -> Model | None:
        """What is known of a model."""
        known = self.listing(provider, base_url)
        return next((each for each in known.models if each.id == model), None) if known else None

    def keep(self, listing: Listing) -> None:
        """Remember a list."""
        self._known[listing.provider] = listing
        state: dict[str, JsonValue] = {
            "base_url": listing.base_url,
            "fetched_at": listing.fetched_at,
            "models": [
                {name: value for name, value in asdict(model).items() if value not in (None, ())}
                for model in listing.models
            ],
        }
        write_state(self._file(listing.provider), state)

    def _file(self, provider: str) -> Path:
        return self._folder / f"{quote(provider, safe='')}.json"


def providers_at_hand(roster: Roster, keys: KeyFinder) -> list[str]:
    """Those worth asking: the user's own, those with a key, and what may run on this machine."""
    return [
        name
        for name in roster.names()
        if roster.api(name) != "demo"
        and (name in roster.settings.providers or keys.source(name) or name in _ON_THIS_MACHINE)
    ]


async def fetch(
    session: Session, catalogue: Catalogue, names: Iterable[str]
) -> AsyncGenerator[Listing | Unlisted, None]:
    """Ask all of these at once, and yield what each says as it comes."""
    tasks = [asyncio.create_task(_fetch(session, name), name=f"rill-list-{name}") for name in names]
    try:
        for done in asyncio.as_completed(tasks):
            found = await done
            if isinstance(found, Listing):
                catalogue.keep(found)
            yield found
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def _fetch(session: Session, name: str) -> Listing | Unlisted:
    roster = session.roster
    try:
        target = roster.target(name, "")
        provider = await session.connect(target)
    except SettingsError as error:
        return Unlisted(name, str(error))
    try:
        async with asyncio.timeout(_LIMIT):
            models = await provider.list_models(session.http)
    except TimeoutError:
        return Unlisted(name, f"It gave no list within {_LIMIT:g} s.")
    except WireError as error:
        is_expected = name in _ON_THIS_MACHINE and name not in roster.settings.providers
        return Unlisted(name, provider.explain(error), is_expected)
    return Listing(name, target.base_url, time.time(), tuple(models))


def _read(provider: str, state: JsonObject) -> Listing | None:
    base_url, fetched_at = loose.text(state, "base_url"), state.get("fetched_at")
    if base_url is None or not isinstance(fetched_at, float):
        return None
    found = [_model(entry) for entry in loose.sequence(state, "models") if isinstance(entry, dict)]
    return Listing(provider, base_url, fetched_at, tuple(filter(None, found)))


def _model(entry: JsonObject) -> Model | None:
    if not (id_ := loose.text(entry, "id")):
        return None
    abilities: Sequence[object] = loose.sequence(entry, "abilities")
    return Model(
        id_,
        loose.text(entry, "name") or id_,
        loose.count(entry, "context_tokens"),
        loose.count(entry, "output_tokens"),
        tuple(each for each in abilities if isinstance(each, str)),
    )
