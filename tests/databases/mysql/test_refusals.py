"""What MariaDB and MySQL refuse because of the journal's triggers is explained, and nothing else is."""

from __future__ import annotations

import pymysql
import pytest
from journal_bench import Bench

from kailash_testkit.databases.mysql.journal.refusals import explained


def said(bench: Bench, *statements: str) -> str:
    with pytest.raises(pymysql.MySQLError) as caught:
        for statement in statements:
            bench.app.cursor().execute(statement)
    return str(caught.value)


def test_a_write_after_a_column_was_renamed(bench: Bench) -> None:
    bench.start("CREATE TABLE t (id INT PRIMARY KEY, v INT)")
    bench.journal.mark()
    words = explained(said(bench, "ALTER TABLE t RENAME COLUMN v TO w", "INSERT INTO t VALUES (1, 1)"))
    assert words == (
        "the kit's triggers, which record what tests change, name the column v, which is renamed or dropped: "
        "the server refuses writes to its table until the kit looks at the schema again\n"
        "do: change the schema in a fixture of wider scope; or write in a block of kit.changes(), which looks"
    )
    bench.journal.mark()  # as kit.changes() does
    bench.app.cursor().execute("INSERT INTO t VALUES (1, 1)")


def test_a_write_under_lock_tables(bench: Bench) -> None:
    bench.start("CREATE TABLE t (id INT PRIMARY KEY, v INT)")
    mark = bench.journal.mark()
    bench.run("INSERT INTO t VALUES (1, 1)")
    bench.journal.changes(mark)
    words = explained(said(bench, "LOCK TABLES t WRITE", "DELETE FROM t"))
    bench.app.cursor().execute("UNLOCK TABLES")
    assert words == (
        "under LOCK TABLES the server refuses what the kit's triggers, which record what tests change, write\n"
        "do: leave LOCK TABLES out in tests: SELECT ... FOR UPDATE and GET_LOCK work"
    )


def test_other_errors_are_the_applications(bench: Bench) -> None:
    bench.start("CREATE TABLE t (id INT PRIMARY KEY, v INT)")
    assert explained(said(bench, "SELECT w FROM t")) is None
    assert explained(said(bench, "INSERT INTO missing VALUES (1)")) is None
