"""Undo by the journal alone, for every kind of table and of write; `undone` compares fingerprints."""

from __future__ import annotations

import pytest
from journal_bench import Bench

TABLES = {
    "unique_too": "a INTEGER PRIMARY KEY, b VARCHAR(20) UNIQUE",
    "numbered": "a {serial}, b VARCHAR(20)",
    "keyed_by_text": "a VARCHAR(20) PRIMARY KEY, b VARCHAR(20)",
    "keyed_by_two": "a INTEGER, b VARCHAR(20), PRIMARY KEY (b, a)",
    "unique_only": "a INTEGER NOT NULL UNIQUE, b VARCHAR(20)",
    "perhaps_unique": "a INTEGER UNIQUE, b VARCHAR(20)",
    "keyless": "a INTEGER, b VARCHAR(20)",
    "generated": "a INTEGER PRIMARY KEY, b VARCHAR(20), c INTEGER GENERATED ALWAYS AS (a + 1) STORED UNIQUE",
    "checked": "a INTEGER PRIMARY KEY, b VARCHAR(20) NOT NULL DEFAULT 'none', CHECK (b <> 'x')",
}
SCHEMA = ";\n".join(f"CREATE TABLE {name} ({columns})" for name, columns in TABLES.items())


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
def test_every_kind_of_table(bench: Bench, table: str) -> None:
    bench.start(SCHEMA)
    bench.run(f"INSERT INTO {table} (a, b) VALUES (8, 'first'), (1, 'one')")
    bench.run(f"DELETE FROM {table} WHERE b = 'first'")
    way = bench.undone(
        f"UPDATE {table} SET b = 'uno' WHERE b = 'one'",
        f"INSERT INTO {table} (a, b) VALUES (2, 'two')",
        f"UPDATE {table} SET a = 9 WHERE b = 'uno'",
        f"INSERT INTO {table} (a, b) VALUES (1, 'one')",
        f"UPDATE {table} SET b = upper(b)",
        f"DELETE FROM {table}",
        f"INSERT INTO {table} (a, b) VALUES (5, 'UNO'), (8, 'first')",
    )
    assert way == "journal"


SHOP = """
CREATE TABLE customer (id {serial}, name VARCHAR(20) NOT NULL UNIQUE, note TEXT);
CREATE TABLE purchase (id {serial}, customer INTEGER NOT NULL, amount DECIMAL(10, 2),
                       FOREIGN KEY (customer) REFERENCES customer (id));
CREATE TABLE heap (a INTEGER, b TEXT);
CREATE TABLE slot (id INTEGER PRIMARY KEY, place VARCHAR(20) UNIQUE);
INSERT INTO customer (name) VALUES ('ada'), ('bob'), ('cy');
INSERT INTO purchase (customer, amount) VALUES (1, 1.50), (1, 2), (2, 3.000);
INSERT INTO heap VALUES (1, 'x'), (1, 'x'), (1, 'x'), (2, NULL);
INSERT INTO slot VALUES (1, 'a'), (2, 'b'), (3, 'c');
"""


@pytest.mark.parametrize(
    "statements",
    [
        ["INSERT INTO customer (name) VALUES ('dan')"],
        ["UPDATE customer SET name = 'ADA' WHERE id = 1", "UPDATE customer SET note = ''"],
        ["DELETE FROM purchase WHERE id = 2", "DELETE FROM customer WHERE id = 3"],
        ["DELETE FROM purchase", "DELETE FROM customer", "INSERT INTO customer (id, name) VALUES (1, 'new')"],
        ["UPDATE customer SET id = 13 WHERE id = 3", "UPDATE customer SET id = 3 WHERE id = 13"],
        ["UPDATE customer SET id = 30 WHERE id = 3", "INSERT INTO customer (id, name) VALUES (3, 'other')"],
        ["BEGIN", "DELETE FROM purchase", "DELETE FROM customer WHERE id = 1", "COMMIT"],
        ["DELETE FROM heap WHERE a = 1"],
        ["INSERT INTO heap VALUES (1, 'x')", "UPDATE heap SET b = 'y'", "DELETE FROM heap"],
        ["INSERT INTO heap SELECT * FROM heap", "UPDATE heap SET b = NULL WHERE a = 1"],
    ],
    ids=lambda statements: statements[0],
)
def test_writes(bench: Bench, statements: list[str]) -> None:
    bench.start(SHOP)
    assert bench.undone(*statements) == "journal"


def test_without_a_write_there_is_nothing_to_do(bench: Bench) -> None:
    bench.start(SHOP)
    assert bench.undone() == "nothing"
    assert bench.undone("BEGIN", "DELETE FROM purchase", "ROLLBACK") == "nothing"


def test_rows_that_swap_unique_values(bench: Bench) -> None:
    bench.start(SHOP)
    swap = ("UPDATE slot SET place = 'z' WHERE id = 1", "UPDATE slot SET place = 'a' WHERE id = 2")
    assert bench.undone(*swap, "UPDATE slot SET place = 'b' WHERE id = 1") == "journal"


def test_keys_that_move_onto_each_other(bench: Bench) -> None:
    bench.start(SHOP)
    moves = [f"UPDATE slot SET id = {new} WHERE id = {old}" for old, new in [(1, 9), (2, 1), (3, 2), (9, 3)]]
    assert bench.undone(*moves) == "journal"


@pytest.mark.parametrize(
    "statements", [["INSERT INTO customer (name) VALUES ('dan')"], ["INSERT INTO customer (id, name) VALUES (70, 'x')"],
                   ["BEGIN", "INSERT INTO customer (name) VALUES ('dan')", "ROLLBACK"]],
    ids=["numbered", "given", "rolled back"],
)  # fmt: skip
def test_the_next_number_is_the_one_that_it_would_have_been(bench: Bench, statements: list[str]) -> None:
    bench.start(SHOP)
    mark = bench.journal.mark()
    for statement in statements:
        bench.run(statement)
    bench.journal.undo(mark)
    assert not bench.journal.moved(mark)
    assert bench.undone(*statements) in ("journal", "nothing")
    bench.run("INSERT INTO customer (name) VALUES ('next')")
    assert bench.run("SELECT max(id) FROM customer") == [(4,)]


def test_thousands_of_changes(bench: Bench) -> None:
    bench.start("CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER UNIQUE)")
    values = ", ".join(f"({number}, {number})" for number in range(1, 2001))
    bench.run(f"INSERT INTO t VALUES {values}")
    assert (
        bench.undone("UPDATE t SET v = -v", "DELETE FROM t WHERE id % 3 = 0", "UPDATE t SET v = v - 5000") == "journal"
    )


def test_a_connection_of_the_application_goes_on(bench: Bench) -> None:
    bench.start(SHOP)
    other = bench.connect()
    assert bench.run("SELECT count(*) FROM heap", on=other) == [(4,)]
    mark = bench.journal.mark()
    bench.run("DELETE FROM heap", on=other)
    bench.journal.undo(mark)
    assert bench.run("SELECT count(*) FROM heap", on=other) == [(4,)]
    bench.run("INSERT INTO slot VALUES (9, 'still recorded')", on=other)
    assert [change.key for change in bench.journal.changes(mark)] == [(9,)]
