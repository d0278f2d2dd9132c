"""Runs of two users at the same time on one given MariaDB or MySQL server."""

from __future__ import annotations

import pymysql
import pytest
from mysql_server import MysqlServer
from server_runs import GivenUrl

from kailash_testkit.errors import UnsafeDatabase

pytestmark = pytest.mark.slow


def test_runs_of_two_users_leave_each_others_databases_alone(own: MysqlServer) -> None:
    own.sql("CREATE USER bea@'127.0.0.1' IDENTIFIED BY 'x'", r"GRANT ALL ON `%\_kt%`.* TO bea@'127.0.0.1'")
    try:
        place = own.given.url.rpartition("@")[2].partition("/")[0]
        bea = MysqlServer(GivenUrl(own.given.kind, f"mysql://bea:x@{place}/information_schema"))
        hers, mine = bea.left_by_a_killed_run(), own.left_by_a_killed_run()
        with own.given.connected() as connection, pytest.raises(UnsafeDatabase, match=r"bea@127\.0\.0\.1 made it"):
            connection.drop(hers)
        assert hers not in own.given.found()
        own.run_beside()
        assert own.databases() == {hers}

        mine = own.left_by_a_killed_run()
        bea.run_beside()
        assert own.databases() == {mine}
    finally:
        own.sql("DROP USER bea@'127.0.0.1'")


def test_a_name_that_is_taken_is_the_servers_to_refuse(own: MysqlServer) -> None:
    name = own.new_name()
    own.sql(f"CREATE DATABASE {name}")
    with own.given.connected() as connection:
        with pytest.raises(pymysql.err.ProgrammingError, match="database exists"):
            connection.create(name)
        assert not own.given.found()[name].in_use
    assert own.databases() == {name}
