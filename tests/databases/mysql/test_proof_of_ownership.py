"""On a given MariaDB or MySQL server the kit drops what it proves to have made, and nothing else, however it looks."""

from __future__ import annotations

import pytest
from database_servers import rows_of
from mysql_server import MysqlServer

from kailash_testkit.databases.mysql.marker import TABLE, Marker

pytestmark = pytest.mark.slow


def test_the_marker_names_the_database_the_server_the_user_and_the_run(own: MysqlServer) -> None:
    server = own.given.run()
    name = server.name("shop", "gw3")
    server.create(name)
    marker = Marker.of(own.marker(name))
    ((host, port, folder, user),) = own.sql("SELECT @@hostname, @@port, @@datadir, current_user()")
    assert marker is not None
    assert (marker.name, marker.user, marker.run) == (name, user, name.split("_")[1])
    assert marker.server.endswith(f" at {host}:{port}{folder}")
    server.close()
    assert name not in own.databases()


@pytest.mark.parametrize(
    "content",
    [
        "CREATE TABLE {}.orders (id INT)",
        "CREATE VIEW {}.seen AS SELECT 1",
        "CREATE FUNCTION {}.pay() RETURNS INT RETURN 42",
        "CREATE PROCEDURE {}.pay() SELECT 42",
        "CREATE EVENT {}.nightly ON SCHEDULE EVERY 1 DAY DO SELECT 1",
        "CREATE TRIGGER {0}.paid BEFORE INSERT ON {0}.dataflow_testkit_made FOR EACH ROW SET @paid = 1",
        "CREATE SEQUENCE {}.numbers",
    ],
)
def test_whatever_somebody_made_counts_as_content(own: MysqlServer, content: str) -> None:
    server = own.given.run()
    name = server.name("shop", None)
    server.create(name)
    assert not server.is_used(name)
    own.sql(content.format(name))
    assert server.is_used(name)
    server.close()


def test_the_run_drops_its_own_database_also_when_a_test_dropped_all_tables(own: MysqlServer) -> None:
    server = own.given.run()
    name = server.name("shop", None)
    server.create(name)
    own.sql(f"DROP TABLE {name}.{TABLE}")
    server.close()
    assert name not in own.databases()


def test_a_marker_that_somebody_keeps_locked_is_left_alone(own: MysqlServer) -> None:
    left = own.left_by_a_killed_run()
    with own.connected_to("information_schema") as other:
        rows_of(other, f"LOCK TABLES {left}.{TABLE} WRITE")
        own.run_beside()
        assert left in own.databases()
    own.run_beside()
    assert left not in own.databases()
