"""Writes that the database refuses on purpose, and what that leaves: nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from journal_bench import Bench

from kailash_testkit.databases import Database
from kailash_testkit.databases.failpoints import MESSAGE, Event, Failpoint

SCHEMA = """
CREATE TABLE {odd} (id INTEGER PRIMARY KEY, {spaced} INTEGER);
CREATE TABLE other (id INTEGER PRIMARY KEY);
INSERT INTO {odd} VALUES (1, 1), (2, 2), (3, 3);
"""
ODD = 'odd "na`me%'
WRITES: dict[Event, str] = {
    "insert": "INSERT INTO {odd} VALUES (4, 4)",
    "update": "UPDATE {odd} SET {spaced} = 9 WHERE id = 1",
    "delete": "DELETE FROM {odd} WHERE id = 1",
}


@pytest.fixture
def database(bench: Bench) -> Iterator[Database]:
    bench.start(SCHEMA)
    database: Database = bench.database
    yield database
    database.allow()


@pytest.mark.parametrize("event", WRITES)
def test_a_write_is_refused_as_by_a_constraint_and_others_are_not(
    bench: Bench, database: Database, event: Event
) -> None:
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    database.refuse(Failpoint(ODD, event))
    for _ in range(2):  # again when it is tried again
        with pytest.raises(bench.place.integrity_error, match=MESSAGE):
            bench.run(WRITES[event])
    bench.run("INSERT INTO other VALUES (1)")
    for other, statement in WRITES.items():
        if other != event:
            bench.run(statement)
    database.allow()
    database.allow()
    assert {change.kind for change in bench.journal.changes(mark)} == {*WRITES, "insert"} - (
        {event} if event != "insert" else set()
    )
    bench.journal.undo(mark)
    assert bench.journal.fingerprint() == before


def test_some_are_let_through_first(bench: Bench, database: Database) -> None:
    database.refuse(Failpoint(ODD, "insert", 2))
    bench.run("INSERT INTO {odd} VALUES (4, 4)")
    bench.run("INSERT INTO {odd} VALUES (5, 5)")
    with pytest.raises(bench.place.integrity_error, match=MESSAGE):
        bench.run("INSERT INTO {odd} VALUES (6, 6)")
    assert database.count(ODD) == 5


def test_of_several_rows_in_one_statement_none_stays(bench: Bench, database: Database) -> None:
    database.refuse(Failpoint(ODD, "insert", 1))
    with pytest.raises(bench.place.integrity_error, match=MESSAGE):
        bench.run("INSERT INTO {odd} VALUES (4, 4), (5, 5)")
    assert database.count(ODD) == 3


def test_an_insert_that_becomes_an_update_counts_as_one(bench: Bench, database: Database) -> None:
    on_conflict = "ON DUPLICATE KEY UPDATE" if bench.place.kind.name == "mysql" else "ON CONFLICT (id) DO UPDATE SET"
    upsert = f"INSERT INTO {{odd}} VALUES (1, 5) {on_conflict} {{spaced}} = 9"
    database.refuse(Failpoint(ODD, "insert", 1))
    bench.run(upsert)
    bench.run("INSERT INTO {odd} VALUES (4, 4)")
    with pytest.raises(bench.place.integrity_error, match=MESSAGE):
        bench.run("INSERT INTO {odd} VALUES (5, 5)")
    database.allow()
    database.refuse(Failpoint(ODD, "update"))
    with pytest.raises(bench.place.integrity_error, match=MESSAGE):
        bench.run(upsert)


@pytest.mark.databases("postgresql", "mysql")
def test_the_connection_is_lost(bench: Bench, database: Database) -> None:
    assert "lose the connection" in database.ways_to_fail
    database.refuse(Failpoint(ODD, "insert", 0, "lose the connection"))
    connection = bench.connect()
    with pytest.raises(bench.place.refused):
        bench.run(WRITES["insert"], on=connection)
    with pytest.raises(bench.place.refused):
        bench.run("SELECT 1", on=connection)
    database.allow()
    assert database.count(ODD) == 3


@pytest.mark.databases("postgresql")
def test_the_commit_fails(bench: Bench, database: Database) -> None:
    assert "fail the commit" in database.ways_to_fail
    database.refuse(Failpoint(ODD, "insert", 0, "fail the commit"))
    connection = bench.connect()
    bench.run("BEGIN", on=connection)
    bench.run(WRITES["insert"], on=connection)
    with pytest.raises(bench.place.integrity_error, match=MESSAGE):
        bench.run("COMMIT", on=connection)
    assert database.count(ODD) == 3
