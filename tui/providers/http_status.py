"""What an HTTP status that is not a success means for a reply, whatever the API."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from tui.chat.ending import ReplyError
from tui.chat.hygiene import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.errors import ServerRefused

_RETRYABLE = frozenset({408, 409, 429})
_SHOWN_CHARACTERS = 200


def error_from_status(
    refused: ServerRefused,
    told: ReplyError | None,
    types: Mapping[int, str],
    *,
    incurable: bool = False,
) -> ReplyError:
    """Complete what the body told, or make do without: some bodies are HTML, text or nothing.

    `types` names the API's error type for a status. The status decides what can be tried again,
    unless no waiting cures it (`incurable`: a spend limit); `x-should-retry` overrules both.
    """
    status, headers = refused.status, refused.headers
    retryable = (status in _RETRYABLE or status >= 500) and not incurable
    if told is None:
        kind = types.get(status) or ("api_error" if status >= 500 else f"http_{status}")
        error = ReplyError(kind, _words(refused), retryable=retryable)
    else:
        error = replace(told, retryable=retryable)
    if (advice := headers.get("x-should-retry")) in {"true", "false"}:
        error = replace(error, retryable=advice == "true")
    wait = _retry_after(headers)
    return replace(
        error,
        status=status,
        request_id=error.request_id or named_request(headers),
        retry_after=error.retry_after if wait is None else wait,
    )


def named_request(headers: Mapping[str, str]) -> str | None:
    """The exchange's id, as the providers ask for it when one has to write to them."""
    return headers.get("request-id") or headers.get("x-request-id")


def _words(refused: ServerRefused) -> str:
    try:
        phrase = HTTPStatus(refused.status).phrase
    except ValueError:
        phrase = "no success"
    sentence = f"HTTP {refused.status} {phrase}"
    if 300 <= refused.status < 400:
        target = one_line(refused.headers.get("location", "elsewhere"), _SHOWN_CHARACTERS)
        return f"{sentence}: the server redirects to {target}; set the base URL to where it leads."
    body = one_line(refused.body.decode("utf-8", "replace"), _SHOWN_CHARACTERS)
    return f"{sentence}: {body}" if body else f"{sentence}, and nothing to explain it."


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `retry-after`; a date there is not understood."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if 0 <= seconds < 86400:
            return seconds
    return None
