"""`rill ask` in a conversation of the history, and beginning one there."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.histories import ask, begin_a_reply, fill, talk
from tests.loopback import SECRET_KEY
from tui.chat.ending import CancelledBy, Ending, Outcome
from tui.chat.parameters import Choice
from tui.storage import reads, writes
from tui.storage.database import connect, transaction
from tui.storage.paths import history_file, runs_folder
from tui.storage.presence import Presence
from tui.storage.records import Sheet

if TYPE_CHECKING:
    from tests.cli.conftest import Finished, Rill
    from tests.loopback import Exchange, LoopbackServer
    from tui.chat.conversation import Conversation


def kept(rill: Rill) -> list[Conversation]:
    """The conversations in the history, the newest first."""
    with closing(connect(history_file(rill.environment))) as db:
        opened = [reads.load(db, entry.id, None) for entry in reads.newest(db, 10)]
    return [each.kept.conversation for each in opened if each is not None]


async def answered(
    rill: Rill, loopback: LoopbackServer, *arguments: str
) -> tuple[Finished, Exchange]:
    """One turn to its end, answered with `Yes.`."""
    running = await rill.start("ask", "-m", "loopback-1", *arguments)
    exchange = await loopback.next_exchange()
    await exchange.text("Yes.")
    await exchange.finish()
    return await running.end(), exchange


async def test_nothing_is_kept_unasked(connected: Rill, loopback: LoopbackServer) -> None:
    await answered(connected, loopback, "Is it?")
    assert not history_file(connected.environment).parent.exists()


async def test_what_is_saved_goes_on_with_c_and_with_r(
    connected: Rill, loopback: LoopbackServer
) -> None:
    finished, _ = await answered(connected, loopback, "--save", "--system", "Be brief.", "Is it?")
    assert (finished.code, finished.out, finished.err) == (0, b"Yes.\n", "")
    await answered(connected, loopback, "--save", "Something else?")
    last, first = kept(connected)
    assert [message.text for message in last.path()] == ["Something else?", "Yes."]

    _, exchange = await answered(connected, loopback, "-c", "And now?")
    said = [("user", "Something else?"), ("assistant", "Yes."), ("user", "And now?")]
    assert exchange.turns() == said
    _, exchange = await answered(connected, loopback, "-r", first.id[:8], "Still?")
    assert exchange.turns() == [("user", "Is it?"), ("assistant", "Yes."), ("user", "Still?")]
    assert exchange.json()["system"] == "Be brief."
    assert [len(each) for each in kept(connected)] == [4, 4]
    assert [len(each.path()) for each in kept(connected)] == [4, 4]
    path = history_file(connected.environment)
    assert SECRET_KEY.encode() not in path.read_bytes()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_what_had_come_is_kept_when_it_is_told_to_end(
    connected: Rill, loopback: LoopbackServer
) -> None:
    running = await connected.start("ask", "-m", "loopback-1", "--save", "Is it?")
    exchange = await loopback.next_exchange()
    await exchange.text("Well")
    await running.read(b"Well")
    running.signal(signal.SIGTERM)
    assert (await running.end()).code == 143
    [conversation] = kept(connected)
    reply = conversation.path()[-1]
    assert reply.text == "Well"
    assert reply.ending == Ending(Outcome.CANCELLED, cancelled_by=CancelledBy.TERMINATED)


async def test_there_has_to_be_one_to_go_on_in(connected: Rill, loopback: LoopbackServer) -> None:
    finished = await connected.run("ask", "-c", "Is it?")
    [complaint] = finished.complaints
    assert "There is no history yet" in complaint
    assert finished.code == 2
    await answered(connected, loopback, "--save", "Is it?")
    finished = await connected.run("ask", "-r", "nobody", "Is it?")
    assert finished.complaints == [
        "There is no conversation 'nobody'; rill export --list shows what there is."
    ]
    assert finished.code == 2
    assert loopback.unanswered() == 0


async def test_a_history_that_cannot_be_used_is_said_before_anything_is_sent(
    connected: Rill, loopback: LoopbackServer
) -> None:
    path = history_file(connected.environment)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database" * 100)
    finished = await connected.run("ask", "--save", "Is it?")
    [complaint] = finished.complaints
    assert "damaged" in complaint
    assert finished.code == 2
    assert loopback.unanswered() == 0
    assert path.read_bytes() == b"this is no database" * 100


async def test_what_is_typed_in_a_conversation_stays_there(
    connected: Rill, loopback: LoopbackServer
) -> None:
    path = history_file(connected.environment)
    fill(path, [talk("alpha")])
    ask(path, "UPDATE conversation SET draft = 'half a tho', waiting = '[\"one\",\"two\"]'")
    finished, _ = await answered(connected, loopback, "-c", "And now?")
    assert finished.code == 0
    assert ask(path, "SELECT draft, waiting FROM conversation") == [("half a tho", '["one","two"]')]
    assert ask(path, "SELECT text FROM unsent") == []


async def test_a_conversation_of_nothing_but_a_draft_can_be_begun(
    connected: Rill, loopback: LoopbackServer
) -> None:
    path = history_file(connected.environment)
    fill(path, [talk("alpha", 0)])
    ask(path, "UPDATE conversation SET draft = 'half a tho'")
    finished, _ = await answered(connected, loopback, "-r", "alpha", "Is it?")
    assert (finished.code, finished.err) == (0, "")
    [conversation] = kept(connected)
    assert [message.text for message in conversation.path()] == ["Is it?", "Yes."]


async def test_nothing_is_said_behind_a_reply_that_is_still_coming(
    connected: Rill, loopback: LoopbackServer
) -> None:
    path = history_file(connected.environment)
    fill(path, [alpha := talk("alpha")])
    other = Presence(runs_folder(path), "other")
    begin_a_reply(path, alpha, "so f", run="other")
    finished = await connected.run("ask", "-c", "Is it?")
    other.leave()
    [complaint] = finished.complaints
    assert complaint == (
        f"A reply is being received in this conversation (process {os.getpid()}); wait for its end."
    )
    assert finished.code == 2
    assert loopback.unanswered() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("output", ["text", "json"])
async def test_a_reply_that_cannot_be_printed_is_kept_nevertheless(
    connected: Rill, loopback: LoopbackServer, output: str
) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    running = await connected.start(
        *("ask", "-m", "loopback-1", "--save", "--output", output, "Is it?"), stdout=full
    )
    os.close(full)
    exchange = await loopback.next_exchange()
    await exchange.text("Yes.")
    if output == "json":  # nothing is printed before the end
        await exchange.finish()
    assert (await running.end()).code == 7
    [conversation] = kept(connected)
    reply = conversation.path()[-1]
    assert reply.text == "Yes."
    assert reply.ending is not None
    assert (reply.ending.outcome, reply.ending.cancelled_by) == (
        (Outcome.COMPLETE, None) if output == "json" else (Outcome.CANCELLED, CancelledBy.OUTPUT)
    )


async def test_a_system_prompt_is_not_silently_left_out(
    connected: Rill, loopback: LoopbackServer
) -> None:
    fill(history_file(connected.environment), [talk("alpha")])
    finished = await connected.run("ask", "-c", "--system", "Be brief.", "Is it?")
    assert finished.code == 2
    assert finished.complaints == ["--system is for a new conversation; leave it out."]
    assert loopback.unanswered() == 0


async def test_a_missing_key_leaves_nothing_of_a_run_behind(rill: Rill) -> None:
    finished = await rill.run("ask", "--save", "-m", "anthropic/x", "Is it?")
    assert finished.code == 2
    [complaint] = finished.complaints
    assert complaint.startswith("There is no API key for anthropic")
    path = history_file(rill.environment)
    assert [each.name for each in path.parent.iterdir() if each.is_file()] == [path.name]
    assert list(runs_folder(path).iterdir()) == []
    assert kept(rill) == []


async def test_a_conversation_goes_on_with_its_own_model(
    connected: Rill, loopback: LoopbackServer
) -> None:
    await answered(connected, loopback, "--save", "Is it?")
    running = await connected.start("ask", "-c", "And now?")
    exchange = await loopback.next_exchange()
    assert exchange.json()["model"] == "loopback-1"  # and not the default
    await exchange.text("Yes.")
    await exchange.finish()
    assert (await running.end()).code == 0


async def test_what_is_chosen_in_the_app_while_a_reply_comes_stays_chosen(
    connected: Rill, loopback: LoopbackServer
) -> None:
    path = history_file(connected.environment)
    fill(path, [talk("one")])
    running = await connected.start("ask", "-m", "loopback-1", "-c", "And now?")
    exchange = await loopback.next_exchange()
    (conversation,) = kept(connected)
    conversation.choice = Choice("anthropic/chosen-in-the-app")
    with closing(connect(path)) as db, transaction(db):
        writes.save(db, Sheet.of(conversation), "the app")
    await exchange.text("Yes.")
    await exchange.finish()
    assert (await running.end()).code == 0
    (conversation,) = kept(connected)
    assert conversation.choice == Choice("anthropic/chosen-in-the-app")
    assert conversation.path()[-1].text == "Yes."
