"""The application: themes, keys, palette, signals; everything else is the chat screen's."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING

from textual.app import App, SystemCommand

from tui.chat.ending import CancelledBy
from tui.errors import SettingsError
from tui.ui.keys import ACTIONS, Place, check_keymap
from tui.ui.screens.chat import ChatScreen
from tui.ui.theme_files import load_themes, themes_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.screen import Screen
    from textual.theme import Theme

    from tui.launch import Launch, Session
    from tui.storage.settings import Settings

_SIGNALS = {
    signal.SIGHUP: CancelledBy.HANG_UP,
    signal.SIGTERM: CancelledBy.TERMINATED,
    signal.SIGINT: CancelledBy.INTERRUPT,
}
# A terminal that has hung up can block whoever writes to it; after this many seconds we just go.
_GRACE = 0.8


def run_app(launch: Launch, first_prompt: str | None) -> int:
    """Run the app until it is quit and return the exit code. Raises SettingsError."""
    themes = load_themes(themes_folder())
    names = [theme.name for theme in themes]
    if launch.settings.theme not in names:
        raise SettingsError(
            f"The theme {launch.settings.theme!r} is not known; there are: {', '.join(names)}."
        )
    check_keymap(launch.settings.keys, "config.toml")
    code = asyncio.run(_run(launch, themes, first_prompt or ""))
    sys.stdout.flush()
    # The name of a host may still be looked up, in a thread that nothing can stop.
    os._exit(code)


async def _run(launch: Launch, themes: list[Theme], first_prompt: str) -> int:
    async with launch.open() as session:
        app = RillApp(session, launch.settings, themes, first_prompt)
        for number, by in _SIGNALS.items():
            asyncio.get_running_loop().add_signal_handler(number, app.end_by_signal, number, by)
        await app.run_async()
    return app.return_code or 0


class RillApp(App[None]):
    """Rill in the terminal."""

    TITLE = "Rill"
    # The chat screen's own: Textual does not read the stylesheet of a default screen.
    CSS_PATH = "screens/chat.tcss"

    def __init__(
        self, session: Session, settings: Settings, themes: Iterable[Theme], first_prompt: str = ""
    ) -> None:
        super().__init__()
        for theme in themes:
            self.register_theme(theme)
        self.theme = settings.theme
        self.set_keymap(dict(settings.keys))
        self._chat = ChatScreen(session, first_prompt, settings.keys)

    def get_default_screen(self) -> Screen[None]:
        """The chat screen is the bottom of the stack."""
        return self._chat

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002 - Textual's signature
        """Every action, and the themes, in the palette."""
        for action in ACTIONS:
            if action.place is Place.ANYWHERE or action.slash:
                way = action.slash or action.keys
                title = f"{action.title} ({way})" if way else action.title
                yield SystemCommand(title, action.help, partial(self._act, action.id))
        yield SystemCommand("Theme", "Change the theme", self.action_change_theme)

    async def _act(self, action_id: str) -> None:
        await self._chat.run_action(action_id)

    async def action_close_by_id(self, conversation_id: str) -> None:
        """Close a conversation from a list of them."""
        await self._chat.close(conversation_id)

    async def action_quit(self) -> None:
        """End the running reply, then the app."""
        self._chat.cancel_reply(CancelledBy.QUIT)
        self.exit()

    def end_by_signal(self, number: signal.Signals, by: CancelledBy) -> None:
        """End as a well-behaved program does: reply stopped, terminal restored, 128 + signal."""
        code = 128 + number
        last_resort = threading.Timer(_GRACE, os._exit, [code])
        last_resort.daemon = True
        last_resort.start()
        self._chat.cancel_reply(by)
        self.exit(return_code=code)
