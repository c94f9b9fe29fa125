"""What a start decides (flag, environment, settings, default) and what it does not import."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import REPOSITORY
from tests.launches import make_launch
from tests.loopback import SECRET_KEY
from tui import __version__
from tui.chat.conversation import Conversation
from tui.chat.message import Message, Role, TextPart
from tui.chat.parameters import Choice, Parameters
from tui.cli import main
from tui.errors import SettingsError, UsageError
from tui.roster import DEFAULT_MAX_TOKENS, DEFAULT_MODEL, DEMO_MODEL
from tui.storage.state import Choices

if TYPE_CHECKING:
    from pathlib import Path

    from tests.loopback import LoopbackServer


# What is talked to


def test_without_anything_it_is_the_demo(tmp_path: Path) -> None:
    decided = make_launch(tmp_path)
    target = decided.target()
    assert (target.provider, target.api, decided.hint) == ("demo", "demo", "")
    assert target.options.limit is not None
    assert target.options.limit.tokens == DEFAULT_MAX_TOKENS
    assert target.options.limit.set_by == "Rill's default"
    assert target.system == ""


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
    assert make_launch(tmp_path, *arguments, **environment).target().label == DEFAULT_MODEL


def test_a_key_that_is_empty_is_none(tmp_path: Path) -> None:
    assert make_launch(tmp_path, ANTHROPIC_API_KEY="").target().is_demo


def test_a_key_without_a_model_is_no_reason_to_talk_to_the_demo(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        make_launch(tmp_path, OPENAI_API_KEY=SECRET_KEY)
    assert str(caught.value) == (
        "There is a key for openai (OPENAI_API_KEY) but no model is chosen: -m openai/NAME; "
        "rill models openai lists them."
    )


def test_the_app_begins_with_the_demo_then_and_says_what_to_do(tmp_path: Path) -> None:
    decided = make_launch(tmp_path, in_app=True, OPENAI_API_KEY=SECRET_KEY)
    assert decided.target().is_demo
    assert decided.hint.startswith("There is a key for openai (OPENAI_API_KEY) but no model")


def test_a_model_of_the_command_line_wins_over_the_settings_and_those_over_the_last_choice(
    tmp_path: Path,
) -> None:
    Choices(tmp_path / "rill").choose_model("openai/chosen")
    assert make_launch(tmp_path).model == "openai/chosen"
    assert make_launch(tmp_path, settings='model = "openai/written"').model == "openai/written"
    decided = make_launch(tmp_path, "-m", "openai/flag")
    assert (decided.model, decided.is_model_asked) == ("openai/flag", True)


def test_a_base_url_is_not_meant_for_what_was_chosen_last(tmp_path: Path) -> None:
    Choices(tmp_path / "rill").choose_model("openai/chosen")
    assert make_launch(tmp_path, "--base-url", "http://127.0.0.1:1").model == DEFAULT_MODEL


def test_a_choice_of_a_provider_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    Choices(tmp_path / "rill").choose_model("gone/model")
    assert make_launch(tmp_path).target().is_demo


def test_a_flag_wins_over_the_environment_and_that_over_the_settings(tmp_path: Path) -> None:
    settings = (
        'model = "anthropic/from-config"\nmax_tokens = 11\nsystem = "from config"\n'
        '[providers.anthropic]\napi = "anthropic"\nbase_url = "http://config"\n'
    )
    target = make_launch(tmp_path, settings=settings).target()
    assert target.base_url == "http://config"
    assert (target.options.model, target.system) == ("from-config", "from config")
    assert target.options.limit is not None
    assert (target.options.limit.tokens, target.options.limit.set_by) == (11, "config.toml")

    target = make_launch(tmp_path, ANTHROPIC_BASE_URL="http://environment/").target()
    assert target.base_url == "http://environment"

    target = make_launch(
        tmp_path,
        *("--base-url", "http://flag/prefix/", "--max-tokens", "22", "--system", ""),
        *("-m", "anthropic/from/flag"),
        ANTHROPIC_BASE_URL="http://environment",
    ).target()
    assert target.base_url == "http://flag/prefix"
    assert target.options.limit is not None
    assert (target.options.limit.tokens, target.options.limit.set_by) == (22, "--max-tokens")
    assert (target.options.model, target.system) == ("from/flag", "")


def test_a_model_alone_is_anthropics(tmp_path: Path) -> None:
    decided = make_launch(tmp_path, "-m", "claude-x", ANTHROPIC_API_KEY=SECRET_KEY)
    assert decided.target().label == "anthropic/claude-x"


async def test_a_provider_of_ones_own_has_its_own_key_and_not_anthropics(tmp_path: Path) -> None:
    settings = 'model = "mine/m"\n[providers.mine]\napi = "anthropic"\nbase_url = "http://mine"\n'
    others = {"ANTHROPIC_API_KEY": SECRET_KEY, "ANTHROPIC_BASE_URL": "http://other"}
    decided = make_launch(tmp_path, settings=settings, **others)
    assert decided.target().base_url == "http://mine"
    assert await decided.keys.find("mine") == ""
    decided = make_launch(tmp_path, settings=f'{settings}api_key_env = "MY_KEY"\n', MY_KEY="k")
    assert await decided.keys.find("mine") == "k"


def test_a_conversation_goes_on_with_its_own_model_unless_the_command_line_names_one(
    tmp_path: Path,
) -> None:
    conversation = Conversation()
    decided = make_launch(tmp_path, settings='model = "openai/new"', OPENAI_API_KEY="k")
    assert decided.target_of(conversation).label == "openai/new"

    conversation.append(Message.from_user("Hi?"))
    conversation.append(Message(Role.ASSISTANT, (TextPart("Hi."),), provider="openai", model="old"))
    assert decided.target_of(conversation).label == "openai/old"
    conversation.choice = Choice("openai/chosen", Parameters(top_p=0.5))
    assert decided.target_of(conversation).label == "openai/chosen"
    assert decided.target_of(conversation).set_by["top_p"] == "this conversation"

    asked = make_launch(tmp_path, "-m", "openai/asked", OPENAI_API_KEY="k")
    assert asked.target_of(conversation).label == "openai/asked"
    conversation.choice = Choice("gone/model")
    with pytest.raises(SettingsError, match=r"'gone', which is not known; .*/model chooses"):
        decided.target_of(conversation)


def test_the_model_of_a_provider_that_cannot_be_had_is_not_gone_on_with(tmp_path: Path) -> None:
    conversation = Conversation()
    conversation.append(Message(Role.ASSISTANT, (TextPart("Hi."),), provider="groq", model="old"))
    decided = make_launch(tmp_path, settings='model = "openai/new"')
    assert decided.target_of(conversation).label == "openai/new"


def test_a_model_that_is_chosen_counts_here_and_at_the_next_start(tmp_path: Path) -> None:
    conversation = Conversation()
    decided = make_launch(tmp_path, "-m", "openai/asked")
    decided.choose_model(conversation, "groq/chosen")
    assert decided.target_of(conversation).label == "groq/chosen"
    assert decided.target().label == "groq/chosen"
    assert make_launch(tmp_path).model == "groq/chosen"


def test_what_is_asked_for_in_one_conversation_since_counts_more_than_the_command_line(
    tmp_path: Path,
) -> None:
    decided = make_launch(tmp_path, "--max-tokens", "5")
    here, elsewhere = Conversation(), Conversation()
    here.choice = elsewhere.choice = Choice(parameters=Parameters(max_tokens=7, top_k=3))
    assert decided.target_of(here).options.parameters == Parameters(max_tokens=5, top_k=3)
    decided.ask_for(here, Parameters(max_tokens=6))
    assert decided.target_of(here).options.parameters == Parameters(max_tokens=6)
    assert decided.target_of(here).set_by["max_tokens"] == "this conversation"
    assert decided.target_of(elsewhere).set_by["max_tokens"] == "--max-tokens"


def test_a_choice_whose_provider_is_gone_counts_for_nothing(tmp_path: Path) -> None:
    decided = make_launch(tmp_path, "-m", "openai/asked")
    decided.choices.choose_model("gone/model")
    assert make_launch(tmp_path, ANTHROPIC_API_KEY="k").model == DEFAULT_MODEL
    assert make_launch(tmp_path).model == DEMO_MODEL


def test_the_demo_is_never_what_the_next_start_takes(tmp_path: Path) -> None:
    make_launch(tmp_path).choose_model(Conversation(), "demo/other")
    assert make_launch(tmp_path, ANTHROPIC_API_KEY="k").model == DEFAULT_MODEL


@pytest.mark.parametrize("model", ["zzz/m", "anthropic/"])
def test_a_model_of_nobody_is_said_at_once_with_where_it_stands(tmp_path: Path, model: str) -> None:
    with pytest.raises(UsageError, match=r"/config\.toml, line 2: model '"):
        make_launch(tmp_path, settings=f'\nmodel = "{model}"')


# A session


async def test_a_session_speaks_with_what_was_decided(
    tmp_path: Path, loopback: LoopbackServer
) -> None:
    key = f"{SECRET_KEY}\n"
    decided = make_launch(tmp_path, "--base-url", loopback.base_url, ANTHROPIC_API_KEY=key)
    async with decided.open() as session:
        provider = await session.connect(decided.target())
        models = asyncio.create_task(provider.list_models(session.http))
        exchange = await loopback.next_exchange()
        assert exchange.headers["x-api-key"] == SECRET_KEY
        await exchange.respond(200, '{"data": [{"id": "a"}]}')
        assert [model.id for model in await models] == ["a"]


async def test_a_session_closes_what_is_still_under_way(
    tmp_path: Path, loopback: LoopbackServer
) -> None:
    decided = make_launch(tmp_path, "--base-url", loopback.base_url)
    async with decided.open() as session:
        provider = await session.connect(decided.target())
        models = asyncio.create_task(provider.list_models(session.http))
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
