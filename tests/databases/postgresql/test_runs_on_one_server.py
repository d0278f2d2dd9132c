"""Several runs at the same time on one given PostgreSQL server: none takes another's database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from database_servers import POSTGRESQL, required
from own_server import RUN, Role, new_role
from server_runs import other_process

from kailash_testkit.databases.urls import with_database
from kailash_testkit.errors import UnsafeDatabase


@pytest.fixture
def role() -> Iterator[Role]:
    required(POSTGRESQL)
    with new_role() as role:
        yield role


def end_sessions_of(role: Role) -> None:
    """What an administrator, an idle timeout or a lost network does to all of a role's connections."""
    POSTGRESQL.run(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '{role.name}'")


def test_two_runs_of_one_role(role: Role) -> None:
    first, second = role.given.run(), role.given.run()
    one, two = first.name("shop", None), second.name("shop", None)
    first.create(one)
    second.create(two)
    second.close()
    assert list(role.databases()) == [one]
    first.close()
    assert role.databases() == {}


def test_a_run_whose_sessions_were_ended_keeps_its_database_while_it_lives(role: Role) -> None:
    with other_process(RUN, role.given.url) as (_, theirs):
        end_sessions_of(role)
        role.run_beside()
        assert theirs in role.databases()
        assert role.given.found()[theirs].in_use
        with role.given.connected() as connection, pytest.raises(UnsafeDatabase, match="it is in use"):
            connection.drop(theirs)
        assert theirs in role.databases()
    role.run_beside()
    assert role.databases() == {}, "it was killed"


def test_a_run_whose_lock_is_lost_keeps_its_database_while_somebody_is_connected(
    role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run on another machine, whose process cannot be seen from here."""
    monkeypatch.setattr("kailash_testkit.databases.liveness._where", lambda: None)
    server = role.given.run()
    name = server.name("shop", None)
    server.create(name)
    end_sessions_of(role)
    application = POSTGRESQL.connect(POSTGRESQL.parts(with_database(role.given.url, name)))
    assert role.given.found()[name].in_use
    role.run_beside()
    assert name in role.databases()
    application.close()
    server.close()


def test_a_run_that_lost_its_lock_takes_it_again_with_its_next_statement(
    role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kailash_testkit.databases.liveness._where", lambda: None)
    server = role.given.run()
    first, second = server.name("shop", None), server.name("audit", None)
    server.create(first)
    end_sessions_of(role)
    server.create(second)
    role.run_beside()
    assert {first, second} <= role.databases().keys()
    server.close()
    assert role.databases() == {}


def test_runs_of_two_roles_leave_each_others_databases_alone(role: Role) -> None:
    with new_role() as other:
        theirs = other.left_by_a_killed_run()
        role.run_beside()
        assert list(other.databases()) == [theirs]
        assert theirs not in role.given.found()
        with role.given.connected() as connection:
            connection.drop(theirs)  # of no concern to it
        assert list(other.databases()) == [theirs]
        other.run_beside()
        assert other.databases() == {}


def test_a_database_that_took_the_place_of_the_runs_own_stays(role: Role) -> None:
    server = role.given.run()
    name = server.name("shop", None)
    server.create(name)
    role.sql(f'DROP DATABASE "{name}"', f'CREATE DATABASE "{name}"')
    with pytest.raises(UnsafeDatabase, match="no marker"):
        server.close()
    assert list(role.databases()) == [name]
