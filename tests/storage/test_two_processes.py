"""Several Rills on one file: nobody waits for long, and nothing that anybody writes is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tests.storage.speaker import Speaker
from tui.storage.database import connect, transaction

if TYPE_CHECKING:
    from sqlite3 import Connection

    from tui.storage.history import History

REPOSITORY = Path(__file__).parents[2]
OPERATIONS = 2000

# Opens one file after the other, each when it is told to, as others are at the same moment.
OPENER = """
import sys
from pathlib import Path
from tui.storage.database import connect, version_of
for path in sys.argv[1:]:
    print("ready", flush=True)
    sys.stdin.readline()
    connection = connect(Path(path))
    connection.execute("SELECT count(*) FROM word").fetchone()
    connection.close()
print("done")
"""


def start(*command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_all(processes: list[subprocess.Popen[str]]) -> None:
    """Until each of them is ready."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"


def let_go(processes: list[subprocess.Popen[str]]) -> None:
    """Let them begin at once."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def finish_together(processes: list[subprocess.Popen[str]]) -> list[str]:
    """Let them begin at once; what they said at the end."""
    let_go(processes)
    said = []
    for process in processes:
        out, err = process.communicate(timeout=100)
        assert process.returncode == 0, err
        said.append(out)
    return said


async def test_thousands_of_writes_of_two_processes_are_all_in_the_file(
    history: History, path: Path
) -> None:
    speaker = Speaker(history)
    speaker.talk("all of us", "talk here")
    history.close(5)
    module = ("-m", "tests.storage.busy_run")
    runs = [start(*module, str(path), speaker.id, str(OPERATIONS), str(seed)) for seed in (1, 2)]
    told = [json.loads(said) for said in finish_together(runs)]

    assert [run["troubles"] for run in told] == [[], []]
    assert all(run["kept"] for run in told)
    assert sum(run["operations"] for run in told) >= 2 * OPERATIONS
    with closing(connect(path)) as db:
        # Of what was duplicated there is more than one.
        found = Counter(text for (text,) in db.execute("SELECT trim(text) FROM message"))
        assert all(found[text] >= 1 for run in told for text in run["texts"])
        there = "SELECT count(*) FROM message WHERE deletion IS NOT NULL OR writer IS NOT NULL"
        assert db.execute(there).fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM deletion").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM journal").fetchone() == (0,)
        assert not db.execute(
            "SELECT id FROM conversation WHERE messages <> (SELECT count(*) FROM message"
            " WHERE conversation = conversation.id)"
        ).fetchall()
        shared = db.execute(
            "SELECT title, given_title, pinned FROM conversation WHERE id = ?", (speaker.id,)
        ).fetchone()
        assert shared[0] == shared[1]
        assert shared[0] in {"run1 was here", "run2 was here"}
        check(db)


def test_processes_that_make_or_migrate_a_file_at_once_do_it_once(
    tmp_path: Path, recorded: list[Path]
) -> None:
    paths = [tmp_path / f"{number}.db" for number in range(30)]
    for number, path in enumerate(paths[:15]):
        path.write_bytes(recorded[number % len(recorded)].read_bytes())
    runs = [start("-c", OPENER, *map(str, paths)) for _ in range(3)]
    for _ in paths[1:]:
        wait_for_all(runs)
        let_go(runs)
    wait_for_all(runs)
    assert finish_together(runs) == ["done\n"] * 3
    for path in paths:
        with closing(connect(path)) as db:
            check(db)


def check(db: Connection) -> None:
    """SQLite's own opinion of the file."""
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    with transaction(db):
        db.execute("INSERT INTO word (word) VALUES ('integrity-check')")
