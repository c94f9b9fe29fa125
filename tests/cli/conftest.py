"""`rill` as a process of its own, in an environment of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.loopback import SAFETY_NET, SECRET_KEY

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping

    from tests.loopback import LoopbackServer

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Finished:
    """What a process left behind."""

    code: int
    out: bytes
    err: str

    @property
    def complaints(self) -> list[str]:
        """The lines on standard error, which all begin with `rill: `."""
        lines = self.err.splitlines()
        assert all(line.startswith("rill: ") for line in lines), self.err
        return [line.removeprefix("rill: ") for line in lines]

    @property
    def lines(self) -> list[Any]:
        """Standard output as one JSON value a line."""
        assert self.out.endswith(b"\n")
        return [json.loads(line) for line in self.out.splitlines()]


class Running:
    """A process under way. Whatever it does, it shows neither the key nor a traceback."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._out = b""

    async def read(self, wanted: bytes) -> None:
        """Wait until exactly this, and nothing else, has come on standard output."""
        assert self.process.stdout is not None
        async with asyncio.timeout(SAFETY_NET):
            self._out += await self.process.stdout.readexactly(len(wanted))
        assert self._out.endswith(wanted)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, past asyncio: its own way may reap the process and lose the exit code."""
        os.kill(self.process.pid, number)

    async def end(self, stdin: bytes | None = None) -> Finished:
        """Wait for the end."""
        async with asyncio.timeout(SAFETY_NET):
            out, err = await self.process.communicate(stdin)
        out = self._out + (out or b"")
        assert SECRET_KEY.encode() not in out + err
        assert b"Traceback" not in err, err.decode()
        assert self.process.returncode is not None
        return Finished(self.process.returncode, out, err.decode("utf-8", "backslashreplace"))


class Rill:
    """Starts `rill` in an empty home, with `environment`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.config = home / "config" / "rill" / "config.toml"
        self.environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_STATE_HOME": str(home / "state"),
            "LC_ALL": "C.UTF-8",
            "PYTHONWARNINGS": "error",
        }
        self._started: list[Running] = []

    def talks_to(self, base_url: str) -> None:
        """Let it talk to this server, with a key."""
        self.environment["ANTHROPIC_BASE_URL"] = base_url
        self.environment["ANTHROPIC_API_KEY"] = SECRET_KEY

    def write_config(self, text: str) -> None:
        """Write its `config.toml`."""
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text(text, encoding="utf-8")

    async def start(
        self,
        *arguments: str,
        stdin: int = asyncio.subprocess.DEVNULL,
        stdout: int = asyncio.subprocess.PIPE,
        environment: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Running:
        """Start it."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tui", *arguments),
            cwd=REPOSITORY,
            env={**self.environment, **(environment or {})},
            stdin=stdin,
            stdout=stdout,
            stderr=asyncio.subprocess.PIPE,
            **more,
        )
        self._started.append(running := Running(process))
        return running

    async def run(self, *arguments: str, stdin: bytes | None = None, **more: Any) -> Finished:
        """Start it and wait for its end."""
        source = asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE
        return await (await self.start(*arguments, stdin=source, **more)).end(stdin)

    async def kill_all(self) -> None:
        """End what a failed test has left behind."""
        for running in self._started:
            if running.process.returncode is None:
                running.process.kill()
                await running.process.communicate()


@pytest.fixture
def _signals_that_count() -> Iterator[None]:
    """What our parent has us ignore (`nohup`, background jobs) Rill would ignore, too.

    A handler that does nothing is as good for us, and is not inherited.
    """
    numbers = (signal.SIGINT, signal.SIGHUP)
    ignored = [number for number in numbers if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, lambda *_: None)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture
async def rill(tmp_path: Path, _signals_that_count: None) -> AsyncGenerator[Rill, None]:
    """`rill` without any settings."""
    rill = Rill(tmp_path)
    yield rill
    await rill.kill_all()


@pytest.fixture
def connected(rill: Rill, loopback: LoopbackServer) -> Rill:
    """`rill` that talks to `loopback`."""
    rill.talks_to(loopback.base_url)
    return rill
