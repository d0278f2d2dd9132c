"""On a given PostgreSQL server the kit drops what it proves to have made, and nothing else, whatever it looks like."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from database_servers import POSTGRESQL, required
from own_server import Role, new_role

from kailash_testkit.databases.postgresql.marker import Marker
from kailash_testkit.databases.urls import with_database
from kailash_testkit.errors import UnsafeDatabase


@pytest.fixture
def role() -> Iterator[Role]:
    required(POSTGRESQL)
    with new_role() as role:
        yield role


@pytest.fixture
def left(role: Role) -> str:
    """A database that a killed run left behind."""
    return role.left_by_a_killed_run()


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
    assert role.databases() == {}


def test_what_a_killed_run_left_goes_with_the_next_run(role: Role, left: str) -> None:
    assert left in role.databases()
    role.run_beside()
    assert role.databases() == {}


def renamed(role: Role, left: str) -> str:
    name = role.new_name("renamed")
    role.sql(f'ALTER DATABASE "{left}" RENAME TO "{name}"')
    return name


def copied(role: Role, left: str) -> str:
    name = role.new_name("copied")
    role.sql(f'CREATE DATABASE "{name}" TEMPLATE "{left}"')
    drop(role, left)
    return name


def copied_with_comment(role: Role, left: str) -> str:
    comment = role.comment(left)
    name = copied(role, left)
    role.sql(f"COMMENT ON DATABASE \"{name}\" IS '{comment}'")
    return name


def restored(role: Role, left: str) -> str:
    """As pg_restore --create does it: the same name, the same comment, another database."""
    comment = role.comment(left)
    drop(role, left)
    role.sql(f'CREATE DATABASE "{left}"', f"COMMENT ON DATABASE \"{left}\" IS '{comment}'")
    return left


def uncommented(role: Role, left: str) -> str:
    role.sql(f'COMMENT ON DATABASE "{left}" IS NULL')
    return left


def recommented(role: Role, left: str) -> str:
    role.sql(f"COMMENT ON DATABASE \"{left}\" IS 'made by kailash-testkit originally; now our data'")
    return left


def commented_further(role: Role, left: str) -> str:
    role.sql(f"COMMENT ON DATABASE \"{left}\" IS '{role.comment(left)} and now ours'")
    return left


def of_another_run(role: Role, left: str) -> str:
    return altered(role, left, run="kt0123456789")


def of_another_server(role: Role, left: str) -> str:
    return altered(role, left, server="7000000000000000000")


def altered(role: Role, left: str, **values: object) -> str:
    head, _, text = (role.comment(left) or "").partition(": ")
    role.sql(f"COMMENT ON DATABASE \"{left}\" IS '{head}: {json.dumps({**json.loads(text), **values})}'")
    return left


def made_a_template(role: Role, left: str) -> str:
    role.sql(f'ALTER DATABASE "{left}" IS_TEMPLATE true')
    return left


def closed(role: Role, left: str) -> str:
    role.sql(f'ALTER DATABASE "{left}" ALLOW_CONNECTIONS false')
    return left


def drop(role: Role, name: str) -> None:
    role.sql(f'DROP DATABASE "{name}"')


@pytest.mark.slow
@pytest.mark.parametrize(
    ("meddle", "why"),
    [
        (renamed, "renamed, from killed_kt"),
        (copied, "no marker"),
        (copied_with_comment, "written for another database; this is a copy"),
        (restored, "written for another database; this is a copy, or was made again from a dump"),
        (uncommented, "no marker"),
        (recommented, "its comment is none that the kit writes"),
        (commented_further, "its comment is none that the kit writes"),
        (of_another_run, "its marker is that of run kt0123456789"),
        (of_another_server, "written on another server"),
        (made_a_template, "it was made a template"),
        (closed, "closed to connections"),
    ],
)
def test_what_contradicts_the_marker_is_left_alone_and_named(
    role: Role, left: str, meddle: Callable[[Role, str], str], why: str
) -> None:
    name = meddle(role, left)
    before = role.databases()
    role.run_beside()
    assert role.databases() == before

    found = role.given.found()[name]
    assert not found.is_orphan
    assert why in (found.refused or "")
    assert f'DROP DATABASE "{name}"' in (found.command or "")
    with role.given.connected() as connection, pytest.raises(UnsafeDatabase, match=r"not dropped") as caught:
        connection.drop(name)
    assert why in str(caught.value)
    assert role.databases() == before


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
    before = role.databases()
    role.run_beside()
    assert role.databases() == before
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
    assert list(role.databases()) == [f"accounts_{role.name}"]


def test_an_orphan_that_somebody_looks_into_stays_until_he_is_done(role: Role, left: str) -> None:
    url = role.given.url.replace("/postgres", f"/{left}")
    somebody = POSTGRESQL.connect(POSTGRESQL.parts(url))
    role.run_beside()
    assert left in role.databases()
    with role.given.connected() as connection, pytest.raises(UnsafeDatabase, match="it is in use"):
        connection.drop(left)
    somebody.close()
    role.wait_until_nobody_is_connected()
    role.run_beside()
    assert role.databases() == {}
