"""On a given server each run makes databases of its own, and removes those of killed runs: nothing else."""

from __future__ import annotations

import contextlib
import sys
from concurrent.futures import ThreadPoolExecutor

import pymysql
import pytest
from server_runs import GivenUrl, driver_options, kill, other_process
from soak import SOAK

from kailash_testkit.databases.naming import database_name, new_run
from kailash_testkit.databases.servers import Choice, Server, kind_of
from kailash_testkit.databases.urls import server_url, with_database
from kailash_testkit.errors import ServerUnavailable, UnsupportedDatabase

pytestmark = pytest.mark.slow

OTHER_RUN = """
import sys
from kailash_testkit.databases.servers import Choice, open_server
from kailash_testkit.databases.storage import RunFolder

server = open_server(Choice(sys.argv[1], sys.argv[2]), RunFolder(), None)
name = server.name("killed", None)
server.create(name)
print(name, flush=True)
sys.stdin.read()
"""
SHARDS = 40 if SOAK else 4


def made(server: Server, stem: str = "given") -> str:
    """Makes a database and returns its name."""
    name = server.name(stem, "gw0")
    server.create(name)
    return name


def test_a_database_is_there_until_the_run_closes(given: GivenUrl) -> None:
    server = given.run()
    name = made(server)
    server.create(name)  # once is enough
    assert not server.is_used(name)
    given.sql("CREATE TABLE orders (id int)", name)
    assert server.is_used(name)
    assert given.found()[name].in_use
    server.close()
    assert name not in given.found()


def test_it_is_dropped_also_while_the_application_is_in_a_transaction(given: GivenUrl) -> None:
    server = given.run()
    name = made(server)
    given.sql("CREATE TABLE orders (id int)", name)
    module, options = driver_options(server.url(name))
    code = f"""
import sys
import {module}
connection = {module}.connect(**{options!r})
connection.cursor().execute("INSERT INTO orders VALUES (1)")
print("open", flush=True)
sys.stdin.read()
"""
    with other_process(code):
        server.close()
    assert name not in given.found()


def test_it_is_dropped_also_when_somebody_ended_the_runs_connection(given: GivenUrl) -> None:
    server = given.run()
    name = made(server)
    if given.kind.title == "PostgreSQL":
        given.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kailash-testkit' "
            "AND datname = 'postgres' AND pid <> pg_backend_pid()"
        )
    else:
        others = given.sql("SELECT id FROM information_schema.processlist WHERE db = 'mysql'")
        for (number,) in others:
            with contextlib.suppress(pymysql.OperationalError):  # that of the question has ended
                given.sql(f"KILL {number}")
    server.close()
    assert name not in given.found()


def test_the_next_run_removes_the_databases_of_a_killed_run_and_leaves_those_of_living_ones(given: GivenUrl) -> None:
    kind = "postgresql" if given.kind.title == "PostgreSQL" else "mysql"
    with other_process(OTHER_RUN, kind, given.url) as (process, theirs):
        first = given.run()
        mine = made(first)
        assert {theirs, mine} <= given.found().keys()

        kill(process)
        second = given.run()
        made(second)
        assert theirs not in given.found()
        assert mine in given.found()
        second.close()
        first.close()


def test_what_carries_no_marker_is_left_alone_whatever_its_name(given: GivenUrl) -> None:
    empty, filled = (database_name("half", new_run(), None) for _ in range(2))
    ordinary = "half_made"
    for name in (empty, filled, ordinary):
        given.sql(f"CREATE DATABASE {name}")
    given.sql("CREATE TABLE orders (id int)", filled)
    server = given.run()
    made(server)
    server.close()

    left = {name for name in (empty, filled, ordinary) if exists(given, name)}
    for name in left:
        given.sql(f"DROP DATABASE {name}")
    assert left == {empty, filled, ordinary}


def exists(given: GivenUrl, name: str) -> bool:
    table = "pg_database WHERE datname" if given.kind.title == "PostgreSQL" else (
        "information_schema.schemata WHERE schema_name"
    )  # fmt: skip
    return given.sql(f"SELECT count(*) FROM {table} = '{name}'") == [(1,)]


def test_a_kept_database_outlives_its_run_and_the_next(given: GivenUrl) -> None:
    server = given.run()
    name = made(server)
    command = server.keep(name, reason="tests/test_orders.py::test_it")
    server.close()
    other = given.run()
    made(other)
    other.close()
    found = given.found()[name]
    assert (found.in_use, found.reason) == (False, "tests/test_orders.py::test_it")
    assert command.split()[0] in ("psql", "mariadb", "mysql")
    assert name in command
    assert password(given) not in command
    with given.connected() as connection:
        connection.drop(name)


def password(given: GivenUrl) -> str:
    return server_url(given.url, (given.url.partition("://")[0],), 0).password


def test_shards_share_a_server(given: GivenUrl) -> None:
    def shard(number: int) -> bool:
        server = given.run()
        name = made(server, f"shard{number}")
        alone = not server.is_used(name)
        given.sql("CREATE TABLE orders (id int)", name)
        survived = server.is_used(name)
        server.close()
        return alone and survived

    with ThreadPoolExecutor(min(SHARDS, 8)) as pool:
        assert list(pool.map(shard, range(SHARDS))) == [True] * SHARDS
    assert not [name for name in given.found() if name.startswith("shard")]


def test_what_keeps_a_connection_from_being_made_is_told_without_the_password(given: GivenUrl) -> None:
    wrong = given.url.replace(password(given), "not-the-secret")
    nowhere = given.url.replace(given.url.rpartition("@")[2].partition("/")[0], "127.0.0.1:1")
    refused, unanswered = "correct what the server refuses: user, password", "start the server, or correct the URL"
    for url, do in ((wrong, refused), (nowhere, unanswered)):
        with pytest.raises(ServerUnavailable, match=r"no connection to .* at 127\.0\.0\.1") as caught:
            GivenUrl(given.kind, url).run().create("never")
        text = str(caught.value)
        assert "why:" in text
        assert f"do:  {do}" in text
        assert "not-the-secret" not in text
        assert password(given) not in text


def test_a_role_that_may_not_make_databases(given: GivenUrl) -> None:
    postgresql = given.kind.title == "PostgreSQL"
    given.sql("CREATE ROLE ada LOGIN PASSWORD 'x'" if postgresql else "CREATE USER ada@'127.0.0.1' IDENTIFIED BY 'x'")
    head, _, place = given.url.rpartition("@")
    database = "postgres" if postgresql else "information_schema"
    url = with_database(f"{head.partition('://')[0]}://ada:x@{place}", database)
    try:
        with pytest.raises(ServerUnavailable, match="does not let ada make a database") as caught:
            made(GivenUrl(given.kind, url).run())
        assert ("ALTER ROLE ada CREATEDB" if postgresql else "GRANT ALL ON") in str(caught.value)
    finally:
        given.sql("DROP ROLE ada" if postgresql else "DROP USER ada@'127.0.0.1'")


def test_without_the_driver_the_command_that_installs_it_is_told(
    given: GivenUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("psycopg2", "pymysql"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UnsupportedDatabase, match=r"pip install 'kailash-testkit\[(postgresql|mysql)\]'"):
        made(given.run())


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("postgresql://ada@db.test", "postgresql://ada@db.test:5432/postgres"),
        ("postgres://ada:s@db.test:6000/shop?sslmode=require", "postgres://ada:s@db.test:6000/shop?sslmode=require"),
        ("postgresql://ada:p/w?d:#@db.test", "postgresql://ada:p/w?d:#@db.test:5432/postgres"),
        ("mysql://ada@db.test/", "mysql://ada@db.test:3306/information_schema"),
    ],
)
def test_a_url_is_completed_with_what_is_usual(setting: str, url: str) -> None:
    choice = Choice.of(setting, "--testkit-database")
    assert choice.server_url == url
    assert kind_of(choice).title in ("PostgreSQL", "MySQL or MariaDB")
