"""What the screen costs and how late it is, beside the naive app and a script that only prints.

    python tests/benchmarks/screen.py [--only NAME,…] [--rounds N] [--quick] [--start] [--profile]

Each program runs in a pseudo-terminal of 120x40 against a loopback server; for every case they run
one after the other, and again in the next round; medians of the rounds. The sections:

- `stream`: CPU and bytes written while mixed Markdown comes at several speeds
- `growth`: CPU as one reply grows, at full speed and paced, and the exponent of it
- `latency`: socket byte → glyph, gaps between paints and frames, at 200 tokens a second
- `keys`: key → its echo, meanwhile
- `lag`: how long after the server's last byte the screen shows the end
- `memory`: resident after 16,000 tokens
- `conversations`: opening, resizing, theming and reading long ones

CPU is user and system time of the program and all its threads, from the enter key until a quarter
of a second after the end was shown. `> N` means given up N seconds after it could have been there;
`-` was not run, or changed nothing: a size is skipped when a smaller one took too long, and the
naive app, which is quadratic, is not asked for the largest.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import pstats
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks import start as start_benchmark
from tests.benchmarks.conversations import STEPS, read_conversation
from tests.benchmarks.texts import END, KINDS, tokens, word_numbers
from tests.benchmarks.watched import (
    COLUMNS,
    FULL_SPEED,
    GIVE_UP,
    GRACE,
    LETTERS,
    NAIVE,
    PACED,
    PRINT,
    RILL_APP,
    ROWS,
    Replay,
    begin,
    rill_with,
)
from tests.loopback import OPENING, LoopbackServer, sse
from tests.terminal.terminal import _FRAME_ENDS as ENDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.benchmarks.conversations import Step
    from tests.benchmarks.watched import (
        Program,
        Watched,
    )


@dataclass(frozen=True)
class Case:
    """A text and its speed; with `typed`, somebody types meanwhile."""

    kind: str
    count: int
    rate: int
    typed: bool = False

    @property
    def name(self) -> str:
        speed = f"{self.rate}/s" if self.rate else "full speed"
        return f"{self.count:,} {self.kind} tokens, {speed}"


@dataclass
class Run:
    """What came of it. `lag` and `cpu` are in seconds; `finished` is false if it was given up."""

    finished: bool
    patience: float
    cpu: float = math.nan
    written: float = math.nan
    lag: float = math.nan
    resident: float = math.nan
    frames: float = math.nan
    delays: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    echoes: list[float] = field(default_factory=list)


def wire_bytes(pieces: Iterable[str]) -> list[bytes]:
    """Each delta as an event in a chunk of its own."""
    rows = (
        sse("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": piece}})
        for piece in pieces
    )
    return [b"%x\r\n%b\r\n" % (len(row), row) for row in rows]


async def serve(server: LoopbackServer, pieces: Sequence[bytes], rate: int) -> list[float]:
    """Answer the next request; when each delta was written, and last when everything was out."""
    exchange = await server.next_exchange()
    connection = exchange.connection
    await exchange.send(OPENING)
    sent: list[float] = []
    began = time.perf_counter()
    while len(sent) < len(pieces) and not exchange.closed.is_set():
        now = time.perf_counter()
        due = int((now - began) * rate) + 1 if rate else len(pieces)
        due = min(due, len(pieces))
        connection.transport.write(b"".join(pieces[len(sent) : due]))
        sent += [now] * (due - len(sent))
        if rate:
            await asyncio.sleep(began + due / rate - time.perf_counter())
    await connection._writable.wait()
    sent.append(time.perf_counter())
    exchange._text_begun = True
    await exchange.finish()
    return sent


async def type_letters(terminal: Watched, pressed: list[tuple[float, int, str]]) -> None:
    """A letter every 150 ms, until cancelled."""
    for letter in LETTERS:
        await asyncio.sleep(0.15)
        pressed.append((time.perf_counter(), len(terminal.raw), letter))
        terminal.write(letter)


async def stream(server: LoopbackServer, program: Program, case: Case) -> Run:
    """One program, one reply."""
    pieces = tokens(case.kind, case.count)
    terminal = await begin(program, server)
    answer = asyncio.create_task(serve(server, wire_bytes(pieces), case.rate))
    pressed: list[tuple[float, int, str]] = []
    offset, cpu = len(terminal.raw), terminal.cpu()
    found = offset

    def ended() -> bool:
        nonlocal found
        at = terminal.raw.find(END.encode(), found)
        found = at if at >= 0 else max(offset, len(terminal.raw) - len(END))
        return at >= 0

    terminal.press("enter")
    typing = asyncio.create_task(type_letters(terminal, pressed)) if case.typed else None
    limit = program.patience + (case.count / case.rate if case.rate else 0)
    run = Run(await terminal.until(ended, limit), program.patience)
    if typing is not None:
        typing.cancel()
    if run.finished:
        await asyncio.sleep(GRACE)
        sent = await answer
        run.cpu = terminal.cpu() - cpu
        run.written = (len(terminal.raw) - offset) / len("".join(pieces).encode())
        run.lag = max(0, terminal.time_of(found) - sent[-1])
        run.resident = terminal.resident()
        frames = terminal.raw.count(ENDS.encode(), offset)
        run.frames = frames / (terminal.time_of(found) - sent[0])
    elif program is RILL_APP and END in terminal.text:
        raise RuntimeError(f"{program.name} shows the end, but never wrote it in one piece")
    answer.cancel()
    await terminal.close()
    if run.finished and case.kind == "numbered" and not case.typed:
        run.delays, run.gaps = seen(terminal, pieces, sent)
    for moment, before, letter in pressed[:-2]:
        at = terminal.raw.find(letter.encode(), before)
        run.echoes.append(terminal.time_of(at) - moment if at >= 0 else math.inf)
    return run


def seen(
    terminal: Watched, pieces: Sequence[str], sent: Sequence[float]
) -> tuple[list[float], list[float]]:
    """For each numbered word, seconds from socket to screen; and between paints with new ones.

    A word that was scrolled away before any screen showed it counts with the next that was shown.
    A pause in which no word was sent (there are none in the second line of a table) is no gap.
    """
    written: list[float] = []
    for piece, moment in zip(pieces, sent, strict=False):
        written += [moment] * len(list(word_numbers(piece)))
    shown: list[float] = []
    gaps: list[float] = []
    replay = Replay(terminal)
    for moment in replay.times():
        newest = max((n for line in replay.new_lines() for n in word_numbers(line)), default=-1)
        if newest >= len(shown):
            if shown:
                gaps.append(moment - max(shown[-1], written[len(shown)]))
            shown += [moment] * (newest + 1 - len(shown))
    delays = [at - then for at, then in zip(shown, written, strict=False)]
    return delays, gaps


class Streams:
    """Runs each case once, whoever asks for it again."""

    def __init__(self, server: LoopbackServer, rounds: int) -> None:
        self._server = server
        self._rounds = rounds
        self._runs: dict[tuple[str, Case], list[Run]] = {}

    async def run(self, case: Case, *programs: Program) -> list[list[Run]]:
        """The runs of each program; in every round one after the other."""
        new = [program for program in programs if (program.name, case) not in self._runs]
        for _ in range(self._rounds):
            for program in new:
                runs = self._runs.setdefault((program.name, case), [])
                if all(run.finished for run in runs):
                    runs.append(await stream(self._server, program, case))
        return [self._runs[program.name, case] for program in programs]


# The table


def row(what: str, *cells: str, budget: str = "", met: bool | None = None) -> None:
    """One line: rill, naive, print, ÷ naive, ÷ print, budget, whether it is met."""
    values = "".join(f"{cell:>13}" for cell in [*cells, *[""] * (5 - len(cells))])
    verdict = "" if met is None else ("yes" if met else "NO")
    print(f"{what:<50}{values}  {budget:<14}{verdict}".rstrip(), flush=True)


def compare(
    what: str,
    runs: Sequence[Sequence[Run]],
    of: Callable[[Run], float],
    form: str = "{:.3f}",
    budget: float | None = None,
    *,
    of_naive: bool = False,
) -> None:
    """A line of medians; `budget` is a limit for rill's value, or for its ratio to naive's."""
    values = []
    cells = []
    for each in runs:
        is_whole = bool(each) and all(run.finished for run in each)
        values.append(statistics.median(map(of, each)) if is_whole else math.nan)
        gave_up = f"> {each[-1].patience:.0f}" if each else "-"
        cells.append(form.format(values[-1]) if is_whole else gave_up)
    values += [math.nan] * (3 - len(values))
    cells += [""] * (3 - len(cells))
    for other in values[1:]:
        cells.append("" if math.isnan(other) or not other else f"{values[0] / other:.3f}")
    if budget is None:
        row(what, *cells)
    else:
        value = values[0] / values[1] if of_naive else values[0]
        row(what, *cells, budget=f"{budget:g}{' x naive' * of_naive}", met=value <= budget)


def percentile(values: Iterable[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


# The sections


async def section_stream(streams: Streams, *, quick: bool) -> None:
    """CPU and bytes."""
    cases = [Case("mixed", 1000, rate) for rate in (50, 200, 1000, FULL_SPEED)]
    cases += [Case("mixed", 2000, 200), Case("mixed", 16_000, FULL_SPEED)]
    for case in cases[1:] if quick else cases:
        budget = {(2000, 200): 0.2, (16_000, FULL_SPEED): 0.05}.get((case.count, case.rate))
        runs = await streams.run(case, RILL_APP, NAIVE, PRINT)
        compare(f"CPU s: {case.name}", runs, lambda run: run.cpu, "{:.3f}", budget, of_naive=True)
        limit = 5 if case.rate == 200 else None
        compare("  bytes written per byte of text", runs, lambda r: r.written, "{:.1f}", limit)


async def section_growth(streams: Streams, *, quick: bool) -> None:
    """The exponent."""
    sizes = (1000, 4000) if quick else (1000, 4000, 16_000, 64_000)
    naive = replace(NAIVE, patience=8)
    for rate in (FULL_SPEED, PACED):
        for kind in KINDS:
            spent: dict[str, list[tuple[int, float]]] = {"rill": [], "naive": []}
            given_up: set[str] = set()
            for count in sizes:
                case = Case(kind, count, rate)
                wanted = [RILL_APP, naive] if count <= 4000 else [RILL_APP]
                wanted = [program for program in wanted if program.name not in given_up]
                found = dict(
                    zip(
                        [program.name for program in wanted],
                        await streams.run(case, *wanted),
                        strict=True,
                    )
                )
                for name, runs in found.items():
                    if all(run.finished for run in runs):
                        spent[name].append((count, statistics.median(run.cpu for run in runs)))
                    else:
                        given_up.add(name)
                both = [found.get("rill", []), found.get("naive", [])]
                compare(f"CPU s: {case.name}", both, lambda run: run.cpu)
            fitted = {name: slope(points) for name, points in spent.items()}
            last = {name: slope(points[-2:]) for name, points in spent.items()}
            met = fitted["rill"] <= 1.1 and "rill" not in given_up
            row("  exponent", *map(number, fitted.values()), budget="1.1", met=met)
            row("  exponent of the last step", *map(number, last.values()))


def slope(points: Sequence[tuple[int, float]]) -> float:
    """Of the straight line through the logarithms."""
    if len(points) < 2:
        return math.nan
    xs, ys = zip(*((math.log(count), math.log(cpu)) for count, cpu in points), strict=True)
    return statistics.linear_regression(xs, ys).slope


def number(value: float) -> str:
    """With two decimals, if it is one."""
    return "-" if math.isnan(value) else f"{value:.2f}"


async def section_latency(streams: Streams, *, quick: bool) -> None:
    """From socket to glyph, and gaps."""
    case = Case("numbered", 1000 if quick else 2000, 200)
    runs = await streams.run(case, RILL_APP, NAIVE)
    for name, share in (("p50", 0.5), ("p95", 0.95), ("max", 1.0)):
        compare(
            f"socket byte -> glyph, {name} ms, 200/s",
            runs,
            lambda run, share=share: percentile(run.delays, share) * 1000,
            "{:.1f}",
            33 if name == "p95" else None,
        )
    compare(
        "longest gap between paints, ms, 200/s", runs, lambda r: max(r.gaps) * 1000, "{:.0f}", 50
    )
    compare("frames a second, 200/s", runs, lambda run: run.frames, "{:.1f}")


async def section_keys(streams: Streams, *, quick: bool) -> None:
    """From key to echo."""
    case = Case("numbered", 1000 if quick else 2000, 200, typed=True)
    runs = await streams.run(case, RILL_APP, NAIVE)
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        compare(
            f"key -> echo, {name} ms, 200/s",
            runs,
            lambda run, share=share: percentile(run.echoes, share) * 1000,
            "{:.1f}",
            33 if name == "p95" else None,
        )


async def section_lag(streams: Streams, *, quick: bool) -> None:
    """How far the screen is behind at the end."""
    sizes = [(1000, 200), (1000, FULL_SPEED)] + [(2000, 200), (16_000, FULL_SPEED)] * (not quick)
    for count, rate in sizes:
        case = Case("mixed", count, rate)
        runs = await streams.run(case, RILL_APP, NAIVE, PRINT)
        compare(f"lag ms: {case.name}", runs, lambda run: run.lag * 1000, "{:.0f}")


async def section_memory(streams: Streams, *, quick: bool) -> None:
    """What stays resident."""
    case = Case("mixed", 1000 if quick else 16_000, FULL_SPEED)
    runs = await streams.run(case, RILL_APP, NAIVE, PRINT)
    compare(f"MiB after {case.name}", runs, lambda run: run.resident, "{:.0f}")


# Long conversations


def milliseconds(seconds: float) -> str:
    """Whole ones; `-` if nothing changed."""
    return "-" if math.isnan(seconds) else f"{seconds * 1000:.0f}"


async def section_conversations(server: LoopbackServer, rounds: int, *, quick: bool) -> None:
    """Long ones, the naive app only up to 1,000 messages."""
    opened: dict[int, float] = {}
    asked = {True, False}
    for count in (10, 1000) if quick else (10, 1000, 10_000):
        found: dict[bool, list[dict[str, Step | None]]] = {True: [], False: []}
        for _ in range(rounds):
            for is_rill in sorted(asked, reverse=True):
                if is_rill or count <= 1000:
                    found[is_rill].append(await read_conversation(server, count, is_rill=is_rill))
        asked -= {key for key, runs in found.items() if any(run["open"] is None for run in runs)}
        for name, words in STEPS.items():
            cells, values = [], []
            for runs in found.values():
                tried = [run[name] for run in runs if name in run]
                whole = [step for step in tried if step is not None]
                if whole:
                    values.append(statistics.median(step.seconds for step in whole))
                    cpu = statistics.median(step.cpu for step in whole)
                    cells.append(f"{milliseconds(values[-1])} / {cpu:.2f}")
                else:
                    values.append(math.nan)
                    cells.append(f"> {GIVE_UP:.0f} s" if tried else "-")
            if name == "open":
                opened[count] = values[0]
            ratio = values[0] / values[1]
            ratios = [] if math.isnan(ratio) else ["", f"{ratio:.3f}"]
            row(f"{count:,} messages: {words}, ms / CPU s", *cells, *ratios)
    largest = max(opened)
    ratio = opened[largest] / opened[10]
    row(f"opening {largest:,} messages ÷ 10", number(ratio), budget="1.5", met=ratio <= 1.5)


# The command

OF_STREAMS = {
    "stream": section_stream,
    "latency": section_latency,
    "keys": section_keys,
    "lag": section_lag,
    "memory": section_memory,
    "growth": section_growth,
}
SECTIONS = (*OF_STREAMS, "conversations")


async def measure(options: argparse.Namespace) -> None:
    print(f"{os.cpu_count()} cores, {COLUMNS}x{ROWS}, rounds: {options.rounds}")
    titles = "".join(f"{word:>13}" for word in ("rill", "naive", "print", "÷ naive", "÷ print"))
    print(f"{'':<50}{titles}  {'budget':<14}met?")
    chosen = options.only.split(",") if options.only else SECTIONS
    async with LoopbackServer() as server:
        streams = Streams(server, options.rounds)
        for name, section in OF_STREAMS.items():
            if name in chosen:
                await section(streams, quick=options.quick)
        if "conversations" in chosen:
            await section_conversations(server, options.rounds, quick=options.quick)


async def show_profile() -> None:
    """Where rill's own time goes, 2,000 tokens at 200 a second."""
    file = str(Path(tempfile.mkdtemp()) / "profile")
    async with LoopbackServer() as server:
        terminal = await begin(rill_with("--profile", file), server)
        pieces = wire_bytes(tokens("mixed", 2000))
        answer = asyncio.create_task(serve(server, pieces, 200))
        terminal.press("enter")
        await terminal.until(lambda: END.encode() in terminal.raw[-20_000:], 60)
        await answer
        await asyncio.sleep(GRACE)
        terminal.press("ctrl+q")
        await terminal.exit_code()
        await terminal.close()
    pstats.Stats(file).sort_stats("tottime").print_stats(25)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="NAME,…", help=", ".join(SECTIONS))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="fewer and smaller cases")
    parser.add_argument("--start", action="store_true", help="how long a start takes, too")
    parser.add_argument("--profile", action="store_true", help="only a profile of rill")
    options = parser.parse_args()
    if unknown := set(filter(None, options.only.split(","))) - set(SECTIONS):
        parser.error(f"--only knows {', '.join(SECTIONS)}, not {', '.join(unknown)}")
    if options.profile:
        asyncio.run(show_profile())
        return
    asyncio.run(measure(options))
    if options.start:
        asyncio.run(start_benchmark.measure(options.rounds))


if __name__ == "__main__":
    main()
