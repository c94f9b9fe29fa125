"""Our own bugs, other themes, and screens of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.loopback import SECRET_KEY
from tests.ui.desk import sit_down
from tui.providers.anthropic import Anthropic
from tui.providers.base import Server

if TYPE_CHECKING:
    from tests.loopback import LoopbackServer
    from tui.chat.events import ReplyEvent

TEXT = (
    "# Head\n\nSome *words*.\n\n```python\ndef f(): ...\n```\n\n- one\n- two\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |"
)


class _BrokenDecoder:
    def feed(self, _chunk: bytes) -> list[ReplyEvent]:
        raise RuntimeError("the words of a bug")

    def close(self) -> list[ReplyEvent]:
        raise RuntimeError("the words of a bug")


class _BrokenOnce(Anthropic):
    """Its first decoder has a bug."""

    broken = False

    def new_decoder(self, content_type: str = ""):
        if self.broken:
            return super().new_decoder(content_type)
        self.broken = True
        return _BrokenDecoder()


async def test_a_bug_of_ours_ends_the_reply_in_words_and_the_next_one_works(
    loopback: LoopbackServer,
) -> None:
    provider = _BrokenOnce(Server("anthropic", loopback.base_url, SECRET_KEY))
    async with sit_down(loopback, provider=provider) as desk:
        exchange = await desk.ask("First")
        await exchange.text("One")
        await desk.status_says("✗ Rill itself failed: RuntimeError")
        await desk.until(lambda: "Rill itself failed" in desk.transcript)
        await exchange.wait_closed()
        assert "First" in desk.transcript
        await desk.answered("Second", "Two")
        assert not desk.ours()


async def test_what_a_crash_leaves_on_the_terminal_holds_no_variables(
    loopback: LoopbackServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key may be one of them."""

    def fail() -> None:
        key = f"Bearer {SECRET_KEY}"
        raise RuntimeError(f"the words of a bug about {len(key)} characters")

    async def crash() -> None:
        async with sit_down(loopback) as desk:
            desk.app.call_later(fail)
            await desk.gone()

    with pytest.raises(RuntimeError, match="the words of a bug"):
        await crash()
    left = capsys.readouterr().err
    assert "RuntimeError: the words of a bug" in left
    assert SECRET_KEY not in left


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 60), (1, 1)])
async def test_on_a_screen_of_any_size_a_reply_can_be_read_and_the_next_one_sent(
    loopback: LoopbackServer, size: tuple[int, int]
) -> None:
    async with sit_down(loopback, size=size) as desk:
        exchange = await desk.ask("First")
        await exchange.text(TEXT)
        await exchange.finish()
        await desk.until(lambda: not desk.ours())
        await desk.press(*"abc")
        await desk.press("ctrl+o", "escape", "f1", "escape", "ctrl+p", "escape")
        if size[0] >= 40:
            assert "✓ complete" in desk.status
            assert "✓ complete" in desk.text
            assert "abc" in desk.text
            assert "1" in desk.transcript


async def test_the_size_can_change_under_a_running_reply(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("First")
        for size in ((40, 12), (200, 60), (80, 24)):
            await exchange.text(TEXT + "\n\n")
            await desk.pilot.resize_terminal(*size)
            await desk.status_says("streaming")
        await exchange.text("the end")
        await exchange.finish()
        await desk.sees("the end", "✓")


async def test_the_theme_can_change_while_a_reply_is_on_the_screen(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask("First")
        await exchange.text(TEXT)
        await desk.sees("def f()")
        before = desk.transcript
        desk.app.theme = "rill-light"
        await desk.settle()
        assert desk.transcript == before
        desk.app.theme = "rill-dark"
        await exchange.text("\n\nthe end")
        await exchange.finish()
        await desk.sees("def f()", "the end", "✓")


async def test_every_shipped_theme_can_show_everything(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", TEXT)
        for name in desk.app.available_themes:
            desk.app.theme = name
            await desk.press("ctrl+o")
            await desk.sees("Type to find titles and messages")
            await desk.press("escape", "f1")
            await desk.sees("Keys and commands")
            await desk.press("escape")
            await desk.sees("def f()")
