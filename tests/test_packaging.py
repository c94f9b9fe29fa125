"""What a user gets: the wheel, and a README whose facts are those of the code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from argparse import Namespace
from dataclasses import fields
from pathlib import Path
from zipfile import ZipFile

import pytest

import tui
from tui.ask import ExitCode, Output
from tui.chat.ending import Outcome
from tui.cli import COMMANDS
from tui.demo.triggers import find_trigger
from tui.launch import prepare
from tui.roster import DEFAULT_MAX_TOKENS
from tui.storage.settings import Settings
from tui.ui.keymap import check_keymap
from tui.ui.keys import ACTIONS, BY_SLASH, key_names
from tui.wire.http import IDLE_LIMIT

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
THEMES = sorted(path.name for path in (REPOSITORY / "themes").glob("*.toml"))
OPENS_RILL = "python3 -m venv .venv && .venv/bin/pip install --quiet . && .venv/bin/rill"
RUNS_THE_TESTS = (
    'python3 -m venv .venv && .venv/bin/pip install --quiet --editable ".[dev]"'
    " && .venv/bin/python -m pytest"
)
WHERE = "import tui, tui.ui.theme_files as t; print(tui.__file__, *t.themes_folder().glob('*'))"


def run(*command: str, cwd: Path, **environment: str) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def chapter(title: str) -> str:
    """A chapter of the README."""
    _, heading, rest = README.partition(f"\n## {title}\n")
    assert heading, title
    return rest.partition("\n## ")[0]


def fences(text: str, language: str) -> list[str]:
    """The fenced blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)


def rows(text: str) -> list[list[str]]:
    """The cells of all tables, without their headings."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rules = {number for number, line in enumerate(lines) if set(line) <= set("|-: ")}
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for number, line in enumerate(lines)
        if number not in rules and number + 1 not in rules
    ]


def code_spans(text: str) -> list[str]:
    """What stands between backticks, but not in a fenced block."""
    without_fences = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`]+)`", without_fences)


# The wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder))
    run(*build, str(REPOSITORY), cwd=folder)
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Rill installed into it, without its dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--target", str(folder), str(wheel), cwd=folder)
    return folder


def test_the_wheel_holds_all_that_the_program_reads_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    sources = {
        path.relative_to(REPOSITORY).as_posix()
        for path in (REPOSITORY / "tui").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    metadata = {name for name in names if ".dist-info/" in name}
    assert names - metadata == sources | {f"tui/themes/{name}" for name in THEMES}
    assert "tui/py.typed" in names
    assert any(name.endswith(".tcss") for name in names)
    assert any(name.endswith("/LICENSE") for name in metadata)


def test_the_themes_are_found_in_an_installed_package(installed: Path, tmp_path: Path) -> None:
    package, *found = run(
        sys.executable, "-c", WHERE, cwd=tmp_path, PYTHONPATH=str(installed)
    ).split()
    assert Path(package) == installed / "tui" / "__init__.py"
    assert sorted(found) == [str(installed / "tui" / "themes" / name) for name in THEMES]


def test_the_themes_are_found_in_a_checkout(tmp_path: Path) -> None:
    package, *found = run(
        sys.executable, "-c", WHERE, cwd=tmp_path, PYTHONPATH=str(REPOSITORY)
    ).split()
    assert Path(package) == REPOSITORY / "tui" / "__init__.py"
    assert sorted(found) == [str(REPOSITORY / "themes" / name) for name in THEMES]


def test_the_installed_command_tells_its_version(installed: Path, tmp_path: Path) -> None:
    command = str(installed / "bin" / "rill")
    said = run(command, "--version", cwd=tmp_path, PYTHONPATH=str(installed))
    assert said == f"rill {tui.__version__}"


# The README


@pytest.mark.parametrize("command", [OPENS_RILL, RUNS_THE_TESTS])
def test_a_command_that_sets_itself_up_stands_once_and_alone(command: str) -> None:
    assert README.count(command) == 1
    assert command in fences(README, "sh")


def test_no_other_command_sets_anything_up() -> None:
    assert sum(".venv" in block for block in fences(README, "sh")) == 2
    assert "".join(fences(README, "sh")).count("pytest") == 1


def test_the_key_tables_are_those_of_the_program() -> None:
    written = set()
    for keys, slash, _ in rows(chapter("Keys and commands")):
        for group in keys.split(", "):
            # What may stand behind a command is written besides the command alone.
            commands = [command for command in code_spans(slash) if " " not in command]
            written.add((frozenset(code_spans(group)), *commands))
    assert written == {
        (frozenset(key_names(action, {})), *([action.slash] if action.slash else []))
        for action in ACTIONS
    }


def test_every_slash_command_is_told() -> None:
    assert set(BY_SLASH) <= set(code_spans(chapter("Keys and commands")))


def test_every_command_is_told() -> None:
    for command in COMMANDS:
        assert f"`rill {command}" in README


def test_the_exit_codes_are_those_of_the_program() -> None:
    table = [row for row in rows(chapter("In scripts")) if row[0][0].isdigit()]
    written = [int(code) for codes, _ in table for code in codes.split(", ")]
    assert sorted(written) == sorted(ExitCode)


def test_every_output_format_is_told() -> None:
    spans = code_spans(chapter("In scripts"))
    assert {f"--output {output}" for output in Output} <= set(spans)


def test_the_outcomes_are_those_of_the_program() -> None:
    written = [code_spans(outcome)[0] for outcome, _ in rows(chapter("How a reply can end"))]
    assert written == list(Outcome)


def test_the_example_of_settings_works_and_has_every_key(tmp_path: Path) -> None:
    [example] = fences(README, "toml")
    path = tmp_path / "config.toml"
    path.write_text(example, encoding="utf-8")
    flags = Namespace(config=str(path), model=None, base_url=None, max_tokens=None, system=None)
    launch = prepare(flags, {"XDG_STATE_HOME": str(tmp_path)})
    own = {field.name for field in fields(Settings)} - {"parameters", "table"}
    assert set(tomllib.loads(example)) == own | {"max_tokens"}
    target = launch.target()
    assert (target.provider, target.api) == ("local", "openai-chat")
    assert target.set_by["max_tokens"] == "config.toml, NAME"
    assert f"{launch.settings.theme}.toml" in THEMES
    check_keymap(launch.settings.keys, launch.settings.table)
    assert f"else {DEFAULT_MAX_TOKENS}" in chapter("Settings")
    assert f"{IDLE_LIMIT:g} if not set" in example


def test_the_words_for_the_demo_are_words_it_knows() -> None:
    text = chapter("Install and run").partition("**built-in demo**")[2].partition("`rill demo`")[0]
    words = code_spans(text)
    assert words[0] == "help"
    assert all(find_trigger(word) for word in words)


def test_the_picture_of_the_layers_is_that_of_the_tree() -> None:
    picture = fences(chapter("How it is built"), "text")[1]
    folders: list[str] = []
    drawn = set()
    for line in picture.splitlines():
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        folders[depth:] = [name] if name.endswith("/") else []
        drawn.add("".join([*folders[:depth], name]))
    assert all((REPOSITORY / name).exists() for name in drawn)
    assert {f"tui/{name}" for name in _contents("tui")} <= drawn
    for layer in ("chat", "wire"):
        assert {f"tui/{layer}/{name}" for name in _contents(f"tui/{layer}")} <= drawn
    for layer in ("providers", "storage"):
        assert all(name in picture for name in _contents(f"tui/{layer}"))


def _contents(folder: str) -> list[str]:
    """The modules and packages in a folder, as the README writes them."""
    return [
        path.name if path.is_file() else f"{path.name}/"
        for path in (REPOSITORY / folder).iterdir()
        if (path.suffix == ".py" and not path.name.startswith("_"))
        or (path / "__init__.py").exists()
    ]


def test_the_links_lead_somewhere() -> None:
    links = set(re.findall(r"\]\(([^)]+)\)", README))
    assert all((REPOSITORY / link).exists() for link in links if "://" not in link), links


def test_the_newest_version_in_the_changelog_is_ours() -> None:
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\d[^\]]*)\]", changelog, re.MULTILINE)
    assert versions[0] == tui.__version__
