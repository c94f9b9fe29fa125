"""A key is sent to its own provider, and is nowhere else: in no output, file or process title."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.loopback import OPENING, LoopbackServer, sse
from tui.cli import main
from tui.providers.registry import APIS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from tests.cli.conftest import Finished, Rill
    from tests.loopback import Exchange

CANARY = "sk-canary-0c5e83d1f6a94b27-the-whole-of-it"
TELLING = CANARY[:10]
"""As much of it as nobody may see."""


class Keeper:
    """`rill` with a canary for a key, and all that it has ever said."""

    def __init__(self, rill: Rill, server: LoopbackServer, elsewhere: LoopbackServer) -> None:
        self.rill = rill
        self.server = server
        self.elsewhere = elsewhere
        self.said: list[bytes] = []

    async def ask(
        self, answer: Callable[[Keeper, Exchange], Awaitable[None]], *arguments: str
    ) -> Finished:
        """One turn, kept in the history; its answer quotes the key."""
        running = await self.rill.start("ask", "--save", *arguments, "Is it?")
        exchange = await self.server.next_exchange()
        assert CANARY in exchange.path + "".join(exchange.headers.values())  # it is in use
        self.said += _titles(running.process.pid)
        await answer(self, exchange)
        return self._heard(await running.end())

    async def run(self, *arguments: str) -> Finished:
        """Another command."""
        return self._heard(await self.rill.run(*arguments))

    async def doctor(self) -> None:
        """The doctor, who is told that the key is wrong."""
        running = await self.rill.start("doctor")
        await _unauthorized(self, await self.server.next_exchange())
        self._heard(await running.end())

    def _heard(self, finished: Finished) -> Finished:
        self.said += [finished.out, finished.err.encode()]
        return finished

    def leaks(self) -> list[str]:
        """Where the key can be read that nobody has put it into."""
        files = [path for path in self.rill.home.rglob("*") if path.is_file()]
        found = [
            str(path)
            for path in files
            if path != self.rill.config and TELLING.encode() in path.read_bytes()
        ]
        return found + [repr(each) for each in self.said if TELLING.encode() in each]


def _titles(process: int) -> list[bytes]:
    """What others can see of a process, where there is a place to see it."""
    files = [Path(f"/proc/{process}/{name}") for name in ("cmdline", "comm")]
    return [file.read_bytes() for file in files if file.exists()]


SOURCES = {
    "the environment": "",
    "api_key": f'api_key = "{CANARY}"',
    "api_key_command": "api_key_command = [{command}]",
    "key_header": f'api_key = "{CANARY}"\nkey_header = "x-gateway-key"',
    "a header": f'headers = {{ Authorization = "Bearer {CANARY}" }}',
    "a query": f'query = {{ key = "{CANARY}" }}',
}


@pytest.fixture(params=SOURCES)
async def keeper(
    request: pytest.FixtureRequest,
    rill: Rill,
    loopback: LoopbackServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[Keeper, None]:
    """A key from each place that keys come from."""
    safe = tmp_path_factory.mktemp("safe") / "key"
    safe.write_text(f"{CANARY}\nuser: me\n")
    lines = SOURCES[request.param].replace("{command}", f'"cat", "{safe}"')
    if not lines:
        rill.environment["MINE_KEY"] = CANARY
        lines = 'api_key_env = "MINE_KEY"'
    rill.write_config(
        f'model = "mine/m"\n[providers.mine]\napi = "anthropic"\n'
        f'base_url = "{loopback.base_url}"\n{lines}\n'
    )
    async with LoopbackServer() as elsewhere:
        yield Keeper(rill, loopback, elsewhere)


async def _unauthorized(_keeper: Keeper, exchange: Exchange) -> None:
    error = {"type": f"no_{CANARY}", "message": f"Incorrect key: {CANARY} (Bearer {CANARY})."}
    headers = {"request-id": f"req-{CANARY}"}
    await exchange.respond(401, json.dumps({"type": "error", "error": error}), headers=headers)


async def _cut_in_the_middle(_keeper: Keeper, exchange: Exchange) -> None:
    await exchange.respond(403, f"{'x' * 160} {CANARY} {CANARY}", content_type="text/plain")


async def _page(_keeper: Keeper, exchange: Exchange) -> None:
    await exchange.respond(200, f"<html>You sent {CANARY}</html>", content_type="text/html")


async def _error_in_the_stream(_keeper: Keeper, exchange: Exchange) -> None:
    error = {"error": {"type": "api_error", "message": f"who is Bearer {CANARY}?"}}
    await exchange.head(headers={"request-id": f"req-{CANARY}"})
    await exchange.text("So far")
    await exchange.event("error", error)


async def _malformed(_keeper: Keeper, exchange: Exchange) -> None:
    await exchange.send(OPENING + f"data: {CANARY}\n\n".encode())
    await exchange.end()


async def _redirect(keeper: Keeper, exchange: Exchange) -> None:
    location = f"{keeper.elsewhere.base_url}{exchange.path}?key={CANARY}"
    await exchange.respond(307, "", headers={"Location": location})


async def _reset(_keeper: Keeper, exchange: Exchange) -> None:
    await exchange.text("So f")
    await exchange.reset()


async def _good(_keeper: Keeper, exchange: Exchange) -> None:
    await exchange.text("Yes.")
    await exchange.send(sse("ping", {}))
    await exchange.finish()


ANSWERS = (
    *(_unauthorized, _cut_in_the_middle, _page, _error_in_the_stream, _malformed, _redirect),
    *(_reset, _good),
)


async def test_a_key_is_nowhere_after_sessions_full_of_errors(keeper: Keeper) -> None:
    outputs = ("text", "json", "stream-json")
    for number, answer in enumerate(ANSWERS):
        finished = await keeper.ask(answer, "--output", outputs[number % 3])
        assert finished.code == (0 if answer is _good else 6 if answer is _reset else 7)
    assert (await keeper.run("config", "show")).code == 0
    assert (await keeper.run("config", "check")).code == 0
    await keeper.doctor()
    for form in ("json", "html"):
        place = keeper.rill.home / form
        assert (await keeper.run("export", "--all", "--format", form, "-o", f"{place}")).code == 0
        assert place.exists()
    assert keeper.leaks() == []
    assert keeper.elsewhere.connections == []


@pytest.mark.parametrize("api", [api for api in APIS if api not in {"anthropic", "demo"}])
async def test_every_api_keeps_its_key(rill: Rill, loopback: LoopbackServer, api: str) -> None:
    rill.write_config(
        f'model = "mine/m"\n[providers.mine]\napi = "{api}"\n'
        f'base_url = "{loopback.base_url}"\napi_key = "{CANARY}"\n'
    )
    async with LoopbackServer() as elsewhere:
        keeper = Keeper(rill, loopback, elsewhere)
        for answer in (_unauthorized, _cut_in_the_middle, _page, _malformed, _redirect):
            assert (await keeper.ask(answer, "--output", "stream-json")).code == 7
        assert (await keeper.run("export", "--all", "-o", str(rill.home / "out.json"))).code == 0
        assert keeper.leaks() == []
        assert elsewhere.connections == []


@pytest.mark.parametrize("output", ["text", "json", "stream-json"])
async def test_what_a_server_quotes_is_still_said(
    rill: Rill, loopback: LoopbackServer, output: str
) -> None:
    """Only the key is taken out of the sentence."""
    rill.talks_to(loopback.base_url)
    rill.environment["ANTHROPIC_API_KEY"] = CANARY
    keeper = Keeper(rill, loopback, loopback)
    finished = await keeper.ask(_unauthorized, "--output", output)
    assert finished.complaints == [
        (
            "Incorrect key: [the key] (Bearer [the key]). "
            "(no_[the key], HTTP 401, request req-[the key])"
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        f'api_key = "{CANARY}"\napi_key_env = 3',
        f'api_key = ["{CANARY}"]',
        f'api_key_env = "{CANARY}"',
        f'headers = "Authorization: {CANARY}"',
        f'headers = {{ "a b" = "{CANARY}" }}',
        f'base_url = "https://host?key={CANARY}"',
        f'api_key = "{CANARY}',
        f'api_kye = "{CANARY}"',
        f'api_key = "{CANARY}\\u00e4"',
        f'api_key_command = ["sh", "-c", "echo {CANARY} >&2; echo {CANARY}; exit 1"]',
        f'api_key_command = ["/nowhere/at/all", "{CANARY}"]',
        f'api_key = "{CANARY}"\nbase_url = "http://box"',
    ],
)
def test_settings_that_are_wrong_are_told_without_the_key(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
) -> None:
    """In this process, because it is the same `main`."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    config = tmp_path / "rill" / "config.toml"
    config.parent.mkdir()
    config.write_text(f'model = "mine/m"\n[providers.mine]\napi = "anthropic"\n{text}\n')
    for arguments in (["ask", "Is it?"], ["config", "check"], ["config", "show"], ["doctor"]):
        code = main(arguments)
        out, err = capsys.readouterr()
        assert TELLING not in out + err
        if arguments[0] == "ask":
            assert (code, err.count("\n")) == (2, 1)
