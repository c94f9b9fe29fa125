"""The `rill` command: arguments in, an exit code out. Nothing heavy is imported before it must."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tui import __version__
from tui.errors import RillError, SettingsError, UsageError
from tui.hints import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.storage.settings import Settings

_CONFIG = {
    "path": "print where the settings are",
    "show": "print what counts, and where it comes from",
    "check": "look whether the settings are in order",
    "init": "write a settings file in which everything is explained",
    "edit": "open the settings in $VISUAL or $EDITOR, and check them",
}
# The words that are or will be commands: none of them may be taken for a prompt.
COMMANDS = ("ask", "config", "demo", "doctor", "export", "import", "models")
_FUTURE_COMMANDS = ("mcp", "replay", "themes")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Rill; the entry point of the `rill` command and of `python -m tui`."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    try:
        match argv[:1]:
            case ["ask"]:
                return _ask(_ask_parser().parse_args(argv[1:]))
            case ["config"]:
                return _config(argv[1:])
            case ["demo"]:
                return _demo(_demo_parser().parse_args(argv[1:]))
            case ["doctor"]:
                return _doctor(_doctor_parser().parse_args(argv[1:]))
            case ["export"]:
                return _export(_export_parser().parse_args(argv[1:]))
            case ["import"]:
                return _import(_import_parser().parse_args(argv[1:]))
            case ["models"]:
                return _models(_models_parser().parse_args(argv[1:]))
            case [word] if word in _FUTURE_COMMANDS:
                raise UsageError(f"rill {word} does not exist yet; see rill --help.")
            case _:
                return _app(_app_parser().parse_args(argv))
    except RillError as error:
        from tui.chat.hygiene import one_line  # noqa: PLC0415 - only what the command needs

        # What the user typed, or wrote into a file, is quoted in it, control characters and all.
        print(f"rill: {one_line(str(error))}", file=sys.stderr)  # noqa: T201 - the command line
        return 2
    except KeyboardInterrupt:
        return 130


def _app(args: argparse.Namespace) -> int:
    if args.prompt in {*COMMANDS, *_FUTURE_COMMANDS}:
        raise UsageError(f"A command comes first: rill {args.prompt}, then the flags.")
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("The app needs a terminal; without one use: rill ask PROMPT.")
    from tui.launch import find_opening, prepare  # noqa: PLC0415 - only what the command needs

    launch = prepare(args, os.environ, in_app=True)
    opening = find_opening(args, launch)
    from tui.ui.app import run_app  # noqa: PLC0415 - Textual takes most of the start

    run_app(launch, opening)
    return 0


def _ask(args: argparse.Namespace) -> int:
    prompt = _prompt(args.prompt)
    from tui.launch import find_opening, prepare  # noqa: PLC0415 - only what the command needs

    launch = prepare(args, os.environ)
    opening = find_opening(args, launch)
    from tui.ask import Output, ask  # noqa: PLC0415 - httpx takes most of the start

    wanted, output = opening.conversation_id, Output(args.output)
    return ask(launch, prompt, output, conversation_id=wanted, save=args.save)


def _config(argv: Sequence[str]) -> int:
    wanted = argv[0] if argv else "--help"
    if wanted.startswith("-"):
        _config_parser("").parse_args([wanted])
    if wanted not in _CONFIG:
        raise UsageError(f"rill config {wanted} is not known; {nearest(wanted, _CONFIG)}")
    args = _config_parser(wanted).parse_args(argv[1:])
    from tui import configuring  # noqa: PLC0415 - only what the command needs

    config = Path(args.config) if args.config else None
    match wanted:
        case "path":
            return configuring.print_path(config, os.environ)
        case "show":
            from tui.launch import prepare  # noqa: PLC0415 - as above

            launch = prepare(args, os.environ, in_app=True)
            return configuring.show(launch, args.model, os.environ, as_json=args.json)
        case "check":
            return configuring.check(config, os.environ, _check_look)
        case "init":
            return configuring.init(config, os.environ, force=args.force)
        case _:
            return configuring.edit(config, os.environ, _check_look)


def _check_look(settings: Settings, where: str) -> None:
    """Only the interface knows its themes and keys, and it is loaded only if some are set."""
    if settings.keys:
        from tui.ui.keymap import check_keymap  # noqa: PLC0415 - it takes most of a start

        check_keymap(settings.keys, where)
    if "theme" in settings.table.names():
        from tui.ui.theme_files import load_themes, themes_folder  # noqa: PLC0415 - as above

        names = [theme.name for theme in load_themes(themes_folder())]
        if settings.theme not in names:
            raise settings.table.wrong(
                "theme", f"is {settings.theme!r}, not known; {nearest(settings.theme, names)}"
            )


def _demo(args: argparse.Namespace) -> int:
    import asyncio  # noqa: PLC0415 - only what the command needs

    from tui.demo.command import serve  # noqa: PLC0415

    asyncio.run(serve(args.port, args.host, sys.stdout))
    return 0


def _doctor(args: argparse.Namespace) -> int:
    from tui.checks import Patient  # noqa: PLC0415 - only what the command needs
    from tui.doctor import examine_all  # noqa: PLC0415
    from tui.launch import read_access  # noqa: PLC0415
    from tui.storage.paths import config_file, history_file  # noqa: PLC0415

    settings = Path(args.config) if args.config else config_file(os.environ)
    patient = Patient(settings, bool(args.config), history_file(os.environ))
    access = None
    if not args.offline:
        with suppress(SettingsError):  # the checks say what is wrong with the settings
            access = read_access(args.config, os.environ)
    return examine_all(patient, wants_repair=args.repair, access=access)


def _export(args: argparse.Namespace) -> int:
    from tui.exporting import Wanted, export, print_list  # noqa: PLC0415 - as above
    from tui.storage.paths import history_file  # noqa: PLC0415

    history = history_file(os.environ)
    if args.list:
        return print_list(history)
    return export(Wanted(args.ids, args.all, args.format, args.output, args.force), history)


def _import(args: argparse.Namespace) -> int:
    from tui.importing import import_files  # noqa: PLC0415 - as above
    from tui.storage.paths import history_file  # noqa: PLC0415

    files = [Path(file) for file in args.files]
    return import_files(files, history_file(os.environ), again=args.again)


def _models(args: argparse.Namespace) -> int:
    from tui.launch import read_access  # noqa: PLC0415 - only what the command needs
    from tui.listing_models import Wanted, list_models  # noqa: PLC0415

    access = read_access(args.config, os.environ)
    wanted = Wanted(tuple(args.providers), args.refresh, args.offline, args.json)
    return list_models(access, wanted)


def _prompt(argument: str | None) -> str:
    """The prompt from the command line with standard input, if something is piped in, below it."""
    given = "" if argument in {None, "-"} else argument or ""
    piped = ""
    if sys.stdin is not None and not sys.stdin.isatty():
        piped = sys.stdin.buffer.read().decode("utf-8-sig", "replace").strip("\n")
    elif argument == "-":
        raise UsageError("'-' reads the prompt from standard input, but nothing is piped into it.")
    prompt = "\n\n".join(part for part in (given, piped) if part.strip())
    if not prompt:
        raise UsageError("There is no prompt: rill ask 'PROMPT', or pipe one in.")
    return prompt


class _Parser(argparse.ArgumentParser):
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


def _app_parser() -> _Parser:
    parser = _Parser(
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


def _ask_parser() -> _Parser:
    parser = _Parser(
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


def _config_parser(command: str) -> _Parser:
    parser = _Parser(
        prog=f"rill config {command}".rstrip(),
        usage=None if command else f"rill config {{{','.join(_CONFIG)}}} ...",
        description=f"{_CONFIG.get(command, 'find and change the settings').capitalize()}.",
        epilog=None if command else " · ".join(f"{each}: {_CONFIG[each]}" for each in _CONFIG),
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


def _demo_parser() -> _Parser:
    parser = _Parser(
        prog="rill demo",
        description="Serve the built-in demo, which speaks the Messages API, to any client.",
        allow_abbrev=False,
    )
    parser.add_argument("--port", type=_port, default=8808, help="0 picks a free one (8808)")
    parser.add_argument("--host", default="127.0.0.1", help="the address to serve on (127.0.0.1)")
    return parser


def _doctor_parser() -> _Parser:
    parser = _Parser(
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


def _export_parser() -> _Parser:
    parser = _Parser(
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


def _import_parser() -> _Parser:
    parser = _Parser(
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


def _models_parser() -> _Parser:
    parser = _Parser(
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
