"""The `rill` command: arguments in, an exit code out. Nothing heavy is imported before it must."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tui.arguments import (
    CONFIG_COMMANDS,
    app_parser,
    ask_parser,
    config_parser,
    demo_parser,
    doctor_parser,
    export_parser,
    import_parser,
    models_parser,
)
from tui.errors import RillError, SettingsError, UsageError
from tui.hints import nearest

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from tui.storage.settings import Settings

# The words that are or will be commands: none of them may be taken for a prompt.
COMMANDS = ("ask", "config", "demo", "doctor", "export", "import", "models")
_FUTURE_COMMANDS = ("mcp", "replay", "themes")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Rill; the entry point of the `rill` command and of `python -m tui`."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    try:
        match argv[:1]:
            case ["ask"]:
                return _ask(ask_parser().parse_args(argv[1:]))
            case ["config"]:
                return _config(argv[1:])
            case ["demo"]:
                return _demo(demo_parser().parse_args(argv[1:]))
            case ["doctor"]:
                return _doctor(doctor_parser().parse_args(argv[1:]))
            case ["export"]:
                return _export(export_parser().parse_args(argv[1:]))
            case ["import"]:
                return _import(import_parser().parse_args(argv[1:]))
            case ["models"]:
                return _models(models_parser().parse_args(argv[1:]))
            case [word] if word in _FUTURE_COMMANDS:
                raise UsageError(f"rill {word} does not exist yet; see rill --help.")
            case _:
                return _app(app_parser().parse_args(argv))
    except RillError as error:
        from tui.chat.hygiene import one_line  # noqa: PLC0415 - only what the command needs

        # What the user typed, or wrote into a file, is quoted in it, control characters and all.
        print(f"rill: {one_line(str(error))}", file=sys.stderr)  # noqa: T201 - the command line
        return 2
    except KeyboardInterrupt:
        return 130


def _app(args: Namespace) -> int:
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


def _ask(args: Namespace) -> int:
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
        config_parser("").parse_args([wanted])
    if wanted not in CONFIG_COMMANDS:
        raise UsageError(f"rill config {wanted} is not known; {nearest(wanted, CONFIG_COMMANDS)}")
    args = config_parser(wanted).parse_args(argv[1:])
    from tui.commands import config  # noqa: PLC0415 - only what the command needs

    path = Path(args.config) if args.config else None
    match wanted:
        case "path":
            return config.print_path(path, os.environ)
        case "show":
            from tui.launch import prepare  # noqa: PLC0415 - as above

            launch = prepare(args, os.environ, in_app=True)
            return config.show(launch, args.model, os.environ, as_json=args.json)
        case "check":
            return config.check(path, os.environ, _check_look)
        case "init":
            return config.init(path, os.environ, force=args.force)
        case _:
            return config.edit(path, os.environ, _check_look)


def _check_look(settings: Settings) -> None:
    """Only the interface knows its themes and keys, and it is loaded only if some are set."""
    if settings.keys:
        from tui.ui.keymap import check_keymap  # noqa: PLC0415 - it takes most of a start

        check_keymap(settings.keys, settings.table)
    if "theme" in settings.table.names():
        from tui.ui.theme_files import (  # noqa: PLC0415 - as above
            check_theme,
            load_themes,
            themes_folder,
        )

        check_theme(settings, load_themes(themes_folder()))


def _demo(args: Namespace) -> int:
    import asyncio  # noqa: PLC0415 - only what the command needs

    from tui.demo.command import serve  # noqa: PLC0415

    asyncio.run(serve(args.port, args.host, sys.stdout))
    return 0


def _doctor(args: Namespace) -> int:
    from tui.commands.checks import Patient  # noqa: PLC0415 - only what the command needs
    from tui.commands.doctor import examine_all  # noqa: PLC0415
    from tui.launch import read_access  # noqa: PLC0415
    from tui.storage.paths import config_file, history_file  # noqa: PLC0415

    settings = Path(args.config) if args.config else config_file(os.environ)
    patient = Patient(settings, bool(args.config), history_file(os.environ))
    access = None
    if not args.offline:
        with suppress(SettingsError):  # the checks say what is wrong with the settings
            access, _ = read_access(args.config, os.environ)
    return examine_all(patient, wants_repair=args.repair, access=access)


def _export(args: Namespace) -> int:
    from tui.commands.exporting import Wanted, export, print_list  # noqa: PLC0415 - as above
    from tui.storage.paths import history_file  # noqa: PLC0415

    history = history_file(os.environ)
    if args.list:
        return print_list(history)
    return export(Wanted(args.ids, args.all, args.format, args.output, args.force), history)


def _import(args: Namespace) -> int:
    from tui.commands.importing import import_files  # noqa: PLC0415 - as above
    from tui.storage.paths import history_file  # noqa: PLC0415

    files = [Path(file) for file in args.files]
    return import_files(files, history_file(os.environ), again=args.again)


def _models(args: Namespace) -> int:
    from tui.commands.models import Wanted, list_models  # noqa: PLC0415
    from tui.launch import read_access  # noqa: PLC0415 - only what the command needs

    access, _ = read_access(args.config, os.environ)
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
