"""The screen one lives in: the open conversation, and the one reply worker."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import work
from textual.widgets import Footer

from tui.chat.ending import CancelledBy, Ending, Outcome, ReplyError
from tui.chat.events import ReplyStopped
from tui.chat.hygiene import one_line
from tui.chat.message import Message, Role
from tui.chat.reply import Phase, Reply
from tui.errors import UsageError
from tui.providers.stream_reply import stream_reply
from tui.ui.commands import find_command
from tui.ui.conversations import Conversations
from tui.ui.keys import Place, bindings, first_key
from tui.ui.screens.reading import ReadingScreen
from tui.ui.screens.switcher import Switcher
from tui.ui.widgets.prompt_box import PromptBox
from tui.ui.widgets.selection import Selecting
from tui.ui.widgets.title_bar import TitleBar
from tui.ui.widgets.waiting_list import WaitingList
from tui.ui.widgets.welcome import welcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult
    from textual.events import Resize
    from textual.timer import Timer

    from tui.launch import Session
    from tui.ui.conversations import OpenConversation

_SECOND_CTRL_C = 2.0


@dataclass(frozen=True, slots=True)
class _Running:
    """The reply under way, and where it belongs however far the reader has gone since."""

    reply: Reply
    to: OpenConversation
    prompt_id: str


class ChatScreen(ReadingScreen):
    """Owns the open conversation. Leaving it in any way ends its reply."""

    BINDINGS = [*bindings(Place.CHAT)]  # noqa: RUF012 - Textual's own way to declare them
    AUTO_FOCUS = "#prompt"

    def __init__(self, session: Session, first_prompt: str, keymap: Mapping[str, str]) -> None:
        super().__init__(PromptBox(self._submit), Conversations(system=session.system), keymap)
        self._session = session
        self._first_prompt = first_prompt
        self._under_way: _Running | None = None
        self._quit_timer: Timer | None = None
        self.title_bar = TitleBar()
        self.waiting_list = WaitingList(
            send_key=first_key("send", keymap), recall_key=first_key("recall", keymap)
        )

    def compose(self) -> ComposeResult:
        """Top to bottom as DESIGN section 5 draws it."""
        yield self.title_bar
        yield self.transcript
        yield self.waiting_list
        yield self.prompt
        yield self.status
        yield Footer(show_command_palette=True)

    def on_mount(self) -> None:
        """Say what Rill talks to and how long replies may be, before anything is sent."""
        options = self._session.options
        self.title_bar.model = self._session.model_label
        self.title_bar.badge = "demo, no model" if self._session.is_demo else ""
        self.prompt.border_subtitle = (
            f"{first_key('send', self._keymap)} sends · "
            f"{first_key('new_line', self._keymap)} new line"
        )
        self.status.follow_key = first_key("follow", self._keymap)
        self.status.copy_key = first_key("copy_reply", self._keymap)
        self.status.stop_key = first_key("stop", self._keymap)
        self.status.address = self._session.provider.address
        self.status.idle = (
            f"ready · replies up to {options.limit.tokens:,} tokens "
            f"({one_line(options.limit.set_by)})"
        )
        self.transcript.show_welcome(welcome(self._session, self._keymap))
        self.watch(self.transcript, "new_lines", self._show_new_lines)
        self.watch(self.transcript, "selected_lines", self._show_selected_lines)
        self._show_current()
        if self._first_prompt:
            self._send(self._first_prompt)

    def on_resize(self, event: Resize) -> None:
        """Let the prompt grow to ten lines, but not over the rest of a small screen."""
        self.prompt.styles.max_height = max(3, min(12, event.size.height * 2 // 5))

    # Sending

    async def _submit(self, text: str) -> None:
        """Obey a command; send a prompt, or let it wait behind those that were sent before it."""
        self._disarm_quit()
        current = self._conversations.current
        if not text.strip():
            self._send_next(current)
            return
        try:
            command = find_command(text)
        except UsageError as error:
            self.notify(str(error), severity="warning", markup=False)
            self.prompt.put_back(text)
            return
        if command is not None:
            await self.run_action(command.command)
            if self.is_current:  # who types commands goes on typing
                self.prompt.focus()
            return
        current.waiting.append(text.strip("\n"))
        self._show_waiting()
        self._send_next(current)

    def _send(self, text: str, *, follow: bool = True) -> None:
        """Append a prompt to the open conversation and ask for the reply to it."""
        message = Message.from_user(text)
        self.conversation.append(message)
        running = self._begin()
        self.transcript.add(message, running.reply, follow=follow)
        self._start(running)

    def _begin(self) -> _Running:
        """Begin a reply to the head of the open conversation, which is a prompt."""
        current = self._conversations.current
        prompt = current.conversation.path()[-1]
        options = self._session.options
        reply = Reply(
            provider=self._session.provider.name, model=options.model, limit=options.limit
        )
        self._under_way = running = _Running(reply, current, prompt.id)
        self.title_bar.heading = current.conversation.title
        self._show_waiting()
        self.status.reply = reply
        return running

    def _start(self, running: _Running) -> None:
        """Send the request. Quitting may have overtaken the enter: then it would be nobody's."""
        if self.app.return_code is not None:
            self.cancel_reply(CancelledBy.QUIT)
        else:
            self._stream(running)

    @work(exclusive=True, group="reply", description="reply", exit_on_error=False)
    async def _stream(self, running: _Running) -> None:
        """The reply worker. Its state is in `running`: its successor may start before it ends."""
        reply = running.reply
        try:
            async with aclosing(
                stream_reply(
                    self._session.provider,
                    running.to.conversation,
                    self._session.options,
                    self._session.http,
                )
            ) as events:
                async for event in events:
                    if reply.ending is not None:
                        return
                    phase = reply.phase
                    reply.apply(event)
                    self.transcript.stream(event)
                    if reply.phase is not phase and reply.phase is not Phase.STOPPED:
                        self.status.refresh()
        except Exception as error:
            # A bug of ours must end the reply in words, too, and not leave it running for ever.
            words = f"Rill itself failed: {type(error).__name__}"
            broken = ReplyError("internal_error", words)
            reply.apply(ReplyStopped(Ending(Outcome.ERROR, error=broken)))
            raise
        finally:
            # Cancelled by somebody else than `cancel_reply`: the screen is going away.
            reply.cancel(CancelledBy.QUIT)
            self._settle(running)

    def cancel_reply(self, by: CancelledBy) -> bool:
        """End the running reply, if there is one, at once; its request dies with its worker."""
        running = self._under_way
        if running is None:
            return False
        running.reply.cancel(by)
        self.workers.cancel_group(self, "reply")
        self._settle(running)
        return True

    def _settle(self, running: _Running) -> None:
        """Keep what came of a reply and say how it ended; once, whoever gets here first."""
        if self._under_way is not running:
            return
        self._under_way = None
        message = running.reply.message()
        running.to.conversation.append(message, parent=running.prompt_id)
        if not self.is_attached:
            return
        if running.to is self._conversations.current:
            self.status.reply = running.reply
            self._show_waiting()
        self.transcript.end(message)
        if running.to is self._conversations.current:
            ending = message.ending
            if ending and ending.outcome is Outcome.COMPLETE and running.to.waiting:
                self.call_later(self._send_next, running.to, follow=self.transcript.is_following)

    def _send_next(self, to: OpenConversation, *, follow: bool = True) -> None:
        """Send what waits longest, unless a reply is running."""
        if self._under_way is None and to is self._conversations.current and to.waiting:
            self._send(to.waiting.pop(0), follow=follow)

    # Conversations

    def _leave(self, by: CancelledBy) -> None:
        """Stop what runs here and keep what is typed."""
        self.cancel_reply(by)
        self._conversations.current.draft = self.prompt.text

    def _show_current(self) -> None:
        """Show another conversation, with what was being typed in it."""
        self.prompt.load_text(self._conversations.current.draft)
        self.prompt.move_cursor(self.prompt.document.end)
        self.prompt.focus()
        self._show_conversation()

    def _show_conversation(self, alternative: tuple[int, int] | None = None) -> None:
        """Show the open conversation as it is now, and leave what is being typed alone.

        `alternative` is the number of the running reply among how many.
        """
        running = self._under_way
        self.title_bar.heading = self.conversation.title
        self.status.reply = running.reply if running else None
        self._show_waiting()
        reply = running.reply if running else None
        self.transcript.show(self.conversation, running=reply, alternative=alternative)

    def action_new_conversation(self) -> None:
        """Start a new conversation."""
        self._leave(CancelledBy.NEW)
        self._conversations.start()
        self._show_current()

    async def action_open_conversation(self) -> None:
        """Choose another conversation; the reply here goes on until one is chosen."""
        self._conversations.current.draft = self.prompt.text
        await self.app.push_screen(
            Switcher(self._conversations, self.close, self._keymap), self._go_to
        )

    def _go_to(self, chosen: OpenConversation | None) -> None:
        if chosen is not None and chosen is not self._conversations.current:
            self._leave(CancelledBy.SWITCH)
            self._conversations.go_to(chosen)
            self._show_current()

    def action_close_conversation(self) -> None:
        """Close the open conversation."""
        self.close(self._conversations.current)

    def close(self, target: OpenConversation) -> None:
        """Close a conversation, its reply first; it can be brought back while Rill runs."""
        is_current = target is self._conversations.current
        if is_current:
            self._leave(CancelledBy.CLOSE)
        if not target.is_blank:
            title = target.conversation.title or "the draft"
            self.notify(f"Closed “{title}”. /undo brings it back.", markup=False)
        self._conversations.close(target)
        if is_current:
            self._show_current()

    def action_reopen_conversation(self) -> None:
        """Bring back what was closed last."""
        if not self._conversations.has_closed:
            self.notify("Nothing was closed in this run.", severity="warning", markup=False)
            return
        self._leave(CancelledBy.SWITCH)
        self._conversations.reopen()
        self._show_current()

    def action_retry(self) -> None:
        """Ask for the last reply again; the old one stays, as an alternative."""
        conversation = self.conversation
        path = conversation.path()
        if self._busy_or_blank():
            return
        alternative = None
        if path[-1].role is Role.ASSISTANT:
            count = len(conversation.siblings(path[-1].id)) + 1
            alternative = (count, count)
            conversation.rewind(path[-2].id)
        running = self._begin()
        self._show_conversation(alternative)
        self._start(running)

    def action_older_reply(self) -> None:
        """Show the alternative before the last reply."""
        self._show_sibling(-1)

    def action_newer_reply(self) -> None:
        """Show the alternative after the last reply."""
        self._show_sibling(1)

    def _show_sibling(self, step: int) -> None:
        conversation = self.conversation
        path = conversation.path()
        if self._busy_or_blank():
            return
        siblings = conversation.siblings(path[-1].id)
        index = siblings.index(path[-1].id) + step
        if 0 <= index < len(siblings):
            conversation.select(siblings[index])
            self._show_conversation()
        else:
            self.notify("There is no other reply in that direction.", markup=False)

    def _busy_or_blank(self) -> bool:
        """Say why there is no reply to do something with, if so."""
        if self._under_way is not None:
            words = "A reply is still coming; stop it first."
        elif not self.conversation.path():
            words = "Nothing was said here yet."
        else:
            return False
        self.notify(words, severity="warning", markup=False)
        return True

    # Keys

    def action_stop(self) -> None:
        """Stop the running reply; else let go of what is selected; else go to the transcript."""
        if self.cancel_reply(CancelledBy.STOP):
            return
        if self.transcript.selected_lines:
            self.transcript.select(Selecting.clear)
        else:
            self.transcript.focus()

    def interrupt(self) -> None:
        """Stop the reply at once; else copy the selection; else clear the prompt; twice: quit."""
        if self.cancel_reply(CancelledBy.STOP):
            self._disarm_quit()
        else:
            # Behind the letters that were typed before it.
            self.prompt.call_later(self._interrupt_idle)

    async def _interrupt_idle(self) -> None:
        armed = self._quit_timer is not None
        self._disarm_quit()
        if selected := self.prompt.selected_text or self.get_selected_text():
            self.copy(selected)
            self.transcript.select(Selecting.clear)
        elif self.prompt.text:
            self.prompt.replace_all("")
        elif armed:
            await self.run_action("app.quit")
        else:
            self.status.hint = f"{first_key('interrupt', self._keymap)} again quits"
            self._quit_timer = self.set_timer(_SECOND_CTRL_C, self._disarm_quit)

    def _disarm_quit(self) -> None:
        if self._quit_timer is not None:
            self._quit_timer.stop()
            self._quit_timer = None
        self.status.hint = ""

    def action_recall(self) -> None:
        """Take back the last waiting message, else the last prompt, to change and send it."""
        current = self._conversations.current
        if self.prompt.text:
            self.notify("Only into an empty prompt: clear it first.", markup=False)
        elif current.waiting:
            self.prompt.replace_all(current.waiting.pop())
            self._show_waiting()
        elif prompts := [m for m in current.conversation.path() if m.role is Role.USER]:
            self.prompt.replace_all(prompts[-1].text)

    # Looks

    def _show_waiting(self) -> None:
        self.waiting_list.show(self._conversations.current.waiting, held=self._under_way is None)

    def _show_selected_lines(self, count: int) -> None:
        self.status.selected_lines = count

    def _show_new_lines(self, count: int) -> None:
        self.status.new_lines = count
