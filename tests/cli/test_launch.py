"""What a start decides (flag, environment, settings, default) and what it does not import."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import REPOSITORY
from tests.loopback import SECRET_KEY
from tui import __version__
from tui.cli import _ask_parser, main
from tui.launch import DEFAULT_MAX_TOKENS, DEFAULT_MODEL, prepare

if TYPE_CHECKING:
    from pathlib import Path

    from tests.loopback import LoopbackServer
    from tui.launch import Launch


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "rill" / "config.toml"
    path.parent.mkdir()
    return path


def launch(tmp_path: Path, *arguments: str, **environment: str) -> Launch:
    args = _ask_parser().parse_args(arguments)
    return prepare(args, {"XDG_CONFIG_HOME": str(tmp_path), **environment})


# Precedence


def test_without_anything_it_is_the_demo(tmp_path: Path) -> None:
    decided = launch(tmp_path)
    assert (decided.provider_name, decided.api) == ("demo", "demo")
    assert decided.api_key is None
    assert decided.options.limit.tokens == DEFAULT_MAX_TOKENS
    assert decided.options.limit.set_by == "Rill's default"
    assert decided.system == ""


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        ((), {"ANTHROPIC_API_KEY": SECRET_KEY}),
        ((), {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}),
        (("--base-url", "http://127.0.0.1:1"), {}),
    ],
)
def test_any_way_to_reach_anthropic_makes_it_the_default(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    decided = launch(tmp_path, *arguments, **environment)
    assert f"{decided.provider_name}/{decided.options.model}" == DEFAULT_MODEL


def test_a_key_that_is_empty_is_none(tmp_path: Path) -> None:
    assert launch(tmp_path, ANTHROPIC_API_KEY="").api == "demo"


def test_a_flag_wins_over_the_environment_and_that_over_the_settings(
    tmp_path: Path, config: Path
) -> None:
    config.write_text(
        'model = "anthropic/from-config"\nmax_tokens = 11\nsystem = "from config"\n'
        '[providers.anthropic]\napi = "anthropic"\nbase_url = "http://config"\n'
    )
    decided = launch(tmp_path)
    assert decided.base_url == "http://config"
    assert (decided.options.model, decided.system) == ("from-config", "from config")
    assert (decided.options.limit.tokens, decided.options.limit.set_by) == (11, "config.toml")

    decided = launch(tmp_path, ANTHROPIC_BASE_URL="http://environment/")
    assert decided.base_url == "http://environment"

    decided = launch(
        tmp_path,
        *("--base-url", "http://flag/prefix/", "--max-tokens", "22", "--system", ""),
        *("-m", "anthropic/from/flag"),
        ANTHROPIC_BASE_URL="http://environment",
    )
    assert decided.base_url == "http://flag/prefix"
    assert (decided.options.limit.tokens, decided.options.limit.set_by) == (22, "--max-tokens")
    assert (decided.options.model, decided.system) == ("from/flag", "")


def test_a_model_alone_is_anthropics(tmp_path: Path) -> None:
    decided = launch(tmp_path, "-m", "claude-x", ANTHROPIC_API_KEY=SECRET_KEY)
    assert (decided.provider_name, decided.options.model) == ("anthropic", "claude-x")


def test_a_local_server_needs_no_key(tmp_path: Path) -> None:
    assert launch(tmp_path, "--base-url", "http://127.0.0.1:1").api_key is None


def test_a_provider_of_ones_own_has_its_own_key_and_not_anthropics(
    tmp_path: Path, config: Path
) -> None:
    config.write_text(
        'model = "mine/m"\n[providers.mine]\napi = "anthropic"\nbase_url = "http://mine"\n'
    )
    decided = launch(tmp_path, ANTHROPIC_API_KEY=SECRET_KEY, ANTHROPIC_BASE_URL="http://other")
    assert (decided.api_key, decided.base_url) == (None, "http://mine")
    config.write_text(config.read_text() + 'api_key_env = "MY_KEY"\n')
    assert launch(tmp_path, MY_KEY="k").api_key == "k"


async def test_a_session_speaks_with_what_was_decided(
    tmp_path: Path, loopback: LoopbackServer
) -> None:
    decided = launch(tmp_path, "--base-url", loopback.base_url, ANTHROPIC_API_KEY=f"{SECRET_KEY}\n")
    async with decided.open() as session:
        assert not session.is_demo
        assert session.model_label == DEFAULT_MODEL
        models = asyncio.create_task(session.provider.list_models(session.http))
        exchange = await loopback.next_exchange()
        assert exchange.headers["x-api-key"] == SECRET_KEY
        await exchange.respond(200, '{"data": [{"id": "a"}]}')
        assert [model.id for model in await models] == ["a"]


async def test_a_session_closes_what_is_still_under_way(
    tmp_path: Path, loopback: LoopbackServer
) -> None:
    async with launch(tmp_path, "--base-url", loopback.base_url).open() as session:
        models = asyncio.create_task(session.provider.list_models(session.http))
        exchange = await loopback.next_exchange()
    await exchange.wait_closed()
    await asyncio.wait({models})
    assert models.cancelled()


# The start


PROBE = """
import atexit, sys
atexit.register(lambda: print(
    *(name for name in ("textual", "rich", "httpx", "asyncio", "pygments") if name in sys.modules),
    file=sys.stderr,
))
sys.argv = ["rill", *sys.argv[1:]]
import runpy
runpy.run_module("tui", run_name="__main__")
"""


def modules_of(*arguments: str, **environment: str) -> set[str]:
    """What of the heavy things a run has imported."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        cwd=REPOSITORY,
        env={"PATH": os.environ.get("PATH", ""), "HOME": "/nowhere", **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("ask", "--help"), ("ask", "--ouput"), ("ask",)]
)
def test_help_and_wrong_usage_import_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert modules_of(*arguments) == set()


def test_wrong_settings_import_no_httpx() -> None:
    assert "httpx" not in modules_of("ask", "Hi?", "-m", "nowhere/model")


def test_asking_imports_no_textual() -> None:
    assert modules_of("ask", "burst 1") == {"httpx", "asyncio"}


@pytest.mark.parametrize("command", [(), ("ask",), ("demo",)])
def test_help_is_printed_and_is_no_error(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as left:
        main([*command, "--help"])
    assert left.value.code == 0
    out, err = capsys.readouterr()
    assert out.startswith("usage: rill")
    assert err == ""


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"rill {__version__}\n"
