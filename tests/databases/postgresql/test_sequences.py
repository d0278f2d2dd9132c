"""Sequences on PostgreSQL are put back exactly, and what the application knows of them is left alone."""

from __future__ import annotations

import pytest
from journal_bench import Bench

SCHEMA = """
CREATE TABLE t (id serial PRIMARY KEY, v int); CREATE TABLE u (id int GENERATED ALWAYS AS IDENTITY, v int);
CREATE SEQUENCE plain; CREATE SEQUENCE down INCREMENT BY -2 MAXVALUE 100 START 50; CREATE SCHEMA s;
CREATE SEQUENCE s."odd ""name" CYCLE; INSERT INTO t (v) VALUES (1), (2);
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT nextval('plain')",
        "SELECT nextval('down'), nextval('down')",
        "SELECT nextval(format('s.%I', 'odd \"name'))",
        "SELECT setval('plain', 5, false)",
        "SELECT setval('t_id_seq', 1)",
        "ALTER SEQUENCE plain RESTART WITH 7",
        "ALTER TABLE u ALTER COLUMN id RESTART WITH 99",
        "INSERT INTO t (v) VALUES (3)",
        "BEGIN; INSERT INTO u (v) VALUES (3); ROLLBACK",
        "TRUNCATE t, u RESTART IDENTITY",
    ],
)
def test_every_way_to_move_one(bench: Bench, statement: str) -> None:
    bench.start(SCHEMA)
    mark = bench.journal.mark()
    bench.run(statement)
    assert bench.journal.moved(mark)
    bench.journal.undo(mark)
    assert not bench.journal.moved(mark)
    assert bench.undone(statement) == "journal"


def test_the_next_value_is_the_one_that_it_would_have_been(bench: Bench) -> None:
    bench.start(SCHEMA)
    mark = bench.journal.mark()
    assert bench.run("INSERT INTO t (v) VALUES (3) RETURNING id") == [(3,)]
    assert bench.run("SELECT nextval('plain'), nextval('down')") == [(1, 50)]
    bench.journal.undo(mark)
    assert bench.run("INSERT INTO t (v) VALUES (3) RETURNING id") == [(3,)]
    assert bench.run("SELECT nextval('plain'), nextval('down')") == [(1, 50)]


def test_lastval_and_currval_of_the_application_stay(bench: Bench) -> None:
    bench.start(SCHEMA)
    mark = bench.journal.mark()
    bench.run("SELECT nextval('down'); INSERT INTO t (v) VALUES (3)")
    known = "SELECT lastval(), currval('t_id_seq'), currval('down')"
    before = bench.run(known)
    assert before == [(3, 3, 50)]
    bench.run("UPDATE t SET v = 0; DELETE FROM t")
    assert bench.run(known) == before
    bench.journal.undo(mark)
    assert bench.run(known) == before
