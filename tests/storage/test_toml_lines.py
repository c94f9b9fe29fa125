"""Which line a complaint names, for every way to write a key."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from tui.storage.toml_lines import line_of

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = """\
# model = "commented/out"

model = "a/b"
a.dotted."quoted key" = 1
'single \\ quoted' = 2
inline = { one = 1, two.three = "x" }
many = [
  "one",   # model = 2
  "two",
]
text = \"\"\"
theme = "not a key"
[providers.not_a_table]
\"\"\"
theme = 'after a text'
literal = '''
keys = 1
'''
seed = 7

[providers.mine]   # a comment
api = "anthropic"

  [providers.mine.headers]
  "X-Title" = "rill"

[providers."with.dot"]
api = "demo"

[providers.mine.models."org/name"]
system = "x"

[[things]]
name = "first"
[[things]]
name = "second"
only_here = 1
[things.inner]
deep = 1
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("model", 3),
        ("a", 4),
        ("a dotted", 4),
        (("a", "dotted", "quoted key"), 4),
        (("single \\ quoted",), 5),
        ("inline", 6),
        ("inline one", 6),
        ("inline two three", 6),
        ("many", 7),
        ("text", 11),
        ("theme", 15),
        ("literal", 16),
        ("seed", 19),
        ("providers", 21),
        ("providers mine", 21),
        ("providers mine api", 22),
        ("providers mine headers", 24),
        ("providers mine headers X-Title", 25),
        (("providers", "with.dot"), 27),
        (("providers", "with.dot", "api"), 28),
        ("providers mine models", 30),
        ("providers mine models org/name system", 31),
        ("things", 33),
        ("things name", 34),
        ("things only_here", 37),
        ("things inner deep", 39),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_key_has_the_line_in_which_it_begins(
    path: str | tuple[str, ...], line: int, end: str
) -> None:
    keys = path.split() if isinstance(path, str) else path
    assert line_of(FILE.replace("\n", end), keys) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("providers mine base_url", 21),
        ("providers mine models org/name output", 30),
        ("providers other", 21),
        ("inline four", 6),
    ],
)
def test_what_is_missing_has_the_line_of_what_is_around_it(path: str, line: int) -> None:
    assert line_of(FILE, path.split()) == line


@pytest.mark.parametrize("path", [("keys",), ("providers.mine",), ("nothing", "at", "all"), ()])
def test_what_is_nowhere_has_no_line(path: tuple[str, ...]) -> None:
    assert line_of(FILE, path) is None


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment"])
def test_a_file_without_keys_has_no_lines(text: str) -> None:
    assert line_of(text, ("model",)) is None


def test_the_last_line_needs_no_end() -> None:
    assert line_of("[a]\nb = 1", ("a", "b")) == 2


def test_a_text_of_many_lines_is_not_read_again_for_each_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, read = tomllib.loads, []
    monkeypatch.setattr(tomllib, "loads", lambda text: read.append(len(text)) or real(text))
    text = 'system = """\n' + "A line of a long prompt.\n" * 1000 + '"""\nmodel = "x"\n'
    assert line_of(text, ("model",)) == 1003
    assert len(read) < 10


names = st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=8)
values = st.one_of(
    st.integers(-(2**40), 2**40),
    st.booleans(),
    st.text(max_size=20),
    st.lists(st.text(max_size=30), max_size=6),
    st.sampled_from(["a\nmodel = 1\n[x]\n", "'''", '"""', "# no", "]", "}"]),
)
tables = st.recursive(
    st.dictionaries(names, values, max_size=4),
    lambda inner: st.dictionaries(
        names, st.one_of(values, inner, st.lists(inner, min_size=1, max_size=2)), max_size=4
    ),
    max_leaves=12,
)


def ways(table: Mapping[str, object], before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """To every key that is not below a list."""
    found = []
    for key, value in table.items():
        found.append((*before, key))
        if isinstance(value, dict):
            found += ways(value, found[-1])
    return found


@pytest.mark.parametrize("multiline", [False, True])
@given(table=tables)
def test_the_statement_of_each_key_begins_where_it_says(
    multiline: bool, table: dict[str, object]
) -> None:
    text = tomli_w.dumps(table, multiline_strings=multiline)
    lines = text.split("\n")
    for way in ways(table):
        line = line_of(text, way)
        assert line is not None
        assert not has(tomllib.loads("\n".join(lines[: line - 1])), way)
        assert has(tomllib.loads(first_whole(lines, line)), way)


def first_whole(lines: list[str], least: int) -> str:
    """The shortest beginning of the file that has so many lines and is valid."""
    for count in range(least, len(lines) + 1):
        text = "\n".join(lines[:count])
        with suppress(tomllib.TOMLDecodeError):
            tomllib.loads(text)
            return text
    raise AssertionError(lines)


def has(table: object, way: tuple[str, ...]) -> bool:
    for key in way:
        if not isinstance(table, dict) or key not in table:
            return False
        table = table[key]
    return True
