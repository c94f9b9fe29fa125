"""`config.toml`, read: what it may hold, and what a missing one means.

Its errors are tested from the command line, in tests/cli/test_bad_input.py.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.chat.parameters import PARAMETERS, Parameters
from tui.errors import SettingsError
from tui.hints import nearest
from tui.storage.paths import config_file
from tui.storage.settings import (
    ModelSettings,
    ProviderSettings,
    Settings,
    check_base_url,
    check_parameter,
    load_settings,
    read_settings,
)
from tui.storage.toml_table import TomlTable

APIS = ("anthropic", "demo")
SECRET = "sk-not-for-any-eyes-0123456789"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def load(path: Path) -> Settings:
    return load_settings(path, apis=APIS, required=True)


def test_a_missing_file_means_defaults(path: Path) -> None:
    settings = load_settings(path, apis=APIS, required=False)
    assert settings == Settings()
    assert (settings.model, settings.system, settings.idle_timeout) == (None, None, None)
    assert (settings.theme, settings.parameters) == ("rill-dark", Parameters())
    assert not settings.providers
    assert not settings.keys


def test_a_missing_file_that_was_named_is_an_error(path: Path) -> None:
    with pytest.raises(SettingsError, match="There is no settings file"):
        load(path)


def test_an_empty_file_means_defaults(path: Path) -> None:
    path.write_text("")
    assert load(path) == Settings()


def test_everything_that_can_be_said(path: Path) -> None:
    path.write_text(
        """
        model = "local/qwen"
        theme = "paper"
        system = "Be brief."
        max_tokens = 500
        temperature = 1
        top_p = 0.5
        top_k = 40
        seed = -7
        stop = ["END", "\\n\\n"]
        effort = "xhigh"
        thinking_budget = 0
        idle_timeout = 90

        [providers.local]
        api = "anthropic"
        base_url = "http://127.0.0.1:8080/prefix/"
        api_key_env = "LOCAL_KEY"
        key_header = "X-Key"
        max_tokens_field = "max_completion_tokens"
        stream_usage = false
        api_version = "2026-10-21"
        keep_alive = "1h30m"
        allow_http = true
        system = ""
        temperature = 0.25
        headers = { X-Title = "rill" }
        query = { api-version = "1" }

        [providers.local.models."org/qwen"]
        system = "Be long."
        context = 32768
        output = 4096
        effort = "none"

        [providers."with space"]
        api = "demo"
        api_key = "k"

        [providers.vault]
        api = "demo"
        api_key_command = ["pass", "show", "it"]

        [providers.anthropic]
        max_tokens = 7

        [keys]
        new_conversation = "ctrl+t"
        """
    )
    assert load_settings(path, apis=APIS, required=True, known={"anthropic"}) == Settings(
        model="local/qwen",
        theme="paper",
        system="Be brief.",
        idle_timeout=90.0,
        parameters=Parameters(500, 1.0, 0.5, 40, -7, ("END", "\n\n"), "xhigh", 0),
        providers={
            "local": ProviderSettings(
                "anthropic",
                "http://127.0.0.1:8080/prefix",
                "LOCAL_KEY",
                key_header="x-key",
                max_tokens_field="max_completion_tokens",
                stream_usage=False,
                api_version="2026-10-21",
                keep_alive="1h30m",
                allow_http=True,
                system="",
                parameters=Parameters(temperature=0.25),
                headers={"X-Title": "rill"},
                query={"api-version": "1"},
                models={
                    "org/qwen": ModelSettings(Parameters(effort="none"), "Be long.", 32768, 4096)
                },
            ),
            "with space": ProviderSettings("demo", api_key="k"),
            "vault": ProviderSettings("demo", api_key_command=("pass", "show", "it")),
            "anthropic": ProviderSettings("", parameters=Parameters(max_tokens=7)),
        },
        keys={"new_conversation": "ctrl+t"},
    )


def test_a_whole_number_is_a_number_too(path: Path) -> None:
    path.write_text("idle_timeout = 90\ntemperature = 1")
    settings = load(path)
    assert isinstance(settings.idle_timeout, float)
    assert isinstance(settings.parameters.temperature, float)


# What cannot be meant. The line is that of the key; below every table stands on the first line.

MINE = '[providers.mine]\napi = "anthropic"\n'
MODEL = '[providers.mine]\napi = "anthropic"\n[providers.mine.models."a/b"]\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("\ntemperature = 2.5", "line 2: temperature must be from 0 to 2."),
        ("temperature = nan", "line 1: temperature must be from 0 to 2."),
        ("top_p = -0.1", "line 1: top_p must be from 0 to 1."),
        ('top_p = "high"', "line 1: top_p must be a number, not 'high'."),
        ("top_k = 0", "line 1: top_k must be at least 1."),
        ("seed = 9007199254740993", "line 1: seed is too large."),
        ("max_tokens = 9007199254740993", "line 1: max_tokens is too large."),
        ('stop = "END"', "line 1: stop must be a list of strings, not 'END', as in [\"END\"]."),
        ('stop = ["a", 1]', "line 1: stop must be a list of strings, not ['a', 1], as in"),
        ('stop = ["a", ""]', "line 1: stop has an empty string in it."),
        ('effort = "hihg"', "line 1: effort is 'hihg', not known; did you mean 'high'?"),
        ("thinking_budget = -1", "line 1: thinking_budget must be at least 0."),
        (f"{MINE}max_tokens = 0", "line 3: providers.mine.max_tokens must be at least 1."),
        (
            f'{MINE}max_tokens_field = "tokens"',
            (
                "line 3: providers.mine.max_tokens_field must be one of max_tokens, "
                "max_completion_tokens."
            ),
        ),
        (
            f'{MINE}stream_usage = "no"',
            "line 3: providers.mine.stream_usage must be true or false, not 'no'.",
        ),
        (
            f"{MINE}api_key_command = []",
            (
                "line 3: providers.mine.api_key_command must name a program, as in "
                '["pass", "show", "x"].'
            ),
        ),
        (
            f'{MINE}api_key_command = "pass show x"',
            (
                "line 3: providers.mine.api_key_command must be a list of strings, as in "
                '["pass", "show", "x"].'
            ),
        ),
        (f'{MINE}key_header = "a b"', "line 3: providers.mine.key_header is not the name"),
        (
            '[providers.""]\napi = "demo"',
            'line 1: providers."" has no name; give it one, for instance [providers.mine].',
        ),
        (
            '[providers."a/b"]\napi = "demo"',
            'line 1: providers."a/b" has a slash in its name, and provider/model ends the name',
        ),
        (f"{MINE}modles = 3", "line 3: providers.mine.modles is not a setting; did you mean"),
        (f"{MINE}models = 3", "line 3: providers.mine.models must be a table, not 3."),
        (f"{MODEL}context = 0", 'providers.mine.models."a/b".context must be at least 1 (tokens)'),
        (f"{MODEL}output = 1.5", 'line 4: providers.mine.models."a/b".output must be a whole'),
        (f"{MODEL}theme = 'x'", 'line 4: providers.mine.models."a/b".theme is not a setting'),
        (f"{MODEL}top_k = 0", 'line 4: providers.mine.models."a/b".top_k must be at least 1.'),
        (
            "[providers]\n[providers.mine]\nallow_http = true",
            "line 2: providers.mine.api is missing; known are: anthropic, demo.",
        ),
    ],
)
def test_what_cannot_be_meant_is_named_with_its_line(path: Path, text: str, complaint: str) -> None:
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f'[providers]\nanthropic = "{SECRET}"',
        f'{MINE}api_key = ["{SECRET}"]',
        f'{MINE}api_key_env = "{SECRET}"',
        f'{MINE}api_key_env = ["{SECRET}"]',
        f'{MINE}headers = "Authorization: {SECRET}"',
        f'{MINE}headers = {{ Authorization = ["{SECRET}"] }}',
        f'{MINE}headers = {{ Authorization = "{SECRET}\\n" }}',
        f'{MINE}headers = {{ Authorization = "{SECRET}\u00e4" }}',
        f'{MINE}headers = {{ "Author ization" = "{SECRET}" }}',
        f'{MINE}api_key_command = "{SECRET}"',
        f'{MINE}api_key_command = ["{SECRET}", 1]',
        f'{MINE}key_header = "Bearer {SECRET}"',
        f'{MINE}query = "key={SECRET}"',
        f'{MINE}query = {{ key = ["{SECRET}"] }}',
        f'{MINE}base_url = "https://host?key={SECRET}"',
        f'{MINE}base_url = "https://host/a b?key={SECRET}"',
        f'{MINE}base_url = "https://me:{SECRET}@host"',
        f'{MINE}base_url = "https://me:{SECRET}@host:port"',
        f'{MINE}apy_key = "{SECRET}"',
        f'{MINE}api_key = "{SECRET}',
    ],
)
def test_a_complaint_does_not_show_what_may_be_a_key(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert SECRET not in str(caught.value)


def test_settings_that_are_printed_hold_no_key(path: Path) -> None:
    path.write_text(
        f'{MINE}api_key = "{SECRET}"\nheaders = {{ a = "{SECRET}" }}\nquery = {{ a = "{SECRET}" }}'
    )
    assert SECRET not in repr(load(path))


@pytest.mark.parametrize(
    ("written", "kept"),
    [('"10m"', "10m"), ("600", "600"), ("-1", "-1"), ('"1.5h"', "1.5h"), ('""', ""), ("0", "0")],
)
def test_how_long_a_model_stays_loaded_is_seconds_or_a_duration(
    path: Path, written: str, kept: str
) -> None:
    path.write_text(f"{MINE}keep_alive = {written}")
    assert load(path).providers["mine"].keep_alive == kept


@pytest.mark.parametrize("written", ['"ten minutes"', '"10 m"', "1.5", "true", '"5m "'])
def test_what_is_neither_is_refused_in_a_sentence_that_says_where(path: Path, written: str) -> None:
    path.write_text(f"{MINE}keep_alive = {written}")
    with pytest.raises(SettingsError, match=r"line 3.*mine\."):
        load(path)


keys = st.sampled_from(
    sorted(
        {each.name for kind in (Settings, ProviderSettings, ModelSettings) for each in fields(kind)}
        - {"table", "parameters"}
        | {*PARAMETERS, "anthropic", "mine"}
    )
)
anything = st.recursive(
    st.one_of(
        *(st.integers(), st.floats(), st.booleans(), st.text(max_size=5)),
        st.sampled_from(["anthropic", "demo", "high", "https://host", "MY_KEY", "max_tokens"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(keys, st.text()), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(values=st.dictionaries(keys, anything, max_size=5))
def test_whatever_stands_in_it_is_taken_or_refused_in_one_sentence(
    values: dict[str, object],
) -> None:
    try:
        read_settings(TomlTable(values, "config.toml"), apis=APIS, known=("anthropic",))
    except SettingsError as error:
        assert str(error).startswith("config.toml: ")  # noqa: PT017 - it need not be raised


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("max_tokens", 1, ""),
        ("max_tokens", 0, "must be at least 1."),
        ("seed", -(2**53), ""),
        ("temperature", 2.0, ""),
        ("top_p", 1.0, ""),
        ("top_p", 1.1, "must be from 0 to 1."),
        ("effort", "max", ""),
        ("stop", ("a",), ""),
        ("stop", (), ""),
        ("temperature", None, ""),
    ],
)
def test_a_parameter_is_judged_in_the_same_way_wherever_it_is_set(
    name: str, value: object, what: str
) -> None:
    assert check_parameter(name, value) == what


@pytest.mark.parametrize("text", ['modle = "a/b"', "[provider.x]", "max_token = 3"])
def test_an_unknown_key_is_an_error_that_names_the_nearest(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(SettingsError, match="did you mean"):
        load(path)


@pytest.mark.parametrize("text", ["idle_timeout = nan", "idle_timeout = inf", "max_tokens = -1"])
def test_a_number_that_can_be_no_limit_is_an_error(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(SettingsError, match="must be"):
        load(path)


@pytest.mark.parametrize(
    "text", ["[" * 10_000, "x = " + "[" * 100_000, "a." * 2000 + "a = 1", "x = " + "9" * 10_000]
)
def test_a_file_made_to_break_the_parser_is_an_error_like_any_other(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://api.anthropic.com", "https://api.anthropic.com"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("HTTP://Host/v1", "HTTP://Host/v1"),
        ("http://[::1]:8080/a/b//", "http://[::1]:8080/a/b"),
        ("https://bücher.example/%20", "https://bücher.example/%20"),
        ("http://localhost:65535", "http://localhost:65535"),
    ],
)
def test_a_base_url_loses_its_trailing_slash_and_nothing_else(url: str, kept: str) -> None:
    assert check_base_url(url, "--base-url") == kept


def test_nearest_suggests_or_lists() -> None:
    assert nearest("antropic", APIS) == "did you mean 'anthropic'?"
    assert nearest("zzz", APIS) == "known are: anthropic, demo."
    assert nearest("zzz", ()) == "known are: none."


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"XDG_CONFIG_HOME": "/x"}, Path("/x/rill/config.toml")),
        ({"XDG_CONFIG_HOME": "relative"}, Path.home() / ".config/rill/config.toml"),
        ({"XDG_CONFIG_HOME": ""}, Path.home() / ".config/rill/config.toml"),
        ({}, Path.home() / ".config/rill/config.toml"),
    ],
)
def test_the_settings_are_where_xdg_says(environment: dict[str, str], expected: Path) -> None:
    assert config_file(environment) == expected
