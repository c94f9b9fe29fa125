"""Scripts that test what a reply looks like, and what it must not be able to do."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from tui.demo.reply import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.demo.reply import Reply
    from tui.demo.steps import Step

_TABLE = """\
Rivers, long and short:

| river | 名前 | length | flows through | note |
|:------|:----:|-------:|---------------|------|
| **Nile** | ナイル川 | 6,650 km | Uganda, Sudan, Egypt | the longest, or the second |
| **Danube** | ドナウ川 | 2,850 km | ten countries | `ten` is a record |
| **Vltava** | ヴルタヴァ川 | 430 km | Czechia | *set to music* |
| **Kitakami** | 北上川 | 249 km | Japan | 🌸 in April |
| **Roe** | ロー川 | 61 m | Montana | a pipe `\\|` in a cell, and a very long remark that no \
terminal shows on one line without folding it somewhere |
| **Nameless** | | | | empty cells |

That was the table."""

_UNICODE = """\
- Emoji: 🌊 👍🏽 ❤️ 🏳️‍🌈 👩‍👩‍👧‍👦 👩🏾‍🚀 🇪🇺 5️⃣
- CJK: 小川のせせらぎ、潺潺流水，시냇물 소리
- Right to left: שלום עולם · مرحبا بالعالم · and left again
- Combining: é (e + ´), n̈, Z̷͉̑a̶̗͝l̴̰͘ğ̴ȯ̵, क्षि, ก็, 각
- Width traps: ﷽ Ａ ａ ｱ · ½ … ‥ ＃ ㍿
- Invisible: zero\u200bwidth, soft\u00adhyphen, no\u00a0break, word\u2060joiner
- Line separators that are none: before\u2028after, one\u0085two
- Halves: """  # noqa: RUF001

_HOSTILE = """\
None of this may do anything; all of it should be visible in some harmless form.

1. Colours and a cleared screen: \x1b[31mred\x1b[0m \x1b[2J\x1b[H gone?
2. Window title: \x1b]0;owned by the demo\x07 and clipboard: \x1b]52;c;b3duZWQ=\x1b\\ done
3. A link: \x1b]8;;https://example.org/evil\x1b\\click\x1b]8;;\x1b\\ and C1: \x9b31mred\x9b0m
4. Bidi: user\u202e\u2066// only\u2069 \u2066begin\u2069\u202c end, marks \u200e\u200f\u061c
5. Controls: NUL \x00, BEL \x07, BS \x08\x08\x08, CR \rback, VT \x0b, FF \x0c, DEL \x7f
6. Markup of our own kind: [red]x[/red] [@click=app.quit]x[/] [b]bold[/b] [/] [$accent]
7. A query that would be answered: \x1b[6n \x1b[c \x1bP+q544e\x1b\\
8. [A link](javascript:alert(1)) and [another](file:///etc/passwd) <script>alert(1)</script>

```\x1b[31mpython
print("\x1b[5mfenced\x1b[0m [red]too[/red]")
```

Paste trap: \x1b[201~rm -rf ~\n\x1b[200~ and that is all."""


def code(reply: Reply) -> Iterator[Step]:
    """A long code block: the module that writes this very reply."""
    source = files("tui.demo").joinpath("reply.py").read_text("utf-8")
    yield from reply.say(
        f"This is the code that is writing to you just now:\n\n```python\n{source}```\n\n"
        "It has reached its own end.",
        200,
    )


def table(reply: Reply) -> Iterator[Step]:
    """A table with alignment, wide characters and a cell that is too long."""
    yield from reply.say(_TABLE)


def unicode(reply: Reply) -> Iterator[Step]:
    """Difficult text, and two surrogate halves in two deltas, as JavaScript proxies send them."""
    pieces = [*tokens(_UNICODE), "\ud83c", "\udf0a", " whole, and one half alone: ", "\ud83c"]
    yield from reply.say(pieces)


def hostile(reply: Reply) -> Iterator[Step]:
    """Text that tries to drive the terminal, the clipboard and the app."""
    yield from reply.say(_HOSTILE)
