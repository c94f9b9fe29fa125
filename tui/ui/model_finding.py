"""Finding models by some of the letters of their names, in thousands of them at every key."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tui.storage.words import fold
from tui.ui.widgets.letters import in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.providers.base import Model


@dataclass(frozen=True, slots=True)
class Findable:
    """A model with its names as they are compared; `id_at` is where in `label` its id begins."""

    model: Model
    label: str
    name: str
    id_at: int


def findable(provider: str, models: Sequence[Model]) -> list[Findable]:
    """The models of a provider, to be found in again and again."""
    begin = len(fold(f"{provider}/"))
    return [
        Findable(model, fold(f"{provider}/{model.id}"), _squeezed(model.name), begin)
        for model in models
    ]


def fitting(models: Sequence[Findable], query: str) -> list[Model]:
    """Those that have the letters of the query in this order; in one piece comes first."""
    wanted = _squeezed(query)
    if not wanted:
        return [each.model for each in models]
    ranked = []
    for at, each in enumerate(models):
        rank = _rank(each.label, wanted, each.id_at) or _rank(each.name, wanted, 0)
        if rank:
            ranked.append((rank, at))
    return [models[at].model for _, at in sorted(ranked)]


def _squeezed(text: str) -> str:
    return fold(text).replace(" ", "")


def _rank(text: str, wanted: str, begin: int) -> int:
    """The lower the better, 0 if it does not fit at all."""
    if text.startswith(wanted, begin):
        return 1
    if wanted in text:
        return 2
    # The fewer pieces the better: `q14` means qwen3-14b before it means qwen3-1b-q4.
    places = in_order(text[begin:], wanted) or in_order(text, wanted)
    breaks = sum(after != before + 1 for before, after in pairwise(places))
    return 2 + breaks if places else 0
