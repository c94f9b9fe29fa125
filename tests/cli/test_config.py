"""`rill config`: where the settings are, what they come to, a way to begin and to change them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import signal
import tomllib
from dataclasses import fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.loopback import SAFETY_NET, SECRET_KEY
from tui.chat.parameters import EFFORTS, PARAMETERS
from tui.commands.config_template import TEMPLATE
from tui.providers.registry import APIS
from tui.roster import BUILT_IN
from tui.storage.settings import ModelSettings, ProviderSettings, Settings, read_settings
from tui.storage.toml_table import TomlTable
from tui.ui.keymap import check_keymap
from tui.ui.theme_files import load_themes, themes_folder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Finished, Rill

MINE = '[providers.mine]\napi = "anthropic"\nbase_url = "https://gateway/v1"\n'


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def said(finished: Finished) -> list[str]:
    """The lines of standard output of what went well."""
    assert (finished.code, finished.err) == (0, "")
    return finished.out.decode().splitlines()


async def complaint(rill: Rill, *arguments: str, **more: Any) -> str:
    finished = await rill.run("config", *arguments, **more)
    assert finished.code == 2
    [sentence] = finished.complaints
    return sentence


# path


async def test_the_path_is_printed_whether_or_not_there_is_a_file(rill: Rill) -> None:
    assert said(await rill.run("config", "path")) == [str(rill.config)]
    named = await rill.run("config", "path", "--config", "elsewhere.toml")
    assert said(named) == ["elsewhere.toml"]
    assert list(rill.home.iterdir()) == []


# Which command


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("shwo",), "rill config shwo is not known; did you mean 'show'?"),
        (("zzz",), "rill config zzz is not known; known are: check, edit, init, path, show."),
        (("check", "--confg", "x"), "did you mean '--config'? (see rill config check --help)"),
        (("show", "--modle", "x"), "did you mean '--model'? (see rill config show --help)"),
        (("path", "more"), "unrecognized arguments: more"),
        (("init", "--json"), "unrecognized arguments: --json"),
    ],
)
async def test_what_is_not_known_is_named_with_the_nearest(
    rill: Rill, arguments: tuple[str, ...], words: str
) -> None:
    assert words in await complaint(rill, *arguments)


@pytest.mark.parametrize("arguments", [(), ("--help",), ("show", "--help")])
async def test_help_is_printed(rill: Rill, arguments: tuple[str, ...]) -> None:
    assert said(await rill.run("config", *arguments))[0].startswith("usage: rill config ")


# check


async def test_there_may_be_nothing_to_check(rill: Rill) -> None:
    assert said(await rill.run("config", "check")) == [
        f"There are no settings; {rill.config} is where they would be."
    ]
    assert await complaint(rill, "check", "--config", "absent.toml") == (
        "There is no settings file absent.toml."
    )


async def test_what_is_valid_is_said_to_be(rill: Rill) -> None:
    rill.write_config('theme = "rill-light"\n[keys]\nnew_conversation = "ctrl+g"\n')
    assert said(await rill.run("config", "check")) == [f"The settings {rill.config} are valid."]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('\nthme = "x"', "line 2: thme is not a setting; did you mean 'theme'?"),
        ('model = "opnai/x"', "line 1: model 'opnai/x' names the provider 'opnai', which is not"),
        ('\n\ntheme = "rill-drak"', "line 3: theme is 'rill-drak', not known; did you mean 'rill-"),
        ('[keys]\nquti = "f9"', "keys.quti is not an action; did you mean 'quit'?"),
        ('[keys]\nquit = "ctrl+nothing"', "keys.quit names 'ctrl+nothing', which is no key"),
        ("\nmodel = x\n", "is not valid TOML: Invalid value (at line 2, column 9)"),
    ],
)
async def test_what_is_wrong_is_one_sentence(rill: Rill, text: str, words: str) -> None:
    rill.write_config(text)
    sentence = await complaint(rill, "check")
    assert words in sentence
    assert str(rill.config) in sentence


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            '\nseed = 1\nmodel = "anthropic/x"',
            "line 2: seed is not sent to anthropic/x: anthropic has no place for it.",
        ),
        (
            f'model = "mine/m"\n{MINE}seed = 1',
            "line 5: providers.mine.seed is not sent: anthropic has no place for it.",
        ),
        (
            f'model = "mine/m"\n{MINE}[providers.mine.models."a/b"]\nseed = 1',
            'line 6: providers.mine.models."a/b".seed is not sent: anthropic has no place for it.',
        ),
        (MINE, 'has providers but no model; add model = "mine/NAME".'),
        (
            f'model = "mine/m"\n{MINE}api_key_env = "NO_SUCH"',
            "line 5: providers.mine.api_key_env names NO_SUCH, which is not set in the",
        ),
        (
            f'model = "mine/m"\n{MINE}api_key_command = ["no-such-program"]',
            "line 5: providers.mine.api_key_command names a program that is not here",
        ),
        (
            f'model = "mine/m"\n{MINE}api_key = "k"\napi_key_command = ["true"]',
            "line 6: providers.mine.api_key_command is not asked, because there is an api_key",
        ),
        (
            f'model = "mine/m"\n{MINE.replace("https://gateway/v1", "http://box")}api_key = "k"',
            "line 2: providers.mine has a key that is not sent over http to http://box: use https",
        ),
    ],
)
async def test_what_may_not_be_meant_is_noted(rill: Rill, text: str, note: str) -> None:
    rill.write_config(text)
    rill.config.chmod(0o600)
    valid, *notes = said(await rill.run("config", "check"))
    assert valid == f"The settings {rill.config} are valid."
    assert len(notes) == 1
    assert notes[0].startswith(f"Note: {rill.config}")
    assert note in notes[0]


@pytest.mark.parametrize(
    "line", ['api_key = "k"', 'headers = { Authorization = "k" }', 'query = { key = "k" }']
)
async def test_a_key_in_a_file_that_others_can_read_is_noted(rill: Rill, line: str) -> None:
    rill.write_config(f'model = "mine/m"\n{MINE}{line}')
    rill.config.chmod(0o644)
    _, note = said(await rill.run("config", "check"))
    assert note == (
        f"Note: {rill.config} may hold a key, and others than you may read it: chmod 600 it."
    )
    rill.config.chmod(0o600)
    assert len(said(await rill.run("config", "check"))) == 1


# show

FULL = f"""\
model = "mine/org/m"
seed = 4
theme = "rill-light"

[providers.mine]
api = "anthropic"
base_url = "https://gateway/v1"
api_key = "{SECRET_KEY}"
headers = {{ Authorization = "Bearer {SECRET_KEY}" }}
query = {{ key = "{SECRET_KEY}" }}
temperature = 0.25
allow_http = true

[providers.mine.models."org/m"]
system = "Be \\n brief."
output = 640

[keys]
quit = "f9"
"""


async def shown(rill: Rill, *arguments: str, **more: Any) -> dict[str, Any]:
    finished = await rill.run("config", "show", "--json", *arguments, **more)
    assert (finished.code, finished.err) == (0, "")
    document: dict[str, Any] = json.loads(finished.out)
    return document


def line(number: int, value: object) -> dict[str, object]:
    return {"value": value, "source": f"config.toml, line {number}", "line": number}


async def test_everything_is_shown_with_where_it_comes_from(rill: Rill) -> None:
    rill.write_config(FULL)
    default = "Rill's default"
    assert await shown(rill) == {
        "file": {"value": str(rill.config), "source": "XDG_CONFIG_HOME"},
        "model": line(1, "mine/org/m"),
        "api": line(6, "anthropic"),
        "base_url": line(7, "https://gateway/v1"),
        "key": line(8, True),
        "allow_http": line(12, True),
        "headers.Authorization": line(9, True),
        "query.key": line(10, True),
        "output": line(16, 640),
        "max_tokens": {"value": 640, "source": "the most that org/m gives"},
        "temperature": line(11, 0.25),
        "top_p": {"value": None, "source": None},
        "top_k": {"value": None, "source": None},
        "seed": line(2, None),
        "stop": {"value": None, "source": None},
        "effort": {"value": None, "source": None},
        "thinking_budget": {"value": None, "source": None},
        "system": line(15, "Be \n brief."),
        "idle_timeout": {"value": 300.0, "source": default},
        "theme": line(3, "rill-light"),
        "keys.quit": line(19, "f9"),
    }


async def test_people_get_it_in_columns(rill: Rill) -> None:
    rill.write_config(FULL)
    lines = said(await rill.run("config", "show"))
    cells = [re.split(r" {2,}", each) for each in lines]
    assert ["key", "set, and not shown", "config.toml, line 8"] in cells
    assert ["seed", "not sent: anthropic has no place for it", "config.toml, line 2"] in cells
    assert ["top_p", "not sent: the server decides"] in cells
    assert ["system", "Be brief.", "config.toml, line 15"] in cells
    assert len({each.rindex("config.toml, line") for each in lines if "toml, line" in each}) == 1


async def test_flags_and_environment_are_named(rill: Rill) -> None:
    rill.write_config(FULL)
    rill.environment |= {
        "ANTHROPIC_BASE_URL": "https://from.environment",
        "ANTHROPIC_API_KEY": SECRET_KEY,
        "https_proxy": f"http://me:{SECRET_KEY}@proxy:3128",
        "SSL_CERT_FILE": "/some/ca.pem",
    }
    found = await shown(rill, "-m", "anthropic/x", "--max-tokens", "5", "--system", "Hm")
    assert found["model"] == {"value": "anthropic/x", "source": "--model"}
    assert found["base_url"] == {
        "value": "https://from.environment",
        "source": "ANTHROPIC_BASE_URL",
    }
    assert found["key"] == {"value": True, "source": "ANTHROPIC_API_KEY"}
    assert found["max_tokens"] == {"value": 5, "source": "--max-tokens"}
    assert found["system"] == {"value": "Hm", "source": "--system"}
    assert found["https_proxy"] == {"value": "http://proxy:3128", "source": "https_proxy"}
    assert found["ssl_cert_file"] == {"value": "/some/ca.pem", "source": "SSL_CERT_FILE"}

    found = await shown(rill, "-m", "anthropic/x", "--base-url", "https://from.flag")
    assert found["base_url"] == {"value": "https://from.flag", "source": "--base-url"}


async def test_without_any_settings_it_is_the_demo(rill: Rill) -> None:
    finished = await rill.run("config", "show")
    lines = said(finished)
    assert f"{rill.config} (there is none)" in lines[0]
    assert ["key", "not set"] in [each.split(maxsplit=1) for each in lines]
    assert list(rill.home.iterdir()) == []


async def test_a_key_without_a_model_is_shown_with_what_to_do(rill: Rill) -> None:
    finished = await rill.run("config", "show", environment={"OPENAI_API_KEY": SECRET_KEY})
    assert finished.code == 0
    [hint] = finished.complaints
    assert hint.startswith("There is a key for openai (OPENAI_API_KEY) but no model is chosen")


async def test_a_key_is_not_asked_for_only_to_show_it(rill: Rill) -> None:
    mark = rill.home / "was-asked"
    rill.write_config(f'model = "mine/m"\n{MINE}api_key_command = ["touch", "{mark}"]')
    found = await shown(rill)
    assert found["key"] == {"value": True, "source": "api_key_command (touch)"}
    await rill.run("config", "check")
    assert not mark.exists()


async def test_wrong_settings_are_not_shown(rill: Rill) -> None:
    rill.write_config("\nmax_tokens = 0")
    assert "line 2: max_tokens must be at least 1." in await complaint(rill, "show")


# init


async def test_it_begins_with_a_file_that_explains_everything_and_sets_nothing(rill: Rill) -> None:
    assert said(await rill.run("config", "init")) == [
        f"{rill.config} explains every setting and sets none; rill config edit opens it."
    ]
    assert (mode(rill.config), mode(rill.config.parent)) == (0o600, 0o700)
    assert tomllib.loads(rill.config.read_text()) == {}
    assert len(said(await rill.run("config", "check"))) == 1


async def test_it_writes_over_nothing_unless_it_is_told_to(rill: Rill) -> None:
    rill.write_config("# mine")
    sentence = await complaint(rill, "init")
    assert sentence == f"{rill.config} exists already; --force writes over it."
    assert rill.config.read_text() == "# mine"
    assert (await rill.run("config", "init", "--force")).code == 0
    assert rill.config.read_text() == TEMPLATE


async def test_a_link_to_the_settings_stays_one(rill: Rill) -> None:
    kept = rill.home / "dotfiles" / "rill.toml"
    kept.parent.mkdir()
    rill.config.parent.mkdir(parents=True)
    rill.config.symlink_to(kept)
    assert (await rill.run("config", "init")).code == 0
    assert rill.config.is_symlink()
    assert kept.read_text() == TEMPLATE


async def test_a_place_that_cannot_be_is_one_sentence(rill: Rill) -> None:
    (rill.home / "file").write_text("")
    place = rill.home / "file" / "config.toml"
    assert str(rill.home / "file") in await complaint(rill, "init", "--config", str(place))


def uncommented() -> str:
    return re.sub(r"^#(?=[^ \n])", "", TEMPLATE, flags=re.MULTILINE)


def test_the_template_is_valid_when_all_of_it_is_uncommented() -> None:
    text = uncommented()
    table = TomlTable(tomllib.loads(text), "config.toml", text)
    settings = read_settings(table, apis=APIS.keys(), known=BUILT_IN)
    check_keymap(settings.keys, settings.table)
    assert settings.theme in [theme.name for theme in load_themes(themes_folder())]
    assert settings.providers["work"].models["org/big-model"].output == 16384


def test_the_template_has_every_key_and_a_comment_before_it() -> None:
    document = tomllib.loads(uncommented())
    assert set(document) == _names(Settings, "table")
    work = document["providers"]["work"]
    assert set(work) >= _names(ProviderSettings) - set(PARAMETERS)
    assert set(work["models"]["org/big-model"]) >= _names(ModelSettings) - set(PARAMETERS)
    for before, this in pairwise(TEMPLATE.splitlines()):
        if re.match(r"#\w+ = ", this):
            assert before.startswith("#"), this
    assert all(name in TEMPLATE for name in [*APIS, *BUILT_IN, *EFFORTS])


def _names(kind: type, *others: str) -> set[str]:
    """The keys of a table; parameters stand in it one by one."""
    names = {each.name for each in fields(kind)} - {"parameters", *others}  # type: ignore[arg-type]
    return names | set(PARAMETERS)


# edit


def editor(folder: Path, code: str) -> dict[str, str]:
    """An editor that is a shell script, in an environment that names it with an argument."""
    script = folder / "my editor"
    script.write_text(f'#!/bin/sh\n[ "$1" = --wait ] || exit 9\nfile=$2\n{code}\n')
    script.chmod(0o700)
    return {"EDITOR": f"{shlex.quote(str(script))} --wait"}


async def test_what_is_edited_is_checked(rill: Rill) -> None:
    environment = editor(rill.home, 'echo \'theme = "rill-light"\' >> "$file"')
    rill.write_config("# my own words\n")
    assert said(await rill.run("config", "edit", environment=environment)) == [
        f"The settings {rill.config} are valid."
    ]
    assert rill.config.read_text() == '# my own words\ntheme = "rill-light"\n'


async def test_where_there_is_nothing_it_begins_with_the_template(rill: Rill) -> None:
    environment = editor(rill.home, "true")
    assert (await rill.run("config", "edit", environment=environment)).code == 0
    assert rill.config.read_text() == TEMPLATE
    assert mode(rill.config) == 0o600


async def test_what_is_wrong_then_is_said_with_its_line(rill: Rill) -> None:
    environment = editor(rill.home, "printf '\\nthme = 1\\n' > \"$file\"")
    sentence = await complaint(rill, "edit", environment=environment)
    assert sentence.endswith("line 2: thme is not a setting; did you mean 'theme'?")


@pytest.mark.parametrize(("answer", "code"), [("\n", 0), ("y\n", 0), ("n\n", 2), ("\x04", 2)])
async def test_at_a_terminal_it_offers_to_edit_again(rill: Rill, answer: str, code: int) -> None:
    script = 'if [ -s "$file" ]; then : > "$file"; else echo wrong > "$file"; fi'
    rill.write_config("")
    keyboard, terminal = os.openpty()
    try:
        running = await rill.start(
            "config", "edit", environment=editor(rill.home, script), stdin=terminal
        )
        assert running.process.stderr is not None
        async with asyncio.timeout(SAFETY_NET):
            asked = await running.process.stderr.readuntil(b"[Y/n] ")
        assert b"is not valid TOML" in asked
        os.write(keyboard, answer.encode())
        assert (await running.end()).code == code
        assert rill.config.read_text() == ("" if code == 0 else "wrong\n")
    finally:
        os.close(keyboard)
        os.close(terminal)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"VISUAL": "no-such-editor"}, "The editor no-such-editor cannot be run: No such file"),
        ({"EDITOR": "vi 'unclosed"}, "EDITOR cannot be read as a command: No closing quotation."),
        ({"PATH": ""}, "There is no editor: set EDITOR to one, for instance EDITOR=nano."),
    ],
)
async def test_without_an_editor_it_is_one_sentence(
    rill: Rill, environment: dict[str, str], words: str
) -> None:
    rill.write_config("# mine")
    assert words in await complaint(rill, "edit", environment=environment)


async def test_visual_is_asked_before_editor(rill: Rill) -> None:
    environment = {**editor(rill.home, "true"), "VISUAL": " ", "PATH": ""}
    assert (await rill.run("config", "edit", environment=environment)).code == 0
    environment["VISUAL"] = environment.pop("EDITOR")
    environment["EDITOR"] = "no-such-editor"
    assert (await rill.run("config", "edit", environment=environment)).code == 0


async def test_without_one_it_takes_what_is_there(rill: Rill) -> None:
    programs = rill.home / "bin"
    programs.mkdir()
    nano = programs / "nano"
    nano.write_text('#!/bin/sh\necho "# nano was here" > "$1"\n')
    nano.chmod(0o700)
    assert (await rill.run("config", "edit", environment={"PATH": str(programs)})).code == 0
    assert rill.config.read_text() == "# nano was here\n"


async def test_an_editor_that_fails_is_told_and_the_file_checked(rill: Rill) -> None:
    finished = await rill.run("config", "edit", environment=editor(rill.home, "exit 3"))
    assert finished.code == 0
    assert finished.complaints == [f"{rill.home}/my editor ended with exit code 3"]


async def test_an_interrupt_is_the_editors(rill: Rill) -> None:
    """The terminal sends ctrl+c to both of them."""
    fifo = rill.home / "fifo"
    os.mkfifo(fifo)
    environment = editor(rill.home, f"echo x > {shlex.quote(str(fifo))}; cat {fifo} > /dev/null")
    running = await rill.start("config", "edit", environment=environment)
    assert await asyncio.to_thread(fifo.read_text) == "x\n"
    running.signal(signal.SIGINT)
    await asyncio.to_thread(fifo.write_text, "")
    assert (await running.end()).code == 0
