"""A database on a server as the kit sees it: the same for PostgreSQL and MariaDB."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from database_servers import MYSQL, POSTGRESQL, Server, required, rows_of

from kailash_testkit.databases import Database, open_database
from kailash_testkit.errors import DatabaseBusy, UnsafeDatabase, UnsupportedDatabase

Run = Callable[[str], list[Any]]

ODD = 'odd "na`me%'


@pytest.fixture(scope="module", params=[POSTGRESQL, MYSQL], ids=lambda server: server.kind)
def server(request: pytest.FixtureRequest) -> Server:
    return required(request.param)


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    with server.database() as url:
        yield url


@pytest.fixture
def run(server: Server, url: str) -> Run:
    """Runs a statement on a connection of its own, as the application would."""
    return lambda statement: server.run(statement, url)


@pytest.fixture
def open_it(url: str) -> Iterator[Callable[..., Database]]:
    """Opens the kit's view of the database, and closes it after the test."""
    with contextlib.ExitStack() as stack:

        def open_it(other: str = url) -> Database:
            database = open_database(other)
            stack.callback(database.close)
            return database

        yield open_it


def quoted(server: Server, name: str) -> str:
    return f'"{name.replace(chr(34), chr(34) * 2)}"' if server is POSTGRESQL else f"`{name.replace('`', '``')}`"


@pytest.fixture
def database(server: Server, run: Run, open_it: Callable[..., Database]) -> Database:
    number = "SERIAL PRIMARY KEY" if server is POSTGRESQL else "INTEGER PRIMARY KEY AUTO_INCREMENT"
    run(f"CREATE TABLE {quoted(server, ODD)} (id {number}, {quoted(server, 'a b')} TEXT)")
    run("CREATE TABLE keyed (id VARCHAR(99) PRIMARY KEY, n INTEGER)")
    run("CREATE TABLE dataflow_bookkeeping (id INTEGER)")
    run("CREATE VIEW seen AS SELECT * FROM keyed")
    return open_it()


# --- claiming ------------------------------------------------------------------------------------


def test_a_database_without_a_marker_is_refused_and_left_alone(run: Run, open_it: Callable[..., Database]) -> None:
    database = open_it()
    with pytest.raises(UnsafeDatabase, match=r"(?s)does not carry the kit's marker.*allow_existing=True"):
        database.claim(allow_existing=False)
    assert open_it().tables() == []
    run("CREATE TABLE notes (id INTEGER)")
    with pytest.raises(UnsafeDatabase, match="marker"):
        open_it().claim(allow_existing=False)


def test_an_empty_one_is_taken_on_demand_and_known_again(run: Run, open_it: Callable[..., Database]) -> None:
    run("CREATE TABLE notes (id INTEGER)")
    open_it().claim(allow_existing=True)
    run("INSERT INTO notes VALUES (1)")
    open_it().claim(allow_existing=False)
    assert open_it().tables() == ["notes"], "the marker is no table of the application"


def test_one_with_rows_is_never_taken(run: Run, open_it: Callable[..., Database]) -> None:
    run("CREATE TABLE notes (id INTEGER)")
    run("INSERT INTO notes VALUES (1)")
    with pytest.raises(UnsafeDatabase, match="it has rows in notes"):
        open_it().claim(allow_existing=True)
    with pytest.raises(UnsafeDatabase, match="marker"):
        open_it().claim(allow_existing=False)


def test_a_copy_of_a_marked_database_is_refused(
    server: Server, run: Run, url: str, open_it: Callable[..., Database]
) -> None:
    """As a dump of it, loaded elsewhere, would be."""
    open_it().mark_as_owned()
    table = "dataflow_testkit.marker" if server is POSTGRESQL else "dataflow_testkit_marker"
    run(f"UPDATE {table} SET identity = 'another server/shop'")
    with pytest.raises(UnsafeDatabase, match=r"a copy of a test database: its marker .* another server/shop"):
        open_it().claim(allow_existing=True)
    open_it().mark_as_owned()
    open_it().claim(allow_existing=False)


def test_the_marker_says_who_made_it(server: Server, run: Run, open_it: Callable[..., Database]) -> None:
    import os

    open_it().mark_as_owned()
    table = "dataflow_testkit.marker" if server is POSTGRESQL else "dataflow_testkit_marker"
    ((made_by, made_at),) = run(f"SELECT made_by, made_at FROM {table}")
    assert made_by.endswith(f"process {os.getpid()}")
    assert made_at is not None


def test_a_database_is_known_however_its_url_is_spelled(
    server: Server, url: str, open_it: Callable[..., Database]
) -> None:
    place = server.parts(url)
    if place.host != "127.0.0.1":
        pytest.skip("needs a server on the loopback address")
    there = open_it(url.replace("@127.0.0.1:", "@localhost:"))
    assert there.identity == open_it().identity
    assert place.database in there.identity
    with server.database("other") as other:
        database = open_database(other)
        assert database.identity != there.identity
        database.close()


# --- looking ------------------------------------------------------------------------------------


def test_tables_are_those_that_hold_data(database: Database) -> None:
    assert database.tables() == ["keyed", ODD]


def test_a_row_by_its_id(database: Database, run: Run) -> None:
    run("INSERT INTO keyed VALUES ('a', 1)")
    assert database.row("keyed", "a") == {"id": "a", "n": 1}
    assert database.row("keyed", "b") is None
    assert database.row("keyed", "a'; DROP TABLE keyed; --") is None


def test_an_id_of_another_type_is_no_row(server: Server, database: Database, run: Run) -> None:
    run(f"INSERT INTO {quoted(server, ODD)} VALUES (7, 'x')")
    assert database.row(ODD, "7 apples") is None
    assert database.row(ODD, "seven") is None
    assert database.row(ODD, 2**70) is None
    assert database.row("keyed", 7) is None


def test_names_are_quoted(server: Server, database: Database, run: Run) -> None:
    run(f"INSERT INTO {quoted(server, ODD)} ({quoted(server, 'a b')}) VALUES ('x')")
    assert database.row(ODD, 1) == {"id": 1, "a b": "x"}
    assert database.count(ODD) == 1


def test_rows_after_a_number(server: Server, database: Database, run: Run) -> None:
    for _ in range(3):
        run(f"INSERT INTO {quoted(server, ODD)} ({quoted(server, 'a b')}) VALUES ('x')")
    assert [row["id"] for row in database.rows_after(ODD, 1)] == [2, 3]


def test_later_rows_are_numbered_above_the_last_number(server: Server, database: Database, run: Run) -> None:
    table = quoted(server, ODD)
    assert database.last_generated_id(ODD) == 0
    for _ in range(2):
        run(f"INSERT INTO {table} ({quoted(server, 'a b')}) VALUES ('x')")
        last = database.last_generated_id(ODD)
        run(f"INSERT INTO {table} ({quoted(server, 'a b')}) VALUES ('later')")
        assert [row["a b"] for row in database.rows_after(ODD, last)] == ["later"]
        run(f"DELETE FROM {table}")


def test_a_table_without_automatic_numbers_has_a_last_number_as_well(database: Database, run: Run) -> None:
    run("CREATE TABLE plain (id INTEGER PRIMARY KEY)")
    assert database.last_generated_id("plain") == 0
    run("INSERT INTO plain VALUES (7)")
    database.advance_sequence_past("plain", 7)
    assert database.last_generated_id("plain") == 7


def test_after_an_explicit_number_come_higher_ones(server: Server, database: Database, run: Run) -> None:
    table, column = quoted(server, ODD), quoted(server, "a b")
    run(f"INSERT INTO {table} VALUES (7, 'x')")
    database.advance_sequence_past(ODD, 7)
    run(f"INSERT INTO {table} ({column}) VALUES ('later')")
    database.advance_sequence_past(ODD, 3)
    run(f"INSERT INTO {table} ({column}) VALUES ('last')")
    assert run(f"SELECT id FROM {table} ORDER BY id") in ([(7,), (8,), (9,)], ((7,), (8,), (9,)))


def test_ids_are_sampled(database: Database, run: Run) -> None:
    for name in "abc":
        run(f"INSERT INTO keyed VALUES ('{name}', 1)")
    assert database.sample_ids("keyed", 2) == ["c", "b"]


def test_it_may_be_used_from_any_thread(database: Database) -> None:
    import threading

    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(database.count("keyed"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [0] * 8


def test_closing_twice_is_harmless(database: Database) -> None:
    database.close()
    database.close()


# --- emptying -----------------------------------------------------------------------------------


def test_emptying_deletes_all_rows_and_begins_to_count_anew(server: Server, database: Database, run: Run) -> None:
    table, column = quoted(server, ODD), quoted(server, "a b")
    run("INSERT INTO keyed VALUES ('a', 1)")
    run("INSERT INTO dataflow_bookkeeping VALUES (1)")
    run(f"INSERT INTO {table} ({column}) VALUES ('x')")
    database.empty()
    assert [database.count(name) for name in database.tables()] == [0, 0]
    assert len(run("SELECT * FROM dataflow_bookkeeping")) == 1
    run(f"INSERT INTO {table} ({column}) VALUES ('x')")
    assert database.row(ODD, 1) is not None


def test_emptying_a_database_without_tables(open_it: Callable[..., Database]) -> None:
    open_it().empty()


def test_rows_that_refer_to_each_other_are_deleted(database: Database, run: Run) -> None:
    run("CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER)")
    run("CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a (id))")
    run("INSERT INTO a VALUES (1, NULL)")
    run("INSERT INTO b VALUES (1, 1)")
    run("ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b (id)")
    run("UPDATE a SET b = 1")
    database.empty()
    assert database.count("a") == database.count("b") == 0


# --- others -------------------------------------------------------------------------------------


@pytest.fixture
def other(server: Server, url: str) -> Iterator[Any]:
    """Somebody else's connection, without autocommit."""
    connection = server.connect(server.parts(url))
    if server is POSTGRESQL:
        connection.autocommit = False
    else:
        connection.autocommit(False)
    yield connection
    connection.close()


def test_an_open_transaction_that_wrote_is_a_lock(database: Database, other: Any) -> None:
    assert not database.is_locked()
    rows_of(other, "INSERT INTO keyed VALUES ('a', 1)")
    assert database.is_locked()
    other.rollback()
    assert not database.is_locked()


def test_an_open_transaction_that_only_read_is_none(database: Database, other: Any) -> None:
    rows_of(other, "SELECT * FROM keyed")
    assert not database.is_locked()


def test_rows_locked_for_an_update_are_a_lock(database: Database, run: Run, other: Any) -> None:
    run("INSERT INTO keyed VALUES ('a', 1)")
    rows_of(other, "SELECT * FROM keyed FOR UPDATE")
    assert database.is_locked()


def test_a_transaction_that_is_about_to_end_is_waited_for(database: Database, other: Any) -> None:
    import threading

    rows_of(other, "INSERT INTO keyed VALUES ('a', 1)")
    timer = threading.Timer(0.1, other.commit)
    timer.start()
    assert not database.is_locked()
    timer.join()


def test_sessions_of_others_are_told_with_what_they_hold(server: Server, database: Database, other: Any) -> None:
    rows_of(other, "INSERT INTO keyed VALUES ('a', 1)")
    (session,) = database.sessions()
    assert session.in_transaction
    assert session.holds_locks
    assert session.state == "idle in transaction"
    assert 0 <= session.age < 60
    assert session.blocks == ()
    if server is POSTGRESQL:
        assert session.application == "a test"
        assert session.query == "INSERT INTO keyed VALUES ('a', 1)"
    assert f"session {session.number} of {session.application}: idle in transaction for" in str(session)
    other.rollback()
    (session,) = database.sessions()
    assert not session.in_transaction
    assert not session.holds_locks


def test_a_session_that_others_wait_for_says_so(
    server: Server, database: Database, url: str, run: Run, other: Any
) -> None:
    import threading
    from time import sleep

    run("INSERT INTO keyed VALUES ('a', 1)")
    rows_of(other, "UPDATE keyed SET n = 2")
    waiting = threading.Thread(target=run, args=("UPDATE keyed SET n = 3",))
    waiting.start()
    try:
        while not (blocking := [session for session in database.sessions() if session.blocks]):
            assert waiting.is_alive()
            sleep(0.02)
        (number,) = blocking[0].blocks
        assert number in [session.number for session in database.sessions()]
        assert f"blocking {number}" in str(blocking[0])
    finally:
        other.rollback()
        waiting.join()


def test_the_kits_own_connections_are_no_sessions(database: Database) -> None:
    journal = database.journal()
    assert database.sessions() == []
    journal.close()


def test_waiting_in_vain_names_the_holder(database: Database, run: Run, other: Any) -> None:
    run("INSERT INTO keyed VALUES ('a', 1)")
    rows_of(other, "UPDATE keyed SET n = 2")
    with pytest.raises(DatabaseBusy, match=r"(?s)is locked by an open transaction.*idle in transaction") as caught:
        database.empty()
    other.rollback()
    assert len(caught.value.details) == 1
    database.empty()
    assert database.count("keyed") == 0


# --- ordinary users -----------------------------------------------------------------------------


@pytest.fixture
def ordinary(server: Server, url: str) -> Iterator[str]:
    """The URL for a user who owns nothing but this database, with a password."""
    place = server.parts(url)
    name = f"ktk_u_{place.database[-12:]}"
    if server is POSTGRESQL:
        server.run(f"CREATE ROLE {name} LOGIN PASSWORD 'sec%ret'")
        server.run(f"ALTER DATABASE {place.database} OWNER TO {name}")
    else:
        server.run(f"CREATE USER {name} IDENTIFIED BY 'sec%ret'")
        server.run(f"GRANT ALL ON {place.database}.* TO {name}")
    yield f"{url.partition('://')[0]}://{name}:sec%25ret@{url.rpartition('@')[2]}"
    if server is POSTGRESQL:
        server.drop(url)
    server.run(f"DROP {'ROLE' if server is POSTGRESQL else 'USER'} {name}")


def test_an_ordinary_user_suffices(server: Server, ordinary: str, run: Run, open_it: Callable[..., Database]) -> None:
    database = open_it(ordinary)
    database.claim(allow_existing=True)
    mine = server.connect(server.parts(ordinary))
    rows_of(mine, "CREATE TABLE own (id INTEGER PRIMARY KEY)")
    rows_of(mine, "INSERT INTO own VALUES (1)")
    assert database.tables() == ["own"]
    assert database.count("own") == 1
    assert not database.is_locked()
    assert len(database.sessions()) == 1
    rows_of(mine, "BEGIN")
    rows_of(mine, "INSERT INTO own VALUES (2)")
    assert database.is_locked()
    mine.close()
    assert not database.is_locked()
    database.empty()
    assert database.count("own") == 0


def test_a_missing_driver_is_named_with_the_command_that_installs_it(
    server: Server, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    module = "psycopg2" if server is POSTGRESQL else "pymysql"
    monkeypatch.setitem(sys.modules, module, None)
    extra = "postgresql" if server is POSTGRESQL else "mysql"
    with pytest.raises(UnsupportedDatabase, match=rf"pip install 'kailash-testkit\[{extra}\]'"):
        open_database(url)
