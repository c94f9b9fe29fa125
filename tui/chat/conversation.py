"""A conversation is a tree of messages, and one path through it that is being read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.hygiene import one_line
from tui.chat.message import Role, new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.chat.message import Message

TITLE_LENGTH = 60


class Conversation:
    """A tree of messages.

    Nothing is ever overwritten: an edited prompt and a reply that is asked for again become
    siblings of the old one. `path()` runs from the first message to the head.
    """

    def __init__(self, *, id: str | None = None, system: str = "", title: str = "") -> None:  # noqa: A002 - the field's own name
        self.id = id or new_id()
        self.system = system
        self.title = title
        self._messages: dict[str, Message] = {}
        self._parent: dict[str, str | None] = {}
        self._children: dict[str | None, list[str]] = {}
        self._head: str | None = None

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def title(self) -> str:
        """The given title, else the beginning of the first prompt, as one safe line."""
        if self._title:
            return self._title
        for message in self.path():
            if message.role is Role.USER:
                return one_line(message.text, TITLE_LENGTH)
        return ""

    @title.setter
    def title(self, title: str) -> None:
        self._title = one_line(title, TITLE_LENGTH)

    @property
    def head(self) -> str | None:
        """The id of the message that the conversation goes on from."""
        return self._head

    def append(self, message: Message, *, parent: str | None = None) -> None:
        """Add a message under `parent`, by default under the head.

        The head moves along only if it stood at the parent: a reply that ends after the reader went
        to another branch is kept without pulling the reader back.
        """
        parent = self._head if parent is None else self._messages[parent].id
        self._add(message, parent)
        if self._head == parent:
            self._head = message.id

    def branch(self, message_id: str, message: Message) -> None:
        """Add `message` as a sibling of `message_id` (an edit, another try) and go on from it."""
        self._add(message, self._parent[message_id])
        self._head = message.id

    def rewind(self, message_id: str) -> None:
        """Go back so that the conversation goes on from `message_id`; what followed it stays."""
        self._head = self._messages[message_id].id

    def select(self, message_id: str) -> None:
        """Read the branch through `message_id`, to the newest end of it."""
        head = self._messages[message_id].id
        while children := self._children.get(head):
            head = children[-1]
        self._head = head

    def path(self) -> tuple[Message, ...]:
        """The messages being read, first to last."""
        path = []
        at = self._head
        while at is not None:
            path.append(self._messages[at])
            at = self._parent[at]
        return tuple(reversed(path))

    def siblings(self, message_id: str) -> Sequence[str]:
        """The ids of the alternatives at this place, oldest first, `message_id` among them."""
        return tuple(self._children[self._parent[message_id]])

    def _add(self, message: Message, parent: str | None) -> None:
        if message.id in self._messages:
            raise ValueError(f"message {message.id} is already in the conversation")
        self._messages[message.id] = message
        self._parent[message.id] = parent
        self._children.setdefault(parent, []).append(message.id)
