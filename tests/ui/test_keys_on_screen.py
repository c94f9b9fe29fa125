"""What each key does where, and that help, palette and settings agree on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.loopback import OPENING
from tests.ui.desk import sit_down
from tui.errors import SettingsError
from tui.storage.settings import Settings
from tui.storage.toml_table import TomlTable
from tui.ui.app import RillApp
from tui.ui.keymap import check_keymap
from tui.ui.keys import ACTIONS, Place, key_names
from tui.ui.screens.chat import ChatScreen
from tui.ui.screens.switcher import Switcher
from tui.ui.widgets.prompt_box import PromptBox

if TYPE_CHECKING:
    from tests.loopback import LoopbackServer

_OWNERS = {"app": RillApp, "screen": ChatScreen, "prompt": PromptBox, "switcher": Switcher}
_PLAIN = {
    *("enter", "escape", "space", "up", "down"),
    *("left_square_bracket", "right_square_bracket", "dollar_sign"),
}


# The table


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_has_a_method_where_its_keys_count(action) -> None:
    owner, dot, name = action.command.rpartition(".")
    assert name == action.id
    if not dot:
        owner = "prompt" if action.place is Place.PROMPT else "switcher"
        if action.slash:
            assert hasattr(ChatScreen, f"action_{name}")
    assert hasattr(_OWNERS[owner], f"action_{name}")


def test_ids_and_commands_are_unique() -> None:
    ids = [action.id for action in ACTIONS]
    slashes = [action.slash for action in ACTIONS if action.slash]
    assert len(set(ids)) == len(ids)
    assert len(set(slashes)) == len(slashes)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_has_a_path_of_plain_ascii(action) -> None:
    keys = action.keys.split(",")
    plain = [key for key in keys if key in _PLAIN or (len(key) == 1 and key.isascii())]
    letters = [key for key in keys if key.startswith("ctrl+") and key[5:].isalpha()]
    assert action.slash or plain or letters


def test_no_two_actions_of_one_place_share_a_key() -> None:
    for place in Place:
        keys = [key for a in ACTIONS if a.place is place for key in a.keys.split(",") if key]
        assert len(set(keys)) == len(keys)


def test_a_mistyped_action_in_the_settings_is_named_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"^config.toml: keys\.new_convresation .*'new_conv"):
        check_keymap({"new_convresation": "ctrl+t"}, TomlTable({}, "config.toml"))
    with pytest.raises(SettingsError, match=r"keys\.zzz is not an action; known are: .*quit"):
        check_keymap({"zzz": "ctrl+t"}, TomlTable({}, "config.toml"))
    check_keymap({"new_conversation": "ctrl+t"}, TomlTable({}, "config.toml"))


# ctrl+c and escape


async def test_ctrl_c_stops_first_and_leaves_what_is_typed(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        await desk.type("typed meanwhile")
        await desk.press("ctrl+c")
        await exchange.wait_closed()
        assert desk.prompt == "typed meanwhile"
        await desk.press("ctrl+c")
        assert desk.prompt == ""
        await desk.press("ctrl+z")
        assert desk.prompt == "typed meanwhile"


async def test_ctrl_c_copies_a_selection_and_clears_nothing(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.type("some text")
        await desk.press("shift+left", "shift+left", "ctrl+c")
        assert desk.app.clipboard == "xt"
        assert desk.prompt == "some text"
        await desk.sees("2 characters sent to the clipboard", "the terminal does not confirm it")


async def test_ctrl_c_twice_with_nothing_to_stop_copy_or_clear_quits(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.press("ctrl+c")
        await desk.status_says("ctrl+c again quits")
        await desk.press("x", "ctrl+c", "ctrl+c")
        assert desk.prompt == ""
        assert desk.app.is_running
        await desk.status_says("ctrl+c again quits")
        desk.key("ctrl+c")
        await desk.gone()
        assert desk.app.return_code == 0


async def test_escape_with_nothing_running_leaves_for_the_transcript_and_i_comes_back(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        for back in ("i", "enter"):
            await desk.press("escape", "z", back, "a")
        assert desk.prompt == "aa"
        assert loopback.unanswered() == 0


async def test_y_copies_the_last_reply_as_it_came_and_says_what_was_done(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.press("escape", "y")
        await desk.sees("There is no reply to copy yet.")
        await desk.press("i")
        await desk.answered("First", "One *two*\n\n    code")
        await desk.press("escape", "y")
        assert desk.app.clipboard == "One *two*\n\n    code"
        await desk.sees("sent to the clipboard by OSC 52; the terminal does not confirm it")


async def test_space_unfolds_what_the_model_thought(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        exchange = await desk.ask()
        await exchange.send(OPENING.partition(b"event: content_block_start")[0])
        block = {"type": "thinking", "thinking": "Secret thoughts"}
        await exchange.event("content_block_start", {"index": 0, "content_block": block})
        await exchange.event("content_block_stop", {"index": 0})
        text = {"type": "text", "text": "The answer"}
        await exchange.event("content_block_start", {"index": 1, "content_block": text})
        await exchange.finish()
        await desk.sees("▸ thought · 15 characters", "The answer")
        assert "Secret thoughts" not in desk.text
        await desk.press("escape", "space")
        await desk.sees("▾ thought · 15 characters Secret thoughts")
        await desk.press("space")
        await desk.until(lambda: "Secret thoughts" not in desk.text)
        await desk.press("i")
        await desk.say("/thinking")
        await desk.sees("Secret thoughts")


# Help, palette, the user's own keys


async def test_help_lists_every_action_with_its_ways(loopback: LoopbackServer) -> None:
    async with sit_down(loopback, size=(120, 100)) as desk:
        await desk.press("f1")
        await desk.sees("Keys and commands")
        for action in ACTIONS:
            assert action.help in desk.words
            assert action.slash in desk.words
            assert all(key in desk.words for key in key_names(action, {})[:1])
        assert "up, down By a line; pageup and pagedown by a page" in desk.words
        assert "ctrl+r Ask the providers for their lists again" in desk.words
        assert "ctrl+s Use the key, and keep it in the system's keyring, too" in desk.words
        await desk.press("q", "x")
        assert desk.prompt == "x"


async def test_the_palette_offers_every_command(loopback: LoopbackServer) -> None:
    async with sit_down(loopback, size=(120, 150)) as desk:
        await desk.press("ctrl+p")
        await desk.sees("Start a new conversation")
        for action in ACTIONS:
            if action.slash:
                assert f"{action.title} ({action.slash})" in desk.words


async def test_the_palette_does_what_it_says(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.press("ctrl+p", *"try again")
        await desk.sees("Try again (/retry)")
        await desk.press("down", "enter")
        exchange = await loopback.next_exchange()
        assert exchange.json()["messages"][-1]["role"] == "user"


async def test_the_users_own_keys_count_and_are_shown(loopback: LoopbackServer) -> None:
    settings = Settings(keys={"new_conversation": "ctrl+t", "send": "ctrl+s", "copy_reply": "c"})
    async with sit_down(loopback, settings=settings, size=(120, 80)) as desk:
        await desk.type("First")
        await desk.press("ctrl+s")
        exchange = await loopback.next_exchange()
        await exchange.text("One")
        await exchange.finish()
        await desk.status_says("✓")
        await desk.press("escape", "c")
        assert desk.app.clipboard == "One"
        await desk.press("ctrl+t")
        await desk.until(lambda: "New conversation" in desk.lines[0])
        await desk.press("f1")
        await desk.sees("ctrl+t /new", "ctrl+s Send the prompt")


async def test_what_has_no_key_of_its_own_can_be_given_one(loopback: LoopbackServer) -> None:
    keys = {"pin_conversation": "f5", "duplicate_conversation": "f8", "undo": "f10"}
    settings = Settings(keys={**keys, "delete_conversation": "f9"})
    async with sit_down(loopback, settings=settings, size=(120, 80)) as desk:
        await desk.answered("First", "One")
        await desk.press("f5")
        await desk.sees("Pinned: on top of the list.")
        await desk.press("f8")
        await desk.sees("This is the copy.")
        await desk.press("f9")
        await desk.sees("Deleted “First”.")
        await desk.press("f10")
        await desk.sees("First loopback-1 One")
        await desk.press("f1")
        await desk.sees("f5 /pin", "f8 /duplicate", "f9 /delete", "f10 /undo")


def test_the_app_knows_what_counts_at_every_moment() -> None:
    assert hasattr(RillApp, "action_quit")
    assert hasattr(RillApp, "action_interrupt")
