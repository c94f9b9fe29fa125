"""A text that comes in pieces ends up as the blocks of the whole text."""

from __future__ import annotations

import os
import random
import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.realserver import skip_without
from tui.ui.markdown import parser
from tui.ui.markdown.document import Document, _finish
from tui.ui.markdown.leaves import Resume
from tui.ui.markdown.lines import text_of
from tui.ui.markdown.parser import References
from tui.ui.markdown.reader import read_leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tui.ui.markdown.lines import Line

DOCUMENTS = int(os.environ.get("RILL_DOCUMENTS", "200"))
"""How many are made up; the whole proof is `RILL_DOCUMENTS=10000`."""

FRAGMENTS = (
    *("- ", "* ", "+ ", "1. ", "2) ", "10. ", "- - ", "- [ ] ", "- [x] ", "> ", "> > ", "\t", "  "),
    *("\n", "\n\n", "\n", "\n\n", "\n> ", "\n- ", "\n  - ", "\n   ", "\n1. ", "\n    ", "\n>\n"),
    *("foo", "bar baz", "x", " ", "&amp;", "\\", "*a*", "**b", "`x`", "~~s~~", "$x_1$", "<b>"),
    *("# ", "## h\n", "===", "---", "***", "\n===\n", "\n---\n", "```", "~~~", "\n```\n"),
    *("```py\n", "[foo]", "[foo]: /url", "[foo]: /url 'title\n", "'title'", '"t', "[^1]"),
    *("[^1]: x", "![i](u)", "| a | b |", "|---|---|", "a|b", "-|-", "\n| x | y |\n", "|:-|-:|\n"),
    *("[a](http://b.c)", "<div>", "</div>", "<!--", "-->", "<script>", "    code", "\n\n\n"),
    *("日本", "👩\u200d👩\u200d👧", "e\u0301", "<br>"),
    *("\n$$\n", "$$\n", "\n\\[\n", "\n\\]\n", "$$"),
)


def lines_of(document: Document) -> list[Line]:
    document.reveal_down(0, sys.maxsize)
    return [document.line(y) for y in range(document.height)]


def at_once(text: str, width: int) -> list[Line]:
    """One call of the parser for the whole text, and nothing that goes on anywhere."""
    references = References()
    leaves = read_leaves(text, Resume(), references)
    document = Document()
    document.set_width(width)
    document._references.update(references)
    document._show(leaves)
    for block in document.blocks:
        _finish(block)
    return lines_of(document)


def in_pieces(pieces: Iterable[str], width: int, long: int, chance: random.Random) -> list[Line]:
    """The text as it comes, somebody looking at it now and then at some width."""
    document = Document(long=long)
    document.set_width(chance.choice([width, 20]))
    for piece in pieces:
        document.append(piece)
        if chance.random() < 0.3:
            document.set_width(chance.choice([width, 20, 77]))
        if chance.random() < 0.5 and document.height:
            y = chance.randrange(document.height)
            y += document.reveal_up(y, 5)
            document.reveal_down(y, 5)
            if y < document.height:
                document.line(y)
    document.close()
    document.set_width(width)
    return lines_of(document)


def split(text: str, chance: random.Random) -> list[str]:
    """By characters, by lines, or anywhere."""
    match chance.randrange(4):
        case 0 if len(text) < 300:
            return list(text)
        case 1:
            return re.split(r"(?<=\n)", text)
        case _:
            cuts = sorted(chance.randrange(len(text) + 1) for _ in range(chance.randint(0, 9)))
            return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def assert_same(text: str, chance: random.Random) -> None:
    width = chance.choice([30, 64, 110])
    wanted = at_once(text, width)
    for long in (1000, 5):
        pieces = split(text, chance)
        assert in_pieces(pieces, width, long, chance) == wanted, (pieces, width, long)


def spec_examples() -> Iterator[str]:
    path = os.environ.get("RILL_COMMONMARK_SPEC", "")
    if not path:
        skip_without("no CommonMark spec: RILL_COMMONMARK_SPEC is not set (.ci/run fetches it)")
    spec = Path(path).read_text(encoding="utf-8")
    example = re.compile(r"^`{32} example\n(.*?)^\.\n.*?^`{32}$", re.DOTALL | re.MULTILINE)
    for match in example.finditer(spec):
        yield match.group(1).replace("→", "\t")


def test_every_example_of_the_standard_is_the_same_in_pieces() -> None:
    examples = list(spec_examples())
    assert len(examples) > 600
    for number, example in enumerate(examples):
        chance = random.Random(number)
        assert_same(example, chance)
        wanted = at_once(example, 64)
        assert in_pieces(example, 64, 5, chance) == wanted, example


@pytest.mark.parametrize("part", range(5))
def test_made_up_documents_are_the_same_in_pieces(part: int) -> None:
    chance = random.Random(part)
    for _ in range(DOCUMENTS // 5):
        count = chance.choice([5, 12, 25, 60])
        assert_same("".join(chance.choices(FRAGMENTS, k=chance.randint(1, count))), chance)


def test_what_is_nested_too_deep_is_the_same_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser, "_DEEPEST", 4)
    chance = random.Random(0)
    for _ in range(30):
        assert_same("".join(chance.choices(FRAGMENTS, k=chance.randint(1, 25))), chance)
    steps = "".join(f"{'  ' * depth}- x\n" for depth in range(6))
    assert_same(f"{steps}\n    - y\n- z\n\nthe end", chance)


def drawn(text: str, width: int = 40) -> list[str]:
    return [text_of(line).rstrip() for line in at_once(text, width)]


def test_lists_have_bullets_numbers_and_boxes() -> None:
    text = "Steps:\n1. one\n   - deep\n     - deeper\n2. two\n\n   more of two\n3. three\n"
    text += "\n- [ ] open\n- [x] done\n"
    assert drawn(text) == [
        "Steps:",
        " 1. one",
        "     • deep",
        "        ◦ deeper",
        " 2. two",
        "",
        "    more of two",
        " 3. three",
        "",
        " ☐ open",
        " ☑ done",
    ]


def test_numbers_count_from_the_first_whatever_the_others_say() -> None:
    assert drawn("7. a\n7. b\n1. c") == [" 7. a", " 8. b", " 9. c"]


def test_quotes_have_bars_through_their_gaps() -> None:
    text = "> one\n>\n> > two\n> ```sh\n> ls\n> ```\n"
    assert drawn(text) == ["▌ one", "▌", "▌ ▌ two", "▌  sh", "▌  ls"]


def test_what_is_no_markdown_for_us_is_text() -> None:
    text = "A note[^1], <b>bold</b>, \\(a_1 * b_1\\) and $x^2 * y^2$.\n\n"
    text += "<div>\n*raw*\n</div>\n\n[^1]: The note."
    assert drawn(text, 80) == [
        "A note[^1], <b>bold</b>, \\(a_1 * b_1\\) and $x^2 * y^2$.",
        "",
        "<div>",
        "*raw*",
        "</div>",
        "",
        "[^1]: The note.",
    ]


def test_a_footnote_of_one_word_is_text_too() -> None:
    assert drawn("[^1]: https://a.example", 80) == ["[^1]: https://a.example"]


@pytest.mark.parametrize(("begin", "end"), [("$$", "$$"), ("\\[", "\\]")])
def test_in_mathematics_a_sign_is_neither_a_bullet_nor_an_underline(begin: str, end: str) -> None:
    lines = [begin, "a_1 * b_1", "+ c", "- d", "=", r"e \\ f", end]
    assert drawn("\n".join(["that is", *lines, "for *all* of it"]), 80) == [
        "that is",
        *lines,
        "for all of it",
    ]
    assert drawn("\n".join(f"> {line}" for line in lines), 80) == [f"▌ {line}" for line in lines]


def test_mathematics_without_an_end_goes_no_further_than_a_blank_line() -> None:
    assert drawn("$$\na\n\n*b*", 80) == ["$$", "a", "", "b"]


def test_what_a_table_has_no_column_for_is_not_lost() -> None:
    text = "- | k | v |\n  |:--|--:|\n  | a | `x|y` |\n  b|c|d|\n  | e | \\| |\n"
    assert drawn(text) == [" • k │   v", "   ──┼────", "   a │ x|y", "   b │ c|d", "   e │   |"]


def test_what_stands_for_itself_is_set_off() -> None:
    text = "one\n```\ncode\n```\ntwo\n***\nthree\n# Four\n| a |\n|---|\n"
    shown = ["one", "", " code", "", "two", "", "─" * 40, "", "three", "", "Four", "", "a", "─"]
    assert drawn(text) == shown


def test_an_item_may_be_empty_or_begin_below_its_marker() -> None:
    assert drawn("1)\n2)\n   two\n3) three") == [" 1)", " 2) two", " 3) three"]


def test_a_definition_is_shown_as_it_stands() -> None:
    lines = at_once("> [a]: https://a.example\n>    'title'\n\n> text", 60)
    assert [text_of(line).rstrip() for line in lines] == [
        "▌ [a]: https://a.example",
        "▌ 'title'",
        "",
        "▌ text",
    ]
    assert [line[-1].look for line in lines[::3]] == ["dim", "quote"]


@pytest.mark.parametrize("text", ["<div>|x\n-|-\na|b\n", "-\n\n   - a\n- b\n"])
def test_what_a_line_makes_of_the_one_above_is_the_same_line_by_line(text: str) -> None:
    lines = re.split(r"(?<=\n)", text)
    assert in_pieces(lines, 40, 2, random.Random(0)) == at_once(text, 40)


@pytest.mark.parametrize("title", ["'a\nb'", "'a\nb", "'\n" + "a\n" * 30 + "b'"])
def test_the_title_of_a_link_may_take_some_lines(title: str) -> None:
    text = f"[a]\n\n[a]: /url\n{title}\n\nmore\n"
    lines = re.split(r"(?<=\n)", text)
    assert in_pieces(lines, 40, 5, random.Random(0)) == at_once(text, 40)


def test_items_count_on_behind_one_of_several_paragraphs() -> None:
    text = "".join(f"{number}. one\n\n   two\n" for number in range(1, 5))
    assert in_pieces(text, 40, 5, random.Random(0)) == at_once(text, 40)
    assert drawn(text)[-3] == " 4. one"


def test_links_say_where_they_lead_and_only_some_lead_anywhere() -> None:
    text = "[docs](https://a.example/x) [bad](/etc/passwd) <https://b.example>"
    (line,) = at_once(text, 100)
    assert text_of(line) == (
        "docs \u2039https://a.example/x\u203a bad \u2039/etc/passwd\u203a https://b.example"
    )
    assert {span.href for span in line} == {"", "https://a.example/x", "https://b.example"}


def test_a_definition_that_comes_late_makes_links_of_what_came_before() -> None:
    text = "See [the docs][1].\n\n- and [this]\n\n| a |\n|---|\n| [this] |\n\nmore\n\n"
    text += "[1]: https://a.example\n[this]: https://b.example\n"
    document = Document()
    document.set_width(60)
    for piece in text:
        document.append(piece)
        lines_of(document)
    document.close()
    assert lines_of(document) == at_once(text, 60)
    hrefs = {span.href for line in lines_of(document) for span in line}
    assert hrefs == {"", "https://a.example", "https://b.example"}


def run_together(text: str) -> str:
    return re.sub(r"[\s↪▌]+", "", "".join(drawn(text, 60)))


def test_what_is_nested_beyond_measure_is_still_there() -> None:
    text = "".join(f"{'  ' * depth}- level{depth}\n" for depth in range(80))
    assert all(f"level{depth}" in run_together(text) for depth in range(80))
    assert "theend" in run_together(">" * 200 + " the end")


def test_what_follows_what_is_nested_beyond_measure_is_none_of_it() -> None:
    steps = "".join(f"{'  ' * depth}- x\n" for depth in range(50))
    document = Document()
    document.set_width(40)
    for line in f"{steps}- y\n\n**The end**\n".splitlines(keepends=True):
        document.append(line)
    document.close()
    assert [text_of(line).strip() for line in lines_of(document)][-3:] == ["• y", "", "The end"]


@pytest.mark.parametrize(
    ("begun", "shown"),
    [
        ("Steps:\n-", ["Steps:", "-"]),
        ("Steps:\n--", ["Steps:", "--"]),
        ("Title\n=", ["Title", "="]),
        ("Steps\n\n1.", ["Steps", "", "1."]),
        ("Steps\n\n*", ["Steps", "", "*"]),
        ("> a\n> -", ["▌ a", "▌ -"]),
        ("```\n-", ["-"]),
        ("<div>\n-", ["<div>", "-"]),
        ("    a\n    -", ["a", "-"]),
        ("$$\na\n-", ["$$", "a", "-"]),
        ("Steps\n\n+", ["Steps", "", "+"]),
        ("Steps\n##", ["Steps", "##"]),
    ],
)
def test_a_line_that_has_only_begun_turns_nothing_into_a_heading(
    begun: str, shown: list[str]
) -> None:
    document = Document()
    document.set_width(40)
    document.append(begun)
    lines = lines_of(document)
    assert [text_of(line).strip() for line in lines] == shown
    assert not any("heading" in span.look for line in lines for span in line)


def calls(action: Callable[[], object]) -> int:
    """How many functions it calls: a measure of work that no other program disturbs."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
    return count


def stream(text: str) -> None:
    """As on the screen: the last lines are looked at after each piece."""
    document = Document()
    document.set_width(100)
    for at in range(0, len(text), 60):
        document.append(text[at : at + 60])
        bottom = document.height
        document.reveal_up(bottom - 1, 10)
        document.reveal_down(max(document.height - 10, 0), 10)
        document.line(document.height - 1)


GROWING = {
    "paragraphs": "Some words of *prose*, which go on, and on. " * 5 + "\n\n",
    "a list": "- an item of a list with `code`\n",
    "a nested list": "- an item\n  - with one inside\n    - and one more\n",
    "one item": "  more of it, with nothing in between\n\n",
    "a fence": "    value = compute(this, 'and that')  # why\n\n",
    "a fence in an item": "      value = compute(this)\n",
    "a table": "| one | two two | three three |\n",
    "one paragraph": "words and words of one paragraph ",
    "lines of one paragraph": "words and words of one paragraph\n",
    "a quote": "> quoted words\n>\n> and more of them\n",
    "indented code": "    code here\n",
    "HTML": "<p>html</p>\n",
}
BEGINNINGS = {
    "one item": "- item\n\n",
    "a fence": "```python\n",
    "a fence in an item": "1. item\n\n   ```python\n",
    "a table": "| a | b | c |\n|---|---|---|\n",
    "HTML": "<!--\n",
}


@pytest.mark.parametrize("kind", GROWING)
def test_each_character_costs_the_same_however_long_it_gets(kind: str) -> None:
    def text(length: int) -> str:
        piece = GROWING[kind]
        return BEGINNINGS.get(kind, "") + piece * (length // len(piece))

    stream(text(1_000))  # lexers and caches
    short, long = [calls(partial(stream, text(length))) for length in (4_000, 12_000)]
    assert long < 3.6 * short


@pytest.mark.parametrize("begin", ["[a\n", "[a]: /url 'title\n"])
def test_what_might_be_the_definition_of_a_link_is_not_read_over_and_over(begin: str) -> None:
    def read(count: int) -> None:
        document = Document()
        document.append(begin)
        for _ in range(count):
            document.append("more\n" * 30)

    read(1)
    short, long = [calls(partial(read, count)) for count in (12, 36)]
    assert long < 3.6 * short


def test_code_has_its_final_colours_as_soon_as_something_follows_it() -> None:
    # A comment that only the lines before it tell from code.
    lines = "local x = 1\n" * 40 + "--[[ a\nlocal y = 'comment'\nlocal z = 2\n]]\n"
    code = f"```lua\n{lines}```\n"
    document = Document()
    document.set_width(60)
    for line in re.split(r"(?<=\n)", f"{code}\nAfter it.\n\nAnd more.\n"):
        document.append(line)
        lines_of(document)
    assert lines_of(document)[:45] == at_once(code, 60)
