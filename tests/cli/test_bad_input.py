"""Wrong flags, settings and environments: one sentence on standard error, exit code 2, no request.

In this process, because it is the same `main`, and a hundred processes would take half a minute.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.loopback import SECRET_KEY
from tui.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Rill
    from tests.loopback import LoopbackServer


class CommandLine:
    """`rill` as a function, in an empty home."""

    def __init__(
        self, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.config = home / "rill" / "config.toml"
        self._patch = monkeypatch
        self._capsys = capsys
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))

    def environment(self, **variables: str) -> None:
        for name, value in variables.items():
            self._patch.setenv(name, value)

    def write_config(self, text: str) -> None:
        self.config.parent.mkdir(exist_ok=True)
        self.config.write_text(text, encoding="utf-8")

    def complaint(self, *arguments: str) -> str:
        """Run it; it must fail with 2 and one sentence, which is returned."""
        assert main(arguments) == 2
        out, err = self._capsys.readouterr()
        assert out == ""
        assert err.startswith("rill: ")
        assert err.endswith("\n")
        assert err.count("\n") == 1, err
        assert err.isprintable() or err[:-1].isprintable(), err
        assert SECRET_KEY not in err
        return err.removeprefix("rill: ").strip()


@pytest.fixture
def command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    return CommandLine(tmp_path, monkeypatch, capsys)


# Flags


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--ouput", "json"), "did you mean '--output'?"),
        (("--max-token=3",), "did you mean '--max-tokens'?"),
        (("--modell", "x"), "did you mean '--model'?"),
        (("--utterly-unknown",), "unrecognized arguments: --utterly-unknown"),
        (("-z",), "unrecognized arguments: -z"),
        (("two", "prompts"), "unrecognized arguments: two prompts"),
        (("--output",), "--output: expected one argument"),
        (("--output", "yaml"), "invalid choice: 'yaml'"),
        (("--output", ""), "invalid choice: ''"),
        (("--max-tokens",), "--max-tokens: expected one argument"),
        (("--max-tokens", "many"), "'many' is not a whole number above 0"),
        (("--max-tokens", "0"), "'0' is not a whole number above 0"),
        (("--max-tokens", "-5"), "--max-tokens"),
        (("--max-tokens", "1.5"), "'1.5' is not a whole number above 0"),
        (("--max-tokens", "9" * 5000), "is not a whole number above 0"),
        (("--retries", "3"), "'3' is not 0"),
        (("--base-url",), "--base-url: expected one argument"),
        (("--config",), "--config: expected one argument"),
        (("--out", "json"), "unrecognized arguments: --out"),
        (("--evil\x1b[31m",), "unrecognized arguments"),
        (("a", "line\nbreak"), "unrecognized arguments"),
    ],
)
@pytest.mark.parametrize("command", [("ask", "Hi?")])
def test_a_wrong_flag_is_named_and_the_right_one_suggested(
    command_line: CommandLine, command: tuple[str, ...], arguments: tuple[str, ...], words: str
) -> None:
    complaint = command_line.complaint(*command, *arguments)
    assert words in complaint
    assert complaint.endswith("(see rill ask --help)")


def test_no_prompt_is_wrong_usage(command_line: CommandLine) -> None:
    assert "There is no prompt" in command_line.complaint("ask")


def test_the_app_without_a_terminal_names_the_way_to_go(command_line: CommandLine) -> None:
    assert "rill ask PROMPT" in command_line.complaint()
    assert "rill ask PROMPT" in command_line.complaint("a prompt")


@pytest.mark.parametrize("word", ["mcp", "themes"])
def test_a_command_that_does_not_exist_yet_is_not_taken_for_a_prompt(
    command_line: CommandLine, word: str
) -> None:
    assert command_line.complaint(word) == f"rill {word} does not exist yet; see rill --help."


@pytest.mark.parametrize("word", ["ask", "demo", "models"])
def test_a_command_behind_flags_is_not_taken_for_a_prompt(
    command_line: CommandLine, word: str
) -> None:
    complaint = command_line.complaint("--max-tokens", "5", word)
    assert complaint == f"A command comes first: rill {word}, then the flags."


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_cannot_be_is_named(command_line: CommandLine, port: str) -> None:
    assert "--port" in command_line.complaint("demo", "--port", port)


# Models and base URLs


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("antropic/claude", "did you mean 'anthropic'?"),
        ("dem/rill-demo", "did you mean 'demo'?"),
        ("zzz/model", "known are: anthropic, deepseek, demo, "),
        ("anthropic/", "should look like provider/model"),
        ("/model", "should look like provider/model"),
        ("a\x1bb/model", "is not known"),
    ],
)
def test_an_unknown_provider_is_named_with_the_nearest_one(
    command_line: CommandLine, model: str, words: str
) -> None:
    complaint = command_line.complaint("ask", "Hi?", "--model", model)
    assert "--model" in complaint
    assert words in complaint


BAD_URLS = [
    ("localhost:8080", "does not begin with http:// or https://"),
    ("127.0.0.1:8080", "does not begin with http:// or https://"),
    ("api.anthropic.com", "does not begin with http:// or https://"),
    ("ftp://host", "does not begin with http:// or https://"),
    ("file:///etc/passwd", "does not begin with http:// or https://"),
    ("http:/host", "names no host"),
    ("http://", "names no host"),
    ("https:///v1", "names no host"),
    ("http://:8080", "names no host"),
    ("http://host:0", "has a port that cannot be"),
    ("http://host:99999", "is malformed"),
    ("http://host:http", "is malformed"),
    ("http://[::1", "is malformed"),
    ("http://[::g]/", "is malformed"),
    ("http://host\u2100.com", "is malformed"),
    ("http://me:secret@host", "has a user name in it"),
    ("http://host?key=1", "has a query or a fragment"),
    ("http://host#here", "has a query or a fragment"),
    ("http://host/a b", "has a space or a control character"),
    (" http://host", "has a space or a control character"),
    ("http://host\n", "has a space or a control character"),
    ("http://host\r\nX-Evil: 1", "has a space or a control character"),
    ("http://host\x1b[31m", "has a space or a control character"),
    ("http://ho\u200bst", "has a space or a control character"),
]


@pytest.mark.parametrize(("url", "words"), BAD_URLS, ids=[repr(url) for url, _ in BAD_URLS])
@pytest.mark.parametrize("source", ["--base-url", "ANTHROPIC_BASE_URL", "config"])
def test_a_malformed_base_url_is_named_with_its_source(
    command_line: CommandLine, url: str, words: str, source: str
) -> None:
    if source == "--base-url":
        complaint = command_line.complaint("ask", "Hi?", f"--base-url={url}")
    elif source == "ANTHROPIC_BASE_URL":
        command_line.environment(ANTHROPIC_BASE_URL=url)
        complaint = command_line.complaint("ask", "Hi?")
    else:
        quoted = "".join(f"\\u{ord(char):04x}" for char in url)
        command_line.write_config(f'[providers.mine]\napi = "anthropic"\nbase_url = "{quoted}"')
        source = "providers.mine.base_url"
        complaint = command_line.complaint("ask", "Hi?")
    assert source in complaint
    assert words in complaint
    assert complaint.endswith("it should look like https://host or http://127.0.0.1:8080.")
    assert "secret" not in complaint


# Keys


def test_a_missing_key_is_named_by_its_variable(command_line: CommandLine) -> None:
    complaint = command_line.complaint("ask", "Hi?", "-m", "anthropic/claude-sonnet-4-5")
    assert complaint.startswith("There is no API key for anthropic: set ANTHROPIC_API_KEY")


def test_a_missing_key_of_a_provider_of_ones_own_is_named_by_its_variable(
    command_line: CommandLine,
) -> None:
    command_line.write_config(
        'model = "mine/m"\n[providers.mine]\napi = "anthropic"\napi_key_env = "MY_OWN_KEY"\n'
    )
    complaint = command_line.complaint("ask", "Hi?")
    assert "providers.mine.api_key_env names MY_OWN_KEY, which is not set" in complaint


@pytest.mark.parametrize("flaw", ["\nX-Evil: 1", "ä", " two", "\x1b", "\u200b"])
def test_a_key_that_cannot_be_one_is_not_shown(command_line: CommandLine, flaw: str) -> None:
    command_line.environment(ANTHROPIC_API_KEY=f"{SECRET_KEY}{flaw}x")
    complaint = command_line.complaint("ask", "Hi?", "--base-url", "http://127.0.0.1:1")
    assert complaint == "The API key for anthropic has a character that no key has."


# The settings file


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("model = ", "is not valid TOML"),
        ("[providers", "is not valid TOML"),
        ('model = "a/b"\nmodel = "c/d"', "is not valid TOML"),
        ('modle = "a/b"', "modle is not a setting; did you mean 'model'?"),
        ("zzz = 1", "zzz is not a setting; known are: "),
        ("model = 3", "model must be a string, not 3"),
        ("theme = true", "theme must be a string, not True"),
        ('max_tokens = "many"', "max_tokens must be a whole number"),
        ("max_tokens = 1.5", "max_tokens must be a whole number"),
        ("max_tokens = true", "max_tokens must be a whole number"),
        ("max_tokens = 0", "max_tokens must be at least 1"),
        ("idle_timeout = 0", "idle_timeout must be more than 0"),
        ("idle_timeout = -1.5", "idle_timeout must be more than 0"),
        ("idle_timeout = nan", "idle_timeout must be more than 0"),
        ("idle_timeout = inf", "idle_timeout must be"),
        ("idle_timeout = false", "idle_timeout must be a number"),
        ('idle_timeout = "long"', "idle_timeout must be a number"),
        ("providers = 3", "providers must be a table, not 3"),
        ("[providers]\nmine = 3", "line 2: providers.mine must be a table."),
        ("[[providers.mine]]\n", "providers.mine must be a table"),
        ("[providers.mine]\n", "providers.mine.api is missing"),
        ('[providers.mine]\napi = "antropic"', "did you mean 'anthropic'?"),
        ("[providers.mine]\napi = 3", "providers.mine.api must be a string"),
        (
            '[providers.mine]\napi = "anthropic"\nbase_ulr = "x"',
            "line 3: providers.mine.base_ulr is not a setting; did you mean 'base_url'?",
        ),
        ("keys = 3", "keys must be a table, not 3"),
        ("[keys]\n\nquit = 3", "line 3: keys.quit must be a string, not 3"),
        ('[providers.mine]\napi = "anthropic"\n', 'add model = "mine/NAME"'),
        ('model = "mien/m"\n[providers.mine]\napi = "anthropic"', "did you mean 'mine'?"),
        ('model = "mine/m"\n[providers.mine]\napi = "anthropic"', "There is no API key for mine"),
        ('"a\\nb\\u001b" = 1', "is not a setting"),
        ('model = "mine\\n/m"', "is not known"),
        ('model = ["a", "b\\n"]', "model must be a string"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(
    command_line: CommandLine, config: str, words: str
) -> None:
    command_line.write_config(config)
    complaint = command_line.complaint("ask", "Hi?")
    assert words in complaint
    if "There is no API key" not in words:
        assert str(command_line.config) in complaint


def test_a_settings_file_that_is_no_text_is_named(command_line: CommandLine) -> None:
    command_line.write_config("")
    command_line.config.write_bytes(b"\nmodel = \xff")
    complaint = command_line.complaint("ask", "Hi?")
    assert f"{command_line.config}, line 2: it must be UTF-8." in complaint


def test_a_settings_file_that_is_a_directory_is_named(command_line: CommandLine) -> None:
    command_line.config.mkdir(parents=True)
    assert f"{command_line.config} cannot be read" in command_line.complaint("ask", "Hi?")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_a_settings_file_without_permission_is_named(command_line: CommandLine) -> None:
    command_line.write_config("")
    command_line.config.chmod(0)
    assert "cannot be read" in command_line.complaint("ask", "Hi?")


def test_a_settings_file_that_was_named_must_be_there(
    command_line: CommandLine, tmp_path: Path
) -> None:
    absent = tmp_path / "absent.toml"
    complaint = command_line.complaint("ask", "Hi?", "--config", str(absent))
    assert complaint == f"There is no settings file {absent}."


@pytest.mark.parametrize("path", ["x" * 5000, "nul\x00"], ids=["too long", "with a NUL"])
def test_a_settings_path_that_cannot_be_one_is_a_sentence(
    command_line: CommandLine, path: str
) -> None:
    complaint = command_line.complaint("ask", "Hi?", "--config", path)
    assert complaint.startswith(f"The settings file {path[:3]}")
    assert "cannot be read: " in complaint


# The network's environment; only a real start looks at it


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SSL_CERT_FILE", "/nowhere/at-all.pem"),
        ("SSL_CERT_FILE", "/dev/null"),
        ("HTTPS_PROXY", "gopher://127.0.0.1:70"),
        ("ALL_PROXY", "http://[::1"),
        ("https_proxy", "http://127.0.0.1:port"),
    ],
)
async def test_a_network_setting_that_cannot_be_used_is_one_sentence_and_2(
    rill: Rill, variable: str, value: str
) -> None:
    rill.talks_to("https://model.invalid")
    finished = await rill.run("ask", "Hi?", environment={variable: value})
    assert (finished.code, finished.out) == (2, b"")
    assert len(finished.complaints) == 1
    assert "SSL_CERT_FILE" in finished.complaints[0]
    assert "HTTPS_PROXY" in finished.complaints[0]


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:1", "http://127.0.0.1:99999"])
async def test_a_proxy_that_is_not_there_is_one_sentence_and_7(rill: Rill, proxy: str) -> None:
    rill.talks_to("https://model.invalid")
    finished = await rill.run("ask", "Hi?", environment={"HTTPS_PROXY": proxy})
    assert (finished.code, finished.out) == (7, b"")
    assert len(finished.complaints) == 1
    assert "proxy" in finished.complaints[0]


async def test_the_process_says_the_same(rill: Rill, loopback: LoopbackServer) -> None:
    rill.talks_to(loopback.base_url)
    finished = await rill.run("ask", "Hi?", "--ouput", "json")
    assert (finished.code, finished.out) == (2, b"")
    assert finished.complaints == [
        "unrecognized arguments: --ouput json; did you mean '--output'? (see rill ask --help)"
    ]
    assert loopback.connections == []
