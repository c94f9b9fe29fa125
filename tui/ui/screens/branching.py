"""Branches of a conversation: to begin one by editing a prompt, to walk them, to delete one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.chat.message import Role
from tui.ui.keys import first_key
from tui.ui.screens.keeping import KeepingScreen

if TYPE_CHECKING:
    from tui.chat.message import Message


@dataclass(frozen=True, slots=True)
class _Editing:
    """The prompt that is being changed, and the draft that stood in the box before."""

    message: Message
    draft: str


class BranchingScreen(KeepingScreen):
    """Does something with the message that is singled out, else with the last one it fits."""

    _editing: _Editing | None = None

    # Singling out

    def action_previous_message(self) -> None:
        """Single out the message before."""
        self.set_focus(self.transcript)
        self.transcript.mark(-1)

    def action_next_message(self) -> None:
        """Single out the message after."""
        self.set_focus(self.transcript)
        self.transcript.mark(1)

    def on_descendant_focus(self) -> None:
        """The keys for a marked message are letters where one writes."""
        self.show_marked()

    def show_marked(self) -> None:
        """Say which message is singled out, and what can be done with it."""
        message = self.transcript.marked_message
        if message is None or self.focused is not self.transcript:
            self.status.marked = ""
            return
        is_prompt = message.role is Role.USER
        words = ["prompt marked" if is_prompt else "reply marked"]
        if self.is_replying or self._conversations.current.elsewhere is not None:
            words.append(f"{self._key('copy_reply')} copies")  # all else is refused meanwhile
            self.status.marked = " · ".join(words)
            return
        words.append(
            f"{self._key('edit')} edits" if is_prompt else f"{self._key('retry')} asks again"
        )
        if message.id in self.conversation and len(self.conversation.siblings(message.id)) > 1:
            words.append(f"{self._key('older_branch')} {self._key('newer_branch')} others")
        words.append(f"{self._key('delete_branch')} deletes")
        self.status.marked = " · ".join(words)

    def _key(self, action: str) -> str:
        return first_key(action, self._keymap)

    # Editing

    @property
    def is_editing(self) -> bool:
        """Whether an earlier prompt is in the box, to be sent in its place."""
        return self._editing is not None

    def action_edit(self) -> None:
        """Put the marked prompt, or the last one, into the box; it is sent as a new branch."""
        if self.is_busy_or_blank():
            return
        message = self.prompt_of(self.transcript.marked_message or self.conversation.path()[-1])
        if message is None:
            self.notify("There is no prompt before it.", severity="warning", markup=False)
            return
        self.give_up_edit()
        self._conversations.keep_unsent(self.prompt.text)
        self._editing = _Editing(message, self.prompt.text)
        self.prompt.border_title = f"editing a prompt · {self._key('stop')} gives up"
        self.prompt.replace_all(message.text)
        self.set_focus(self.prompt)

    def prompt_of(self, message: Message) -> Message | None:
        """A prompt itself, or the prompt that a reply answers."""
        if message.role is Role.USER:
            return message
        parent = self.conversation.parent(message.id)
        return self.conversation[parent] if parent is not None else None

    def take_edited(self) -> Message | None:
        """The prompt that was being edited; it is not any more, and the draft is back."""
        editing, self._editing = self._editing, None
        if editing is None:
            return None
        self.prompt.border_title = ""
        self.prompt.replace_all(editing.draft)
        return editing.message

    def give_up_edit(self) -> bool:
        """Put the draft back that stood in the box; false if nothing is being edited."""
        if self._editing is None:
            return False
        if self.prompt.text != self._editing.message.text:
            self._conversations.keep_unsent(self.prompt.text)
        return self.take_edited() is not None

    def is_edited_gone(self, text: str) -> bool:
        """If what was edited as `text` is not there any more, say so, and leave it in the box."""
        if self._editing is None or self._editing.message.id in self.conversation:
            return False
        self.take_edited()
        self.prompt.replace_all(text)
        self.notify(
            "The prompt that you edited was deleted in another Rill; sent again, this goes on at "
            "the end.",
            severity="warning",
            markup=False,
        )
        return True

    # Walking and deleting

    def action_older_branch(self) -> None:
        """Show the alternative before the marked message, or the last that has any."""
        self._walk(-1)

    def action_newer_branch(self) -> None:
        """Show the alternative after the marked message, or the last that has any."""
        self._walk(1)

    def _walk(self, step: int) -> None:
        if self.is_busy_or_blank():
            return
        conversation = self.conversation
        path = conversation.path()
        has_others = (each for each in reversed(path) if len(conversation.siblings(each.id)) > 1)
        message = self.transcript.marked_message or next(has_others, path[-1])
        siblings = conversation.siblings(message.id)
        index = siblings.index(message.id) + step
        if not 0 <= index < len(siblings):
            self.notify("There is no alternative in that direction.", markup=False)
            return
        marked = self.transcript.marked
        conversation.select(siblings[index])
        self._conversations.keep(self._conversations.current)
        self.show_conversation(follow=marked is None)
        if marked is not None:
            self.transcript.mark_at(marked)

    def action_delete_branch(self) -> None:
        """Delete the marked message, or the last one, and all that follows it."""
        if self.is_busy_or_blank():
            return
        self.give_up_edit()
        message = self.transcript.marked_message or self.conversation.path()[-1]
        count = self._conversations.delete_branch(message.id)
        what = "the prompt" if message.role is Role.USER else "the reply"
        more = f" and {count - 1} more after it" if count > 1 else ""
        self.notify(f"Deleted {what}{more}. /undo brings it back.", markup=False)
        self.show_conversation()

    def is_busy_or_blank(self) -> bool:
        """Say why nothing can be done with a message now, if so."""
        if self.is_replying:
            words = "A reply is still coming; stop it first."
        elif self._conversations.current.elsewhere is not None:
            words = "A reply is still coming in another Rill."
        elif not self.conversation.path():
            words = "Nothing was said here yet."
        elif not self.conversation.is_whole:
            words = "The beginning is still being read; try again in a moment."
        else:
            return False
        self.notify(words, severity="warning", markup=False)
        return True
