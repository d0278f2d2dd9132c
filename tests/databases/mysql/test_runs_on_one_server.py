"""Several runs at the same time on one given MariaDB or MySQL server: none takes another's database."""

from __future__ import annotations

import contextlib

import pymysql
import pytest
from database_servers import MYSQL
from mysql_server import KILLED_RUN, OwnServer
from server_runs import GivenUrl, kill, other_process

from kailash_testkit.databases.urls import with_database
from kailash_testkit.errors import UnsafeDatabase

pytestmark = pytest.mark.slow


def end_all_sessions(own: OwnServer) -> None:
    """What an administrator, an idle timeout or a lost network does."""
    for (number,) in own.sql("SELECT id FROM information_schema.processlist WHERE id <> connection_id()"):
        with contextlib.suppress(pymysql.Error):  # it has ended, or is the server's own
            own.sql(f"KILL {number}")


def test_two_runs_of_one_user(own: OwnServer) -> None:
    first, second = own.given.run(), own.given.run()
    one, two = first.name("shop", None), second.name("shop", None)
    first.create(one)
    second.create(two)
    second.close()
    assert own.databases() == {one}
    first.close()
    assert own.databases() == set()


def test_a_run_whose_lock_session_died_keeps_its_database_while_it_lives(own: OwnServer) -> None:
    with other_process(KILLED_RUN, own.given.url) as (process, theirs):
        end_all_sessions(own)
        own.run_beside()
        assert theirs in own.databases()
        assert own.given.found()[theirs].in_use
        with own.given.connected() as connection, pytest.raises(UnsafeDatabase, match="it is in use"):
            connection.drop(theirs)
        assert theirs in own.databases()
        kill(process)
    own.run_beside()
    assert own.databases() == set(), "it was killed"


def test_a_run_that_lost_its_lock_takes_it_again_with_its_next_statement(
    own: OwnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run on another machine, whose process cannot be seen from here."""
    monkeypatch.setattr("kailash_testkit.databases.liveness._where", lambda: None)
    server = own.given.run()
    first, second = server.name("shop", None), server.name("audit", None)
    server.create(first)
    end_all_sessions(own)
    server.create(second)
    own.run_beside()
    assert {first, second} <= own.databases()
    server.close()
    assert own.databases() == set()


def test_a_run_whose_lock_is_lost_keeps_its_database_while_somebody_is_connected(
    own: OwnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kailash_testkit.databases.liveness._where", lambda: None)
    server = own.given.run()
    name = server.name("shop", None)
    server.create(name)
    end_all_sessions(own)
    with contextlib.closing(MYSQL.connect(MYSQL.parts(with_database(own.given.url, name)))):
        own.run_beside()
        assert name in own.databases()
    server.close()


def test_runs_of_two_users_leave_each_others_databases_alone(own: OwnServer) -> None:
    own.sql("CREATE USER bea@'127.0.0.1' IDENTIFIED BY 'x'", r"GRANT ALL ON `%\_kt%`.* TO bea@'127.0.0.1'")
    try:
        place = own.given.url.rpartition("@")[2].partition("/")[0]
        bea = OwnServer(GivenUrl(own.given.kind, f"mysql://bea:x@{place}/information_schema"))
        hers, mine = bea.killed_run(), own.killed_run()
        with own.given.connected() as connection, pytest.raises(UnsafeDatabase, match=r"bea@127\.0\.0\.1 made it"):
            connection.drop(hers)
        assert hers not in own.given.found()
        own.run_beside()
        assert own.databases() == {hers}

        mine = own.killed_run()
        bea.run_beside()
        assert own.databases() == {mine}
    finally:
        own.sql("DROP USER bea@'127.0.0.1'")
