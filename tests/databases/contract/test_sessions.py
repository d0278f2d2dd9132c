"""Whether others keep a database locked, and who they are: for an ordinary user who owns nothing but the database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from time import sleep
from typing import Any

import pytest
from journal_bench import Bench

from kailash_testkit.databases import Database, open_database
from kailash_testkit.databases.urls import with_database
from kailash_testkit.errors import DatabaseBusy

SCHEMA = """
CREATE TABLE keyed (id {key} PRIMARY KEY, n INTEGER);
INSERT INTO keyed VALUES ('there', 1);
"""
on_servers = pytest.mark.databases("postgresql", "mysql")
"""Only where locks are of rows, and a server tells of its sessions."""


@pytest.fixture
def database(bench: Bench) -> Database:
    bench.start(SCHEMA)
    database: Database = bench.database
    return database


@pytest.fixture
def other(bench: Bench, database: Database) -> Any:
    """Somebody else's connection, in a transaction."""
    connection = bench.connect()
    bench.run("BEGIN", on=connection)
    return connection


@pytest.mark.slow
def test_an_open_transaction_that_wrote_is_a_lock(database: Database, bench: Bench, other: Any) -> None:
    assert not database.is_locked()
    bench.run("INSERT INTO keyed VALUES ('a', 1)", on=other)
    assert database.is_locked()
    bench.run("ROLLBACK", on=other)
    assert not database.is_locked()


def test_one_whose_connection_was_closed_is_none(database: Database, bench: Bench, other: Any) -> None:
    bench.run("INSERT INTO keyed VALUES ('a', 1)", on=other)
    other.close()
    assert not database.is_locked()


def test_an_open_transaction_that_only_read_is_none(database: Database, bench: Bench, other: Any) -> None:
    bench.run("SELECT * FROM keyed", on=other)
    assert not database.is_locked()


@pytest.mark.slow
@on_servers
def test_rows_locked_for_an_update_are_a_lock(database: Database, bench: Bench, other: Any) -> None:
    bench.run("SELECT * FROM keyed FOR UPDATE", on=other)
    assert database.is_locked()


def test_a_transaction_that_is_about_to_end_is_waited_for(database: Database, bench: Bench, other: Any) -> None:
    bench.run("INSERT INTO keyed VALUES ('a', 1)", on=other)
    timer = threading.Timer(0.1, bench.run, ("COMMIT",), {"on": other})
    timer.start()
    assert not database.is_locked()
    timer.join()


@pytest.mark.slow
def test_waiting_in_vain_names_the_holder(database: Database, bench: Bench, other: Any) -> None:
    bench.run("UPDATE keyed SET n = 2", on=other)
    with pytest.raises(DatabaseBusy, match=r"is locked by an open transaction") as caught:
        database.empty()
    bench.run("ROLLBACK", on=other)
    # MariaDB does not tell this user which of the two sessions it is.
    assert len(caught.value.details) in ((1, 2) if bench.kind.name == "mysql" else (1,))
    assert all("transaction" in line for line in caught.value.details)
    database.empty()
    assert database.count("keyed") == 0


@pytest.fixture
def administrator(bench: Bench, database: Database) -> Iterator[Database]:
    """The database as an administrator of the server sees it: MariaDB tells nobody else of others' transactions."""
    with closing(open_database(with_database(bench.place.server.url, bench.place.name))) as opened:
        yield opened


@on_servers
def test_sessions_of_others_are_named_with_what_they_hold(administrator: Database, bench: Bench, other: Any) -> None:
    bench.run("INSERT INTO keyed VALUES ('a', 1)", on=other)
    (session,) = [session for session in administrator.sessions() if session.in_transaction]
    assert session.holds_locks
    assert session.state == "idle in transaction"
    assert 0 <= session.age < 60
    assert session.blocks == ()
    if bench.kind.name == "postgresql":
        assert session.application == "the application"
        assert session.query == "INSERT INTO keyed VALUES ('a', 1)"
    assert f"session {session.number} of {session.application}: idle in transaction for" in str(session)
    bench.run("ROLLBACK", on=other)
    assert [each for each in administrator.sessions() if each.in_transaction or each.holds_locks] == []


@on_servers
def test_a_session_that_others_wait_for_says_so(administrator: Database, bench: Bench, other: Any) -> None:
    third = bench.connect()
    bench.run("UPDATE keyed SET n = 2", on=other)
    waiting = threading.Thread(target=bench.run, args=("UPDATE keyed SET n = 3",), kwargs={"on": third})
    waiting.start()
    try:
        while not (blocking := [session for session in administrator.sessions() if session.blocks]):
            assert waiting.is_alive()
            sleep(0.02)
        (number,) = blocking[0].blocks
        assert number in [session.number for session in administrator.sessions()]
        assert f"blocking {number}" in str(blocking[0])
    finally:
        bench.run("ROLLBACK", on=other)
        waiting.join()


@on_servers
def test_the_kits_connections_are_no_sessions(database: Database, bench: Bench) -> None:
    bench.start_again(SCHEMA)  # whoever was connected is gone
    bench.leave()
    journal = database.journal()
    others = [session for session in bench.database.sessions() if session.application != "a test"]
    journal.close()
    assert others == []
