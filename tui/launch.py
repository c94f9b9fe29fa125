"""From flags, environment and settings to what a run needs; part of the composition root."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui.catalogue import Catalogue, providers_at_hand
from tui.chat.parameters import PARAMETERS, Parameters
from tui.errors import SettingsError, UsageError
from tui.key_finding import KeyFinder
from tui.providers.registry import APIS
from tui.roster import BUILT_IN, DEFAULT_MODEL, DEMO_MODEL, Asked, Roster
from tui.storage.paths import config_file, history_file, state_folder
from tui.storage.settings import load_settings
from tui.storage.state import Choices

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import AsyncGenerator, Mapping

    from tui.chat.conversation import Conversation
    from tui.roster import Target
    from tui.session import Session
    from tui.storage.settings import Settings


@dataclass(frozen=True, slots=True)
class Opening:
    """What the app begins with: a prompt to send at once, a conversation to open."""

    prompt: str = ""
    conversation_id: str | None = None


@dataclass(slots=True)
class Access:
    """All providers, and what it takes to talk to them."""

    roster: Roster
    keys: KeyFinder
    choices: Choices
    catalogue: Catalogue

    @property
    def default_model(self) -> str:
        """What is written down or was chosen last, else Rill's own default: `provider/model`."""
        return self.roster.settings.model or self.chosen or DEFAULT_MODEL

    @property
    def chosen(self) -> str:
        """The model that was chosen last, if its provider is still there; else `""`."""
        model = self.choices.model
        return model if model.partition("/")[0] in self.roster.names() else ""

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Session, None]:
        """What there is to talk through."""
        from tui.session import open_session  # noqa: PLC0415 - not for a wrong flag

        async with open_session(self.roster, self.keys) as session:
            yield session


@dataclass(slots=True)
class Launch(Access):
    """Everything that is decided before anything runs.

    `model` is that of new conversations, as `provider/model`, and `flags` is what the command line
    asks of it; `is_model_asked` is true if the command line names one, for old conversations too.
    `hint` is a sentence for somebody who has a key or a server and has not chosen a model.
    """

    settings_file: Path
    model: str
    flags: Asked
    is_model_asked: bool
    history_file: Path
    state_folder: Path
    hint: str = ""
    _overruled: dict[str, set[str]] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """What the user has written down."""
        return self.roster.settings

    def target(self, model: str = "", *nearer: Asked) -> Target:
        """A model with all that is asked of it, by default that of new conversations.

        `nearer` is what is asked for besides the settings, by default on the command line. Raises
        UsageError if there is no such provider, and SettingsError.
        """
        name, id_ = self.roster.split(model or self.model, "the model")
        output = None
        if APIS[self.roster.api(name)].make.needs_limit:
            known = self.catalogue.find(name, self.roster.base_url(name)[0], id_)
            output = known.output_tokens if known else None
        return self.roster.target(name, id_, *(nearer or (self.flags,)), output_tokens=output)

    def target_of(self, conversation: Conversation, *, plain: bool = False) -> Target:
        """What a conversation goes on with; if `plain`, without its own parameters.

        That is the model of the command line, else the one that was chosen for it, else that of its
        last reply if that can be had, else that of new conversations. Raises SettingsError, also if
        the chosen one is of a provider that the settings do not have any more: what was said to one
        is not sent to another unasked.
        """
        choice = conversation.choice
        wanted = self.model
        if not self.is_model_asked:
            last = conversation.last_model
            is_at_hand = last.partition("/")[0] in providers_at_hand(self.roster, self.keys)
            wanted = choice.model or (last if is_at_hand else "") or wanted
        own = Parameters() if plain else choice.parameters
        since = self._overruled.get(conversation.id, set())
        before, later = own, Parameters()
        for name in since:
            before, later = (
                before.with_value(name, None),
                later.with_value(name, getattr(own, name)),
            )
        by = "this conversation"
        try:
            return self.target(wanted, Asked(by, before), self.flags, Asked(by, later))
        except UsageError as error:
            raise SettingsError(f"{error} /model chooses another.") from error

    def choose_model(self, conversation: Conversation, model: str) -> None:
        """Go on with another model, here and in new conversations.

        The next start without a model in its settings takes it, too, unless it is the demo.
        """
        self.model, self.is_model_asked = model, False
        conversation.choice = replace(conversation.choice, model=model)
        if self.roster.api(model.partition("/")[0]) != "demo":
            self.choices.choose_model(model)

    def ask_for(self, conversation: Conversation, parameters: Parameters) -> None:
        """Ask for something in one conversation; what is new counts more than the command line."""
        before = conversation.choice
        changed = {
            name
            for name in PARAMETERS
            if getattr(parameters, name) != getattr(before.parameters, name)
        }
        self._overruled.setdefault(conversation.id, set()).update(changed)
        conversation.choice = replace(before, parameters=parameters)


def read_roster(
    config: str | None, environment: Mapping[str, str], *, base_url: str = ""
) -> tuple[Roster, Path]:
    """The providers, and where the settings are that name them. Raises SettingsError."""
    path = Path(config) if config else config_file(environment)
    settings = load_settings(path, apis=APIS.keys(), required=config is not None, known=BUILT_IN)
    return Roster(settings, environment, base_url=base_url), path


def read_access(
    config: str | None, environment: Mapping[str, str], *, base_url: str = ""
) -> tuple[Access, Path]:
    """Whom there is to talk to, and where the settings are that say so. Raises SettingsError."""
    roster, path = read_roster(config, environment, base_url=base_url)
    state = state_folder(environment)
    choices = Choices(state)
    keys = KeyFinder(roster, choices)
    return Access(roster, keys, choices, Catalogue(state / "models")), path


def prepare(args: Namespace, environment: Mapping[str, str], *, in_app: bool = False) -> Launch:
    """Decide what to run with. `in_app`, what is missing can be chosen later.

    Raises:
        UsageError: a flag that cannot be meant.
        SettingsError: settings or environment that cannot be used.
    """
    access, path = read_access(args.config, environment, base_url=args.base_url or "")
    roster, settings = access.roster, access.roster.settings
    model, hint = _model(args, access, path)
    if hint and not in_app:
        raise SettingsError(hint)
    where = "--model" if args.model else settings.table.where("model")
    roster.redirect(roster.split(model, where)[0])
    flags = Asked("the command line", Parameters(max_tokens=args.max_tokens), args.system)
    launch = Launch(
        roster=roster,
        keys=access.keys,
        choices=access.choices,
        catalogue=access.catalogue,
        settings_file=path,
        model=model,
        flags=replace(flags, by="--max-tokens") if args.max_tokens else flags,
        is_model_asked=args.model is not None or bool(args.base_url),
        history_file=history_file(environment),
        state_folder=state_folder(environment),
        hint=hint,
    )
    launch.target()  # what cannot be used is said before anything is shown
    return launch


def find_opening(args: Namespace, launch: Launch) -> Opening:
    """What the app begins with.

    Raises:
        UsageError: there is no such conversation, or there are several, or a flag does not fit.
        HistoryError: the history cannot be read.
    """
    if not args.last and args.resume is None:
        return Opening(args.prompt or "")
    if args.system is not None:
        raise UsageError("--system is for a new conversation; leave it out.")
    # Imported here because a start without a flag need not wait for SQLite.
    from tui.storage.lookup import LAST, look_up  # noqa: PLC0415

    wanted = LAST if args.last else args.resume
    return Opening(args.prompt or "", look_up(launch.history_file, wanted))


def _model(args: Namespace, access: Access, path: Path) -> tuple[str, str]:
    """What to talk to, and what to say if that is only a stopgap.

    Without a word about a model: what was chosen last, else Anthropic if there is any way to reach
    it, else the demo.
    """
    roster, keys = access.roster, access.keys
    settings = roster.settings
    if wanted := args.model or settings.model or ("" if args.base_url else access.chosen):
        return wanted, ""
    name = DEFAULT_MODEL.partition("/")[0]
    is_redirected = args.base_url or roster.base_url(name)[1] == BUILT_IN[name].base_url_env
    if is_redirected or keys.source(name):
        return DEFAULT_MODEL, ""
    if settings.providers:
        name = next(iter(settings.providers))
        return DEMO_MODEL, f'{path} has providers but no model; add model = "{name}/NAME".'
    for name in roster.names():
        if keys.source(name):
            return DEMO_MODEL, (
                f"There is a key for {name} ({keys.source(name)}) but no model is chosen: "
                f"-m {name}/NAME; rill models {name} lists them."
            )
    return DEMO_MODEL, ""
