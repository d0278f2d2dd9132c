"""What `changes` tells: order, kinds, keys, and values exactly as stored."""

from __future__ import annotations

import struct

import pytest
from journal_bench import Bench

SCHEMA = """
CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE other (id INTEGER PRIMARY KEY);
CREATE TABLE pair (a INTEGER, b INTEGER, PRIMARY KEY (b, a));
CREATE TABLE boss (id INTEGER PRIMARY KEY);
CREATE TABLE staff (id INTEGER PRIMARY KEY, boss INTEGER,
                    FOREIGN KEY (boss) REFERENCES boss (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE summed (a INTEGER PRIMARY KEY, s INTEGER GENERATED ALWAYS AS (a * 2) STORED);
CREATE TABLE thing (i BIGINT, f DOUBLE PRECISION, t TEXT, b {bytes}, d DECIMAL(20, 2));
CREATE TABLE dataflow_migrations (v INTEGER);
INSERT INTO boss VALUES (1);
INSERT INTO staff VALUES (5, 1);
"""


@pytest.fixture(autouse=True)
def started(bench: Bench) -> None:
    bench.start(SCHEMA)


def test_insert_update_and_delete_with_old_and_new_values_in_order(bench: Bench) -> None:
    insert, between, update, delete = bench.changes_of(
        "INSERT INTO item VALUES (7, 'a')",
        "INSERT INTO other VALUES (1)",
        "UPDATE item SET id = 8, name = 'b'",
        "DELETE FROM item WHERE id = 8",
    )
    assert (insert.kind, insert.table, insert.key) == ("insert", "item", (7,))
    assert (insert.before, insert.after) == (None, {"id": 7, "name": "a"})
    assert between.table == "other"
    assert (update.kind, update.before, update.after) == (
        "update",
        {"id": 7, "name": "a"},
        {"id": 8, "name": "b"},
    )
    assert (update.key, update.new_key) == ((7,), (8,))
    assert (delete.kind, delete.before, delete.after) == ("delete", {"id": 8, "name": "b"}, None)
    assert insert.seq < between.seq < update.seq < delete.seq == bench.journal.head()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("i", 2**63 - 1),
        ("i", -1),
        ("i", None),
        ("f", 0.30000000000000004),
        ("f", 5e-324),
        ("f", 1.0),
        ("f", 1.7976931348623157e308),
        ("t", ""),
        ("t", "1"),
        ("t", " a '\"\\ \n"),
        ("t", "\N{SNAKE}"),
        ("t", None),
        ("b", b"\x00\xff\x00"),
        ("b", b""),
    ],
)
def test_values_keep_their_type_and_bits(bench: Bench, column: str, value: object) -> None:
    mark = bench.journal.mark()
    bench.run(f"INSERT INTO thing ({column}) VALUES (?)", value)
    (change,) = bench.journal.changes(mark)
    assert change.after is not None
    found = change.after[column]
    assert (type(found), found) == (type(value), value)
    if isinstance(value, float):
        assert struct.pack("d", found) == struct.pack("d", value)
    assert bench.undone("UPDATE thing SET i = 1, f = 1, t = 'x', b = NULL", "DELETE FROM thing") == "journal"


def test_generated_columns_are_part_of_the_row(bench: Bench) -> None:
    insert, update = bench.changes_of("INSERT INTO summed (a) VALUES (3)", "UPDATE summed SET a = 4")
    assert insert.after == {"a": 3, "s": 6}
    assert (update.before, update.after) == ({"a": 3, "s": 6}, {"a": 4, "s": 8})


def test_the_key_is_the_declared_primary_key_in_its_order(bench: Bench) -> None:
    (change,) = bench.changes_of("INSERT INTO pair VALUES (1, 2)")
    assert change.key == (2, 1)


def test_delete_without_where_records_each_row(bench: Bench) -> None:
    bench.run("INSERT INTO item (id) VALUES (1), (2), (3)")
    changes = bench.changes_of("DELETE FROM item")
    assert sorted((change.kind, change.key) for change in changes) == [("delete", (n,)) for n in (1, 2, 3)]


@pytest.mark.databases("sqlite", "postgresql")  # InnoDB fires no triggers for them: see mysql/test_rebuild.py
def test_cascades_are_recorded(bench: Bench) -> None:
    changes = bench.changes_of("UPDATE boss SET id = 2", "DELETE FROM boss")
    assert sorted((change.table, change.kind) for change in changes) == [
        ("boss", "delete"),
        ("boss", "update"),
        ("staff", "delete"),
        ("staff", "update"),
    ]


def test_what_was_rolled_back_is_not_recorded(bench: Bench) -> None:
    assert bench.changes_of("BEGIN", "INSERT INTO item VALUES (1, 'a')", "ROLLBACK") == []


def test_what_a_savepoint_took_back_is_not_recorded(bench: Bench) -> None:
    changes = bench.changes_of(
        "BEGIN", "SAVEPOINT s", "INSERT INTO item VALUES (1, 'a')", "ROLLBACK TO SAVEPOINT s",
        "INSERT INTO item VALUES (2, 'b')", "COMMIT",
    )  # fmt: skip
    assert [change.key for change in changes] == [(2,)]


def test_bookkeeping_tables_of_dataflow_are_not_recorded(bench: Bench) -> None:
    changes = bench.changes_of("INSERT INTO dataflow_migrations VALUES (1)", "INSERT INTO item VALUES (1, 'a')")
    assert [change.table for change in changes] == ["item"]


def test_tables_made_since_are_recorded_from_the_next_mark_on(bench: Bench) -> None:
    mark = bench.journal.mark()
    bench.run("CREATE TABLE new (a INTEGER)")
    assert bench.journal.gaps(mark) == ("the schema was changed",)
    assert [change.table for change in bench.changes_of("INSERT INTO new VALUES (1)")] == ["new"]


def test_a_table_dropped_and_made_again_alike_is_recorded(bench: Bench) -> None:
    bench.run("DROP TABLE other")
    bench.run("CREATE TABLE other (id INTEGER PRIMARY KEY)")
    bench.journal.refresh()
    assert [change.kind for change in bench.changes_of("INSERT INTO other VALUES (1)")] == ["insert"]
