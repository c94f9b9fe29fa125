"""A conversation as a web page: readable, whole, and nothing in it that can act."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.storage.exchange.trees import kept_conversations
from tui.chat.conversation import Conversation
from tui.chat.ending import Ending, Outcome
from tui.chat.message import (
    Citation,
    Message,
    Role,
    ServerPart,
    TextPart,
    ThinkingPart,
    ToolResultPart,
    ToolUsePart,
)
from tui.storage.exchange.page import to_html
from tui.storage.records import Kept

ATTRIBUTES = {
    *("charset", "class", "content", "datetime", "dir", "href", "http-equiv", "lang", "name"),
    *("rel", "start", "title"),
}
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "main", "header", "article", "details"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "pre", "code", "span", "summary", "a"),
    *("ul", "ol", "li", "time", "table", "thead", "tbody", "tr", "th", "td", "blockquote"),
    *("em", "strong", "s", "br", "hr"),
}


class Page(HTMLParser):
    """What a browser would make elements and attributes of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def links(self) -> list[str]:
        return [attrs["href"] or "" for _, attrs in self.found if "href" in attrs]


def check_harmless(page: str) -> Page:
    """Nothing but elements and attributes that only show something, and links to the web."""
    found = Page(page)
    for tag, attrs in found.found:
        assert tag in ELEMENTS
        assert attrs.keys() <= ATTRIBUTES
        if tag == "a":
            assert attrs["rel"] == "noopener noreferrer"
    # Some parsers see no elements in a title; what is escaped is none for anybody.
    assert not re.search("<(?:script|img|svg|iframe|input)", page)
    for link in found.links():
        assert link.startswith(("http://", "https://", "mailto:", "HTTP"))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", page)
    return found


def page_of(*parts: object, role: Role = Role.ASSISTANT, ending: Ending | None = None) -> str:
    conversation = Conversation(title="Tides", system="Be brief.")
    made = tuple(TextPart(part) if isinstance(part, str) else part for part in parts)
    conversation.append(Message(role, made, model="gpt-5", ending=ending))
    return to_html(Kept(conversation, created_at=1.5e9, updated_at=1.5e9))


ATTACKS = [
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src='https://a.example'></iframe>",
    "<!--><script>alert(1)</script>-->",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java&#x73;cript:alert(1))",
    "[a](&#x1;javascript:alert(1))",
    "[a](vbscript:x) [b](file:///etc/passwd) [c](data:text/html,<script>1</script>)",
    "<javascript:alert(1)>",
    "[a]: javascript:alert(1)\n\n[a]",
    "![a](javascript:alert(1))",
    "![a](data:image/svg+xml;base64,PHN2Zz4=)",
    "![<script>alert(1)</script>](https://a.example/x.png)",
    '![a" onerror="alert(1)](https://a.example/x.png)',
    '[a](https://a.example/"onmouseover="alert(1))',
    "[a](https://a.example 'x\" onclick=alert(1)')",
    '```"><script>alert(1)</script>\nx\n```',
    "```html\n<script>alert(1)</script>\n```",
    "    <script>alert(1)</script>",
    "`<script>alert(1)</script>`",
    "| a |\n|:-:|\n| <script>alert(1)</script> |",
    "- [ ] <input onfocus=alert(1) autofocus>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#x202e;&#27;[31m",
    "<https://a.example/><script>x</script>",
    "javascript:alert(1) //a.example ftp://a.example",
    'https://a.example/"onmouseover="alert(1)',
]
pieces = st.lists(st.sampled_from([*ATTACKS, "\n", "`", "[", "](", "<"]), max_size=4).map("".join)
objects = st.dictionaries(pieces, pieces, max_size=1)
addresses = pieces | st.just("https://a.example/")
attacks = st.builds(
    Message,
    st.just(Role.ASSISTANT),
    st.tuples(
        st.builds(
            TextPart,
            pieces,
            st.tuples(st.builds(Citation, pieces, pieces, addresses, st.just({}))),
        ),
        st.builds(ThinkingPart, pieces),
        st.builds(ToolUsePart, st.just("t"), pieces, st.none() | objects),
        st.builds(ToolResultPart, st.just("t"), pieces),
        st.builds(ServerPart, pieces, objects),
    ),
    model=pieces,
    ending=st.builds(Ending, st.just(Outcome.COMPLETE), pieces),
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_model_writes_never_becomes_active(attack: str):
    conversation = Conversation(id=attack, title=attack, system=attack)
    cited = Citation(attack, attack, attack, {})
    on_the_web = Citation(attack, attack, "https://a.example/", {})
    for role in Role:
        parts = (
            TextPart(attack, (cited, on_the_web)),
            ThinkingPart(attack),
            ToolUsePart("t", attack, {attack: attack}),
            ToolUsePart("t", attack, None),
            ToolResultPart("t", attack),
            ServerPart(attack, {attack: attack}),
            ServerPart("x", {attack: attack}),
        )
        ending = Ending(Outcome.COMPLETE, attack)
        conversation.append(Message(role, parts, model=attack, ending=ending))
    check_harmless(to_html(Kept(conversation, origin=attack)))


@settings(max_examples=60, deadline=None)
@given(kept_conversations, pieces, attacks)
def test_no_conversation_at_all_becomes_active(kept, title, attack):
    kept.conversation.title = kept.conversation.system = title
    kept.conversation.append(attack)
    check_harmless(to_html(kept)).text.encode()


def test_the_page_forbids_everything_but_its_own_style():
    page = page_of("At six.")
    found = check_harmless(page)
    policy = next(a["content"] for _, a in found.found if "http-equiv" in a)
    style = re.search("<style>(.*?)</style>", page, re.DOTALL).group(1)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in style
    assert "@import" not in style


def test_it_says_what_it_is_and_shows_markdown():
    page = page_of("# Sorting\n\n```python\nsorted(x)\n```\n\n| a |\n|--:|\n| 1 |\n\n~~b~~")
    found = check_harmless(page)
    assert "<title>Tides</title>" in page
    assert "2017-07-14 02:40 UTC" in found.text
    assert "gpt-5" in found.text
    assert "Be brief." in found.text
    assert "<h1>Sorting</h1>" in page
    assert '<span class="nb">sorted</span>' in page
    assert '<td class="right">1</td>' in page
    assert "<s>b</s>" in page


def test_a_prompt_is_shown_as_it_was_typed():
    page = page_of("a **b**\n\n    c", role=Role.USER)
    assert "a **b**\n\n    c</div>" in page


def test_links_lead_to_the_web_and_an_image_is_a_link():
    page = page_of(
        "[a](https://a.example/) https://b.example <m@c.example> ![d](https://d.example)"
    )
    assert Page(page).links() == [
        *("https://a.example/", "https://b.example", "mailto:m@c.example", "https://d.example")
    ]
    assert "image: d" in page
    assert "<img" not in page


def test_what_is_for_the_provider_alone_is_not_shown():
    memo = ServerPart("openai-responses:reasoning", {"encrypted_content": "secret"})
    page = page_of("At ", memo, TextPart("six.", signature="signed"), ServerPart("search", {}))
    text = check_harmless(page).text
    assert "At" in text
    assert "six." in text
    assert "Block of the server: search" in text
    assert not re.search("secret|openai-responses|reasoning|signed", page)


def test_how_a_reply_ended_is_said_unless_it_simply_did():
    cut = page_of("At six.", ending=Ending(Outcome.COMPLETE, "max_tokens"))
    assert '<p class="ending">cut off at the token limit (max_tokens)</p>' in cut
    assert 'class="ending"' not in page_of("x", ending=Ending(Outcome.COMPLETE, "end_turn"))
    assert 'class="ending"' not in page_of("x")


def test_branches_that_are_not_there_are_mentioned():
    conversation = Conversation()
    conversation.append(Message.from_user("When?"))
    conversation.branch(conversation.head, Message.from_user("Where?"))
    page = to_html(Kept(conversation))
    assert "one other branch is not here" in page
    assert "When?" not in page.partition("</header>")[2]
