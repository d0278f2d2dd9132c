"""A database as the kit sees it: its tables, rows and numbers, and how it is emptied."""

from __future__ import annotations

import threading

import pytest
from journal_bench import Bench

from kailash_testkit.databases import Database
from kailash_testkit.databases.copying import Copies

ODD = 'odd "na`me%'
SCHEMA = """
CREATE TABLE {odd} (id {serial}, {spaced} TEXT);
CREATE TABLE keyed (id {key} PRIMARY KEY, n INTEGER);
CREATE TABLE dataflow_migrations (id INTEGER);
CREATE TABLE dataflow_jobs (id INTEGER);
CREATE VIEW seen AS SELECT * FROM keyed;
"""
ADD = "INSERT INTO {odd} ({spaced}) VALUES ('x')"


@pytest.fixture
def database(bench: Bench) -> Database:
    bench.start(SCHEMA)
    database: Database = bench.database
    return database


def test_tables_are_those_that_hold_data(database: Database) -> None:
    assert sorted(database.tables()) == ["dataflow_jobs", "keyed", ODD]


def test_a_row_by_its_id(database: Database, bench: Bench) -> None:
    bench.run("INSERT INTO keyed VALUES ('a', 1)")
    assert database.row("keyed", "a") == {"id": "a", "n": 1}
    assert database.row("keyed", "b") is None
    assert database.row("keyed", "a'; DROP TABLE keyed; --") is None


def test_an_id_of_another_type_is_no_row(database: Database, bench: Bench) -> None:
    bench.run("INSERT INTO {odd} VALUES (7, 'x')")
    assert database.row(ODD, "7 apples") is None
    assert database.row(ODD, "seven") is None
    assert database.row(ODD, 2**70) is None
    assert database.row("keyed", 7) is None


def test_names_are_quoted(database: Database, bench: Bench) -> None:
    bench.run(ADD)
    assert database.row(ODD, 1) == {"id": 1, "a b": "x"}
    assert database.count(ODD) == 1


def test_rows_after_a_number(database: Database, bench: Bench) -> None:
    for _ in range(3):
        bench.run(ADD)
    assert [row["id"] for row in database.rows_after(ODD, 1)] == [2, 3]


def test_later_rows_are_numbered_above_the_last_number(database: Database, bench: Bench) -> None:
    assert database.last_generated_id(ODD) == 0
    for _ in range(2):
        bench.run(ADD)
        last = database.last_generated_id(ODD)
        bench.run("INSERT INTO {odd} ({spaced}) VALUES ('later')")
        assert [row["a b"] for row in database.rows_after(ODD, last)] == ["later"]
        bench.run("DELETE FROM {odd}")


def test_a_table_without_automatic_numbers_has_a_last_number_as_well(database: Database, bench: Bench) -> None:
    bench.run("CREATE TABLE plain (id INTEGER PRIMARY KEY)")
    assert database.last_generated_id("plain") == 0
    bench.run("INSERT INTO plain VALUES (7)")
    database.advance_sequence_past("plain", 7)
    assert database.last_generated_id("plain") == 7


def test_after_an_explicit_number_come_higher_ones(database: Database, bench: Bench) -> None:
    bench.run("INSERT INTO {odd} VALUES (7, 'x')")
    database.advance_sequence_past(ODD, 7)
    bench.run(ADD)
    database.advance_sequence_past(ODD, 3)
    bench.run(ADD)
    assert bench.run("SELECT id FROM {odd} ORDER BY id") == [(7,), (8,), (9,)]


def test_sampled_ids_are_the_newest(database: Database, bench: Bench) -> None:
    for name in "abc":
        bench.run(f"INSERT INTO keyed VALUES ('{name}', 1)")
    for _ in range(3):
        bench.run(ADD)
    assert database.sample_ids("keyed", 2) == ["c", "b"]
    assert database.sample_ids(ODD, 2) == [3, 2]


def test_it_may_be_used_from_any_thread(database: Database) -> None:
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(database.count("keyed"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [0] * 8


def test_closing_twice_is_harmless(bench: Bench) -> None:
    bench.start(SCHEMA)
    bench.open_journal()
    bench.database.close()
    bench.database.close()


# --- emptying -----------------------------------------------------------------------------------


def test_emptying_deletes_all_rows_and_begins_to_count_again(database: Database, bench: Bench) -> None:
    bench.run("INSERT INTO keyed VALUES ('a', 1)")
    bench.run("INSERT INTO dataflow_migrations VALUES (1)")
    bench.run(ADD)
    database.empty()
    assert [database.count(name) for name in database.tables()] == [0, 0, 0]
    assert len(bench.run("SELECT * FROM dataflow_migrations")) == 1
    bench.run(ADD)
    assert database.row(ODD, 1) is not None
    bench.run("DELETE FROM dataflow_migrations")  # not among what is recorded


def test_emptying_a_database_without_tables(bench: Bench) -> None:
    bench.start()
    bench.database.empty()


def test_rows_that_refer_to_each_other_are_deleted(database: Database, bench: Bench) -> None:
    bench.run("CREATE TABLE a (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a (id))")
    bench.run("CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a (id))")
    for statement in ("INSERT INTO a VALUES (1, 1)", "INSERT INTO a VALUES (2, 1)", "INSERT INTO b VALUES (1, 2)"):
        bench.run(statement)
    database.empty()
    assert database.count("a") == database.count("b") == 0


@pytest.mark.databases("postgresql", "mysql")
def test_rows_of_tables_that_refer_to_each_other_are_deleted(database: Database, bench: Bench) -> None:
    """SQLite cannot add the second foreign key."""
    for statement in (
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER)",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a (id))",
        "INSERT INTO a VALUES (1, NULL)",
        "INSERT INTO b VALUES (1, 1)",
        "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b (id)",
        "UPDATE a SET b = 1",
    ):
        bench.run(statement)
    database.empty()
    assert database.count("a") == database.count("b") == 0


def test_a_database_without_tables_is_not_locked(bench: Bench) -> None:
    bench.start()
    assert not bench.database.is_locked()


def test_no_ids_remove_no_rows(database: Database, bench: Bench) -> None:
    bench.run("INSERT INTO keyed VALUES ('a', 1)")
    database.remove("keyed", [])
    assert bench.run("SELECT id FROM keyed") == [("a",)]


def test_copies_differ_in_texts_and_numbers_that_must(database: Database, bench: Bench) -> None:
    bench.run("INSERT INTO keyed VALUES ('a', 1), ('b', 5)")
    database.copy_rows("keyed", ["a", "b"], Copies(["id", "n"], {"id": "text", "n": "number"}, 3))
    rows = bench.run("SELECT id, n FROM keyed ORDER BY n")
    assert [n for _, n in rows] == [1, 5, 6, 7, 8]
    assert len({key for key, _ in rows}) == 5
