"""Which databases on servers the kit takes: those that carry its marker; see each kind's tests of its proof too."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from database_kinds import Kind
from database_servers import POSTGRESQL, Server

from kailash_testkit.databases import Database, open_database
from kailash_testkit.errors import UnsafeDatabase, UnsupportedDatabase

Run = Callable[[str], list[Any]]

pytestmark = pytest.mark.databases("postgresql", "mysql")


@pytest.fixture
def server(database_kind: Kind) -> Server:
    server: Server = database_kind.server  # type: ignore[attr-defined]
    return server


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    """That of a database which somebody made."""
    with server.database() as url:
        yield url


@pytest.fixture
def run(server: Server, url: str) -> Run:
    """Runs a statement on a connection of its own, as the application would."""
    return lambda statement: server.run(statement, url)


@pytest.fixture
def open_it(url: str) -> Iterator[Callable[..., Database]]:
    """Opens the kit's view of the database, and closes it after the test."""
    with contextlib.ExitStack() as stack:

        def open_it(other: str = url) -> Database:
            database = open_database(other)
            stack.callback(database.close)
            return database

        yield open_it


def test_a_database_without_a_marker_is_refused_and_left_alone(run: Run, open_it: Callable[..., Database]) -> None:
    database = open_it()
    with pytest.raises(UnsafeDatabase, match=r"(?s)does not carry the kit's marker.*allow_existing=True"):
        database.claim(allow_existing=False)
    assert open_it().tables() == []
    run("CREATE TABLE notes (id INTEGER)")
    with pytest.raises(UnsafeDatabase, match="marker"):
        open_it().claim(allow_existing=False)


def test_an_empty_one_is_taken_on_demand_and_known_again(run: Run, open_it: Callable[..., Database]) -> None:
    run("CREATE TABLE notes (id INTEGER)")
    open_it().claim(allow_existing=True)
    run("INSERT INTO notes VALUES (1)")
    open_it().claim(allow_existing=False)
    assert open_it().tables() == ["notes"], "the marker is no table of the application"


def test_one_with_rows_is_never_taken(run: Run, open_it: Callable[..., Database]) -> None:
    run("CREATE TABLE notes (id INTEGER)")
    run("INSERT INTO notes VALUES (1)")
    with pytest.raises(UnsafeDatabase, match="it has rows in notes"):
        open_it().claim(allow_existing=True)
    with pytest.raises(UnsafeDatabase, match="marker"):
        open_it().claim(allow_existing=False)


def test_a_copy_of_a_marked_database_is_refused(
    server: Server, run: Run, url: str, open_it: Callable[..., Database]
) -> None:
    """As a dump of it, loaded elsewhere, would be."""
    open_it().mark_as_owned()
    table = "dataflow_testkit.marker" if server is POSTGRESQL else "dataflow_testkit_marker"
    run(f"UPDATE {table} SET identity = 'another server/shop'")
    with pytest.raises(UnsafeDatabase, match=r"a copy of a test database: its marker .* another server/shop"):
        open_it().claim(allow_existing=True)
    open_it().mark_as_owned()
    open_it().claim(allow_existing=False)


def test_the_marker_says_who_made_it(server: Server, run: Run, open_it: Callable[..., Database]) -> None:
    open_it().mark_as_owned()
    table = "dataflow_testkit.marker" if server is POSTGRESQL else "dataflow_testkit_marker"
    ((made_by, made_at),) = run(f"SELECT made_by, made_at FROM {table}")
    assert made_by.endswith(f"process {os.getpid()}")
    assert made_at is not None


def test_a_database_is_known_however_its_url_is_spelled(
    server: Server, url: str, open_it: Callable[..., Database]
) -> None:
    place = server.parts(url)
    if place.host != "127.0.0.1":
        pytest.skip("needs a server on the loopback address")
    there = open_it(url.replace("@127.0.0.1:", "@localhost:"))
    assert there.identity == open_it().identity
    assert place.database in there.identity
    with server.database("other") as other:
        database = open_database(other)
        assert database.identity != there.identity
        database.close()


def test_a_missing_driver_is_named_with_the_command_that_installs_it(
    server: Server, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "psycopg2" if server is POSTGRESQL else "pymysql"
    monkeypatch.setitem(sys.modules, module, None)
    extra = "postgresql" if server is POSTGRESQL else "mysql"
    with pytest.raises(UnsupportedDatabase, match=rf"pip install 'kailash-testkit\[{extra}\]'"):
        open_database(url)
