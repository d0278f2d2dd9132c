"""A database with a journal on it, and connections like an application's: the same for every kind of database.

One bench per kind lasts for all tests. `Bench.start` asks for a schema: where the last test had the same, its
journal takes back what that test did; else the database is emptied and the journal made again.

A further kind of database needs a `Place`, and a line in `PLACES`.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import psycopg2
import pymysql
from database_kinds import KINDS, Kind
from database_servers import MYSQL, POSTGRESQL, Server, required, rows_of

from kailash_testkit.databases import open_database
from kailash_testkit.databases.journal import Journal, Mark, RecordedChange
from kailash_testkit.databases.urls import with_database
from kailash_testkit.errors import KitError

WAIT = 0.05
"""How long the journals wait for a lock, in seconds."""


class Place:
    """Where a kind's database is, who may connect to it, and how SQL differs there."""

    kind: Kind
    url: str
    words: Mapping[str, str]
    """What ``{serial}`` and the like stand for in the SQL of a test."""
    refused: type[Exception]
    """What the driver raises for a statement that the database does not accept."""
    integrity_error: type[Exception]

    def connect(self, **options: Any) -> Any:
        """An application's connection, in autocommit mode."""
        raise NotImplementedError

    def rows(self, connection: Any, statement: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Runs one statement, with ``?`` for parameters, and returns its rows."""
        raise NotImplementedError

    def script(self, connection: Any, statements: str) -> None:
        """Runs statements, each but the last with ``;`` at the end of its line."""
        raise NotImplementedError

    def trigger(self, name: str, when: str, table: str, statement: str) -> str:
        """The SQL of a trigger that runs a statement for each row."""
        raise NotImplementedError

    def empty(self) -> None:
        """Removes whatever a test made, and whoever is still connected."""
        raise NotImplementedError

    def remove(self) -> None:
        """Removes the database."""
        raise NotImplementedError


class SqlitePlace(Place):
    kind = KINDS["sqlite"]
    words = {
        "serial": "INTEGER PRIMARY KEY AUTOINCREMENT",
        "bytes": "BLOB",
        "odd": '"odd ""na`me%"',
        "spaced": '"a b"',
        "key": "TEXT",
    }
    refused = sqlite3.Error
    integrity_error = sqlite3.IntegrityError

    def __init__(self, folder: Path, *, journal_mode: str = "WAL") -> None:
        self._folder, self._number, self._journal_mode = folder, 0, journal_mode
        self.empty()

    @property
    def path(self) -> str:
        return str(self._folder / f"application{self._number}.db")

    def connect(self, *, recursive_triggers: bool = False) -> sqlite3.Connection:
        """With the settings that DataFlow's have."""
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=WAIT, check_same_thread=False)
        connection.execute(f"PRAGMA journal_mode = {self._journal_mode}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA recursive_triggers = {int(recursive_triggers)}")
        return connection

    def rows(self, connection: Any, statement: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        return list(connection.execute(statement, parameters).fetchall())

    def script(self, connection: sqlite3.Connection, statements: str) -> None:
        connection.executescript(statements)

    def trigger(self, name: str, when: str, table: str, statement: str) -> str:
        return f"CREATE TRIGGER {name} {when} ON {table} BEGIN {statement}; END"

    def empty(self) -> None:
        self.remove()
        self._number += 1
        self.url = f"sqlite:///{self.path}"

    def remove(self) -> None:
        for file in self._folder.glob(f"application{self._number}.db*"):
            file.unlink()


class ServerPlace(Place):
    """A database on a server, and an ordinary user of its name who owns it and may do nothing elsewhere."""

    server: ClassVar[Server]

    def __init__(self, _folder: Path) -> None:
        self.name = f"testkit_{secrets.token_hex(6)}"
        parts = self.server.parts(required(self.server).url)
        address = f"[{parts.host}]" if ":" in parts.host else parts.host
        self.url = f"{self.server.kind}://{self.name}:{self.name}@{address}:{parts.port}/{self.name}"
        self.create()
        self.admin = self._as_administrator(with_database(self.server.url, self.name))

    def _as_administrator(self, url: str) -> Any:
        return self.server.connect(self.server.parts(url))

    def create(self) -> None:
        raise NotImplementedError

    def rows(self, connection: Any, statement: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        statement = statement.replace("?", "%s") if parameters else statement
        return [tuple(row) for row in rows_of(connection, statement, parameters or None)]

    def run(self, statement: str, on: Any = None) -> list[tuple[Any, ...]]:
        """Runs SQL as the server's administrator."""
        return self.rows(on or self.admin, statement)


class PostgresqlPlace(ServerPlace):
    kind = KINDS["postgresql"]
    server = POSTGRESQL
    words = {
        "serial": "serial PRIMARY KEY",
        "bytes": "bytea",
        "odd": '"odd ""na`me%"',
        "spaced": '"a b"',
        "key": "TEXT",
    }
    refused = psycopg2.Error
    integrity_error = psycopg2.IntegrityError

    def create(self) -> None:
        self.server.run(f"CREATE ROLE {self.name} LOGIN NOSUPERUSER PASSWORD '{self.name}'")
        self.server.run(f"CREATE DATABASE {self.name} OWNER {self.name} TEMPLATE template0")

    def connect(self, **options: Any) -> Any:
        usual = {"user": self.name, "password": self.name, "dbname": self.name, "application_name": "the application"}
        return self._connected({**usual, **options})

    def connect_as_superuser(self, **options: Any) -> Any:
        parts = self.server.parts(self.server.url)
        return self._connected({"user": parts.user, "password": parts.password, "dbname": self.name, **options})

    def _connected(self, options: dict[str, Any]) -> Any:
        parts = self.server.parts(self.server.url)
        connection = psycopg2.connect(host=parts.host, port=parts.port, **options)
        connection.autocommit = True
        return connection

    def script(self, connection: Any, statements: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statements)

    def trigger(self, name: str, when: str, table: str, statement: str) -> str:
        result = "NEW" if when.startswith("BEFORE") else "NULL"
        return (
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$BEGIN {statement}; RETURN {result}; END$$;\n"
            f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        )

    def empty(self) -> None:
        self.run("SET client_min_messages = warning")
        self.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        named = self.run("SELECT format('%I', nspname) FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)'")
        for (schema,) in named:
            self.run(f"DROP SCHEMA {schema} CASCADE")
        self.run(f"CREATE SCHEMA public AUTHORIZATION {self.name}; GRANT ALL ON SCHEMA public TO PUBLIC")

    def remove(self) -> None:
        self.admin.close()
        self.server.run(f"DROP DATABASE {self.name} WITH (FORCE)")
        self.server.run(f"DROP ROLE {self.name}")


class MysqlPlace(ServerPlace):
    kind = KINDS["mysql"]
    server = MYSQL
    words = {
        "serial": "INTEGER AUTO_INCREMENT PRIMARY KEY",
        "bytes": "VARBINARY(20)",
        "odd": '`odd "na``me%`',
        "spaced": "`a b`",
        "key": "VARCHAR(99)",
    }
    refused = pymysql.Error
    integrity_error = pymysql.IntegrityError

    @property
    def is_mariadb(self) -> bool:
        return "MariaDB" in self.run("SELECT version()")[0][0]

    def create(self) -> None:
        for statement in (
            f"CREATE DATABASE {self.name} CHARACTER SET utf8mb4",
            f"CREATE USER {self.name} IDENTIFIED BY '{self.name}'",
            f"GRANT ALL ON {self.name}.* TO {self.name}",
        ):
            self.server.run(statement)

    def connect(self, **options: Any) -> Any:
        parts = self.server.parts(self.server.url)
        usual = {"user": self.name, "password": self.name, "database": self.name, "charset": "utf8mb4"}
        usual |= {"host": parts.host, "port": parts.port, "autocommit": True, "connect_timeout": 3}
        return pymysql.connect(**{**usual, **options})

    def script(self, connection: Any, statements: str) -> None:
        for statement in statements.split(";\n"):
            if statement.strip():
                with connection.cursor() as cursor:
                    cursor.execute(statement.strip().removesuffix(";"))

    def trigger(self, name: str, when: str, table: str, statement: str) -> str:
        return f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW {statement}"

    def empty(self) -> None:
        for (number,) in self.run(f"SELECT id FROM information_schema.processlist WHERE user = '{self.name}'"):
            with suppress(pymysql.Error):  # it has ended just now
                self.run(f"KILL {number}")
        self.run(f"DROP DATABASE {self.name}")
        self.run(f"CREATE DATABASE {self.name} CHARACTER SET utf8mb4")
        self.run(f"USE {self.name}")

    def remove(self) -> None:
        self.admin.close()
        self.server.run(f"DROP DATABASE {self.name}")
        self.server.run(f"DROP USER {self.name}")


PLACES: Mapping[str, type[SqlitePlace | ServerPlace]] = {
    "sqlite": SqlitePlace,
    "postgresql": PostgresqlPlace,
    "mysql": MysqlPlace,
}


class Bench:
    """One database, the kit's journal on it, and any number of an application's connections."""

    journal: Journal

    def __init__(self, place: Any) -> None:
        self.place = place
        self.kind: Kind = place.kind
        self.refused: type[Exception] = place.refused
        self._open: list[Any] = []
        self._app: Any = None
        self.database: Any = None
        """The kit's view of it, of the journal that is open."""
        self._started: tuple[tuple[str, ...], Mark, str] | None = None

    # --- the application's side ------------------------------------------------------------------

    @property
    def app(self) -> Any:
        """An application's connection."""
        if self._app is None:
            self._app = self.connect()
        return self._app

    def connect(self, **options: Any) -> Any:
        """A further connection of the application's."""
        self._open.append(self.place.connect(**options))
        return self._open[-1]

    def sql(self, text: str) -> str:
        """SQL for this kind: see `Place.words`."""
        words = self.place.words
        return re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], found[0]), text)

    def run(self, statement: str, *parameters: object, on: Any = None) -> list[tuple[Any, ...]]:
        """Runs one statement, with ``?`` for parameters, and returns its rows."""
        return self.place.rows(on or self.app, self.sql(statement), parameters)

    def script(self, statements: str, on: Any = None) -> None:
        self.place.script(on or self.app, self.sql(statements))

    # --- the journal's side ----------------------------------------------------------------------

    def start(self, *schema: str) -> None:
        """Makes the tables of the application, and the journal on them, as one that was just installed."""
        if not self._is_as_started(schema):
            self.start_again(*schema)

    def start_again(self, *schema: str) -> None:
        """The same, on a database that no journal was on."""
        self.close()
        self.place.empty()
        for statements in schema:
            self.script(statements)
        self.open_journal()
        self.journal.install()
        self._started = schema, self.journal.mark(), self.journal.fingerprint()

    def open_journal(self) -> None:
        """A journal that is not installed yet, in place of the one there is."""
        self._close_journal()
        self.database = open_database(self.place.url)
        self.journal = self.database.journal(lock_wait=WAIT)

    def _is_as_started(self, schema: tuple[str, ...]) -> bool:
        if self._started is None or self._started[0] != schema:
            return False
        _, mark, fingerprint = self._started
        try:
            self.journal.undo(mark)
            return self.journal.fingerprint() == fingerprint
        except (KitError, ValueError, self.refused):  # the last test's doing: a lock, an object, a mark that it ended
            return False

    def changes_of(self, *statements: str) -> list[RecordedChange]:
        """What is recorded of the statements, without gaps."""
        mark = self.journal.mark()
        for statement in statements:
            self.run(statement)
        assert self.journal.gaps(mark) == ()
        return self.journal.changes(mark)

    def undone(self, *statements: str, on: Any = None) -> str:
        """Runs statements after a mark, undoes them, and checks that the fingerprint is the mark's again.

        Returns which way the undo took.
        """
        mark, before = self.journal.mark(), self.journal.fingerprint()
        for statement in statements:
            self.run(statement, on=on)
        report = self.journal.undo(mark)
        assert self.journal.fingerprint() == before
        assert not self.journal.moved(mark)
        return report.method

    # --- the end ---------------------------------------------------------------------------------

    def leave(self) -> None:
        """Closes the application's connections."""
        for connection in self._open:
            with suppress(self.refused):  # closed already, perhaps by the server
                connection.close()
        self._open.clear()
        self._app = None

    def _close_journal(self) -> None:
        self._started = None
        if self.database is not None:
            with suppress(self.refused):
                self.journal.close()
            self.database.close()
            self.database = None

    def close(self) -> None:
        self.leave()
        self._close_journal()


class Benches:
    """One bench per kind, made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, Bench] = {}

    def on(self, name: str) -> Bench:
        if name not in self._open:
            self._open[name] = Bench(PLACES[name](self._folder))
        return self._open[name]

    def close(self) -> None:
        for bench in self._open.values():
            bench.close()
            bench.place.remove()
