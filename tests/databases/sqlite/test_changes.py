"""What `changes` tells: order, kinds, keys, and values to the last bit."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from journal_bench import Bench

from kailash_testkit.databases.journal import RecordedChange


def changes_of(bench: Bench, *statements: str) -> list[RecordedChange]:
    mark = bench.journal.mark()
    for statement in statements:
        bench.app.execute(statement)
    assert bench.journal.gaps(mark) == ()
    return bench.journal.changes(mark)


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("x'00ff00'", b"\x00\xff\x00"),
        ("x''", b""),
        ("''", ""),
        ("'1'", "1"),
        ("1", 1),
        ("NULL", None),
        ("9223372036854775807", 2**63 - 1),
        ("'a' || char(0) || 'b'", "a\0b"),
        ("'\U0001f40d'", "\U0001f40d"),
        ("CAST(x'61ff' AS TEXT)", "a\udcff"),
        ("9e999", float("inf")),
    ],
)
def test_values_keep_their_storage_class(bench: Bench, sql: str, value: object) -> None:
    bench.start("CREATE TABLE thing (v)")
    (change,) = changes_of(bench, f"INSERT INTO thing VALUES ({sql})")
    assert change.after is not None
    assert (type(change.after["v"]), change.after["v"]) == (type(value), value)


@pytest.mark.parametrize("number", [0.30000000000000004, -0.0, 5e-324, 1.0, 1.7976931348623157e308])
def test_floats_keep_their_bits(bench: Bench, number: float) -> None:
    bench.start("CREATE TABLE thing (v)")
    mark = bench.journal.mark()
    bench.app.execute("INSERT INTO thing VALUES (?)", (number,))
    (change,) = bench.journal.changes(mark)
    assert change.after is not None
    assert struct.pack("d", change.after["v"]) == struct.pack("d", number)


def test_a_whole_number_in_a_real_column_is_recorded_as_a_float(bench: Bench) -> None:
    bench.start("CREATE TABLE thing (v REAL)")
    (change,) = changes_of(bench, "INSERT INTO thing VALUES (5)")
    assert change.after is not None
    assert isinstance(change.after["v"], float)


def test_generated_columns_are_part_of_the_row(bench: Bench) -> None:
    bench.start("CREATE TABLE t (a INTEGER PRIMARY KEY, v AS (a + 1) VIRTUAL, s AS (a * 2) STORED)")
    insert, update = changes_of(bench, "INSERT INTO t (a) VALUES (3)", "UPDATE t SET a = 4")
    assert insert.after == {"a": 3, "v": 4, "s": 6}
    assert (update.before, update.after) == ({"a": 3, "v": 4, "s": 6}, {"a": 4, "v": 5, "s": 8})


def test_the_key_is_the_declared_primary_key_in_its_order(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE pair (a, b, PRIMARY KEY (b, a));"
        "CREATE TABLE strict (a, b, PRIMARY KEY (b, a)) WITHOUT ROWID;"
        "CREATE TABLE keyless (a)"
    )
    changes = changes_of(
        bench,
        "INSERT INTO pair VALUES (1, NULL)",
        "INSERT INTO strict VALUES (1, 2)",
        "INSERT INTO keyless (rowid, a) VALUES (9, 1)",
    )
    assert [change.key for change in changes] == [(None, 1), (2, 1), (9,)]
    assert changes[2].after == {"a": 1}


def test_odd_names_are_recorded(bench: Bench) -> None:
    bench.start("""CREATE TABLE "select ""from" ("a b" INTEGER PRIMARY KEY, "x""y", 'table', [rowid], "?1", "ü")""")
    (change,) = changes_of(bench, """INSERT INTO "select ""from" VALUES (1, 2, 3, 4, 5, 6)""")
    assert change.table == 'select "from'
    assert change.after == {"a b": 1, 'x"y': 2, "table": 3, "rowid": 4, "?1": 5, "ü": 6}


def test_delete_without_where_records_each_row(bench: Bench) -> None:
    bench.start("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3)")
    changes = changes_of(bench, "DELETE FROM t")
    assert [(change.kind, change.before) for change in changes] == [("delete", {"a": n}) for n in (1, 2, 3)]


def test_a_row_factory_on_the_connection_does_not_matter(bench: Bench) -> None:
    bench.start("CREATE TABLE t (a)")
    bench.journal._connection.raw.row_factory = lambda cursor, row: {"not": "a tuple"}
    assert [change.after for change in changes_of(bench, "INSERT INTO t VALUES (1)")] == [{"a": 1}]
    bench.close()


def test_what_was_written_to_a_table_that_is_gone_is_told(bench: Bench) -> None:
    bench.start("CREATE TABLE t (id INTEGER PRIMARY KEY, v); CREATE TABLE stays (id INTEGER PRIMARY KEY)")
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.app.execute("INSERT INTO t VALUES (1, 'a')")
    bench.app.execute("INSERT INTO stays VALUES (2)")
    bench.app.execute("DROP TABLE t")
    found = [(change.table, change.kind, change.key) for change in bench.journal.changes(mark)]
    assert found == [("t", "insert", (1,)), ("stays", "insert", (2,))]
    assert bench.journal.gaps(mark) == ("the schema was changed",)
    bench.journal.undo(mark)
    assert bench.journal.fingerprint() == before


def test_a_write_into_the_file_past_sqlite_is_a_gap(bench: Bench) -> None:
    bench.start("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    mark = bench.journal.mark()
    bench.app.execute("INSERT INTO t VALUES (1)")
    path = Path(bench.place.path)
    with path.open("r+b") as file:
        first = file.read(1)
        file.seek(0)
        file.write(first)
    os.utime(path, ns=(0, 0))
    assert bench.journal.gaps(mark) == ("the database's file was overwritten",)
