"""Several runs at the same time on one given server: none takes another's database."""

from __future__ import annotations

import pytest
from own_server import OwnServer
from server_runs import run_in_a_process

from kailash_testkit.errors import UnsafeDatabase


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs of this process are on another machine, so that nobody can see whether they live."""
    monkeypatch.setattr("kailash_testkit.databases.liveness._where", lambda: None)


def test_two_runs_of_one_user(own: OwnServer) -> None:
    first, second = own.given.run(), own.given.run()
    one, two = first.name("shop", None), second.name("shop", None)
    first.create(one)
    second.create(two)
    second.close()
    assert own.databases() == {one}
    first.close()
    assert not own.databases()


def test_a_run_whose_sessions_were_ended_keeps_its_database_while_it_lives(own: OwnServer) -> None:
    with run_in_a_process(own.kind, own.given.url, "theirs") as (_, theirs):
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
def test_a_run_whose_lock_is_lost_keeps_its_database_while_somebody_is_connected(own: OwnServer) -> None:
    server = own.given.run()
    name = server.name("shop", None)
    server.create(name)
    own.end_sessions()
    with own.connected_to(name):
        assert own.given.found()[name].in_use
        own.run_beside()
        assert name in own.databases()
    server.close()


@pytest.mark.usefixtures("far_away")
def test_a_run_that_lost_its_lock_takes_it_again_with_its_next_statement(own: OwnServer) -> None:
    server = own.given.run()
    first, second = server.name("shop", None), server.name("audit", None)
    server.create(first)
    own.end_sessions()
    server.create(second)
    own.run_beside()
    assert {first, second} <= own.databases()
    server.close()
    assert not own.databases()


def test_a_database_that_took_the_place_of_the_runs_own_stays(own: OwnServer) -> None:
    server = own.given.run()
    name = server.name("shop", None)
    server.create(name)
    own.sql(f"DROP DATABASE {name}", f"CREATE DATABASE {name}")
    with pytest.raises(UnsafeDatabase, match="no marker"):
        server.close()
    assert own.databases() == {name}


def test_what_is_gone_needs_no_dropping(own: OwnServer) -> None:
    name = own.new_name()
    with own.given.connected() as connection:
        connection.drop(name)
    assert not own.databases()


def test_only_the_database_that_is_named_is_kept(own: OwnServer) -> None:
    server = own.given.run()
    one, two = server.name("shop", None), server.name("audit", None)
    server.create(one)
    server.create(two)
    server.keep(one, reason="test_it")
    found = own.given.found()
    assert (found[one].reason, found[two].reason) == ("test_it", None)
    server.close()
    assert own.databases() == {one}


def test_what_another_run_removes_in_this_moment_is_left_to_it(own: OwnServer) -> None:
    left = own.left_by_a_killed_run()
    with own.being_removed(left), own.given.connected() as connection:
        connection.drop(left)
        assert left in own.databases()
    own.wait_until_unused(left)
    own.run_beside()
    assert not own.databases()
