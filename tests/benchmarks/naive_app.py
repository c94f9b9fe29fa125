"""The naive app of DESIGN section 8: Textual's own Markdown stream, httpx, httpx-sse, an Input.

    python tests/benchmarks/naive_app.py URL [--messages N]

F6 shows a conversation of N messages, one Markdown widget each; F7 goes to its start, page up one
page up, F8 changes the theme.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import httpx
import httpx_sse
from textual.app import App
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Input, Markdown

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.texts import messages

if TYPE_CHECKING:
    from textual.app import ComposeResult


class NaiveApp(App[None]):
    """What one writes after reading Textual's documentation."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar = [
        Binding("f6", "open", priority=True),
        Binding("f7", "top", priority=True),
        Binding("f8", "other_theme", priority=True),
        Binding("pageup", "page", priority=True),
    ]

    def __init__(self, url: str, count: int) -> None:
        super().__init__()
        self.url = url
        self.texts = messages(count) if count else []

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Markdown()
        yield Input()

    def on_mount(self) -> None:
        self.client = httpx.AsyncClient(timeout=None)
        self.scroll = self.query_one(VerticalScroll)
        self.scroll.anchor()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.run_worker(self.reply(event.value))
        event.input.clear()

    async def reply(self, prompt: str) -> None:
        stream = Markdown.get_stream(self.query_one(Markdown))
        body = {
            "model": "x",
            "max_tokens": 8192,
            "stream": True,
            "messages": [{"role": "user", "content": prompt}],
        }
        url = f"{self.url}/v1/messages"
        async with httpx_sse.aconnect_sse(self.client, "POST", url, json=body) as source:
            async for event in source.aiter_sse():
                if event.event == "content_block_delta":
                    await stream.write(json.loads(event.data)["delta"]["text"])
        await stream.stop()

    async def action_open(self) -> None:
        await self.scroll.mount_all([Markdown(text) for text in self.texts])
        self.scroll.anchor()

    def action_top(self) -> None:
        self.scroll.scroll_home(animate=False)

    def action_page(self) -> None:
        self.scroll.scroll_page_up(animate=False)

    def action_other_theme(self) -> None:
        self.theme = "nord" if self.theme != "nord" else "gruvbox"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--messages", type=int, default=0)
    options = parser.parse_args()
    NaiveApp(options.url, options.messages).run()


if __name__ == "__main__":
    main()
