"""Entries of the list of models that `GET …/models` gives, as all the servers fill them in.

OpenAI's own tell no more than an id. Which API a server speaks says little about what it adds:
llama.cpp lists its models in one shape for three of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.providers import loose
from tui.providers.base import Model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.chat.message import JsonObject

# OpenRouter's, Groq's, Mistral's and vLLM's.
_CONTEXT_FIELDS = ("context_length", "context_window", "max_context_length", "max_model_len")


def read_entry(entry: JsonObject) -> Model | None:
    """One model, with what its server tells; `None` if it is none to chat with."""
    able = loose.mapping(entry, "capabilities") or {}
    made = loose.sequence(loose.mapping(entry, "architecture") or {}, "output_modalities")
    id_ = loose.text(entry, "id")
    if not id_ or able.get("completion_chat") is False or (made and "text" not in made):
        return None
    return Model(
        id_,
        loose.text(entry, "name") or loose.text(entry, "display_name") or id_,
        _context_tokens(entry),
        _output_tokens(entry),
        tuple(_abilities(entry, able)),
    )


def _context_tokens(entry: JsonObject) -> int | None:
    """llama.cpp tells it in `meta`, OpenRouter for the host it prefers also in `top_provider`."""
    meta = loose.mapping(entry, "meta") or {}
    top = loose.mapping(entry, "top_provider") or {}
    told = [loose.count(entry, field) for field in _CONTEXT_FIELDS]
    told.append(loose.count(top, "context_length"))
    # What the server was started with, and in older ones only what the model was made for.
    told += [loose.count(meta, "n_ctx"), loose.count(meta, "n_ctx_train")]
    return next((count for count in told if count), None)


def _output_tokens(entry: JsonObject) -> int | None:
    top = loose.mapping(entry, "top_provider") or {}
    told = [loose.count(place, "max_completion_tokens") for place in (top, entry)]
    return next((count for count in told if count), None)


def _abilities(entry: JsonObject, able: JsonObject) -> Iterator[str]:
    """From OpenRouter's lists, or from Mistral's switches."""
    taken = loose.sequence(loose.mapping(entry, "architecture") or {}, "input_modalities")
    known = loose.sequence(entry, "supported_parameters")
    if "tools" in known or able.get("function_calling") is True:
        yield "tools"
    if "reasoning" in known or able.get("reasoning") is True:
        yield "thinking"
    if "image" in taken or able.get("vision") is True:
        yield "images"
    if "file" in taken:
        yield "pdf"
