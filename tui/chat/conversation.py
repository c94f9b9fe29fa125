"""A conversation is a tree of messages, and one path through it that is being read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.hygiene import one_line
from tui.chat.message import Role, new_id
from tui.chat.parameters import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tui.chat.message import Message

TITLE_LENGTH = 60


class Conversation:
    """A tree of messages.

    Nothing is ever overwritten: an edited prompt and a reply that is asked for again become
    siblings of the old one. `path()` runs from the first message to the head.

    One that is read from a file may be known only in part (`is_whole` is false): then the end of
    its path is there, with all siblings of what is there, and `add` brings the rest.
    """

    def __init__(self, *, id: str | None = None, system: str = "", title: str = "") -> None:  # noqa: A002 - the field's own name
        self.id = id or new_id()
        self.system = system
        self.choice = Choice()
        self.title = title
        self.is_whole = True
        self.beginning = ""  # of the first prompt, while not all is known
        self._messages: dict[str, Message] = {}
        self._parent: dict[str, str | None] = {}
        self._children: dict[str | None, list[str]] = {}
        self._head: str | None = None
        self._automatic: tuple[str | None, str] | None = None
        """The head that the automatic title was made for, and the title: drafts ask often."""

    def __len__(self) -> int:
        return len(self._messages)

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._messages

    def __getitem__(self, message_id: str) -> Message:
        return self._messages[message_id]

    @property
    def title(self) -> str:
        """The given title, else the beginning of the first prompt, as one safe line."""
        if self._title:
            return self._title
        if not self.is_whole:
            return self.beginning
        if self._automatic is None or self._automatic[0] != self._head:
            prompts = (message.text for message in self.path() if message.role is Role.USER)
            self._automatic = self._head, one_line(next(prompts, ""), TITLE_LENGTH)
        return self._automatic[1]

    @title.setter
    def title(self, title: str) -> None:
        self._title = one_line(title, TITLE_LENGTH)

    @property
    def given_title(self) -> str:
        """The title that somebody has given it; `""` if nobody has."""
        return self._title

    @property
    def last_model(self) -> str:
        """The `provider/model` of the last reply that is being read, `""` if there is none."""
        for message in reversed(self.path()):
            if message.role is Role.ASSISTANT and message.provider and message.model:
                return f"{message.provider}/{message.model}"
        return ""

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

    def rewind(self, message_id: str | None) -> None:
        """Go back so that the conversation goes on from `message_id`; what followed it stays.

        `None` is before the first message.
        """
        self._head = None if message_id is None else self._messages[message_id].id

    def select(self, message_id: str) -> None:
        """Read the branch through `message_id`, to the newest end of it."""
        head = self._messages[message_id].id
        while children := self._children.get(head):
            head = children[-1]
        self._head = head

    def path(self) -> tuple[Message, ...]:
        """The messages being read, first to last; the end of them if not all are known."""
        path = []
        at = self._head
        while at in self._messages:
            path.append(self._messages[at])
            at = self._parent[at]
        return tuple(reversed(path))

    def siblings(self, message_id: str) -> Sequence[str]:
        """The ids of the alternatives at this place, oldest first, `message_id` among them."""
        return tuple(self._children[self._parent[message_id]])

    def children(self, message_id: str) -> Sequence[str]:
        """The ids of what was said after a message, oldest first."""
        return tuple(self._children.get(message_id, ()))

    def parent(self, message_id: str) -> str | None:
        """The id of the message before; `None` for a first one."""
        return self._parent[message_id]

    def messages(self) -> Iterator[tuple[Message, str | None]]:
        """All messages with the ids of their parents, parents first, siblings oldest first."""
        return self._branch(self._children.get(None, []))

    def add(self, messages: Iterable[tuple[Message, str | None]]) -> None:
        """Add messages with the ids of their parents, siblings oldest first.

        The head stays where it is, and what is known already stays as it is. `ValueError` if a
        message is its own ancestor: such a tree has no path.
        """
        for message, parent in messages:
            if message.id not in self._messages:
                if parent == message.id:
                    raise ValueError(f"message {message.id} is its own parent")
                self._add(message, parent)

    def replace(self, message: Message) -> None:
        """Put a newer state of a message in the place of the older one."""
        self._messages[self._messages[message.id].id] = message
        self._automatic = None

    def remove(self, message_id: str) -> int:
        """Take a message out, with all that follows it; gives back how many these are.

        If it was being read, the sibling before it is read instead, else the one after it; without
        siblings the conversation goes on from the message before it.
        """
        parent = self._parent[message_id]
        siblings = self._children[parent]
        index = siblings.index(message_id)
        removed = [message.id for message, _ in self._branch([message_id])]
        for id_ in removed:
            del self._messages[id_], self._parent[id_]
            self._children.pop(id_, None)
        del siblings[index]
        self._automatic = None
        if self._head is not None and self._head not in self._messages:
            self._head = parent
            if siblings:
                self.select(siblings[max(0, index - 1)])
        return len(removed)

    def _branch(self, ids: Sequence[str]) -> Iterator[tuple[Message, str | None]]:
        waiting = list(reversed(ids))
        while waiting:
            at = waiting.pop()
            yield self._messages[at], self._parent[at]
            waiting += reversed(self._children.get(at, []))

    def _add(self, message: Message, parent: str | None) -> None:
        if message.id in self._messages:
            raise ValueError(f"message {message.id} is already in the conversation")
        self._automatic = None
        self._messages[message.id] = message
        self._parent[message.id] = parent
        self._children.setdefault(parent, []).append(message.id)
