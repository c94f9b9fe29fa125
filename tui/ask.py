"""`rill ask`: one prompt in, one reply out, an exit code to trust (DESIGN section 6)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import aclosing
from enum import IntEnum, StrEnum
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

from tui.chat.ending import CancelledBy, Outcome, StopReason
from tui.chat.events import (
    BlockStopped,
    CitationAdded,
    ReplyStarted,
    TextDelta,
    ThinkingDelta,
    ToolInputDelta,
    ToolUseStarted,
    UsageReported,
)
from tui.chat.hygiene import VisiblePieces
from tui.chat.message import Message
from tui.chat.reply import Reply
from tui.chat.wording import ending_sentence
from tui.errors import OutputFailed, UsageError
from tui.kept_turn import KeptTurn
from tui.output import complain, give_up_output, leave_now
from tui.providers.stream_reply import stream_reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from tui.chat.ending import Ending
    from tui.chat.events import ReplyEvent
    from tui.chat.message import ToolUsePart, Usage
    from tui.launch import Launch
    from tui.session import Session


class Output(StrEnum):
    """What `--output` may be."""

    TEXT = "text"
    JSON = "json"
    STREAM_JSON = "stream-json"


class ExitCode(IntEnum):
    """What the process ends with."""

    OK = 0
    USAGE = 2
    LIMIT = 3
    REFUSAL = 4
    UNFINISHED_TURN = 5
    CUT = 6
    ERROR = 7
    HANG_UP = 128 + signal.SIGHUP
    INTERRUPTED = 128 + signal.SIGINT
    BROKEN_PIPE = 128 + signal.SIGPIPE
    TERMINATED = 128 + signal.SIGTERM


_SIGNALS = {
    signal.SIGINT: CancelledBy.INTERRUPT,
    signal.SIGTERM: CancelledBy.TERMINATED,
    signal.SIGHUP: CancelledBy.HANG_UP,
}
_CANCELLED_CODES = {
    CancelledBy.TERMINATED: ExitCode.TERMINATED,
    CancelledBy.HANG_UP: ExitCode.HANG_UP,
    CancelledBy.BROKEN_PIPE: ExitCode.BROKEN_PIPE,
}


def ask(
    launch: Launch,
    prompt: str,
    output: Output,
    *,
    conversation_id: str | None = None,
    save: bool = False,
) -> int:
    """Send `prompt`, print the reply and return the exit code.

    With a `conversation_id` it goes on in that one, with `save` a new one is kept.

    Raises `SettingsError`, `HistoryError`, and `UsageError` if there is no standard output.
    """
    if sys.stdout is None:
        raise UsageError("There is no standard output to write the reply to.")
    if isinstance(sys.stdout, TextIOWrapper):
        # What the output's encoding cannot say must not end a reply. In JSON under UTF-8 that can
        # only be a lone surrogate, and a backslash escape is how JSON spells one.
        sys.stdout.reconfigure(errors="replace" if output is Output.TEXT else "backslashreplace")
    try:
        return asyncio.run(_ask(launch, prompt, output, conversation_id, save=save))
    except OutputFailed as error:
        give_up_output()
        complain(str(error))
        return ExitCode.ERROR


def exit_code(ending: Ending) -> ExitCode:
    """The exit code that tells a script how the reply ended.

    Only an end that is known to be one gives 0: a stop reason that is missing, or that Rill does
    not know, may mean that there was more to come.
    """
    match ending.outcome:
        case Outcome.COMPLETE:
            return {
                StopReason.END_TURN.value: ExitCode.OK,
                StopReason.STOP_SEQUENCE.value: ExitCode.OK,
                StopReason.MAX_TOKENS.value: ExitCode.LIMIT,
                StopReason.CONTEXT_WINDOW_EXCEEDED.value: ExitCode.LIMIT,
                StopReason.REFUSAL.value: ExitCode.REFUSAL,
            }.get(ending.stop_reason or "", ExitCode.UNFINISHED_TURN)
        case Outcome.TRUNCATED | Outcome.STALLED | Outcome.INTERRUPTED:
            return ExitCode.CUT
        case Outcome.ERROR:
            wrong_settings = ending.error is not None and ending.error.type == "settings_error"
            return ExitCode.USAGE if wrong_settings else ExitCode.ERROR
        case Outcome.CANCELLED:
            by = ending.cancelled_by or CancelledBy.INTERRUPT
            return _CANCELLED_CODES.get(by, ExitCode.INTERRUPTED)


async def _ask(
    launch: Launch, prompt: str, output: Output, conversation_id: str | None, *, save: bool
) -> int:
    turn = await KeptTurn.open(launch, conversation_id, save=save)
    async with launch.open() as session:
        target = turn.target
        options = target.options
        reply = Reply(provider=target.provider, model=options.model, limit=options.limit)
        printer = _PRINTERS[output](sys.stdout, reply)
        if target.is_demo:
            complain("this is the built-in demo, not a model")
        for name in target.unsent:
            complain(f"{name} is not sent: {target.provider} ({target.api}) has no place for it")
        worker = asyncio.create_task(_stream(session, turn, prompt, reply, printer))
        _cancel_on_signals(worker, reply)
        await asyncio.wait({worker})
        try:
            if not worker.cancelled():
                worker.result()
            code = _finish(reply, printer)
        finally:  # it is kept as it came, whatever becomes of the output
            if trouble := turn.close(reply.message()):
                complain(trouble)
    if not reply.request_sent:
        # The host's name may still be looked up. A thread does that, nothing can stop it, and a
        # regular exit would wait for it.
        leave_now(code)
    return code


def _cancel_on_signals(worker: asyncio.Task[None], reply: Reply) -> None:
    """The first signal ends the reply and keeps its text; a second one ends the program at once.

    Not `loop.add_signal_handler`: that waits for the loop, which may be stuck writing into a pipe
    that nobody reads; and every gentler way out would have to flush into that pipe. A signal that
    our parent has us ignore (`nohup`) stays ignored.
    """
    loop = asyncio.get_running_loop()
    seen: list[int] = []

    def cancel(by: CancelledBy) -> None:
        reply.cancel(by)
        worker.cancel()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if seen or loop.is_closed():
            os._exit(128 + number)
        seen.append(number)
        loop.call_soon_threadsafe(cancel, _SIGNALS[signal.Signals(number)])

    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, on_signal)


async def _stream(
    session: Session, turn: KeptTurn, prompt: str, reply: Reply, printer: _Printer
) -> None:
    provider = await session.connect(turn.target)
    turn.begin(Message.from_user(prompt), reply)
    async with aclosing(
        stream_reply(provider, turn.conversation, turn.target.options, session.http)
    ) as events:
        async for event in events:
            if reply.ending is not None:
                return
            reply.apply(event)
            turn.note(event)
            try:
                printer.show(event)
            except BrokenPipeError:
                reply.cancel(CancelledBy.BROKEN_PIPE)
                return
            except OutputFailed:
                reply.cancel(CancelledBy.OUTPUT)
                raise


def _finish(reply: Reply, printer: _Printer) -> int:
    message = reply.message()
    assert message.ending is not None  # noqa: S101 - a reply that was watched to its end has one
    code = exit_code(message.ending)
    try:
        printer.finish(message)
    except BrokenPipeError:
        code = ExitCode.BROKEN_PIPE
    if code == ExitCode.BROKEN_PIPE:
        give_up_output()
    elif not message.ended_plainly:
        complain(ending_sentence(message))
    return code


class _Printer:
    """Shows a reply while it comes (`show`) and when it has ended (`finish`)."""

    def __init__(self, out: TextIO, reply: Reply) -> None:
        self._out = out
        self._reply = reply

    def show(self, event: ReplyEvent) -> None:
        """Print what one event brought."""

    def finish(self, message: Message) -> None:
        """Print what comes last."""

    def _line(self, value: object) -> None:
        is_utf8 = self._out.encoding.lower() in {"utf-8", "utf8"}
        self._write(json.dumps(value, ensure_ascii=not is_utf8) + "\n")

    def _write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputFailed(f"The output cannot be written: {error.strerror}.") from error


class _TextPrinter(_Printer):
    """The text as it comes: raw into a pipe, harmless on a terminal."""

    def __init__(self, out: TextIO, reply: Reply) -> None:
        super().__init__(out, reply)
        self._visible = VisiblePieces() if out.isatty() else None
        self._last = "\n"

    def show(self, event: ReplyEvent) -> None:
        if isinstance(event, TextDelta):
            visible = self._visible
            self._write(event.text if visible is None else visible.push(event.text))
            self._last = event.text[-1]

    def finish(self, message: Message) -> None:  # noqa: ARG002 - the other printers need it
        if self._visible is not None:
            self._write(self._visible.flush())
        if self._last != "\n":
            self._write("\n")


class _JsonPrinter(_Printer):
    """The result object, once, at the end."""

    def finish(self, message: Message) -> None:
        self._line(_result(message))


class _StreamJsonPrinter(_JsonPrinter):
    """One JSON object a line for each event; a tool call when its input is whole, or at the end."""

    def __init__(self, out: TextIO, reply: Reply) -> None:
        super().__init__(out, reply)
        self._open_calls: dict[int, str] = {}

    def show(self, event: ReplyEvent) -> None:
        for line in self._lines(event):
            self._line(line)

    def finish(self, message: Message) -> None:
        for block in list(self._open_calls):
            for line in self._call(block):
                self._line(line)
        super().finish(message)

    def _lines(self, event: ReplyEvent) -> Iterator[dict[str, object]]:
        match event:
            case ReplyStarted(id_, model):
                yield {"type": "reply_started", "id": id_, "model": model}
            case TextDelta(text):
                yield {"type": "text_delta", "text": text}
            case ThinkingDelta(text):
                yield {"type": "thinking_delta", "text": text}
            case CitationAdded(citation):
                yield {"type": "citation", "citation": citation.raw}
            case ToolUseStarted(id_, name, _, block):
                self._open_calls[block] = id_
                yield {"type": "tool_use_started", "id": id_, "name": name}
            case ToolInputDelta(partial_json, block):
                id_ = self._open_calls.get(block)
                yield {"type": "tool_input_delta", "id": id_, "partial_json": partial_json}
            case BlockStopped(block) if block in self._open_calls:
                yield from self._call(block)
            case UsageReported(usage):
                yield {"type": "usage", "usage": _counts(usage)}

    def _call(self, block: int) -> Iterator[dict[str, object]]:
        del self._open_calls[block]
        if (call := self._reply.tool_call(block)) is not None:
            yield {"type": "tool_use", **_tool_call(call)}


_PRINTERS = {
    Output.TEXT: _TextPrinter,
    Output.JSON: _JsonPrinter,
    Output.STREAM_JSON: _StreamJsonPrinter,
}


def _result(message: Message) -> dict[str, object]:
    ending = message.ending
    assert ending is not None  # noqa: S101 - printed only at the end
    error = ending.error
    return {
        "type": "result",
        "outcome": ending.outcome,
        "stop_reason": ending.stop_reason,
        "stop_sequence": ending.stop_sequence,
        "text": message.text,
        "thinking": message.thinking,
        "tool_calls": [_tool_call(call) for call in message.tool_calls],
        "usage": _counts(message.usage),
        "error": None
        if error is None
        else {
            "type": error.type,
            "message": error.message,
            "request_id": error.request_id,
            "retryable": error.retryable,
        },
        "model": message.served_model or message.model,
        "id": message.reply_id,
    }


def _tool_call(call: ToolUsePart) -> dict[str, object]:
    return {"id": call.id, "name": call.name, "input": call.input}


def _counts(usage: Usage) -> dict[str, int]:
    """The counts that are known, under their canonical names."""
    counts = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_creation_input_tokens": usage.cache_creation_input_tokens,
        "cache_read_input_tokens": usage.cache_read_input_tokens,
        "thinking_tokens": usage.thinking_tokens,
    }
    return {name: count for name, count in counts.items() if count is not None}
