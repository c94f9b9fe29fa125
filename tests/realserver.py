"""What tests need that a machine may not have: a real model server, tmux.

`.ci/run` brings all of it and sets `RILL_REQUIRE_ALL=1`: there, what is missing fails.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

REAL_MODEL = "tiny"


def skip_without(what: str) -> NoReturn:
    """Skip the test because `what` is missing, or fail it where everything has to be there."""
    if os.environ.get("RILL_REQUIRE_ALL") == "1":
        pytest.fail(f"{what}, and RILL_REQUIRE_ALL=1 says that nothing may be skipped")
    pytest.skip(what)


def real_server_url() -> str:
    """The base URL of a real server that speaks the Messages API and has `REAL_MODEL`."""
    url = os.environ.get("RILL_REAL_URL", "")
    if not url:
        skip_without("no real model server: RILL_REAL_URL is not set (.ci/run starts one)")
    return url
