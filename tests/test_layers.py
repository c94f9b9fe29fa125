"""Who may import whom, seen at run time: what each module really brings into `sys.modules`.

import-linter reads the source and tells the same rules; this also sees what foreign packages bring
along, and needs no configuration for a new module.
"""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

import tui

REPOSITORY = Path(__file__).parents[1]
SCREEN = {"textual", "rich"}


def _modules() -> list[str]:
    found = [info.name for info in pkgutil.walk_packages(tui.__path__, "tui.", onerror=print)]
    return sorted({"tui", *found} - {"tui.__main__"})


def _is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


MODULES = _modules()
LOWER = [name for name in MODULES if not _is_in(name, "tui.ui")]


def _imports(module: str) -> list[str]:
    """All that is in `sys.modules` after importing this one in a fresh interpreter."""
    probe = f"import sys, json, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=REPOSITORY,
        env={"PATH": os.environ.get("PATH", "")},
        capture_output=True,
        text=True,
        check=True,
    )
    modules: list[str] = json.loads(done.stdout)
    return modules


@cache
def _all_imports() -> dict[str, list[str]]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(LOWER, pool.map(_imports, LOWER), strict=True))


def ours(module: str) -> set[str]:
    """What of ours a module brings along, but for itself and the packages it stands in."""
    above = {module.rsplit(".", depth)[0] for depth in range(module.count(".") + 1)}
    return {name for name in _all_imports()[module] if _is_in(name, "tui")} - above


def foreign(module: str) -> set[str]:
    """The top-level packages that a module brings along."""
    return {name.partition(".")[0] for name in _all_imports()[module]}


def test_the_layers_are_all_there() -> None:
    packages = {name.split(".")[1] for name in LOWER if "." in name}
    assert {"errors", "ask", "cli", "launch", "chat", "wire", "providers", "demo", "storage"} <= (
        packages
    )


@pytest.mark.parametrize("module", LOWER)
def test_nothing_below_the_interface_brings_the_screen_along(module: str) -> None:
    assert not foreign(module) & SCREEN
    assert not any(_is_in(name, "tui.ui") for name in ours(module))


@pytest.mark.parametrize("module", LOWER)
def test_httpx_comes_with_wire_http_and_not_otherwise(module: str) -> None:
    assert ("httpx" in foreign(module)) == ("tui.wire.http" in {*ours(module), module})


@pytest.mark.parametrize(
    "module",
    [
        name
        for name in LOWER
        if any(_is_in(name, package) for package in ("tui.chat", "tui.storage", "tui.demo"))
        or name in {"tui", "tui.errors", "tui.cli", "tui.launch", "tui.wire", "tui.wire.sse"}
        or name in {"tui.roster", "tui.session", "tui.key_finding", "tui.catalogue"}
    ],
)
def test_these_do_without_httpx(module: str) -> None:
    assert "httpx" not in foreign(module)


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("tui.errors", []),
        ("tui.chat", ["tui.chat", "tui.errors"]),
        ("tui.wire", ["tui.wire", "tui.errors"]),
        ("tui.providers", ["tui.providers", "tui.wire", "tui.chat", "tui.errors"]),
        ("tui.storage", ["tui.storage", "tui.chat", "tui.errors", "tui.hints"]),
        ("tui.demo", ["tui.demo", "tui.chat", "tui.wire", "tui.errors"]),
    ],
)
def test_a_layer_knows_only_what_lies_below_it(package: str, allowed: list[str]) -> None:
    for module in LOWER:
        if _is_in(module, package):
            strangers = [
                name for name in ours(module) if not any(_is_in(name, each) for each in allowed)
            ]
            assert strangers == [], module


def test_the_command_line_itself_is_light() -> None:
    assert ours("tui.cli") == {"tui.arguments", "tui.errors", "tui.hints"}
    assert not foreign("tui.cli") & {"asyncio", "httpx", "tomllib"}
