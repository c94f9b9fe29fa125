"""Settings that name providers at loopback servers, and what can be reached by them."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from tests.loopback import LoopbackServer
from tui.launch import read_access

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from tests.loopback import Exchange
    from tui.launch import Access


def table(name: str, base_url: str, *lines: str, api: str = "anthropic") -> str:
    """One provider of the settings."""
    return "\n".join(
        [f"[providers.{name}]", f'api = "{api}"', f'base_url = "{base_url}"', *lines, ""]
    )


def access_to(home: Path, settings: str, **environment: str) -> Access:
    """What a command has with these settings."""
    path = home / "config.toml"
    path.write_text(settings, encoding="utf-8")
    access, _ = read_access(str(path), {"XDG_STATE_HOME": str(home / "state"), **environment})
    return access


@asynccontextmanager
async def servers(*names: str) -> AsyncGenerator[dict[str, LoopbackServer], None]:
    """A server for each name."""
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(LoopbackServer()) for name in names}


def tables(found: dict[str, LoopbackServer]) -> str:
    """Settings that name them all."""
    return "".join(table(name, server.base_url) for name, server in found.items())


async def answer_list(exchange: Exchange, *entries: dict[str, object]) -> None:
    """Answer a request for the models."""
    await exchange.respond(200, json.dumps({"data": entries}))


def entry(id_: str, **more: object) -> dict[str, object]:
    """A model as the Messages API lists it."""
    return {"type": "model", "id": id_, **more}
