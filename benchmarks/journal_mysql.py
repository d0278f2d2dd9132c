"""What the change journal costs on MariaDB or MySQL, as ratios measured side by side in one run.

Run with ``python benchmarks/journal_mysql.py``; ``KAILASH_TESTKIT_MYSQL_URL`` names another server than a private
one. Rounds of the variants alternate, so that a busy machine slows all of them alike; the median round counts.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any
from urllib.parse import unquote, urlsplit

from benchmark_server import server_url, serving
from measuring import Target, compare, in_turns, timed

from kailash_testkit.databases.journal import Mark
from kailash_testkit.databases.mysql.journal.journal import Journal

pymysql: Any = import_module("pymysql")
TABLES = 10
COLUMNS = (
    "id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255) NOT NULL, email VARCHAR(255), amount DOUBLE, note TEXT, "
    "created_at TIMESTAMP NULL, updated_at TIMESTAMP NULL"
)
CHANGED = 15


@dataclass
class Database:
    """A database of ten equal tables with an application's connection and, if asked for, a journal."""

    app: Any
    journal: Journal | None = None
    mark: Mark | None = None

    def run(self, statement: str) -> None:
        with self.app.cursor() as cursor:
            cursor.execute(statement)


def connect(database: str | None = None) -> Any:
    place = urlsplit(server_url("mysql"))
    return pymysql.connect(
        host=place.hostname,
        port=place.port or 3306,
        user=unquote(place.username or "root"),
        password=unquote(place.password or ""),
        database=database,
        autocommit=True,
        charset="utf8mb4",
    )


def url(database: str) -> str:
    place = urlsplit(server_url("mysql"))
    credentials = f"{place.username or 'root'}:{place.password or ''}"
    return f"mysql://{credentials}@{place.hostname}:{place.port or 3306}/{database}"


def make_tables(opened: Database, rows: int) -> None:
    for number in range(TABLES):
        # one large table is enough to show the influence of the size; ten would take minutes to fill
        size = rows if number == 0 or rows <= 10_000 else 10_000
        opened.run(f"CREATE TABLE t{number} ({COLUMNS})")
        if size:
            opened.run(f"INSERT INTO t{number} (name, email, amount) VALUES ('n', 'e@x.org', 0.7)")
        filled = 1
        while filled < size:
            step = min(filled, size - filled)
            opened.run(
                f"INSERT INTO t{number} (name, email, amount) SELECT name, email, id / 7 FROM t{number} LIMIT {step}"
            )
            filled += step
        opened.run(f"ANALYZE TABLE t{number}")


@contextmanager
def database(rows: int, *, journal: bool, triggers: bool = False) -> Generator[Database, None, None]:
    name = f"testkit_benchmark_{secrets.token_hex(6)}"
    server = connect()
    server.cursor().execute(f"CREATE DATABASE {name}")
    try:
        opened = Database(connect(name))
        make_tables(opened, rows)
        if triggers:
            for number in range(TABLES):
                opened.run(f"CREATE TRIGGER own{number} AFTER UPDATE ON t{number} FOR EACH ROW SET @changed = 1")
        if journal:
            opened.journal = Journal(url(name), lock_wait=0.5)
            opened.journal.install()
            opened.mark = opened.journal.mark()
        yield opened
        if opened.journal is not None:
            opened.journal.close()
        opened.app.close()
    finally:
        server.cursor().execute(f"DROP DATABASE {name}")
        server.close()


def change_rows(opened: Database, *, inserts: bool = True) -> None:
    """15 changes among ten tables."""
    for number in range(5):
        if inserts:
            opened.run(f"INSERT INTO t{number} (name) VALUES ('new')")
        else:
            opened.run(f"UPDATE t{number} SET note = 'changed' WHERE id = 44")
        opened.run(f"UPDATE t{number + 5} SET note = 'changed' WHERE id = 42")
        opened.run(f"DELETE FROM t{number} WHERE id = 43")


def undo_round(opened: Database, *, inserts: bool = True) -> Callable[[], float]:
    """Change 15 rows in ten tables, then time the undo alone."""
    assert opened.journal is not None
    assert opened.mark is not None
    journal, mark = opened.journal, opened.mark

    def run() -> float:
        change_rows(opened, inserts=inserts)
        return timed(lambda: journal.undo(mark))

    return run


def truncate_round(opened: Database) -> Callable[[], float]:
    """What is done without the kit: all tables emptied; rows that were seeded are lost."""

    def empty() -> None:
        for number in range(TABLES):
            opened.run(f"TRUNCATE t{number}")

    def run() -> float:
        change_rows(opened)
        return timed(empty)

    return run


def anew_round(opened: Database) -> Callable[[], float]:
    """The database dropped and made again, without rows."""
    name = opened.app.db.decode()

    def again() -> None:
        for statement in (f"DROP DATABASE {name}", f"CREATE DATABASE {name}", f"USE {name}"):
            opened.run(statement)
        make_tables(opened, 0)

    return lambda: timed(again)


def measure_undo() -> None:
    with (
        database(100, journal=True) as small,
        database(10_000, journal=True) as middle,
        database(1_000_000, journal=True) as large,
        database(10_000, journal=True, triggers=True) as with_triggers,
        database(100, journal=False) as emptied,
        database(0, journal=False) as made_anew,
    ):
        found = in_turns(
            40,
            {
                "100 rows": undo_round(small),
                "10,000 rows": undo_round(middle),
                "1,000,000 rows": undo_round(large),
                "1,000,000 rows, no insert among the changes": undo_round(large, inserts=False),
                "TRUNCATE of the ten tables": truncate_round(emptied),
                "the database dropped and made anew": anew_round(made_anew),
            },
        )
        sized = (name for name in found if name.endswith(" rows"))
        targets = dict.fromkeys(sized, Target(10, of="value"))
        compare(f"undo of {CHANGED} changes in {TABLES} tables", found, factor=1e3, targets=targets)
        own = in_turns(5, {"10,000 rows": undo_round(with_triggers)})
        compare("the same, each table with a trigger of the application's own", own, factor=1e3)
        measure_looks(large)


def measure_looks(opened: Database) -> None:
    journal = opened.journal
    assert journal is not None
    mark = journal.mark()
    looks: dict[str, Callable[[], object]] = {
        "head": journal.head,
        "moved (nothing was written)": lambda: journal.moved(mark),
        "mark and release": lambda: journal.release(journal.mark()),
        "undo (nothing to undo)": lambda: journal.undo(mark),
        "changes (none)": lambda: journal.changes(mark),
    }
    found = in_turns(200, {name: partial(timed, act) for name, act in looks.items()})
    moved = next(name for name in looks if name.startswith("moved"))
    targets = {moved: Target(500, of="value")}
    compare("looking, at 1,000,000 rows", found, unit="us", factor=1e6, targets=targets)


def insert_round(opened: Database, statement: str, count: int = 300) -> Callable[[], float]:
    """Single writes in one transaction, so that the disk does not count."""

    def run() -> float:
        def write() -> None:
            for _ in range(count):
                opened.run(statement)

        opened.run("BEGIN")
        taken = timed(write) / count
        opened.run("ROLLBACK")
        return taken

    return run


def measure_writes() -> None:
    with database(100, journal=False) as plain, database(100, journal=True) as recorded:
        for statement in (
            "INSERT INTO t1 (name, email, amount) VALUES ('n', 'e', 0.7)",
            "UPDATE t2 SET amount = amount + 1 WHERE id = 7",
        ):
            variants = {
                "without triggers": insert_round(plain, statement),
                "with triggers": insert_round(recorded, statement),
            }
            compare(f"one write: {statement}", in_turns(9, variants), unit="us", factor=1e6)


def main() -> None:
    with serving("mysql"):
        measure_writes()
        measure_undo()


if __name__ == "__main__":
    main()
