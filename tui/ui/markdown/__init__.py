"""Text so far → finished blocks and one open block → lines."""

from __future__ import annotations

from functools import cache
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.ui.markdown.document import Document


def new_document() -> Document:
    """An empty document. With the first one the parser is loaded, which a start can do without."""
    from tui.ui.markdown.document import Document  # noqa: PLC0415 - 30 ms

    return Document()


@cache
def warm_up() -> None:
    """Load, aside, what the first reply will need: the parser, and the colours of code."""
    Thread(target=_load, daemon=True).start()


def _load() -> None:
    from tui.ui.markdown import document, highlight  # noqa: F401, PLC0415 - see `new_document`

    highlight.load("python")
