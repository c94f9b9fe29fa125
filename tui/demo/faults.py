"""Scripts for what goes wrong: HTTP errors, errors in mid-stream, streams that break off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tui.demo.steps import (
    STREAM,
    Drop,
    Emit,
    Send,
    document,
    error_document,
    error_event,
    page,
    to_sse,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tui.demo.reply import Reply
    from tui.demo.steps import Step

_STORY = (
    "It had rained in the hills all night, and by morning the little stream was carrying leaves,"
    " then twigs, and at last a paper boat on which somebody had written"
)

_HTML = b"""\
<!DOCTYPE html>
<html><head><title>Please log in</title></head>
<body><h1>Please log in</h1><p>Your session with the company proxy has expired.</p></body></html>
"""

_BAD_GATEWAY = b"""\
<html>
<head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>demo</center></body>
</html>
"""


def http_error(
    status: int, error_type: str, message: str, *headers: tuple[str, str]
) -> Callable[[Reply], Iterator[Step]]:
    """A script that answers with an HTTP error in the API's JSON."""

    def script(reply: Reply) -> Iterator[Step]:  # noqa: ARG001
        yield from error_document(status, error_type, message, *headers)

    return script


def error_413(reply: Reply) -> Iterator[Step]:  # noqa: ARG001
    """As the edge sends it: not JSON."""
    body = b"<html><body><h1>413 Request Entity Too Large</h1></body></html>\n"
    yield from page(413, "text/html", body)


def error_500(reply: Reply) -> Iterator[Step]:  # noqa: ARG001
    """As a crashed server sends it: plain text."""
    yield from page(500, "text/plain; charset=utf-8", b"Internal Server Error")


def error_502(reply: Reply) -> Iterator[Step]:  # noqa: ARG001
    """As a reverse proxy sends it."""
    yield from page(502, "text/html", _BAD_GATEWAY)


def flaky(reply: Reply) -> Iterator[Step]:
    """529 to the first two attempts, a reply to the third."""
    attempt = reply.asked.attempt
    if attempt % 3:
        message = f"Overloaded, attempt {attempt}. The third one will be answered."
        yield from error_document(529, "overloaded_error", message, ("retry-after", "1"))
    else:
        yield from reply.say("Third time lucky: two attempts were turned away, this one was not.")


def error_mid(reply: Reply) -> Iterator[Step]:
    """An `error` event after some text."""
    yield from _story(reply)
    yield Emit(error_event("overloaded_error", "Overloaded (the demo was asked to say so)."))


def cut(reply: Reply) -> Iterator[Step]:
    """A clean end of the body in mid-sentence: only the missing events tell."""
    yield from _story(reply)


def cut_utf8(reply: Reply) -> Iterator[Step]:
    """A clean end of the body inside a four-byte character."""
    yield from _story(reply)
    whole = to_sse(
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": " a wave: 🌊"},
        }
    )
    yield Send(whole[: whole.index("🌊".encode()) + 2])


def reset(reply: Reply) -> Iterator[Step]:
    """The connection is closed, the chunked body is not ended."""
    yield from _story(reply)
    yield Drop()


def reset_hard(reply: Reply) -> Iterator[Step]:
    """The same with a TCP reset."""
    yield from _story(reply)
    yield Drop(hard=True)


def almost(reply: Reply) -> Iterator[Step]:
    """All is said, the stop reason as well; only `message_stop` is missing."""
    yield from reply.start()
    yield from reply.text("This reply is whole, and it only lacks its very last event.")
    yield reply.message_delta("end_turn")


def garbage(reply: Reply) -> Iterator[Step]:
    """Malformed JSON in an event that every client knows."""
    yield from _story(reply)
    yield Send(b'event: content_block_delta\ndata: {"type":"content_block_delta","ind\n\n')
    yield from reply.text(" these words, which no client should show.")
    yield from reply.stop()


def html(reply: Reply) -> Iterator[Step]:  # noqa: ARG001
    """A login page, as captive portals and company proxies send it."""
    yield from page(200, "text/html; charset=utf-8", _HTML)


def json_document(reply: Reply) -> Iterator[Step]:
    """One whole JSON message where a stream was asked for."""
    message = {
        "id": "msg_demo_json",
        "type": "message",
        "role": "assistant",
        "model": reply.asked.model,
        "content": [{"type": "text", "text": "I am a document, not a stream."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": reply.asked.input_tokens, "output_tokens": 8},
    }
    yield from document(200, message)


def empty(reply: Reply) -> Iterator[Step]:  # noqa: ARG001
    """A stream's headers, and then nothing."""
    yield STREAM


def hostile_error(reply: Reply) -> Iterator[Step]:  # noqa: ARG001
    """An HTTP error whose words try to drive the terminal."""
    message = "\x1b[2J\x1b]0;owned\x07 [bold red]not[/] a \u202etrap\u202c \x00\x9b31m"
    body = json.dumps(error_event("invalid_request_error\x1b[5m", message)).encode()
    yield from page(400, "application/json", body)


def _story(reply: Reply) -> Iterator[Step]:
    yield from reply.start()
    yield from reply.open_text(_STORY)
