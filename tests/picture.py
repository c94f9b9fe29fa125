"""Make the README's picture anew: `python -m tests.picture`."""

from __future__ import annotations

import asyncio
import re
from argparse import Namespace
from pathlib import Path

from tui.launch import Opening, prepare
from tui.storage.history import History
from tui.ui.app import RillApp
from tui.ui.screens.chat import ChatScreen
from tui.ui.theme_files import load_themes, themes_folder

TARGET = Path(__file__).parent.parent / ".github" / "rill.svg"


async def _picture() -> str:
    args = Namespace(config=None, model=None, base_url=None, max_tokens=None, system=None)
    launch = prepare(args, {})
    async with launch.open() as session:
        themes = load_themes(themes_folder())
        app = RillApp(launch, session, themes, History(None), Opening())
        async with app.run_test(size=(100, 32)) as pilot:
            chat = app.screen
            assert isinstance(chat, ChatScreen)
            for prompt, characters in (("max_tokens", 10_000), ("code", 330)):
                chat.prompt.insert(prompt)
                await pilot.press("enter")
                while not (reply := chat.status.reply) or (
                    reply.ending is None and reply.characters < characters
                ):
                    await pilot.pause(0.05)
            svg = app.export_screenshot(title="Rill")
    return svg


def main() -> None:
    """Write the picture, without the fonts that it would fetch from elsewhere."""
    svg = asyncio.run(_picture())
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")
    TARGET.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
