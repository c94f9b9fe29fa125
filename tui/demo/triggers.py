"""The words that make the demo play something, in the one table that `help` is made from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.demo import endings, faults, looks, pace, tour
from tui.demo.reply import Reply, ReplyEnded
from tui.demo.steps import Step

if TYPE_CHECKING:
    from tui.demo.asked import Asked

Script = Callable[[Reply], Iterator[Step]]

_MOST = 200_000
_HELP_PACE = 400


@dataclass(frozen=True, slots=True)
class Trigger:
    """A word at the start of a prompt and the script it plays.

    It counts if it is the whole prompt (punctuation aside) or stands before a colon or a line
    end. `number` says what a number after it means, if it takes one. An `unmistakable` word may
    also be followed by other words: nobody begins a sentence with `stop_sequence`, but many do
    with "help me". Aliases are never unmistakable.
    """

    word: str
    happens: str
    script: Script
    aliases: tuple[str, ...] = ()
    number: str = ""
    unmistakable: bool = False

    @property
    def spellings(self) -> tuple[str, ...]:
        """The word and its aliases."""
        return (self.word, *self.aliases)


@dataclass(frozen=True, slots=True)
class Called:
    """A trigger that a prompt has called, with the number that came with it."""

    trigger: Trigger
    number: int | None = None


def find_trigger(prompt: str) -> Called | None:
    """The trigger that a prompt calls, the longest spelling first."""
    said = prompt.strip(" \t\r\n`'\"“”")
    for spelling, trigger in _BY_LENGTH:
        if said[: len(spelling)].casefold() != spelling:
            continue
        rest = said[len(spelling) :]
        number = re.match(r"[ \t]+(\d{1,6})(?![\w.,]*\w)", rest) if trigger.number else None
        after = rest[number.end() :] if number else rest
        surely = trigger.unmistakable and spelling == trigger.word
        if _ends_here(after, followed_by_words=surely):
            return Called(trigger, min(int(number[1]), _MOST) if number else None)
    return None


def _ends_here(rest: str, *, followed_by_words: bool) -> bool:
    if not re.search(r"\w", rest) or re.match(r"[ \t]*[:\r\n]", rest):
        return True
    return followed_by_words and not re.match(r"[\w'\u2019-]", rest)


def perform(asked: Asked) -> Iterator[Step]:
    """The steps that answer a request, ended early where its own limits say so."""
    called = find_trigger(asked.prompt)
    reply = Reply(asked, called.number if called else None)
    script: Script = tour.default
    if asked.continues:
        script = tour.continuation
    elif called:
        script = called.trigger.script
    elif asked.tool_results:
        script = tour.after_tools
    try:
        yield from script(reply)
    except ReplyEnded as end:
        yield from reply.stop(end.stop_reason, end.stop_sequence)


def help_table(reply: Reply) -> Iterator[Step]:
    """All triggers, at a pace that does not keep anybody waiting."""
    rows = "\n".join(
        f"| `{t.word}`{f' *{t.number}*' if t.number else ''} | {t.happens} |" for t in TRIGGERS
    )
    yield from reply.say(
        "# What I can play\n\n"
        "Send one of these words as your whole message. All of it happens on a real connection,"
        " as it would with any server.\n\n"
        f"| word | what happens |\n|:-----|:-------------|\n{rows}\n\n"
        "*tokens* and *seconds* stand for a number, as in `burst 16000`; you may leave them out."
        " Where a word could also begin a sentence, put a colon after it: `think: about the sea`.",
        _HELP_PACE,
    )


TRIGGERS: tuple[Trigger, ...] = (
    Trigger("help", "this list", help_table, ("?",)),
    Trigger(
        "max_tokens",
        "stops in mid-sentence, as at the token limit",
        endings.max_tokens,
        ("max tokens", "max-tokens"),
        unmistakable=True,
    ),
    Trigger(
        "stop_sequence",
        "ends at a stop sequence and names it",
        endings.stop_sequence,
        ("stop sequence", "stop-sequence"),
        unmistakable=True,
    ),
    Trigger(
        "tool_use",
        "calls a tool, its input in fragments; also `tool`",
        endings.tool_use,
        ("tool", "tool use", "tool-use"),
        unmistakable=True,
    ),
    Trigger("tools", "calls two tools at once", endings.two_tools),
    Trigger(
        "pause",
        "the server pauses the turn (`pause_turn`); sent back, it goes on",
        endings.pause,
        ("pause_turn", "pause turn"),
    ),
    Trigger("refusal", "declines after some text, with a reason", endings.refusal, ("refuse",)),
    Trigger(
        "context",
        "the context window is full",
        endings.context,
        ("context window", "model_context_window_exceeded"),
    ),
    Trigger("unknown", "a stop reason that does not exist yet", endings.unknown),
    Trigger("nothing", "a complete reply without content", endings.nothing),
    Trigger("think", "three seconds of thinking, then text", endings.think, ("thinking",)),
    Trigger("redacted", "thinking that is withheld, then text", endings.redacted),
    Trigger("citations", "text with two citations", endings.citations, ("citation", "cite")),
    Trigger("code", "a long code block", looks.code),
    Trigger("table", "a table with wide characters and a long cell", looks.table),
    Trigger("unicode", "emoji, CJK, right-to-left, combining, broken pairs", looks.unicode),
    Trigger("hostile", "escape sequences, bidi overrides, NUL, markup", looks.hostile),
    Trigger("long", "varied Markdown, 4,000 tokens at 200 a second", pace.long, number="tokens"),
    Trigger("burst", "the same at full speed", pace.burst, number="tokens", unmistakable=True),
    Trigger("slow", "8 seconds before the first token", pace.slow, number="seconds"),
    Trigger("wait", "8 seconds before the headers", pace.wait, number="seconds"),
    Trigger("drip", "two tokens a second", pace.drip),
    Trigger("split", "every byte in a write of its own", pace.split),
    Trigger("stall", "silence for ever, in mid-stream", pace.stall, unmistakable=True),
    Trigger("stall ping", "silence for ever, but for pings", pace.stall_ping, unmistakable=True),
    Trigger("cut", "a clean end in mid-sentence, the last events missing", faults.cut),
    Trigger("cut utf8", "the same inside a character", faults.cut_utf8, unmistakable=True),
    Trigger("almost", "only the last event is missing", faults.almost),
    Trigger("reset", "the connection closes in mid-stream", faults.reset),
    Trigger("reset hard", "the same with a TCP reset", faults.reset_hard),
    Trigger("garbage", "malformed JSON in mid-stream", faults.garbage),
    Trigger("html", "a web page instead of a stream", faults.html),
    Trigger("json", "a JSON document instead of a stream", faults.json_document),
    Trigger("empty", "an empty body", faults.empty),
    Trigger(
        "error mid",
        "an `overloaded_error` in mid-stream",
        faults.error_mid,
        unmistakable=True,
    ),
    Trigger(
        "error 400",
        "bad request",
        faults.http_error(
            400, "invalid_request_error", "messages.0: the demo was asked to dislike this."
        ),
        unmistakable=True,
    ),
    Trigger(
        "error 401",
        "the key is wrong",
        faults.http_error(401, "authentication_error", "invalid x-api-key"),
        unmistakable=True,
    ),
    Trigger(
        "error 403",
        "the key may not do this",
        faults.http_error(
            403, "permission_error", "Your API key may not use this model, says the demo."
        ),
        unmistakable=True,
    ),
    Trigger(
        "error 404",
        "no such model",
        faults.http_error(404, "not_found_error", "model: rill-demo-imaginary"),
        unmistakable=True,
    ),
    Trigger("error 413", "too large; the body is HTML", faults.error_413, unmistakable=True),
    Trigger(
        "error 429",
        "rate limit; may be tried again after 7 seconds",
        faults.http_error(
            429,
            "rate_limit_error",
            "This demo's imaginary rate limit is exceeded. Please try again later.",
            ("retry-after", "7"),
        ),
        unmistakable=True,
    ),
    Trigger("error 500", "the server crashed; plain text", faults.error_500, unmistakable=True),
    Trigger("error 502", "a proxy's error page", faults.error_502, unmistakable=True),
    Trigger(
        "error 529",
        "overloaded",
        faults.http_error(529, "overloaded_error", "Overloaded"),
        unmistakable=True,
    ),
    Trigger("flaky", "overloaded twice; the third attempt is answered", faults.flaky),
    Trigger("hostile error", "an error whose words attack the terminal", faults.hostile_error),
)

_BY_LENGTH = sorted(
    ((spelling, trigger) for trigger in TRIGGERS for spelling in trigger.spellings),
    key=lambda pair: len(pair[0]),
    reverse=True,
)
