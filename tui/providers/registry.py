"""From names and addresses to a provider: the one list of the APIs that Rill speaks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui.errors import SettingsError
from tui.providers.anthropic import Anthropic
from tui.providers.gemini import Gemini
from tui.providers.ollama import Ollama
from tui.providers.openai_chat import OpenAIChat
from tui.providers.openai_responses import OpenAIResponses

if TYPE_CHECKING:
    from tui.providers.base import Server
    from tui.providers.http_provider import HttpProvider


@dataclass(frozen=True, slots=True)
class Api:
    """An API that Rill speaks, and where its vendor serves it (`""`: no such place)."""

    make: type[HttpProvider]
    vendor_url: str = ""


# The demo is a server of our own that speaks the Messages API.
APIS = {
    "anthropic": Api(Anthropic, "https://api.anthropic.com"),
    "openai-chat": Api(OpenAIChat, "https://api.openai.com/v1"),
    "openai-responses": Api(OpenAIResponses, "https://api.openai.com/v1"),
    "ollama": Api(Ollama, "http://127.0.0.1:11434"),
    "gemini": Api(Gemini, "https://generativelanguage.googleapis.com"),
    "demo": Api(Anthropic),
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
