"""Sample texts that are the same in every run, in pieces as long as a model's tokens.

`tokens(kind, count)` ends in a paragraph of one word, `END`, that stands nowhere else.
"""

from __future__ import annotations

import random
import re
from itertools import count as count_from
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

END = "ZQXJVEND"
KINDS = ("prose", "fence", "list", "table", "paragraph")
# A word with the blank before it, a run of line ends, an indentation, punctuation.
_TOKEN = re.compile(r" ?[A-Za-z]{1,6}|\n+| +(?= \S)| ?[^\sA-Za-z]{1,3}| +")
_VOCABULARY = (
    "the a of to in is that it for on with as this by from are or an be at which stream token "
    "buffer event screen line frame block reader server client socket answer model value state "
    "list table widget message prompt paint layout cursor scroll region terminal update render "
    "measure budget quickly slowly because although whenever between parser decoder anything "
    "something nothing everything context function argument result exception handler callback "
    "width height column cell glyph colour style theme border margin content source target"
)
_WORDS = _VOCABULARY.split()
_CONSONANTS, _VOWELS = "bdfgklmnprstvx", "aeiou"
NUMBERED = re.compile(rf"\bz([{_CONSONANTS}][{_VOWELS}])([{_CONSONANTS}][{_VOWELS}])\b")


def numbered_word(number: int) -> str:
    """A word of five letters that no other number has; good for 4,900 of them."""
    high, low = divmod(number, 70)
    return f"z{_syllable(high)}{_syllable(low)}"


def word_numbers(text: str) -> Iterator[int]:
    """The numbers of the numbered words in `text`."""
    for match in NUMBERED.finditer(text):
        high, low = (
            _CONSONANTS.index(syllable[0]) * 5 + _VOWELS.index(syllable[1])
            for syllable in match.groups()
        )
        yield high * 70 + low


def _syllable(number: int) -> str:
    return _CONSONANTS[number // 5] + _VOWELS[number % 5]


class Writer:
    """Writes Markdown; with `numbered`, every word of it is a numbered one, in order."""

    def __init__(self, seed: int = 1, *, numbered: bool = False) -> None:
        self._random = random.Random(seed)
        numbers = count_from()
        self.word: Callable[[], str] = (
            (lambda: numbered_word(next(numbers)))
            if numbered
            else (lambda: self._random.choice(_WORDS))
        )

    def sentence(self) -> str:
        """Some words, now and then emphasised, strong or code."""
        words = [self.word() for _ in range(self._random.randint(6, 18))]
        if self._random.random() < 0.5:
            at = self._random.randrange(len(words))
            mark = self._random.choice(("*", "**", "`"))
            words[at] = f"{mark}{words[at]}{mark}"
        return " ".join(words) + self._random.choice((".", ".", ".", "?", ":"))

    def paragraph(self, sentences: int = 4) -> str:
        """Sentences on one line."""
        return " ".join(self.sentence() for _ in range(sentences))

    def heading(self) -> str:
        """Of the second or the third level."""
        return f"{self._random.choice(('##', '###'))} {' '.join(self.word() for _ in range(4))}"

    def quote(self) -> str:
        """Two sentences."""
        return f"> {self.paragraph(2)}"

    def item(self) -> str:
        """One item of a list, now and then with two below it."""
        lines = [f"- {self.sentence()}"]
        if self._random.random() < 0.3:
            lines += [f"  - {self.sentence()}" for _ in range(2)]
        return "\n".join(lines)

    def code_line(self) -> str:
        """A line of Python."""
        word, number = self.word, self._random.randint(0, 99)
        return self._random.choice(
            (
                lambda: f"    {word()} = {word()}({word()}, {number})",
                lambda: f"    if {word()} > {number}:",
                lambda: f'        return {word()}["{word()}"]  # {word()} {word()}',
                lambda: f"    for {word()} in range({number}):",
                lambda: f'        {word()}.{word()}(f"{word()} {{{word()}}}")',
            )
        )()

    def fence(self, lines: int = 12) -> str:
        """A function in a fence."""
        head = f"def {self.word()}({self.word()}, {self.word()}):"
        body = "\n".join(self.code_line() for _ in range(lines - 1))
        return f"```python\n{head}\n{body}\n```"

    def row(self) -> str:
        """A row of four cells."""
        words = [self.word(), self.word(), f"{self.word()} {self.word()}"]
        return f"| {' | '.join(words)} | {self._random.randint(0, 9999)} |"

    def table_head(self) -> str:
        """The first two lines of a table."""
        return f"{self.row()}\n| --- | --- | :--- | ---: |"

    def table(self) -> str:
        """A small one."""
        return "\n".join([self.table_head(), *(self.row() for _ in range(5))])

    def bullets(self) -> str:
        """A small list."""
        return "\n".join(self.item() for _ in range(5))

    def mixed(self) -> Iterator[str]:
        """Blocks of every kind, for ever."""
        while True:
            yield f"{self.heading()}\n\n{self.paragraph()}\n\n"
            yield f"{self.bullets()}\n\n{self.paragraph(3)}\n\n"
            yield f"{self.fence()}\n\n{self.paragraph(2)}\n\n"
            yield f"{self.table()}\n\n{self.quote()}\n\n"

    def reply(self, number: int) -> str:
        """About 150 words; every 20th has a long fence as well."""
        text = f"{self.heading()}\n\n{self.paragraph(4)}\n\n{self.bullets()}\n\n{self.paragraph(2)}"
        return f"{text}\n\n{self.fence(40)}\n\n{self.sentence()}" if number % 20 == 19 else text

    def endless(self, kind: str) -> Iterator[str]:
        """A text of one kind, in pieces; all but prose and mixed are a single block."""
        match kind:
            case "mixed" | "numbered":
                yield from self.mixed()
            case "prose":
                while True:
                    yield f"{self.paragraph(5)}\n\n"
            case "paragraph":
                while True:
                    yield f"{self.sentence()} "
            case "fence":
                yield "```python\ndef main():\n"
            case "table":
                yield f"{self.table_head()}\n"
        one = {"fence": self.code_line, "table": self.row, "list": self.item}[kind]
        while True:
            yield f"{one()}\n"


def tokens(kind: str, count: int) -> list[str]:
    """Exactly `count` tokens of a text of `kind`: one of `KINDS`, `mixed`, or `numbered`."""
    end = ["\n", "```", "\n\n", END] if kind == "fence" else ["\n\n", END]
    pieces: list[str] = []
    writer = Writer(numbered=kind == "numbered")
    for text in writer.endless(kind):
        pieces += _TOKEN.findall(text)
        if len(pieces) >= count:
            break
    return pieces[: count - len(end)] + end


def messages(count: int) -> list[str]:
    """Prompts and replies in turn, the last one with `END` below it.

    The last ten are the same whatever the count: they are what an opened conversation shows.
    """
    texts: list[str] = []
    for seed, many in ((2, count - 10), (3, 10)):
        writer = Writer(seed=seed)
        texts += [
            writer.reply(number // 2) if number % 2 else writer.sentence() for number in range(many)
        ]
    texts[-1] += f"\n\n{END}"
    return texts
