"""Nothing that a model, a server or a file says can drive the terminal or the app."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

import pytest

from tests.loopback import OPENING
from tests.ui.desk import prompts, sit_down

if TYPE_CHECKING:
    from tests.loopback import LoopbackServer
    from tests.ui.desk import Desk

CONTROLS = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x00\x08\x9b31m\u202eevil\u2066\x7f\rreturned"
MARKUP = "[red]x[/red] [/usr/bin] [@click=app.quit]y[/] list[int] [/] [bold"
EVIL = f"{MARKUP} {CONTROLS}"
BLOCKS = ["{}", "`{}`", "```{}\n{}\n```", "# {}", "- {}", "| {} |\n|---|\n| {} |", "> {}"]
ENTITIES = ["&#x202e;", "&#27;", "&#155;", "&#13;", "&#x2066;", "&#0;"]


def controls_on(desk: Desk) -> set[str]:
    """What is on the screen and could do more than be seen."""
    return {
        f"U+{ord(char):04X}"
        for line in desk.lines
        for char in line
        if unicodedata.category(char) == "Cc" or unicodedata.bidirectional(char) in _BIDI
    }


_BIDI = {"RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI"}


async def harmless(desk: Desk) -> None:
    """Nothing on any screen that shows it, and the app goes on."""
    await desk.settle()
    assert not controls_on(desk)
    await desk.press("ctrl+o")
    await desk.sees("Type to find titles and messages")
    assert not controls_on(desk)
    await desk.press("escape")
    assert desk.app.is_running


async def test_in_a_prompt(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        # What came in from somewhere else than the keyboard.
        desk._chat.prompt.load_text(EVIL)
        await desk.settle()
        assert not controls_on(desk)
        await desk.press("enter")
        exchange = await loopback.next_exchange()
        assert MARKUP in prompts(exchange)[0][1]
        await exchange.finish()
        await harmless(desk)


async def test_markup_in_a_prompt_is_shown_as_it_was_typed(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.ask(MARKUP)
        await desk.until(lambda: MARKUP in desk.transcript)
        assert MARKUP[:40] in desk.lines[0]
        await desk.say(f"queued {MARKUP}")
        await desk.waits(f"queued {MARKUP}")
        await harmless(desk)


async def test_in_a_reply(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        await exchange.text(*"\n\n".join(BLOCKS).replace("{}", EVIL))
        await exchange.text("\n\nthe end")
        await exchange.finish()
        await desk.sees("the end", "✓")
        assert "list[int]" in desk.transcript
        await harmless(desk)
        # What was said earlier is shown another way than what is just coming.
        await desk.press("ctrl+n")
        await desk.press("ctrl+o", "down", "enter")
        await desk.sees("the end")
        await harmless(desk)


async def test_markup_in_a_reply_is_shown_literally(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        await exchange.text(MARKUP)
        await exchange.finish()
        await desk.until(lambda: MARKUP in desk.transcript)


async def test_an_entity_cannot_bring_in_what_a_character_may_not(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        evil = "".join(ENTITIES)
        await exchange.text(f"before {evil}after [a {evil}link](http://x/{evil} '{evil}')")
        await exchange.finish()
        await desk.sees("before", "after", "✓")
        await harmless(desk)


async def test_in_thinking(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        await exchange.send(OPENING.partition(b"event: content_block_start")[0])
        block = {"type": "thinking", "thinking": EVIL}
        await exchange.event("content_block_start", {"index": 0, "content_block": block})
        await desk.sees("▸ thinking")
        await desk.say("/thinking")
        await desk.sees("▾ thinking")
        await exchange.finish()
        await desk.until(lambda: MARKUP in desk.transcript)
        await harmless(desk)


@pytest.mark.parametrize("where", ["event", "status", "body"])
async def test_in_an_error(loopback: LoopbackServer, where: str) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        error = {"type": f"kind {EVIL}", "message": f"words {EVIL}"}
        body = json.dumps({"error": error, "request_id": EVIL})
        if where == "event":
            await exchange.event("error", {"error": error})
        elif where == "status":
            await exchange.respond(400, body)
        else:
            await exchange.respond(502, f"words {EVIL}", "text/plain")
        await desk.status_says("✗")
        assert "words" in desk.transcript
        await harmless(desk)


async def test_in_the_names_that_a_server_gives(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        message = {"id": EVIL, "model": f"m{EVIL}", "usage": {}}
        await exchange.event("message_start", {"message": message})
        tool = {"type": "tool_use", "id": EVIL, "name": f"t{EVIL}", "input": {}}
        await exchange.event("content_block_start", {"index": 0, "content_block": tool})
        await exchange.finish("tool_use")
        await desk.status_says("wants to use t")
        await harmless(desk)


@pytest.mark.parametrize("reason", ["stop_sequence", "verbatim", "refusal"])
async def test_in_why_it_stopped(loopback: LoopbackServer, reason: str) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        await exchange.text("Some")
        details = {"category": EVIL, "explanation": EVIL}
        stop_reason = EVIL if reason == "verbatim" else reason
        await exchange.finish(stop_reason, stop_sequence=EVIL, stop_details=details)
        await desk.until(lambda: MARKUP in desk.transcript)
        await harmless(desk)


async def test_in_a_title_and_a_model_name(loopback: LoopbackServer) -> None:
    async with sit_down(loopback, model=f"m {EVIL}", first_prompt=f"title {EVIL}") as desk:
        exchange = await loopback.next_exchange()
        await exchange.text("Some")
        await exchange.finish()
        await desk.status_says("✓")
        await harmless(desk)
        await desk.say("/delete")
        await desk.sees("/undo brings it back.")
        assert not controls_on(desk)


async def test_a_link_is_not_opened_by_a_click(
    loopback: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sit_down(loopback) as desk:
        opened: list[str] = []
        monkeypatch.setattr(desk.app, "open_url", lambda url, **_: opened.append(url))
        exchange = await desk.ask()
        await exchange.text("[click here](http://evil.example/)")
        await exchange.finish()
        await desk.sees("click here", "✓")
        y = next(index for index, line in enumerate(desk.lines) if "click here" in line)
        await desk.pilot.click(offset=(desk.lines[y].index("click") + 2, y))
        await desk.settle()
        assert not opened


async def test_what_was_held_back_for_its_next_half_is_shown_when_none_comes(
    loopback: LoopbackServer,
) -> None:
    """A carriage return waits for its line feed, and the last frame may have been painted."""
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        await exchange.text("The end\r")
        await desk.sees("The end")
        await exchange.finish()
        await desk.sees("The end␍")
