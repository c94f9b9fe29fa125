"""What a person does with Rill, from the keys to the screen, in a real terminal."""

from __future__ import annotations

import base64
import sys
from typing import TYPE_CHECKING

import pytest

from tests.terminal.phases import PHASES, ask

if TYPE_CHECKING:
    from tests.loopback import FullQueue, LoopbackServer
    from tests.terminal.conftest import Desk
    from tests.terminal.terminal import Terminal

pytestmark = pytest.mark.terminal


def transcript(terminal: Terminal) -> str:
    """What is above the prompt box."""
    rows = terminal.screen
    top = max(number for number, row in enumerate(rows) if row.startswith("╭"))
    return "\n".join(rows[:top])


# On the demo


async def test_without_a_key_it_opens_on_the_demo_and_says_so(desk: Desk) -> None:
    terminal = await desk.open()
    assert "demo, no model" in terminal.screen[0]
    assert "8,192 tokens (Rill's default)" in terminal.status


async def test_a_prompt_is_answered(desk: Desk) -> None:
    terminal = await desk.open(size=(120, 40))
    await terminal.send("nothing but a greeting")
    await terminal.wait_for("your message arrived safe and sound")
    await terminal.wait_for(lambda t: "streaming" in t.status)
    terminal.press("escape")
    await terminal.wait_for(lambda t: "stopped by you" in t.status)


async def test_a_prompt_on_the_command_line_is_sent_at_once(desk: Desk) -> None:
    terminal = desk.start("split")
    await terminal.wait_for("somebody put them together again")
    await terminal.wait_for(lambda t: "✓ complete" in t.status)
    assert "äöü, 小川," in transcript(terminal)


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("max_tokens", "cut off at the token limit: max_tokens 8,192"),
        ("stop_sequence", "stopped at the stop sequence"),
        ("refusal", "the model declined"),
        ("context", "the context window is full"),
        ("error 529", "Overloaded (overloaded_error, HTTP 529"),
        ("error mid", "overloaded_error"),
        ("cut", "connection closed early after"),
        ("reset hard", "connection closed early after"),
        ("html", "html"),
    ],
)
async def test_the_status_bar_says_how_a_reply_ended(desk: Desk, prompt: str, words: str) -> None:
    terminal = desk.start(prompt, size=(160, 30))
    await terminal.wait_for(lambda t: words in t.status)


async def test_the_limit_that_cut_a_reply_is_named_with_who_set_it(desk: Desk) -> None:
    terminal = desk.start("--max-tokens", "5", "hello", size=(120, 30))
    await terminal.wait_for(
        lambda t: "cut off at the token limit: max_tokens 5, set by --max-tokens" in t.status
    )


async def test_the_conversation_goes_on_after_an_error(desk: Desk) -> None:
    terminal = desk.start("error 500")
    await terminal.wait_for(lambda t: "500" in t.status)
    await terminal.send("nothing")
    await terminal.wait_for(lambda t: "✓" in t.status)


async def test_help_opens_on_f1_and_closes_on_escape(desk: Desk) -> None:
    terminal = await desk.open(size=(120, 40))
    terminal.press("f1")
    await terminal.wait_for("Start a new conversation")
    terminal.press("escape")
    await terminal.wait_for(lambda t: "Start a new conversation" not in t.text)


async def test_a_new_conversation_and_back_to_the_first(desk: Desk) -> None:
    terminal = desk.start("nothing", size=(120, 40))
    await terminal.wait_for(lambda t: "✓" in t.status)
    terminal.press("ctrl+n")
    await terminal.wait_for(lambda t: "New conversation" in t.screen[0])
    await terminal.send("split")
    await terminal.wait_for("somebody put them together again")
    terminal.press("ctrl+o")
    await terminal.wait_for("Type to find")
    terminal.write("noth")
    await terminal.wait_for(lambda t: "noth" in t.text and "  2 messages" in t.text)
    await terminal.wait_for(lambda t: t.text.count("2 messages") == 1)
    terminal.press("enter")
    await terminal.wait_for(lambda t: t.screen[0].strip().startswith("nothing"))
    assert "together again" not in terminal.text
    assert terminal.status.startswith("ready")


async def test_no_frame_shows_one_conversation_under_the_title_of_another(desk: Desk) -> None:
    terminal = desk.start("split", size=(120, 40))
    await terminal.wait_for("somebody put them together again")
    await terminal.wait_for(lambda t: "✓" in t.status)

    def parts(t: Terminal) -> tuple[bool, bool]:
        """What of the conversation is there: its title, its text."""
        return "split" in t.screen[0], "together again" in t.text

    for command, wanted in [("/delete", (False, False)), ("/undo", (True, True))]:
        await terminal.send(command)
        seen: list[tuple[bool, bool]] = []

        def has_come(t: Terminal, seen: list = seen, wanted: tuple = wanted) -> bool:
            seen.extend(t.frames(parts))
            return wanted in seen

        await terminal.wait_for(has_come)
        assert {(False, True), (True, False)}.isdisjoint(seen)


async def test_delete_deletes_and_undo_brings_it_back(desk: Desk) -> None:
    terminal = desk.start("split", size=(120, 40))
    await terminal.wait_for(lambda t: "✓" in t.status)
    await terminal.send("/delete")
    await terminal.wait_for("/undo brings it back")
    await terminal.wait_for(lambda t: "New conversation" in t.screen[0])
    await terminal.send("/undo")
    await terminal.wait_for("somebody put them together again")


async def test_ctrl_j_breaks_the_line(desk: Desk) -> None:
    terminal = await desk.open()
    terminal.write("one")
    await terminal.wait_for("│ one")
    terminal.press("ctrl+j")
    await terminal.wait_for(lambda t: t.screen[-5].startswith("│ one"))
    terminal.write("two")
    await terminal.wait_for("│ two")
    terminal.press("enter")
    await terminal.wait_for("You wrote")
    await terminal.wait_for("one")


async def test_a_burst_of_keys_is_not_overtaken_by_enter(desk: Desk) -> None:
    """A slow link delivers many keys in one piece, the enter among them."""
    terminal = await desk.open()
    terminal.write("stop_sequence\r")
    await terminal.wait_for(lambda t: "demo" in t.screen[0] and "New conv" not in t.screen[0])
    assert terminal.screen[0].strip().startswith("stop_sequence")


@pytest.mark.parametrize("moment", ["at once", "when the terminal is ours"])
@pytest.mark.parametrize("keys", ["typed ahead", "typed\x1b[200~ ahead\x1b[201~"])
async def test_what_is_typed_or_pasted_before_the_prompt_box_is_there_is_in_it(
    desk: Desk, keys: str, moment: str
) -> None:
    terminal = desk.start()
    if moment != "at once":
        await terminal.wait_for(lambda t: b"\x1b[?1004h" in t.raw)
    terminal.write(keys)
    await terminal.wait_for("│ typed ahead")


async def test_a_bracketed_paste_with_line_breaks_is_not_sent(desk: Desk) -> None:
    terminal = await desk.open()
    terminal.write("\x1b[200~first line\nsecond line\n\x1b[201~")
    await terminal.wait_for("│ second line")
    assert "first line" in terminal.text
    assert terminal.status.startswith("ready")


# Stopping, seen by the server


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
@pytest.mark.parametrize("phase", PHASES)
async def test_a_stop_key_closes_the_connection(
    desk: Desk, loopback: LoopbackServer, key: str, phase: str
) -> None:
    terminal = await desk.open_on(loopback.base_url)
    exchange = await ask(terminal, loopback, phase)
    terminal.press(key)
    await exchange.wait_closed()
    await terminal.wait_for(lambda t: "stopped by you" in t.status)
    assert ("to the sea" in terminal.text) is (phase == "mid-stream")


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_a_stop_key_ends_an_attempt_to_connect(
    desk: Desk, no_entrance: FullQueue, key: str
) -> None:
    terminal = await desk.open_on(no_entrance.base_url)
    await terminal.send("anybody there?")
    await no_entrance.knocked()
    await terminal.wait_for(lambda t: "connecting to" in t.status)
    terminal.press(key)
    await terminal.wait_for(lambda t: "stopped by you" in t.status)
    await terminal.wait_for(lambda _: not no_entrance.knocking())


@pytest.mark.parametrize("way", ["ctrl+n", "/new", "/delete", "/stop", "ctrl+q", "/quit"])
async def test_every_way_out_closes_the_connection(
    desk: Desk, loopback: LoopbackServer, way: str
) -> None:
    terminal = await desk.open_on(loopback.base_url)
    exchange = await ask(terminal, loopback)
    if way.startswith("/"):
        await terminal.send(way)
    else:
        terminal.press(way)
    await exchange.wait_closed()
    if way in {"ctrl+q", "/quit"}:
        assert await terminal.exit_code() == 0


async def test_what_is_sent_while_a_reply_runs_waits_and_is_sent_after_it(
    desk: Desk, loopback: LoopbackServer
) -> None:
    terminal = await desk.open_on(loopback.base_url)
    await terminal.send("the first question")
    first = await loopback.next_exchange()
    await first.text("one moment")
    await terminal.wait_for("one moment")
    await terminal.send("the second question")
    await terminal.wait_for("sent when the reply is complete")
    assert loopback.unanswered() == 0
    await first.finish()
    second = await loopback.next_exchange()
    assert b"the second question" in second.body
    await second.text("here it is")
    await second.finish()
    await terminal.wait_for("here it is")
    await terminal.wait_for(lambda t: "✓" in t.status)


async def test_what_a_lost_connection_has_brought_stays_and_can_be_retried(
    desk: Desk, loopback: LoopbackServer
) -> None:
    terminal = await desk.open_on(loopback.base_url)
    await terminal.send("tell me")
    first = await loopback.next_exchange()
    await first.text("half an ans")
    await terminal.wait_for("half an ans")
    await first.reset()
    await terminal.wait_for(lambda t: "connection closed early after 11 characters" in t.status)
    assert "half an ans" in terminal.text
    await terminal.send("/retry")
    second = await loopback.next_exchange()
    await second.text("the whole answer")
    await second.finish()
    await terminal.wait_for("the whole answer")
    await terminal.send("/older")
    await terminal.wait_for("half an ans")
    assert "1/2" in terminal.text


# Quitting


@pytest.mark.parametrize("way", ["ctrl+q", "/quit"])
async def test_quitting_exits_with_0(desk: Desk, way: str) -> None:
    terminal = await desk.open()
    if way.startswith("/"):
        await terminal.send(way)
    else:
        terminal.press(way)
    assert await terminal.exit_code() == 0


async def test_ctrl_c_twice_on_an_empty_prompt_quits(desk: Desk) -> None:
    terminal = await desk.open()
    terminal.press("ctrl+c")
    await terminal.wait_for("ctrl+c again quits")
    terminal.press("ctrl+c")
    assert await terminal.exit_code() == 0


async def test_ctrl_c_clears_a_prompt_before_it_quits(desk: Desk) -> None:
    terminal = await desk.open()
    terminal.write("a half thought")
    await terminal.wait_for("│ a half thought")
    terminal.press("ctrl+c")
    await terminal.wait_for("Write a message")
    assert terminal.process.poll() is None


async def test_standard_input_that_is_no_terminal_gets_one_sentence(desk: Desk) -> None:
    terminal = desk.run("/bin/sh", "-c", f"echo hello | {sys.executable} -m tui")
    assert await terminal.exit_code() == 2
    assert terminal.text.strip() == (
        "rill: The app needs a terminal; without one use: rill ask PROMPT."
    )
    assert b"\x1b[?1049h" not in terminal.raw


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ('help = "[/x]"', "keys.help names '[/x]', which is no key; take another, for instance"),
        ('help = "ctrl+n"', "keys.help: the key ctrl+n is wanted by both new_conversation and"),
    ],
)
async def test_keys_that_cannot_be_are_told_in_one_sentence_before_anything_is_drawn(
    desk: Desk, keys: str, sentence: str
) -> None:
    desk.write_config(f"[keys]\n{keys}\n")
    terminal = desk.start(size=(240, 24))
    assert await terminal.exit_code() == 2
    told = terminal.text.strip()
    assert told.startswith("rill: ")
    assert f"config.toml, line 2: {sentence}" in " ".join(told.split())
    assert b"\x1b[?1049h" not in terminal.raw


async def test_what_the_mouse_selects_is_sent_to_the_clipboard(desk: Desk) -> None:
    terminal = desk.start("max_tokens")
    await terminal.wait_for(lambda t: "cut off at the token limit" in t.status)
    row, line = next(
        (y, text) for y, text in enumerate(terminal.screen) if "token limit cuts" in text
    )
    column = line.index("token limit")
    for button, x, end in ((0, column, "M"), (32, column + 10, "M"), (0, column + 10, "m")):
        terminal.write(f"\x1b[<{button};{x + 1};{row + 1}{end}")
    await terminal.wait_for(lambda t: "1 line selected" in t.status)
    terminal.press("ctrl+c")
    clipboard = b"\x1b]52;c;" + base64.b64encode(b"token limit")
    await terminal.wait_for(lambda t: clipboard in t.raw)
