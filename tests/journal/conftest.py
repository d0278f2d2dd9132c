"""Fixtures of the journal's tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from journal_bench import Bench
from mysql_bench import MysqlBench, private_mysql
from postgresql_bench import PostgresqlBench, PrivateDatabase, private_database


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    opened = Bench(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def undone(bench: Bench) -> Callable[..., str]:
    """Run statements after a mark, undo, and check that the fingerprint is the mark's again.

    Returns which way the undo took.
    """

    def run(*statements: str, on: sqlite3.Connection | None = None) -> str:
        mark = bench.journal.mark()
        before = bench.journal.fingerprint()
        for statement in statements:
            (on or bench.app).execute(statement)
        report = bench.journal.undo(mark)
        assert bench.journal.fingerprint() == before
        assert not bench.journal.moved(mark)
        return report.method

    return run


@pytest.fixture(scope="module")
def postgresql_database() -> Iterator[PrivateDatabase]:
    """A database of the module's own; skips where no server can be had."""
    with private_database() as database:
        yield database


@pytest.fixture
def pg(postgresql_database: PrivateDatabase) -> Iterator[PostgresqlBench]:
    """A journal on an empty PostgreSQL database, and an application's connection to it."""
    postgresql_database.empty()
    opened = PostgresqlBench(postgresql_database)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def mysql_bench() -> Iterator[MysqlBench]:
    """A database of the module's own; skips where no server can be had."""
    with private_mysql() as database:
        opened = MysqlBench(database)
        yield opened
        opened.close()


@pytest.fixture
def my(mysql_bench: MysqlBench) -> Iterator[MysqlBench]:
    """A journal on a MariaDB or MySQL database, and an application's connection to it; see `MysqlBench.start`."""
    yield mysql_bench
    mysql_bench.leave()
