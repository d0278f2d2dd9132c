"""On a given PostgreSQL server the kit drops what it proves to have made, and nothing else, whatever it looks like."""

from __future__ import annotations

import pytest
from database_servers import POSTGRESQL
from postgresql_role import Role

from kailash_testkit.databases.postgresql.marker import Marker
from kailash_testkit.databases.urls import with_database


def run_of(name: str) -> str:
    return name.split("_")[1]


def test_the_marker_names_the_database_the_server_and_the_run(role: Role) -> None:
    server = role.given.run()
    name = server.name("shop", "gw3")
    server.create(name)
    ((oid, cluster),) = role.sql(
        f"SELECT oid, (SELECT system_identifier::text FROM pg_control_system()) FROM pg_database WHERE datname='{name}'"
    )
    marker = Marker.of(role.comment(name) or "")
    assert marker is not None
    assert (marker.name, marker.oid, marker.server, marker.run) == (name, oid, cluster, run_of(name))
    server.close()
    assert not role.databases()


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [
        None,
        "CREATE FUNCTION pay() RETURNS int LANGUAGE sql AS 'SELECT 42'",
        "CREATE PROCEDURE pay() LANGUAGE sql AS 'SELECT 42'",
        "CREATE TYPE mood AS ENUM ('sad')",
        "CREATE SEQUENCE numbers",
        "SELECT lo_from_bytea(0, 'precious')",
        "CREATE SCHEMA billing",
        "CREATE TABLE orders (id int)",
    ],
)
def test_an_unmarked_database_of_the_kits_form_of_name_stays_however_empty_it_looks(
    role: Role, content: str | None
) -> None:
    name = role.new_name("backup")
    role.sql(f'CREATE DATABASE "{name}"')
    if content:
        role.sql(content, database=name)
    before = role.everything()
    role.run_beside()
    assert role.everything() == before
    with role.given.connected() as connection:
        assert connection.is_empty(name) == (content is None)


def test_event_triggers_are_content(role: Role) -> None:
    """Only a superuser makes them; their function does not matter here."""
    name = role.new_name()
    role.sql(f'CREATE DATABASE "{name}"')
    as_superuser = with_database(POSTGRESQL.url, name)
    POSTGRESQL.run("CREATE FUNCTION nothing() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'", as_superuser)
    POSTGRESQL.run("CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION nothing()", as_superuser)
    with role.given.connected() as connection:
        assert not connection.is_empty(name)
    role.run_beside()
    assert name in role.databases()


def test_somebody_elses_database_with_a_comment_that_begins_alike(role: Role) -> None:
    role.sql("CREATE DATABASE accounts_" + role.name)
    role.sql(f"COMMENT ON DATABASE accounts_{role.name} IS 'made by kailash-testkit originally; now our data'")
    role.run_beside()
    assert role.databases() == {f"accounts_{role.name}"}


def test_one_that_is_made_in_this_moment_is_not_named(role: Role) -> None:
    name = role.new_name()
    role.sql(f"CREATE DATABASE {name}")
    with role.connected_to(name):
        assert name not in role.given.found()
    role.wait_until_unused(name)
    assert role.given.found()[name].refused
