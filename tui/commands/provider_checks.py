"""What `rill doctor` asks of the providers: their lists of models, and a reply of one token.

All of them are asked at once. Each costs its owner next to nothing, but not nothing.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import aclosing, closing
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tui.catalogue import is_guess, list_models, providers_at_hand
from tui.chat.conversation import Conversation
from tui.chat.ending import Outcome
from tui.chat.events import TextDelta, ThinkingDelta
from tui.chat.message import Message, TokenLimit
from tui.chat.reply import Reply
from tui.chat.wording import count_of, ending_sentence
from tui.commands.at_once import in_order
from tui.commands.checks import Finding, Level
from tui.errors import ConnectionFailed, HistoryError, ServerRefused, SettingsError, WireError
from tui.providers.base import ReplyOptions
from tui.providers.stream_reply import stream_reply
from tui.roster import is_loopback
from tui.storage.reading_out import open_unchanged
from tui.storage.reads import recent_models

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from tui.catalogue import Listing
    from tui.launch import Access
    from tui.providers.http_provider import HttpProvider
    from tui.roster import Target
    from tui.session import Session
    from tui.wire.http import HttpClient

_REPLY_LIMIT = 60.0
"""Seconds; a local server may have to load the model first."""
_LEAST, _MORE = 1, 256
"""Tokens: models that think may refuse a limit that leaves no room for it, some APIs a low one."""
_LIMIT_REFUSED = (400, 422)
_NO_LIST = (404, 405, 501)
"""What servers answer that have no list of models."""


async def check_providers(access: Access, history: Path) -> AsyncGenerator[Finding, None]:
    """What is to be said of all providers at hand, in the order of the settings."""
    names = providers_at_hand(access.roster, access.keys)
    used = _used_last(history)
    is_any = False
    async with access.open() as session:
        work = {name: _Visit(session, access, name).findings(used.get(name, "")) for name in names}
        what = f"asking {count_of(len(names), 'provider')}"
        async with aclosing(in_order(work, what)) as visits:
            async for findings in visits:
                for finding in findings:
                    is_any = True
                    yield finding
    if not is_any:
        yield Finding(
            *(Level.NOTE, "There is no key for any provider, and no model server on this machine"),
            "until then Rill talks to its demo",
        )


@dataclass(frozen=True, slots=True)
class _Visit:
    """One provider, looked at once."""

    session: Session
    access: Access
    name: str

    async def findings(self, used_last: str) -> list[Finding]:
        """A line or two; none for a server that is only tried because it might run here."""
        try:
            is_guessed = is_guess(self.access.roster, self.name)
            target = self.access.roster.target(self.name, "")
            provider = await self.session.connect(target)
        except SettingsError as error:
            return [_bad(f"{self.name}: {error}")]
        begun = perf_counter()
        try:
            listing = await list_models(provider, target.base_url, self.session.http)
        except SettingsError as error:
            return [_bad(f"{self.name}: {error}")]
        except WireError as error:
            if is_guessed:
                return []
            model = self._model(None, used_last)
            if isinstance(error, ServerRefused) and error.status in _NO_LIST and model:
                words = f"{self.name} at {target.address} gives no list of its models"
                return [Finding(Level.NOTE, words), await self._reply(provider, target, model)]
            return [_bad(f"{self.name}: {provider.explain(error)}", self._remedy(target, error))]
        if is_guessed and not listing.models:
            return []
        self.access.catalogue.keep(listing)
        listed = self._listed(target, listing, perf_counter() - begun)
        if not (model := self._model(listing, used_last)):
            return [Finding(Level.NOTE, f"{listed}, so it was asked for no reply")]
        reply = await self._reply(provider, target, model)
        if is_guessed and reply.level is Level.BAD:  # nobody has asked for that server
            reply = replace(reply, level=Level.NOTE)
        return [Finding(Level.GOOD, listed), reply]

    def _listed(self, target: Target, listing: Listing, took: float) -> str:
        source = self.access.keys.source(self.name)
        key = f", key from {source}" if source else ""
        count = count_of(len(listing.models), "model")
        return f"{self.name} at {target.address} lists {count} ({_seconds(took)}{key})"

    def _model(self, listing: Listing | None, used_last: str) -> str:
        """Which model to ask: the default, one of the settings, the one used last, the first."""
        own = self.access.roster[self.name].models
        provider, _, default = self.access.default_model.partition("/")
        first = listing.models[0].id if listing and listing.models else ""
        return (default if provider == self.name else "") or next(iter(own), used_last or first)

    async def _reply(self, provider: HttpProvider, target: Target, model: str) -> Finding:
        """Whether the model answers, by the least that it can be asked for."""
        label = f"{self.name}/{model}"
        try:
            async with asyncio.timeout(_REPLY_LIMIT):
                reply = await _ask(provider, model, _LEAST, self.session.http)
                if reply.status in _LIMIT_REFUSED:
                    reply = await _ask(provider, model, _MORE, self.session.http)
        except TimeoutError:
            return _bad(f"{label} gave no whole reply within {_REPLY_LIMIT:g} s")
        if not reply.is_complete:
            words = f"{label}: {ending_sentence(reply.message)}"
            return _bad(words, self._remedy_of_status(target, reply.status, model))
        first = "no text" if reply.first is None else f"first token after {_seconds(reply.first)}"
        return Finding(Level.GOOD, f"{label} replies ({first}, end after {_seconds(reply.whole)})")

    def _remedy(self, target: Target, error: WireError) -> str:
        by = target.set_by["base_url"]
        match error:
            case ServerRefused():
                return self._remedy_of_status(target, error.status)
            case ConnectionFailed() if is_loopback(target.base_url):
                return f"start it, or correct the base URL ({by})"
            case _:
                return ""

    def _remedy_of_status(self, target: Target, status: int | None, model: str = "") -> str:
        has_path = urlsplit(target.base_url).path.strip("/")
        url = f"{target.base_url} ({target.set_by['base_url']})"
        match status:
            case 401 | 403 if source := self.access.keys.source(self.name):
                return f"check the key, which comes from {source}"
            case 401 | 403:
                variable = self.access.roster.key_variable(self.name)
                return (
                    f"it wants a key: set {variable or f'api_key_env in [providers.{self.name}]'}"
                )
            case 404 | 405 if target.api.startswith("openai") and not has_path:
                return f"the base URL {url} probably lacks /v1 at its end"
            case 404 if model:
                return f"is there such a model? rill models {self.name} lists them"
            case 404 | 405:
                return f"check the base URL {url}"
            case _:
                return ""


@dataclass(frozen=True, slots=True)
class _Answer:
    """A reply, and how many seconds it took: to its first token, if any came, and to its end."""

    message: Message
    first: float | None
    whole: float

    @property
    def is_complete(self) -> bool:
        return self.message.ending is not None and (self.message.ending.outcome is Outcome.COMPLETE)

    @property
    def status(self) -> int | None:
        """The HTTP status of a refusal."""
        ending = self.message.ending
        return ending.error.status if ending and ending.error else None


async def _ask(provider: HttpProvider, model: str, tokens: int, http: HttpClient) -> _Answer:
    conversation = Conversation()
    conversation.append(Message.from_user("Hi"))
    limit = TokenLimit(tokens, "rill doctor")
    reply = Reply(provider=provider.name, model=model, limit=limit)
    begun, first = perf_counter(), None
    events = stream_reply(provider, conversation, ReplyOptions(model, limit), http)
    async with aclosing(events):
        async for event in events:
            if first is None and isinstance(event, TextDelta | ThinkingDelta):
                first = perf_counter() - begun
            reply.apply(event)
    return _Answer(reply.message(), first, perf_counter() - begun)


def _bad(words: str, remedy: str = "") -> Finding:
    if words.endswith("?") and remedy:
        return Finding(Level.BAD, f"{words} {remedy[0].upper()}{remedy[1:]}")
    return Finding(Level.BAD, words.removesuffix("."), remedy)


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"


def _used_last(history: Path) -> dict[str, str]:
    """The model of the newest reply of each provider; a damaged history knows none."""
    if not history.exists():
        return {}
    try:
        with closing(open_unchanged(history)) as db:  # to look must not bring it up to date
            return recent_models(db)
    except (HistoryError, sqlite3.Error):
        return {}
