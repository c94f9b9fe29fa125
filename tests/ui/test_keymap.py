"""The user's own `[keys]`: a mistake is told in one sentence with the file, the action, the key."""

from __future__ import annotations

import tomllib

import pytest

from tui.errors import SettingsError
from tui.storage.toml_table import TomlTable
from tui.ui.keymap import check_keymap
from tui.ui.keys import ACTIONS

SETTINGS = TomlTable({}, "config.toml")


def complaint(keymap: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        check_keymap(keymap, SETTINGS)
    sentence = str(caught.value)
    assert sentence.startswith("config.toml: ")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("key", ["[/x]", "ctrl+nope", "ctrl+", "f99", "hold+x", "enterr", ""])
def test_a_key_that_does_not_exist_is_named_with_its_action(key: str) -> None:
    told = complaint({"help": key})
    assert "keys.help" in told
    assert repr(key) in told


def test_the_one_wrong_key_among_good_ones_is_named() -> None:
    told = complaint({"help": "f2,[/x],f3"})
    assert "'[/x]'" in told
    assert "f2" not in told


@pytest.mark.parametrize(
    ("keymap", "key", "actions"),
    [
        ({"new_conversation": "ctrl+t", "open_conversation": "ctrl+t"}, "ctrl+t", None),
        ({"help": "ctrl+n"}, "ctrl+n", ("help", "new_conversation")),
        ({"retry": "y"}, "y", ("retry", "copy_reply")),
        ({"recall": "enter"}, "enter", ("recall", "send")),
        ({"quit": "up"}, "up", ("quit", "recall")),
        ({"stop": "j"}, "j", ("stop", "line_down")),
        ({"older_branch": "]"}, "]", ("older_branch", "newer_branch")),
        ({"older_branch": " right_square_bracket"}, "]", ("older_branch", "newer_branch")),
        ({"new_conversation": "ctrl+p"}, "ctrl+p", ("new_conversation", "the command palette")),
        ({"drop_conversation": "ctrl+q"}, "ctrl+q", ("quit", "drop_conversation")),
        ({"quit": "ctrl+t"}, "ctrl+t", ("quit", "pin_highlighted")),
        ({"drop_conversation": "enter"}, "enter", ("the list itself", "drop_conversation")),
        ({"pin_highlighted": "escape"}, "escape", ("the list itself", "pin_highlighted")),
        ({"pin_highlighted": "ctrl+n"}, "ctrl+n", ("the list itself", "pin_highlighted")),
        ({"undo_drop": "f5,ctrl+p"}, "ctrl+p", ("the list itself", "undo_drop")),
        ({"undo_drop": "end"}, "end", ("the list itself", "undo_drop")),
        ({"undo": "ctrl+o"}, "ctrl+o", ("undo", "open_conversation")),
        ({"quit": "ctrl+s"}, "ctrl+s", ("quit", "the entry of an API key")),
    ],
)
def test_a_key_that_two_actions_want_is_named_with_both(
    keymap: dict[str, str], key: str, actions: tuple[str, str] | None
) -> None:
    told = complaint(keymap)
    assert f"the key {key} " in told
    for action in actions or keymap:
        assert action in told


def test_what_is_wrong_stands_in_a_line_and_can_be_mended_by_a_key_that_is_free() -> None:
    text = '[keys]\nundo = "f5"\nhelp = "ctrl+n"\n'
    table = TomlTable(tomllib.loads(text), "config.toml", text)
    with pytest.raises(SettingsError) as caught:
        check_keymap(table.inner("keys").strings(), table)
    assert str(caught.value) == (
        "config.toml, line 3: keys.help: the key ctrl+n is wanted by both new_conversation and "
        "help; take another, for instance f6, or give new_conversation another: "
        'new_conversation = "f6".'
    )


def test_a_key_of_a_dialog_may_do_another_thing_in_the_chat_but_not_anywhere() -> None:
    check_keymap({"undo": "ctrl+s"}, SETTINGS)
    told = complaint({"interrupt": "ctrl+r", "rename_highlighted": "f2", "earlier_prompts": "f5"})
    assert "interrupt" in told
    assert "the list of models" in told


@pytest.mark.parametrize("key", ["ctrl+k", "ctrl+e", "backspace", "left"])
def test_a_key_that_edits_the_prompt_is_not_taken_from_it(key: str) -> None:
    told = complaint({"new_conversation": f"f2,{key}"})
    assert f"keys.new_conversation names {key}, which edits the text in the prompt;" in told


@pytest.mark.parametrize(
    ("action", "key"),
    [("drop_conversation", "t"), ("pin_highlighted", "space"), ("quit", "Q"), ("interrupt", "?")],
)
def test_a_letter_is_not_taken_from_where_one_types(action: str, key: str) -> None:
    told = complaint({action: f"f5,{key}"})
    assert f"keys.{action} names {key}, which could not be typed any more;" in told


@pytest.mark.parametrize(
    "keymap",
    [
        {},
        {"help": "ctrl+t", "drop_conversation": "delete"},
        {"pin_conversation": "f5", "duplicate_conversation": "f8", "undo": "f9,f10"},
        {"line_up": "comma", "copy_reply": "ctrl+y"},
        {"new_conversation": "ctrl+t"},
        {"new_conversation": "ctrl+o", "open_conversation": "ctrl+n"},
        {"help": "f1, question_mark"},
        {"retry": "R", "older_branch": "[", "newer_branch": "]"},
        {"send": "ctrl+j", "new_line": "enter"},
        {action.id: action.keys for action in ACTIONS if action.keys},
    ],
)
def test_keys_that_can_be_are_accepted(keymap: dict[str, str]) -> None:
    check_keymap(keymap, SETTINGS)


def test_the_same_key_may_do_another_thing_in_another_place() -> None:
    check_keymap({"send": "enter", "to_prompt": "enter", "recall": "up", "line_up": "up"}, SETTINGS)
