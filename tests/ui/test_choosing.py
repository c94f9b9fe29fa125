"""Choosing a model, what is asked of it, and the key that it is asked with."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from textual import events

from tests.loopback import SECRET_KEY, sse
from tests.ui.desk import prompts, sit_down
from tui.catalogue import Catalogue, Listing
from tui.providers.base import Model
from tui.storage.settings import ProviderSettings, Settings
from tui.storage.state import Choices

if TYPE_CHECKING:
    from pathlib import Path

    from tests.loopback import Exchange, FullQueue, LoopbackServer
    from tests.ui.desk import Desk

MODELS = (
    Model("loopback-1", "Loopback", 200_000, 64_000, ("thinking", "images")),
    Model("qwen3-1b-q4", "Small"),
    Model("qwen3-14b", "Large", 1_000_000),
)
ENTERED = "sk-entered-in-the-app-42"


def known(state: Path, server: LoopbackServer, *models: Model, age: float = 60) -> None:
    """What a run before has learnt of the server's models."""
    listing = Listing("anthropic", server.base_url, time.time() - age, models or MODELS)
    Catalogue(state / "models").keep(listing)


async def listed(server: LoopbackServer, *ids: str) -> None:
    """Answer the question for models."""
    exchange = await server.next_exchange()
    assert exchange.path.startswith("/v1/models")
    await exchange.respond(200, json.dumps({"data": [{"id": each} for each in ids]}))


async def thoughtful(desk: Desk, text: str) -> Exchange:
    """A turn whose reply has a signed thought."""
    exchange = await desk.ask(text)
    await exchange.send(
        sse("message_start", {"message": {"id": "m", "model": "x", "usage": {}}})
        + sse("content_block_start", {"index": 0, "content_block": {"type": "thinking"}})
        + sse(
            "content_block_delta",
            {"index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}},
        )
        + sse(
            "content_block_delta",
            {"index": 0, "delta": {"type": "signature_delta", "signature": "sig"}},
        )
        + sse("content_block_stop", {"index": 0})
        + sse("content_block_start", {"index": 1, "content_block": {"type": "text", "text": ""}})
        + sse("content_block_delta", {"index": 1, "delta": {"type": "text_delta", "text": "Ah."}})
        + sse("content_block_stop", {"index": 1})
    )
    await exchange.finish()
    await desk.until(lambda: desk.status.startswith("✓"))
    return exchange


def kinds(exchange: Exchange) -> list[str]:
    """The types of all blocks that the server was sent."""
    return [block["type"] for turn in exchange.json()["messages"] for block in turn["content"]]


# The model


async def test_the_list_is_there_at_once_and_what_is_chosen_is_asked(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    known(tmp_path, loopback)
    async with sit_down(loopback, state=tmp_path) as desk:
        await desk.press("f3")
        await desk.sees("anthropic 3 models · 1 min", "● loopback-1 thinking images 200k", "1M")
        for key in "q14":
            desk.key(key)
        desk.key("enter")
        await desk.until(lambda: "anthropic/qwen3-14b" in desk.lines[0])
        exchange = await desk.answered("Hello?", "Hi")
        assert exchange.json()["model"] == "qwen3-14b"
        await desk.press("ctrl+n")
        assert (await desk.answered("Again?", "Hi")).json()["model"] == "qwen3-14b"
    assert Choices(tmp_path).model == "anthropic/qwen3-14b"


async def test_a_list_that_is_old_is_asked_for_again_while_the_old_one_is_shown(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    known(tmp_path, loopback, Model("old-1", "Old"), age=90_000)
    async with sit_down(loopback, state=tmp_path) as desk:
        await desk.press("f3")
        await desk.sees("old-1", "asking …")
        await listed(loopback, "new-1", "new-2")
        await desk.sees("anthropic 2 models · now", "new-2")
        assert "old-1" not in desk.words
    assert Catalogue(tmp_path / "models").find("anthropic", loopback.base_url, "new-2")


async def test_a_provider_that_cannot_be_asked_says_why_and_its_old_list_stays(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    known(tmp_path, loopback, Model("old-1", "Old"))
    async with sit_down(loopback, state=tmp_path) as desk:
        await desk.press("f3", "ctrl+r")
        exchange = await loopback.next_exchange()
        await exchange.respond(401, '{"error": {"type": "authentication_error", "message": "No."}}')
        await desk.sees("as of 1 min; No. (authentication_error, HTTP 401)", "old-1")


async def test_leaving_the_list_ends_the_question(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.press("f3")
        exchange = await loopback.next_exchange()
        await desk.press("escape")
        await exchange.wait_closed()
        await desk.until(lambda: not desk.ours())


async def test_a_model_that_no_list_has_can_be_typed_out(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.press("f3")
        await listed(loopback, "loopback-1")
        desk.app.post_message(events.Paste("brand-new"))
        await desk.sees("Use anthropic/brand-new")
        await desk.press("enter")
        assert (await desk.ask()).json()["model"] == "brand-new"


async def test_the_command_takes_a_name(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.say("/model anthropic/other")
        await desk.until(lambda: "anthropic/other" in desk.lines[0])
        await desk.say("/model third")
        await desk.until(lambda: "anthropic/third" in desk.lines[0])
        assert (await desk.ask()).json()["model"] == "third"


async def test_each_conversation_goes_on_with_its_own_model(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    history = tmp_path / "history.db"
    async with sit_down(loopback, history=history) as desk:
        await desk.answered("About rivers", "Yes")
        await desk.press("ctrl+n")
        await desk.say("/model anthropic/other")
        await desk.answered("About hills", "Yes")
        await desk.go_to("About rivers")
        await desk.until(lambda: "anthropic/loopback-1" in desk.lines[0])
    async with sit_down(loopback, history=history) as desk:
        await desk.go_to("About hills")
        await desk.until(lambda: "anthropic/other" in desk.lines[0])
        assert (await desk.ask("More")).json()["model"] == "other"


async def test_thoughts_go_back_to_the_model_that_had_them_and_to_no_other(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await thoughtful(desk, "One")
        await desk.say("/model anthropic/other")
        assert kinds(await desk.answered("Two", "Yes")) == ["text"] * 3
        await desk.say("/model anthropic/loopback-1")
        assert kinds(await desk.ask("Three")) == [
            "text",
            "thinking",
            "text",
            "text",
            "text",
            "text",
        ]


async def test_a_reply_under_way_is_that_of_the_model_that_was_asked(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.begun("One", "Partly")
        await desk.say("/model anthropic/other")
        await exchange.text(", wholly")
        await exchange.finish()
        await desk.until(lambda: "Partly, wholly" in desk.transcript)
        assert (await desk.ask("Two")).json()["model"] == "other"


async def test_who_has_no_model_is_told_of_one_on_this_machine(loopback: LoopbackServer) -> None:
    here = {"OLLAMA_HOST": loopback.base_url}
    async with sit_down(loopback, model="demo/rill-demo", environment=here) as desk:
        await desk.sees("No model is connected", "export ANTHROPIC_API_KEY", "rill config init")
        exchange = await loopback.next_exchange()
        assert exchange.path == "/api/tags"
        await exchange.respond(200, json.dumps({"models": [{"name": "qwen3:4b"}]}))
        await desk.sees("ollama runs on this machine: type /model ollama/qwen3:4b")
        await desk.sees("f1 keys and commands")  # it has become longer, and all of it is there
        await desk.say("/model ollama/qwen3:4b")
        exchange = await desk.ask()
        assert (exchange.path, exchange.json()["model"]) == ("/api/chat", "qwen3:4b")


async def test_a_provider_that_is_not_known_is_no_part_of_a_models_name(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    known(tmp_path, loopback, Model("org/big", "Big"))
    async with sit_down(loopback, state=tmp_path) as desk:
        await desk.say("/model opnai/gpt-5")
        await desk.sees("names the provider 'opnai', which is not known; did you mean 'openai'?")
        await desk.say("/model org/big")
        await desk.until(lambda: "anthropic/org/big" in desk.lines[0])


async def test_the_demo_has_no_models_of_others(loopback: LoopbackServer, tmp_path: Path) -> None:
    async with sit_down(loopback, model="demo/rill-demo", state=tmp_path) as desk:
        await desk.say("/model demo/another")
        assert Choices(tmp_path).model == ""
        await desk.say("/model claude-x")
        await desk.until(lambda: "anthropic/claude-x" in desk.lines[0])


async def test_an_address_that_cannot_be_is_said_where_it_is_needed_and_nothing_is_lost(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    history = tmp_path / "history.db"
    async with sit_down(loopback, history=history) as desk:
        await desk.answered("About rivers", "They flow.")
        await desk.say("/model openai/some-model")
        await desk.press("ctrl+n")
        await desk.say("/model anthropic/loopback-1")
    broken = {"OPENAI_BASE_URL": "localhost:8080"}
    async with sit_down(loopback, history=history, environment=broken) as desk:
        await desk.go_to("About rivers")
        await desk.until(lambda: "They flow." in desk.transcript)
        await desk.status_says("OPENAI_BASE_URL 'localhost:8080' does not begin with http")
        await desk.say("More?")
        await desk.until(lambda: "does not begin with http" in desk.transcript)
        assert "More?" in desk.transcript
        await desk.say("/model anthropic/loopback-1")
        assert prompts(await desk.ask("/retry"))[-1] == ("user", "More?")


async def test_the_bar_says_whom_a_reply_waits_for_whatever_is_chosen_meanwhile(
    loopback: LoopbackServer, no_entrance: FullQueue
) -> None:
    settings = Settings(providers={"slow": ProviderSettings("anthropic", "http://127.0.0.1:1")})
    async with sit_down(no_entrance, settings=settings) as desk:
        await desk.say("Hello?")
        await desk.status_says(f"connecting to 127.0.0.1:{no_entrance.port}")
        await desk.say("/model slow/x")
        await desk.until(lambda: "slow/x" in desk.lines[0])
        await desk.status_says(f"connecting to 127.0.0.1:{no_entrance.port}")
        await desk.press("escape")


# What is asked


async def test_what_is_set_is_sent_and_shown_until_it_is_taken_away(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.say("/set temperature 0.3")
        await desk.status_says("temperature 0.3")
        assert (await desk.answered("One", "Yes")).json()["temperature"] == 0.3
        await desk.say("/set max_tokens 77")
        await desk.say("/set temperature")
        body = (await desk.answered("Two", "Yes")).json()
        assert body["max_tokens"] == 77
        assert "temperature" not in body


async def test_what_cannot_be_set_is_said(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.say("/set temprature 0.3")
        await desk.sees("'temprature' is no parameter; did you mean 'temperature'?")
        await desk.say("/set temperature hot")
        await desk.sees("temperature must be a number, not 'hot'.")
        await desk.say("/set top_p 7")
        await desk.sees("top_p must be from 0 to 1.")
        assert "temperature" not in (await desk.ask()).json()


async def test_the_limit_that_will_be_sent_is_shown_with_who_set_it(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.status_says("replies up to 1,000 tokens (the test)")
        await desk.say("/set max_tokens 2000")
        await desk.status_says("replies up to 2,000 tokens (this conversation)")


async def test_what_will_be_asked_is_said_after_a_reply_too(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("One", "Yes")
        await desk.say("/set temperature 0.5")
        await desk.status_says("ready · replies up to 1,000 tokens (the test) · temperature 0.5")


async def test_a_new_conversation_does_not_inherit_what_was_asked_in_a_blank_one(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.say("/set temperature 0.5")
        await desk.press("ctrl+n")
        assert "temperature" not in (await desk.ask()).json()


async def test_a_form_shows_all_that_can_be_asked_and_takes_what_is_written(
    loopback: LoopbackServer,
) -> None:
    settings = Settings(providers={"anthropic": ProviderSettings("anthropic", system="Be kind.")})
    async with sit_down(loopback, settings=settings) as desk:
        await desk.press("f4")
        await desk.sees("Asked of anthropic/loopback-1", "max_tokens 1,000 · the test")
        await desk.sees("not sent: anthropic has no place for it")
        await desk.sees("system Be kind. · the settings, providers.anthropic")
        await desk.press("down")
        for key in "9":
            desk.key(key)
        await desk.press("enter")
        await desk.sees("temperature must be from 0 to 2.")
        await desk.press("backspace", "0", "up", "up")
        for key in "Be brief.":
            desk.key("space" if key == " " else key)
        await desk.press("enter")
        body = (await desk.answered("One", "Yes")).json()
        assert (body["temperature"], body["system"]) == (0, "Be brief.")
        await desk.press("f4")
        await desk.sees("temperature 0")
        assert "system" not in desk.words


async def test_the_settings_of_a_provider_say_what_its_models_are_told(
    loopback: LoopbackServer,
) -> None:
    settings = Settings(
        system="Everywhere.",
        providers={"anthropic": ProviderSettings("anthropic", system="Be kind.")},
    )
    async with sit_down(loopback, settings=settings) as desk:
        assert (await desk.ask()).json()["system"] == "Be kind."


# The key


async def test_a_key_is_masked_used_and_written_nowhere(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    async with sit_down(loopback, state=tmp_path, history=tmp_path / "history.db") as desk:
        assert (await desk.answered("One", "Yes")).headers["x-api-key"] == SECRET_KEY
        await desk.say("/key")
        await desk.sees("API key of anthropic", "Now it comes from ANTHROPIC_API_KEY.")
        desk.app.post_message(events.Paste(ENTERED))
        await desk.sees("••••")
        assert ENTERED not in desk.text
        await desk.press("enter")
        await desk.sees("The key of anthropic is used until Rill ends.")
        assert (await desk.answered("Two", "Yes")).headers["x-api-key"] == ENTERED
        assert ENTERED not in desk.text
    assert not files_with(ENTERED, tmp_path)


def files_with(text: str, folder: Path) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if text.encode() in path.read_bytes()]


async def test_a_key_behind_the_command_is_let_go_of_and_sent_to_nobody(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    async with sit_down(loopback, history=tmp_path / "history.db") as desk:
        await desk.answered("One", "Yes")
        await desk.type(f"/key {ENTERED}")
        await desk.press("ctrl+c")
        await desk.say(f"/key {ENTERED}")
        await desk.sees("API key of anthropic")
        await desk.press("escape")
        await desk.type(f"/KEY  {ENTERED}")
        await desk.press("ctrl+n")
        assert loopback.unanswered() == 0
    assert not files_with(ENTERED, tmp_path)


async def test_without_a_key_nothing_is_sent_and_the_way_to_one_is_said(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.say("/model openai/some-model")
        await desk.say("Hello?")
        await desk.until(
            lambda: (
                "There is no API key for openai: set OPENAI_API_KEY" in desk.transcript
                and "/key enters one" in desk.transcript
            )
        )
        await desk.say("/model anthropic/loopback-1")
        exchange = await desk.ask("/retry")
        assert prompts(exchange) == [("user", "Hello?")]
        assert loopback.unanswered() == 0
