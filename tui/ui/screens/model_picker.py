"""Choosing the model that a conversation goes on with."""

from __future__ import annotations

import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on, work
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.catalogue import Unlisted, fetch, models_of, providers_at_hand
from tui.chat.age import age
from tui.chat.hygiene import one_line
from tui.chat.wording import count_of
from tui.errors import SettingsError
from tui.roster import DEFAULT_MODEL
from tui.ui.keys import Place, fixed_bindings
from tui.ui.model_finding import findable, fitting
from tui.ui.screens.finding import FindingScreen
from tui.ui.widgets.letters import letters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.app import ComposeResult

    from tui.launch import Launch
    from tui.providers.base import Model
    from tui.session import Session
    from tui.ui.model_finding import Findable

_MOST = 200
"""Rows of all providers together; who has more types a letter."""
_LEAST = 20
"""Rows of one provider, however many others there are."""
_FRESH = 3600.0
"""Seconds for which a list is taken as it was."""
_FOUND = "bold $accent"
_MARK = 2
"""Cells before every name."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What there is to choose from at a provider; `why` it cannot be said where that is."""

    models: Sequence[Findable]
    fetched_at: float | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Group:
    """A provider with what of its models fits what was typed, the best first."""

    name: str
    count: int
    models: Sequence[Model]
    note: str


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the list.

    `label` is the `provider/model` that it stands for, `provider/` if the model is still to be
    typed, and `""` if the line cannot be chosen.
    """

    content: Content
    label: str = ""


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
        at_hand = providers_at_hand(launch.roster, launch.keys)
        own = current.partition("/")[0]
        self._names = sorted(at_hand, key=lambda name: name != own)
        self._keyless = [
            name
            for name in launch.roster.names()
            if name not in at_hand and launch.roster.api(name) != "demo"
        ]
        self._known: dict[str, _Known] = {}
        self._labels: list[str] = []
        self._query = ""
        self._shown: str | None = None  # the query that the rows answer
        self._is_stale = False
        self._asking: set[str] = set()
        self._failed: dict[str, Unlisted] = {}

    def compose(self) -> ComposeResult:
        """A line to type in, and the list."""
        with Vertical(id="models") as box:
            box.border_title = "Model"
            box.border_subtitle = "enter takes it · ctrl+r asks the providers again · esc back"
            yield self.input
            yield self._list

    def on_mount(self) -> None:
        """Show what is known, and ask for what may be newer."""
        for name in self._names:
            self._learn(name)
        now = time.time()
        self._ask([name for name, known in self._known.items() if not _is_fresh(known, now)])

    def on_resize(self) -> None:
        """Break all lines anew."""
        self._refill()

    # What a list that is found in has to do

    def find(self, query: str) -> None:
        """Show what fits."""
        self._query = query.strip()
        self._refill()

    def has_found(self, query: str) -> bool:
        """Whether what is shown is the answer to that."""
        return self._shown == query.strip()

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
        """Take the highlighted model; of a provider alone the model is still to be typed."""
        chosen = self._highlighted
        if not self.is_active or not chosen:
            return
        if chosen.endswith("/"):
            self.input.value = chosen
            self.input.cursor_position = len(chosen)
        else:
            self.dismiss(chosen)

    def action_refresh_lists(self) -> None:
        """Ask all providers again, however young their lists are."""
        self._ask(self._names)

    # Lists

    def _learn(self, name: str) -> None:
        """Look what is known of a provider."""
        roster = self._launch.roster
        listing, why = None, ""
        try:
            listing = self._launch.catalogue.listing(name, roster.base_url(name)[0])
        except SettingsError as error:
            why = str(error)
        models = findable(name, models_of(roster, name, listing))
        self._known[name] = _Known(models, listing.fetched_at if listing else None, why)

    @work(exclusive=True, group="lists", description="lists of models", exit_on_error=False)
    async def _ask(self, names: Sequence[str]) -> None:
        self._asking = set(names)
        self._refill()
        async with aclosing(fetch(self._session, self._launch.catalogue, names)) as answers:
            async for found in answers:
                self._asking.discard(found.provider)
                self._failed.pop(found.provider, None)
                if isinstance(found, Unlisted):
                    self._failed[found.provider] = found
                else:
                    self._learn(found.provider)
                self._refill()

    # Rows

    @property
    def _highlighted(self) -> str:
        at = self._list.highlighted
        return self._labels[at] if at is not None and at < len(self._labels) else ""

    def _refill(self) -> None:
        """Once for all that happens before the screen is painted: that takes a while."""
        if not self._is_stale:
            self._is_stale = True
            self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        self._is_stale = False
        rows = list(self._rows(self._list.scrollable_content_region.width))
        labels = [row.label for row in rows]
        # What was not typed for stays where it is when a list comes in.
        kept = self._highlighted if self._shown == self._query else ""
        is_kept = kept in labels and not kept.endswith("/") and bool(kept)
        label = kept if is_kept else self._first(labels)
        self._shown = self._query
        with self.app.batch_update():
            self._labels = labels
            self._list.set_options(Option(row.content, disabled=not row.label) for row in rows)
            self._list.highlighted = labels.index(label) if label else None
            if label and labels.index(label) < self._list.size.height:
                self._list.scroll_home(animate=False)
        self.obey()

    def _first(self, labels: Sequence[str]) -> str:
        """What enter takes unless another is chosen."""
        whole = f"{self._query}/"
        if whole in labels:
            return whole
        if not self._query and self._current in labels:
            return self._current
        return next(filter(None, labels), "")

    def _rows(self, width: int) -> Iterator[_Row]:
        """The blocks, with an empty line between them."""
        is_first = True
        for block in self._blocks(width):
            if block and not is_first:
                yield _Row(Content(""))
            yield from block
            is_first = is_first and not block

    def _blocks(self, width: int) -> Iterator[Sequence[_Row]]:
        """The providers at hand, the vendors without a key, and what was typed itself."""
        groups = list(self._groups())
        most = max(_LEAST, _MOST // max(1, len(groups)))
        known: set[str] = set()
        for group in groups:
            shown = {f"{group.name}/{model.id}": model for model in self._best(group, most)}
            known.update(shown)
            head = _Row(self._head(group, len(shown)))
            yield [head, *(_Row(self._row(*each, width), each[0]) for each in shown.items())]
        yield list(self._keyless_rows(width))
        if self._query in self._names:
            yield [_Row(_cut(Content(f"  {self._query}/ …"), width), f"{self._query}/")]
        if (typed := self._typed()) and typed not in known:
            yield [_Row(_cut(Content(f"  Use {one_line(typed)}"), width), typed)]

    def _groups(self) -> Iterator[_Group]:
        now = time.time()
        for name in self._names:
            known = self._known[name]
            models = fitting(known.models, self._query)
            failure = self._failed.get(name)
            is_away = failure is not None and failure.is_expected and not known.models
            is_meant = self._query.startswith(f"{name}/")
            if not is_meant and (is_away or (self._query and not models)):
                continue
            when = age(known.fetched_at, now) if known.fetched_at is not None else ""
            why = known.why or (failure.why if failure is not None else "")
            note = f"as of {when}; {why}" if when and why else why or when
            note = "asking …" if name in self._asking else note
            yield _Group(name, len(known.models), models, note)

    def _best(self, group: _Group, most: int) -> Sequence[Model]:
        """Some of its models; the current one is among them as long as nothing is looked for."""
        own, _, id_ = self._current.partition("/")
        rest = () if self._query or group.name != own else group.models[most:]
        current = [model for model in rest if model.id == id_]
        return [*current, *group.models[: most - len(current)]]

    def _keyless_rows(self, width: int) -> Iterator[_Row]:
        """The vendors of whom there is no key yet, and what one would do about that."""
        name, slash, _ = self._query.partition("/")
        for vendor in self._keyless:
            if vendor != name if slash else not vendor.startswith(name.lower()):
                continue
            note = "  needs a key: choose a model of it by name, then /key"
            text = Content.assemble((vendor, "bold $primary"), (note, "$foreground-muted"))
            # Where a model is being typed, it is that what enter takes.
            is_there = self._query.partition("/")[2]
            yield _Row(_cut(text, width), "" if is_there else f"{vendor}/")

    def _typed(self) -> str:
        """What was typed, as the name of a model."""
        name, _, model = self._query.partition("/")
        roster = self._launch.roster
        if name in roster.names():
            return self._query if model else ""
        own = self._current.partition("/")[0]
        if roster.api(own) == "demo":  # it has one model, and nobody means it
            own = DEFAULT_MODEL.partition("/")[0]
        return f"{own}/{self._query}" if self._query else ""

    def _head(self, group: _Group, shown: int) -> Content:
        words = f"  {count_of(group.count, 'model')}" if group.count else ""
        if shown < len(group.models):
            words += f", {shown} of them here"
        note = f" · {one_line(group.note)}" if group.note else ""
        return Content.assemble(
            (one_line(group.name), "bold $primary"), (words + note, "$foreground-muted")
        )

    def _row(self, label: str, model: Model, width: int) -> Content:
        """One line, however narrow: what a model can do goes first, then how long its context is.

        At last its name is cut.
        """
        mark = "● " if label == self._current else "  "
        text = Content(name := one_line(model.id))
        for begin, end in letters(name, self._query.rpartition("/")[2] or self._query):
            text = text.stylize(_FOUND, begin, end)
        size = f"{_size(model.context_tokens):>6}"
        abilities = one_line(" ".join(model.abilities))
        for told in (f"{abilities} {size}", size, ""):
            room = width - _MARK - len(told) - 1
            if text.cell_length <= room:
                break
        else:
            room, told = width - _MARK, ""
        text = text.truncate(max(1, room), ellipsis=True, pad=True)
        return _cut(
            Content.assemble((mark, "$accent"), text, " ", (told, "$foreground-muted")), width
        )


def _is_fresh(known: _Known, now: float) -> bool:
    """A clock that was wrong may have put it into the future, where it would never grow old."""
    return known.fetched_at is not None and 0 <= now - known.fetched_at < _FRESH


def _cut(text: Content, width: int) -> Content:
    return text.truncate(max(1, width), ellipsis=True)


def _size(tokens: int | None) -> str:
    """How long a context is: `128k`, `1M`."""
    if tokens is None:
        return ""
    if tokens < 1_000_000:
        return f"{tokens / 1000:.0f}k" if tokens >= 1000 else f"{tokens}"
    return f"{tokens / 1_000_000:.1f}M".replace(".0M", "M")
