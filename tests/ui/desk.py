"""Sitting at Rill: keys go in, what the screen shows comes out, a server is played on the side."""

from __future__ import annotations

import asyncio
import re
import shutil
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from textual import events

from tests.loopback import SAFETY_NET, SECRET_KEY
from tests.ui.seat import Seat
from tui.catalogue import Catalogue
from tui.chat.parameters import Parameters
from tui.key_finding import KeyFinder
from tui.launch import Launch, Opening
from tui.roster import Asked, Roster
from tui.session import Session
from tui.storage.history import History
from tui.storage.settings import Settings
from tui.storage.state import Choices
from tui.ui.app import RillApp
from tui.ui.theme_files import load_themes, themes_folder
from tui.ui.widgets.status_bar import StatusBar
from tui.ui.widgets.transcript import Transcript
from tui.ui.widgets.waiting_list import WaitingList
from tui.wire.http import HttpClient

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from textual.pilot import Pilot

    from tests.loopback import Exchange, FullQueue, LoopbackServer
    from tui.providers.http_provider import HttpProvider
    from tui.roster import Target
    from tui.ui.widgets.prompt_box import PromptBox

_FRAMES = str.maketrans(dict.fromkeys("▏▌▎│╭╮╰╯─▕▐█▁▂▃▄▅▆▇▔", " "))


class Desk(Seat[RillApp]):
    """One running Rill, and the server behind it."""

    def __init__(
        self, app: RillApp, pilot: Pilot[None], server: LoopbackServer | FullQueue
    ) -> None:
        super().__init__(app, pilot)
        self._server = server

    # What is seen

    @property
    def words(self) -> str:
        """All words on the screen, one space between them: lines and frames do not matter."""
        return " ".join(self.text.translate(_FRAMES).split())

    @property
    def status(self) -> str:
        """The status bar."""
        return self._part(StatusBar)

    @property
    def transcript(self) -> str:
        """What of the conversation is on the screen, one space between the words."""
        return " ".join(self._part(Transcript).translate(_FRAMES).split())

    @property
    def waiting(self) -> str:
        """What waits to be sent, and how."""
        return " ".join(self._part(WaitingList).split())

    @property
    def prompt(self) -> str:
        """What stands in the prompt."""
        return self._chat.prompt.text

    def _part(self, kind: type[StatusBar | Transcript | WaitingList]) -> str:
        """The lines of one part of the screen, as wide as the screen is."""
        widget = self._chat.query_one(kind)
        if not widget.display:
            return ""
        region = widget.region
        strips = self._chat._compositor.render_strips()
        return "\n".join(strip.text.strip() for strip in strips[region.y : region.bottom])

    @property
    def _chat(self):
        return self.app.screen_stack[0]

    # What is done

    async def press(self, *keys: str) -> None:
        """Press keys, each when the last one has had its effect."""
        for key in keys:
            self.key(key)
            await self.pilot.pause()

    async def burst(self, *keys: str) -> None:
        """Keys that arrive together, as over a slow line: nothing happens between them."""
        for key in keys:
            self.key(key)
        await self.settle()

    async def type(self, text: str) -> None:
        """Put text into the prompt, at the cursor, as a paste brings it."""
        self.app.post_message(events.Paste(text))
        await self.until(lambda: text in self.prompt)

    async def say(self, text: str, *, key: str = "enter") -> None:
        """Write and press enter, or whatever key sends here."""
        await self.type(text)
        await self.press(key)

    async def ask(self, text: str = "Hello?", *, key: str = "enter") -> Exchange:
        """Write, press enter, and give back what the server got."""
        await self.say(text, key=key)
        return await self._server.next_exchange()

    async def begun(self, text: str, answer: str) -> Exchange:
        """A turn whose reply goes on after `answer`, which is on the screen."""
        exchange = await self.ask(text)
        await exchange.text(answer)
        await self.sees(answer)
        return exchange

    async def answered(self, text: str, answer: str) -> Exchange:
        """One whole turn, to its plain end."""
        exchange = await self.ask(text)
        await exchange.text(answer)
        await exchange.finish()
        await self.until(lambda: self.status.startswith("✓"))
        return exchange

    async def go_to(self, title: str) -> None:
        """Open another conversation, found by its title in the list of them all."""
        await self.press("ctrl+o")
        self.app.post_message(events.Paste(title))
        await self.press("enter")
        await self.until(lambda: title[:40] in self.lines[0])

    # What is waited for

    async def sees(self, *texts: str) -> None:
        """Wait until all of these are on the screen, wherever their lines break."""
        await self.until(lambda: all(" ".join(text.split()) in self.words for text in texts))

    async def waits(self, *texts: str) -> None:
        """Wait until all of these are in the list of what waits."""
        await self.until(lambda: all(text in self.waiting for text in texts))

    async def status_says(self, text: str) -> None:
        """Wait until the status bar has it."""
        await self.until(lambda: text in self.status)

    async def status_matches(self, pattern: str) -> None:
        """Wait until it has such a text: for numbers that real time moves on a busy machine."""
        await self.until(lambda: re.search(pattern, self.status) is not None)

    async def gone(self) -> None:
        """Wait until the app has ended."""
        async with asyncio.timeout(SAFETY_NET / 4):
            await asyncio.wait({self.app._task})

    def ours(self) -> list[str]:
        """The tasks that a reply lives in, as long as there are any."""
        workers = [worker.description for worker in self.app.workers if not worker.is_finished]
        tasks = [task.get_name() for task in asyncio.all_tasks()]
        return workers + [name for name in tasks if name.startswith("rill-")]


@asynccontextmanager
async def sit_down(
    server: LoopbackServer | FullQueue,
    *,
    size: tuple[int, int] = (100, 40),
    settings: Settings | None = None,
    provider: HttpProvider | None = None,
    model: str = "loopback-1",
    first_prompt: str = "",
    resume: str | None = None,
    system: str = "",
    history: Path | None = None,
    is_lasting: bool = True,
    state: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncGenerator[Desk, None]:
    """Rill against `server`, with the real provider unless another is given.

    `environment` is what it has besides the address of that server and a key for it. What the
    machine remembers is in `state`. Its history is at `history`, else in memory; also if that file
    is known to be unusable: then what is said is not `is_lasting`.
    """
    kept = History(history)
    themes = load_themes(themes_folder())
    opening = Opening(first_prompt, resume)
    with TemporaryDirectory() as folder:
        launch = launch_for(
            server.base_url,
            state or Path(folder),
            settings=settings,
            model=model,
            system=system,
            environment=environment,
        )
        async with AsyncExitStack() as stack:
            http = HttpClient(idle_limit=SAFETY_NET)
            stack.push_async_callback(http.aclose)
            session = _Session(launch.roster, launch.keys, http, stack, provider)
            app = RillApp(launch, session, themes, kept, opening)
            try:
                async with app.run_test(size=size, notifications=True) as pilot:
                    yield Desk(app, pilot, server)
            finally:
                assert kept.close(SAFETY_NET) is (history is not None and is_lasting)


def launch_for(
    base_url: str,
    state: Path,
    *,
    settings: Settings | None = None,
    model: str = "loopback-1",
    system: str = "",
    environment: Mapping[str, str] | None = None,
) -> Launch:
    """What a start decides that talks to this server, with a limit of 1,000 tokens."""
    told = {"ANTHROPIC_BASE_URL": base_url, "ANTHROPIC_API_KEY": SECRET_KEY, **(environment or {})}
    settings = settings or Settings()
    roster = Roster(settings, told)
    choices = Choices(state)
    return Launch(
        settings_file=state / "config.toml",
        roster=roster,
        keys=KeyFinder(roster, choices),
        choices=choices,
        catalogue=Catalogue(state / "models"),
        model=model if model.startswith("demo/") else f"anthropic/{model}",
        flags=Asked("the test", Parameters(max_tokens=1000), system or None),
        is_model_asked=False,
        history_file=state / "history.db",
        state_folder=state,
    )


class _Session(Session):
    """Talks through a provider that the test gives, if it gives one."""

    def __init__(
        self,
        roster: Roster,
        keys: KeyFinder,
        http: HttpClient,
        stack: AsyncExitStack,
        provider: HttpProvider | None,
    ) -> None:
        super().__init__(roster, keys, http, stack)
        self._provider = provider

    async def connect(self, target: Target) -> HttpProvider:
        return self._provider or await super().connect(target)


def prompts(exchange: Exchange) -> list[tuple[str, str]]:
    """What the server was sent: role and text of every turn."""
    return [
        (turn["role"], "".join(part.get("text", "") for part in turn["content"]))
        for turn in exchange.json()["messages"]
    ]


def as_if_killed(history: Path) -> Path:
    """What a run would leave that was killed at this moment: a copy of its files, elsewhere."""
    folder = history.parent / f"killed-{len(list(history.parent.glob('killed-*')))}"
    folder.mkdir()
    for file in (history, history.with_name(f"{history.name}-wal")):
        shutil.copy(file, folder)
    return folder / history.name


def prompt_box(desk: Desk) -> PromptBox:
    """The box itself, for its place and size."""
    return desk._chat.prompt
