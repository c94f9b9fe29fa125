"""What is talked through: whose key goes where, and who has to have one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.launches import make_roster
from tests.loopback import SECRET_KEY
from tui.chat.conversation import Conversation
from tui.chat.message import Message
from tui.errors import KeyMissing, SettingsError
from tui.key_finding import KeyFinder
from tui.session import open_session
from tui.storage.state import Choices

if TYPE_CHECKING:
    from pathlib import Path

    from tui.roster import Roster
    from tui.wire.request import WireRequest

MINE = '[providers.mine]\napi = "anthropic"\n'
REMOTE = f'{MINE}base_url = "http://box:8080"\n'


class Desk:
    """Somebody with both vendors' keys, who asks a model one thing."""

    def __init__(self, folder: Path) -> None:
        self._choices = Choices(folder)

    async def request(self, roster: Roster, name: str = "anthropic") -> WireRequest:
        """What the model would be asked with."""
        async with open_session(roster, KeyFinder(roster, self._choices)) as session:
            target = roster.target(name, "m")
            provider = await session.connect(target)
            conversation = Conversation()
            conversation.append(Message.from_user("Hi?"))
            return provider.build_request(conversation, target.options)

    async def refusal(self, roster: Roster, name: str = "anthropic") -> SettingsError:
        """Why it is asked nothing."""
        with pytest.raises(SettingsError) as caught:
            await self.request(roster, name)
        assert SECRET_KEY not in str(caught.value)
        return caught.value


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def with_keys(settings: str = "", **environment: str) -> Roster:
    keys = dict.fromkeys(("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "MINE_KEY"), SECRET_KEY)
    return make_roster(settings, **keys, **environment)


def redirected(name: str, url: str, settings: str = "") -> Roster:
    """As with `--base-url`."""
    keys = dict.fromkeys(("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "MINE_KEY"), SECRET_KEY)
    roster = make_roster(settings, base_url=url, **keys)
    roster.redirect(name)
    return roster


async def test_the_vendor_gets_the_key_of_the_environment(desk: Desk) -> None:
    request = await desk.request(with_keys())
    assert request.url == "https://api.anthropic.com/v1/messages"
    assert request.headers["x-api-key"] == SECRET_KEY


async def test_all_that_the_settings_say_about_a_server_reaches_it(desk: Desk) -> None:
    roster = make_roster(
        f"""{MINE}
        base_url = "https://gateway/prefix"
        api_key = "{SECRET_KEY}"
        key_header = "Api-Key"
        api_version = "2026-10-21"
        headers = {{ X-Title = "rill" }}
        query = {{ api-version = "7" }}
        """
    )
    request = await desk.request(roster, "mine")
    assert request.url == "https://gateway/prefix/v1/messages?api-version=7"
    assert request.headers["api-key"] == SECRET_KEY
    assert request.headers["x-title"] == "rill"
    assert request.headers["anthropic-version"] == "2026-10-21"
    assert "x-api-key" not in request.headers


async def test_ollama_is_told_what_the_settings_say_about_memory(desk: Desk) -> None:
    roster = make_roster(
        "[providers.ollama]\nkeep_alive = -1\n[providers.ollama.models.m]\ncontext = 16384"
    )
    sent = json.loads((await desk.request(roster, "ollama")).body)
    assert (sent["keep_alive"], sent["options"]) == (-1, {"num_ctx": 16384})


# Whose key goes where


@pytest.mark.parametrize(
    "url", ["https://api.openai.com", "https://API.OpenAI.com:443/v1", "http://api.openai.com"]
)
async def test_a_key_is_not_sent_to_another_providers_host(desk: Desk, url: str) -> None:
    complaint = str(await desk.refusal(redirected("anthropic", url)))
    assert complaint.startswith("The key of anthropic is not sent to ")
    assert complaint.endswith(", which is openai's: use -m openai/MODEL.")


async def test_nor_is_it_if_the_environment_says_so(desk: Desk) -> None:
    roster = with_keys(ANTHROPIC_BASE_URL="https://api.openai.com")
    assert "which is openai's" in str(await desk.refusal(roster))


async def test_nor_to_the_host_of_a_provider_of_ones_own(desk: Desk) -> None:
    settings = f'{MINE}base_url = "https://gateway/mine"'
    complaint = await desk.refusal(redirected("anthropic", "https://gateway", settings))
    assert "which is mine's: use -m mine/MODEL" in str(complaint)


async def test_nor_are_headers_that_may_hold_one(desk: Desk) -> None:
    settings = f'{MINE}headers = {{ Authorization = "Bearer {SECRET_KEY}" }}'
    complaint = await desk.refusal(redirected("mine", "https://api.openai.com", settings), "mine")
    assert "which is openai's" in str(complaint)


async def test_two_providers_may_live_at_one_host(desk: Desk) -> None:
    settings = f'{MINE}base_url = "https://api.openai.com/v1"\napi_key_env = "MINE_KEY"'
    assert (await desk.request(with_keys(settings), "mine")).headers["x-api-key"] == SECRET_KEY
    assert await desk.request(with_keys(settings), "openai")


async def test_a_server_that_is_nobodys_may_be_named_for_a_provider(desk: Desk) -> None:
    request = await desk.request(redirected("anthropic", "https://gateway/anthropic"))
    assert request.headers["x-api-key"] == SECRET_KEY


# http


@pytest.mark.parametrize("url", ["http://box:8080", "HTTP://box", "http://localhost.box"])
async def test_a_key_is_not_sent_over_http_to_another_machine(desk: Desk, url: str) -> None:
    complaint = str(await desk.refusal(redirected("anthropic", url)))
    assert complaint.startswith("The key of anthropic is not sent to ")
    assert "over http, where anybody on the way can read it: use https, or set allow_http" in (
        complaint
    )
    assert complaint.endswith("allow_http = true in [providers.anthropic].")


@pytest.mark.parametrize(
    "line",
    [
        'api_key_env = "MINE_KEY"',
        f'api_key = "{SECRET_KEY}"',
        f'headers = {{ Authorization = "Bearer {SECRET_KEY}" }}',
        f'query = {{ key = "{SECRET_KEY}" }}',
    ],
)
async def test_nor_is_anything_that_may_be_one_unless_that_is_allowed_by_name(
    desk: Desk, line: str
) -> None:
    assert "over http" in str(await desk.refusal(with_keys(f"{REMOTE}{line}"), "mine"))
    request = await desk.request(with_keys(f"{REMOTE}{line}\nallow_http = true"), "mine")
    assert request.url.startswith("http://box:8080/v1/messages")


async def test_a_command_is_not_run_for_a_key_that_goes_nowhere(desk: Desk) -> None:
    roster = make_roster(f'{REMOTE}api_key_command = ["/nowhere/at/all"]')
    assert "over http" in str(await desk.refusal(roster, "mine"))


async def test_without_a_key_http_is_nobodys_business(desk: Desk) -> None:
    assert "x-api-key" not in (await desk.request(make_roster(REMOTE), "mine")).headers


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost", "[::1]:8080"])
async def test_this_machine_gets_a_key_over_http(desk: Desk, host: str) -> None:
    request = await desk.request(redirected("anthropic", f"http://{host}"))
    assert request.headers["x-api-key"] == SECRET_KEY


# Who has to have a key


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("anthropic", "", "There is no API key for anthropic: set ANTHROPIC_API_KEY, or name "),
        ("openrouter", "", "There is no API key for openrouter: set OPENROUTER_API_KEY, or name "),
        (
            "mine",
            MINE,
            "There is no API key for mine: name its variable with api_key_env in ",
        ),
        (
            "mine",
            f'{MINE}api_key_env = "NO_SUCH"\nbase_url = "http://127.0.0.1:1"',
            "line 3: providers.mine.api_key_env names NO_SUCH, which is not set in the environment",
        ),
    ],
)
async def test_a_vendor_wants_a_key(desk: Desk, name: str, settings: str, words: str) -> None:
    missing = await desk.refusal(make_roster(settings), name)
    assert isinstance(missing, KeyMissing)
    assert missing.provider == name
    assert words in str(missing)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("llamacpp", ""),
        ("ollama", ""),
        ("demo", ""),
        ("mine", REMOTE),
        ("mine", f'{MINE}headers = {{ Authorization = "Bearer {SECRET_KEY}" }}'),
        ("openai", '[providers.openai]\nbase_url = "https://gateway"'),
    ],
)
async def test_a_server_of_ones_own_need_not_have_one(desk: Desk, name: str, settings: str) -> None:
    request = await desk.request(make_roster(settings), name)
    assert "x-api-key" not in request.headers


async def test_a_redirected_vendor_need_not_have_one(desk: Desk) -> None:
    roster = make_roster(base_url="http://box:8080")
    roster.redirect("anthropic")
    assert (await desk.request(roster)).url == "http://box:8080/v1/messages"
