"""What the change journal costs on SQLite, as ratios measured side by side in one run.

Run with ``python benchmarks/journal_sqlite.py``. Rounds of the variants alternate, so that a busy machine
slows all of them alike; the median round counts.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from measuring import Target, compare, in_turns, timed

from kailash_testkit.databases.sqlite.connection import Connection
from kailash_testkit.databases.sqlite.journal.journal import Journal

TABLES = 10
COLUMNS = "name TEXT NOT NULL, email TEXT, amount REAL, note TEXT, created_at TEXT, updated_at TEXT"
CHANGED = 15
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


@dataclass
class Database:
    """A database of ten equal tables with an application's connection and, if asked for, a journal."""

    app: sqlite3.Connection
    journal: Journal | None


@contextmanager
def database(rows: int, *, journal: bool, triggers: bool = False) -> Iterator[Database]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path = str(Path(folder) / "benchmark.db")
        app = connect(path)
        for number in range(TABLES):
            # one large table is enough to show the influence of the size; ten would take minutes to fill
            size = rows if number == 0 or rows <= 10_000 else 10_000
            app.execute(f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY AUTOINCREMENT, {COLUMNS})")
            app.execute(
                f"WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {size}) "
                f"INSERT INTO t{number} (name, email, amount) SELECT 'n' || i, i || '@x.org', i / 7.0 FROM c"
            )
            if triggers:
                app.execute(f"CREATE TRIGGER own{number} AFTER UPDATE ON t{number} BEGIN SELECT 1; END")
        recorder = Journal(Connection.open_for_journal(path)) if journal else None
        if recorder is not None:
            recorder.install()
        try:
            yield Database(app, recorder)
        finally:
            if recorder is not None:
                recorder.close()
            app.close()


def connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode = WAL", "foreign_keys = ON", "synchronous = NORMAL"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def undo_round(opened: Database) -> Callable[[], float]:
    """Change 15 rows in ten tables, then time the undo alone."""
    assert opened.journal is not None
    journal, mark = opened.journal, opened.journal.mark()

    def run() -> float:
        for number in range(5):
            opened.app.execute(f"INSERT INTO t{number} (name) VALUES ('new')")
            opened.app.execute(f"UPDATE t{number + 5} SET note = 'changed' WHERE id = 42")
            opened.app.execute(f"DELETE FROM t{number} WHERE id = 43")
        return timed(lambda: journal.undo(mark))

    return run


def insert_round(opened: Database, count: int = 2000) -> Callable[[], float]:
    """Single inserts in autocommit, as nodes do them; the rows are removed again outside the clock."""

    def run() -> float:
        def insert() -> None:
            for number in range(count):
                opened.app.execute("INSERT INTO t1 (name, email, amount) VALUES (?, ?, ?)", ("n", "e", number / 7))

        taken = timed(insert)
        opened.app.execute("DELETE FROM t1 WHERE id > 100")
        return taken / count

    return run


def measure_undo() -> None:
    with (
        database(100, journal=True) as small,
        database(10_000, journal=True) as middle,
        database(1_000_000, journal=True) as large,
        database(10_000, journal=True, triggers=True) as with_triggers,
    ):
        variants = {"100 rows": small, "10,000 rows": middle, "1,000,000 rows": large}
        found = in_turns(
            200,
            {name: undo_round(opened) for name, opened in variants.items()}
            | {"10,000 rows, each table with a trigger of the application's own": undo_round(with_triggers)},
        )
        targets = {name: Target(0.4, of="value") for name in variants}
        compare(f"undo of {CHANGED} changes in {TABLES} tables", found, factor=1e3, targets=targets)
        measure_looks(large)
        measure_saved_state(variants)


def measure_looks(opened: Database) -> None:
    journal = opened.journal
    assert journal is not None
    mark = journal.mark()
    looks: dict[str, Callable[[], object]] = {
        "head": journal.head,
        "moved (nothing was written)": lambda: journal.moved(mark),
        "mark and release": lambda: journal.release(journal.mark()),
        "undo (nothing to undo)": lambda: journal.undo(mark),
    }
    found = in_turns(500, {name: partial(timed, act) for name, act in looks.items()})
    targets = {"moved (nothing was written)": Target(100, of="value")}
    compare("looking, at 1,000,000 rows", found, unit="us", factor=1e6, targets=targets)


def measure_saved_state(variants: dict[str, Database]) -> None:
    """The slow way, after a change of the schema: follows the size of the database."""
    found: dict[str, list[float]] = {}
    for name, opened in variants.items():
        journal = opened.journal
        assert journal is not None
        mark = journal.mark()

        def run(opened: Database = opened, undo: Callable[[], object] = lambda: journal.undo(mark)) -> float:
            opened.app.execute("CREATE TABLE fresh (v)")
            return timed(undo)

        found[name] = [run() for _ in range(5)]
    compare("undo of a schema change, by the saved state", found, factor=1e3)


def measure_inserts() -> None:
    with database(100, journal=False) as plain, database(100, journal=True) as recorded:
        found = in_turns(15, {"without triggers": insert_round(plain), "with triggers": insert_round(recorded)})
    compare("one insert in autocommit", found, unit="us", factor=1e6)


def measure_openings() -> None:
    """DataFlow opens a connection for each operation, and each reads the text of all triggers."""

    def opening(path: str) -> Callable[[], float]:
        def open_and_read() -> None:
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("SELECT 1 FROM t0 LIMIT 1").fetchall()

        return lambda: timed(open_and_read)

    with (
        database(100, journal=False) as plain,
        database(100, journal=True) as recorded,
        database(100, journal=False) as empty,
        database(100, journal=False) as keys,
    ):
        keys.app.execute("CREATE TABLE dataflow_testkit_journal (source, new_key, old_key)")
        for number in range(TABLES):
            for event in ("INSERT", "UPDATE", "DELETE"):
                empty.app.execute(f"CREATE TRIGGER {event}{number} AFTER {event} ON t{number} BEGIN SELECT 1; END")
            recorded_keys = {"INSERT": "new.id, NULL", "UPDATE": "new.id, old.id", "DELETE": "NULL, old.id"}
            for event, values in recorded_keys.items():
                keys.app.execute(
                    f"CREATE TRIGGER dataflow_testkit_{number}_{event} AFTER {event} ON t{number} "
                    f"BEGIN INSERT INTO dataflow_testkit_journal VALUES ({number}, {values}); END"
                )
        variants = {
            "without triggers": plain,
            "with the journal's": recorded,
            "with as many that do nothing": empty,
            "with as many that record keys": keys,
        }
        found = in_turns(
            400,
            {
                name: opening(opened.app.execute("PRAGMA database_list").fetchone()[2])
                for name, opened in variants.items()
            },
        )
    compare(f"a new connection, {TABLES} tables with three triggers each", found, unit="us", factor=1e6)


if __name__ == "__main__":
    measure_inserts()
    measure_openings()
    measure_undo()
