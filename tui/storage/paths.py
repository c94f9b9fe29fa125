"""Where Rill's files are, by the XDG base directory specification."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def config_file(environment: Mapping[str, str]) -> Path:
    """The user's settings; it need not exist."""
    base = environment.get("XDG_CONFIG_HOME", "")
    # The specification: a relative path there is to be ignored.
    root = Path(base) if base.startswith("/") else Path.home() / ".config"
    return root / "rill" / "config.toml"
