"""What the change journal costs on PostgreSQL, as ratios measured side by side in one run.

Run with ``python benchmarks/journal_postgresql.py [URL of a server]``. Rounds of the variants alternate, so that a
busy machine slows all of them alike; the median round counts.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from measuring import Target, compare, in_turns, timed

from kailash_testkit.databases.postgresql.connection import Connection
from kailash_testkit.databases.postgresql.journal.journal import Journal
from kailash_testkit.databases.urls import with_database

SERVER = sys.argv[1] if len(sys.argv) > 1 else "postgresql://postgres@127.0.0.1:5432/postgres"
TABLES = 10
CHANGED = 15
COLUMNS = "name text NOT NULL, email text, amount float8, note text, created_at timestamp, updated_at timestamp"
TRIGGER = "CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';" + " ".join(
    f"CREATE TRIGGER own AFTER UPDATE ON t{number} FOR EACH ROW EXECUTE FUNCTION own();" for number in range(TABLES)
)
psycopg2: Any = import_module("psycopg2")


@dataclass
class Database:
    """A database of ten equal tables with an application's connection and, if asked for, a journal."""

    name: str
    app: Any
    journal: Journal | None


def connect(name: str = "postgres") -> Any:
    connection = psycopg2.connect(SERVER, dbname=name)
    connection.autocommit = True
    return connection


def run(connection: Any, statement: str, parameters: tuple[object, ...] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@contextmanager
def database(rows: int, *, journal: bool, triggers: bool = False) -> Iterator[Database]:
    name, server = f"testkit_bench_{uuid.uuid4().hex[:12]}", connect()
    run(server, f"CREATE DATABASE {name}")
    app = connect(name)
    for number in range(TABLES):
        # one large table is enough to show the influence of the size; ten would take minutes to fill
        size = rows if number == 0 or rows <= 10_000 else 10_000
        run(app, f"CREATE TABLE t{number} (id serial PRIMARY KEY, {COLUMNS})")
        run(app, f"INSERT INTO t{number} (name, email, amount) SELECT 'n' || i, i || '@x.org', i / 7.0 "
                 f"FROM generate_series(1, {size}) i")  # fmt: skip
    run(app, (TRIGGER if triggers else "") + "ANALYZE")
    recorder = Journal(Connection.to_journal(with_database(SERVER, name))) if journal else None
    if recorder is not None:
        recorder.install()
    try:
        yield Database(name, app, recorder)
    finally:
        if recorder is not None:
            recorder.close()
        app.close()
        run(server, f"DROP DATABASE {name}")
        server.close()


def change(app: Any) -> None:
    """15 changes in ten tables, each of its own, as nodes make them."""
    for number in range(5):
        run(app, f"INSERT INTO t{number} (name) VALUES ('new')")
        run(app, f"UPDATE t{number + 5} SET note = 'changed' WHERE id = 42")
        run(app, f"DELETE FROM t{number} WHERE id = 43")


def undo_round(opened: Database) -> Callable[[], float]:
    """Change 15 rows in ten tables, then time the undo alone."""
    assert opened.journal is not None
    journal, mark = opened.journal, opened.journal.mark()

    def measured() -> float:
        change(opened.app)
        return timed(lambda: journal.undo(mark))

    return measured


def truncate_round(opened: Database) -> Callable[[], float]:
    """What many suites do instead: empty all tables, which also loses the rows that were seeded."""
    tables = ", ".join(f"t{number}" for number in range(TABLES))

    def measured() -> float:
        change(opened.app)
        return timed(lambda: run(opened.app, f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))

    return measured


def clone_round(template: str) -> Callable[[], float]:
    """Another usual way: a database cloned from a template for each test, and a connection to it."""
    server = connect()

    def clone(name: str) -> None:
        run(server, f"CREATE DATABASE {name} TEMPLATE {template}")
        connect(name).close()

    def measured() -> float:
        name = f"testkit_bench_{uuid.uuid4().hex[:12]}"
        taken = timed(partial(clone, name))
        return taken + timed(lambda: run(server, f"DROP DATABASE {name}"))

    return measured


def insert_round(opened: Database, count: int = 500) -> Callable[[], float]:
    """Single inserts in autocommit, as nodes do them; the rows are removed again outside the clock."""

    def insert() -> None:
        for number in range(count):
            run(opened.app, "INSERT INTO t1 (name, email, amount) VALUES (%s, %s, %s)", ("n", "e", number / 7))

    def measured() -> float:
        taken = timed(insert)
        run(opened.app, "DELETE FROM t1 WHERE id > 100")
        return taken / count

    return measured


def measure_inserts() -> None:
    with database(100, journal=False) as plain, database(100, journal=True) as recorded:
        found = in_turns(15, {"without triggers": insert_round(plain), "with triggers": insert_round(recorded)})
    compare("one insert in autocommit", found, unit="us", factor=1e6)


def measure_undo() -> None:
    with (
        database(100, journal=True) as small,
        database(10_000, journal=True) as middle,
        database(1_000_000, journal=True) as large,
        database(10_000, journal=True, triggers=True) as with_triggers,
        database(100, journal=False) as emptied,
        database(100, journal=False) as template,
    ):
        template.app.close()
        found = in_turns(
            60,
            {
                "100 rows": undo_round(small),
                "10,000 rows": undo_round(middle),
                "1,000,000 rows": undo_round(large),
                "10,000 rows, each table with a trigger of the application's own": undo_round(with_triggers),
                "instead: TRUNCATE of all tables": truncate_round(emptied),
                "instead: a database cloned from a template of 100 rows": clone_round(template.name),
            },
        )
        targets = {name: Target(3, of="value") for name in ("100 rows", "10,000 rows", "1,000,000 rows")}
        targets["instead: a database cloned from a template of 100 rows"] = Target(5, at="least")
        compare(f"undo of {CHANGED} changes in {TABLES} tables", found, factor=1e3, targets=targets)
        measure_looks(large)
        measure_saved_state({"100 rows": small, "10,000 rows": middle, "1,000,000 rows": large})


def processor_round(opened: Database, connection: Any, act: Callable[[], object]) -> Callable[[], float]:
    """Change 15 rows, then the processor time that the server's process of the connection takes for the act."""
    place = Path(f"/proc/{connection.info.backend_pid}/schedstat")  # nanoseconds on a processor come first

    def measured() -> float:
        change(opened.app)
        before = int(place.read_text().split()[0])
        act()
        return (int(place.read_text().split()[0]) - before) / 1e9

    return measured


def measure_processor_time() -> None:
    """The same without what other work on the machine adds; the server must run on it."""
    with database(10_000, journal=True) as recorded, database(10_000, journal=False) as emptied:
        journal = recorded.journal
        assert journal is not None
        mark = journal.mark()
        tables = ", ".join(f"t{number}" for number in range(TABLES))
        truncate = partial(run, emptied.app, f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
        found = in_turns(
            60,
            {
                "undo": processor_round(recorded, journal._connection.raw, partial(journal.undo, mark)),
                "TRUNCATE of all tables": processor_round(emptied, emptied.app, truncate),
            },
        )
    compare(f"processor time of the server for {CHANGED} changes in {TABLES} tables", found, factor=1e3)


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
    found = in_turns(200, {name: partial(timed, act) for name, act in looks.items()})
    compare("looking, at 1,000,000 rows", found, unit="us", factor=1e6)


def measure_saved_state(variants: dict[str, Database]) -> None:
    """The slow way, after a change of the schema: follows the size of the database."""
    found: dict[str, list[float]] = {}
    for name, opened in variants.items():
        journal = opened.journal
        assert journal is not None
        mark = journal.mark()

        for change_name, statement in (
            ("a new table", "CREATE TABLE fresh (v int)"),
            ("the large table altered", "ALTER TABLE t0 DROP COLUMN note"),
        ):
            times: list[float] = []
            for _ in range(3):
                run(opened.app, statement)
                times.append(timed(partial(journal.undo, mark)))
            found[f"{name}, {change_name}"] = times
    compare("undo of a schema change, by the saved state", found, factor=1e3)


if __name__ == "__main__":
    measure_inserts()
    if Path("/proc/self/schedstat").exists():
        measure_processor_time()
    measure_undo()
