"""The screen one lives in: the open conversation, and the one reply worker."""

from __future__ import annotations

from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import work
from textual.widgets import Footer

from tui.chat.continuing import can_continue, continue_prompt
from tui.chat.ending import CancelledBy, Ending, Outcome, ReplyError
from tui.chat.events import ReplyStopped
from tui.chat.message import Message, Role
from tui.chat.reply import Phase, Reply
from tui.errors import KeyMissing, SettingsError, UsageError
from tui.providers.stream_reply import stream_reply
from tui.ui.commands import find_command
from tui.ui.keys import Place, bindings, first_key
from tui.ui.screens.stopping import StoppingScreen
from tui.ui.widgets.prompt_box import PromptBox
from tui.ui.widgets.waiting_list import WaitingList

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Resize

    from tui.launch import Launch, Opening
    from tui.roster import Target
    from tui.session import Session
    from tui.storage.journal import Journal
    from tui.ui.conversations import Conversations
    from tui.ui.open_conversation import OpenConversation


@dataclass(frozen=True, slots=True)
class _Running:
    """The reply under way, and where it belongs however far the reader has gone since."""

    reply: Reply
    to: OpenConversation
    target: Target | SettingsError
    prompt_id: str
    journal: Journal


def _known(target: Target | SettingsError) -> Target:
    if isinstance(target, SettingsError):
        raise target
    return target


class ChatScreen(StoppingScreen):
    """Owns the open conversation. Leaving it in any way ends its reply."""

    BINDINGS = [*bindings(Place.CHAT)]  # noqa: RUF012 - Textual's own way to declare them
    AUTO_FOCUS = "#prompt"

    def __init__(
        self, launch: Launch, session: Session, conversations: Conversations, opening: Opening
    ) -> None:
        keymap = launch.settings.keys
        super().__init__(PromptBox(self._submit), conversations, keymap, launch, session)
        self._opening = opening
        self._under_way: _Running | None = None
        self.waiting_list = WaitingList(
            send_key=first_key("send", keymap), recall_key=first_key("recall", keymap)
        )

    def compose(self) -> ComposeResult:
        """Top to bottom as DESIGN section 5 draws it."""
        yield self.title_bar
        yield self.trouble_bar
        yield self.transcript
        yield self.waiting_list
        yield self.prompt
        yield self.status
        yield Footer(show_command_palette=True)

    def on_mount(self) -> None:
        """Say what Rill talks to and how long replies may be, before anything is sent."""
        self.prompt.border_subtitle = (
            f"{first_key('send', self._keymap)} sends · "
            f"{first_key('new_line', self._keymap)} new line"
        )
        self.status.follow_key = first_key("follow", self._keymap)
        self.status.copy_key = first_key("copy_reply", self._keymap)
        self.status.stop_key = first_key("stop", self._keymap)
        self.watch(self.transcript, "new_lines", self._show_new_lines)
        self.watch(self.transcript, "selected_lines", self._show_selected_lines)
        self.watch(self.transcript, "marked", self.show_marked)
        self.watch(self.status, "reply", self.show_marked)
        self.show_current()
        self._open(self._opening)

    @work(group="opening", exit_on_error=False)
    async def _open(self, opening: Opening) -> None:
        """Begin with the history; what is to be sent at once is sent where it belongs."""
        if opening.prompt and opening.conversation_id is None:
            self._send(opening.prompt)
        await self.begin(opening.conversation_id)
        if opening.prompt and opening.conversation_id is not None:
            current = self._conversations.current
            current.waiting.append(opening.prompt)
            # In no other conversation than the one it is meant for.
            current.goes_on = current.conversation.id == opening.conversation_id
            self.show_waiting()
            self.go_on()

    def on_resize(self, event: Resize) -> None:
        """Let the prompt grow to ten lines, but not over the rest of a small screen."""
        self.prompt.styles.max_height = max(3, min(12, event.size.height * 2 // 5))

    # Sending

    async def _submit(self, text: str) -> None:
        """Obey a command; send a prompt, or let it wait behind those that were sent before it."""
        self.disarm_quit()
        current = self._conversations.current
        if not text.strip():
            if not self.give_up_edit():
                current.goes_on = True
                self._send_next(current)
            return
        try:
            command, argument = find_command(text)
        except UsageError as error:
            self.notify(str(error), severity="warning", markup=False)
            self.prompt.put_back(text)
            return
        if command is not None:
            await self.run_action(
                f"{command.command}({argument!r})" if argument else command.command
            )
            if self.is_current and not self._selects:  # who types commands goes on typing
                self.set_focus(self.prompt)
            return
        if self.is_editing:
            self._send_edited(text)
            return
        current.waiting.append(text.strip("\n"))
        current.goes_on = True
        self.show_waiting()
        self._send_next(current)
        self.keep_draft()

    def _send_edited(self, text: str) -> None:
        """Begin a branch with another prompt in the place of the one that was edited."""
        if self.is_edited_gone(text):
            return
        if self.is_busy_or_blank():
            self.prompt.put_back(text)
        elif (edited := self.take_edited()) is not None:
            message = Message.from_user(text.strip("\n"))
            self.conversation.branch(edited.id, message)
            self._say(message)
            running = self._begin()
            self.show_conversation()
            self._start(running)

    def _send(self, text: str, *, follow: bool = True) -> None:
        """Append a prompt to the open conversation and ask for the reply to it."""
        message = Message.from_user(text)
        if not (len(self.conversation) or self.conversation.system):
            with suppress(SettingsError):  # the reply will say it
                self.conversation.system = self.target.system
        self.conversation.append(message)
        self._say(message)
        running = self._begin()
        self.transcript.add(message, running.reply, follow=follow)
        self._start(running)

    def _say(self, message: Message) -> None:
        self._conversations.say(self._conversations.current, message)

    def _begin(self) -> _Running:
        """Begin a reply to the head of the open conversation, which is a prompt."""
        current = self._conversations.current
        prompt = current.conversation.path()[-1]
        try:
            target: Target | SettingsError = self.target
        except SettingsError as error:  # the reply will say it
            target = error
        reply = Reply()
        if not isinstance(target, SettingsError):
            options = target.options
            reply = Reply(provider=target.provider, model=options.model, limit=options.limit)
            self.status.address = target.address
            self.status.errand = self._launch.keys.errand(target.provider)
        journal = self._conversations.begin(current, reply, prompt.id)
        self._under_way = running = _Running(reply, current, target, prompt.id, journal)
        self.title_bar.heading = current.conversation.title
        self.show_waiting()
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
            target = _known(running.target)
            provider = await self._session.connect(target)
            self.status.errand = ""
            options, http = target.options, self._session.http
            async with aclosing(
                stream_reply(provider, running.to.conversation, options, http)
            ) as events:
                async for event in events:
                    if reply.ending is not None:
                        return
                    phase = reply.phase
                    reply.apply(event)
                    running.journal.note(event)
                    if self.transcript.is_showing(reply):
                        self.transcript.stream(event)
                    if reply.phase is not phase and reply.phase is not Phase.STOPPED:
                        self.status.refresh()
        except SettingsError as error:  # nothing was sent
            words = f"{error} /key enters one." if isinstance(error, KeyMissing) else str(error)
            broken = ReplyError("settings_error", words)
            reply.apply(ReplyStopped(Ending(Outcome.ERROR, error=broken)))
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
        if message.ending and message.ending.error and message.ending.error.status == 401:
            self._launch.keys.forget(message.provider)  # a command may have a newer one
        running.to.conversation.append(message, parent=running.prompt_id)
        self._conversations.end(running.to, running.journal, message)
        running.to.goes_on = message.ending is not None and (
            message.ending.outcome is Outcome.COMPLETE
        )
        if not self.is_attached:
            return
        if running.to is self._conversations.current:
            self.status.reply = running.reply
            self.show_waiting()
        if self.transcript.is_showing(running.reply):
            self.transcript.end(message)
        if running.to is self._conversations.current and running.to.waiting:
            self.call_later(self.go_on)

    def go_on(self) -> None:
        """Send what waits, if the person wants that and nothing has come in between."""
        if self._conversations.current.goes_on:
            self._send_next(self._conversations.current, follow=self.transcript.is_following)

    def _send_next(self, to: OpenConversation, *, follow: bool = True) -> None:
        """Send what waits longest, unless a reply is running or not all has been read yet."""
        is_free = self._under_way is None and to.elsewhere is None and to.conversation.is_whole
        if is_free and to is self._conversations.current and to.waiting:
            self._send(to.waiting.pop(0), follow=follow)

    # Conversations

    @property
    def is_replying(self) -> bool:
        """Whether a reply is coming in the open conversation."""
        return self._under_way is not None

    def leave(self, by: CancelledBy) -> None:
        """Stop what runs here and keep what is typed."""
        self.cancel_reply(by)
        self._conversations.current.goes_on = False  # also behind a reply that another receives
        self.give_up_edit()
        self.keep_draft()

    def show_conversation(self, *, follow: bool = True) -> None:
        """Show the open conversation as it is now, and leave what is being typed alone."""
        current = self._conversations.current
        conversation, elsewhere = current.conversation, current.elsewhere
        running = self._under_way
        reply = running.reply if running and running.prompt_id == conversation.head else None
        if reply is None and elsewhere is not None and elsewhere.parent == conversation.head:
            reply = elsewhere.reply
            process = elsewhere.process_id
            self.status.elsewhere = "running in another Rill" + (f" ({process})" if process else "")
        else:
            self.status.elsewhere = ""
        self.title_bar.heading = conversation.title
        replies = (each for each in reversed(conversation.path()) if each.role is Role.ASSISTANT)
        self.status.message = next(replies, None)
        self.status.reply = reply
        self.show_waiting()
        number = None
        if reply is not None and conversation.head is not None:
            count = len(conversation.children(conversation.head)) + 1
            number = (count, count) if count > 1 else None
        self.show_target()
        self.transcript.show(conversation, running=reply, alternative=number, follow=follow)

    def action_retry(self) -> None:
        """Ask for the marked reply again, or the last; the old one stays, as an alternative."""
        if self.is_busy_or_blank():
            return
        conversation = self.conversation
        prompt = self.prompt_of(self.transcript.marked_message or conversation.path()[-1])
        if prompt is None:
            self.notify("There is no prompt before it.", severity="warning", markup=False)
            return
        conversation.rewind(prompt.id)
        running = self._begin()
        self.show_conversation()
        self._start(running)

    def action_continue(self) -> None:
        """Ask the model to go on where its last reply was cut."""
        if self.is_busy_or_blank():
            return
        last = self.conversation.path()[-1]
        if can_continue(last):
            self._send(continue_prompt(last))
        else:
            self.notify(
                "The last reply was not cut off: there is nothing to go on from.",
                severity="warning",
                markup=False,
            )

    # Looks

    def show_waiting(self) -> None:
        """Show the prompts that wait their turn."""
        current = self._conversations.current
        self.waiting_list.show(current.waiting, held=not current.goes_on)

    def _show_selected_lines(self, count: int) -> None:
        self.status.selected_lines = count

    def _show_new_lines(self, count: int) -> None:
        self.status.new_lines = count
