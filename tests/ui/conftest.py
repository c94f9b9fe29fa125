"""What only the interface's tests need."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tui.chat.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def skip_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Call it with seconds: replies that begin in this test believe that they have passed."""
    skipped = 0.0

    def skip(seconds: float) -> None:
        nonlocal skipped
        skipped += seconds

    monkeypatch.setitem(Reply.__init__.__kwdefaults__, "clock", lambda: time.monotonic() + skipped)
    return skip
