"""Several runs at the same time on one given server: none takes another's database."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from database_servers import MYSQL, POSTGRESQL, required
from mysql_server import OwnServer
from own_server import Role, new_role
from server_runs import GivenServers, GivenUrl, available, other_process

from kailash_testkit.databases.urls import with_database
from kailash_testkit.errors import UnsafeDatabase

RUN = """
import sys
from kailash_testkit.databases.servers import Choice, open_server
from kailash_testkit.databases.storage import RunFolder

server = open_server(Choice(sys.argv[1], sys.argv[2]), RunFolder(), None)
name = server.name("theirs", None)
server.create(name)
print(name, flush=True)
sys.stdin.read()
"""
Own = Role | OwnServer
"""A user with databases of these tests alone: a role on PostgreSQL, a server on MariaDB."""


@pytest.fixture(scope="module")
def servers_apart() -> Iterator[GivenServers]:
    """Servers that no other test works on: these tests end all their sessions."""
    servers = GivenServers()
    yield servers
    servers.close()


@pytest.fixture(params=["postgresql", pytest.param("mysql", marks=pytest.mark.slow)])
def own(request: pytest.FixtureRequest, servers_apart: GivenServers) -> Iterator[Own]:
    if request.param == "postgresql":
        required(POSTGRESQL)
        with new_role() as role:
            yield role
    else:
        server = OwnServer(servers_apart.of(available("mariadb")))
        yield server
        server.drop(*server.databases())


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs of this process are on another machine, so that nobody can see whether they live."""
    monkeypatch.setattr("kailash_testkit.databases.liveness._where", lambda: None)


@contextlib.contextmanager
def another_run(own: Own) -> Iterator[str]:
    """The database of a run in a process of its own, which is killed after the block."""
    kind = "postgresql" if isinstance(own, Role) else "mysql"
    with other_process(RUN, kind, own.given.url) as (_, name):
        yield name


def connected_to(given: GivenUrl, name: str) -> Any:
    server = POSTGRESQL if given.url.startswith("postgresql") else MYSQL
    return contextlib.closing(server.connect(server.parts(with_database(given.url, name))))


def test_two_runs_of_one_user(own: Own) -> None:
    first, second = own.given.run(), own.given.run()
    one, two = first.name("shop", None), second.name("shop", None)
    first.create(one)
    second.create(two)
    second.close()
    assert set(own.databases()) == {one}
    first.close()
    assert not own.databases()


def test_a_run_whose_sessions_were_ended_keeps_its_database_while_it_lives(own: Own) -> None:
    with another_run(own) as theirs:
        own.end_sessions()
        own.run_beside()
        assert theirs in own.databases()
        assert own.given.found()[theirs].in_use
        with own.given.connected() as connection, pytest.raises(UnsafeDatabase, match="it is in use"):
            connection.drop(theirs)
        assert theirs in own.databases()
    own.run_beside()
    assert not own.databases(), "it was killed"


@pytest.mark.usefixtures("far_away")
def test_a_run_whose_lock_is_lost_keeps_its_database_while_somebody_is_connected(own: Own) -> None:
    server = own.given.run()
    name = server.name("shop", None)
    server.create(name)
    own.end_sessions()
    with connected_to(own.given, name):
        assert own.given.found()[name].in_use
        own.run_beside()
        assert name in own.databases()
    server.close()


@pytest.mark.usefixtures("far_away")
def test_a_run_that_lost_its_lock_takes_it_again_with_its_next_statement(own: Own) -> None:
    server = own.given.run()
    first, second = server.name("shop", None), server.name("audit", None)
    server.create(first)
    own.end_sessions()
    server.create(second)
    own.run_beside()
    assert {first, second} <= set(own.databases())
    server.close()
    assert not own.databases()


def test_a_database_that_took_the_place_of_the_runs_own_stays(own: Own) -> None:
    server = own.given.run()
    name = server.name("shop", None)
    server.create(name)
    own.sql(f"DROP DATABASE {name}", f"CREATE DATABASE {name}")
    with pytest.raises(UnsafeDatabase, match="no marker"):
        server.close()
    assert set(own.databases()) == {name}
