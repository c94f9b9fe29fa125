"""Models on this machine, for somebody who has no other yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.session import Session


@dataclass(frozen=True, slots=True)
class Nearby:
    """A server that was found, and its first model as `provider/model`."""

    name: str
    model: str


async def look_around(session: Session) -> Nearby | None:
    """The first server on loopback that has a model."""
