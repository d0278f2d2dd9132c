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
