"""Which model of each provider was used last, by the newest replies."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from tests.histories import ask, fill, talk
from tui.storage.reading_out import open_unchanged
from tui.storage.reads import recent_models

if TYPE_CHECKING:
    from pathlib import Path


def models(path: Path) -> dict[str, str]:
    with closing(open_unchanged(path)) as db:
        return recent_models(db)


def say(path: Path, message: str, provider: str, model: str) -> None:
    """Let a reply be another model's."""
    ask(
        path,
        f"UPDATE message SET reply = json_set(reply, '$.provider', '{provider}', '$.model',"
        f" '{model}') WHERE id = (SELECT id FROM message WHERE role = 'assistant'"
        f" AND id LIKE '{message}%')",
    )


def test_it_is_the_newest_of_each_provider(path: Path) -> None:
    fill(path, [talk("alpha"), talk("beta")])
    say(path, "alpha-0", "ollama", "old")
    say(path, "alpha-1", "ollama", "new")
    say(path, "beta-0", "gemini", "only")
    assert models(path) == {"ollama": "new", "gemini": "only", "anthropic": "model-1"}


def test_what_is_deleted_or_damaged_counts_for_nothing(path: Path) -> None:
    fill(path, [talk("alpha")])
    say(path, "alpha-0", "ollama", "kept")
    ask(path, "UPDATE message SET reply = '{\"provider' WHERE id LIKE 'alpha-1%' AND reply <> ''")
    assert models(path) == {"ollama": "kept"}
    ask(path, "INSERT INTO deletion (at, by, conversation) VALUES (1, 'x', 'x')")
    ask(path, "UPDATE message SET deletion = 1")
    assert models(path) == {}
