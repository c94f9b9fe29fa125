"""A leaf on the screen: what it says, and to the left of it what it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.ui.markdown.leaves import Container
from tui.ui.markdown.lines import Span, width_of
from tui.ui.markdown.stack import Block
from tui.ui.markdown.wrap import wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.ui.markdown.leaves import Frame
    from tui.ui.markdown.lines import Line

_NARROWEST = 12
_BULLETS = "•◦▪"


class Framed(Block):
    """A block with the bars of its quotes and the markers of its items in front of it.

    `fresh` of its `frames`, the innermost ones, begin here: their markers are shown. With a `gap` a
    line stands before it that has only what goes on from above.
    """

    def __init__(
        self, content: Block, frames: Sequence[Frame] = (), fresh: int = 0, *, gap: bool = False
    ) -> None:
        self.content = content
        self.frames = tuple(frames)
        self.fresh = fresh
        self._gap = gap
        self._first: Line = []
        self._rest: Line = []
        self._between: Line = []

    @property
    def height(self) -> int:
        """In lines."""
        return self._gap + self.content.height

    @property
    def is_laid_out(self) -> bool:
        """Whether `height` is exact."""
        return self.content.is_laid_out

    def set_width(self, width: int) -> None:
        """Leave some cells to the content, whatever it takes away from the markers."""
        self.width = width
        marks = [_marks(frame) for frame in self.frames if frame.kind is not Container.LIST]
        kept = len(marks) - sum(f.kind is not Container.LIST for f in self._fresh_frames())
        room = min(width // 2, width - _NARROWEST)
        while marks and sum(width_of([rest]) for _, rest in marks) > room:
            del marks[0]
            kept = max(kept - 1, 0)
        self._first = [rest for _, rest in marks[:kept]] + [first for first, _ in marks[kept:]]
        self._rest = [rest for _, rest in marks]
        self._between = self._rest[:kept]
        self.content.set_width(max(width - width_of(self._rest), 1))

    def lay_out(self) -> None:
        """Make the height exact."""
        self.content.lay_out()

    def line(self, y: int) -> Line:
        """One line of it."""
        y -= self._gap
        if y < 0:
            return list(self._between)
        return (self._first if y == 0 else self._rest) + self.content.line(y)

    def joint(self, y: int) -> str:
        """What the text itself has between a line and the next one."""
        y -= self._gap
        return "\n" if y < 0 else self.content.joint(y)

    @property
    def source(self) -> str:
        """What a person would want to have copied of it."""
        return self.content.source

    @property
    def is_code(self) -> bool:
        """Whether it is a block of code."""
        return self.content.is_code

    def _fresh_frames(self) -> tuple[Frame, ...]:
        return self.frames[len(self.frames) - self.fresh :]


class Rule(Block):
    """A line across."""

    is_laid_out = True
    height = 1

    def set_width(self, width: int) -> None:
        """Be as long as that."""
        self.width = width

    def lay_out(self) -> None:
        """There is nothing to do."""

    def line(self, y: int) -> Line:  # noqa: ARG002 - there is one only
        """The line."""
        return [Span("─" * self.width, "rule")]


class Plain(Block):
    """Text as it stands, in one look."""

    def __init__(self, text: str, look: str = "") -> None:
        self._text = text
        self._look = look
        self._lines: list[Line] = []

    @property
    def height(self) -> int:
        """In lines."""
        if self._lines:
            return len(self._lines)
        width = max(self.width, 1)
        return sum(max(1, -(-len(line) // width)) for line in self._text.split("\n"))

    @property
    def is_laid_out(self) -> bool:
        """Whether `height` is exact."""
        return bool(self._lines)

    def set_width(self, width: int) -> None:
        """Wrap at `width`."""
        self.width = width
        self._lines = []

    def lay_out(self) -> None:
        """Make the height exact."""
        if not self._lines:
            spans: Line = []
            for line in self._text.split("\n"):
                spans += [Span(line, self._look), Span("\n")]
            self._lines = wrap([span for span in spans[:-1] if span.text], self.width)

    def line(self, y: int) -> Line:
        """One line of it."""
        return self._lines[y]

    @property
    def source(self) -> str:
        """The text."""
        return self._text


def _marks(frame: Frame) -> tuple[Span, Span]:
    """What stands before the first line in a container, and before the others."""
    if frame.kind is Container.QUOTE:
        return Span("▌ ", "bar"), Span("▌ ", "bar")
    if frame.is_checked is not None:
        mark = "☑" if frame.is_checked else "☐"
    elif frame.is_ordered:
        mark = f"{frame.number}{frame.marker}"
    else:
        mark = _BULLETS[frame.depth % len(_BULLETS)]
    first = f" {mark} "
    return Span(first, "mark"), Span(" " * len(first))
