"""`config.toml`, read: what it may hold, and what a missing one means.

Its errors are tested from the command line, in tests/cli/test_bad_input.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.errors import SettingsError
from tui.storage.paths import config_file
from tui.storage.settings import (
    ProviderSettings,
    Settings,
    check_base_url,
    load_settings,
    nearest,
)

APIS = ("anthropic", "demo")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def load(path: Path) -> Settings:
    return load_settings(path, apis=APIS, required=True)


def test_a_missing_file_means_defaults(path: Path) -> None:
    settings = load_settings(path, apis=APIS, required=False)
    assert settings == Settings()
    assert (settings.model, settings.max_tokens, settings.idle_timeout) == (None, None, None)
    assert (settings.theme, settings.system) == ("rill-dark", "")
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
        idle_timeout = 90

        [providers.local]
        api = "anthropic"
        base_url = "http://127.0.0.1:8080/prefix/"
        api_key_env = "LOCAL_KEY"

        [providers."with space"]
        api = "demo"

        [keys]
        new_conversation = "ctrl+t"
        """
    )
    assert load(path) == Settings(
        model="local/qwen",
        theme="paper",
        system="Be brief.",
        max_tokens=500,
        idle_timeout=90.0,
        providers={
            "local": ProviderSettings("anthropic", "http://127.0.0.1:8080/prefix", "LOCAL_KEY"),
            "with space": ProviderSettings("demo"),
        },
        keys={"new_conversation": "ctrl+t"},
    )
    assert isinstance(load(path).idle_timeout, float)


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
