"""What Ollama tells of its models: a little in its list, the rest of each one by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui.providers import loose
from tui.providers.base import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.chat.message import JsonObject, JsonValue

_ABILITIES = {"tools": "tools", "thinking": "thinking", "vision": "images"}


def read_tag(entry: JsonObject) -> Model | None:
    """An entry of `/api/tags`; `None` if it is no model to chat with."""
    if not (id_ := loose.text(entry, "name") or loose.text(entry, "model")):
        return None
    details = loose.mapping(entry, "details") or {}
    told = [loose.text(details, key) for key in ("parameter_size", "quantization_level")]
    size = ", ".join(text for text in told if text)
    model = Model(id_, f"{id_} ({size})" if size else id_)
    return _able(model, loose.sequence(entry, "capabilities"))


def add_details(model: Model, shown: JsonObject) -> Model | None:
    """The same with what `/api/show` says of it; `None` if that is that it is none to chat with."""
    info = loose.mapping(shown, "model_info") or {}
    family = loose.text(info, "general.architecture") or ""
    context = loose.count(info, f"{family}.context_length") or model.context_tokens
    return _able(
        replace(model, context_tokens=context),
        loose.sequence(shown, "capabilities"),
    )


def _able(model: Model, told: Sequence[JsonValue]) -> Model | None:
    """With the abilities that are told; older servers tell none, and no model has none."""
    if not told:
        return model
    if "completion" not in told:
        return None
    return replace(model, abilities=tuple(name for key, name in _ABILITIES.items() if key in told))
