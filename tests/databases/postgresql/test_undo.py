"""Undo on PostgreSQL gives back the mark's rows to the last bit, whatever the tables are like."""

from __future__ import annotations

import pytest
from journal_bench import Bench

SHOP = """
CREATE TABLE customer (id serial PRIMARY KEY, name text NOT NULL UNIQUE, note text);
CREATE TABLE purchase (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int NOT NULL REFERENCES customer,
                       amount numeric, twice numeric GENERATED ALWAYS AS (amount * 2) STORED);
INSERT INTO customer (name) VALUES ('ada'), ('bob'), ('cy');
INSERT INTO purchase (customer, amount) VALUES (1, 1.50), (1, 2), (2, 3.000);
"""


@pytest.mark.parametrize(
    "statements",
    [
        ["TRUNCATE customer, purchase"],
        ["TRUNCATE customer RESTART IDENTITY CASCADE"],
        ["BEGIN", "TRUNCATE purchase", "INSERT INTO purchase (customer) VALUES (3)", "COMMIT"],
        ["INSERT INTO customer VALUES (9, 'n')", "TRUNCATE customer CASCADE", "INSERT INTO customer VALUES (1, '')"],
    ],
)  # fmt: skip
def test_truncate(bench: Bench, statements: list[str]) -> None:
    bench.start(SHOP)
    assert bench.undone(*statements) == "journal"


def test_tables_with_and_without_foreign_keys_in_one_undo(bench: Bench) -> None:
    bench.start(
        SHOP + "CREATE TABLE loose (id serial PRIMARY KEY, v int UNIQUE); INSERT INTO loose (v) VALUES (1), (2)"
    )
    changes = ["DELETE FROM purchase WHERE customer = 1", "DELETE FROM customer WHERE id = 1", "DELETE FROM loose"]
    assert bench.undone(*changes) == "journal"
    assert bench.undone("UPDATE loose SET v = 3 - v + 10", "UPDATE customer SET name = name || '!'") == "journal"
    assert (
        bench.undone("INSERT INTO loose (v) SELECT generate_series(10, 999)", "DELETE FROM loose WHERE v = 1")
        == "journal"
    )


UNRECORDED = [
    "UPDATE loose SET v = 7 WHERE id = 1",
    "DELETE FROM loose WHERE id = 1",
    "INSERT INTO loose VALUES (2, 9)",
]


@pytest.mark.parametrize("unrecorded", UNRECORDED)
def test_a_row_that_is_not_what_was_recorded_is_found(bench: Bench, unrecorded: str) -> None:
    """By the function of the database that undoes rows without recording what it writes."""
    bench.start("CREATE TABLE loose (id int PRIMARY KEY, v int); INSERT INTO loose VALUES (1, 1), (2, 2)")
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.script("UPDATE loose SET v = 3 WHERE id = 1; DELETE FROM loose WHERE id = 2")
    bench.script(f"BEGIN; SET LOCAL dataflow_testkit.quiet = on; {unrecorded}; COMMIT")
    assert bench.journal.undo(mark).method == "saved state"
    assert bench.journal.fingerprint() == before
