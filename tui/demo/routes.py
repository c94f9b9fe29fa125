"""What is answered to which request: the few endpoints of the API that the demo has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tui.demo.asked import InvalidRequest, count_tokens, parse_asked, parse_body
from tui.demo.plain import plain
from tui.demo.quoting import shortened
from tui.demo.steps import document, error_document
from tui.demo.triggers import perform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.demo.steps import Step

MAX_BODY = 32 * 1024 * 1024

MODELS = tuple(
    {
        "type": "model",
        "id": model,
        "display_name": name,
        "created_at": "2026-11-01T00:00:00Z",
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
        "capabilities": {
            "thinking": {"supported": True},
            "citations": {"supported": True},
            "image_input": {"supported": False},
            "pdf_input": {"supported": False},
        },
    }
    for model, name in (
        ("rill-demo", "Rill demo"),
        ("rill-demo-fast", "Rill demo, ten times as fast"),
    )
)


@dataclass(frozen=True, slots=True)
class Request:
    """One whole HTTP request; `too_large` if its body outgrew `MAX_BODY` and was thrown away."""

    method: str
    target: str
    body: bytes = b""
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The steps to play, and what the log calls the request besides its method and path."""

    title: str
    steps: Iterator[Step]


def answer(request: Request, request_id: str, attempt: int) -> Answer:
    """The answer to any request, be it an error."""
    path = urlsplit(request.target).path
    is_read = request.method in ("GET", "HEAD")
    if request.too_large:
        message = "Request exceeds the maximum size of 32 MB."
        return Answer("", error_document(413, "request_too_large", message))
    if path in ("/v1/messages", "/v1/messages/count_tokens"):
        if request.method != "POST":
            return _method_not_allowed(request.method, "POST")
        return _post(path, request.body, request_id, attempt)
    if path == "/v1/models" or path.startswith("/v1/models/"):
        if not is_read:
            return _method_not_allowed(request.method, "GET, HEAD")
        return Answer("", _models(request.target, path.removeprefix("/v1/models").strip("/")))
    message = f"There is nothing at {shortened(path)}. The demo speaks POST /v1/messages."
    return Answer("", error_document(404, "not_found_error", message))


def _post(path: str, body: bytes, request_id: str, attempt: int) -> Answer:
    try:
        value = parse_body(body)
        if path == "/v1/messages/count_tokens":
            return Answer("", document(200, {"input_tokens": count_tokens(value)}))
        asked = parse_asked(value, request_id, attempt)
    except InvalidRequest as error:
        return Answer("", error_document(400, "invalid_request_error", str(error)))
    steps = perform(asked)
    return Answer(shortened(asked.prompt), steps if asked.stream else plain(steps))


def _method_not_allowed(method: str, allowed: str) -> Answer:
    message = f"{shortened(method)} is not allowed here, only {allowed}."
    steps = error_document(405, "invalid_request_error", message, ("allow", allowed))
    return Answer("", steps)


def _models(target: str, wanted: str) -> Iterator[Step]:
    if wanted:
        found = [model for model in MODELS if model["id"] == wanted]
        if not found:
            return error_document(404, "not_found_error", f"model: {shortened(wanted)}")
        return document(200, found[0])
    query = parse_qs(urlsplit(target).query)
    ids = [model["id"] for model in MODELS]
    after = query.get("after_id", [""])[0]
    start = ids.index(after) + 1 if after in ids else 0
    limit = query.get("limit", ["20"])[0]
    end = start + (max(1, int(limit)) if limit.isascii() and limit.isdigit() else 20)
    found = list(MODELS[start:end])
    listing = {
        "data": found,
        "has_more": end < len(MODELS),
        "first_id": found[0]["id"] if found else None,
        "last_id": found[-1]["id"] if found else None,
    }
    return document(200, listing)
