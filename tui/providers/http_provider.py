"""What all providers have in common: a server, a key, errors with a status, a list of models."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlencode, urlsplit

from tui.chat.json_text import parse_array, parse_object
from tui.chat.wording import error_sentence
from tui.errors import AnswerUnreadable, ServerRefused
from tui.providers import loose
from tui.providers.http_status import error_from_status
from tui.wire.request import WireRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.chat.conversation import Conversation
    from tui.chat.ending import ReplyError
    from tui.chat.message import JsonObject
    from tui.errors import WireError
    from tui.providers.base import Model, ReplyDecoder, ReplyOptions, Server
    from tui.wire.http import HttpClient

_SHORTEST_SECRET = 8
"""Characters of a key; a server of one's own takes `x` or `none`, which stand in ordinary words."""


class HttpProvider(ABC):
    """A `Provider`; a subclass says what is particular to its API."""

    parameters: ClassVar[frozenset[str]]
    """The names of those `Parameters` that the API has a place for."""
    needs_limit: ClassVar[bool] = False
    """Whether the API rejects a request without a limit of tokens."""
    address_ends: ClassVar[tuple[str, ...]] = ()
    """What an address copied from a vendor's page may end in, and our own paths bring along."""
    accept: ClassVar[str] = "text/event-stream"
    error_types: ClassVar[Mapping[int, str]] = {}
    """The API's own names for errors by status, for bodies that do not say."""

    def __init__(self, server: Server) -> None:
        self.name = server.name
        self.address = urlsplit(server.base_url).netloc.rpartition("@")[2]  # no password in it
        self._server = server
        self._base = server.base_url.rstrip("/")
        for end in self.address_ends:
            self._base = self._base.removesuffix(end)

    # What an API has to say

    @classmethod
    def parameters_at(cls, base_url: str, api_version: str = "") -> frozenset[str]:  # noqa: ARG003 - for APIs with dialects
        """The same for one server, and the version of the API that is asked for there."""
        return cls.parameters

    @abstractmethod
    def build_request(self, conversation: Conversation, options: ReplyOptions) -> WireRequest:
        """The request for a reply to the conversation's head."""

    @abstractmethod
    def new_decoder(self, content_type: str = "") -> ReplyDecoder:
        """A decoder for one response."""

    @abstractmethod
    def _read_error_object(self, document: JsonObject) -> ReplyError | None:
        """The error that a document tells; `None` if it is something else."""

    @abstractmethod
    def _read_model(self, entry: JsonObject) -> Model | None:
        """One entry of the list of models; `None` if it is none to chat with."""

    def _key_header(self, key: str) -> tuple[str, str]:
        """The header that carries the key."""
        return "authorization", f"Bearer {key}"

    def _own_headers(self) -> Mapping[str, str]:
        """Headers that the API wants besides."""
        return {}

    def _is_incurable(self, document: JsonObject) -> bool:  # noqa: ARG002 - for those that know
        """Whether no waiting cures the error that a document tells: a spend limit."""
        return False

    # What follows from that

    def read_error(self, refused: ServerRefused) -> ReplyError:
        """The failure that an HTTP status and its body tell."""
        document = loose.first_object(refused.body.decode("utf-8-sig", "replace"))
        told = None if document is None else self._read_error_object(document)
        if told is None or document is None:
            return error_from_status(refused, None, self.error_types)
        if told.type == "unknown_error":
            told = replace(told, type=self.error_types.get(refused.status, told.type))
        return error_from_status(
            refused, told, self.error_types, incurable=self._is_incurable(document)
        )

    def explain(self, error: WireError) -> str:
        """What went wrong with a request that has no stream, in one sentence without the key."""
        if isinstance(error, ServerRefused):
            return self.conceal(error_sentence(self.read_error(error)))
        return self.conceal(str(error))

    def conceal(self, text: str) -> str:
        """The same without the key, and without what the headers and queries of one's own hold."""
        server = self._server
        values = [server.api_key or "", *server.headers.values(), *server.query.values()]
        # `Bearer KEY` is quoted as a whole or without its first word.
        secrets = {each for value in values for each in (value, *value.split())}
        for secret in sorted(secrets, key=len, reverse=True):
            for length in range(len(secret), _SHORTEST_SECRET - 1, -1):
                cut = "" if length == len(secret) else "…"  # what is too long was cut before
                text = text.replace(f"{secret[:length]}{cut}", f"[the key]{cut}")
        return text

    async def list_models(self, http: HttpClient) -> list[Model]:
        """The models on offer, each once. Raises `WireError`."""
        return await self.list_briefly(http)

    async def list_briefly(self, http: HttpClient) -> list[Model]:
        """The same for who is in a hurry: with what the list alone tells."""
        models: dict[str, Model] = {}
        after: str | None = ""
        while after is not None:
            page = self._read_page(await http.fetch(self._list_request(after)))
            if page is None:
                raise AnswerUnreadable(
                    f"{self.address} did not answer with a list of models; is the base URL right?"
                )
            known = len(models)
            for entry in loose.sequence(page, self._list_key):
                if isinstance(entry, dict) and (model := self._read_model(entry)) is not None:
                    models.setdefault(model.id, model)
            # A page of nothing new would be followed by the same page for ever.
            after = self._next_page(page) if len(models) > known else None
        return list(models.values())

    _list_key: ClassVar[str] = "data"

    def _list_request(self, after: str) -> WireRequest:  # noqa: ARG002 - for those with pages
        """The request for a page of the list of models: the first, or the one after a mark."""
        return self._get("/models")

    def _read_page(self, body: bytes) -> JsonObject | None:
        """A page; some servers send its list alone, which is then all there is."""
        text = body.decode("utf-8-sig", "replace")
        if text.lstrip().startswith("["):
            entries = parse_array(text)
            return None if entries is None else {self._list_key: entries}
        return parse_object(text)

    def _next_page(self, page: JsonObject) -> str | None:  # noqa: ARG002 - for those with pages
        """The mark that the next page comes after; `None` if there is no other."""
        return None

    # Requests

    def _get(self, path: str, **query: str) -> WireRequest:
        return WireRequest("GET", self._url(path, query), self._headers())

    def _post(self, path: str, body: Mapping[str, object], **query: str) -> WireRequest:
        """A request that is answered by a stream. What is `None` in the body is left out."""
        document = {name: value for name, value in body.items() if value is not None}
        headers = {"accept": self.accept, "content-type": "application/json", **self._headers()}
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        return WireRequest("POST", self._url(path, query), headers, text.encode())

    def _url(self, path: str, query: Mapping[str, str]) -> str:
        asked = urlencode({**query, **self._server.query})
        return f"{self._base}{path}{'?' if asked else ''}{asked}"

    def _headers(self) -> dict[str, str]:
        headers = dict(self._own_headers())
        if key := self._server.api_key:
            name, value = self._key_header(key)
            name, value = (
                (self._server.key_header, key) if self._server.key_header else (name, value)
            )
            headers[name] = value
        return {**headers, **{name.lower(): value for name, value in self._server.headers.items()}}
