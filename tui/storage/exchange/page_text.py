"""Markdown and code as HTML that cannot do anything."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

_WEB = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x1f]+", re.IGNORECASE)
_MOST_HIGHLIGHTED = 100_000
"""Characters of a code block that is coloured; some lexers are slow on long ones."""


def render(text: str) -> str:
    """Markdown as HTML, whatever it is."""
    return f'<div class="text" dir="auto">{_parser().render(text)}</div>'


def code_block(text: str, language: str) -> str:
    """Code with its colours, if the language is one that Pygments knows."""
    inside = _coloured(text, language) if len(text) <= _MOST_HIGHLIGHTED else None
    return f'<pre dir="ltr"><code>{escape(text) if inside is None else inside}</code></pre>\n'


def is_web_address(url: str) -> bool:
    """Whether a link may lead there."""
    return _WEB.fullmatch(url) is not None


def _coloured(text: str, language: str) -> str | None:
    if not language:
        return None
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
    return str(highlight(text, lexer, HtmlFormatter(nowrap=True)))


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - markdown-it's name for it
        return is_web_address(url)


@cache
def _parser() -> MarkdownIt:
    parser = _Parser("gfm-like", {"html": False, "tasklists": False})
    if parser.linkify is not None:  # main.py and README.md are no hosts
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("code_block", _fence)
    parser.add_render_rule("image", _image)
    parser.add_render_rule("link_open", _link_open)
    parser.add_render_rule("th_open", _cell_open)
    parser.add_render_rule("td_open", _cell_open)
    return parser


def _fence(
    _self: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType
) -> str:
    words = tokens[index].info.split(maxsplit=1)
    return code_block(tokens[index].content, words[0] if words else "")


def _image(
    _self: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType
) -> str:
    token = tokens[index]
    url = str(token.attrs["src"])
    name = f"image: {token.content or url}"
    return f'<a href="{escape(url)}" rel="noopener noreferrer">{escape(name)}</a>'


def _link_open(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    tokens[index].attrSet("rel", "noopener noreferrer")
    return self.renderToken(tokens, index, options, env)


def _cell_open(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    # The page's policy allows no style attributes.
    style = str(tokens[index].attrs.pop("style", ""))
    if style:
        tokens[index].attrSet("class", style.removeprefix("text-align:"))
    return self.renderToken(tokens, index, options, env)
