"""What may stand on the command line: a parser for each command."""

from __future__ import annotations

import argparse
import os
from typing import NoReturn

from tui import __version__
from tui.errors import UsageError
from tui.hints import nearest

CONFIG_COMMANDS = {
    "path": "print where the settings are",
    "show": "print what counts, and where it comes from",
    "check": "look whether the settings are in order",
    "init": "write a settings file in which everything is explained",
    "edit": "open the settings in $VISUAL or $EDITOR, and check them",
}


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one sentence, with the flag that was probably meant."""

    def error(self, message: str) -> NoReturn:
        hint = ""
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message:
            flags = [flag for action in self._actions for flag in action.option_strings]
            hint = f"; {nearest(unknown.split()[0].partition('=')[0], flags)}"
        raise UsageError(f"{message}{hint} (see {self.prog} --help)")


def _text(argument: str) -> str:
    """An argument as UTF-8: bytes that are none would be lone surrogates, and cannot be sent."""
    return os.fsencode(argument).decode("utf-8", "replace")


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return number


def _no_retries(text: str) -> int:
    if text != "0":
        raise argparse.ArgumentTypeError(f"{text!r} is not 0: this version never retries by itself")
    return 0


def _port(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return number


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-m",
        "--model",
        type=_text,
        metavar="PROVIDER/MODEL",
        help="what to talk to, e.g. anthropic/NAME",
    )
    parser.add_argument("--system", type=_text, metavar="TEXT", help="the system prompt")
    parser.add_argument(
        "--max-tokens", type=_positive, metavar="N", help="the cap on a reply's tokens"
    )
    parser.add_argument(
        "--base-url", metavar="URL", help="another server that speaks the provider's API"
    )
    parser.add_argument("--config", metavar="FILE", help="read these settings instead")
    parser.add_argument(
        "--retries", type=_no_retries, default=0, metavar="N", help="0, the only choice yet: never"
    )


def _add_resuming(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "-c", "--continue", dest="last", action="store_true", help="go on in the last conversation"
    )
    which.add_argument(
        "-r",
        "--resume",
        type=_text,
        metavar="ID",
        help="go on in this one; its first digits will do",
    )


def app_parser() -> Parser:
    """`rill`: the app."""
    parser = Parser(
        prog="rill",
        description="A chat app for LLMs in the terminal.",
        epilog="commands: rill ask (one reply, no screen) · rill demo (a server to play with)"
        " · rill models (what there is to talk to) · rill config (the settings)"
        " · rill export, rill import (the history) · rill doctor (is all well?)",
        allow_abbrev=False,
    )
    parser.add_argument("prompt", nargs="?", type=_text, help="a first prompt, sent at once")
    parser.add_argument("--version", action="version", version=f"rill {__version__}")
    _add_resuming(parser)
    _add_common(parser)
    return parser


def ask_parser() -> Parser:
    """`rill ask`."""
    parser = Parser(
        prog="rill ask",
        description="Send one prompt, print the reply. Standard input is appended to the prompt.",
        epilog="exit codes: 0 complete · 2 usage · 3 cut by a limit · 4 refusal · 5 turn not "
        "finished (tool use, pause) · 6 truncated or stalled · 7 error · 130 interrupted",
        allow_abbrev=False,
    )
    parser.add_argument(
        "prompt", nargs="?", type=_text, help="the prompt; - or nothing: standard input"
    )
    parser.add_argument(
        "--output",
        choices=("text", "json", "stream-json"),
        default="text",
        help="text as it comes (default), one result object, or one object an event",
    )
    _add_resuming(parser)
    parser.add_argument(
        "--save", action="store_true", help="keep the prompt and the reply in the history"
    )
    _add_common(parser)
    return parser


def config_parser(command: str) -> Parser:
    """`rill config` and one of `CONFIG_COMMANDS`, or `""` for all of them."""
    all_of_them = " · ".join(f"{name}: {what}" for name, what in CONFIG_COMMANDS.items())
    parser = Parser(
        prog=f"rill config {command}".rstrip(),
        usage=None if command else f"rill config {{{','.join(CONFIG_COMMANDS)}}} ...",
        description=f"{CONFIG_COMMANDS.get(command, 'find and change the settings').capitalize()}.",
        epilog=None if command else all_of_them,
        allow_abbrev=False,
    )
    if command == "show":
        _add_common(parser)
        parser.add_argument("--json", action="store_true", help="one JSON object, for scripts")
    elif command:
        parser.add_argument("--config", metavar="FILE", help="these settings instead")
    if command == "init":
        parser.add_argument("--force", action="store_true", help="write over settings that exist")
    return parser


def demo_parser() -> Parser:
    """`rill demo`."""
    parser = Parser(
        prog="rill demo",
        description="Serve the built-in demo, which speaks the Messages API, to any client.",
        allow_abbrev=False,
    )
    parser.add_argument("--port", type=_port, default=8808, help="0 picks a free one (8808)")
    parser.add_argument("--host", default="127.0.0.1", help="the address to serve on (127.0.0.1)")
    return parser


def doctor_parser() -> Parser:
    """`rill doctor`."""
    parser = Parser(
        prog="rill doctor",
        description="Look whether settings and history are in order, and ask every provider for "
        "its models and a reply of one token. Nothing is changed.",
        epilog="exit codes: 0 all is well · 1 something that --repair repairs · 2 something else",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--repair", action="store_true", help="repair what can be, after copying what is there"
    )
    parser.add_argument("--offline", action="store_true", help="ask no provider")
    parser.add_argument("--config", metavar="FILE", help="look at these settings instead")
    return parser


def export_parser() -> Parser:
    """`rill export`."""
    parser = Parser(
        prog="rill export",
        description="Write conversations as Markdown, HTML, or JSON that imports without loss.",
        epilog="exit codes: 0 all of them · 1 but for damaged ones · 2 usage or output",
        allow_abbrev=False,
    )
    parser.add_argument(
        "ids", nargs="*", type=_text, metavar="ID", help="the beginning of an id, or: last"
    )
    parser.add_argument("--all", action="store_true", help="all conversations")
    parser.add_argument("--list", action="store_true", help="show ids, times and titles")
    parser.add_argument(
        "--format",
        choices=("markdown", "json", "html"),
        help="the default is what the suffix of the output says, else Markdown",
    )
    parser.add_argument(
        *("-o", "--output"),
        metavar="FILE|FOLDER",
        help="where to; several need a folder, but for JSON (standard output)",
    )
    parser.add_argument("--force", action="store_true", help="write over files that are there")
    return parser


def import_parser() -> Parser:
    """`rill import`."""
    parser = Parser(
        prog="rill import",
        description="Take conversations in: exports of Rill, ChatGPT and Claude (the zip, its "
        "folder, or the JSON in it) and the databases of elia and oterm. What is here already "
        "stays as it is and is not taken in twice.",
        epilog="exit codes: 0 all was read · 2 some was not · 130 interrupted; again goes on",
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file or folder")
    parser.add_argument(
        "--again", action="store_true", help="bring back what was deleted here, too"
    )
    return parser


def models_parser() -> Parser:
    """`rill models`."""
    parser = Parser(
        prog="rill models",
        description="List the models of all providers that there is a key or a server for. A list "
        "from elsewhere is not asked for again within ten minutes; when a provider cannot be "
        "reached, its last list is shown.",
        epilog="exit codes: 0 there is a list · 2 usage · 7 no provider gave one · 130 interrupted",
        allow_abbrev=False,
    )
    parser.add_argument(
        "providers", nargs="*", type=_text, metavar="PROVIDER", help="only of these"
    )
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--refresh", action="store_true", help="ask all of them now")
    when.add_argument("--offline", action="store_true", help="ask nobody, show what was kept")
    parser.add_argument("--json", action="store_true", help="print an array of objects")
    parser.add_argument("--config", metavar="FILE", help="read these settings instead")
    return parser
