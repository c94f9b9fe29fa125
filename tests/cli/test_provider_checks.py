"""`rill doctor` and the providers: who is reached, who is not, and what to do about it."""

from __future__ import annotations

import json
import re
import signal
from typing import TYPE_CHECKING

import pytest

from tests.cli.providers import answer_list, entry, servers, table, tables
from tests.cli.test_import import history_of
from tests.histories import ask, fill, talk
from tests.loopback import SECRET_KEY

if TYPE_CHECKING:
    from tests.cli.conftest import Finished, Rill
    from tests.loopback import Exchange, LoopbackServer

NOWHERE = "http://127.0.0.1:1"


def about(finished: Finished, name: str) -> list[str]:
    """The lines about a provider, with the times as T."""
    assert finished.err == ""
    lines = finished.out.decode().splitlines()
    return [
        re.sub(r"\d+(\.\d+)? s\b", "T s", line)
        for line in lines
        if line[2:].startswith((name, f"{name}/"))
    ]


async def refuse(exchange: Exchange, status: int, type_: str, message: str) -> None:
    """Answer with an error as the Messages API words it."""
    error = {"type": "error", "error": {"type": type_, "message": message}}
    await exchange.respond(status, json.dumps(error))


async def reply(exchange: Exchange, stop_reason: str = "max_tokens") -> None:
    """Answer with one token."""
    await exchange.text("Hi")
    await exchange.finish(stop_reason)


@pytest.mark.parametrize("stop_reason", ["max_tokens", "end_turn"])
async def test_one_that_is_well_gets_two_lines_with_times_and_whose_key_it_was(
    rill: Rill, loopback: LoopbackServer, stop_reason: str
) -> None:
    rill.write_config(table("p", loopback.base_url, 'api_key_env = "MY_KEY"'))
    running = await rill.start("doctor", environment={"MY_KEY": SECRET_KEY})
    await answer_list(await loopback.next_exchange(), entry("m1"), entry("m2"))
    exchange = await loopback.next_exchange()
    asked = exchange.json()
    assert (asked["model"], asked["max_tokens"], asked["stream"]) == ("m1", 1, True)
    assert exchange.headers["x-api-key"] == SECRET_KEY
    await reply(exchange, stop_reason)
    finished = await running.end()
    assert finished.code == 0
    place = loopback.base_url.removeprefix("http://")
    assert about(finished, "p") == [
        f"✓ p at {place} lists 2 models (T s, key from MY_KEY).",
        "✓ p/m1 replies (first token after T s, end after T s).",
    ]
    assert loopback.unanswered() == 0


async def test_all_are_asked_at_once_and_told_in_the_order_of_the_settings(rill: Rill) -> None:
    async with servers("one", "two") as found:
        rill.write_config(tables(found))
        running = await rill.start("doctor")
        lists = {name: await server.next_exchange() for name, server in found.items()}
        for name in ("two", "one"):
            await answer_list(lists[name], entry("m"))
            await reply(await found[name].next_exchange())
            await found[name].all_closed()
        lines = (await running.end()).out.decode().splitlines()[-4:]
    assert [line.split()[1] for line in lines] == ["one", "one/m", "two", "two/m"]


@pytest.mark.parametrize(
    ("settings", "history", "expected"),
    [
        ('model = "anthropic/chosen"\n', True, "chosen"),
        ('model = "demo/other"\n[providers.anthropic.models.own]\n', True, "own"),
        ('model = "demo/other"\n', True, "model-1"),
        ('model = "demo/other"\n', False, "listed"),
        ("", True, "claude-sonnet-4-5"),
    ],
)
async def test_the_model_that_is_asked_is_the_likeliest_to_be_used(
    rill: Rill, loopback: LoopbackServer, settings: str, history: bool, expected: str
) -> None:
    rill.talks_to(loopback.base_url)
    rill.write_config(settings)
    if history:
        fill(history_of(rill), [talk("alpha")])
    running = await rill.start("doctor")
    await answer_list(await loopback.next_exchange(), entry("listed"))
    exchange = await loopback.next_exchange()
    assert exchange.json()["model"] == expected
    await reply(exchange)
    assert (await running.end()).code == 0


async def test_to_look_which_model_was_used_last_changes_no_history(
    rill: Rill, loopback: LoopbackServer
) -> None:
    fill(history_of(rill), [talk("alpha")])
    ask(history_of(rill), "PRAGMA user_version = 1")  # as if an older Rill had written it
    before = history_of(rill).read_bytes()
    rill.write_config(table("anthropic", loopback.base_url))
    running = await rill.start("doctor", environment={"ANTHROPIC_API_KEY": SECRET_KEY})
    await answer_list(await loopback.next_exchange())
    await reply(await loopback.next_exchange())
    finished = await running.end()
    assert "is older than this Rill" in finished.out.decode()
    assert history_of(rill).read_bytes() == before


async def test_a_model_that_refuses_so_low_a_limit_is_given_more_room(
    rill: Rill, loopback: LoopbackServer
) -> None:
    rill.write_config(table("p", loopback.base_url))
    running = await rill.start("doctor")
    await answer_list(await loopback.next_exchange(), entry("m"))
    await refuse(await loopback.next_exchange(), 400, "invalid_request_error", "at least 16")
    exchange = await loopback.next_exchange()
    assert exchange.json()["max_tokens"] == 256
    await reply(exchange)
    finished = await running.end()
    assert (finished.code, len(about(finished, "p"))) == (0, 2)


@pytest.mark.parametrize(
    ("lines", "environment", "remedy"),
    [
        (
            ('api_key_env = "MY_KEY"',),
            {"MY_KEY": SECRET_KEY},
            "check the key, which comes from MY_KEY",
        ),
        (
            ('api_key_command = ["echo", "some-key-or-other"]',),
            {},
            "check the key, which comes from api_key_command (echo)",
        ),
        ((), {}, "it wants a key: set api_key_env in [providers.p]"),
    ],
)
async def test_a_key_that_is_not_accepted_is_named_by_where_it_came_from(
    rill: Rill,
    loopback: LoopbackServer,
    lines: tuple[str, ...],
    environment: dict[str, str],
    remedy: str,
) -> None:
    rill.write_config(table("p", loopback.base_url, *lines))
    running = await rill.start("doctor", environment=environment)
    exchange = await loopback.next_exchange()
    sent = exchange.headers.get("x-api-key", "")
    await refuse(exchange, 401, "authentication_error", f"invalid key {sent}".strip())
    finished = await running.end()
    assert finished.code == 2
    words = "invalid key [the key]" if sent else "invalid key"
    assert about(finished, "p") == [f"✗ p: {words} (authentication_error, HTTP 401); {remedy}."]


async def test_a_server_that_is_not_running_is_to_be_started(rill: Rill) -> None:
    rill.write_config(table("p", NOWHERE))
    finished = await rill.run("doctor")
    assert finished.code == 2
    assert about(finished, "p") == [
        (
            f"✗ p: Nothing listens at {NOWHERE} (connection refused): is the server running? "
            "Start it, or correct the base URL (config.toml)."
        )
    ]


@pytest.mark.parametrize(
    ("path", "remedy"),
    [("", "the base URL {url} probably lacks /v1 at its end"), ("/v2", "check the base URL {url}")],
)
async def test_a_path_that_is_not_there_is_a_base_url_that_is_wrong(
    rill: Rill, loopback: LoopbackServer, path: str, remedy: str
) -> None:
    url = loopback.base_url + path
    rill.write_config(table("p", url, api="openai-chat"))
    running = await rill.start("doctor")
    await (await loopback.next_exchange()).respond(404, '{"error": {"message": "File Not Found"}}')
    (line,) = about(await running.end(), "p")
    assert line.startswith("✗ p: File Not Found (")
    assert line.endswith(f"; {remedy.format(url=f'{url} (config.toml)')}.")


async def test_one_without_a_list_is_asked_all_the_same_if_a_model_is_known(
    rill: Rill, loopback: LoopbackServer
) -> None:
    rill.write_config('model = "p/m"\n' + table("p", loopback.base_url))
    running = await rill.start("doctor")
    await refuse(await loopback.next_exchange(), 404, "not_found_error", "no such path")
    await refuse(await loopback.next_exchange(), 404, "not_found_error", "model: m")
    finished = await running.end()
    assert finished.code == 2
    place = loopback.base_url.removeprefix("http://")
    assert about(finished, "p") == [
        f"– p at {place} gives no list of its models.",  # noqa: RUF001 - the mark of a note
        (
            "✗ p/m: model: m (not_found_error, HTTP 404); is there such a model? "
            "rill models p lists them."
        ),
    ]


async def test_a_reply_that_breaks_off_is_not_well(rill: Rill, loopback: LoopbackServer) -> None:
    rill.write_config(table("p", loopback.base_url))
    running = await rill.start("doctor")
    await answer_list(await loopback.next_exchange(), entry("m"))
    exchange = await loopback.next_exchange()
    await exchange.text("H")
    await exchange.end()
    finished = await running.end()
    assert finished.code == 2
    assert about(finished, "p")[1] == "✗ p/m: connection closed early after 1 character."


async def test_a_key_that_is_missing_is_said_without_asking(
    rill: Rill, loopback: LoopbackServer
) -> None:
    rill.write_config(table("p", loopback.base_url, 'api_key_env = "NO_SUCH_KEY"'))
    finished = await rill.run("doctor")
    assert finished.code == 2
    (line,) = about(finished, "p")
    assert line.startswith(f"✗ p: {rill.config}, line 4: providers.p.api_key_env names NO_SUCH_KEY")
    assert loopback.connections == []


async def test_one_with_no_models_is_asked_for_no_reply(
    rill: Rill, loopback: LoopbackServer
) -> None:
    rill.write_config(table("p", loopback.base_url))
    running = await rill.start("doctor")
    await answer_list(await loopback.next_exchange())
    finished = await running.end()
    assert finished.code == 0
    (line,) = about(finished, "p")
    assert line.endswith("lists 0 models (T s), so it was asked for no reply.")


@pytest.mark.parametrize("settings", ["", "thme = 1\n"])
async def test_offline_and_with_wrong_settings_nobody_is_asked(
    rill: Rill, loopback: LoopbackServer, settings: str
) -> None:
    rill.talks_to(loopback.base_url)
    rill.write_config(settings)
    arguments = () if settings else ("--offline",)
    finished = await rill.run("doctor", *arguments)
    assert finished.code == (2 if settings else 0)
    assert about(finished, "anthropic") == []
    assert loopback.connections == []


async def test_a_repair_asks_each_provider_once(rill: Rill, loopback: LoopbackServer) -> None:
    fill(history_of(rill), [talk("alpha")])
    history_of(rill).chmod(0o644)
    rill.write_config(table("p", loopback.base_url))
    running = await rill.start("doctor", "--repair")
    await answer_list(await loopback.next_exchange(), entry("m"))
    await reply(await loopback.next_exchange())
    finished = await running.end()
    assert finished.code == 0
    assert len(about(finished, "p")) == 2
    assert history_of(rill).stat().st_mode & 0o777 == 0o600
    assert loopback.unanswered() == 0


async def test_what_can_be_repaired_counts_before_a_provider_that_is_away(rill: Rill) -> None:
    fill(history_of(rill), [talk("alpha")])
    history_of(rill).chmod(0o644)
    rill.write_config(table("p", NOWHERE))
    assert (await rill.run("doctor")).code == 1


async def test_ctrl_c_ends_the_requests(rill: Rill, loopback: LoopbackServer) -> None:
    rill.write_config(table("p", loopback.base_url))
    running = await rill.start("doctor")
    await answer_list(await loopback.next_exchange(), entry("m"))
    exchange = await loopback.next_exchange()
    await exchange.text("H")
    running.signal(signal.SIGINT)
    await exchange.wait_closed()
    assert (await running.end()).code == 130


async def test_what_a_server_says_cannot_drive_the_terminal(
    rill: Rill, loopback: LoopbackServer
) -> None:
    rill.write_config(table("p", loopback.base_url))
    running = await rill.start("doctor")
    await answer_list(await loopback.next_exchange(), entry("m\x1b[2J\n"))
    await refuse(await loopback.next_exchange(), 500, "api_error\x9b", "no\x1b]0;x\x07\u202e")
    finished = await running.end()
    assert all(line.isprintable() for line in finished.out.decode().splitlines())
    assert finished.code == 2
