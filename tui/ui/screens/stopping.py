"""The keys that stop: escape and ctrl+c, and what they mean when nothing runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.ending import CancelledBy
from tui.ui.keys import first_key
from tui.ui.screens.choosing import ChoosingScreen
from tui.ui.widgets.selection import Selecting

if TYPE_CHECKING:
    from textual.timer import Timer

_SECOND_CTRL_C = 2.0


class StoppingScreen(ChoosingScreen):
    """Stops the reply if there is one; else does what is nearest to stopping."""

    _quit_timer: Timer | None = None

    def cancel_reply(self, by: CancelledBy) -> bool:
        """End the running reply, if there is one."""
        raise NotImplementedError

    def action_stop(self) -> None:
        """Stop the running reply; else let go of what is selected; else go to the transcript."""
        if self.cancel_reply(CancelledBy.STOP) or self.give_up_edit():
            return
        if self.transcript.selected_lines:
            self.transcript.select(Selecting.clear)
        elif self.transcript.marked is not None and self.focused is self.transcript:
            self.transcript.unmark()
        else:
            self.set_focus(self.transcript)

    def interrupt(self) -> None:
        """Stop the reply at once; else close, copy or clear what there is; twice: quit."""
        if self.cancel_reply(CancelledBy.STOP):
            self.disarm_quit()
        else:
            # Behind the letters that were typed before it.
            self.prompt.call_later(self._interrupt_idle)

    async def _interrupt_idle(self) -> None:
        armed = self._quit_timer is not None
        self.disarm_quit()
        if not self.is_active:
            self.app.screen.dismiss()
        elif selected := self.prompt.selected_text or self.get_selected_text():
            self.copy(selected)
            self.transcript.select(Selecting.clear)
        elif self.prompt.text:
            self._conversations.keep_unsent(self.prompt.text)
            self.prompt.replace_all("")
        elif armed:
            await self.run_action("app.quit")
        else:
            self.status.hint = f"{first_key('interrupt', self._keymap)} again quits"
            self._quit_timer = self.set_timer(_SECOND_CTRL_C, self.disarm_quit)

    def disarm_quit(self) -> None:
        """Something else was done: one more ctrl+c quits nothing."""
        if self._quit_timer is not None:
            self._quit_timer.stop()
            self._quit_timer = None
        self.status.hint = ""
