"""The providers there are, and what a model of theirs is asked with: by whose word."""

from __future__ import annotations

import pytest

from tests.launches import make_roster
from tui.chat.parameters import Parameters
from tui.errors import SettingsError, UsageError
from tui.roster import DEFAULT, DEFAULT_MAX_TOKENS, Asked, is_loopback

FLAGS = Asked("the command line", Parameters(max_tokens=5, temperature=0.5), "from the flag")

EVERYWHERE = """\
max_tokens = 1
temperature = 0.1
top_p = 0.1
system = "from the top"

[providers.anthropic]
max_tokens = 2
temperature = 0.2
system = "from the provider"

[providers.anthropic.models."claude/x"]
max_tokens = 3
system = "from the model"
"""

# Precedence


def test_a_models_table_wins_over_its_providers_and_that_over_the_top() -> None:
    target = make_roster(EVERYWHERE).target("anthropic", "claude/x")
    asked = target.options.parameters
    assert (asked.max_tokens, asked.temperature, asked.top_p) == (3, 0.2, 0.1)
    assert target.system == "from the model"
    assert target.set_by == {
        "max_tokens": "config.toml, claude/x",
        "temperature": "config.toml, providers.anthropic",
        "top_p": "config.toml",
        "system": "config.toml, claude/x",
        "base_url": DEFAULT,
    }
    assert target.written == {
        "max_tokens": ("providers", "anthropic", "models", "claude/x", "max_tokens"),
        "temperature": ("providers", "anthropic", "temperature"),
        "top_p": ("top_p",),
        "system": ("providers", "anthropic", "models", "claude/x", "system"),
    }


def test_another_model_has_what_its_provider_has() -> None:
    target = make_roster(EVERYWHERE).target("anthropic", "claude/y")
    assert (target.options.parameters.max_tokens, target.system) == (2, "from the provider")


def test_what_is_nearer_to_the_reply_wins_over_all_settings() -> None:
    conversation = Asked("this conversation", Parameters(max_tokens=4, top_p=0.4))
    target = make_roster(EVERYWHERE).target("anthropic", "claude/x", conversation, FLAGS)
    asked = target.options.parameters
    assert (asked.max_tokens, asked.temperature, asked.top_p) == (5, 0.5, 0.4)
    assert target.system == "from the flag"
    assert target.set_by["top_p"] == "this conversation"
    assert target.set_by["max_tokens"] == target.set_by["system"] == "the command line"
    assert target.written == {}


def test_an_empty_system_prompt_takes_an_outer_one_away() -> None:
    target = make_roster('system = "x"\n[providers.demo]\nsystem = ""').target("demo", "m")
    assert (target.system, target.set_by["system"]) == ("", "config.toml, providers.demo")


# The limit of a reply


def test_an_api_that_needs_a_limit_gets_one_from_the_nearest_who_knows() -> None:
    def limit(settings: str, told: int | None = None) -> tuple[int, str]:
        limit = make_roster(settings).target("anthropic", "x", output_tokens=told).options.limit
        assert limit is not None
        return limit.tokens, limit.set_by

    output = "[providers.anthropic.models.x]\noutput = 640"
    assert limit("") == (DEFAULT_MAX_TOKENS, DEFAULT)
    assert limit("", 64000) == (64000, "the most that x gives")
    assert limit(output) == (640, "the most that x gives")
    assert limit(output, 64000) == (640, "the most that x gives")
    assert limit(f"max_tokens = 7\n{output}", 64000) == (7, "config.toml")


def test_an_api_that_needs_none_is_sent_none_unasked() -> None:
    target = make_roster().target("openai", "gpt", output_tokens=64000)
    assert target.options.limit is None
    assert "max_tokens" not in target.set_by


def test_what_an_api_has_no_place_for_is_not_sent_and_said() -> None:
    target = make_roster("top_k = 3\nseed = 4\ntop_p = 0.5").target("openai", "gpt")
    assert set(target.unsent) == {"top_k", "seed"}
    assert target.options.parameters == Parameters(top_p=0.5)
    assert make_roster("top_k = 3").target("anthropic", "claude").unsent == ()


def test_later_versions_of_the_messages_api_have_no_place_for_sampling() -> None:
    asked = "temperature = 0.5\ntop_k = 3\nstop = ['END']\n[providers.anthropic]\napi_version = "
    target = make_roster(f"{asked}'2026-10-21'").target("anthropic", "claude")
    assert target.unsent == ("temperature", "top_k")
    assert target.options.parameters == Parameters(DEFAULT_MAX_TOKENS, stop=("END",))
    assert "top_p" not in target.places
    assert make_roster(f"{asked}'2026-10-20'").target("anthropic", "claude").unsent == ()


def test_a_model_is_asked_with_as_much_context_as_the_settings_say_it_has() -> None:
    roster = make_roster("[providers.ollama.models.q3]\ncontext = 32768")
    assert roster.target("ollama", "q3").options.context == 32_768
    assert roster.target("ollama", "other").options.context is None


# Addresses


@pytest.mark.parametrize(
    ("settings", "flag", "environment", "expected"),
    [
        ("", "", {}, ("https://api.anthropic.com", DEFAULT)),
        ('base_url = "https://file"', "", {}, ("https://file", "config.toml")),
        ('base_url = "https://file"', "", {"ANTHROPIC_BASE_URL": "https://env/"}, ("https://env",)),
        ("", "", {"ANTHROPIC_BASE_URL": ""}, ("https://api.anthropic.com", DEFAULT)),
        ("", "https://flag/p/", {"ANTHROPIC_BASE_URL": "https://env"}, ("https://flag/p",)),
    ],
)
def test_a_flag_wins_over_the_environment_and_that_over_the_settings(
    settings: str, flag: str, environment: dict[str, str], expected: tuple[str, ...]
) -> None:
    roster = make_roster(f"[providers.anthropic]\n{settings}", base_url=flag, **environment)
    roster.redirect("anthropic")
    url, by = roster.base_url("anthropic")
    source = "--base-url" if flag else "ANTHROPIC_BASE_URL"
    assert (url, by) == (expected if len(expected) == 2 else (*expected, source))
    assert roster.target("anthropic", "m").set_by["base_url"] == by


def test_the_flags_base_url_belongs_to_the_first_models_provider_only() -> None:
    roster = make_roster(base_url="http://127.0.0.1:1")
    roster.redirect("openai")
    assert roster.base_url("openai") == ("http://127.0.0.1:1", "--base-url")
    assert roster.base_url("anthropic") == ("https://api.anthropic.com", DEFAULT)
    assert make_roster().redirected == ""


def test_without_the_flag_nothing_is_redirected() -> None:
    roster = make_roster()
    roster.redirect("openai")
    assert roster.redirected == ""


@pytest.mark.parametrize("source", ["flag", "environment"])
def test_an_address_that_is_none_is_named_with_its_source(source: str) -> None:
    if source == "flag":
        roster = make_roster(base_url="nowhere")
        roster.redirect("openai")
    else:
        roster = make_roster(OPENAI_BASE_URL="nowhere")
    name = "--base-url" if source == "flag" else "OPENAI_BASE_URL"
    with pytest.raises(SettingsError, match=f"^{name} 'nowhere' does not begin with http"):
        roster.base_url("openai")


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:11434"),
        ("box", "http://box:11434"),
        ("box:80", "http://box:80"),
        ("box/prefix", "http://box:11434/prefix"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:9999", "http://127.0.0.1:9999"),
        (":9999", "http://127.0.0.1:9999"),
        ("[::]", "http://[::1]:11434"),
        ("[::]:9", "http://[::1]:9"),
        ("::1", "http://[::1]:11434"),
        ("[fe80::2]:9", "http://[fe80::2]:9"),
        ("http://box", "http://box"),
        ("http://box:9/", "http://box:9"),
        ("https://ollama.com", "https://ollama.com"),
        ("https://0.0.0.0/x", "https://127.0.0.1/x"),
        (' "box" ', "http://box:11434"),
        ("", "http://127.0.0.1:11434"),
    ],
)
def test_ollama_host_is_read_as_ollama_reads_it(told: str, url: str) -> None:
    assert make_roster(OLLAMA_HOST=told).base_url("ollama")[0] == url


@pytest.mark.parametrize("told", ["[::1", "box:port", "box:99999", "a b", "ftp://box", "me@box"])
def test_an_ollama_host_that_is_none_is_a_sentence(told: str) -> None:
    with pytest.raises(SettingsError, match=r"^OLLAMA_HOST .*it should look like"):
        make_roster(OLLAMA_HOST=told).base_url("ollama")


# What is spoken


@pytest.mark.parametrize(
    ("settings", "flag", "environment", "api"),
    [
        ("", "", {}, "openai-responses"),
        ("", "http://127.0.0.1:1", {}, "openai-chat"),
        ("", "", {"OPENAI_BASE_URL": "http://127.0.0.1:1"}, "openai-chat"),
        ('base_url = "http://127.0.0.1:1"', "", {}, "openai-chat"),
        ('api = "openai-responses"', "http://127.0.0.1:1", {}, "openai-responses"),
        ('api = "openai-chat"', "", {}, "openai-chat"),
        ("max_tokens = 3", "", {}, "openai-responses"),
    ],
)
def test_openai_speaks_responses_at_its_vendor_and_chat_completions_elsewhere(
    settings: str, flag: str, environment: dict[str, str], api: str
) -> None:
    roster = make_roster(f"[providers.openai]\n{settings}", base_url=flag, **environment)
    roster.redirect("openai")
    assert roster.target("openai", "gpt").api == api


def test_a_redirected_anthropic_still_speaks_messages() -> None:
    roster = make_roster(base_url="http://127.0.0.1:1")
    roster.redirect("anthropic")
    assert roster.api("anthropic") == "anthropic"


# Names


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("mine/m", ("mine", "m")),
        ("openrouter/meta/llama:free", ("openrouter", "meta/llama:free")),
        ("claude-x", ("anthropic", "claude-x")),
        ("openai//x", ("openai", "/x")),
    ],
)
def test_a_model_is_named_by_its_provider_first(wanted: str, found: tuple[str, str]) -> None:
    roster = make_roster('[providers.mine]\napi = "anthropic"')
    assert roster.split(wanted, "--model") == found


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("mien/m", "names the provider 'mien', which is not known; did you mean 'mine'?"),
        ("zzz/m", "known are: anthropic, "),
        ("mine/", "should look like provider/model."),
        ("/m", "should look like provider/model."),
        ("", "should look like provider/model."),
    ],
)
def test_a_model_of_nobody_is_a_sentence(wanted: str, words: str) -> None:
    roster = make_roster('[providers.mine]\napi = "anthropic"')
    with pytest.raises(UsageError) as caught:
        roster.split(wanted, "--model")
    assert str(caught.value).startswith(f"--model {wanted!r} ")
    assert words in str(caught.value)


def test_the_users_own_providers_come_first_and_each_once() -> None:
    names = make_roster('[providers.zed]\napi = "demo"\n[providers.openai]\nmax_tokens = 1').names()
    assert names[:2] == ("zed", "openai")
    assert len(names) == len(set(names))
    assert {"anthropic", "gemini", "ollama", "demo"} < set(names)


def test_a_target_says_what_it_is() -> None:
    target = make_roster().target("openrouter", "meta/llama")
    assert (target.label, target.address) == ("openrouter/meta/llama", "openrouter.ai")
    assert not target.is_demo
    demo = make_roster().target("demo", "rill-demo")
    assert (demo.is_demo, demo.address, demo.base_url) == (True, "the demo", "")


# Keys


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        ("", "OPENAI_API_KEY"),
        ('api_key_env = "MY_KEY"', "MY_KEY"),
        # The environment is nearer than the file …
        ('api_key = "written"', "OPENAI_API_KEY"),
        ('base_url = "https://gateway"', "OPENAI_API_KEY"),
        # … but a key beside an address belongs there, and the vendor's does not.
        ('base_url = "https://gateway"\napi_key = "written"', ""),
        ('base_url = "https://gateway"\napi_key_command = ["pass"]', ""),
        ('base_url = "https://gateway"\napi_key = "w"\napi_key_env = "MY_KEY"', "MY_KEY"),
    ],
)
def test_the_variable_of_a_key(settings: str, variable: str) -> None:
    roster = make_roster(f"[providers.openai]\n{settings}", OPENAI_API_KEY=" a-key\n", MY_KEY="my")
    assert roster.key_variable("openai") == variable
    expected = {"OPENAI_API_KEY": "a-key", "MY_KEY": "my", "": ""}[variable]
    assert roster.key_from_environment("openai") == expected


def test_a_provider_of_ones_own_has_no_variable_unless_it_names_one() -> None:
    roster = make_roster('[providers.mine]\napi = "anthropic"', ANTHROPIC_API_KEY="x")
    assert roster.key_variable("mine") == roster.key_from_environment("mine") == ""


@pytest.mark.parametrize(
    ("url", "owners"),
    [
        ("https://api.openai.com/anything", ["openai"]),
        ("https://API.openai.com:8443", ["openai"]),
        ("https://gateway/x", ["mine"]),
        ("https://elsewhere", []),
        ("https://openai.com", []),
    ],
)
def test_a_host_belongs_to_those_who_live_there(url: str, owners: list[str]) -> None:
    roster = make_roster('[providers.mine]\napi = "anthropic"\nbase_url = "https://gateway/v1"')
    assert roster.owners(url) == owners


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://LOCALHOST/x", "http://[::1]:8"])
def test_these_are_this_machine(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1.example.com", "http://localhost.example.com", "http://x.localhost"),
        *("http://192.168.0.1", "http://0.0.0.0", "http://127.0.0.1@evil", "", "http://box"),
    ],
)
def test_these_may_be_others(url: str) -> None:
    assert not is_loopback(url)
