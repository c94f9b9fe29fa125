"""The list of models: what stands in it, what is found, and what enter takes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from textual import events

from tests.ui.desk import sit_down
from tui.catalogue import Catalogue, Listing
from tui.providers.base import Model
from tui.storage.settings import ModelSettings, ProviderSettings, Settings
from tui.ui.model_finding import findable, fitting

if TYPE_CHECKING:
    from pathlib import Path

    from tests.loopback import LoopbackServer
    from tests.ui.desk import Desk

NOTHING_YET = {"ANTHROPIC_API_KEY": "", "ANTHROPIC_BASE_URL": ""}


def known(state: Path, server: LoopbackServer, *models: Model, age: float = 60) -> None:
    """What a run before has learnt of the server's models."""
    listing = Listing("anthropic", server.base_url, time.time() - age, models)
    Catalogue(state / "models").keep(listing)


def typed(desk: Desk, text: str) -> None:
    desk.app.post_message(events.Paste(text))


# Where a provider is


async def test_an_address_that_is_none_is_said_beside_its_provider(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    known(tmp_path, loopback, Model("one", "One"))
    here = {"OPENAI_BASE_URL": "localhost:8080"}
    async with sit_down(loopback, state=tmp_path, environment=here) as desk:
        await desk.press("f3")
        await desk.sees("openai · OPENAI_BASE_URL 'localhost:8080' does not begin with http://")
        typed(desk, "one")
        await desk.press("enter")
        await desk.until(lambda: "anthropic/one" in desk.lines[0])


async def test_a_list_from_the_future_is_asked_for_again(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    known(tmp_path, loopback, Model("old", "Old"), age=-86_400)
    async with sit_down(loopback, state=tmp_path) as desk:
        await desk.press("f3")
        assert (await loopback.next_exchange()).path.startswith("/v1/models")


# Nobody has a key at first


async def test_who_has_no_key_sees_whose_models_there_are_and_types_one_out(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback, model="demo/rill-demo", environment=NOTHING_YET) as desk:
        await desk.press("f3")
        await desk.sees("anthropic needs a key: choose a model of it by name, then /key")
        await desk.sees("gemini needs a key", "mistral needs a key")
        typed(desk, "openai")
        await desk.until(lambda: "gemini" not in desk.words)
        await desk.press("enter")
        await desk.sees("openai/")
        typed(desk, "gpt-x")
        await desk.sees("Use openai/gpt-x")
        await desk.press("enter")
        await desk.until(lambda: "openai/gpt-x" in desk.lines[0])


async def test_a_vendor_can_be_taken_from_the_list(loopback: LoopbackServer) -> None:
    async with sit_down(loopback, model="demo/rill-demo", environment=NOTHING_YET) as desk:
        await desk.press("f3")
        await desk.sees("openai needs a key")
        await desk.press("home", "down", "enter")
        typed(desk, "gpt-x")
        await desk.sees("Use openai/gpt-x")


async def test_a_model_without_a_provider_is_never_one_of_the_demo(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback, model="demo/rill-demo", environment=NOTHING_YET) as desk:
        await desk.press("f3")
        typed(desk, "claude-x")
        await desk.sees("Use anthropic/claude-x")
        await desk.press("enter")
        await desk.until(lambda: "anthropic/claude-x" in desk.lines[0])


async def test_the_name_of_a_provider_shows_its_models_before_one_is_taken(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    known(tmp_path, loopback, Model("one", "One"), Model("two", "Two"))
    async with sit_down(loopback, state=tmp_path) as desk:
        await desk.press("f3")
        typed(desk, "anthropic")
        await desk.sees("anthropic/ …")
        await desk.press("enter")
        await desk.sees("anthropic/ anthropic 2 models")
        await desk.press("down", "enter")
        await desk.until(lambda: "anthropic/two" in desk.lines[0])


# What the settings know


async def test_models_and_sizes_that_the_settings_tell_are_shown_too(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    known(tmp_path, loopback, Model("big", "Big", 200_000), Model("bare", "Bare"))
    own = {
        "big": ModelSettings(context=5000),
        "bare": ModelSettings(context=32_000),
        "mine": ModelSettings(context=4000),
    }
    settings = Settings(providers={"anthropic": ProviderSettings("anthropic", models=own)})
    async with sit_down(loopback, state=tmp_path, settings=settings) as desk:
        await desk.press("f3")
        await desk.sees("anthropic 3 models", "big 200k", "bare 32k", "mine 4k")


# How much there is room for


@pytest.mark.parametrize("width", [40, 60])
async def test_a_model_has_one_line_however_narrow_it_is(
    loopback: LoopbackServer, tmp_path: Path, width: int
) -> None:
    able = ("tools", "thinking", "images", "pdf")
    names = ["a-model-of-some-length", "b" * 100, "世界" * 30, "last"]
    known(tmp_path, loopback, *(Model(name, name, 200_000, None, able) for name in names))
    async with sit_down(loopback, state=tmp_path, size=(width, 24)) as desk:
        await desk.press("f3")
        await desk.sees("last")
        begin = next(at for at, line in enumerate(desk.lines) if "anthropic  4 models" in line)
        rows = [line.strip(" │") for line in desk.lines[begin + 1 : begin + 5]]
        assert [row[:2] for row in rows] == ["a-", "bb", "世界", "la"]
        assert rows[1].rstrip().endswith("…")
        assert all("200k" in row for row in (rows[0], rows[3]))
        assert ("thinking" in rows[3]) is (width == 60)


async def test_of_thousands_of_models_those_are_shown_that_there_is_room_for(
    loopback: LoopbackServer, tmp_path: Path
) -> None:
    many = [Model(f"vendor/model-{number}", f"Model {number}") for number in range(3000)]
    known(tmp_path, loopback, *many)
    model = "vendor/model-2345"
    async with sit_down(loopback, state=tmp_path, model=model) as desk:
        await desk.press("f3")
        await desk.sees("3,000 models, 200 of them here", f"● {model}", "vendor/model-0")
        typed(desk, "m1789")
        await desk.until(lambda: "vendor/model-0" not in desk.words)
        await desk.press("enter")
        await desk.until(lambda: "anthropic/vendor/model-1789" in desk.lines[0])


# What is found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q14", ["qwen3-14b", "qwen3-1b-q4"]),
        ("QWEN3 14", ["qwen3-14b", "qwen3-1b-q4"]),
        ("loop", ["loopback-1"]),
        ("ollama/l", ["loopback-1"]),
        ("grosses", ["Größ"]),
        ("41q", []),
        ("", ["qwen3-1b-q4", "qwen3-14b", "loopback-1", "Größ"]),
    ],
)
def test_the_letters_of_a_name_find_it_and_in_fewer_pieces_it_comes_first(
    query: str, found: list[str]
) -> None:
    models = [
        Model("qwen3-1b-q4", "Small"),
        Model("qwen3-14b", "Large"),
        Model("loopback-1", "Loopback"),
        Model("Größ", "Grosses"),
    ]
    assert [model.id for model in fitting(findable("ollama", models), query)] == found
