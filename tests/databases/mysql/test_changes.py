"""What `changes` tells on MariaDB and MySQL: order, kinds, keys, and values to the last bit."""

from __future__ import annotations

import datetime
import struct
from decimal import Decimal

import pytest
from journal_bench import Bench

from kailash_testkit.databases.journal import RecordedChange


def changes_of(bench: Bench, *statements: str) -> list[RecordedChange]:
    mark = bench.journal.mark()
    for statement in statements:
        bench.run(statement)
    assert bench.journal.gaps(mark) == ()
    return bench.journal.changes(mark)


VALUES = {
    "BIGINT UNSIGNED": ("18446744073709551615", 2**64 - 1),
    "DECIMAL(38, 10)": ("'12345678901234567890.0000000001'", Decimal("12345678901234567890.0000000001")),
    "VARBINARY(9)": ("x'00ff00'", b"\x00\xff\x00"),
    "BLOB": ("x''", b""),
    "BINARY(3)": ("'a'", b"a\0\0"),
    "VARCHAR(9)": ("'\N{SNAKE} \\0 '", "\N{SNAKE} \0 "),
    "VARCHAR(9) CHARACTER SET latin1": ("'\N{MICRO SIGN}'", "\N{MICRO SIGN}"),
    "TEXT": ("''", ""),
    "BIT(12)": ("b'101010101010'", b"\x0a\xaa"),
    "ENUM('a', 'b''c')": ("'b''c'", "b'c"),
    "SET('a', 'b')": ("'a,b'", "a,b"),
    "JSON": ("'{\"a\" :  1.10}'", '{"a" :  1.10}'),
    "DATETIME(6)": ("'2024-02-03 04:05:06.789012'", datetime.datetime(2024, 2, 3, 4, 5, 6, 789012)),
    "DATE": ("'2024-02-03'", datetime.date(2024, 2, 3)),
    "TIME(3)": ("'-00:30:00.5'", -datetime.timedelta(minutes=30, milliseconds=500)),
    "YEAR": ("2024", 2024),
    "INT": ("NULL", None),
    "DOUBLE": ("'0.30000000000000004'", 0.30000000000000004),
    "DOUBLE ": ("'5e-324'", 5e-324),
    "DOUBLE  ": ("'1.7976931348623157e308'", 1.7976931348623157e308),
    "FLOAT": ("1.1", struct.unpack("f", struct.pack("f", 1.1))[0]),  # with all the digits of its four bytes
}
ONE_OF_EACH = (
    "CREATE TABLE thing (id INT PRIMARY KEY, " + ", ".join(f"v{n} {kind}" for n, kind in enumerate(VALUES)) + ")"
)


@pytest.mark.slow
@pytest.mark.parametrize("kind", VALUES)
def test_values_keep_their_type_and_bits(bench: Bench, kind: str) -> None:
    bench.start(ONE_OF_EACH)
    column, (sql, value) = f"v{list(VALUES).index(kind)}", VALUES[kind]
    if kind == "JSON" and not bench.place.is_mariadb:
        value = '{"a": 1.10}'  # MySQL keeps no text
    (change,) = changes_of(bench, f"INSERT INTO thing (id, {column}) VALUES (1, {sql})")
    assert change.after is not None
    assert (type(change.after[column]), repr(change.after[column])) == (type(value), repr(value))
    assert bench.undone(f"UPDATE thing SET {column} = NULL", "DELETE FROM thing") == "journal"


def test_a_timestamp_is_told_in_the_zone_in_which_others_read_it(bench: Bench) -> None:
    bench.start("CREATE TABLE thing (v TIMESTAMP(6) NULL)")
    (change,) = changes_of(bench, "INSERT INTO thing VALUES ('2024-02-03 04:05:06.789012')")
    assert change.after == {"v": datetime.datetime(2024, 2, 3, 4, 5, 6, 789012)}


def test_generated_columns_are_part_of_the_row(bench: Bench) -> None:
    bench.start("CREATE TABLE t (a INT PRIMARY KEY, v INT AS (a + 1) VIRTUAL, s INT AS (a * 2) STORED)")
    insert, update = changes_of(bench, "INSERT INTO t (a) VALUES (3)", "UPDATE t SET a = 4")
    assert insert.after == {"a": 3, "v": 4, "s": 6}
    assert (update.before, update.after) == ({"a": 3, "v": 4, "s": 6}, {"a": 4, "v": 5, "s": 8})


def test_the_key_is_the_primary_key_in_its_order_or_the_first_unique_one_or_the_row(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE pair (a INT, b INT, PRIMARY KEY (b, a));\n"
        "CREATE TABLE single (a INT, b INT NOT NULL UNIQUE);\n"
        "CREATE TABLE keyless (a INT, b INT UNIQUE)"
    )
    changes = changes_of(bench, *(f"INSERT INTO {name} VALUES (1, 2)" for name in ("pair", "single", "keyless")))
    assert [change.key for change in changes] == [(2, 1), (2,), (1, 2)]


def test_replace_and_upserts(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE t (id INT PRIMARY KEY, u INT UNIQUE, v TEXT);\nINSERT INTO t VALUES (1, 1, 'a'), (2, 2, 'b')"
    )
    replaced = changes_of(bench, "REPLACE INTO t VALUES (3, 1, 'c')")
    assert [(change.kind, change.key) for change in replaced] == [("delete", (1,)), ("insert", (3,))]
    updated = changes_of(bench, "INSERT INTO t VALUES (9, 2, 'x') ON DUPLICATE KEY UPDATE v = 'd'")
    assert [(change.kind, change.key, change.after and change.after["v"]) for change in updated] == [
        ("update", (2,), "d")
    ]
    assert changes_of(bench, "INSERT IGNORE INTO t VALUES (3, 9, 'y')") == []


def test_bookkeeping_tables_of_dataflow_are_not_recorded(bench: Bench) -> None:
    bench.start("CREATE TABLE dataflow_migrations (id INT AUTO_INCREMENT PRIMARY KEY)")
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.run("INSERT INTO dataflow_migrations VALUES (NULL)")
    assert not bench.journal.moved(mark)
    assert bench.journal.changes(mark) == []
    assert bench.journal.fingerprint() == before
    assert bench.journal.undo(mark).method == "nothing"
