"""Which model the open conversation talks to, and what is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from tui.chat.hygiene import one_line
from tui.chat.parameters import PARAMETERS
from tui.chat.wording import limit_words
from tui.errors import SettingsError, UsageError
from tui.ui.asked import parameter_text, with_set
from tui.ui.screens.branching import BranchingScreen
from tui.ui.widgets.welcome import welcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui.chat.parameters import Parameters
    from tui.launch import Launch
    from tui.nearby import Found
    from tui.roster import Target
    from tui.session import Session
    from tui.ui.conversations import Conversations
    from tui.ui.screens.asking import Wishes
    from tui.ui.screens.key_entry import EnteredKey
    from tui.ui.widgets.prompt_box import PromptBox


class ChoosingScreen(BranchingScreen):
    """Chooses it for the open conversation; what runs already goes on as it was asked for."""

    def __init__(
        self,
        prompt: PromptBox,
        conversations: Conversations,
        keymap: Mapping[str, str],
        launch: Launch,
        session: Session,
    ) -> None:
        super().__init__(prompt, conversations, keymap)
        self._launch = launch
        self._session = session
        self._nearby: Sequence[Found] = ()

    @property
    def target(self) -> Target:
        """What the open conversation talks to."""
        return self._launch.target_of(self.conversation)

    def show_target(self) -> None:
        """Say it, with all that will be asked, before anything is sent."""
        try:
            target = self.target
        except SettingsError as error:
            self.title_bar.model, self.title_bar.badge = "no model", ""
            self.status.idle = one_line(str(error))
            return
        self.title_bar.model = target.label
        self.title_bar.badge = "demo, no model" if target.is_demo else ""
        if not self.is_replying:  # who does is asked by another address, perhaps
            self.status.address = target.address
        asked = target.options.parameters
        words = [
            f"{name} {one_line(parameter_text(value), 30)}"
            for name in PARAMETERS
            if name != "max_tokens" and (value := getattr(asked, name)) is not None
        ]
        words += [f"{name} is not sent" for name in target.unsent]
        self.status.idle = " · ".join(["ready", limit_words(target.options.limit), *words])
        self.transcript.show_welcome(
            welcome(target, self._keymap, hint=self._launch.hint, nearby=self._nearby)
        )

    # The model

    def look_nearby(self) -> None:
        """Offer a model on this machine to somebody who has none yet."""
        if self._launch.target().is_demo:
            self._look_nearby()

    @work(group="nearby", exit_on_error=False)
    async def _look_nearby(self) -> None:
        from tui.nearby import look_around  # noqa: PLC0415 - only for those

        self._nearby = await look_around(self._session.roster, self._session.http)
        if self.is_attached:
            self.show_target()

    def action_choose_model(self, wanted: str = "") -> None:
        """Choose another model from a list; with a name, that one."""
        if wanted:
            self.choose_model(wanted)
            return
        from tui.ui.screens.model_picker import ModelPicker  # noqa: PLC0415 - see `warm_up`

        self.keep_draft()
        try:
            current = self.target.label
        except SettingsError:
            current = self._launch.model
        picker = ModelPicker(self._launch, self._session, current)
        self.app.push_screen(picker, self._take_model)

    def _take_model(self, chosen: str | None) -> None:
        if chosen is not None:
            self.choose_model(chosen)

    def choose_model(self, wanted: str) -> None:
        """Go on with this model, here and in new conversations."""
        try:
            wanted = self._full_name(wanted)
            self._launch.target(wanted)
        except (UsageError, SettingsError) as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        self._launch.choose_model(self.conversation, wanted)
        self._launch.hint = ""
        self._conversations.keep(self._conversations.current)
        self._show_what_comes()
        target = self.target
        if target.unsent:
            self.notify(
                f"Not sent to {target.provider}, which has no place for it: "
                f"{', '.join(target.unsent)}.",
                severity="warning",
                markup=False,
            )

    def _full_name(self, wanted: str) -> str:
        """`provider/model`: a name alone is a model of the provider that one talks to.

        So is one with a slash if that provider lists it. The demo has no models. Raises UsageError
        if there is no such provider, and SettingsError.
        """
        roster = self._launch.roster
        provider = wanted.partition("/")[0]
        if "/" not in wanted or provider not in roster.names():
            target = self.target
            known = self._launch.catalogue.find(target.provider, target.base_url, wanted)
            if known or ("/" not in wanted and not target.is_demo):
                return f"{target.provider}/{wanted}"
        return "/".join(roster.split(wanted, "/model"))

    def _show_what_comes(self) -> None:
        """What will be asked is worth more now than how the last reply has ended."""
        self.show_target()
        if not self.is_replying:
            self.status.reply = self.status.message = None

    # What is asked

    def action_set_parameters(self, words: str = "") -> None:
        """Change what is asked in this conversation; with `NAME VALUE`, that."""
        choice = self.conversation.choice
        if words:
            try:
                self._ask_for(with_set(choice.parameters, words))
            except UsageError as error:
                self.notify(str(error), severity="warning", markup=False)
            return
        from tui.ui.screens.asking import AskingScreen  # noqa: PLC0415 - see `warm_up`

        try:
            plain = self._launch.target_of(self.conversation, plain=True)
        except SettingsError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        # What a model has thought is bound to what it was told first: later it stays as it is.
        system = None if len(self.conversation) else self.conversation.system
        self.app.push_screen(AskingScreen(plain, choice.parameters, system), self._wish)

    def _wish(self, wishes: Wishes | None) -> None:
        if wishes is None:
            return
        if wishes.system is not None:
            self.conversation.system = wishes.system
        self._ask_for(wishes.parameters)

    def _ask_for(self, parameters: Parameters) -> None:
        self._launch.ask_for(self.conversation, parameters)
        self._conversations.keep(self._conversations.current)
        self._show_what_comes()

    # The key

    def action_enter_key(self) -> None:
        """Enter the key of the provider that one talks to."""
        from tui.ui.screens.key_entry import KeyEntry  # noqa: PLC0415 - see `warm_up`

        try:
            target = self.target
        except SettingsError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        name = target.provider
        if target.is_demo:
            self.notify("The demo needs no key; choose a model first: /model.", markup=False)
            return

        def entered(given: EnteredKey | None) -> None:
            if given is not None:
                self._use_key(name, given)

        source = self._launch.keys.source(name)
        self.app.push_screen(KeyEntry(name, target.address, source), entered)

    @work(group="key", exit_on_error=False)
    async def _use_key(self, name: str, given: EnteredKey) -> None:
        self._launch.keys.enter(name, given.key)
        words = f"The key of {name} is used until Rill ends."
        if given.keep:
            try:
                await self._launch.keys.keep(name, given.key)
                words = f"The key of {name} is in the system's keyring."
            except SettingsError as error:
                self.notify(f"{error} {words}", severity="warning", markup=False)
                return
        self.notify(words, markup=False)
