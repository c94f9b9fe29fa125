"""What was said is found by its words, whatever the script, and whatever is typed is only text."""

# ruff: noqa: RUF001 - what is typed in other scripts

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.chat.conversation import Conversation
from tui.chat.message import Message
from tui.storage import reads, writes
from tui.storage.database import connect_in_memory, transaction
from tui.storage.records import Sheet
from tui.storage.words import excerpt, places

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Connection


@pytest.fixture
def db() -> Iterator[Connection]:
    connection = connect_in_memory()
    yield connection
    connection.close()


def say(db: Connection, *texts: str) -> None:
    """Each in a conversation of its own."""
    for text in texts:
        conversation = Conversation()
        message = Message.from_user(text)
        conversation.append(message)
        with transaction(db):
            writes.add_message(db, Sheet.of(conversation), message, None, "run")


def finds(text: str, query: str) -> bool:
    """Whether that is found in it, and then marked, too."""
    db = connect_in_memory()
    say(db, text, "something else")
    hits = reads.search(db, query, 5)
    db.close()
    if hits:
        assert hits[0].marks
    return bool(hits)


def marked(text: str, query: str) -> list[str]:
    """The parts of the excerpt that are marked."""
    line, marks = excerpt(text, query)
    return [line[begin:end] for begin, end in marks]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("A small brook.", "brook"),
        ("A small brook.", "SMALL"),
        ("A small brook.", "smal"),
        ("A small brook.", "brook small"),
        ("A small brook.", '"small brook"'),
        ("A small\n\tbrook.", '"small  brook"'),
        ("東京都に住んでいます。", "京都"),
        ("東京都に住んでいます。", "東京"),
        ("東京都に住んでいます。", "住ん"),
        ("東京都に住んでいます。", "東京 住"),
        ("我想学习中文，谢谢", "中文"),
        ("我想学习中文，谢谢", "学习中文"),
        ("𠮷野家に行く", "𠮷野"),
        ("ｶﾞｲﾄﾞを読む", "ガイド"),
        ("ガイドを読む", "ｶﾞｲﾄﾞ"),
        ("ＡＢＣ株式会社", "abc"),
        ("ABC株式会社", "ＡＢＣ"),
        ("ABC株式会社", "株式"),
        ("データベースを開く", "ベース"),
        ("한국어를 배웁니다", "한국"),
        ("한국어를 배웁니다", "한"),
        ("ภาษาไทยสวยงาม", "ไทย"),
        ("ภาษาไทยสวยงาม", "สวย"),
        ("น้ำตก", "น้ำ"),
        ("हिन्दी में लिखो", "हिन्दी"),
        ("मैं लिखो", "लिख"),
        ("مرحبا بالعالم", "بالعالم"),
        ("Crème brûlée", "creme brulee"),
        ("Creme brulee", "crème"),
        ("Cre\u0300me", "crème"),
        ("Die Straße", "strasse"),
        ("Die STRASSE", "straße"),
        ("ΟΔΟΣ", "οδος"),
        ("Привет, мир", "привет"),
        ("Việt Nam", "viet"),
        ("soft\u00adhyphen", "softhyphen"),
        ("well done 👍🏽", "👍"),
        ("the 👩\u200d💻 says", "👩\u200d💻"),
        ("love ❤\ufe0f it", "❤"),
        ("love ❤ it", "❤\ufe0f"),
        ("new in Unicode 14: 🥹", "🥹"),
        ("cats AND dogs", "AND"),
        ("dogs OR not", "OR NOT"),
        ("NEAR the sea", "NEAR"),
        ("f(x) = y", "f(x)"),
        ("a * b ^ c", "* ^"),
        ("text: more", "text:"),
        ("column text:foo", "text:foo"),
        ("-v is verbose", "-v"),
        ("1 + 1", "+"),
        ("a=foo", "foo"),
        ("5€", "€"),
        ('he said "so"', '"so'),
        ('he said "so"', '"'),
        ('he said "so"', 'said "'),
        ("lambda x => x", "=>"),
        ("in C++ and C#", "c++"),
        ("in C++ and C#", "C#"),
        ("in C++ and C#", "++"),
        ("a foo-bar thing", "foo-bar"),
        ("a foo-bar thing", "foo-b"),
        ("a foo-bar thing", "bar"),
        ("snake_case_name", "case"),
        ("snake_case_name", "snake_case"),
        ("see a → b", "→"),
        ("it costs 5 €", "5 €"),
        ("100%", "100%"),
        ("__init__.py", "__init__"),
        ("before\0after", "after"),
        ("before\0after", "before\0after"),
        ("C:\\temp", "c:\\temp"),
        ("’tis", "’tis"),
    ],
)
def test_it_is_found(text: str, query: str) -> None:
    if query.strip('"'):
        assert finds(text, query)
    else:
        assert not finds(text, query)  # nothing was looked for


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("A small brook.", "rook"),
        ("A small brook.", "small river"),
        ("A small brook.", '"brook small"'),
        ("東京都に住んでいます。", "東都"),
        ("東京都に住んでいます。", "北京"),
        ("がき", "かき"),
        ("cats and dogs", "cats OR birds"),
        ("cats and dogs", "cats NOT birds"),
        ("foo bar", "foo-bar"),
        ("in C and D", "c++"),
        ("brook", "br*k"),
        ("brook", "text:brook"),
        ("brook", ""),
        ("brook", "   "),
        ("brook", "\u0301"),
        ("brook", "\u200d"),
        ("brook", "\x01"),
        ("brook", "\ud800"),
    ],
)
def test_it_is_not_found(text: str, query: str) -> None:
    assert not finds(text, query)


def test_the_newest_messages_come_first_and_no_more_than_were_asked_for(db: Connection) -> None:
    say(db, *(f"brook {number}" for number in range(5)))
    assert [hit.excerpt for hit in reads.search(db, "brook", 3)] == [
        "brook 4",
        "brook 3",
        "brook 2",
    ]
    (hit,) = reads.search(db, "brook 1", 3)
    assert hit.entry.title == "brook 1"
    opened = reads.load(db, hit.entry.id, None)
    assert opened is not None
    assert opened.kept.conversation[hit.message_id].text == "brook 1"


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(), max_size=12) | st.text('"*^:()+-{}\\%_ aANDORTNE\0', max_size=20))
def test_nothing_that_is_typed_is_an_error(query: str) -> None:
    for hit in reads.search(_SOME, query, 5):
        assert all(0 <= begin < end <= len(hit.excerpt) for begin, end in hit.marks)
    reads.titled(_SOME, query, 5)
    reads.prompts(_SOME, query, 5)
    reads.find_conversation(_SOME, query)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30), st.data())
def test_whatever_stands_in_a_text_finds_it(text: str, data: st.DataObject) -> None:
    words = text.replace('"', " ").split()
    if words:
        query = data.draw(st.sampled_from(words))
        # What nobody sees is not looked for: controls, accents without a letter.
        if any(character.isalnum() for character in query):
            assert finds(text, query)


@pytest.mark.parametrize(
    "query",
    [
        "x" * 10_000,
        "word " * 2_000,
        " ".join(f"word{number}" for number in range(2_000)),
        "言" * 10_000,
        '"' * 10_000,
        "%" * 60_000,
        "\ufdfa" * 10_000,  # one character that stands for eighteen
        "( " * 5_000,
    ],
)
def test_a_query_may_be_as_long_as_one_likes(query: str) -> None:
    for question in (reads.search, reads.titled, reads.prompts):
        question(_SOME, query, 5)
    reads.find_conversation(_SOME, query)


def test_an_excerpt_is_one_safe_line_around_the_first_hit() -> None:
    text = "before it " * 50 + "here\x1b[31m is\n\n the BROOK and another brook " + "after it " * 50
    line, marks = excerpt(text, "brook")
    assert line.startswith("…")
    assert line.endswith("…")
    assert len(line) <= 162
    assert "\x1b" not in line
    assert "is the BROOK and another brook after" in line
    assert [line[begin:end] for begin, end in marks] == ["BROOK", "brook"]


@pytest.mark.parametrize(
    ("text", "query", "parts"),
    [
        ("A small brook", "bro", ["bro"]),
        ("brook embrook brooks", "brook", ["brook", "brook"]),
        ("Straße und strasse", "strasse", ["Straße", "strasse"]),
        ("Straße", "stras", ["Straß"]),
        ("東京都", "京都", ["京都"]),
        ("東京都", "東京都 京", ["東京都"]),
        ("ｶﾞｲﾄﾞ", "ガイド", ["ｶﾞｲﾄﾞ"]),
        ("Cre\u0300me brûlée", "creme brulee", ["Cre\u0300me", "brûlée"]),
        ("a brook", "brook \u0301", ["brook"]),
        ("ﬁne", "fi", ["ﬁ"]),
        ("aaa aa", "a aa", ["aa", "aa"]),
        ("small brook", '"small brook"', ["small brook"]),
        ("small\n\nbrook", '"small brook"', ["small brook"]),
        ("in C++, c+++", "c++", ["C++", "c++"]),
        ("a=>b", "=>", ["=>"]),
        ("👩\u200d💻!", "👩\u200d💻", ["👩\u200d💻"]),
    ],
)
def test_hits_are_marked_where_they_stand(text: str, query: str, parts: list[str]) -> None:
    assert marked(text, query) == parts


def test_all_hits_of_a_whole_message_can_be_marked() -> None:
    text = "one Straße, and another\nSTRASSE"
    assert [text[begin:end] for begin, end in places(text, "strasse")] == ["Straße", "STRASSE"]
    assert places(text, "") == []
    assert places("", "strasse") == []


_SOME = connect_in_memory()
say(
    _SOME, "A small brook.", "東京都に住んでいます。", 'f("x") => C++', "100% of it", "\0 AND NOT *"
)
