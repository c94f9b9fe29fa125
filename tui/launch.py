"""From flags, environment and settings to what a run needs; part of the composition root.

Precedence everywhere: flag, environment, settings file, default.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui.chat.message import TokenLimit
from tui.errors import SettingsError, UsageError
from tui.hints import nearest
from tui.providers.base import ReplyOptions, Server
from tui.providers.registry import APIS, make_provider
from tui.storage.paths import config_file, history_file, state_folder
from tui.storage.settings import ProviderSettings, check_base_url, load_settings

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import AsyncGenerator, Mapping

    from tui.providers.base import Provider
    from tui.storage.settings import Settings
    from tui.wire.http import HttpClient

DEFAULT_MODEL = "anthropic/claude-sonnet-4-5"
DEFAULT_MAX_TOKENS = 8192
DEMO_MODEL = "demo/rill-demo"
_BUILT_IN = {
    "anthropic": ProviderSettings("anthropic", api_key_env="ANTHROPIC_API_KEY"),
    "demo": ProviderSettings("demo"),
}
_BASE_URL_ENVIRONMENT = {"anthropic": "ANTHROPIC_BASE_URL"}


@dataclass(frozen=True, slots=True)
class Session:
    """What the app and `rill ask` talk through while they run."""

    provider: Provider
    options: ReplyOptions
    http: HttpClient
    system: str
    is_demo: bool

    @property
    def model_label(self) -> str:
        """`provider/model`, as the user would write it."""
        return f"{self.provider.name}/{self.options.model}"


@dataclass(frozen=True, slots=True)
class Opening:
    """What the app begins with: a prompt to send at once, a conversation to open."""

    prompt: str = ""
    conversation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """Everything that is decided before anything runs; `base_url` is `""` for the API's own."""

    settings: Settings
    settings_file: Path
    provider_name: str
    api: str
    base_url: str
    api_key: str | None
    options: ReplyOptions
    system: str
    history_file: Path
    state_folder: Path

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Session, None]:
        """Start what has to run (the demo's server, if it is the demo) and stop it afterwards.

        Raises SettingsError.
        """
        # Imported here because `--help` and a wrong flag need not wait for httpx.
        from tui.wire.http import IDLE_LIMIT, HttpClient  # noqa: PLC0415

        base_url = self.base_url
        async with AsyncExitStack() as stack:
            if self.api == "demo" and not base_url:
                from tui.demo.server import DemoServer  # noqa: PLC0415 - only when it is the demo

                base_url = (await stack.enter_async_context(DemoServer())).base_url
            provider = make_provider(self.api, Server(self.provider_name, base_url, self.api_key))
            http = HttpClient(idle_limit=self.settings.idle_timeout or IDLE_LIMIT)
            stack.push_async_callback(http.aclose)
            yield Session(provider, self.options, http, self.system, self.api == "demo")


def prepare(args: Namespace, environment: Mapping[str, str]) -> Launch:
    """Decide what to run with.

    Raises:
        UsageError: a flag that cannot be meant.
        SettingsError: settings or environment that cannot be used.
    """
    path = Path(args.config) if args.config else config_file(environment)
    settings = load_settings(path, apis=APIS.keys(), required=bool(args.config))
    providers = {**_BUILT_IN, **settings.providers}
    wanted = args.model or settings.model or _default_model(args, environment, settings, path)
    name, model = _split_model(wanted, providers, "--model" if args.model else f"{path}: model")
    chosen = providers[name]
    base_url = _base_url(args, environment, name, chosen)
    api_key = _api_key(environment, name, chosen, path)
    if not base_url and not api_key and APIS[chosen.api].vendor_url:
        remedy = (
            f"set {chosen.api_key_env}"
            if chosen.api_key_env
            else f"add api_key_env to [providers.{name}] in {path}"
        )
        raise SettingsError(
            f"There is no API key for {name}: {remedy}, or name another server with --base-url."
        )
    return Launch(
        settings=settings,
        settings_file=path,
        provider_name=name,
        api=chosen.api,
        base_url=base_url,
        api_key=api_key,
        options=ReplyOptions(model, _limit(args, settings, path)),
        system=args.system if args.system is not None else settings.system,
        history_file=history_file(environment),
        state_folder=state_folder(environment),
    )


def find_opening(args: Namespace, launch: Launch) -> Opening:
    """What the app begins with.

    Raises:
        UsageError: there is no such conversation, or there are several, or a flag does not fit.
        HistoryError: the history cannot be read.
    """
    if not args.last and args.resume is None:
        return Opening(args.prompt or "")
    if args.system is not None:
        raise UsageError("--system is for a new conversation; leave it out.")
    # Imported here because a start without a flag need not wait for SQLite.
    from tui.storage.lookup import LAST, look_up  # noqa: PLC0415

    wanted = LAST if args.last else args.resume
    return Opening(args.prompt or "", look_up(launch.history_file, wanted))


def _default_model(
    args: Namespace, environment: Mapping[str, str], settings: Settings, path: Path
) -> str:
    """Without a word about a model: Anthropic if there is any way to reach it, else the demo."""
    if (
        args.base_url
        or environment.get("ANTHROPIC_API_KEY")
        or environment.get("ANTHROPIC_BASE_URL")
    ):
        return DEFAULT_MODEL
    if settings.providers:
        name = next(iter(settings.providers))
        raise SettingsError(f'{path} has providers but no model; add model = "{name}/NAME".')
    return DEMO_MODEL


def _split_model(
    wanted: str, providers: Mapping[str, ProviderSettings], where: str
) -> tuple[str, str]:
    """`provider/model`; a model alone belongs to Anthropic, the provider that needs no table."""
    name, slash, model = wanted.partition("/")
    if not slash:
        name, model = DEFAULT_MODEL.partition("/")[0], wanted
    if not model or not name:
        raise UsageError(f"{where} {wanted!r} should look like provider/model.")
    if name not in providers:
        raise UsageError(
            f"{where} {wanted!r} names the provider {name!r}, which is not known; "
            f"{nearest(name, providers)}"
        )
    return name, model


def _base_url(
    args: Namespace, environment: Mapping[str, str], name: str, chosen: ProviderSettings
) -> str:
    if args.base_url:
        return check_base_url(args.base_url, "--base-url")
    variable = _BASE_URL_ENVIRONMENT.get(name, "")
    if from_environment := environment.get(variable, ""):
        return check_base_url(from_environment, variable)
    return chosen.base_url


def _api_key(
    environment: Mapping[str, str], name: str, chosen: ProviderSettings, path: Path
) -> str | None:
    if not chosen.api_key_env:
        return None
    key = environment.get(chosen.api_key_env)
    if not key and name not in _BUILT_IN:
        raise SettingsError(
            f"{path}: providers.{name}.api_key_env names {chosen.api_key_env}, "
            "which is not set in the environment."
        )
    return key


def _limit(args: Namespace, settings: Settings, path: Path) -> TokenLimit:
    if args.max_tokens is not None:
        return TokenLimit(args.max_tokens, "--max-tokens")
    if settings.max_tokens is not None:
        return TokenLimit(settings.max_tokens, path.name)
    return TokenLimit(DEFAULT_MAX_TOKENS, "Rill's default")
