"""What the history costs when it is large, beside plain SQL on the same file.

    python tests/benchmarks/history.py [--rounds N] [--folder F]

Three files are made, once, and kept in the folder (by default in the temporary one): 10
conversations, 100,000 conversations, and 100,000 messages of which 10,000 are in one conversation.
Their sizes are those of real chats: prompts of some lines, replies of some paragraphs, a twentieth
of all in Japanese and Chinese, words as frequent as in real texts.

Each row has the median and the worst of the rounds. Plain SQL is what one would write without an
index for it: rows of the columns that are needed, no objects. Budgets: a search 50 ms, 100,000
conversations listed as fast as ten.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import tempfile
import time
from contextlib import closing
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

from tui.chat.conversation import Conversation
from tui.chat.ending import Ending, Outcome
from tui.chat.events import TextDelta
from tui.chat.message import Message, Role, TextPart, Timing, TokenLimit, Usage
from tui.chat.reply import Reply
from tui.storage import reads, replies, writes
from tui.storage.database import connect, connect_to_read, transaction
from tui.storage.records import Sheet

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

LONG = "0" * 32
RUN = "the benchmark"
MANY = 100_000
VERSION = 4  # of the texts below and of the tables


class Author:
    """Writes the same texts in every run."""

    def __init__(self) -> None:
        self._random = Random(1)
        syllables = [a + b for a in "bcdfghjklmnprstvwz" for b in ("a", "e", "i", "o", "u", "en")]
        words = {"".join(self._random.choices(syllables, k=1 + n // 4000)) for n in range(24_000)}
        self._words = sorted(words, key=lambda word: (len(word), word))
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(len(self._words))))
        self._kanji = [chr(code) for code in range(0x4E00, 0x4E00 + 2000)]
        self._kanji_weights = list(accumulate(1 / (rank + 3) for rank in range(2000)))

    def line(self, words: int) -> str:
        """Words of a line."""
        found = self._random.choices(self._words, cum_weights=self._weights, k=words)
        return " ".join(found)

    def text(self, words: int) -> str:
        """Paragraphs, with an item and a bit of code now and then."""
        if self._random.random() < 0.05:
            kanji = self._random.choices(self._kanji, cum_weights=self._kanji_weights, k=words)
            return "".join(kanji) + "です。"
        found = []
        while words > 0:
            line = self.line(min(words, 18))
            words -= 18
            kind = self._random.random()
            if kind < 0.1:
                line = f"```python\nx = {line.replace(' ', '(', 1)}, 1) # {words}\n```"
            elif kind < 0.3:
                line = f"- **{line[:12]}** — {line[12:]}"
            found.append(f"{line.capitalize()}.")
        return "\n\n".join(found)

    def messages(self, count: int) -> Iterable[Message]:
        """Prompts and replies in turn."""
        for number in range(count):
            if number % 2:
                yield Message(
                    Role.ASSISTANT,
                    (TextPart(self.text(self._random.randrange(60, 450))),),
                    provider="anthropic",
                    model="model-1",
                    request_id=f"req_{number:020}",
                    ending=Ending(Outcome.COMPLETE, "end_turn"),
                    usage=Usage(100, 200),
                    limit=TokenLimit(8000, "the default"),
                    timing=Timing(0.5, 5.5),
                )
            else:
                yield Message.from_user(self.text(self._random.randrange(4, 60)))


def make(path: Path, conversations: int, messages: int, long: int = 0) -> None:
    """A file of so many conversations of so many messages, and perhaps a long one."""
    if path.exists():
        return
    print(f"making {path.name} …", file=sys.stderr)
    unfinished = path.with_suffix(".unfinished")
    for old in path.parent.glob(f"{unfinished.name}*"):
        old.unlink()
    author = Author()
    with closing(connect(unfinished)) as db:
        db.execute("PRAGMA synchronous = OFF")
        for first in range(0, conversations, 1000):
            with transaction(db):
                for _ in range(first, min(first + 1000, conversations)):
                    say(db, Conversation(title=author.line(6)), author.messages(messages))
        if long:
            with transaction(db):
                say(db, Conversation(id=LONG, title="the long one"), author.messages(long))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    unfinished.rename(path)


def say(db: sqlite3.Connection, conversation: Conversation, messages: Iterable[Message]) -> None:
    """As the app does it, but all at once."""
    for message in messages:
        parent = conversation.head
        conversation.append(message)
        if message.role is Role.USER:
            writes.add_message(db, Sheet.of(conversation), message, parent, RUN)
        else:
            replies.begin_reply(db, conversation.id, message, parent or "", RUN)
            replies.end_reply(db, Sheet.of(conversation), message, RUN)


def timed(work: Callable[[], object], rounds: int) -> tuple[float, float, object]:
    """The median and the worst of the rounds in milliseconds, and what was found."""
    took, found = [], work()
    gc.collect()
    for _ in range(rounds):
        start = time.perf_counter()
        found = work()
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took), max(took), found


class Table:
    """Prints rows of ours beside the plain way."""

    def __init__(self, rounds: int) -> None:
        self._rounds = rounds

    def head(self, title: str) -> None:
        """Begin a part."""
        print(f"\n{title:<44}{'ours, ms':>10}{'worst':>8}{'plain':>9}{'found':>8}")

    def row(
        self, name: str, ours: Callable[[], object], plain: Callable[[], object] | None
    ) -> None:
        """Measure one thing."""
        median, worst, found = timed(ours, self._rounds)
        baseline = "" if plain is None else f"{timed(plain, max(2, self._rounds // 3))[0]:.2f}"
        number = len(found) if isinstance(found, list) else ""
        print(f"{name:<44}{median:>10.2f}{worst:>8.2f}{baseline:>9}{number:>8}", flush=True)


def listing(table: Table, name: str, db: sqlite3.Connection) -> None:
    """The first page of the list, and what the switcher asks for."""
    plain = (
        "SELECT id, title, model, updated_at FROM conversation ORDER BY updated_at DESC LIMIT 50"
    )
    table.head(f"Of {name}")
    table.row("the newest 50", lambda: reads.newest(db, 50), lambda: db.execute(plain).fetchall())
    table.row("how many there are", lambda: reads.count(db), None)
    table.row("the last one", lambda: reads.last(db), None)
    like = "SELECT id, title FROM conversation WHERE title LIKE ? LIMIT 50"
    for query in ("ba", "bagu", "zzqx"):
        table.row(
            f"titles with {query!r}",
            lambda query=query: reads.titled(db, query, 50),
            lambda query=query: db.execute(like, (f"%{'%'.join(query)}%",)).fetchall(),
        )


def searching(table: Table, db: sqlite3.Connection) -> None:
    """Finding words in 100,000 messages."""
    author = Author()
    common, rare = author._words[5], author._words[-1]
    queries = {
        "a rare word": rare,
        "a common word": common,
        "the beginning of a word": rare[:4],
        "one letter": "b",
        "two common words": f"{common} {author._words[9]}",
        "a rare and a common word": f"{rare} {common}",
        "twenty common words": " ".join(author._words[3:23]),
        "twenty letters": " ".join("abcdefghijklmnopqrst"),
        "two Chinese characters": "一丁",
        "two rare Chinese characters": "坐址",
        "a phrase": f'"{common} {author._words[7]}"',
        "a rare phrase": f'"{common} {rare}"',
        "only punctuation": "```",
        "a full stop": ".",
        "punctuation that is nowhere": "=>",
        "a word with punctuation": "c++",
        "two words with a hyphen": f"{common}-{author._words[7]}",
        "a word that is nowhere": "xylophone",
        "two words that never meet": f"{rare} {author._words[-2]} {author._words[-3]}",
    }
    like = "SELECT id, text FROM message WHERE text LIKE ? ORDER BY seq DESC LIMIT 50"
    table.head("Searching 100,000 messages")
    for name, query in queries.items():
        table.row(
            name,
            lambda query=query: reads.search(db, query, 50),
            lambda query=query: db.execute(like, (f"%{query}%",)).fetchall(),
        )
    table.head("The prompts among them")
    for name, query in {"the last ones": "", "a rare word": rare, "nowhere": "xylophone"}.items():
        table.row(
            name,
            lambda query=query: reads.prompts(db, query, 50),
            lambda query=query: db.execute(like, (f"%{query}%",)).fetchall(),
        )


def opening(table: Table, db: sqlite3.Connection) -> None:
    """The end of a conversation, and all of it."""
    plain = "SELECT * FROM message WHERE conversation = ? ORDER BY seq"
    (short,) = db.execute(
        "SELECT id FROM conversation WHERE id <> ? ORDER BY updated_at DESC LIMIT 1", (LONG,)
    ).fetchone()
    last = f"{plain} DESC LIMIT 60"
    table.head("Opening a conversation")
    for name, id_ in {"10": short, "10,000": LONG}.items():
        rows = lambda id_=id_: db.execute(plain, (id_,)).fetchall()  # noqa: E731 - it is one of many
        table.row(
            f"of {name} messages, the last 60",
            lambda id_=id_: reads.load(db, id_, None, 60),
            lambda id_=id_: db.execute(last, (id_,)).fetchall(),
        )
        table.row(f"of {name} messages, all", lambda id_=id_: reads.load(db, id_, None), rows)
        table.row(
            f"of {name} messages, what is new",
            lambda id_=id_: reads.changes(db, id_, 1 << 40, None),
            None,
        )


def writing(table: Table, path: Path) -> None:
    """What a running reply costs, and a prompt: with the disk's own time."""
    with closing(connect(path)) as db:
        db.execute("CREATE TABLE IF NOT EXISTS plain (text)")

        def insert() -> None:
            with transaction(db):
                db.execute("INSERT INTO plain VALUES (?)", ("x" * 200,))

        def note() -> None:
            with transaction(db):
                replies.append_journal(db, begun.id, [TextDelta("word ")] * 40)

        def end() -> None:
            with transaction(db):
                replies.end_reply(db, Sheet.of(conversation), reply.message(), RUN)
                db.execute("UPDATE message SET writer = ? WHERE id = ?", (RUN, begun.id))

        def ask() -> None:
            message = Message.from_user("x" * 200)
            with transaction(db):
                writes.add_message(db, Sheet.of(long), message, long.head, RUN)

        def draft() -> None:
            with transaction(db):
                writes.save(db, Sheet.of(long, draft="x" * 200), RUN)

        table.head("Writing, the disk's part included")
        for tokens in (1_000, 64_000):
            conversation = Conversation()
            prompt = Message.from_user("go on")
            reply = Reply(provider="anthropic", model="model-1")
            begun = reply.message()
            reply.apply(TextDelta("word " * tokens))
            with transaction(db):
                conversation.append(prompt)
                writes.add_message(db, Sheet.of(conversation), prompt, None, RUN)
                replies.begin_reply(db, conversation.id, begun, prompt.id, RUN)
                for _ in range(tokens // 40):
                    replies.append_journal(db, begun.id, [TextDelta("word ")] * 40)
            table.row(f"200 ms of a reply, at {tokens:,} tokens", note, insert)
            table.row(f"the end of a reply of {tokens:,} tokens", end, None)
        opened = reads.load(db, LONG, None, 1)
        assert opened is not None
        long = opened.kept.conversation
        table.row("a prompt, in 10,000 messages", ask, insert)
        table.row("a draft", draft, insert)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "rill-history")
    options = parser.parse_args()
    folder = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    ten, many, long = (folder / f"{name}-{VERSION}.db" for name in ("ten", "many", "long"))
    make(ten, 10, 10)
    make(many, MANY, 1)
    make(long, 9_000, 10, 10_000)
    for path in (ten, many, long):
        print(f"{path.name}: {path.stat().st_size >> 20} MiB")
    table = Table(options.rounds)
    for name, path in {"10 conversations": ten, "100,000 conversations": many}.items():
        with closing(connect_to_read(path)) as db:
            listing(table, name, db)
    with closing(connect_to_read(long)) as db:
        searching(table, db)
        opening(table, db)
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        copy = Path(fresh) / "history.db"
        copy.write_bytes(long.read_bytes())
        writing(table, copy)


if __name__ == "__main__":
    main()
