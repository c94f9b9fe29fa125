"""The providers that there are, and what a model of theirs would be asked with, by whose word.

Precedence everywhere: flag, environment, settings file, default (DESIGN section 7); in the settings
a model's table wins over its provider's, and that over the top.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tui.chat.message import TokenLimit
from tui.chat.parameters import PARAMETERS, Parameters
from tui.errors import UsageError
from tui.hints import nearest
from tui.providers.base import ReplyOptions
from tui.providers.registry import APIS
from tui.storage.settings import ModelSettings, ProviderSettings, check_base_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tui.storage.settings import Settings

DEFAULT_MODEL = "anthropic/claude-sonnet-4-5"
DEFAULT_MAX_TOKENS = 8192
DEMO_MODEL = "demo/rill-demo"
DEFAULT = "Rill's default"
"""Who says what nobody else does."""


@dataclass(frozen=True, slots=True)
class Known:
    """A provider that needs no table: its own address, and the environment's names for the rest."""

    settings: ProviderSettings
    base_url_env: str = ""
    other_api: str = ""
    """What it speaks where the environment or a flag names another server."""


def _vendor(api: str, base_url: str = "", key: str = "", url: str = "", other: str = "") -> Known:
    return Known(ProviderSettings(api, base_url, key), url, other)


BUILT_IN: dict[str, Known] = {
    "anthropic": _vendor("anthropic", "", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
    # Compatible servers have chat completions, hardly one has the whole of the Responses API.
    "openai": _vendor("openai-responses", "", "OPENAI_API_KEY", "OPENAI_BASE_URL", "openai-chat"),
    "gemini": _vendor("gemini", "", "GEMINI_API_KEY"),
    "ollama": _vendor("ollama", "", "OLLAMA_API_KEY", "OLLAMA_HOST"),
    "llamacpp": _vendor("openai-chat", "http://127.0.0.1:8080/v1"),
    "lmstudio": _vendor("openai-chat", "http://127.0.0.1:1234/v1"),
    "vllm": _vendor("openai-chat", "http://127.0.0.1:8000/v1"),
    "openrouter": _vendor("openai-chat", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "groq": _vendor("openai-chat", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "deepseek": _vendor("openai-chat", "https://api.deepseek.com", "DEEPSEEK_API_KEY"),
    "mistral": _vendor("openai-chat", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "demo": _vendor("demo"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for besides a model, and who that is.

    `table` is the way to where that stands in the settings, `None` if it does not stand there.
    """

    by: str
    parameters: Parameters = field(default_factory=Parameters)
    system: str | None = None
    table: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A model at a provider, with all that its replies are asked with.

    `set_by` says for each parameter that is sent, and for `system` and `base_url`, whose word that
    is, and `written` the way to the key in the settings, where it is theirs; `unsent` are the
    parameters that were asked for and that are none of the `places` that the API has for them.
    """

    provider: str
    api: str
    base_url: str
    options: ReplyOptions
    system: str
    set_by: Mapping[str, str]
    written: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unsent: tuple[str, ...] = ()
    places: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """`provider/model`, as the user would write it."""
        return f"{self.provider}/{self.options.model}"

    @property
    def is_demo(self) -> bool:
        """Whether it is no model but the demo."""
        return self.api == "demo"

    @property
    def address(self) -> str:
        """Host and port, for a person who waits for it."""
        return urlsplit(self.base_url).netloc or "the demo"


class Roster:
    """All providers: those of the settings, and those that Rill knows by itself."""

    def __init__(
        self, settings: Settings, environment: Mapping[str, str], *, base_url: str = ""
    ) -> None:
        self.settings = settings
        self._environment = environment
        self._base_url = base_url  # the flag's; it belongs to the model that is talked to first
        self.redirected = ""
        self._providers = {name: known.settings for name, known in BUILT_IN.items()}
        for name, own in settings.providers.items():
            self._providers[name] = _completed(own, BUILT_IN.get(name))

    def names(self) -> tuple[str, ...]:
        """Of all providers, the user's own first."""
        return tuple({**self.settings.providers, **self._providers})

    def __getitem__(self, name: str) -> ProviderSettings:
        return self._providers[name]

    def key_variable(self, name: str) -> str:
        """The environment variable that holds a provider's key, `""` if none does."""
        return self._providers[name].api_key_env

    def key_from_environment(self, name: str) -> str:
        """That key, `""` if there is none."""
        variable = self.key_variable(name)
        return self._environment.get(variable, "").strip() if variable else ""

    def split(self, wanted: str, where: str) -> tuple[str, str]:
        """`provider/model`; a model alone belongs to Anthropic, the provider of the default.

        `where` is how the user gave it. Raises UsageError.
        """
        name, slash, model = wanted.partition("/")
        if not slash:
            name, model = DEFAULT_MODEL.partition("/")[0], wanted
        if not model or not name:
            raise UsageError(f"{where} {wanted!r} should look like provider/model.")
        if name not in self._providers:
            raise UsageError(
                f"{where} {wanted!r} names the provider {name!r}, which is not known; "
                f"{nearest(name, self._providers)}"
            )
        return name, model

    def redirect(self, name: str) -> None:
        """Let the flag's base URL be this provider's."""
        self.redirected = name if self._base_url else ""

    def base_url(self, name: str) -> tuple[str, str]:
        """Where a provider is, and by whose word; `""` for the demo. Raises SettingsError."""
        if self.redirected and name == self.redirected:
            return check_base_url(self._base_url, "--base-url"), "--base-url"
        own = self._providers[name]
        if self.is_moved(name):
            variable = BUILT_IN[name].base_url_env
            told = self._environment[variable]
            url = _ollama_url(told) if variable == "OLLAMA_HOST" else told
            return check_base_url(url, variable), variable
        if own.base_url:
            is_users = name in self.settings.providers and self.settings.providers[name].base_url
            return own.base_url, self._file if is_users else DEFAULT
        return APIS[self.api(name)].vendor_url, DEFAULT

    def is_moved(self, name: str) -> bool:
        """Whether the environment says where a provider is."""
        variable = BUILT_IN[name].base_url_env if name in BUILT_IN else ""
        return bool(variable and self._environment.get(variable))

    def api(self, name: str) -> str:
        """What a provider speaks."""
        own = self.settings.providers.get(name)
        if own is not None and own.api:
            return own.api
        known = BUILT_IN[name]
        elsewhere = (
            name == self.redirected or (own is not None and own.base_url) or self.is_moved(name)
        )
        return known.other_api if elsewhere and known.other_api else known.settings.api

    def target(
        self, name: str, model: str, *nearer: Asked, output_tokens: int | None = None
    ) -> Target:
        """A model, with what the settings ask of it and what is asked `nearer` to the reply.

        `output_tokens` is the longest reply that the provider says the model can give. Raises
        SettingsError.
        """
        api = self.api(name)
        kind = APIS[api].make
        own, file = self._providers[name], self._file
        one = own.models.get(model, ModelSettings())
        layers = [
            *self._defaults(kind.needs_limit, one.output or output_tokens, model),
            Asked(file, self.settings.parameters, self.settings.system, ()),
            Asked(f"{file}, providers.{name}", own.parameters, own.system, ("providers", name)),
            Asked(
                *(f"{file}, {model}", one.parameters, one.system),
                ("providers", name, "models", model),
            ),
            *nearer,
        ]
        parameters, system = Parameters(), ""
        said: dict[str, Asked] = {}
        for layer in layers:
            parameters = parameters.overlaid(layer.parameters)
            asked = [each for each in PARAMETERS if getattr(layer.parameters, each) is not None]
            said.update(dict.fromkeys(asked, layer))
            if layer.system is not None:
                system, said["system"] = layer.system, layer
        set_by = {key: layer.by for key, layer in said.items()}
        base_url, set_by["base_url"] = self.base_url(name)
        places = self.places(name)
        unsent = tuple(each for each in PARAMETERS if each in set_by and each not in places)
        sent = replace(parameters, **dict.fromkeys(unsent))
        limit = sent.max_tokens and TokenLimit(sent.max_tokens, set_by["max_tokens"])
        written = {
            key: (*layer.table, key) for key, layer in said.items() if layer.table is not None
        }
        if set_by["base_url"] == file:
            written["base_url"] = ("providers", name, "base_url")
        return Target(
            *(name, api, base_url, ReplyOptions(model, limit or None, sent, one.context)),
            *(system, set_by, written, unsent),
            places=places,
        )

    def places(self, name: str) -> frozenset[str]:
        """The parameters that a provider has a place for, where it is. Raises SettingsError."""
        version = self._providers[name].api_version
        return APIS[self.api(name)].make.parameters_at(self.base_url(name)[0], version)

    def owners(self, base_url: str) -> list[str]:
        """The providers whose own addresses are at the host of this one."""
        host = _host(base_url)
        return [name for name in self._providers if _host(self._own_url(name)) == host]

    def _defaults(self, needs_limit: bool, output: int | None, model: str) -> Iterator[Asked]:
        if needs_limit and output is not None:
            yield Asked(f"the most that {model} gives", Parameters(max_tokens=output))
        elif needs_limit:
            yield Asked(DEFAULT, Parameters(max_tokens=DEFAULT_MAX_TOKENS))

    def _own_url(self, name: str) -> str:
        return self._providers[name].base_url or APIS[self._providers[name].api].vendor_url

    @property
    def _file(self) -> str:
        return self.settings.table.name


def is_loopback(base_url: str) -> bool:
    """Whether it is this machine; only then may a key go unencrypted unasked.

    Only these names: what is sent to others may go to a proxy of the environment (`tui.wire.http`),
    and whoever answers for a domain decides where `x.localhost` is.
    """
    return (urlsplit(base_url).hostname or "").lower() in {"localhost", "127.0.0.1", "::1"}


def _host(base_url: str) -> str:
    # A dot at the end changes nothing about whose host it is.
    return (urlsplit(base_url).hostname or "").lower().rstrip(".")


def _completed(own: ProviderSettings, known: Known | None) -> ProviderSettings:
    """A table of the user's, with what Rill knows of a provider of that name."""
    if known is None:
        return own
    vendor = known.settings
    # A key that stands beside an address belongs there, and the vendor's does not.
    has_both = own.base_url and (own.api_key or own.api_key_command)
    return replace(
        own,
        api=own.api or vendor.api,
        base_url=own.base_url or vendor.base_url,
        api_key_env=own.api_key_env or ("" if has_both else vendor.api_key_env),
    )


def _ollama_url(told: str) -> str:
    """`OLLAMA_HOST` as Ollama's own client reads it: scheme, host and port may be left out.

    0.0.0.0 is where a server listens, not where one can be reached.
    """
    told = told.strip().strip("\"'")
    scheme, mark, rest = told.rpartition("://")
    place, slash, path = rest.partition("/")
    if place.count(":") > 1 and "[" not in place:  # an IPv6 address alone
        place = f"[{place}]"
    host, colon, port = place.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = place, ""
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104
    if not port and not mark:
        port = "11434"
    return f"{scheme or 'http'}://{host}{port and f':{port}'}{slash}{path}"
