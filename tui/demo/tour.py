"""What the demo says when no trigger word asks for something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tui.demo.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.demo.reply import Reply
    from tui.demo.steps import Step

_GREETING = re.compile(
    r"(hi|hello|hey|howdy|good (morning|afternoon|evening|day)|greetings|hallo|moin|servus"
    r"|guten (tag|morgen|abend)|grüezi|bonjour|bonsoir|salut|hola|buenos días|ciao|olá|hej"
    r"|привет|здравствуйте|こんにちは|你好|안녕)\b",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"(thanks|thank you|thx|danke|merci|gracias|grazie|obrigad[oa]|ありがとう|谢谢)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"(who|what|when|where|why|how|which|whose|can|could|would|will|is|are|do|does|did|should)\b",
    re.IGNORECASE,
)

_TOUR = """\
# Welcome to Rill 🌊

{opening} You wrote {quote}, and this is turn {turn} of our conversation.

> I am the **built-in demo**, not a model. I live inside Rill, I read my lines from a
> script, and nothing you type here leaves this machine.

## Try this while I am still talking

- Press `escape`: the reply stops at once, and the server sees the connection close.
- Type your next message and press `enter`: it is queued until I am done.
- Say `help`, and I list what I can play for you: limits, refusals, errors, stalls,
  日本語 and emoji 🎭, a connection that breaks in the middle of a word.

## The first keys to know

| key      | does                           |
|:---------|:-------------------------------|
| `ctrl+j` | begins a new line              |
| `ctrl+n` | starts a new conversation      |
| `ctrl+o` | switches to another one        |
| `f1`     | opens the help                 |
| `ctrl+q` | quits                          |

## Talk to a real model

```sh
export ANTHROPIC_API_KEY=sk-ant-...   # then start it again:
rill

# or a local server that speaks the Messages API:
rill --base-url http://127.0.0.1:8080 -m anthropic/NAME
```

When I fall silent, look at the end of this reply. Every reply says *how it ended*, so one
that broke off can never pass for a whole one.

小さな流れへようこそ: welcome to the little stream."""

_LATER = (
    """\
{opening} You wrote {quote}, which makes this turn {turn}. All {turn} of your messages came along \
with this request, so a real model would now have the **whole conversation** before it. I have \
only my script: I am the built-in demo. Say `help` to see what else is in it, or press `ctrl+n` \
to begin again with an empty page.""",
    """\
{opening} {quote} is safely here, and we are at turn {turn}. I cannot think about it, for I am \
the demo and no model, but I can *stream* my words to you one small piece at a time. Try `think`, \
`table` or `cut` next; `help` has the full list.""",
    """\
{opening} Turn {turn}, and you said {quote}. A real model would have something to say to that; \
all I have is a steady sixty tokens a second. To meet one, set `ANTHROPIC_API_KEY` and start \
`rill` again. Until then, `help` shows what I can play.""",
)


def default(reply: Reply) -> Iterator[Step]:
    """The tour in the first turn, a few sentences in later ones."""
    asked = reply.asked
    text = _TOUR if asked.turn == 1 else _LATER[asked.turn % len(_LATER)]
    opening = _opening(asked.prompt.strip(), asked.turn)
    quote = quoted(asked.prompt) if asked.prompt.strip() else "nothing at all"
    yield from reply.say(text.format(opening=opening, quote=quote, turn=asked.turn))


def after_tools(reply: Reply) -> Iterator[Step]:
    """The answer to tool results: the second half of a tool loop."""
    count = len(reply.asked.tool_results)
    results = "tool result has" if count == 1 else f"{count} tool results have"
    said = ", ".join(quoted(result) for result in reply.asked.tool_results)
    yield from reply.say(
        f"Thank you, the {results} arrived: {said}. A model would now work with that; the demo"
        " only wanted to see it come back. The loop is closed, and this turn is over."
    )


def continuation(reply: Reply) -> Iterator[Step]:
    """What follows the assistant's own last words: a prefill, or a paused turn that goes on."""
    yield from reply.say(
        " … and here the reply goes on where it stopped, with all that was said before it"
        " still in place. Now it is whole."
    )


def _opening(prompt: str, turn: int) -> str:
    is_question = prompt.endswith(("?", "\uff1f")) or bool(_QUESTION.match(prompt))
    if _GREETING.match(prompt):
        hello = "Hello! How nice of you to drop by." if turn == 1 else "Hello again!"
        return f"{hello} And a question right away." if is_question else hello
    if _THANKS.match(prompt):
        return "You are most welcome."
    if is_question:
        return (
            "A good question! It deserves a real model; I can only show you how its answer"
            " would reach you."
            if turn == 1
            else "Another question, and a fair one."
        )
    return "Thank you, your message arrived safe and sound." if turn == 1 else "Noted, thank you."
