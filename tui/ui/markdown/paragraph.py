"""Running text that is parsed and wrapped piece by piece, so that a long one can grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.ui.markdown.inline import spans
from tui.ui.markdown.parser import parse_inline
from tui.ui.markdown.stack import Block
from tui.ui.markdown.wrap import joints, without_trailing_spaces, wrap_open

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.ui.markdown.lines import Line, Span
    from tui.ui.markdown.parser import References

_CHUNK = (2048, 4096)
"""The fewest and the most characters that are parsed at a time, but for the end of the text."""


class Paragraph(Block):
    """A paragraph, or the text of a heading.

    A text of more than one chunk is cut where a line ends, else at a space, else anywhere; what is
    emphasised across a cut is shown as it was written. That is the price for growing at a flat cost
    per character. Where it is cut depends only on what stands before.
    """

    def __init__(
        self,
        text: str,
        references: References,
        base: str = "",
        *,
        chunk: tuple[int, int] = _CHUNK,
    ) -> None:
        self._references = references
        self._base = base
        self._chunk = chunk
        self._text = ""
        self._chunks: list[_Chunk] = []
        self._wrapped = 0  # how many of the chunks are
        self._lines: list[Line] = []
        self._is_laid_out = False
        self._estimate = 0
        self._joints: list[str] = []
        self.set_text(text)

    @property
    def source(self) -> str:
        """The text as it was given."""
        return self._text

    @property
    def missed(self) -> set[str]:
        """Labels of links for which there was no definition. Known once it is laid out."""
        return set().union(*(chunk.missed for chunk in self._chunks))

    @property
    def height(self) -> int:
        """In lines; before it is laid out, as if each character took a cell and lines were full."""
        if self._is_laid_out:
            return len(self._lines)
        if not self._estimate:
            done = self._chunks[self._wrapped - 1].bottom if self._wrapped else 0
            rest = "".join(chunk.text for chunk in self._chunks[self._wrapped :])
            width = self.width or len(rest) or 1
            left = sum(max(1, -(-len(line) // width)) for line in rest.split("\n"))
            self._estimate = done + left
        return self._estimate

    @property
    def is_laid_out(self) -> bool:
        """Whether all of the text has been parsed, and wrapped at this width."""
        return self._is_laid_out

    def set_text(self, text: str) -> None:
        """Take another text; chunks that stay as they were are not parsed again."""
        if text == self._text and self._chunks:
            return
        self._text = text
        kept = 0
        fresh: list[_Chunk] = []
        for piece in _pieces(text, *self._chunk):
            if not fresh and kept < len(self._chunks) and self._chunks[kept].text == piece:
                kept += 1
            else:
                fresh.append(_Chunk(piece))
        self._chunks[kept:] = fresh
        self._invalidate(kept)

    def forget(self) -> None:
        """Parse all of it again, as link definitions have changed."""
        self._chunks = [_Chunk(chunk.text) for chunk in self._chunks]
        self._invalidate(0)

    def set_width(self, width: int) -> None:
        """Be `width` cells wide; what has been parsed stays."""
        if width != self.width:
            self.width = width
            self._invalidate(0)

    def lay_out(self) -> None:
        """Parse what has not been parsed, and wrap what has not been wrapped."""
        if self._is_laid_out:
            return
        width = max(1, self.width)
        first = self._chunks[self._wrapped - 1] if self._wrapped else None
        rest: Line = first.rest if first else []
        del self._lines[first.bottom if first else 0 :]
        for chunk in self._chunks[self._wrapped :]:
            lines, rest = wrap_open(rest + self._parse(chunk), width)
            self._lines += lines
            chunk.rest = rest
            chunk.bottom = len(self._lines)
        self._wrapped = len(self._chunks)
        self._lines.append(without_trailing_spaces(rest))
        self._is_laid_out = True

    def line(self, y: int) -> Line:
        """One line of it."""
        return self._lines[y]

    def joint(self, y: int) -> str:
        """What the text itself has between a line and the next one: a break, a space or nothing."""
        if not self._joints:
            plain = "".join(span.text for chunk in self._chunks for span in chunk.spans or ())
            self._joints = joints(plain, self._lines)
        return self._joints[y]

    def _parse(self, chunk: _Chunk) -> list[Span]:
        if chunk.spans is None:
            # What others have missed is put aside: it may be the same labels.
            others, self._references.missed = self._references.missed, chunk.missed
            try:
                chunk.spans = spans(parse_inline(chunk.text, self._references), self._base)
            finally:
                self._references.missed = others | chunk.missed
        return chunk.spans

    def _invalidate(self, index: int) -> None:
        """The chunks from this one on have to be wrapped."""
        self._wrapped = min(self._wrapped, index)
        self._is_laid_out = False
        self._estimate = 0
        self._joints = []


class _Chunk:
    """A piece of the text, what has been parsed of it, and where wrapping stood at its end."""

    __slots__ = ("bottom", "missed", "rest", "spans", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans: list[Span] | None = None
        self.missed: set[str] = set()
        self.bottom = 0  # how many lines are complete
        self.rest: Line = []  # of the line that the next chunk goes on with


def _pieces(text: str, low: int, high: int) -> Iterator[str]:
    start = 0
    while len(text) - start > high:
        # What is found is a position, so 0 stands for nothing.
        cut = (
            text.rfind("\n", start + low, start + high) + 1
            or text.rfind(" ", start + low, start + high) + 1
            or start + high
        )
        yield text[start:cut]
        start = cut
    yield text[start:]
