"""Ids for the calls of models that give them none."""

from __future__ import annotations

import hashlib
import json
from typing import Final

_MADE_UP: Final = "rill_"


def made_up_id(reply: str, name: str, number: int) -> str:
    """An id for the reply's call with this number, the same whenever the same bytes are read.

    `reply` is whatever tells this reply from others: a result finds its call by the id alone, so no
    two replies of a conversation may both have a call 0. All APIs take the characters.
    """
    told = hashlib.blake2b(json.dumps([reply, name]).encode(), digest_size=6).hexdigest()
    return f"{_MADE_UP}{told}_{number}"


def is_made_up(id_: str) -> bool:
    """Whether an id is one of ours, which the server has never seen."""
    return id_.startswith(_MADE_UP)
