"""From inline tokens to spans."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it.common.normalize_url import normalizeLink

from tui.chat.hygiene import make_visible, one_line
from tui.ui.markdown.columns import expand_tabs, keep_columns
from tui.ui.markdown.lines import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markdown_it.token import Token

_LOOKS = {"strong": "strong", "em": "em", "s": "strike", "link": "link"}
_BREAKS = {"softbreak", "hardbreak"}
_NOTE = re.compile(r"(\[\^[^\s\[\]^]+\])")
_OPENED = re.compile("(?:https?|mailto):", re.IGNORECASE)


def spans(tokens: list[Token], base: str = "") -> list[Span]:
    r"""The tokens of one piece of inline text as spans, `base` below every other look.

    A span of "\n" is a forced break, and so is every line end: models mean theirs.
    """
    writer = _Writer(base)
    writer.add(tokens)
    return writer.spans


class _Writer:
    def __init__(self, base: str) -> None:
        self.spans: list[Span] = []
        self._looks = [base] if base else []
        self._href = ""
        self._link: Token | None = None
        self._link_text: list[str] = []

    def add(self, tokens: list[Token]) -> None:
        for token in tokens:
            kind = token.type
            if kind == "text":
                self._write_text(token.content)
            elif kind in _BREAKS:
                self._write("\n")
            elif kind == "code_inline":
                self._write(expand_tabs(token.content, 0), "code")
            elif kind == "image":
                self._write_image(token)
            elif kind == "html_inline":
                self._write(token.content, "html")
            elif kind.startswith("math_inline"):
                close = token.info or token.markup
                self._write(f"{token.markup}{token.content}{close}", "math")
            elif kind.endswith("_open") and kind[:-5] in _LOOKS:
                self._open(token)
            elif kind.endswith("_close") and kind[:-6] in _LOOKS:
                self._close(token)
            elif token.children:
                self.add(token.children)
            else:
                self._write_text(token.content)

    def _open(self, token: Token) -> None:
        self._looks.append(_LOOKS[token.type.removesuffix("_open")])
        if token.type == "link_open":
            self._link = token
            self._link_text = []
            self._href = _href(_shown(token, "href"))

    def _close(self, token: Token) -> None:
        self._looks.pop()
        if token.type == "link_close" and self._link:
            link, text = self._link, "".join(self._link_text)
            self._link, self._href = None, ""
            if link.info != "auto" and not _is_target(text, str(link.attrs.get("href", ""))):
                self._write_target(_shown(link, "href"))

    def _write_image(self, token: Token) -> None:
        target = _shown(token, "src")
        # A text with targets of its own is shown as it was written.
        children = [] if any(child.attrs for child in token.children or []) else token.children
        alt = _plain(children) if children else token.content
        # In a link the picture leads where the link does; its own target is shown all the same.
        self._write(f"[image: {alt}]", "image", None if self._link else _href(target))
        self._write_target(target)

    def _write_target(self, target: str) -> None:
        if target:
            self._write(f" \u2039{target}\u203a", "url", _href(target))

    def _write_text(self, text: str) -> None:
        if "[^" not in text:
            self._write(text)
            return
        for number, part in enumerate(_NOTE.split(text)):
            self._write(part, "note" if number % 2 else "")

    def _write(self, text: str, look: str = "", href: str | None = None) -> None:
        """Add text in the looks that are open, and in one more."""
        if self._link:
            self._link_text.append(text)
        look = " ".join([*self._looks, look] if look else self._looks)
        href = self._href if href is None else href
        text = keep_columns(make_visible(text)).replace("\t", " ")
        for number, line in enumerate(text.split("\n")):
            if number:
                self.spans.append(Span("\n"))
            if line:
                self._append(Span(line, look, href))

    def _append(self, span: Span) -> None:
        if self.spans:
            text, look, href = self.spans[-1]
            if look == span.look and href == span.href and text != "\n":
                self.spans[-1] = Span(text + span.text, look, href)
                return
        self.spans.append(span)


def _shown(token: Token, attribute: str) -> str:
    """A target as it is shown, and as it is opened: no difference that could deceive."""
    return keep_columns(one_line(str(token.attrs.get(attribute, ""))))


def _href(target: str) -> str:
    """The target if it is of a kind that may be opened."""
    return target if _OPENED.match(target) else ""


def _is_target(text: str, target: str) -> bool:
    return text in {target, target.removeprefix("mailto:")} or normalizeLink(text) == target


def _plain(tokens: Iterable[Token]) -> str:
    """An image's text without its markup, on one line."""
    return "".join(
        _plain(token.children)
        if token.children
        else " "
        if token.type in _BREAKS
        else token.content
        for token in tokens
    )
