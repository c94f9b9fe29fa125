"""The tables, and the way from each older version of them to the next.

`MIGRATIONS[n]` brings a file from version n to n + 1; the version stands in `PRAGMA user_version`.
What has been released is never changed, only followed by another step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.storage.words import searchable

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

APPLICATION_ID = 0x52694C6C  # "RiLl", for `file`

_CONVERSATIONS = """
CREATE TABLE conversation (
    id          TEXT PRIMARY KEY NOT NULL,
    title       TEXT NOT NULL,              -- as it is shown
    folded      TEXT NOT NULL,              -- the title as it is looked for
    given_title TEXT NOT NULL,              -- '' while it is the beginning of the first prompt
    system      TEXT NOT NULL,
    head        TEXT,                       -- the message that it goes on from
    draft       TEXT NOT NULL,
    draft_by    TEXT,                       -- the run of Rill that wrote the draft
    waiting     TEXT NOT NULL,              -- JSON: prompts that wait their turn
    pinned      INTEGER NOT NULL,
    created_at  REAL NOT NULL,              -- seconds since 1970, as everywhere here
    updated_at  REAL NOT NULL,              -- when something was last said
    model       TEXT NOT NULL,              -- of its last reply
    ending      TEXT,                       -- JSON: how its last reply ended
    messages    INTEGER NOT NULL,
    origin      TEXT UNIQUE,                -- where it was imported from
    deletion    INTEGER REFERENCES deletion (id),
    change      INTEGER NOT NULL            -- number of the last change to the row
);
CREATE INDEX conversation_listed ON conversation (pinned DESC, updated_at DESC)
    WHERE deletion IS NULL;
CREATE INDEX conversation_newest ON conversation (updated_at) WHERE deletion IS NULL;
CREATE INDEX conversation_drafted ON conversation (updated_at) WHERE messages = 0 AND draft <> '';
CREATE INDEX conversation_deleted ON conversation (deletion) WHERE deletion IS NOT NULL;

CREATE TABLE message (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    conversation TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    parent       TEXT REFERENCES message (id) ON DELETE CASCADE,
    role         TEXT NOT NULL,
    created_at   REAL NOT NULL,
    text         TEXT NOT NULL,
    parts        TEXT,                      -- JSON, if there is more to it than the text
    reply        TEXT,                      -- JSON: provider, model, request, usage, times, ending
    writer       TEXT,                      -- the run of Rill that is receiving it
    deletion     INTEGER REFERENCES deletion (id),
    change       INTEGER NOT NULL
);
-- With all that is needed to count them.
CREATE INDEX message_of ON message (conversation, seq, deletion, writer);
CREATE INDEX message_after ON message (parent, conversation);
CREATE INDEX message_changed ON message (conversation, change);
CREATE INDEX message_running ON message (conversation) WHERE writer IS NOT NULL;
CREATE INDEX message_prompts ON message (seq) WHERE role = 'user';
CREATE INDEX message_deleted ON message (deletion) WHERE deletion IS NOT NULL;

-- What a running reply has received since it began, until it has ended.
CREATE TABLE journal (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    message TEXT NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    events  TEXT NOT NULL                   -- JSON
);
CREATE INDEX journal_of ON journal (message, id);

-- What was deleted can be brought back for some days.
CREATE TABLE deletion (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           REAL NOT NULL,
    by           TEXT NOT NULL,             -- the run of Rill
    conversation TEXT NOT NULL,
    message      TEXT,                      -- the first of a branch; NULL: the whole conversation
    head         TEXT                       -- where the conversation went on from before
);

-- Prompts that were written and never sent.
CREATE TABLE unsent (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           REAL NOT NULL,
    text         TEXT NOT NULL,
    conversation TEXT REFERENCES conversation (id) ON DELETE CASCADE
);

CREATE TABLE counter (change INTEGER NOT NULL);
INSERT INTO counter VALUES (0);
"""

# Contentless: the words are made from `message.text`, which is not kept a second time. `words` has
# folded them, and parted what stands alone; all that is left to be done is to cut at blanks. `Cn`
# are characters younger than SQLite's tables.
_SEARCH = """
CREATE VIRTUAL TABLE word USING fts5 (
    text, content = '', prefix = '1 2 3',
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co Cn'"
);
"""

_CHOICES = """
ALTER TABLE conversation ADD COLUMN choice TEXT NOT NULL DEFAULT '{}';  -- JSON: what was chosen
"""


def _create_conversations(connection: Connection) -> None:
    _run(connection, _CONVERSATIONS)


def _create_search(connection: Connection) -> None:
    _run(connection, _SEARCH)
    index_all(connection)


def _add_choices(connection: Connection) -> None:
    # Rows that were written before keep what they had: they end before this column.
    _run(connection, _CHOICES)


def index_all(connection: Connection) -> None:
    """Let everything that was said be found."""
    rows = connection.execute("SELECT seq, text FROM message WHERE writer IS NULL ORDER BY seq")
    for seq, text in rows:
        index(connection, seq, text)


def index(connection: Connection, seq: int, text: str) -> None:
    """Let a message be found by its words."""
    if text:
        connection.execute("INSERT INTO word (rowid, text) VALUES (?, ?)", (seq, searchable(text)))


def unindex(connection: Connection, seq: int, text: str) -> None:
    """Undo `index`; the text has to be the same."""
    if text:
        connection.execute(
            "INSERT INTO word (word, rowid, text) VALUES ('delete', ?, ?)", (seq, searchable(text))
        )


def _run(connection: Connection, script: str) -> None:
    """Not `executescript`: that would commit the transaction first."""
    statement = ""
    for line in script.splitlines():
        statement += line.partition("--")[0].rstrip() + "\n"
        if statement.rstrip().endswith(";"):
            connection.execute(statement)
            statement = ""


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    *(_create_conversations, _create_search, _add_choices),
)
