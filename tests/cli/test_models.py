"""`rill models`: what there is to talk to, whoever is away, and nothing that drives a terminal."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.cli.providers import access_to, answer_list, entry, servers, table, tables
from tests.cli.test_ask import SLOW_LOOKUP
from tests.loopback import SECRET_KEY
from tui.catalogue import ON_THIS_MACHINE, Catalogue, Listing
from tui.commands.models import Wanted, list_models
from tui.providers.base import Model
from tui.roster import BUILT_IN, Known
from tui.storage.settings import ProviderSettings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Rill
    from tests.loopback import LoopbackServer

NOWHERE = "http://127.0.0.1:1"
ELSEWHERE = "http://models.invalid"
AWAY = f"Nothing listens at {NOWHERE} (connection refused): is the server running?"


def keep(rill: Rill, provider: str, base_url: str, *models: Model, age: float) -> None:
    """What an earlier run has left, so many seconds ago."""
    kept = Listing(provider, base_url, time.time() - age, models)
    Catalogue(rill.home / "state" / "rill" / "models").keep(kept)


async def test_all_are_listed_in_the_order_of_the_settings_whoever_answers_first(
    rill: Rill,
) -> None:
    async with servers("slow", "quick") as found:
        rill.write_config(tables(found))
        running = await rill.start("models", "slow", "quick")
        slow = await found["slow"].next_exchange()
        await answer_list(await found["quick"].next_exchange(), entry("q"))
        await found["quick"].all_closed()
        await answer_list(slow, entry("s/1"), entry("s/2"))
        finished = await running.end()
    assert (finished.code, finished.complaints) == (0, [])
    assert finished.out.decode() == "slow/s/1\nslow/s/2\nquick/q\n"


async def test_what_stands_before_a_slow_one_is_printed_at_once(rill: Rill) -> None:
    async with servers("quick", "slow") as found:
        rill.write_config(tables(found))
        running = await rill.start("models", "quick", "slow")
        slow = await found["slow"].next_exchange()
        await answer_list(await found["quick"].next_exchange(), entry("q"))
        await running.read(b"quick/q\n")
        await answer_list(slow, entry("s"))
        assert (await running.end()).out == b"quick/q\nslow/s\n"


async def test_a_row_says_what_is_known_of_a_model_and_nothing_is_cut(
    rill: Rill, loopback: LoopbackServer
) -> None:
    long = "n" * 300
    own = "[providers.p.models.small]\ncontext = 4096\noutput = 512\n"
    own += "[providers.p.models.mine]\ncontext = 8192\n"
    rill.write_config(table("p", loopback.base_url) + own)
    running = await rill.start("models", "p")
    able = {"thinking": {"supported": True}, "image_input": {"supported": True}}
    await answer_list(
        await loopback.next_exchange(),
        entry(
            "big",
            display_name="Big One",
            max_input_tokens=1_000_000,
            max_tokens=64_000,
            capabilities=able,
        ),
        entry("small"),
        entry("long", display_name=long),
    )
    lines = (await running.end()).out.decode().splitlines()
    assert lines == [
        f"p/big    {'Big One':300}  1M context    64k output  thinking, images",
        f"p/small  {'':300}  4.1k context  512 output",
        f"p/long   {long}",
        f"p/mine   {'':300}  8.2k context",
    ]


async def test_text_of_a_server_cannot_drive_the_terminal(
    rill: Rill, loopback: LoopbackServer
) -> None:
    rill.write_config(table("p", loopback.base_url))
    running = await rill.start("models", "p")
    bad = "\x1b]52;c;eA==\x07\x9b2J\u202e\nx/y"
    await answer_list(await loopback.next_exchange(), entry(f"m{bad}", display_name=f"M{bad}"))
    finished = await running.end()
    out = finished.out.decode()
    assert out.count("\n") == 1
    assert out.rstrip("\n").isprintable()


@pytest.mark.parametrize("flags", [(), ("--offline",)])
async def test_the_last_list_of_one_that_is_away_is_shown(
    rill: Rill, flags: tuple[str, ...]
) -> None:
    rill.write_config(table("gone", NOWHERE))
    keep(rill, "gone", NOWHERE, Model("m", "m"), age=3 * 3600 + 60)
    finished = await rill.run("models", "gone", *flags)
    assert (finished.code, finished.out) == (0, b"gone/m\n")
    remark = f"gone: {AWAY} Shown is what it listed 3 h ago."
    assert finished.complaints == ([] if flags else [remark])


async def test_a_list_from_elsewhere_is_not_asked_for_again_at_once(rill: Rill) -> None:
    rill.write_config(table("far", ELSEWHERE))
    keep(rill, "far", ELSEWHERE, Model("m", "m"), age=60)
    finished = await rill.run("models", "far")
    assert (finished.code, finished.out, finished.err) == (0, b"far/m\n", "")

    finished = await rill.run("models", "far", "--refresh")
    assert (finished.code, finished.out) == (0, b"far/m\n")
    (remark,) = finished.complaints
    assert remark.startswith("far: ")
    assert remark.endswith("Shown is what it listed 1 min ago.")

    keep(rill, "far", ELSEWHERE, Model("m", "m"), age=700)
    (remark,) = (await rill.run("models", "far")).complaints
    assert remark.endswith("Shown is what it listed 11 min ago.")


async def test_a_server_of_ones_own_is_asked_every_time(
    rill: Rill, loopback: LoopbackServer
) -> None:
    rill.write_config(table("mine", loopback.base_url))
    keep(rill, "mine", loopback.base_url, Model("old", "old"), age=1)
    running = await rill.start("models", "mine")
    await answer_list(await loopback.next_exchange(), entry("new"))
    assert (await running.end()).out == b"mine/new\n"


async def test_those_that_fail_say_why_and_the_others_are_listed(
    rill: Rill, loopback: LoopbackServer
) -> None:
    rill.write_config(
        table("refusing", loopback.base_url, 'api_key_env = "MY_KEY"') + table("gone", NOWHERE)
    )
    keep(rill, "gone", "http://127.0.0.1:2", Model("not-there", "x"), age=1)
    running = await rill.start(
        "models", "refusing", "gone", "demo", environment={"MY_KEY": SECRET_KEY}
    )
    exchange = await loopback.next_exchange()
    assert exchange.headers["x-api-key"] == SECRET_KEY
    error = {"type": "authentication_error", "message": f"bad key {SECRET_KEY}\x1b[2J"}
    await exchange.respond(401, json.dumps({"type": "error", "error": error}))
    finished = await running.end()
    assert finished.code == 0
    assert finished.complaints == [
        "refusing: bad key [the key]␛[2J (authentication_error, HTTP 401)",
        f"gone: {AWAY}",
    ]
    assert all(line.startswith("demo/") for line in finished.out.decode().splitlines())


async def test_no_list_at_all_gives_7(rill: Rill) -> None:
    rill.write_config(table("gone", NOWHERE))
    finished = await rill.run("models", "gone")
    assert (finished.code, finished.out, finished.complaints) == (7, b"", [f"gone: {AWAY}"])
    finished = await rill.run("models", "gone", "--offline")
    assert (finished.code, finished.complaints) == (7, ["gone: No list of it was kept."])


async def test_what_is_merely_not_running_here_is_passed_over_unless_it_was_asked_for(
    rill: Rill,
) -> None:
    rill.environment["OLLAMA_HOST"] = ""
    finished = await rill.run("models", "--offline")
    assert finished.code == 7
    assert finished.complaints == [
        "no list was ever kept; without --offline the providers are asked"
    ]
    finished = await rill.run("models", "--offline", "vllm")
    assert finished.complaints == ["vllm: No list of it was kept."]


def test_the_last_list_of_one_that_may_run_here_and_does_not_is_shown_only_if_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process, where the usual ports can be others: somebody may well use those."""
    for name in ON_THIS_MACHINE:
        at = Known(ProviderSettings("openai-chat", NOWHERE))
        monkeypatch.setitem(BUILT_IN, name, at)
    access = access_to(tmp_path, "")
    access.catalogue.keep(Listing("vllm", NOWHERE, time.time() - 90, (Model("m", "m"),)))

    assert list_models(access, Wanted()) == 7
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("rill: there is nothing to talk to: set a key (ANTHROPIC_API_KEY, ")
    assert err.count("\n") == 1

    assert list_models(access, Wanted(("vllm",))) == 0
    out, err = capsys.readouterr()
    assert out == "vllm/m\n"
    assert err == f"rill: vllm: {AWAY} Shown is what it listed 1 min ago.\n"


async def test_a_variable_that_names_a_server_asks_for_it(rill: Rill) -> None:
    finished = await rill.run("models", environment={"OLLAMA_HOST": "127.0.0.1:1"})
    assert f"ollama: {AWAY}" in finished.complaints
    assert "llamacpp" not in finished.err


async def test_json_is_one_array_with_everything(rill: Rill, loopback: LoopbackServer) -> None:
    rill.write_config(table("p", loopback.base_url) + table("gone", NOWHERE))
    keep(rill, "gone", NOWHERE, Model("m", "M \x1b", 5, None, ("tools",)), age=60)
    running = await rill.start("models", "p", "gone", "--json")
    await answer_list(await loopback.next_exchange(), entry("a"))
    finished = await running.end()
    assert len(finished.complaints) == 1
    fresh, kept = json.loads(finished.out)
    assert abs(fresh.pop("listed_at") - time.time()) < 600
    assert fresh == {
        "model": "p/a",
        "provider": "p",
        "id": "a",
        "name": "a",
        "context_tokens": None,
        "output_tokens": None,
        "abilities": [],
        "is_kept": False,
    }
    assert (kept["model"], kept["name"], kept["is_kept"]) == ("gone/m", "M \x1b", True)
    assert (kept["context_tokens"], kept["abilities"]) == (5, ["tools"])


async def test_json_of_nothing_is_an_empty_array(rill: Rill) -> None:
    finished = await rill.run("models", "demo", "--offline", "--json")
    assert (finished.code, json.loads(finished.out)) == (7, [])


async def test_one_that_lists_nothing_is_no_failure(rill: Rill, loopback: LoopbackServer) -> None:
    rill.write_config(table("p", loopback.base_url))
    running = await rill.start("models", "p")
    await answer_list(await loopback.next_exchange())
    finished = await running.end()
    assert (finished.code, finished.out) == (0, b"")
    assert finished.complaints == ["p lists no models"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("antropic",), "There is no provider 'antropic'; did you mean 'anthropic'?"),
        (("--refresh", "--offline"), "not allowed with argument"),
        (("--jason",), "did you mean '--json'?"),
        (("--config", "/nowhere/x.toml"), "There is no settings file /nowhere/x.toml."),
    ],
)
async def test_wrong_usage_gives_2(rill: Rill, arguments: tuple[str, ...], words: str) -> None:
    finished = await rill.run("models", *arguments)
    assert finished.code == 2
    (complaint,) = finished.complaints
    assert words in complaint


async def test_ctrl_c_ends_it_and_its_requests(rill: Rill, loopback: LoopbackServer) -> None:
    rill.write_config(table("p", loopback.base_url))
    running = await rill.start("models", "p")
    exchange = await loopback.next_exchange()
    running.signal(signal.SIGINT)
    await exchange.wait_closed()
    finished = await running.end()
    assert (finished.code, finished.out, finished.err) == (130, b"", "")


async def test_ctrl_c_does_not_wait_for_the_name_of_a_host(rill: Rill, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW_LOOKUP)
    rill.write_config(table("far", ELSEWHERE))
    running = await rill.start("models", "far", environment={"PYTHONPATH": str(tmp_path)})
    assert running.process.stderr is not None
    assert await running.process.stderr.readline() == b"looking up\n"
    running.signal(signal.SIGINT)
    finished = await running.end()
    assert (finished.code, finished.out, finished.err) == (130, b"", "")


async def test_a_reader_that_leaves_ends_it_without_a_word(
    rill: Rill, loopback: LoopbackServer
) -> None:
    rill.write_config(table("p", loopback.base_url))
    ours, theirs = os.pipe()
    running = await rill.start("models", "p", stdout=theirs)
    os.close(theirs)
    os.close(ours)
    await answer_list(await loopback.next_exchange(), entry("m"))
    finished = await running.end()
    assert (finished.code, finished.err) == (141, "")
