"""`rill doctor`: what is well and what is not, a line each; with `--repair` it repairs what it can.

What is looked at stands in `tui.commands.checks`, and what is asked of the providers in
`tui.commands.provider_checks`.
"""

from __future__ import annotations

import sys
from contextlib import aclosing
from typing import TYPE_CHECKING

from tui.chat.hygiene import one_line
from tui.chat.wording import count_of
from tui.commands.at_once import run
from tui.commands.checks import CHECKS, Level, Patient
from tui.errors import HistoryError
from tui.output import BROKEN_PIPE, give_up_output, print_line
from tui.storage.checkup import open_to_others
from tui.storage.repair import make_private, repair

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tui.commands.checks import Finding
    from tui.launch import Access
    from tui.storage.repair import Repaired

_REPAIRABLE, _BAD = 1, 2


def examine_all(patient: Patient, *, wants_repair: bool, access: Access | None = None) -> int:
    """Print what all checks find, repair if wanted, and give back the exit code.

    With `access`, the providers are asked, too. Raises HistoryError if the repair is not possible.
    """
    try:
        findings = _report(patient)
        if wants_repair and any(finding.can_repair for finding in findings):
            print_line("")
            _repair(patient)
            print_line("")
            patient = Patient(patient.settings, patient.settings_are_named, patient.history)
            findings = _report(patient)
        elif wants_repair:
            print_line("There is nothing to repair.")
        if access is not None:
            return run(_ask_providers(access, patient.history, findings))
    except BrokenPipeError:
        give_up_output()
        return BROKEN_PIPE
    return _exit_code(findings)


def _exit_code(findings: Iterable[Finding]) -> int:
    if any(finding.can_repair for finding in findings):
        return _REPAIRABLE
    return _BAD if any(finding.level is Level.BAD for finding in findings) else 0


def _report(patient: Patient) -> list[Finding]:
    findings = []
    for check in CHECKS:
        for finding in check(patient):
            _print(finding)
            findings.append(finding)
    return findings


async def _ask_providers(access: Access, history: Path, findings: list[Finding]) -> int:
    # Imported here because httpx takes longer than all the other checks.
    from tui.commands.provider_checks import check_providers  # noqa: PLC0415

    async with aclosing(check_providers(access, history)) as checks:
        async for finding in checks:
            _print(finding)
            findings.append(finding)
    return _exit_code(findings)


def _print(finding: Finding) -> None:
    remedy = finding.remedy or ("rill doctor --repair repairs it" if finding.can_repair else "")
    sentence = f"{finding.sentence}; {remedy}" if remedy else finding.sentence
    end = "" if sentence.endswith("?") else "."
    print_line(f"{_mark(finding.level)} {one_line(sentence)}{end}")


def _mark(level: Level) -> str:
    encoding = (sys.stdout and sys.stdout.encoding) or "utf-8"
    try:
        level.value.encode(encoding)
    except UnicodeEncodeError:
        return {Level.GOOD: "ok", Level.BAD: "!!", Level.NOTE: "--"}[level]
    return level.value


def _repair(patient: Patient) -> None:
    path = patient.history
    if paths := open_to_others(path):
        make_private(paths)
        print_line(f"{count_of(len(paths), 'file or folder', 'files and folders')} made private.")
    try:
        found = patient.checkup
    except HistoryError:
        return  # the report has said why
    if found.is_sound:
        return
    repaired = repair(path, found)
    if repaired.is_new:
        print_line(_saved(repaired))
    print_line(f"How it was before is in {one_line(str(repaired.backup))}.")


def _saved(repaired: Repaired) -> str:
    saved = (
        f"{count_of(repaired.conversations, 'conversation')} with "
        f"{count_of(repaired.messages, 'message')} were saved into a new history"
    )
    if not repaired.lost_conversations and not repaired.lost_messages:
        return f"{saved}; none is known to be lost."
    lost = [
        count_of(count, noun)
        for count, noun in (
            (repaired.lost_conversations, "conversation"),
            (repaired.lost_messages, "message"),
        )
        if count
    ]
    return f"{saved}; lost are at least {' and '.join(lost)}."
