"""The models that providers list: fetched from all of them at once, kept for when they are away."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING
from urllib.parse import quote

from tui.errors import ConnectionStalled, ServerRefused, SettingsError, WireError
from tui.providers import loose
from tui.providers.base import Model
from tui.roster import DEFAULT
from tui.storage.state import read_state, write_state

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable
    from pathlib import Path

    from tui.chat.message import JsonObject, JsonValue
    from tui.key_finding import KeyFinder
    from tui.providers.base import Provider
    from tui.roster import Roster
    from tui.session import Session
    from tui.wire.http import HttpClient

_LIMIT = 15.0
"""Seconds that a provider has for its list."""
ON_THIS_MACHINE = ("ollama", "llamacpp", "lmstudio", "vllm")
"""The providers that may run here without anybody having said so."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a provider listed, and when (seconds since 1970)."""

    provider: str
    base_url: str
    fetched_at: float
    models: tuple[Model, ...]


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A provider that gave no list, and why in a sentence.

    `is_expected` if nobody said that it is there: another program may use its port, too.
    """

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
    """Those worth asking: the user's own, those with a key or an address, and what may run here."""
    return [
        name
        for name in roster.names()
        if roster.api(name) != "demo"
        and (
            name in ON_THIS_MACHINE
            or name in roster.settings.providers
            or roster.is_moved(name)
            or keys.source(name)
        )
    ]


def models_of(roster: Roster, name: str, listing: Listing | None) -> tuple[Model, ...]:
    """The models of a provider: those it lists, then those that stand in the settings alone.

    Sizes that it does not tell may stand in the settings, too.
    """
    own = roster[name].models
    listed = listing.models if listing else ()
    ids = {model.id for model in listed}
    alone = [Model(id_, id_) for id_ in own if id_ not in ids]
    return tuple(
        replace(
            model,
            context_tokens=model.context_tokens or own[model.id].context,
            output_tokens=model.output_tokens or own[model.id].output,
        )
        if model.id in own
        else model
        for model in (*listed, *alone)
    )


def is_guess(roster: Roster, name: str) -> bool:
    """Whether it is only tried because it may run on this machine. Raises SettingsError."""
    return (
        name in ON_THIS_MACHINE
        and name not in roster.settings.providers
        and roster.base_url(name)[1] == DEFAULT
    )


async def ask(session: Session, catalogue: Catalogue, name: str) -> Listing | Unlisted:
    """Ask one provider for its list, and keep that."""
    is_expected = False
    try:
        is_expected = is_guess(session.roster, name)
        target = session.roster.target(name, "")
        provider = await session.connect(target)
        try:
            listing = await list_models(provider, target.base_url, session.http)
        except WireError as error:
            if isinstance(error, ServerRefused) and error.status == 401:
                session.keys.forget(name)  # a command may have a newer one the next time
            return Unlisted(name, provider.explain(error), is_expected)
    except SettingsError as error:
        return Unlisted(name, str(error), is_expected)
    if is_expected and not listing.models:
        return Unlisted(name, f"{provider.address} lists no models.", is_expected)
    catalogue.keep(listing)
    return listing


async def fetch(
    session: Session, catalogue: Catalogue, names: Iterable[str]
) -> AsyncGenerator[Listing | Unlisted, None]:
    """Ask all of these at once, and yield what each says as it comes.

    Use it inside `contextlib.aclosing`: leaving early closes the requests.
    """
    tasks = [asyncio.create_task(ask(session, catalogue, name)) for name in names]
    try:
        for done in asyncio.as_completed(tasks):
            yield await done
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def list_models(provider: Provider, base_url: str, http: HttpClient) -> Listing:
    """A provider's list as it is now. Raises SettingsError and WireError."""
    try:
        async with asyncio.timeout(_LIMIT):
            models = await provider.list_models(http)
    except TimeoutError:
        words = f"{provider.address} gave no list within {_LIMIT:g} s."
        raise ConnectionStalled(words, _LIMIT) from None
    return Listing(provider.name, base_url, time.time(), tuple(models))


def _read(provider: str, state: JsonObject) -> Listing | None:
    base_url, fetched_at = loose.text(state, "base_url"), state.get("fetched_at")
    if base_url is None or not isinstance(fetched_at, float) or not isfinite(fetched_at):
        return None
    found = [_model(entry) for entry in loose.sequence(state, "models") if isinstance(entry, dict)]
    return Listing(provider, base_url, fetched_at, tuple(filter(None, found)))


def _model(entry: JsonObject) -> Model | None:
    if not (id_ := loose.text(entry, "id")):
        return None
    return Model(
        id_,
        loose.text(entry, "name") or id_,
        loose.count(entry, "context_tokens"),
        loose.count(entry, "output_tokens"),
        tuple(each for each in loose.sequence(entry, "abilities") if isinstance(each, str)),
    )
