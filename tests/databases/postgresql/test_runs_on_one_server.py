"""Runs of two roles at the same time on one given PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from database_servers import POSTGRESQL, required
from own_server import Role, new_role


@pytest.fixture
def role() -> Iterator[Role]:
    required(POSTGRESQL)
    with new_role() as role:
        yield role


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
