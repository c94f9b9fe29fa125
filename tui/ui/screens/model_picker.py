"""Choosing the model that a conversation goes on with."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on, work
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.catalogue import Listing, fetch, providers_at_hand
from tui.chat.age import age
from tui.chat.hygiene import one_line
from tui.chat.wording import count_of
from tui.ui.keys import Place, fixed_bindings
from tui.ui.screens.finding import FindingScreen
from tui.ui.widgets.letters import letters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.app import ComposeResult

    from tui.launch import Launch
    from tui.providers.base import Model
    from tui.session import Session

_MOST = 200
"""Rows of one provider; who has more types a letter."""
_FRESH = 3600.0
"""Seconds for which a list is taken as it was."""
_FOUND = "bold $accent"


@dataclass(frozen=True, slots=True)
class _Group:
    """A provider with what of its models fits what was typed, the best first."""

    name: str
    count: int
    models: Sequence[Model]
    note: str


class ModelPicker(FindingScreen["str | None"]):
    """Shows at once what is known, asks the providers meanwhile; gives back `provider/model`.

    A model that no list has can be typed out.
    """

    CSS_PATH = "model_picker.tcss"
    BINDINGS = [*fixed_bindings(Place.MODELS)]  # noqa: RUF012 - Textual's own way to declare them

    def __init__(self, launch: Launch, session: Session, current: str) -> None:
        super().__init__("Type letters of a model or a provider, or a whole name")
        self._launch = launch
        self._session = session
        self._current = current
        self._list = OptionList(markup=False, compact=True)
        self._list.can_focus = False
        self._labels: list[str] = []  # of the rows, "" for the head of a group
        self._query = ""
        self._asking: set[str] = set()
        self._failed: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """A line to type in, and the list."""
        with Vertical(id="models") as box:
            box.border_title = "Model"
            box.border_subtitle = "enter takes it · ctrl+r asks the providers again · esc back"
            yield self.input
            yield self._list

    def on_mount(self) -> None:
        """Show what is known, and ask for what may be newer."""
        self._fill(self._current)
        now = time.time()
        self._ask([name for name in self._names() if self._age(name, now) > _FRESH])

    def on_resize(self) -> None:
        """Break all lines anew."""
        self.call_after_refresh(lambda: self._fill(self._highlighted))

    # What a list that is found in has to do

    def find(self, query: str) -> None:
        """Show what fits."""
        self._query = query.strip()
        self._fill("" if self._query else self._current)
        self.obey()

    def has_found(self, query: str) -> bool:
        """Whether what is shown is the answer to that: it always is at once."""
        return self._query == query.strip()

    def move(self, how: str, step: int) -> None:
        """Move the highlight to a model, not beyond the ends."""
        rows = [at for at, label in enumerate(self._labels) if label]
        if not rows:
            return
        steps = {"line": step, "page": step * max(1, self._list.size.height - 2)}
        here = self._list.highlighted
        at = rows.index(here) if here in rows else 0
        match how:
            case "top":
                at = 0
            case "bottom":
                at = len(rows) - 1
            case _:
                at = max(0, min(at + steps[how], len(rows) - 1))
        self._list.highlighted = rows[at]

    @on(OptionList.OptionSelected)
    def choose(self) -> None:
        """Take the highlighted model."""
        if self.is_active and self._highlighted:
            self.dismiss(self._highlighted)

    def action_refresh_lists(self) -> None:
        """Ask all providers again, however young their lists are."""
        self._ask(self._names())

    # Lists

    def _names(self) -> list[str]:
        """The current provider first."""
        current = self._current.partition("/")[0]
        at_hand = providers_at_hand(self._launch.roster, self._launch.keys)
        return [*([current] if current in at_hand else []), *(n for n in at_hand if n != current)]

    def _listing(self, name: str) -> Listing | None:
        return self._launch.catalogue.listing(name, self._launch.roster.base_url(name)[0])

    def _age(self, name: str, now: float) -> float:
        listing = self._listing(name)
        return now - listing.fetched_at if listing else float("inf")

    @work(exclusive=True, group="lists", description="lists of models", exit_on_error=False)
    async def _ask(self, names: Sequence[str]) -> None:
        self._asking = set(names)
        self._fill(self._highlighted)
        async for found in fetch(self._session, self._launch.catalogue, names):
            self._asking.discard(found.provider)
            self._failed.pop(found.provider, None)
            if not isinstance(found, Listing):
                self._failed[found.provider] = "" if found.is_expected else found.why
            self._fill(self._highlighted)

    # Rows

    @property
    def _highlighted(self) -> str:
        at = self._list.highlighted
        return self._labels[at] if at is not None and at < len(self._labels) else ""

    def _fill(self, highlighted: str) -> None:
        width = max(30, self._list.scrollable_content_region.width - 2)
        options: list[Option] = []
        labels: list[str] = []
        for group in self._groups():
            if options:
                options.append(Option("", disabled=True))
                labels.append("")
            options.append(Option(self._head(group), disabled=True))
            labels.append("")
            for model in group.models:
                label = f"{group.name}/{model.id}"
                options.append(Option(self._row(label, model, width)))
                labels.append(label)
        if (typed := self._typed()) and typed not in labels:
            options += [Option("", disabled=True), Option(Content(f"  Use {one_line(typed)}"))]
            labels += ["", typed]
        first = next((at for at, label in enumerate(labels) if label), None)
        is_there = bool(highlighted) and highlighted in labels
        with self.app.batch_update():
            self._list.clear_options()
            self._labels = labels
            self._list.add_options(options)
            self._list.highlighted = labels.index(highlighted) if is_there else first
            if not is_there:
                self._list.scroll_home(animate=False)

    def _groups(self) -> Iterator[_Group]:
        now = time.time()
        for name in self._names():
            listing = self._listing(name)
            models = listing.models if listing else ()
            fitting = _fitting(name, models, self._query)
            why = self._failed.get(name)
            if (self._query and not fitting) or (not models and why == ""):
                continue
            if name in self._asking:
                note = "asking …"
            elif why:
                note = why if not models else f"as of {self._when(listing, now)}; {why}"
            else:
                note = self._when(listing, now) if listing else ""
            yield _Group(name, len(models), fitting[:_MOST], note)

    def _when(self, listing: Listing | None, now: float) -> str:
        return age(listing.fetched_at, now) if listing else ""

    def _typed(self) -> str:
        """What was typed, as the name of a model."""
        name, slash, model = self._query.partition("/")
        if slash and name in self._launch.roster.names():
            return self._query if model else ""
        current = self._current.partition("/")[0]
        return f"{current}/{self._query}" if self._query else ""

    def _head(self, group: _Group) -> Content:
        words = f"  {count_of(group.count, 'model')}" if group.count else ""
        if len(group.models) == _MOST < group.count:
            words += f", {_MOST} of them here"
        note = f" · {one_line(group.note)}" if group.note else ""
        return Content.assemble(
            (one_line(group.name), "bold $primary"), (words + note, "$foreground-muted")
        )

    def _row(self, label: str, model: Model, width: int) -> Content:
        mark = "● " if label == self._current else "  "
        told = f"{' '.join(model.abilities)} {_size(model.context_tokens):>6}"
        room = max(10, width - len(mark) - len(told) - 2)
        name = one_line(model.id, room)
        text = Content(name)
        for begin, end in letters(name, self._query.rpartition("/")[2] or self._query):
            text = text.stylize(_FOUND, begin, end)
        gap = " " * max(1, room - text.cell_length + 2)
        return Content.assemble((mark, "$accent"), text, gap, (told, "$foreground-muted"))


def _fitting(provider: str, models: Sequence[Model], query: str) -> list[Model]:
    """Those that have the letters of the query in this order; in one piece comes first."""
    wanted = query.lower().replace(" ", "")
    if not wanted:
        return list(models)
    ranked = []
    for at, model in enumerate(models):
        rank = _rank(f"{provider}/{model.id}".lower(), wanted, len(provider) + 1)
        if rank is None:
            rank = _rank(model.name.lower().replace(" ", ""), wanted, 0)
        if rank is not None:
            ranked.append((rank, at, model))
    return [model for _, _, model in sorted(ranked, key=lambda each: each[:2])]


def _rank(text: str, wanted: str, begin: int) -> int | None:
    if text.startswith(wanted, begin):
        return 0
    if wanted in text:
        return 1
    # The fewer pieces the better: `q14` means qwen3-14b before it means qwen3-1b-q4.
    return len(letters(text[begin:], wanted)) or len(letters(text, wanted)) or None


def _size(tokens: int | None) -> str:
    """How long a context is: `128k`, `1M`."""
    if tokens is None:
        return ""
    if tokens < 1_000_000:
        return f"{tokens / 1000:.0f}k" if tokens >= 1000 else f"{tokens}"
    return f"{tokens / 1_000_000:.1f}M".replace(".0M", "M")
