"""`rill models`: what there is to talk to, asked of all providers at once or as it was kept."""

from __future__ import annotations

import json
import shutil
import sys
import time
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.catalogue import Listing, Unlisted, ask, models_of, providers_at_hand
from tui.chat.age import ago
from tui.chat.hygiene import one_line
from tui.chat.wording import count_of, tokens_words
from tui.commands.at_once import in_order, run
from tui.errors import SettingsError, UsageError
from tui.hints import nearest
from tui.output import BROKEN_PIPE, complain, give_up_output, print_text
from tui.roster import is_loopback

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence

    from tui.launch import Access
    from tui.providers.base import Model
    from tui.roster import Roster
    from tui.session import Session

_NONE = 7
_FRESH = 600.0
"""Seconds that the list of a server elsewhere is taken for today's; one's own changes any time."""
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for; without `names`, all providers at hand."""

    names: tuple[str, ...] = ()
    refresh: bool = False
    offline: bool = False
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    """A list to show; `why` the provider could not be asked for a newer one, if it was."""

    listing: Listing
    is_kept: bool = False
    why: str = ""


def list_models(access: Access, wanted: Wanted) -> int:
    """Print the models and give back the exit code.

    Raises UsageError if there is no such provider, and OutputFailed.
    """
    known = access.roster.names()
    for name in wanted.names:
        if name not in known:
            raise UsageError(f"There is no provider {name!r}; {nearest(name, known)}")
    try:
        return run(_list(access, wanted))
    except BrokenPipeError:
        give_up_output()
        return BROKEN_PIPE


async def _list(access: Access, wanted: Wanted) -> int:
    names = tuple(dict.fromkeys(wanted.names or providers_at_hand(access.roster, access.keys)))
    found: list[_Found] = []
    async with aclosing(_results(access, wanted, names)) as results:
        async for result in results:
            if isinstance(result, _Found):
                found.append(result)
                _remark(result)
                if not wanted.as_json:
                    _print_group(result, access.roster, is_first=len(found) == 1)
            elif not result.is_expected or result.provider in wanted.names:
                complain(f"{result.provider}: {result.why}")
    if wanted.as_json:
        print_text([json.dumps(list(_objects(found, access.roster)), indent=2), "\n"])
    elif not found and not wanted.names:
        complain(_nothing(wanted))
    return 0 if found else _NONE


def _nothing(wanted: Wanted) -> str:
    if wanted.offline:
        return "no list was ever kept; without --offline the providers are asked"
    return (
        "there is nothing to talk to: set a key (ANTHROPIC_API_KEY, OPENAI_API_KEY, …), name a "
        "server in the settings, or start one on this machine (Ollama, llama.cpp)"
    )


async def _results(
    access: Access, wanted: Wanted, names: Sequence[str]
) -> AsyncGenerator[_Found | Unlisted, None]:
    kept = {name: _kept(access, name) for name in names}
    if wanted.offline or all(_is_fresh(each, wanted) for each in kept.values()):
        for name, listing in kept.items():
            if listing is not None:
                yield _Found(listing, is_kept=True)
            else:
                why = "No list of it was kept."
                yield Unlisted(name, why, is_expected=name not in wanted.names)
        return
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(access.open())
        work = {name: _result(session, access, wanted, name, kept[name]) for name in names}
        what = f"asking {count_of(len(work), 'provider')}"
        results = await stack.enter_async_context(aclosing(in_order(work, what)))
        async for result in results:
            yield result


async def _result(
    session: Session, access: Access, wanted: Wanted, name: str, kept: Listing | None
) -> _Found | Unlisted:
    if kept is not None and _is_fresh(kept, wanted):
        return _Found(kept, is_kept=True)
    answer = await ask(session, access.catalogue, name)
    if isinstance(answer, Listing):
        return _Found(answer)
    if kept is None or (answer.is_expected and name not in wanted.names):
        return answer
    return _Found(kept, is_kept=True, why=answer.why)


def _kept(access: Access, name: str) -> Listing | None:
    try:
        return access.catalogue.listing(name, access.roster.base_url(name)[0])
    except SettingsError:  # it is said when the provider is asked
        return None


def _is_fresh(kept: Listing | None, wanted: Wanted) -> bool:
    if kept is None or wanted.refresh or is_loopback(kept.base_url):
        return False
    return 0 <= time.time() - kept.fetched_at < _FRESH


def _remark(found: _Found) -> None:
    listing = found.listing
    if found.why:
        when = ago(listing.fetched_at, time.time())
        complain(f"{listing.provider}: {found.why} Shown is what it listed {when}.")
    elif not listing.models:
        complain(f"{listing.provider} lists no models")


def _print_group(found: _Found, roster: Roster, *, is_first: bool) -> None:
    """A pipe gets nothing but the rows, whole; a terminal a line above them, and names that fit."""
    name = found.listing.provider
    models = models_of(roster, name, found.listing)
    rows = [_row(name, model) for model in models]
    lines = []
    if sys.stdout is not None and sys.stdout.isatty():
        rows = _fitted(rows, shutil.get_terminal_size().columns)
        lines = [] if is_first else [""]
        lines.append(_head(found, len(models)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width]
        lines.append(_GAP.join(cells).rstrip())
    print_text([f"{line}\n" for line in lines])


def _head(found: _Found, count: int) -> str:
    listing = found.listing
    words = f"{one_line(listing.provider)}: {count_of(count, 'model')}"
    return f"{words}, listed {ago(listing.fetched_at, time.time())}" if found.is_kept else words


def _row(provider: str, model: Model) -> list[str]:
    context, output = model.context_tokens, model.output_tokens
    return [
        one_line(f"{provider}/{model.id}"),
        one_line(model.name) if model.name != model.id else "",
        f"{tokens_words(context)} context" if context else "",
        f"{tokens_words(output)} output" if output else "",
        one_line(", ".join(model.abilities)),
    ]


def _fitted(rows: list[list[str]], columns: int) -> list[list[str]]:
    """With names cut as short as it takes: the ids are what one has to type."""
    if not rows:
        return rows
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    others = sum(width + len(_GAP) for index, width in enumerate(widths) if width and index != 1)
    room = columns - others
    if widths[1] <= room:
        return rows
    return [[id_, one_line(name, room) if room > 4 else "", *rest] for id_, name, *rest in rows]


def _objects(found: Sequence[_Found], roster: Roster) -> Iterator[dict[str, object]]:
    for each in found:
        provider = each.listing.provider
        for model in models_of(roster, provider, each.listing):
            yield {
                "model": f"{provider}/{model.id}",
                "provider": provider,
                "id": model.id,
                "name": model.name,
                "context_tokens": model.context_tokens,
                "output_tokens": model.output_tokens,
                "abilities": list(model.abilities),
                "listed_at": each.listing.fetched_at,
                "is_kept": each.is_kept,
            }
