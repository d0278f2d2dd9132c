"""What is taken back on MariaDB and MySQL."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from database_servers import MYSQL, Server, required

from kailash_testkit.databases import open_database
from kailash_testkit.databases.journal import Journal


@pytest.fixture(scope="module")
def server() -> Server:
    return required(MYSQL)


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    with server.database() as url:
        yield url


def journal_of(url: str) -> contextlib.closing[Journal]:
    with contextlib.closing(open_database(url)) as database:
        return contextlib.closing(database.journal())


@pytest.mark.parametrize("key", ["mark", "seq", "side", "c0", "place", "now_seq"])
def test_columns_may_be_named_like_those_of_the_journal(server: Server, url: str, key: str) -> None:
    columns = [name for name in ("mark", "seq", "side", "c0", "place", "now_seq") if name != key]
    others = ", ".join(f"{name} INT DEFAULT 0" for name in columns)
    server.run(f"CREATE TABLE t ({key} INT PRIMARY KEY, {others})", url)
    server.run(f"INSERT INTO t ({key}) VALUES (1), (2)", url)
    with journal_of(url) as journal:
        journal.install()
        mark, before = journal.mark(), journal.fingerprint()
        server.run(f"UPDATE t SET {key} = {key} + 10, {columns[0]} = 7", url)
        server.run(f"DELETE FROM t WHERE {key} = 11", url)
        assert [change.kind for change in journal.changes(mark)] == ["update", "update", "delete"]
        assert journal.undo(mark).method == "journal"
        assert journal.fingerprint() == before
        server.run("TRUNCATE t", url)
        assert journal.undo(mark).method == "saved state"
        assert journal.fingerprint() == before
