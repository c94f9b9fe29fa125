"""The application: themes, keys, palette, signals; everything else is the chat screen's."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from textual import events, work
from textual.app import App, SystemCommand
from textual.binding import Binding

from tui.chat.ending import CancelledBy
from tui.storage.history import History
from tui.ui import markdown
from tui.ui.conversations import Conversations
from tui.ui.keys import ACTIONS, Place, bindings, key_names
from tui.ui.screens import keeping
from tui.ui.screens.chat import ChatScreen
from tui.ui.theme_files import check_theme, load_themes, themes_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from textual.screen import Screen
    from textual.theme import Theme
    from textual.widget import Widget

    from tui.launch import Launch, Opening
    from tui.session import Session
    from tui.storage.records import Kept
    from tui.ui.keys import Action

_SIGNALS = {
    signal.SIGHUP: CancelledBy.HANG_UP,
    signal.SIGTERM: CancelledBy.TERMINATED,
    signal.SIGINT: CancelledBy.INTERRUPT,
}
# Seconds after the start at which nobody waits for it any more.
_QUIET_MOMENT = 0.5
# Seconds that keys are kept for a conversation which is being read; ctrl+q is one of them.
_LONGEST_OPENING = 3.0
# A terminal that has hung up can block whoever writes to it; after this many seconds we just go.
_GRACE = 0.8
# Seconds to finish writing the history; a disk that takes longer is in trouble.
_PATIENCE = 5.0


def run_app(launch: Launch, opening: Opening) -> None:
    """Run the app until it is quit, and end the process with it. Raises SettingsError."""
    themes = load_themes(themes_folder())
    check_theme(launch.settings, themes)
    if launch.settings.keys:
        from tui.ui.keymap import check_keymap  # noqa: PLC0415 - only for keys of one's own

        check_keymap(launch.settings.keys, launch.settings.table)
    asyncio.run(_run(launch, themes, opening))


async def _run(launch: Launch, themes: list[Theme], opening: Opening) -> NoReturn:
    history = History(launch.history_file)
    last_resort = _LastResort()
    async with launch.open() as session:
        app = RillApp(launch, session, themes, history, opening)
        for number, by in _SIGNALS.items():
            asyncio.get_running_loop().add_signal_handler(number, app.end_by_signal, number, by)
            # The loop runs that; this one runs even while the loop waits for the terminal to read.
            signal.signal(number, lambda number, _frame: last_resort.begin(128 + number))
        await app.run_async()
        # The history does not depend on the terminal, and may have to wait for a lock.
        last_resort.put_off()
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        farewell = _save(history, app, launch.state_folder)
        last_resort.begin(app.return_code or 0)
    with suppress(OSError):  # a terminal that has hung up
        sys.stderr.write(farewell)
        sys.stdout.flush()
        sys.stderr.flush()
    # A host's name may still be looked up, in a thread that nothing can stop and that the loop
    # would wait for on its way out: for 11 s, once.
    os._exit(app.return_code or 0)


def _save(history: History, app: RillApp, state_folder: Path) -> str:
    """Finish writing, wherever that is possible; gives back what is to be said about it."""
    if history.close(_PATIENCE):
        return ""
    from tui.storage.rescue import rescue  # noqa: PLC0415 - seldom needed

    return rescue(app.unsaved, state_folder)


class RillApp(App[None]):
    """Rill in the terminal."""

    TITLE = "Rill"
    # The chat screen's own: Textual does not read the stylesheet of a default screen.
    CSS_PATH = "screens/chat.tcss"
    # Here and not on a screen, because they count while a dialog is open, too.
    BINDINGS = [  # noqa: RUF012 - Textual's own way to declare them
        *bindings(Place.ANYWHERE),
        # Textual's own would count over dialogs, too, where it acts on what lies below, and where
        # its key moves up in a list.
        Binding(App.COMMAND_PALETTE_BINDING, "command_palette", "palette", show=False),
    ]

    def __init__(
        self,
        launch: Launch,
        session: Session,
        themes: Iterable[Theme],
        history: History,
        opening: Opening,
    ) -> None:
        super().__init__()
        settings = launch.settings
        foreign = list(self.available_themes)
        for theme in themes:
            self.register_theme(theme)
        self.theme = settings.theme
        for name in foreign:
            self.unregister_theme(name)
        self._keys = settings.keys
        self.set_keymap(dict(settings.keys))
        self._conversations = Conversations(history)
        self._chat = ChatScreen(launch, session, self._conversations, opening)
        self._typed_ahead: list[events.Key | events.Paste] | None = []

    def get_default_screen(self) -> Screen[None]:
        """The chat screen is the bottom of the stack."""
        return self._chat

    async def on_event(self, event: events.Event) -> None:
        """Keep what is typed or pasted before there is a conversation to take it."""
        if self._typed_ahead is not None and isinstance(event, events.Key | events.Paste):
            self._typed_ahead.append(event)
        else:
            await super().on_event(event)

    async def on_ready(self) -> None:
        """Everything is there, but for what has to be read first."""
        self._let_in_when_open()
        self.set_timer(_QUIET_MOMENT, markdown.warm_up)
        self.set_timer(_QUIET_MOMENT, keeping.warm_up)
        self.set_timer(_QUIET_MOMENT, self._chat.look_nearby)

    @work(group="opening", description="opening")
    async def _let_in_when_open(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_OPENING):
                await self._chat.is_open.wait()
        self.call_later(self._let_in)

    async def _let_in(self) -> None:
        """Let the prompt box have what came too early, in its order."""
        typed, self._typed_ahead = self._typed_ahead or [], None
        for event in typed:
            await super().on_event(event)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002 - Textual's signature
        """Every action, and the themes, in the palette."""
        for action in ACTIONS:
            if action.place is not Place.SWITCHER:
                ways = [action.slash, *key_names(action, self._keys)]
                title = f"{action.title} ({next(way for way in ways if way)})"
                yield SystemCommand(title, action.help, partial(self._act, action))
        yield SystemCommand("Theme", "Change the theme", self.action_change_theme)

    async def _act(self, action: Action) -> None:
        target: App[None] | Widget = self._chat
        if action.place is Place.ANYWHERE:
            target = self
        elif action.place is Place.PROMPT and not action.slash:
            target = self._chat.prompt
        await self.run_action(action.id, target)

    def action_interrupt(self) -> None:
        """Stop the running reply, whatever dialog is open; else copy, clear, quit."""
        self._chat.interrupt()

    async def action_quit(self) -> None:
        """End the running reply, then the app."""
        self._chat.leave(CancelledBy.QUIT)
        self.exit()

    def _fatal_error(self) -> None:
        """What a bug of ours leaves on the terminal.

        Textual's own shows the variables of every frame, too, and a key may be one of them.
        """
        from rich.segment import Segments  # noqa: PLC0415 - hopefully never needed
        from rich.traceback import Traceback  # noqa: PLC0415

        shown = self.console.render(Traceback(width=None))
        self._exit_renderables.append(Segments(shown))
        self._close_messages_no_wait()

    def end_by_signal(self, number: signal.Signals, by: CancelledBy) -> None:
        """End as a well-behaved program does: reply stopped, terminal restored, 128 + signal."""
        self._chat.leave(by)
        self.exit(return_code=128 + number)

    @property
    def unsaved(self) -> Sequence[Kept]:
        """What was said and typed in this run, in case that the history could not be written."""
        return self._conversations.changed


class _LastResort:
    """Ends the process if a terminal that has hung up blocks whoever writes to it."""

    def __init__(self) -> None:
        self._timer: threading.Timer | None = None

    def begin(self, code: int) -> None:
        """Give whatever is still to be done a moment, once."""
        if self._timer is None:
            self._timer = threading.Timer(_GRACE, os._exit, [code])
            self._timer.daemon = True
            self._timer.start()

    def put_off(self) -> None:
        """What comes now may take longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
