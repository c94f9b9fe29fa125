"""Scripts about time: silence, dripping, floods, and bytes one by one."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from tui.demo.reply import FULL_SPEED, tokens
from tui.demo.steps import PING, Stall, Wait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.demo.reply import Reply
    from tui.demo.steps import Step

SILENCE = 8
LONG = 4000


def stall(reply: Reply) -> Iterator[Step]:
    """No byte ever again, and no end."""
    yield from reply.start()
    yield from reply.open_text("I was just about to tell you where the treasure is. It is under")
    yield Stall()


def stall_ping(reply: Reply) -> Iterator[Step]:
    """The server lives, the model says nothing."""
    yield from reply.start()
    yield from reply.open_text("Give me a moment to think about that, would you? The server")
    yield Stall(ping_every=3)


def slow(reply: Reply) -> Iterator[Step]:
    """Headers and `message_start` at once, the first token late."""
    yield from reply.start()
    yield PING
    yield Wait(_seconds(reply))
    yield from reply.text("Good things take their time. This first word took its own.")
    yield from reply.stop()


def wait(reply: Reply) -> Iterator[Step]:
    """Not even a status line."""
    yield Wait(_seconds(reply))
    yield from reply.say("Here I am. The connection stood all the while, only nobody spoke.")


def drip(reply: Reply) -> Iterator[Step]:
    """Two tokens a second."""
    yield from reply.say("Drip, drop. A very small machine might talk to you like this.", 2)


def split(reply: Reply) -> Iterator[Step]:
    """Every byte of the stream in a write of its own."""
    reply.bytewise = True
    yield from reply.say(
        "Each byte of this came alone, also those within a character: äöü, 小川, 🌊, 👩‍🚀."
        "\n\nIf you can read it, somebody put them together again."
    )


def long(reply: Reply) -> Iterator[Step]:
    """Varied Markdown at about 200 tokens a second."""
    yield from reply.say(_chapters(reply.number or LONG), 200)


def burst(reply: Reply) -> Iterator[Step]:
    """The same as fast as the connection takes it."""
    yield from reply.say(_chapters(reply.number or LONG), FULL_SPEED)


def _seconds(reply: Reply) -> float:
    return SILENCE if reply.number is None else reply.number


_SENTENCES = (
    "A stream begins where two drops agree on a direction.",
    "Nobody plans a valley; water simply insists.",
    "What the bank gives up in spring, the delta takes in by autumn.",
    "The mill has been gone for a century, yet the wheel's place is still *deeper* than the rest.",
    "Measure the level every morning, or do not measure it at all.",
    "Below the bridge the water is slow, **brown and warm**.",
    "Trout stand against the current and seem to do nothing, which is work enough.",
    "The map calls it a brook, the people call it `the` brook, and both are right.",
    "After a storm it carries branches, after a drought only its own name.",
    "You can hear it from the road, if you stop the engine.",
    "In February it grows a thin roof of ice and goes on talking underneath.",
    "See [the gauge](https://example.org/gauge) for numbers, and the old ferryman for the rest.",
    "川の流れは絶えずして, an old book begins, and the river has not argued since.",
    "Its source is a wet patch in a meadow, no bigger than a table.",
    "Every ford is a sentence that the water has not finished.",
)

_CODE = """\
```python
def level(gauge: Gauge, hours: int = {n}) -> float:
    \"\"\"The mean level of the last hours, in metres.\"\"\"
    readings = [r for r in gauge.readings if r.age < hours]
    if not readings:
        raise NoReadings(gauge.name)  # a dry gauge is no zero
    return sum(r.metres for r in readings) / len(readings)
```"""

_TABLE = """\
| station | km | level | note |
|:--------|---:|------:|------|
| Oberau {n} | {n}.4 | 0.{m} m | steady |
| Mühlbach | 1{n}.0 | 1.{m} m | rising 🌧 |
| 小川橋 | 2{n}.7 | 2.{m} m | `closed` |"""


def _chapters(wanted: int) -> str:
    """Markdown of about so many tokens, whole blocks only, the order never twice the same."""
    sentence = _cycle()
    parts: list[str] = []
    have = n = 0
    while have < wanted:
        n += 1
        blocks = [
            " ".join(next(sentence) for _ in range(3 + n % 3)),
            "\n".join(f"- {next(sentence)}" for _ in range(2 + n % 4)),
            _CODE.format(n=n),
            " ".join(next(sentence) for _ in range(2 + n % 2)),
            _TABLE.format(n=n, m=37 + n % 50),
            f"> {next(sentence)}\n> {next(sentence)}",
            "\n".join(f"{i}. {next(sentence)}" for i in range(1, 3 + n % 3)),
        ]
        turn = n % len(blocks)
        heading = f"## {n}. {next(sentence).rstrip('.')}"
        for block in (heading, *blocks[turn:], *blocks[:turn]):
            if have < wanted:
                parts.append(block)
                have += len(tokens(block)) + 1
    return "\n\n".join([*parts, "*And so it reaches the sea.*"])


def _cycle() -> Iterator[str]:
    """The sentences for ever, in strides that have no common divisor with their number."""
    at = 0
    for n in count():
        yield _SENTENCES[at % len(_SENTENCES)]
        at += (7, 4, 11, 2)[n // len(_SENTENCES) % 4]
