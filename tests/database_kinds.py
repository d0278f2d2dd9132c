"""The kinds of database that the behaviour tests run on: how each is made, dropped and written to.

What differs between them in a test (a trigger's syntax, a driver's words) is asked for by name, so that the
tests themselves are the same on all.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from database_servers import MYSQL, POSTGRESQL, Server, required, rows_of

from kailash_testkit import Kit
from kailash_testkit.databases import open_database
from kailash_testkit.databases.sqlite.connection import file_of

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


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Runs a test that uses a database once on each kind, or on those that its ``databases`` marker names."""
    if "database_kind" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("databases")
        names = marker.args if marker is not None else tuple(KINDS)
        metafunc.parametrize("database_kind", [KINDS[name] for name in names], ids=names)
