"""What can be asked of a model besides words, and who asked for it."""

from __future__ import annotations

from dataclasses import dataclass, fields

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""How much a model may think before it answers; which of these one knows is its own affair."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Everything that is `None` is not sent: the server decides.

    `thinking_budget` is in tokens and for models that want a number; `effort` is one of `EFFORTS`.
    """

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] | None = None
    effort: str | None = None
    thinking_budget: int | None = None

    def with_value(self, name: str, value: object) -> Parameters:
        """The same with another value of one of them; its type is the caller's care."""
        return Parameters(
            *(value if each == name else getattr(self, each) for each in PARAMETERS)  # type: ignore[arg-type]
        )

    def overlaid(self, nearer: Parameters) -> Parameters:
        """What is set nearer to the reply counts, the rest stays."""
        return Parameters(
            *(
                getattr(self, name) if (value := getattr(nearer, name)) is None else value
                for name in PARAMETERS
            )
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose for one conversation: a model, as `provider/model`, and parameters."""

    model: str = ""
    parameters: Parameters = Parameters()


PARAMETERS = tuple(each.name for each in fields(Parameters))
"""Their names, in the order in which they are shown."""
