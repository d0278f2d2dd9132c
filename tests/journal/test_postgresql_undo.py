"""Undo on PostgreSQL gives back the mark's rows to the last bit, whatever the tables are like."""

from __future__ import annotations

import pytest
from postgresql_bench import PostgresqlBench

SHOP = """
CREATE TABLE customer (id serial PRIMARY KEY, name text NOT NULL UNIQUE, note text);
CREATE TABLE purchase (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int NOT NULL REFERENCES customer,
                       amount numeric, twice numeric GENERATED ALWAYS AS (amount * 2) STORED);
INSERT INTO customer (name) VALUES ('ada'), ('bob'), ('cy');
INSERT INTO purchase (customer, amount) VALUES (1, 1.50), (1, 2), (2, 3.000);
"""


def test_inserts_updates_and_deletes(pg: PostgresqlBench) -> None:
    pg.start(SHOP)
    assert pg.undone("INSERT INTO customer (name) VALUES ('dan')") == "journal"
    assert pg.undone("UPDATE customer SET name = name || '!', note = ''") == "journal"
    assert pg.undone("DELETE FROM purchase WHERE id = 2", "DELETE FROM customer WHERE id = 3") == "journal"
    assert pg.undone("DELETE FROM purchase", "DELETE FROM customer", "INSERT INTO customer VALUES (1, 'new')") == (
        "journal"
    )
    assert pg.undone() == "nothing"


def test_a_changed_key(pg: PostgresqlBench) -> None:
    pg.start(SHOP)
    assert pg.undone("UPDATE customer SET id = id + 10 WHERE id = 3", "UPDATE customer SET id = 3 WHERE id = 13") == (
        "journal"
    )
    assert pg.undone("UPDATE customer SET id = 30 WHERE id = 3", "INSERT INTO customer VALUES (3, 'other')") == (
        "journal"
    )


def test_what_was_done_and_undone_in_one_transaction_is_nothing(pg: PostgresqlBench) -> None:
    pg.start(SHOP)
    assert pg.undone("BEGIN", "DELETE FROM purchase", "ROLLBACK") == "nothing"


@pytest.mark.parametrize(
    "statements",
    [
        ["TRUNCATE customer, purchase"],
        ["TRUNCATE customer RESTART IDENTITY CASCADE"],
        ["BEGIN", "TRUNCATE purchase", "INSERT INTO purchase (customer) VALUES (3)", "COMMIT"],
        ["INSERT INTO customer VALUES (9, 'n')", "TRUNCATE customer CASCADE", "INSERT INTO customer VALUES (1, '')"],
    ],
)  # fmt: skip
def test_truncate(pg: PostgresqlBench, statements: list[str]) -> None:
    pg.start(SHOP)
    assert pg.undone(*statements) == "journal"
