"""One conversation of a ChatGPT account export.

It is a tree (`mapping`) of more nodes than were ever seen as messages: thoughts, calls of tools,
their answers and the final text of one turn are a node each. Nodes of one turn become one message
as long as nothing branches between them. The message has the id of its last node: when a later
export has more of a turn, that is a sibling, and neither is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.chat.conversation import Conversation
from tui.chat.ending import CancelledBy, Ending, Outcome, StopReason
from tui.chat.message import Message, Role, TextPart
from tui.storage.exchange.chatgpt_content import instructions, parts_of
from tui.storage.exchange.imported import (
    EMPTY,
    Skipped,
    add_all,
    mapping,
    paragraphs,
    parents_first,
    seconds,
    sequence,
    stable_id,
    text,
)
from tui.storage.records import Kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_Node = tuple[str, "Mapping[str, object]"]
"""A node's id and its message."""


def read_chatgpt(entry: Mapping[str, object], where: str) -> Kept | Skipped:
    """The conversation of one entry of `conversations.json`."""
    id_ = text(entry, "conversation_id") or text(entry, "id")
    if not id_:
        return Skipped(where, "it has no id")
    nodes = mapping(entry, "mapping")
    parents = {name: _parent(node) for name, node in nodes.items()}
    order = parents_first(parents, _in_order(nodes))
    shown = {name: message for name in order if (message := _shown(nodes[name])) is not None}
    turns = _turns(shown, parents)
    if not turns:
        return Skipped(where, EMPTY)
    origin = f"chatgpt:{id_}"
    started = seconds(entry.get("create_time")) or 0.0
    conversation = Conversation(
        id=stable_id(origin),
        title=text(entry, "title"),
        system="\n\n".join(filter(None, (_instructions(nodes[name]) for name in order))),
    )
    model = text(entry, "default_model_slug")
    ids = {name: stable_id(origin, turn[-1][0]) for turn in turns for name, _ in turn}
    messages: list[tuple[Message, str | None]] = []
    times: dict[str | None, float] = {}
    for turn in turns:
        before = _above(turn[0][0], shown, parents)
        parent = None if before is None else ids[before]
        made = _message(turn, ids[turn[0][0]], model, times.get(parent, started))
        times[made.id] = made.created_at
        messages.append((made, parent))
    current = text(entry, "current_node")
    head = current if current in shown else _above(current, shown, parents)
    add_all(conversation, messages, None if head is None else ids[head])
    return Kept(
        conversation,
        created_at=started or min(times.values()),
        updated_at=seconds(entry.get("update_time")) or max(times.values()),
        is_pinned=entry.get("is_starred") is True or seconds(entry.get("pinned_time")) is not None,
        origin=origin,
    )


def _parent(node: object) -> str | None:
    return (text(node, "parent") or None) if isinstance(node, dict) else None


def _in_order(nodes: Mapping[str, object]) -> list[str]:
    """All ids, siblings in the order in which their parents name them."""
    named = {
        child: None
        for node in nodes.values()
        if isinstance(node, dict)
        for child in sequence(node, "children")
        if isinstance(child, str) and child in nodes
    }
    return list(named | dict.fromkeys(nodes))


def _shown(node: object) -> Mapping[str, object] | None:
    """The message of a node, if somebody who read the conversation saw something of it."""
    message = mapping(node, "message") if isinstance(node, dict) else {}
    is_hidden = mapping(message, "metadata").get("is_visually_hidden_from_conversation") is True
    role = text(mapping(message, "author"), "role")
    if is_hidden or role in {"", "system"} or instructions(message):
        return None
    return message if paragraphs(parts_of(message)) else None


def _instructions(node: object) -> str:
    """What the person told every model, or a system prompt that was not hidden."""
    message = mapping(node, "message") if isinstance(node, dict) else {}
    if told := instructions(message):
        return told
    is_hidden = mapping(message, "metadata").get("is_visually_hidden_from_conversation") is True
    if is_hidden or text(mapping(message, "author"), "role") != "system":
        return ""
    return "\n\n".join(part.text for part in parts_of(message) if isinstance(part, TextPart))


def _above(name: str, shown: Mapping[str, object], parents: Mapping[str, str | None]) -> str | None:
    """The nearest node above that is shown."""
    passed = {name}
    above = parents.get(name)
    while above is not None and above not in shown and above not in passed:
        passed.add(above)
        above = parents.get(above)
    return above if above in shown and above not in passed else None


def _turns(
    shown: Mapping[str, Mapping[str, object]], parents: Mapping[str, str | None]
) -> list[list[_Node]]:
    """Nodes that belong to one message, parents first."""
    above = {name: _above(name, shown, parents) for name in shown}
    following: dict[str | None, int] = {}
    for name in above.values():
        following[name] = following.get(name, 0) + 1
    turns: list[list[_Node]] = []
    turn_of: dict[str, list[_Node]] = {}
    for name, message in shown.items():
        before = above[name]
        if (
            before in turn_of
            and following[before] == 1
            and _is_reply(message)
            and _is_reply(shown[before])
        ):
            turn = turn_of[before]
        else:
            turn = []
            turns.append(turn)
        turn.append((name, message))
        turn_of[name] = turn
    return turns


def _is_reply(message: Mapping[str, object]) -> bool:
    return text(mapping(message, "author"), "role") != "user"


def _message(turn: Sequence[_Node], id_: str, model: str, at_least: float) -> Message:
    """One message of a turn; `at_least` stands for a time that is not told."""
    first, last = turn[0][1], turn[-1][1]
    time = seconds(first.get("create_time")) or at_least
    parts = paragraphs(part for _, message in turn for part in parts_of(message))
    if not _is_reply(first):
        return Message(Role.USER, parts, id=id_, created_at=time)
    slugs = [text(mapping(message, "metadata"), "model_slug") for _, message in turn]
    named = next(filter(None, reversed(slugs)), model)
    return Message(
        Role.ASSISTANT,
        parts,
        id=id_,
        created_at=time,
        model=named,
        served_model="" if named else "ChatGPT",
        ending=_ending(last),
    )


def _ending(message: Mapping[str, object]) -> Ending | None:
    """How it ended if the export says so, else nothing."""
    told = text(mapping(mapping(message, "metadata"), "finish_details"), "type")
    match told:
        case "stop":
            return Ending(Outcome.COMPLETE, StopReason.END_TURN, raw_stop_reason=told)
        case "max_tokens":
            return Ending(Outcome.COMPLETE, StopReason.MAX_TOKENS, raw_stop_reason=told)
        case "interrupted":
            return Ending(Outcome.CANCELLED, cancelled_by=CancelledBy.STOP)
        case _ if message.get("end_turn") is True:
            return Ending(Outcome.COMPLETE, StopReason.END_TURN, raw_stop_reason="end_turn")
        case _:
            return None
