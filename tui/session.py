"""What the app and `rill ask` talk through while they run: providers, made when they are needed."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from tui.errors import KeyMissing, SettingsError
from tui.providers.base import Server
from tui.providers.registry import make_provider
from tui.roster import DEFAULT, is_loopback

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tui.key_finding import KeyFinder
    from tui.providers.http_provider import HttpProvider
    from tui.roster import Roster, Target
    from tui.wire.http import HttpClient


class Session:
    """Used within `open_session`, in one event loop."""

    def __init__(
        self, roster: Roster, keys: KeyFinder, http: HttpClient, stack: AsyncExitStack
    ) -> None:
        self.roster = roster
        self.keys = keys
        self.http = http
        self._stack = stack
        self._demo_url = ""

    async def connect(self, target: Target) -> HttpProvider:
        """The provider of a target, with its key; for the demo its server is started first.

        Raises SettingsError: its key cannot be found, or must not go there; KeyMissing: there is
        none, and that provider wants one.
        """
        name, base_url = target.provider, target.base_url
        if target.is_demo and not base_url:
            base_url = await self._demo()
        own = self.roster[name]
        if self.keys.source(name) or own.query or any(map(_may_be_secret, own.headers)):
            self._check_way(name, base_url)
        key = await self.keys.find(name)
        if not key:
            self._check_need(target)
        server = Server(
            name,
            base_url,
            key or None,
            headers=own.headers,
            query=own.query,
            key_header=own.key_header,
            max_tokens_field=own.max_tokens_field,
            asks_usage=own.stream_usage,
            api_version=own.api_version,
            keep_alive=own.keep_alive,
        )
        return make_provider(target.api, server)

    def _check_need(self, target: Target) -> None:
        """A vendor wants a key, and so does whoever was given a variable for one."""
        name, roster = target.provider, self.roster
        variable, written = roster.key_variable(name), roster.settings.providers.get(name)
        table = roster.settings.table
        if written is not None and written.api_key_env:
            raise KeyMissing(
                f"{table.where('providers', name, 'api_key_env')} names {variable}, "
                "which is not set in the environment.",
                name,
            )
        is_own_server = target.set_by["base_url"] != DEFAULT or is_loopback(target.base_url)
        if is_own_server or target.is_demo or roster[name].headers:
            return
        remedy = f"set {variable}"
        if not variable:
            remedy = f"name its variable with api_key_env in [providers.{name}]"
        raise KeyMissing(
            f"There is no API key for {name}: {remedy}, or name another server with --base-url.",
            name,
        )

    def _check_way(self, name: str, base_url: str) -> None:
        """A key goes to its own provider and, unless that is allowed by name, encrypted.

        What else the user has sent along counts as one: headers and queries carry keys, too.
        """
        if is_loopback(base_url):
            return
        host = base_url.partition("://")[2].partition("/")[0]
        if (owners := self.roster.owners(base_url)) and name not in owners:
            raise SettingsError(
                f"The key of {name} is not sent to {host}, which is {owners[0]}'s: "
                f"use -m {owners[0]}/MODEL."
            )
        if base_url.lower().startswith("http://") and not self.roster[name].allow_http:
            raise SettingsError(
                f"The key of {name} is not sent to {host} over http, where anybody on the way can "
                f"read it: use https, or set allow_http = true in [providers.{name}]."
            )

    async def _demo(self) -> str:
        if not self._demo_url:
            from tui.demo.server import DemoServer  # noqa: PLC0415 - only when it is the demo

            server = await self._stack.enter_async_context(DemoServer())
            self._demo_url = server.base_url
        return self._demo_url


def _may_be_secret(header: str) -> bool:
    """Whether a header of the user's may carry a key, going by its name."""
    words = ("auth", "key", "token", "secret", "cookie", "password")
    return any(word in header.lower() for word in words)


@asynccontextmanager
async def open_session(roster: Roster, keys: KeyFinder) -> AsyncGenerator[Session, None]:
    """Start with nothing but a client; whatever was started since is stopped at the end."""
    # Imported here because `--help` and a wrong flag need not wait for httpx.
    from tui.wire.http import IDLE_LIMIT, HttpClient  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        http = HttpClient(idle_limit=roster.settings.idle_timeout or IDLE_LIMIT)
        stack.push_async_callback(http.aclose)
        yield Session(roster, keys, http, stack)
