"""`rill` as it is, but with a long conversation to open, another theme on F8, or a profile.

    python tests/benchmarks/prefilled.py [--messages N] [--profile FILE] -- RILL'S ARGUMENTS

The conversation's title is `bench N`. The profile is written when the app is quit.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NoReturn

from textual.binding import Binding

sys.path.insert(0, str(Path(__file__).parents[2]))

import tui.ui.app
from tests.benchmarks.texts import messages
from tui.chat.conversation import Conversation
from tui.chat.ending import Ending, Outcome, StopReason
from tui.chat.message import Message, Role, TextPart
from tui.cli import main as rill
from tui.storage.database import connect, transaction
from tui.storage.paths import history_file
from tui.storage.records import Kept
from tui.storage.taking_in import take_in

if TYPE_CHECKING:
    from textual.app import App

TITLE = "bench"


def conversation(count: int) -> Conversation:
    """Prompts and finished replies in turn."""
    filled = Conversation(title=f"{TITLE} {count}")
    for number, text in enumerate(messages(count)):
        filled.append(
            Message(
                Role.ASSISTANT,
                (TextPart(text),),
                provider="anthropic",
                model="x",
                ending=Ending(Outcome.COMPLETE, StopReason.END_TURN),
            )
            if number % 2
            else Message.from_user(text)
        )
    return filled


def prefill(count: int) -> None:
    """Let the history, in a place of its own, begin with one conversation."""
    os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp(prefix="rill-bench-")
    db = connect(history_file(os.environ))
    with transaction(db):
        take_in(db, Kept(conversation(count)))
    db.close()


class AppWithThemeKey(tui.ui.app.RillApp):
    """F8 goes to another theme and back."""

    CSS_PATH = str(Path(tui.ui.app.__file__).parent / "screens" / "chat.tcss")
    BINDINGS: ClassVar = [Binding("f8", "other_theme", priority=True, show=False)]

    def action_other_theme(self: App[None]) -> None:
        self.theme = next(name for name in self.available_themes if name != self.theme)


def profile(file: str) -> None:
    """Count from here until the app ends the process."""
    profiler, leave = cProfile.Profile(), os._exit

    def write_and_leave(code: int) -> NoReturn:
        profiler.disable()
        profiler.dump_stats(file)
        leave(code)

    os._exit = write_and_leave
    profiler.enable()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=0)
    parser.add_argument("--profile", default="")
    parser.add_argument("rest", nargs="*")
    options = parser.parse_args()
    if options.messages:
        prefill(options.messages)
        tui.ui.app.RillApp = AppWithThemeKey
    if options.profile:
        profile(options.profile)
    sys.argv = ["rill", *options.rest]
    rill()


if __name__ == "__main__":
    main()
