"""What the history gives and takes: conversations, and what belongs to them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.chat.hygiene import repair_surrogates

if TYPE_CHECKING:
    from tui.chat.conversation import Conversation
    from tui.chat.ending import Ending
    from tui.chat.events import ReplyEvent
    from tui.chat.message import Message
    from tui.chat.parameters import Choice


@dataclass(slots=True)
class Kept:
    """A conversation as it is kept. Times are in seconds since 1970.

    `waiting` are prompts that were sent while a reply was running and wait their turn. `origin`
    says where it was imported from, `chatgpt:ID` for instance: the same one is imported only once.
    """

    conversation: Conversation
    created_at: float = field(default_factory=time.time)
    updated_at: float = field(default_factory=time.time)
    is_pinned: bool = False
    draft: str = ""
    waiting: tuple[str, ...] = ()
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """All of a conversation but its messages, as it was at one moment.

    Without a `draft` and `waiting` those that are in the history stay there: nobody types here. So
    does the choice in it unless this one `is_chosen` here: another run may have chosen since.
    """

    id: str
    title: str
    given_title: str
    system: str
    head: str | None
    choice: Choice
    is_chosen: bool = field(compare=False)
    draft: str | None = None
    waiting: tuple[str, ...] | None = None

    @classmethod
    def of(
        cls,
        conversation: Conversation,
        draft: str | None = None,
        waiting: tuple[str, ...] | None = None,
        *,
        known: Choice | None = None,
    ) -> Sheet:
        """What there is now; `known` is the choice that the history had when it was last read."""
        # What came from the command line may not be text that can be written.
        return cls(
            conversation.id,
            repair_surrogates(conversation.title),
            repair_surrogates(conversation.given_title),
            repair_surrogates(conversation.system),
            conversation.head,
            conversation.choice,
            conversation.choice != known,
            None if draft is None else repair_surrogates(draft),
            None if waiting is None else tuple(map(repair_surrogates, waiting)),
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """A line in the list of conversations.

    `ending` is how its last reply ended, `None` if there is none. `is_running` is true while a
    Rill that is alive receives a reply in it.
    """

    id: str
    title: str
    model: str
    updated_at: float
    messages: int
    is_pinned: bool = False
    has_draft: bool = False
    ending: Ending | None = None
    is_running: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A message in which something was found.

    `excerpt` is one line of it, `marks` the parts of that line that were looked for, as pairs of
    the first character and the one after the last.
    """

    entry: Entry
    message_id: str
    excerpt: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class RunningElsewhere:
    """A reply that another run of Rill receives: how it began, and what came of it since.

    `journal` is the number of the last piece, to ask for what comes after it.
    """

    begun: Message
    parent: str
    process_id: int | None
    events: tuple[ReplyEvent, ...]
    journal: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A conversation from the file, at its change number `change`."""

    kept: Kept
    change: int
    running: RunningElsewhere | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What others did to a conversation after one change, up to `change`.

    `messages` are new or newer, with the ids of their parents. Title and choice are those that it
    has now, changed or not.
    """

    change: int
    given_title: str
    choice: Choice
    is_deleted: bool
    messages: tuple[tuple[Message, str | None], ...]
    removed: tuple[str, ...]
    running: RunningElsewhere | None = None
