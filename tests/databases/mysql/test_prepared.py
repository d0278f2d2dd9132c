"""Statements that are kept prepared on a MariaDB or MySQL session."""

from __future__ import annotations

from contextlib import closing

from journal_bench import Bench

from kailash_testkit.databases.mysql.connection import Connection
from kailash_testkit.databases.mysql.journal.prepared import PreparedStatements


def test_each_runs_as_it_is_written_also_when_more_are_asked_for_than_are_kept(bench: Bench) -> None:
    bench.start("CREATE TABLE t (id INT PRIMARY KEY);")
    with closing(Connection.for_journal(bench.place.url, lock_wait=1)) as connection:
        prepared = PreparedStatements(connection)
        for number in [*range(60), *range(60)]:
            ((found, text),) = connection.run(prepared.execute(f"SELECT {number}, 'it''s \\\\{number}'"))
            assert (found, text) == (number, f"it's \\{number}")
        ((_, prepares),) = connection.run("SHOW SESSION STATUS LIKE 'Com_prepare_sql'")
        ((_, closes),) = connection.run("SHOW SESSION STATUS LIKE 'Com_dealloc_sql'")
        assert int(prepares) - int(closes) <= 50


def test_one_is_prepared_once(bench: Bench) -> None:
    bench.start("CREATE TABLE t (id INT PRIMARY KEY);")
    with closing(Connection.for_journal(bench.place.url, lock_wait=1)) as connection:
        prepared = PreparedStatements(connection)
        assert len({prepared.execute("SELECT 1") for _ in range(3)}) == 1
        ((_, prepares),) = connection.run("SHOW SESSION STATUS LIKE 'Com_prepare_sql'")
        assert int(prepares) == 1
