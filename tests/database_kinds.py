"""The kinds of database that the behaviour tests run on: how each is made, dropped and written to.

What differs between them in a test (a trigger's syntax, a driver's words) is asked for by name, so that the
tests themselves are the same on all. A test runs on each kind if the kind makes a difference to it: if it asks for
`database_kind`, has the marker ``databases`` (all kinds without arguments), or is in ``tests/databases``. Any other
runs on one kind, always the same: SQLite if it makes a database of its own, else any that is there. With
``--kind every``, which ``make test-all`` gives, each runs on every kind.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from database_servers import MYSQL, POSTGRESQL, Server, may_be_there, required, rows_of

from kailash_testkit import Kit
from kailash_testkit.databases import open_database
from kailash_testkit.databases.sqlite.connection import file_of
from kailash_testkit.internals.releases import FUNCTIONS_AS_DEFAULTS

Sql = Callable[..., list[Any]]
Meddle = Callable[..., None]


class Kind:
    """A kind of database."""

    name: str
    options: dict[str, Any] = {}
    """Of DataFlow's constructor, in tests that make many instances."""

    duplicate: str
    """What it says of a value that is taken, before the name of the column or constraint."""
    no_table: str
    """What it says of a table that is not there; a regular expression."""
    microseconds = True
    """Whether a datetime keeps them."""
    json_defaults = True
    """Whether DataFlow can make a table with a list or dict as a default."""
    function_defaults = True
    """Whether the installed DataFlow can make a table with a function as a default."""

    def may_be_there(self) -> bool:
        """Whether a server of the kind is named or can be started; none is started to find out."""
        return True

    def new_url(self, folder: Path, stem: str) -> str:
        """A new database that the kit may change: as if the kit had made it."""
        raise NotImplementedError

    def drop(self, url: str) -> None:
        raise NotImplementedError

    def connect(self, url: str) -> Any:
        """Somebody else's connection, in autocommit mode."""
        raise NotImplementedError

    def rows(self, connection: Any, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Runs SQL with ``?`` for parameters on a connection."""
        raise NotImplementedError

    def session_of(self, connection: Any) -> str:
        """How a message names the connection when it is in the way."""
        raise NotImplementedError

    def connections(self, kit: Kit) -> int:
        """How many connections there are to the kit's database, besides the kit's own."""
        return len(kit.database.sessions())

    def sql(self, url: str) -> Sql:
        """Runs SQL in a database behind DataFlow's back, on a connection of its own each time."""

        def run(statement: str, *parameters: object) -> list[Any]:
            with contextlib.closing(self.connect(url)) as connection:
                return self.rows(connection, statement, *parameters)

        return run

    def altering(self, when: str, table: str, column: str, value: int) -> list[str]:
        """The statements for a trigger that sets a column of each row that is inserted or updated."""
        raise NotImplementedError

    def skipping(self, when: str, table: str) -> list[str]:
        """The statements for a trigger that silently keeps rows from being written."""
        raise NotImplementedError


class Sqlite(Kind):
    name = "sqlite"
    duplicate = "UNIQUE constraint failed: "
    no_table = "no such table: .*notes"

    def new_url(self, folder: Path, stem: str) -> str:
        return f"sqlite:///{folder / f'{stem}.db'}"

    def drop(self, url: str) -> None:
        pass  # with the test's folder

    def connect(self, url: str) -> Any:
        return sqlite3.connect(file_of(url), isolation_level=None)

    def rows(self, connection: Any, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        return list(connection.execute(statement, parameters).fetchall())

    def connections(self, kit: Kit) -> int:
        if not Path("/proc/self/fd").is_dir():
            return 0
        path = str(file_of(kit.database.url))
        links = (Path("/proc/self/fd", each) for each in os.listdir("/proc/self/fd"))
        return sum(os.readlink(link) == path for link in links if link.exists())

    def session_of(self, connection: Any) -> str:
        return f"sqlite3.Connection at {id(connection):#x}, in a transaction"

    def altering(self, when: str, table: str, column: str, value: int) -> list[str]:
        return [
            f"CREATE TRIGGER of_test AFTER {when} ON {table} WHEN new.{column} <> {value}"
            f" BEGIN UPDATE {table} SET {column} = {value} WHERE id = new.id; END"
        ]

    def skipping(self, when: str, table: str) -> list[str]:
        return [f"CREATE TRIGGER of_test BEFORE {when} ON {table} BEGIN SELECT raise(IGNORE); END"]


class _OnServer(Kind):
    server: Server
    options = {"enable_model_persistence": False}  # its bookkeeping costs more than the rest of the test
    function_defaults = FUNCTIONS_AS_DEFAULTS.holds()

    def may_be_there(self) -> bool:
        return may_be_there(self.server)

    def new_url(self, folder: Path, stem: str) -> str:
        url = required(self.server).new_database(stem)
        database = open_database(url)
        database.mark_as_owned()
        database.close()
        return url

    def drop(self, url: str) -> None:
        self.server.drop(url)

    def connect(self, url: str) -> Any:
        return self.server.connect(self.server.parts(url))

    def rows(self, connection: Any, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in rows_of(connection, statement.replace("?", "%s"), parameters or None)]


class Postgresql(_OnServer):
    name = "postgresql"
    server = POSTGRESQL
    duplicate = "duplicate key value violates unique constraint "
    no_table = 'relation "notes" does not exist'

    def session_of(self, connection: Any) -> str:
        return str(connection.info.backend_pid)

    def altering(self, when: str, table: str, column: str, value: int) -> list[str]:
        return self._before(when, table, f"NEW.{column} = {value}; RETURN NEW")

    def skipping(self, when: str, table: str) -> list[str]:
        return self._before(when, table, "RETURN NULL")

    def _before(self, when: str, table: str, body: str) -> list[str]:
        return [
            f"CREATE FUNCTION of_test() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; END $$",
            f"CREATE TRIGGER of_test BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION of_test()",
        ]


class Mysql(_OnServer):
    name = "mysql"
    server = MYSQL
    duplicate = "Duplicate entry '"
    no_table = "notes' doesn't exist"
    microseconds = False
    json_defaults = False

    def session_of(self, connection: Any) -> str:
        return str(connection.thread_id())

    def altering(self, when: str, table: str, column: str, value: int) -> list[str]:
        return [f"CREATE TRIGGER of_test BEFORE {when} ON {table} FOR EACH ROW SET new.{column} = {value}"]


KINDS: dict[str, Kind] = {kind.name: kind for kind in (Sqlite(), Postgresql(), Mysql())}


EVERY = "every"


def add_options(parser: pytest.Parser) -> None:
    parser.addoption(
        "--kind",
        choices=[*KINDS, EVERY],
        help="the kind of database to run on; without it, tests that do not depend on the kind run on one of those"
        " that are there, and the others on each that concerns them",
    )


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Runs a test that uses a database once on each of its kinds, or on one where the kind makes no difference."""
    if "database_kind" in metafunc.fixturenames:
        names = kinds_of(metafunc, [*KINDS])
        metafunc.parametrize("database_kind", [KINDS[name] for name in names], ids=names)


def kinds_of(metafunc: pytest.Metafunc, possible: list[str]) -> list[str]:
    """The kinds to run a test on, of those that it can run on unless its marker names others."""
    asked_for = metafunc.config.getoption("--kind")
    marker = metafunc.definition.get_closest_marker("databases")
    if marker is not None and marker.args:
        possible = [*marker.args]
    if asked_for in KINDS:
        return [name for name in possible if name == asked_for]
    if asked_for == EVERY or marker is not None or _depends_on_the_kind(metafunc):
        return possible
    if "url_of" in metafunc.fixturenames and "sqlite" in possible:
        return ["sqlite"]  # a database of its own: on a server, making its tables costs more than the rest of the test
    there = [name for name in possible if KINDS[name].may_be_there()] or possible
    return [there[zlib.crc32(metafunc.definition.nodeid.encode()) % len(there)]]  # the same in each run and worker


def _depends_on_the_kind(metafunc: pytest.Metafunc) -> bool:
    """Whether it asks for the kind itself, or is a test of what is there once per kind."""
    asks = "database_kind" in inspect.signature(metafunc.function).parameters
    return asks or Path(__file__).with_name("databases") in metafunc.definition.path.parents
