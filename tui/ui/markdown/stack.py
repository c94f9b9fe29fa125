"""Blocks one below the other, laid out only where somebody looks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.ui.markdown.lines import Line


class Block(ABC):
    """Lines of one kind: a paragraph, a fence, a table, a header.

    Before it is laid out at a width its height is an estimate, cheap to make.
    """

    width = 0
    """In cells; 0 before one was given."""

    @property
    @abstractmethod
    def height(self) -> int:
        """In lines."""

    @property
    @abstractmethod
    def is_laid_out(self) -> bool:
        """Whether `height` is exact."""

    @abstractmethod
    def set_width(self, width: int) -> None:
        """Be `width` cells wide from now on; nothing is laid out yet."""

    @abstractmethod
    def lay_out(self) -> None:
        """Make the height exact."""

    @abstractmethod
    def line(self, y: int) -> Line:
        """One line of it, 0 being the first. It has been laid out."""

    def joint(self, y: int) -> str:  # noqa: ARG002 - for those whose lines are wrapped
        """What the text itself has between a line and the next one."""
        return "\n"

    @property
    def source(self) -> str:
        """What a person would want to have copied of it."""
        return ""

    @property
    def is_code(self) -> bool:
        """Whether it is a block of code, to be copied as such."""
        return False


class Stack:
    """A list of blocks, the first on top, all of the same width.

    Positions are lines, counted from the top of the stack. They move when a block above is laid
    out; the methods that lay out say which position stays and by how much others have moved.
    """

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.width = 0
        self._bottoms: list[int] = []  # of the blocks from the first on, as far as they are known

    @property
    def height(self) -> int:
        """In lines; an estimate while there are blocks that nobody has looked at."""
        return self._known(len(self.blocks))

    def top(self, index: int) -> int:
        """The first line of a block."""
        return self._known(index)

    def find(self, y: int) -> tuple[int, int]:
        """The block at a line, and the line inside of it. Blocks without lines are passed over."""
        self._known(len(self.blocks))
        index = bisect_right(self._bottoms, y)
        return index, y - self.top(index)

    def line(self, y: int) -> Line:
        """One line; its block has been laid out."""
        index, inside = self.find(y)
        return self.blocks[index].line(inside)

    def set_width(self, width: int) -> None:
        """Be `width` cells wide; every height is an estimate again."""
        if width != self.width:
            self.width = width
            for block in self.blocks:
                block.set_width(width)
            self.changed(0)

    def replace(self, start: int, blocks: list[Block]) -> None:
        """Put `blocks` in the place of all from `start` on."""
        for block in blocks:
            if block.width != self.width:
                block.set_width(self.width)
        self.blocks[start:] = blocks
        self.changed(start)

    def changed(self, index: int) -> None:
        """The heights from this block on are no longer what they were."""
        del self._bottoms[index:]

    def reveal_down(self, y: int, count: int) -> None:
        """Lay out what stands in the `count` lines from `y` on; `y` and all above it stay."""
        index, inside = self.find(y)
        left = count + inside
        while left > 0 and index < len(self.blocks):
            self._lay_out(index)
            left -= self.blocks[index].height
            index += 1

    def reveal_up(self, y: int, count: int) -> int:
        """Lay out what stands in the `count` lines above `y`; give back by how much `y` moves."""
        index, inside = self.find(y)
        before = self.top(index)
        left = count - inside
        first = index
        while left > 0 and first > 0:
            first -= 1
            self._lay_out(first)
            left -= self.blocks[first].height
        return self.top(index) - before

    def _lay_out(self, index: int) -> None:
        block = self.blocks[index]
        if not block.is_laid_out:
            before = block.height
            block.lay_out()
            if block.height != before:
                self.changed(index)

    def _known(self, index: int) -> int:
        """The bottom of the block before `index`."""
        bottoms = self._bottoms
        if len(bottoms) < index:
            at = bottoms[-1] if bottoms else 0
            for block in self.blocks[len(bottoms) : index]:
                at += block.height
                bottoms.append(at)
        return bottoms[index - 1] if index else 0
