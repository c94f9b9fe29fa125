"""The conversations of this run, kept in memory, newest first."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.chat.conversation import Conversation


@dataclass(eq=False, slots=True)
class OpenConversation:
    """A conversation with what is only being typed: its draft, and prompts that wait their turn."""

    conversation: Conversation
    draft: str = ""
    waiting: list[str] = field(default_factory=list)

    @property
    def is_blank(self) -> bool:
        """Nothing was ever said, typed or left waiting in it."""
        return not (len(self.conversation) or self.draft.strip() or self.waiting)


class Conversations:
    """There is always a current one; closed ones can be brought back until the program ends."""

    def __init__(self, *, system: str = "") -> None:
        self._system = system
        self._closed: list[OpenConversation] = []
        self.current = OpenConversation(Conversation(system=system))
        self.all = [self.current]

    def start(self) -> OpenConversation:
        """Go to a new conversation; a blank one that is there already will do."""
        blank = next((each for each in self.all if each.is_blank), None)
        if blank is None:
            blank = OpenConversation(Conversation(system=self._system))
        return self.go_to(blank)

    def go_to(self, target: OpenConversation) -> OpenConversation:
        """Make `target` the current one; a blank one that is left behind is forgotten."""
        if self.current is not target and self.current.is_blank:
            self.all.remove(self.current)
        if target in self.all:
            self.all.remove(target)
        self.all.insert(0, target)
        self.current = target
        return target

    def close(self, target: OpenConversation) -> None:
        """Take `target` away; the current one is then the newest that is left, or a new one."""
        self.all.remove(target)
        if not target.is_blank:
            self._closed.append(target)
        if target is self.current:
            self.current = (
                self.all[0] if self.all else OpenConversation(Conversation(system=self._system))
            )
            self.go_to(self.current)

    @property
    def has_closed(self) -> bool:
        """Whether there is anything to bring back."""
        return bool(self._closed)

    def reopen(self) -> OpenConversation | None:
        """Bring back what was closed last and go to it; `None` if there is nothing."""
        return self.go_to(self._closed.pop()) if self._closed else None
