"""Runs of two roles at the same time on one given PostgreSQL server."""

from __future__ import annotations

from postgresql_role import Role, new_role


def test_runs_of_two_roles_leave_each_others_databases_alone(role: Role) -> None:
    with new_role() as other:
        theirs = other.left_by_a_killed_run()
        role.run_beside()
        assert other.databases() == {theirs}
        assert theirs not in role.given.found()
        with role.given.connected() as connection:
            connection.drop(theirs)  # of no concern to it
        assert other.databases() == {theirs}
        other.run_beside()
        assert not other.databases()
