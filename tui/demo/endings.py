"""Scripts for each stop reason, and for the blocks a message can have besides text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.demo.reply import Reply
    from tui.demo.steps import Step

_SIGNATURE = "ZGVtbzogbm90aGluZyB3YXMgc2lnbmVkIGhlcmUsIGJ1dCBrZWVwIGl0IGFzIGl0IGlz"

_THOUGHTS = """\
They said "think", so they want to see thinking. It should be long enough to be folded and \
unfolded, about three seconds at sixty tokens a second, and it should read like something.

A riddle, then. Three streams meet in a valley. The first says nothing, the second only echoes, \
the third speaks. Which of them is the rill? The one that says nothing may be frozen. The one \
that only echoes may be a pond. So the third, but how would a listener know that it has finished, \
and has not merely been dammed upstream? Only if its last words say so. I should put that in the \
answer, briefly.

One check before I answer: is there anything else in the request? No tools, no files, a single \
word. Then a short answer is the kind one. I will name the riddle and its solution, and stop."""


def max_tokens(reply: Reply) -> Iterator[Step]:
    """Stops in the middle of a sentence."""
    yield from reply.start()
    yield from reply.text(
        "The token limit cuts wherever it happens to fall, and it shows no mercy to sentences."
        " So if you ever wonder why a reply ends in the middle of a thought, then the reason is"
        " very likely that the"
    )
    yield from reply.stop("max_tokens")


def stop_sequence(reply: Reply) -> Iterator[Step]:
    """Names the request's first stop sequence, or one of its own."""
    yield from reply.start()
    yield from reply.text(
        "One, two, three: here a stop sequence was found. It is named beside the stop reason and"
        " is no part of the text."
    )
    named = reply.asked.stop_sequences[0] if reply.asked.stop_sequences else "\n\nHuman:"
    yield from reply.stop("stop_sequence", named)


def tool_use(reply: Reply) -> Iterator[Step]:
    """Text, then one call."""
    yield from reply.start()
    yield from reply.text("Let me look up the tides before I answer.")
    place = {"name": "Brest (Finistère)", "country": "FR", "position": [48.383, -4.495]}
    yield from reply.tool_use("get_tides", {"port": place, "days": 3, "unit": "metre"})
    yield from reply.stop("tool_use")


def two_tools(reply: Reply) -> Iterator[Step]:
    """Two calls in one message, one of them without arguments."""
    yield from reply.start()
    yield from reply.text("I need two things at once.")
    yield from reply.tool_use("get_weather", {"city": "Kraków", "days": 2})
    yield from reply.tool_use("get_time", {})
    yield from reply.stop("tool_use")


def pause(reply: Reply) -> Iterator[Step]:
    """`pause_turn`; a client that sends the message back gets the rest of it."""
    yield from reply.start()
    yield from reply.text(
        "This takes more steps than one request may have, so the server pauses the turn here."
    )
    yield from reply.stop("pause_turn")


def refusal(reply: Reply) -> Iterator[Step]:
    """After partial text, with details."""
    yield from reply.start()
    yield from reply.text("Certainly, the first thing you would need is a")
    details = {
        "type": "refusal",
        "category": "cyber",
        "explanation": "The demo declines, as it was asked to. There is nothing wrong with you.",
    }
    yield from reply.stop("refusal", None, details)


def context(reply: Reply) -> Iterator[Step]:
    """The context window fills up in mid-sentence."""
    yield from reply.start()
    yield from reply.text(
        "Even the longest memory has its limits. Everything you said and everything I answered"
        " has to fit into one window, and that window is now"
    )
    yield from reply.stop("model_context_window_exceeded")


def unknown(reply: Reply) -> Iterator[Step]:
    """A stop reason from the future."""
    yield from reply.start()
    yield from reply.text("This reply ends for a reason that no client has heard of yet.")
    yield from reply.stop("tide_turned")


def nothing(reply: Reply) -> Iterator[Step]:
    """A complete reply with no content at all; real servers send those after tool results."""
    yield from reply.start()
    yield from reply.stop()


def think(reply: Reply) -> Iterator[Step]:
    """About three seconds of thinking, then text."""
    yield from reply.start()
    yield from reply.thinking(_THOUGHTS, _SIGNATURE)
    yield from reply.text(
        "A riddle: three streams meet in a valley. One is silent, one only echoes, one speaks."
        " **Which is the rill?** The one that speaks, and that tells you when it has ended."
    )
    yield from reply.stop()


def redacted(reply: Reply) -> Iterator[Step]:
    """An opaque thinking block, whole in its start event."""
    yield from reply.start()
    yield from reply.open_block({"type": "redacted_thinking", "data": _SIGNATURE})
    yield reply.close_block()
    yield from reply.text("Some of my thinking was withheld. What you may read begins here.")
    yield from reply.stop()


def citations(reply: Reply) -> Iterator[Step]:
    """Two kinds of citations, each on its own text block."""
    yield from reply.start()
    yield from reply.open_text("A rill is a small stream.")
    document = {
        "type": "char_location",
        "cited_text": "rill, noun: a very small stream",
        "document_index": 0,
        "document_title": "A small dictionary",
        "start_char_index": 120,
        "end_char_index": 151,
    }
    yield reply.delta({"type": "citations_delta", "citation": document})
    yield reply.close_block()
    yield from reply.open_text(" On the Moon, a rille is a long narrow valley.")
    page = {
        "type": "web_search_result_location",
        "cited_text": "Rilles are long, narrow depressions in the lunar surface.",
        "title": "Rilles of the Moon",
        "url": "https://example.org/moon/rilles",
        "encrypted_index": _SIGNATURE,
    }
    yield reply.delta({"type": "citations_delta", "citation": page})
    yield from reply.stop()
