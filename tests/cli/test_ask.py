"""`rill ask` as scripts see it: its output, its exit code, and what signals and pipes do to it."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.loopback import SAFETY_NET, sse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.cli.conftest import Rill, Running
    from tests.loopback import Exchange, FullQueue, LoopbackServer

RESULT: dict[str, Any] = {
    "type": "result",
    "outcome": "complete",
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "text": "Hello.",
    "thinking": "",
    "tool_calls": [],
    "usage": {"input_tokens": 5, "output_tokens": 7},
    "error": None,
    "model": "loopback-1",
    "id": "msg_loopback",
}


async def asked(
    rill: Rill, server: LoopbackServer, *arguments: str, **more: Any
) -> tuple[Running, Exchange]:
    running = await rill.start("ask", "Hi?", *arguments, **more)
    return running, await server.next_exchange()


# The three outputs


async def test_text_appears_as_it_comes(connected: Rill, loopback: LoopbackServer) -> None:
    running, exchange = await asked(connected, loopback)
    for piece in ("Hel", "lo, ", "wörld", "\n\nand 🙂"):
        await exchange.text(piece)
        await running.read(piece.encode())
    await exchange.finish()
    finished = await running.end()
    assert finished.code == 0
    assert finished.out.decode() == "Hello, wörld\n\nand 🙂\n"
    assert finished.err == ""
    await loopback.all_closed()


async def test_a_text_that_ends_its_last_line_gets_no_other_line_end(
    connected: Rill, loopback: LoopbackServer
) -> None:
    running, exchange = await asked(connected, loopback)
    await exchange.text("one\n")
    await exchange.finish()
    assert (await running.end()).out == b"one\n"


async def test_thinking_is_not_part_of_the_text(connected: Rill, loopback: LoopbackServer) -> None:
    running, exchange = await asked(connected, loopback)
    await exchange.text("Yes")
    block = {"type": "thinking", "thinking": ""}
    await exchange.event("content_block_start", {"index": 1, "content_block": block})
    delta = {"type": "thinking_delta", "thinking": "hmm"}
    await exchange.event("content_block_delta", {"index": 1, "delta": delta})
    await exchange.finish()
    assert (await running.end()).out == b"Yes\n"


async def test_json_is_the_result_object_alone(connected: Rill, loopback: LoopbackServer) -> None:
    running, exchange = await asked(connected, loopback, "--output", "json")
    await exchange.text("Hel", "lo.")
    await exchange.finish()
    finished = await running.end()
    assert finished.lines == [RESULT]
    assert list(finished.lines[0]) == list(RESULT)
    assert (finished.code, finished.err) == (0, "")


async def test_stream_json_is_a_line_an_event_as_it_comes_and_then_the_result(
    connected: Rill, loopback: LoopbackServer
) -> None:
    running, exchange = await asked(connected, loopback, "--output", "stream-json")
    await exchange.text("Hel")
    await running.read(
        b'{"type": "reply_started", "id": "msg_loopback", "model": "loopback-1"}\n'
        b'{"type": "usage", "usage": {"input_tokens": 5, "output_tokens": 1}}\n'
        b'{"type": "text_delta", "text": "Hel"}\n'
    )
    await exchange.text("lo.")
    await running.read(b'{"type": "text_delta", "text": "lo."}\n')
    await exchange.finish()
    finished = await running.end()
    assert finished.lines[3:] == [
        {"type": "text_delta", "text": "lo."},
        {"type": "usage", "usage": {"output_tokens": 7}},
        RESULT,
    ]
    assert (finished.code, finished.err) == (0, "")


async def test_stream_json_shows_thinking_and_tools(
    connected: Rill, loopback: LoopbackServer
) -> None:
    running, exchange = await asked(connected, loopback, "--output", "stream-json")
    await _think_and_call(exchange, whole=True)
    await exchange.finish("tool_use")
    finished = await running.end()
    call = {"id": "tool_1", "name": "look", "input": {"at": "ü"}}
    assert [line for line in finished.lines if line["type"] not in {"usage", "result"}] == [
        {"type": "thinking_delta", "text": "hmm"},
        {"type": "tool_use_started", "id": "tool_1", "name": "look"},
        {"type": "tool_input_delta", "id": "tool_1", "partial_json": '{"at": '},
        {"type": "tool_input_delta", "id": "tool_1", "partial_json": '"ü"}'},
        {"type": "tool_use", **call},
    ]
    result = finished.lines[-1]
    assert (result["thinking"], result["tool_calls"]) == ("hmm", [call])
    assert finished.code == 5
    assert finished.complaints == ["wants to use look; Rill cannot run tools yet"]


async def test_a_tool_call_that_was_cut_has_no_input(
    connected: Rill, loopback: LoopbackServer
) -> None:
    running, exchange = await asked(connected, loopback, "--output", "stream-json")
    await _think_and_call(exchange, whole=False)
    await exchange.half_close()
    finished = await running.end()
    call = {"id": "tool_1", "name": "look", "input": None}
    assert finished.lines[-2] == {"type": "tool_use", **call}
    assert finished.lines[-1]["tool_calls"] == [call]
    assert finished.code == 6


async def _think_and_call(exchange: Exchange, *, whole: bool) -> None:
    thinking = {"type": "thinking", "thinking": ""}
    await exchange.event("content_block_start", {"index": 0, "content_block": thinking})
    delta: dict[str, object] = {"type": "thinking_delta", "thinking": "hmm"}
    await exchange.event("content_block_delta", {"index": 0, "delta": delta})
    await exchange.event("content_block_stop", {"index": 0})
    tool = {"type": "tool_use", "id": "tool_1", "name": "look", "input": {}}
    await exchange.event("content_block_start", {"index": 1, "content_block": tool})
    for piece in ('{"at": ', '"ü"}')[: 2 if whole else 1]:
        delta = {"type": "input_json_delta", "partial_json": piece}
        await exchange.event("content_block_delta", {"index": 1, "delta": delta})
    if whole:
        await exchange.event("content_block_stop", {"index": 1})


# How it ended


@pytest.mark.parametrize(
    ("reason", "code", "sentence"),
    [
        ("stop_sequence", 0, "stopped at the stop sequence “END”"),
        ("max_tokens", 3, "cut off at the token limit: max_tokens 77, set by --max-tokens"),
        ("model_context_window_exceeded", 3, "the context window is full"),
        ("refusal", 4, "the model declined"),
        ("tool_use", 5, "wants to use a tool"),
        ("pause_turn", 5, "paused by the server (pause_turn)"),
        ("something_new", 5, "stop reason: something_new"),
    ],
)
async def test_the_exit_code_tells_the_stop_reason(
    connected: Rill, loopback: LoopbackServer, reason: str, code: int, sentence: str
) -> None:
    running, exchange = await asked(connected, loopback, "--max-tokens", "77")
    assert exchange.json()["max_tokens"] == 77
    await exchange.text("Well")
    await exchange.finish(reason, stop_sequence="END" if reason == "stop_sequence" else None)
    finished = await running.end()
    assert finished.code == code
    assert finished.out == b"Well\n"
    assert len(finished.complaints) == 1
    assert finished.complaints[0].startswith(sentence)


async def test_a_reply_without_a_stop_reason_is_not_taken_for_a_good_one(
    connected: Rill, loopback: LoopbackServer
) -> None:
    running, exchange = await asked(connected, loopback)
    await exchange.text("Well")
    await exchange.event("message_stop", {})
    finished = await running.end()
    assert finished.code == 5
    assert finished.complaints == ["ended without a stop reason"]


@pytest.mark.parametrize("how", ["end", "half_close", "reset"])
async def test_a_cut_gives_6_and_keeps_the_text(
    connected: Rill, loopback: LoopbackServer, how: str
) -> None:
    running, exchange = await asked(connected, loopback)
    await exchange.text("Half a sent")
    await running.read(b"Half a sent")
    await getattr(exchange, how)()
    finished = await running.end()
    assert (finished.code, finished.out) == (6, b"Half a sent\n")
    assert len(finished.complaints) == 1
    assert finished.complaints[0].startswith("connection closed early after 11 characters")


async def test_silence_gives_6(connected: Rill, loopback: LoopbackServer) -> None:
    connected.write_config("idle_timeout = 0.3")
    running, exchange = await asked(connected, loopback, "--output", "json")
    await exchange.text("Half")
    finished = await running.end()
    assert finished.code == 6
    assert finished.complaints == ["silent for 0.3 s, so given up; 4 characters kept"]
    assert finished.lines == [
        {
            **RESULT,
            "outcome": "stalled",
            "stop_reason": None,
            "text": "Half",
            "usage": {"input_tokens": 5, "output_tokens": 1},
        }
    ]
    await exchange.wait_closed()


async def test_an_error_mid_stream_gives_7_and_the_servers_words(
    connected: Rill, loopback: LoopbackServer
) -> None:
    running, exchange = await asked(connected, loopback, "--output", "json")
    await exchange.head(headers={"Request-Id": "req_1"})
    await exchange.text("So far")
    await exchange.event("error", {"error": {"type": "overloaded_error", "message": "Busy"}})
    finished = await running.end()
    assert finished.code == 7
    assert finished.complaints == ["Busy (overloaded_error, request req_1)"]
    assert finished.lines[0]["outcome"] == "error"
    assert finished.lines[0]["text"] == "So far"
    assert finished.lines[0]["error"] == {
        "type": "overloaded_error",
        "message": "Busy",
        "request_id": "req_1",
        "retryable": True,
    }


async def _html(exchange: Exchange) -> None:
    await exchange.respond(200, "<!doctype html>\n<h1>Hello</h1>", content_type="text/html")


async def _document(exchange: Exchange) -> None:
    await exchange.respond(200, '{"id": "msg_1", "content": []}')


async def _plain_500(exchange: Exchange) -> None:
    await exchange.respond(500, "out of order\n\x1b[31mred", content_type="text/plain")


async def _unauthorized(exchange: Exchange) -> None:
    error = '{"error": {"type": "authentication_error", "message": "invalid x-api-key"}}'
    await exchange.respond(401, error, headers={"Request-Id": "req_2"})


async def _vanished(exchange: Exchange) -> None:
    await exchange.reset()


async def _malformed(exchange: Exchange) -> None:
    await exchange.send(b"event: message_start\ndata: {\n\n")


@pytest.mark.parametrize("output", ["text", "json", "stream-json"])
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (_html, "no event stream"),
        (_document, "one JSON document"),
        (_plain_500, "HTTP 500 Internal Server Error: out of order ␛[31mred"),
        (_unauthorized, "invalid x-api-key (authentication_error, HTTP 401, request req_2)"),
        (_vanished, "closed the connection without an answer"),
        (_malformed, "Malformed event"),
    ],
)
async def test_an_answer_that_is_no_reply_gives_7_and_one_sentence(
    connected: Rill,
    loopback: LoopbackServer,
    answer: Callable[[Exchange], Awaitable[None]],
    words: str,
    output: str,
) -> None:
    running, exchange = await asked(connected, loopback, "--output", output)
    await answer(exchange)
    finished = await running.end()
    assert finished.code == 7
    assert len(finished.complaints) == 1
    assert words in finished.complaints[0]
    if output == "text":
        assert finished.out == b""
    else:
        assert [line["outcome"] for line in finished.lines] == ["error"]
    assert loopback.unanswered() == 0


@pytest.mark.parametrize(
    ("base_url", "words"),
    [
        ("http://127.0.0.1:1", "connection refused"),
        ("https://nosuch.invalid", "is unknown"),
        ("https://" + "a" * 64 + ".invalid", "base URL"),
    ],
)
async def test_a_server_that_cannot_be_reached_gives_7_and_one_sentence(
    rill: Rill, base_url: str, words: str
) -> None:
    rill.talks_to(base_url)
    finished = await rill.run("ask", "Hi?")
    assert (finished.code, finished.out) == (7, b"")
    assert len(finished.complaints) == 1
    assert words in finished.complaints[0]


async def test_tls_with_a_plain_server_gives_7_and_one_sentence(
    rill: Rill, loopback: LoopbackServer
) -> None:
    rill.talks_to(loopback.base_url.replace("http://", "https://"))
    running = await rill.start("ask", "Hi?")
    connection = await loopback.accepted()
    await connection.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    finished = await running.end()
    assert finished.code == 7
    assert len(finished.complaints) == 1
    assert "is it a plain http:// server?" in finished.complaints[0]


# The prompt


@pytest.mark.parametrize(
    ("arguments", "stdin", "prompt"),
    [
        (("What?",), None, "What?"),
        (("What?",), b"", "What?"),
        (("What?",), b"the file\n", "What?\n\nthe file"),
        ((), b"only piped\n", "only piped"),
        (("-",), b"\n  piped, with - \n\n", "  piped, with - "),
        (("",), b"empty argument", "empty argument"),
        (("What?",), "\ufeffWindows ü\r\n".encode(), "What?\n\nWindows ü\r"),
        (("What?",), b"no \xff UTF-8", "What?\n\nno \ufffd UTF-8"),
        (("--system", "Be brief", "ask"), None, "ask"),
    ],
)
async def test_standard_input_is_appended_to_the_prompt(
    connected: Rill,
    loopback: LoopbackServer,
    arguments: tuple[str, ...],
    stdin: bytes | None,
    prompt: str,
) -> None:
    running = asyncio.create_task(connected.run("ask", *arguments, stdin=stdin))
    exchange = await loopback.next_exchange()
    assert exchange.json()["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": prompt}]}
    ]
    assert exchange.json().get("system") == ("Be brief" if "--system" in arguments else None)
    await exchange.text("ok")
    await exchange.finish()
    assert (await running).code == 0


async def test_an_argument_that_is_not_utf8_does_not_crash(
    connected: Rill, loopback: LoopbackServer
) -> None:
    running = await connected.start("ask", os.fsdecode(b"caf\xe9"))
    exchange = await loopback.next_exchange()
    assert exchange.json()["messages"][0]["content"][0]["text"] == "caf\ufffd"
    await exchange.text("ok")
    await exchange.finish()
    assert (await running.end()).code == 0


async def test_a_model_whose_name_is_not_utf8_does_not_crash(
    connected: Rill, loopback: LoopbackServer
) -> None:
    running = await connected.start("ask", "-m", os.fsdecode(b"anthropic/x\xff"), "Hi?")
    exchange = await loopback.next_exchange()
    assert exchange.json()["model"] == "x\ufffd"
    await exchange.text("ok")
    await exchange.finish()
    assert (await running.end()).code == 0


@pytest.mark.parametrize("stdin", [None, b"", b"\n \n"])
@pytest.mark.parametrize("arguments", [(), ("",), ("  ",), ("-",)])
async def test_no_prompt_is_wrong_usage(
    connected: Rill,
    loopback: LoopbackServer,
    arguments: tuple[str, ...],
    stdin: bytes | None,
) -> None:
    finished = await connected.run("ask", *arguments, stdin=stdin)
    assert finished.code == 2
    assert finished.complaints == ["There is no prompt: rill ask 'PROMPT', or pipe one in."]
    assert loopback.connections == []


# Signals


SIGNALS = [
    (signal.SIGINT, 130, "stopped by you"),
    (signal.SIGTERM, 143, "stopped: the program was asked to end"),
    (signal.SIGHUP, 129, "stopped: the terminal hung up"),
]


@pytest.mark.parametrize(("number", "code", "sentence"), SIGNALS)
async def test_a_signal_mid_stream_keeps_the_text_and_closes_the_request(
    connected: Rill, loopback: LoopbackServer, number: signal.Signals, code: int, sentence: str
) -> None:
    running, exchange = await asked(connected, loopback)
    await exchange.text("Half a")
    await running.read(b"Half a")
    running.signal(number)
    await exchange.wait_closed()
    finished = await running.end()
    assert (finished.code, finished.out) == (code, b"Half a\n")
    assert finished.complaints == [sentence]


@pytest.mark.parametrize(("number", "code", "sentence"), SIGNALS)
async def test_a_signal_before_the_answer_closes_the_request(
    connected: Rill, loopback: LoopbackServer, number: signal.Signals, code: int, sentence: str
) -> None:
    running, exchange = await asked(connected, loopback)
    running.signal(number)
    await exchange.wait_closed()
    finished = await running.end()
    assert (finished.code, finished.out, finished.complaints) == (code, b"", [sentence])


@pytest.mark.parametrize("output", ["json", "stream-json"])
async def test_an_interrupted_reply_still_gives_its_result(
    connected: Rill, loopback: LoopbackServer, output: str
) -> None:
    running, exchange = await asked(connected, loopback, "--output", "stream-json")
    await exchange.text("Half a")
    assert running.process.stdout is not None
    while b"text_delta" not in (line := await running.process.stdout.readline()):
        assert line
    running.signal(signal.SIGINT)
    await exchange.wait_closed()
    finished = await running.end()
    assert finished.code == 130
    result = finished.lines[-1]
    assert (result["outcome"], result["text"]) == ("cancelled", "Half a")
    assert (result["stop_reason"], result["error"]) == (None, None)


async def test_an_interrupted_json_reply_prints_the_result_object(
    connected: Rill, loopback: LoopbackServer
) -> None:
    running, exchange = await asked(connected, loopback, "--output", "json")
    await exchange.head()
    running.signal(signal.SIGINT)
    await exchange.wait_closed()
    finished = await running.end()
    assert finished.code == 130
    assert [line["outcome"] for line in finished.lines] == ["cancelled"]


async def test_two_signals_in_a_row_close_the_request_too(
    connected: Rill, loopback: LoopbackServer
) -> None:
    running, exchange = await asked(connected, loopback)
    await exchange.text("Half a")
    await running.read(b"Half a")
    running.signal(signal.SIGINT)
    running.signal(signal.SIGINT)
    await exchange.wait_closed()
    assert (await running.end()).code == 130


async def test_an_interrupt_while_connecting_ends_it(rill: Rill, no_entrance: FullQueue) -> None:
    rill.talks_to(no_entrance.base_url)
    running = await rill.start("ask", "Hi?")
    await no_entrance.knocked()
    running.signal(signal.SIGINT)
    finished = await running.end()
    assert (finished.code, finished.out, finished.complaints) == (130, b"", ["stopped by you"])
    assert no_entrance.knocking() == 0


async def test_an_interrupt_while_a_host_is_looked_up_does_not_wait_for_that(
    rill: Rill, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW_LOOKUP)
    rill.talks_to("https://model.invalid")
    running = await rill.start("ask", "Hi?", environment={"PYTHONPATH": str(tmp_path)})
    assert running.process.stderr is not None
    assert await running.process.stderr.readline() == b"looking up\n"
    running.signal(signal.SIGINT)
    finished = await running.end()
    assert (finished.code, finished.complaints) == (130, ["stopped by you"])


SLOW_LOOKUP = """
import os, socket, threading

def look_up(*_, **__):
    os.write(2, b"looking up\\n")
    threading.Event().wait()

socket.getaddrinfo = look_up
"""


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
async def test_a_signal_that_is_ignored_on_purpose_stays_ignored(
    connected: Rill, loopback: LoopbackServer, number: signal.Signals
) -> None:
    """`nohup rill ask …`, and background jobs of scripts."""
    running, exchange = await asked(
        connected, loopback, preexec_fn=lambda: signal.signal(number, signal.SIG_IGN)
    )
    await exchange.text("Half")
    await running.read(b"Half")
    running.signal(number)
    await exchange.text(" and half")
    await running.read(b" and half")
    await exchange.finish()
    assert (await running.end()).code == 0


# Pipes, files and terminals


async def _write_for_ever(exchange: Exchange) -> None:
    while not exchange.closed.is_set():
        await exchange.text("x" * 10_000)


@pytest.mark.parametrize("output", ["text", "stream-json"])
async def test_a_reader_that_goes_away_ends_the_request_without_a_word(
    connected: Rill, loopback: LoopbackServer, output: str
) -> None:
    """`rill ask … | head -1`."""
    ours, theirs = os.pipe()
    running, exchange = await asked(connected, loopback, "--output", output, stdout=theirs)
    os.close(theirs)
    await exchange.text("one line\n")
    assert b"{" in await _read(ours) if output == "stream-json" else await _read(ours)
    os.close(ours)
    await _write_for_ever(exchange)
    finished = await running.end()
    assert (finished.code, finished.err) == (141, "")


async def test_a_reader_that_goes_away_before_the_result_ends_it_without_a_word(
    connected: Rill, loopback: LoopbackServer
) -> None:
    ours, theirs = os.pipe()
    running, exchange = await asked(connected, loopback, "--output", "json", stdout=theirs)
    os.close(theirs)
    os.close(ours)
    await exchange.text("x")
    await exchange.finish()
    finished = await running.end()
    assert (finished.code, finished.err) == (141, "")


async def test_a_second_interrupt_ends_it_even_if_nobody_reads_its_output(
    connected: Rill, loopback: LoopbackServer
) -> None:
    ours, theirs = os.pipe()
    running, exchange = await asked(connected, loopback, stdout=theirs)
    os.close(theirs)
    writing = asyncio.create_task(_write_for_ever(exchange))
    await _until_blocked(running)
    async with asyncio.timeout(SAFETY_NET):
        while not exchange.closed.is_set():
            with suppress(ProcessLookupError):
                running.signal(signal.SIGINT)
            await asyncio.sleep(0)
    finished = await running.end()
    assert finished.code == 130
    await writing
    os.close(ours)


async def _until_blocked(running: Running) -> None:
    """Until the process waits for its pipe: the kernel says what it is waiting in."""
    async with asyncio.timeout(SAFETY_NET):
        while not _waits_for_a_pipe(running.process.pid):  # noqa: ASYNC110
            await asyncio.sleep(0)


def _waits_for_a_pipe(process: int) -> bool:
    wait_channel = Path(f"/proc/{process}/wchan")
    if not wait_channel.exists():
        pytest.skip("needs a Linux that tells what a process waits for")
    return "pipe" in wait_channel.read_text(encoding="ascii")


async def _read(descriptor: int) -> bytes:
    """What can be read, once there is something; empty at the end."""
    async with asyncio.timeout(SAFETY_NET):
        return await asyncio.to_thread(os.read, descriptor, 65_536)


async def test_output_that_cannot_be_written_is_told_in_one_sentence(
    connected: Rill, loopback: LoopbackServer
) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    running, exchange = await asked(connected, loopback, stdout=full)
    os.close(full)
    await exchange.text("x")
    await exchange.wait_closed()
    finished = await running.end()
    assert finished.code == 7
    assert finished.complaints == ["The output cannot be written: No space left on device."]


async def test_without_a_standard_output_nothing_is_asked(
    connected: Rill, loopback: LoopbackServer
) -> None:
    finished = await connected.run("ask", "Hi?", preexec_fn=lambda: os.close(1))
    assert finished.code == 2
    assert len(finished.complaints) == 1
    assert loopback.connections == []


CONTROLS = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil"


async def test_controls_are_raw_in_a_pipe(connected: Rill, loopback: LoopbackServer) -> None:
    running, exchange = await asked(connected, loopback)
    await exchange.text(CONTROLS)
    await exchange.finish()
    assert (await running.end()).out.decode() == CONTROLS + "\n"


async def test_controls_are_harmless_on_a_terminal(
    connected: Rill, loopback: LoopbackServer
) -> None:
    ours, theirs = pty.openpty()
    running, exchange = await asked(connected, loopback, stdout=theirs)
    await exchange.text(CONTROLS, "\ttab\n", "end")
    await exchange.finish("max_tokens")
    finished = await running.end()
    os.close(theirs)
    shown = await _read_all(ours)
    assert shown == "␛]0;owned␇␛[2J\ufffd31m\ufffdevil\ttab\r\nend\r\n"
    assert finished.code == 3


async def _read_all(terminal: int) -> str:
    shown = b""
    try:
        while piece := await _read(terminal):
            shown += piece
    except OSError:  # how Linux says that the other side of a terminal is closed
        pass
    os.close(terminal)
    return shown.decode()


@pytest.mark.parametrize("output", ["text", "json", "stream-json"])
async def test_lone_surrogates_do_not_crash(
    connected: Rill, loopback: LoopbackServer, output: str
) -> None:
    running, exchange = await asked(connected, loopback, "--output", output)
    await exchange.text("a\ud83d", "\ude42b", "\ud83d")
    await exchange.send(
        sse(
            "content_block_delta",
            {
                "index": 0,
                "delta": {
                    "type": "citations_delta",
                    "citation": {"type": "x\ud800", "cited_text": "\udfff"},
                },
            },
        )
    )
    tool = {"type": "tool_use", "id": "\ud800", "name": "\udc00", "input": {"\ud800": "\ud801"}}
    await exchange.event("content_block_start", {"index": 1, "content_block": tool})
    await exchange.event("content_block_stop", {"index": 1})
    await exchange.finish("\ud800")
    finished = await running.end()
    assert finished.code == 5
    if output == "text":
        assert finished.out.decode() == "a🙂b\ufffd\n"
    else:
        assert finished.lines[-1]["text"] == "a🙂b\ufffd"


@pytest.mark.parametrize("output", ["text", "json", "stream-json"])
@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "LANG": "C"},
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1:strict"},
    ],
    ids=lambda environment: " ".join(environment.values()),
)
async def test_an_output_that_has_no_such_letters_does_not_crash(
    connected: Rill, loopback: LoopbackServer, environment: dict[str, str], output: str
) -> None:
    running, exchange = await asked(
        connected, loopback, "--output", output, environment=environment
    )
    await exchange.text("naïve 🙂")
    await exchange.finish("ünknown")
    finished = await running.end()
    assert finished.code == 5
    assert finished.out.startswith(b"na" if output == "text" else b"{")
    if output != "text":
        assert finished.lines[-1]["text"] == "naïve 🙂"


# Its start


async def test_it_talks_to_the_demo_when_nothing_is_configured(rill: Rill) -> None:
    finished = await rill.run("ask", "burst 20")
    assert finished.code == 0
    assert len(finished.out) > 10
    assert finished.complaints == ["this is the built-in demo, not a model"]
