"""From names and addresses to a provider: the one list of the APIs that Rill speaks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, cast

from tui.errors import SettingsError

if TYPE_CHECKING:
    from tui.providers.base import Server
    from tui.providers.http_provider import HttpProvider


@dataclass(frozen=True, slots=True)
class Api:
    """An API that Rill speaks, and where its vendor serves it (`""`: no such place).

    Its module is loaded when somebody talks to it: a start pays for one API and not for all.
    """

    module: str
    class_name: str
    vendor_url: str = ""

    @property
    def make(self) -> type[HttpProvider]:
        """The class; called with a server it is a provider."""
        found = getattr(import_module(f"tui.providers.{self.module}"), self.class_name)
        return cast("type[HttpProvider]", found)


APIS = {
    "anthropic": Api("anthropic", "Anthropic", "https://api.anthropic.com"),
    "openai-chat": Api("openai_chat", "OpenAIChat", "https://api.openai.com/v1"),
    "openai-responses": Api("openai_responses", "OpenAIResponses", "https://api.openai.com/v1"),
    "ollama": Api("ollama", "Ollama", "http://127.0.0.1:11434"),
    "gemini": Api("gemini", "Gemini", "https://generativelanguage.googleapis.com"),
    # The demo is a server of our own that speaks the Messages API.
    "demo": Api("anthropic", "Anthropic"),
}


def make_provider(api: str, server: Server) -> HttpProvider:
    """Build the provider that speaks `api` to a server (without a `base_url`: to the vendor's own).

    Raises:
        SettingsError: the key has characters that no key has, or there is no usable address.
    """
    name, key = server.name, server.api_key
    if key is not None:
        key = key.strip() or None
        # The key itself never goes into the sentence.
        if key and (not key.isascii() or not key.isprintable() or " " in key):
            raise SettingsError(f"The API key for {name} has a character that no key has.")
    base_url = server.base_url or APIS[api].vendor_url
    if not base_url:
        raise SettingsError(f"The provider {name} needs a base_url.")
    try:
        return APIS[api].make(replace(server, base_url=base_url, api_key=key))
    except ValueError as error:  # from urlsplit; its words are about brackets and ports
        raise SettingsError(f"The base_url of {name} is no address: {error}.") from error
