"""On a given MariaDB or MySQL server the kit drops what it proves to have made, and nothing else, however it looks."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from mysql_server import OwnServer, literal

from kailash_testkit.databases.mysql.marker import TABLE, Marker
from kailash_testkit.errors import UnsafeDatabase

pytestmark = pytest.mark.slow


@pytest.fixture
def left(own: OwnServer) -> str:
    """A database that a killed run left behind."""
    return own.killed_run()


def test_the_marker_names_the_database_the_server_the_user_and_the_run(own: OwnServer) -> None:
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


def test_what_a_killed_run_left_goes_with_the_next_run(own: OwnServer, left: str) -> None:
    assert own.given.found()[left].is_orphan
    own.run_beside()
    assert left not in own.databases()


def renamed(own: OwnServer, left: str) -> str:
    """As people rename a database there: its tables move to another."""
    name = own.new_name("renamed")
    own.sql(f"CREATE DATABASE {name}", f"RENAME TABLE {left}.{TABLE} TO {name}.{TABLE}")
    own.drop(left)
    return name


def copied(own: OwnServer, left: str) -> str:
    name = own.new_name("copied")
    own.restore(name, own.marker(left))
    own.drop(left)
    return name


def restored(own: OwnServer, left: str) -> str:
    marker = own.marker(left)
    own.drop(left)
    own.sql("DO sleep(1.1)")
    own.restore(left, marker)
    return left


def unmarked(own: OwnServer, left: str) -> str:
    own.sql(f"DROP TABLE {left}.{TABLE}")
    return left


def emptied(own: OwnServer, left: str) -> str:
    own.sql(f"DELETE FROM {left}.{TABLE}")
    return left


def with_another_row(own: OwnServer, left: str) -> str:
    own.sql(f"INSERT INTO {left}.{TABLE} SELECT 2, marker FROM {left}.{TABLE}")
    return left


def with_a_view_as_marker(own: OwnServer, left: str) -> str:
    own.sql(f"RENAME TABLE {left}.{TABLE} TO {left}.t", f"CREATE VIEW {left}.{TABLE} AS SELECT * FROM {left}.t")
    return left


def with_another_marker_table(own: OwnServer, left: str) -> str:
    own.sql(f"DROP TABLE {left}.{TABLE}", f"CREATE TABLE {left}.{TABLE} (reason varchar(255))")
    return left


def written_further(own: OwnServer, left: str) -> str:
    own.sql(f"UPDATE {left}.{TABLE} SET marker = concat(marker, ' originally; now our data')")
    return left


def of_another_run(own: OwnServer, left: str) -> str:
    return altered(own, left, run="kt0123456789")


def of_another_server(own: OwnServer, left: str) -> str:
    return altered(own, left, server="elsewhere")


def altered(own: OwnServer, left: str, **values: object) -> str:
    text = json.dumps({**json.loads(own.marker(left)), **values})
    own.sql(f"UPDATE {left}.{TABLE} SET marker = {literal(text)}")
    return left


@pytest.mark.parametrize(
    ("meddle", "why"),
    [
        (renamed, "written for killed_kt"),
        (copied, "written for killed_kt"),
        (restored, "restored from a dump"),
        (unmarked, "no marker"),
        (emptied, "none that the kit writes"),
        (with_another_row, "none that the kit writes"),
        (with_a_view_as_marker, "none that the kit writes"),
        (with_another_marker_table, "none that the kit writes"),
        (written_further, "none that the kit writes"),
        (of_another_run, "its marker is that of run kt0123456789"),
        (of_another_server, "written on another server"),
    ],
)
def test_what_contradicts_the_marker_is_left_alone_and_named(
    own: OwnServer, left: str, meddle: Callable[[OwnServer, str], str], why: str
) -> None:
    name = meddle(own, left)
    before = own.everything()
    own.run_beside()
    assert own.everything() == before

    found = own.given.found()[name]
    assert not found.is_orphan
    assert why in (found.refused or "")
    assert (found.command or "").endswith(f"-e 'DROP DATABASE `{name}`'")
    with own.given.connected() as connection, pytest.raises(UnsafeDatabase, match="is not dropped") as caught:
        connection.drop(name)
    assert why in str(caught.value)
    assert found.command in str(caught.value)
    assert own.everything() == before


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
def test_whatever_somebody_made_counts_as_content(own: OwnServer, content: str) -> None:
    server = own.given.run()
    name = server.name("shop", None)
    server.create(name)
    assert not server.is_used(name)
    own.sql(content.format(name))
    assert server.is_used(name)
    server.close()


def test_the_run_drops_its_own_database_also_when_a_test_dropped_all_tables(own: OwnServer) -> None:
    server = own.given.run()
    name = server.name("shop", None)
    server.create(name)
    own.sql(f"DROP TABLE {name}.{TABLE}")
    server.close()
    assert name not in own.databases()


def test_a_marker_that_somebody_keeps_locked_is_left_alone(own: OwnServer, left: str) -> None:
    from contextlib import closing

    from database_servers import MYSQL, rows_of

    with closing(MYSQL.connect(MYSQL.parts(own.given.url))) as other:
        rows_of(other, f"LOCK TABLES {left}.{TABLE} WRITE")
        own.run_beside()
        assert left in own.databases()
    own.run_beside()
    assert left not in own.databases()
