"""The lists of models: asked for all at once, kept, and believed only of where they came from."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from tests.cli.providers import access_to, answer_list, entry, servers, table, tables
from tests.loopback import SAFETY_NET, SECRET_KEY
from tui.catalogue import (
    Catalogue,
    Listing,
    Unlisted,
    ask,
    fetch,
    is_guess,
    models_of,
    providers_at_hand,
)
from tui.providers.base import Model
from tui.roster import BUILT_IN, Known
from tui.storage.settings import ProviderSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.loopback import Exchange, LoopbackServer
    from tui.launch import Access

URL = "http://127.0.0.1:1"
MODELS = (
    Model("m/1", "Model \u202e One", 200_000, 64_000, ("tools", "thinking")),
    Model("世界", "世界"),
)


async def everything(access: Access, *names: str) -> dict[str, Listing | Unlisted]:
    """What all of them say, in the order in which it came."""
    found = {}
    async with access.open() as session, aclosing(fetch(session, access.catalogue, names)) as came:
        async for each in came:
            found[each.provider] = each
    return found


def ids(listing: Listing | Unlisted | None) -> list[str]:
    assert isinstance(listing, Listing), listing
    return [model.id for model in listing.models]


# Asking


async def test_all_are_asked_before_any_has_answered_and_each_is_there_as_soon_as_it_has(
    tmp_path: Path,
) -> None:
    async with servers("one", "two", "three") as found:
        asking = asyncio.create_task(everything(access_to(tmp_path, tables(found)), *found))
        exchanges = {name: await server.next_exchange() for name, server in found.items()}
        for name in reversed(found):
            await answer_list(exchanges[name], entry(f"of-{name}"))
            await found[name].all_closed()
        came = await asking
    assert list(came) == ["three", "two", "one"]
    assert {name: ids(listing) for name, listing in came.items()} == {
        name: [f"of-{name}"] for name in ("one", "two", "three")
    }


async def test_one_that_fails_says_why_and_holds_nobody_up(tmp_path: Path) -> None:
    words = '{"type": "error", "error": {"type": "authentication_error", "message": "no key: %s"}}'
    async with servers("good", "bad") as found:
        settings = tables(found) + f'api_key = "{SECRET_KEY}"\n' + table("gone", URL)
        asking = asyncio.create_task(
            everything(access_to(tmp_path, settings), "bad", "gone", "good")
        )
        await answer_list(await found["good"].next_exchange(), entry("m"))
        refused = await found["bad"].next_exchange()
        await refused.respond(401, words % SECRET_KEY)
        came = await asking
    assert ids(came["good"]) == ["m"]
    assert came["bad"] == Unlisted("bad", "no key: [the key] (authentication_error, HTTP 401)")
    gone = came["gone"]
    assert isinstance(gone, Unlisted)
    assert f"Nothing listens at {URL}" in gone.why
    assert not gone.is_expected


async def test_a_command_is_asked_for_another_key_when_its_key_was_refused(
    tmp_path: Path, loopback: LoopbackServer
) -> None:
    said = tmp_path / "key"
    said.write_text("sk-yesterday-0123456789")
    command = f'api_key_command = ["cat", "{said}"]'
    access = access_to(tmp_path, table("p", loopback.base_url, command))
    async with access.open() as session:
        asking = asyncio.create_task(ask(session, access.catalogue, "p"))
        exchange = await loopback.next_exchange()
        assert exchange.headers["x-api-key"] == "sk-yesterday-0123456789"
        await exchange.respond(401, "{}")
        assert isinstance(await asking, Unlisted)
        said.write_text("sk-today-0123456789")
        asking = asyncio.create_task(ask(session, access.catalogue, "p"))
        exchange = await loopback.next_exchange()
        assert exchange.headers["x-api-key"] == "sk-today-0123456789"
        await answer_list(exchange, entry("m"))
        assert ids(await asking) == ["m"]


def test_models_are_those_that_are_listed_and_those_of_the_settings(tmp_path: Path) -> None:
    sizes = "[providers.p.models.{}]\ncontext = 1000\noutput = 100\n"
    settings = table("p", URL) + sizes.format('"m/1"') + sizes.format("mine")
    access = access_to(tmp_path, settings + sizes.format("世界".join('""')))
    listing = Listing("p", URL, 0.0, MODELS)
    assert models_of(access.roster, "p", listing) == (
        MODELS[0],
        Model("世界", "世界", 1000, 100),
        Model("mine", "mine", 1000, 100),
    )
    assert [model.id for model in models_of(access.roster, "p", None)] == ["m/1", "mine", "世界"]


async def test_one_that_is_silent_is_given_up_and_its_connection_closed(
    tmp_path: Path, loopback: LoopbackServer, skip_time: Callable[[float], None]
) -> None:
    asking = asyncio.create_task(
        everything(access_to(tmp_path, table("slow", loopback.base_url)), "slow")
    )
    exchange = await loopback.next_exchange()
    skip_time(15)
    await exchange.wait_closed()
    place = loopback.base_url.removeprefix("http://")
    assert (await asking)["slow"] == Unlisted("slow", f"{place} gave no list within 15 s.")


async def test_a_key_that_is_missing_and_settings_that_cannot_be_used_are_said_and_not_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere.pem"))
    settings = table("locked", URL, 'api_key_env = "NO_SUCH_KEY"') + table("tls", "https://[::1]:1")
    came = await everything(access_to(tmp_path, settings), "locked", "tls", "openai")
    assert all(isinstance(each, Unlisted) for each in came.values())
    assert "NO_SUCH_KEY, which is not set" in came["locked"].why  # type: ignore[union-attr]
    assert "SSL_CERT_FILE" in came["tls"].why  # type: ignore[union-attr]
    assert "set OPENAI_API_KEY" in came["openai"].why  # type: ignore[union-attr]


@pytest.mark.parametrize("way", ["cancelled", "left"])
async def test_asking_that_is_given_up_leaves_no_task_and_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr("tui.catalogue._LIMIT", 10 * SAFETY_NET)  # so that it is not what ends them
    before = asyncio.all_tasks()
    async with servers("one", "two", "three") as found:
        access = access_to(tmp_path, tables(found))
        async with access.open() as session:
            coming = fetch(session, access.catalogue, found)

            async def first() -> Listing | Unlisted:
                async with aclosing(coming):
                    return await anext(coming)

            asking = asyncio.create_task(first())
            exchanges: list[Exchange] = [await server.next_exchange() for server in found.values()]
            if way == "cancelled":
                asking.cancel()
                await asyncio.wait({asking})
                assert asking.cancelled()
            else:
                await answer_list(exchanges[0], entry("m"))
                assert ids(await asking) == ["m"]
            for exchange in exchanges:
                await exchange.wait_closed()
            assert asyncio.all_tasks() == before


# Keeping


def test_what_was_kept_is_the_same_after_a_restart(tmp_path: Path) -> None:
    listing = Listing("p/../q", URL, 1_700_000_000.5, MODELS)
    Catalogue(tmp_path / "state" / "models").keep(listing)
    again = Catalogue(tmp_path / "state" / "models")
    assert again.listing("p/../q", URL) == listing
    assert again.find("p/../q", URL, "世界") == MODELS[1]
    assert again.find("p/../q", URL, "other") is None
    for path in tmp_path.rglob("*"):
        assert path.stat().st_mode & 0o77 == 0, path


def test_a_list_of_another_address_is_not_believed(tmp_path: Path) -> None:
    Catalogue(tmp_path).keep(Listing("p", URL, 1.0, MODELS))
    catalogue = Catalogue(tmp_path)
    assert catalogue.listing("p", "http://127.0.0.1:2") is None
    assert catalogue.find("p", "http://127.0.0.1:2", "m/1") is None
    assert catalogue.listing("q", URL) is None
    assert catalogue.listing("p", URL) is not None


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"base_url": "%s"' % URL.encode(),
        b'{"base_url": "%s", "models": []}' % URL.encode(),
        b'{"base_url": "%s", "fetched_at": 1e999, "models": []}' % URL.encode(),
        b'{"base_url": "%s", "fetched_at": "now", "models": []}' % URL.encode(),
        b'{"base_url": 7, "fetched_at": 1.5, "models": []}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_list_counts_as_none(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "p.json").write_bytes(damaged)
    catalogue = Catalogue(tmp_path)
    assert catalogue.listing("p", URL) is None
    catalogue.keep(Listing("p", URL, 1.0, MODELS))
    assert Catalogue(tmp_path).listing("p", URL) == Listing("p", URL, 1.0, MODELS)


def test_of_a_list_with_odd_entries_the_others_are_kept(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(
        f'{{"base_url": "{URL}", "fetched_at": 1.5, "models": [7, {{}}, {{"id": ""}},'
        ' {"id": "m", "name": null, "context_tokens": -1, "output_tokens": "x",'
        ' "abilities": ["tools", 7, null]}]}'
    )
    assert Catalogue(tmp_path).listing("p", URL) == Listing(
        "p", URL, 1.5, (Model("m", "m", None, None, ("tools",)),)
    )


def test_several_that_write_and_read_at_once_find_whole_lists(tmp_path: Path) -> None:
    listings = [
        Listing("p", URL, float(number), tuple(Model(f"{number}-{i}", "n") for i in range(50)))
        for number in range(8)
    ]

    def write_and_read(listing: Listing) -> None:
        for _ in range(25):
            Catalogue(tmp_path).keep(listing)
            assert Catalogue(tmp_path).listing("p", URL) in listings

    with ThreadPoolExecutor(len(listings)) as pool:
        list(pool.map(write_and_read, listings))
    assert [path.name for path in tmp_path.iterdir()] == ["p.json"]


def test_where_nothing_can_be_kept_the_list_is_known_in_this_run(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("in the way")
    catalogue = Catalogue(tmp_path / "models")
    catalogue.keep(Listing("p", URL, 1.0, MODELS))
    assert catalogue.find("p", URL, "m/1") == MODELS[0]


async def test_what_was_asked_for_is_kept(tmp_path: Path, loopback: LoopbackServer) -> None:
    access = access_to(tmp_path, table("p", loopback.base_url))
    async with access.open() as session:
        asking = asyncio.create_task(ask(session, access.catalogue, "p"))
        await answer_list(
            await loopback.next_exchange(),
            entry("m", display_name="M", max_input_tokens=10, max_tokens=5),
        )
        async with asyncio.timeout(SAFETY_NET):
            await asking
    kept = access_to(tmp_path, table("p", loopback.base_url)).catalogue
    assert kept.find("p", loopback.base_url, "m") == Model("m", "M", 10, 5)


# Who is asked


@pytest.mark.parametrize(
    ("settings", "environment", "more"),
    [
        ("", {}, []),
        (table("mine", URL), {}, ["mine"]),
        ("", {"GROQ_API_KEY": "k"}, ["groq"]),
        ("", {"GROQ_API_KEY": " "}, []),
        ("", {"ANTHROPIC_BASE_URL": URL}, ["anthropic"]),
        ("[providers.mistral]\napi_key_command = ['false']\n", {}, ["mistral"]),
    ],
)
def test_those_at_hand_are_the_users_own_those_with_a_key_and_what_may_run_here(
    tmp_path: Path, settings: str, environment: dict[str, str], more: list[str]
) -> None:
    access = access_to(tmp_path, settings, **environment)
    here = ["ollama", "llamacpp", "lmstudio", "vllm"]
    assert set(providers_at_hand(access.roster, access.keys)) == {*here, *more}


@pytest.mark.parametrize(
    ("name", "settings", "environment", "expected"),
    [
        ("ollama", "", {}, True),
        ("llamacpp", "", {}, True),
        ("ollama", "", {"OLLAMA_HOST": "127.0.0.1:9"}, False),
        ("llamacpp", "[providers.llamacpp]\n", {}, False),
        ("openai", "", {}, False),
    ],
)
def test_a_server_that_somebody_has_named_is_no_guess(
    tmp_path: Path, name: str, settings: str, environment: dict[str, str], expected: bool
) -> None:
    assert is_guess(access_to(tmp_path, settings, **environment).roster, name) is expected


async def test_a_guess_that_finds_something_else_is_expected_to(
    tmp_path: Path, loopback: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = Known(ProviderSettings("anthropic", loopback.base_url))
    monkeypatch.setitem(BUILT_IN, "vllm", at)  # its usual port is anybody's
    access = access_to(tmp_path, "")
    for answer in ('{"hello": "world"}', "<html></html>"):
        asking = asyncio.create_task(everything(access, "vllm"))
        await (await loopback.next_exchange()).respond(200, answer)
        found = (await asking)["vllm"]
        assert isinstance(found, Unlisted)
        assert found.is_expected
    assert access.catalogue.listing("vllm", loopback.base_url) is None
