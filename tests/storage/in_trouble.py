"""A history on a disk that fails, in a process of its own: `python -m tests.storage.in_trouble …`.

    read-only FILE       the folder is mounted read-only before anything is opened
    full-at-first FILE   there is no room from the start
    full FILE            on a file system of some megabytes that fills up, and is emptied again
    limited FILE         as `full`, but it is the process that may write no more than so much

All but the last have to run with the right to mount (`unshare --map-root-user --mount`). Says as
JSON what a person would have seen.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.storage.speaker import Speaker, said, written
from tui.chat.conversation import Conversation
from tui.storage import reads
from tui.storage.history import History
from tui.storage.presence import live_runs

if TYPE_CHECKING:
    from collections.abc import Callable

PROMPTS = 30
LIMIT = 400_000


def mount(*arguments: str) -> None:
    """Only this process sees what comes of it."""
    subprocess.run(["mount", *arguments], check=True)


async def read_only(path: Path) -> dict[str, object]:
    """Somebody wants to read what was said, and to go on."""
    folder = str(path.parent)
    mount("--bind", folder, folder)
    mount("-o", "remount,bind,ro", folder)
    history = History(path)
    await history.start()
    (entry,) = await history.read(reads.newest, 5)
    speaker = Speaker(history, Conversation(id=entry.id))
    speaker.conversation = await speaker.kept()
    before = said(speaker.conversation)
    speaker.talk("and on", "of course")
    return {
        "trouble": str(history.trouble),
        "alive": sorted(live_runs(path)),
        "before": before,
        "after": said(await speaker.kept()),
        "found": len(await history.read(reads.search, "course", 5)),
        "kept": history.close(5),
    }


async def full_at_first(path: Path) -> dict[str, object]:
    """Somebody starts Rill when the disk is full already."""
    mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path.parent))
    first = History(path)
    await first.start()
    first.close(5)
    with suppress(OSError), path.with_name("ballast").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 1024)
    history = History(path)
    await history.start()
    return {"trouble": str(history.trouble), "kept": history.close(5)}


async def full(path: Path) -> dict[str, object]:
    """Somebody fills the disk while others talk, and makes room again."""
    mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", str(path.parent))
    ballast = path.with_name("ballast")

    def fill() -> None:
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 1024)

    return await _run_out_of_room(path, fill, ballast.unlink)


async def limited(path: Path) -> dict[str, object]:
    """Where nobody may mount anything."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)

    def allow(size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))

    return await _run_out_of_room(path, lambda: allow(LIMIT), lambda: allow(most))


async def _run_out_of_room(
    path: Path, fill: Callable[[], None], make_room: Callable[[], None]
) -> dict[str, object]:
    history = History(path)
    await history.start()
    troubles: list[str] = []
    news = asyncio.Event()

    def note() -> None:
        troubles.append(str(history.trouble))
        news.set()

    history.listen(on_change=lambda: None, on_trouble=note)
    speaker = Speaker(history)
    speaker.talk("before", "yes")
    await written(history)
    fill()
    texts = [f"{number} " + "x" * 20_000 for number in range(PROMPTS)]
    for text in texts:
        speaker.ask(text)
    await news.wait()
    entries = await history.read(reads.newest, 5)
    make_room()
    await written(history)
    kept = history.close(5)
    again = History(path)
    await again.start()
    result = {
        "troubles": troubles,
        "read in trouble": len(entries),
        "lost": sorted(set(texts) - set(said(await Speaker(again, speaker.conversation).kept()))),
        "kept": kept,
        "trouble afterwards": str(again.trouble),
    }
    again.close(5)
    return result


if __name__ == "__main__":
    what = {
        "read-only": read_only,
        "full-at-first": full_at_first,
        "full": full,
        "limited": limited,
    }[sys.argv[1]]
    json.dump(asyncio.run(what(Path(sys.argv[2]))), sys.stdout)
