"""The errors of OpenAI's APIs and of the servers that imitate them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.ending import ReplyError
from tui.chat.hygiene import one_line
from tui.providers import loose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.chat.message import JsonObject

_SHOWN_CHARACTERS = 200
_RETRYABLE = frozenset(
    {
        "server_error",
        "rate_limit_exceeded",
        "rate_limit_error",
        "overloaded_error",
        "service_unavailable",
        "unavailable_error",
        "internal_error",
        "internal_server_error",
        "api_error",
        "timeout",
        "timeout_error",
    }
)
_INCURABLE = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
_RETRYABLE_STATUSES = frozenset({"408", "409", "429", "500", "502", "503", "504", "529"})


def read_error(document: JsonObject) -> ReplyError:
    """The error that a document tells under `error`, or flat: its own fields.

    The type is `error.type`, else `error.code`; what can be tried again either of them says.
    """
    error = _error(document)
    names = list(_names(error))
    words = (
        loose.text(error, "message")
        or loose.text(document, "error")
        or loose.text(document, "message")
    )
    return ReplyError(
        names[0] if names else "unknown_error",
        words or one_line(str(dict(document)), _SHOWN_CHARACTERS),
        request_id=loose.text(document, "request_id"),
        retryable=not is_incurable(document)
        and any(name in _RETRYABLE or name in _RETRYABLE_STATUSES for name in names),
    )


def is_error(document: JsonObject) -> bool:
    """Whether a document that has no better name is an error. A null under `error` is none."""
    return bool(document.get("error")) or "error" in {
        loose.text(document, "type"),
        loose.text(document, "object"),
    }


def is_incurable(document: JsonObject) -> bool:
    """Whether no waiting cures it: the account has run out of money."""
    return any(name in _INCURABLE for name in _names(_error(document)))


def _error(document: JsonObject) -> JsonObject:
    nested = loose.mapping(document, "error")
    return document if nested is None else nested


def _names(error: JsonObject) -> Iterator[str]:
    """What it is called: by its type, then by its code, which may be a number."""
    # A flat error's `type` names the event.
    if (kind := loose.text(error, "type")) and kind != "error":
        yield kind
    if code := loose.text(error, "code"):
        yield code
    elif (number := loose.count(error, "code")) is not None:
        yield str(number)
