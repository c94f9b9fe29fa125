"""Errors as OpenAI and its many imitators tell them (PROTOCOLS 3.5).

Nested (`{"error": {…}}`), flat (`{"object": "error", …}`) or a bare string (`{"error": "…"}`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from tui.chat.ending import ReplyError
from tui.chat.hygiene import one_line
from tui.chat.json_text import parse_object
from tui.providers import loose

if TYPE_CHECKING:
    from tui.chat.message import JsonObject

_RETRYABLE_STATUSES = frozenset({408, 409, 429, *range(500, 600)})
_RETRYABLE_TYPES = frozenset(
    {
        "api_error",
        "internal_error",
        "internal_server_error",
        "overloaded_error",
        "rate_limit_error",
        "rate_limit_exceeded",
        "server_error",
        "service_unavailable",
        "throttling_error",
        "timeout",
        "timeout_error",
        "unavailable_error",
    }
)
_SPENT = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
_SHOWN_CHARACTERS = 200


def find_error(document: JsonObject) -> ReplyError | None:
    """The error that a document is or holds; `None` if it is something else.

    `"error": null` stands in many a chunk and says that there is none; so do other empty values.
    """
    calls_itself_one = "error" in (document.get("object"), document.get("type"))
    return read_error(document) if document.get("error") or calls_itself_one else None


def read_error(document: JsonObject) -> ReplyError:
    """The error in a document that is known to tell one; its words, or the whole of it."""
    error = _error_object(document)
    code = _code(error)
    kind = _kind(error) or code or "unknown_error"
    passes = _status(code) in _RETRYABLE_STATUSES or not _RETRYABLE_TYPES.isdisjoint((kind, code))
    return ReplyError(
        kind,
        _words(document, error),
        request_id=loose.text(document, "request_id"),
        retryable=passes and not is_spent(document),
    )


def is_spent(document: JsonObject) -> bool:
    """Whether an error is one that no waiting cures: the account has no credit left."""
    error = _error_object(document)
    return not _SPENT.isdisjoint((_kind(error), _code(error)))


def _error_object(document: JsonObject) -> JsonObject:
    told = document.get("error")
    if not told:
        return document
    return cast("JsonObject", told) if isinstance(told, dict) else {}


def _kind(error: JsonObject) -> str:
    """The type of an error; that of a flat one in the Responses API only names the event."""
    kind = loose.text(error, "type") or ""
    return "" if kind == "error" else kind


def _code(error: JsonObject) -> str:
    number = loose.count(error, "code")
    return loose.text(error, "code") or ("" if number is None else str(number))


def _status(code: str) -> int:
    """The HTTP status that a code is, as OpenRouter and LiteLLM send it; 0 if it is none."""
    return int(code) if len(code) == 3 and code.isascii() and code.isdigit() else 0


def _words(document: JsonObject, error: JsonObject) -> str:
    words = (
        loose.text(error, "message")
        or loose.text(document, "error")
        or loose.text(document, "message")
        or one_line(json.dumps(document), _SHOWN_CHARACTERS)
    )
    cause = _cause(error)
    return words if cause in words else f"{words}: {cause}"


def _cause(error: JsonObject) -> str:
    """What the server behind OpenRouter said; OpenRouter's own words are often generic."""
    metadata = loose.mapping(error, "metadata") or {}
    raw = loose.mapping(metadata, "raw")
    text = json.dumps(raw) if raw else loose.text(metadata, "raw") or ""
    behind = parse_object(text)
    told = None if behind is None else find_error(behind)
    return one_line(told.message if told else text, _SHOWN_CHARACTERS)
