"""What it costs to turn a stream's bytes into parsed events, beside `json.loads` alone.

    python tests/benchmarks/sse.py [--rounds N] [--quick]

Every cell is the time for `feed` plus `json.loads` of every event, divided by the time for
`json.loads` alone on the same payloads, measured in the same run (budget: 2.0). The first column is
that denominator in µs an event. A round runs every contestant once in turn; each keeps its best
round, because the machine is shared.

The baselines get the bytes as their own clients would hand them over: httpx-sse through its line
decoder, the SDKs through `iter_bytes`.
"""

from __future__ import annotations

import argparse
import codecs
import gc
import importlib
import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

from tui.wire.sse import SSEDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Decode = Callable[[list[bytes]], int]

WORDS = ["The", " rill", " runs", " down", " to", " the", " sea", ",", " näive", " 🌊", ".\\n\\n"]


def anthropic_block(number: int) -> bytes:
    word = WORDS[number % len(WORDS)]
    return (
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
        f'"delta":{{"type":"text_delta","text":"{word}"}}}}\n\n'
    ).encode()


def openai_block(number: int) -> bytes:
    word = WORDS[number % len(WORDS)]
    return (
        'data: {"id":"chatcmpl-BpZ7c2X7Onqpeq2squEF16HxoKVUWas5","object":"chat.completion.chunk",'
        '"created":1795424258,"model":"gpt-5","choices":[{"index":0,'
        f'"delta":{{"content":"{word}"}},"finish_reason":null}}]}}\n\n'
    ).encode()


def with_pings(number: int) -> bytes:
    if number % 5:
        return anthropic_block(number)
    ping = b': keep-alive\n\nevent: ping\ndata: {"type":"ping"}\n\n'
    return ping + anthropic_block(number)


def with_ids(number: int) -> bytes:
    return b"id: %d\n" % number + anthropic_block(number)


def with_two_data_lines(number: int) -> bytes:
    return anthropic_block(number).replace(b'"index"', b'\ndata: "index"')


def with_crlf(number: int) -> bytes:
    return anthropic_block(number).replace(b"\n", b"\r\n")


def tiny(_number: int) -> bytes:
    return b"data: {}\n\n"


def long_line(megabytes: int) -> list[bytes]:
    return [b'data: {"text":"' + b"0123456789abcdef" * (65_536 * megabytes) + b'"}\n\n']


# Contestants: each takes the chunks and returns how many events it parsed.


def ours(chunks: list[bytes]) -> int:
    decoder = SSEDecoder()
    loads = json.loads
    count = 0
    for chunk in chunks:
        for event in decoder.feed(chunk):
            loads(event.data)
            count += 1
    decoder.close()
    return count


def httpx_sse_decode() -> Decode:
    module = importlib.import_module("httpx_sse._decoders")
    lines_of, events_of = module.SSELineDecoder, module.SSEDecoder

    def decode(chunks: list[bytes]) -> int:
        text_of = codecs.getincrementaldecoder("utf-8")("replace")  # as httpx's iter_text
        lines, events = lines_of(), events_of()
        count = 0
        for chunk in chunks:
            for line in lines.decode(text_of.decode(chunk)):
                event = events.decode(line.rstrip("\n"))
                if event is not None and event.data:
                    json.loads(event.data)
                    count += 1
        return count

    return decode


def sdk_decode(package: str) -> Callable[[], Decode]:
    def load() -> Decode:
        decoder = importlib.import_module(f"{package}._streaming").SSEDecoder

        def decode(chunks: list[bytes]) -> int:
            count = 0
            for event in decoder().iter_bytes(iter(chunks)):
                if event.data:
                    json.loads(event.data)
                    count += 1
            return count

        return decode

    return load


BASELINES: dict[str, Callable[[], Decode]] = {
    "httpx-sse": httpx_sse_decode,
    "anthropic": sdk_decode("anthropic"),
    "openai": sdk_decode("openai"),
}


def contestants() -> Iterator[tuple[str, Decode]]:
    yield "rill", ours
    for name, load in BASELINES.items():
        try:
            yield name, load()
        except (ImportError, AttributeError) as error:
            print(f"{name} is left out: {error}")


def in_pieces(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


def best_times(tasks: list[Callable[[], object]], rounds: int) -> list[float]:
    best = [float("inf")] * len(tasks)
    gc.collect()
    gc.freeze()  # else every full collection walks our own list of a million payloads
    for _ in range(rounds):
        for number, task in enumerate(tasks):
            gc.collect()
            start = time.perf_counter()
            task()
            best[number] = min(best[number], time.perf_counter() - start)
    gc.unfreeze()
    return best


def loads_all(payloads: list[str]) -> None:
    for payload in payloads:
        json.loads(payload)


def measure(
    title: str, blocks: list[bytes], sizes: Iterable[int], players: dict[str, Decode], rounds: int
) -> None:
    body = b"".join(blocks)
    payloads = [event.data for event in SSEDecoder().feed(body)]
    for size in sizes:
        chunks = in_pieces(body, size) if size else blocks
        tasks: list[Callable[[], object]] = [partial(loads_all, payloads)]
        for decode in players.values():
            if decode(chunks) != len(payloads):
                raise SystemExit(f"{title}: not every contestant found {len(payloads)} events")
            tasks.append(partial(decode, chunks))
        alone, *times = best_times(tasks, rounds)
        label = f"{size:,} B" if size else "1 event"
        cells = "".join(f"{spent / alone:>11.2f}" for spent in times)
        print(f"{title:<22}{label:>10}{alone / len(payloads) * 1e6:>10.2f}{cells}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="a fifth of the events")
    options = parser.parse_args()
    events = 2_000 if options.quick else 10_000
    players = dict(contestants())
    print(f"{'payload':<22}{'chunk':>10}{'json µs':>10}" + "".join(f"{n:>11}" for n in players))

    usual = (0, 1_024, 16_384, 65_536)
    kinds = {
        "Anthropic deltas": anthropic_block,
        "OpenAI chunks": openai_block,
        "with pings, comments": with_pings,
        "with CRLF": with_crlf,
        "with id lines": with_ids,
        "two data lines": with_two_data_lines,
    }
    for title, block in kinds.items():
        measure(title, [block(n) for n in range(events)], usual, players, options.rounds)
    for title, block in list(kinds.items())[:2]:
        few = [block(n) for n in range(events // 10)]
        measure(title, few, (7, 1), players, min(options.rounds, 5))

    # Linear or not: more bytes must leave the ratio as it is. With all events in one chunk the list
    # that feed returns grows long, and what rises slowly is the garbage collector's share.
    for number in (events * 10, events * 100):
        blocks = [tiny(n) for n in range(number)]
        measure(f"{number:,} tiny", blocks, (65_536, len(b"".join(blocks))), players, 2)
    for megabytes in (1, 2, 4):
        title = f"one line of {megabytes} MB"
        measure(title, long_line(megabytes), (64, 1_024, 65_536), players, 2)


if __name__ == "__main__":
    main()
