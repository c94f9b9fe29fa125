"""Our own format: what goes out comes back as it was."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.storage.exchange.trees import as_told, kept_conversations
from tui.chat.conversation import Conversation
from tui.chat.message import Message, Role, ServerPart, TextPart, ToolUsePart
from tui.chat.parameters import Choice, Parameters
from tui.errors import ArchiveUnreadable
from tui.storage.exchange.archive import open_archive
from tui.storage.exchange.rill_json import write_json
from tui.storage.records import Kept

if TYPE_CHECKING:
    from tui.storage.exchange.imported import Skipped


def small() -> Kept:
    conversation = Conversation(id="c1", title="Tides")
    conversation.append(Message(Role.USER, (TextPart("When?"),), id="q1", created_at=5.0))
    conversation.append(Message(Role.ASSISTANT, (TextPart("At six."),), id="a1", created_at=6.0))
    return Kept(conversation, created_at=5.0, updated_at=6.0)


def document(**changes: object) -> dict[str, object]:
    """An export of one conversation, changed."""
    whole = json.loads("".join(write_json([small()])))
    whole["conversations"][0] |= changes
    return whole


def read(path: Path, whole: object) -> list[Kept | Skipped]:
    path.write_text(json.dumps(whole))
    return list(open_archive(path))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "export.json"


@settings(max_examples=60, deadline=None)
@given(st.lists(kept_conversations, max_size=3))
def test_what_is_exported_comes_back_as_it_was(kept):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "export.json"
        path.write_text("".join(write_json(kept)), encoding="utf-8")
        found = list(open_archive(path))
    assert [as_told(each) for each in found] == [as_told(each) for each in kept]


def test_the_document_is_for_people_too():
    written = "".join(write_json([small()]))
    assert '"text": "At six."' in written
    assert json.loads(written)["format"] == "rill-conversations"
    assert max(map(len, written.splitlines())) < 100


def test_a_choice_is_exported_and_nothing_is_said_of_none():
    kept = small()
    assert "choice" not in json.loads("".join(write_json([kept])))["conversations"][0]
    kept.conversation.choice = Choice("ollama/qwen", Parameters(temperature=0.5, stop=("END",)))
    assert json.loads("".join(write_json([kept])))["conversations"][0]["choice"] == {
        "model": "ollama/qwen",
        "parameters": {"temperature": 0.5, "stop": ["END"]},
    }


def test_what_only_the_provider_reads_is_exported_too(path: Path):
    kept = small()
    memo = ServerPart("openai-responses:reasoning", {"encrypted_content": "x"})
    signed = ToolUsePart("t1", "look", {}, "s2")
    parts = (memo, TextPart("At six.", signature="s1"), signed)
    kept.conversation.append(Message(Role.ASSISTANT, parts, id="a2"))
    path.write_text("".join(write_json([kept])))
    (found,) = open_archive(path)
    assert found.conversation["a2"].parts == parts


def test_conversations_are_written_one_at_a_time():
    taken = []

    def conversations():
        for number in range(1000):
            taken.append(number)
            yield small()

    pieces = write_json(conversations())
    next(pieces), next(pieces), next(pieces)
    assert taken == [0, 1]


def test_a_conversation_that_is_known_only_in_part_is_not_exported():
    kept = small()
    kept.conversation.is_whole = False
    with pytest.raises(ValueError, match="part"):
        list(write_json([kept]))


def test_a_number_beyond_all_numbers_in_a_tool_call_does_not_spoil_the_export(path: Path):
    kept = small()
    call = ToolUsePart("t1", "count", {"to": [float("inf"), -float("inf")]})
    kept.conversation.append(Message(Role.ASSISTANT, (call,), id="a2"))
    path.write_text("".join(write_json([kept])))
    (found,) = open_archive(path)
    low = found.conversation["a2"].tool_calls[0].input["to"][1]
    assert low < -1e308


def test_halves_of_surrogate_pairs_do_not_spoil_the_export(path: Path):
    kept = small()
    kept.draft = "half \ud83c"
    path.write_text("".join(write_json([kept])), encoding="utf-8")
    (found,) = open_archive(path)
    assert found.draft == "half \ufffd"


def test_a_version_from_the_future_is_refused_with_what_to_do(path: Path):
    with pytest.raises(ArchiveUnreadable, match=r"version 2 .* newer"):
        read(path, document() | {"version": 2})


def test_an_export_whose_keys_another_tool_has_sorted_is_still_one(path: Path):
    path.write_text(json.dumps(document(), sort_keys=True))
    archive = open_archive(path)
    assert archive.name == "an export of Rill"
    assert as_told(next(iter(archive))) == as_told(small())


def deep() -> object:
    value: object = []
    for _ in range(500):
        value = [value]
    return value


def message(**changes: object) -> dict[str, object]:
    return {"id": "m", "role": "user", "created_at": 1, "parts": [], "parent": None} | changes


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"id": 5}, "its 'id' is not a str"),
        ({"id": ""}, "its 'id' is empty"),
        ({"created_at": True}, "'created_at' is not a number"),
        ({"created_at": 10**400}, "'created_at' is not a number"),
        ({"color": "red"}, "'color', which is not known"),
        ({"head": "nobody"}, "head"),
        ({"head": 5}, "'head' is not a str"),
        ({"waiting": [1]}, "waiting"),
        ({"choice": None}, "choice is not an object"),
        ({"choice": {"colour": "red"}}, "choice has 'colour', which is not known"),
        ({"choice": {"model": 5}}, "choice.model is not a str"),
        ({"choice": {"parameters": {"top_k": "5"}}}, "choice.parameters.top_k is not a int"),
        ({"choice": {"parameters": {"max_tokens": 0}}}, "max_tokens must be at least 1"),
        ({"choice": {"parameters": {"effort": "hgh"}}}, "effort is 'hgh', not known"),
        ({"choice": {"parameters": {"stop": "END"}}}, "choice.parameters.stop is not a list"),
        ({"choice": {"parameters": {"temperature": 1e305}}}, "too large"),
        ({"messages": [5]}, r"messages\[0\] is not an object"),
        ({"messages": [message(parent="later")], "head": None}, "parent"),
        ({"messages": [message(parent="m")], "head": None}, "parent"),
        ({"messages": [message(), message()], "head": None}, "id of another"),
        ({"messages": [message(role="robot")], "head": None}, "user, assistant"),
        ({"messages": [message(created_at=10**400)], "head": None}, "too large"),
        ({"messages": [{"role": "user", "parts": []}], "head": None}, "no 'id'"),
        (
            {"messages": [message(parts=[{"kind": "server", "type": "x", "raw": {"a": deep()}}])]},
            "too deeply",
        ),
    ],
)
def test_an_entry_that_makes_no_sense_is_passed_over_and_says_why(
    path: Path, changes: dict[str, object], why: str
):
    whole = document(**changes)
    good = document()["conversations"]
    whole["conversations"] += good
    skipped, kept = read(path, whole)
    assert as_told(kept) == as_told(small())
    assert skipped.where.startswith("export.json, entry 1")
    with pytest.raises(AssertionError, match=why):
        raise AssertionError(skipped.why)
