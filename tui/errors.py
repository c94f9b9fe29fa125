"""All exceptions that Rill raises itself; only the demo has some of its own.

    RillError
    ├── UsageError              a flag or argument that cannot be meant (exit code 2)
    ├── SettingsError           settings, environment or theme that cannot be used (exit code 2)
    │   └── KeyMissing          a provider wants a key, and there is none
    ├── HistoryError            the file of conversations cannot be used, or not be written
    ├── ArchiveUnreadable       what should be imported is damaged, or nothing that Rill knows
    ├── OutputFailed            a command cannot write what it should: a full disk, for instance
    └── WireError               anything between us and a server's bytes
        ├── ConnectionFailed    no answer was ever received: refused, unknown host, TLS, proxy
        ├── ConnectionLost      the connection broke while the answer was being read
        ├── ConnectionStalled   nothing arrived for the idle limit
        ├── AnswerUnreadable    the answer's bytes are not what its headers say they are
        ├── ServerRefused       the server answered with an HTTP status that is not a success
        └── EventTooLarge       one server-sent event outgrew its limit

Every message is one sentence for a person: what happened, where, and what to do if that is known.
Foreign exceptions are translated once, where they enter (`tui.wire.http`), with `raise … from`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class RillError(Exception):
    """The root of all of them; `str()` of it may be shown to a person as it is."""


class UsageError(RillError):
    """A flag or argument that cannot be meant."""


class SettingsError(RillError):
    """Settings, an environment variable or a theme file that cannot be used."""


class KeyMissing(SettingsError):
    """A provider wants a key and there is none; `provider` is its name."""

    def __init__(self, message: str, provider: str) -> None:
        super().__init__(message)
        self.provider = provider


class HistoryError(RillError):
    """The file of conversations cannot be used, or not be written.

    `passes` is true if it may go away by itself: a lock, a full disk.
    """

    def __init__(self, message: str, *, passes: bool = False) -> None:
        super().__init__(message)
        self.passes = passes


class ArchiveUnreadable(RillError):
    """A file, folder or zip of conversations that is damaged, or of no format that is known."""


class OutputFailed(RillError):
    """What a command has to write cannot be written to where it should go."""


class WireError(RillError):
    """Something between us and a server's bytes."""


class ConnectionFailed(WireError):
    """No answer was ever received."""


class ConnectionLost(WireError):
    """The connection broke while the answer was being read."""


class ConnectionStalled(WireError):
    """Nothing arrived for the idle limit.

    `seconds` is that limit.
    """

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class AnswerUnreadable(WireError):
    """The answer's bytes are not what its headers say they are, for instance not really gzip."""


class ServerRefused(WireError):
    """The server answered with an HTTP status that is not a success.

    `status` is the code, `headers` have lower-case names, `body` holds at most its first 64 KiB.
    """

    def __init__(self, message: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body = body


class EventTooLarge(WireError):
    """One server-sent event, or one line of it, outgrew its limit.

    `events` are those that were complete before it in the same chunk: they must not be lost.
    """

    def __init__(self, message: str, events: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.events = events
