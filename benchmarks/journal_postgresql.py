"""What the change journal costs on PostgreSQL, as ratios measured side by side in one run.

Run with ``python benchmarks/journal_postgresql.py``; ``KAILASH_TESTKIT_POSTGRESQL_URL`` names another server than a
private one. Rounds of the variants alternate, so that a busy machine slows all of them alike; the median round counts.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmark_server import serving
from measuring import Target, compare, in_turns, timed
from postgresql_databases import (
    CHANGED,
    EMPTY_TRIGGER,
    HAS_SCHEDSTAT,
    TABLES,
    Database,
    change,
    connect,
    database,
    processor_time,
    run,
)

from kailash_testkit.databases.journal import Mark
from kailash_testkit.databases.postgresql.journal.journal import Journal
from kailash_testkit.databases.postgresql.journal.trigger_functions import JOURNAL


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
    """By the clock, and by the processor time of the server's process where it can be read."""
    with (
        database(100, journal=False) as plain,
        database(100, journal=False) as empty,
        database(100, journal=True) as recorded,
    ):
        run(empty.app, EMPTY_TRIGGER)
        variants = {"without triggers": plain, "with an empty trigger": empty, "with the journal's": recorded}
        found = in_turns(15, {name: insert_round(opened) for name, opened in variants.items()})
        compare("one insert in autocommit", found, unit="us", factor=1e6)
        if HAS_SCHEDSTAT:
            server = {name: insert_processor_round(opened) for name, opened in variants.items()}
            title = "processor time of the server for one insert in autocommit"
            compare(title, in_turns(15, server), unit="us", factor=1e6)


def insert_processor_round(opened: Database, count: int = 200) -> Callable[[], float]:
    act = insert_round(opened, count)

    def measured() -> float:
        before = processor_time(opened.app)
        act()
        return (processor_time(opened.app) - before) / count

    return measured


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
        targets = {name: Target(2, of="value") for name in ("100 rows", "10,000 rows", "1,000,000 rows")}
        targets["instead: a database cloned from a template of 100 rows"] = Target(5, at="least")
        compare(f"undo of {CHANGED} changes in {TABLES} tables", found, factor=1e3, targets=targets)
        measure_looks(large)
        measure_saved_state({"100 rows": small, "10,000 rows": middle, "1,000,000 rows": large})


def processor_round(opened: Database, connection: Any, act: Callable[[], object]) -> Callable[[], float]:
    """Change 15 rows, then the processor time that the server's process of the connection takes for the act."""

    def measured() -> float:
        change(opened.app)
        before = processor_time(connection)
        act()
        return processor_time(connection) - before

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
                "an empty transaction with the journal's lock": processor_round(
                    recorded, journal._connection.raw, partial(empty_transaction, journal)
                ),
                "looking at the schema, the rows and who writes": processor_round(
                    recorded, journal._connection.raw, partial(look, journal, mark)
                ),
                "undo": processor_round(recorded, journal._connection.raw, partial(journal.undo, mark)),
                "TRUNCATE of all tables": processor_round(emptied, emptied.app, truncate),
            },
        )
    compare(f"processor time of the server for {CHANGED} changes in {TABLES} tables", found, factor=1e3)


def empty_transaction(journal: Journal) -> None:
    """What each undo does in any case."""
    with journal._connection.transaction(lock=JOURNAL):
        journal._connection.run("SELECT 1")


def look(journal: Journal, mark: Mark) -> None:
    journal._trigger_set.observe(journal._state(mark).snapshot, writers=True)


def ask(journal: Journal) -> None:
    journal._connection.run("SELECT 1")


def write_elsewhere(opened: Database) -> Callable[[], float]:
    """Somebody commits something that is not recorded, so that only a look at the schema tells."""
    journal = opened.journal
    assert journal is not None
    mark = journal.mark()

    def measured() -> float:
        run(opened.app, "SELECT pg_current_xact_id()")
        return timed(lambda: journal.moved(mark))

    return measured


def measure_looks(opened: Database) -> None:
    journal = opened.journal
    assert journal is not None
    mark = journal.mark()
    looks: dict[str, Callable[[], object]] = {
        "an empty round trip": partial(ask, journal),
        "an empty transaction with the journal's lock": partial(empty_transaction, journal),
        "head": journal.head,
        "moved (nothing was written)": lambda: journal.moved(mark),
        "mark and release": lambda: journal.release(journal.mark()),
        "undo (nothing to undo)": lambda: journal.undo(mark),
    }
    found = in_turns(200, {name: partial(timed, act) for name, act in looks.items()})
    found |= in_turns(200, {"moved (others committed meanwhile)": write_elsewhere(opened)})
    targets = {"moved (nothing was written)": Target(300, of="value")}
    compare("looking, at 1,000,000 rows", found, unit="us", factor=1e6, targets=targets)


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
    with serving("postgresql"):
        measure_inserts()
        if HAS_SCHEDSTAT:
            measure_processor_time()
        measure_undo()
