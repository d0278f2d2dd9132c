"""What `changes` tells: order, kinds, keys, and values to the last bit."""

from __future__ import annotations

import struct

import pytest
from journal_bench import Bench

from kailash_testkit.databases.journal import RecordedChange


def changes_of(bench: Bench, *statements: str) -> list[RecordedChange]:
    mark = bench.journal.mark()
    for statement in statements:
        bench.app.execute(statement)
    assert bench.journal.gaps(mark) == ()
    return bench.journal.changes(mark)


def test_insert_update_and_delete_with_old_and_new_values_in_order(bench: Bench) -> None:
    bench.start("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)")
    insert, update, delete = changes_of(
        bench,
        "INSERT INTO item VALUES (7, 'a')",
        "UPDATE item SET name = 'b'",
        "DELETE FROM item WHERE id = 7",
    )
    assert (insert.kind, insert.table, insert.key) == ("insert", "item", (7,))
    assert (insert.before, insert.after) == (None, {"id": 7, "name": "a"})
    assert (update.kind, update.before, update.after) == (
        "update",
        {"id": 7, "name": "a"},
        {"id": 7, "name": "b"},
    )
    assert (delete.kind, delete.before, delete.after) == ("delete", {"id": 7, "name": "b"}, None)
    assert insert.seq < update.seq < delete.seq


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


def test_cascades_are_recorded(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE boss (id INTEGER PRIMARY KEY);"
        "CREATE TABLE staff (id INTEGER PRIMARY KEY, boss REFERENCES boss ON DELETE CASCADE ON UPDATE CASCADE);"
        "INSERT INTO boss VALUES (1); INSERT INTO staff VALUES (5, 1)"
    )
    changes = changes_of(bench, "UPDATE boss SET id = 2", "DELETE FROM boss")
    assert sorted((change.table, change.kind) for change in changes) == [
        ("boss", "delete"),
        ("boss", "update"),
        ("staff", "delete"),
        ("staff", "update"),
    ]


def test_what_was_rolled_back_is_not_recorded(bench: Bench) -> None:
    bench.start("CREATE TABLE t (a)")
    assert changes_of(bench, "BEGIN", "INSERT INTO t VALUES (1)", "ROLLBACK") == []


def test_changes_of_an_open_transaction_appear_when_it_commits(bench: Bench) -> None:
    bench.start("CREATE TABLE t (a)")
    bench.app.execute("BEGIN")
    bench.app.execute("INSERT INTO t VALUES (1)")
    mark = bench.journal.mark()
    assert bench.journal.changes(mark) == []
    bench.app.execute("COMMIT")
    assert [change.kind for change in bench.journal.changes(mark)] == ["insert"]


def test_bookkeeping_tables_of_dataflow_are_not_recorded(bench: Bench) -> None:
    bench.start("CREATE TABLE dataflow_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT)")
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.app.execute("INSERT INTO dataflow_migrations DEFAULT VALUES")
    assert bench.journal.changes(mark) == []
    assert bench.journal.fingerprint() == before
    assert bench.journal.undo(mark).method == "nothing"
    assert bench.rows("SELECT * FROM dataflow_migrations") == [(1,)]


def test_tables_made_since_are_recorded_from_the_next_mark_on(bench: Bench) -> None:
    bench.start("CREATE TABLE old (a)")
    mark = bench.journal.mark()
    bench.app.execute("CREATE TABLE new (a)")
    assert bench.journal.gaps(mark) == ("the schema was changed",)
    later = bench.journal.mark()
    bench.app.execute("INSERT INTO new VALUES (1)")
    assert [change.table for change in bench.journal.changes(later)] == ["new"]


def test_a_table_dropped_and_made_again_alike_is_recorded(bench: Bench) -> None:
    bench.start("CREATE TABLE t (a)")
    bench.app.executescript("DROP TABLE t; CREATE TABLE t (a)")
    bench.journal.refresh()
    assert [change.kind for change in changes_of(bench, "INSERT INTO t VALUES (1)")] == ["insert"]


def test_a_row_factory_on_the_connection_does_not_matter(bench: Bench) -> None:
    bench.kit.row_factory = lambda cursor, row: {"not": "a tuple"}
    bench.start("CREATE TABLE t (a)")
    assert [change.after for change in changes_of(bench, "INSERT INTO t VALUES (1)")] == [{"a": 1}]
