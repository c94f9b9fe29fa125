"""Slash commands: what a prompt that begins with a slash means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tui.errors import UsageError
from tui.hints import nearest
from tui.ui.keys import BY_SLASH

if TYPE_CHECKING:
    from tui.ui.keys import Action

# A word alone: a path such as /usr/bin, or a sentence about one, is a prompt.
_COMMAND = re.compile(r"(/[a-z_]+)(?:[ \t]+([^\n]*))?", re.IGNORECASE)


def holds_secret(text: str) -> bool:
    """Whether it is, or may become, a command with a secret behind it, which nothing may keep."""
    words = text.split(maxsplit=1)
    action = BY_SLASH.get(words[0].lower()) if len(words) > 1 else None
    return action is not None and action.is_secret


def find_command(text: str) -> tuple[Action | None, str]:
    """The action that `text` is the command for, and what stands behind it; `None`: a prompt.

    Raises:
        UsageError: it looks like a command, but there is none of that name.
    """
    if not (match := _COMMAND.fullmatch(text.rstrip())):
        return None, ""
    word, argument = match.group(1).lower(), match.group(2) or ""
    action = BY_SLASH.get(word)
    if action and action.is_secret:
        return action, ""
    if argument and not (action and action.argument):
        return None, ""
    if action:
        return action, argument
    raise UsageError(
        f"There is no command {word}; {nearest(word, BY_SLASH)} A space before it sends it as text."
    )
