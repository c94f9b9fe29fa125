"""From names and addresses to a provider: the one list of the APIs that Rill speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.errors import SettingsError
from tui.providers.anthropic import Anthropic

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.providers.base import Provider


@dataclass(frozen=True, slots=True)
class Api:
    """An API that Rill speaks, and where its vendor serves it (`""`: no such place)."""

    make: Callable[[str, str, str | None], Provider]
    vendor_url: str = ""


# The demo is a server of our own that speaks the Messages API.
APIS = {
    "anthropic": Api(Anthropic, "https://api.anthropic.com"),
    "demo": Api(Anthropic),
}


def make_provider(api: str, name: str, base_url: str, api_key: str | None) -> Provider:
    """Build the provider `name`, which speaks `api` at `base_url` (`""`: the vendor's own).

    Raises:
        SettingsError: the key has characters that no key has, or there is no usable address.
    """
    if api_key is not None:
        api_key = api_key.strip()
        # The key itself never goes into the sentence.
        if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
            raise SettingsError(f"The API key for {name} has a character that no key has.")
    base_url = base_url or APIS[api].vendor_url
    if not base_url:
        raise SettingsError(f"The provider {name} needs a base_url.")
    try:
        return APIS[api].make(name, base_url, api_key or None)
    except ValueError as error:  # from urlsplit; its words are about brackets and ports
        raise SettingsError(f"The base_url of {name} is no address: {error}.") from error
