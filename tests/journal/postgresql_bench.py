"""A private PostgreSQL database with a journal on it, and connections like an application's.

The role that owns the database is an ordinary one, made for it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from server_runs import url_for_tests

from kailash_testkit.databases.postgresql.connection import Connection
from kailash_testkit.databases.postgresql.journal.journal import Journal
from kailash_testkit.databases.urls import with_database

WAIT = 0.1


def _server() -> str:
    return url_for_tests("postgresql", "KAILASH_TESTKIT_POSTGRESQL_URL")


class PrivateDatabase:
    """A database and the role that owns it; ``admin`` is a superuser's connection to it."""

    def __init__(self, driver: Any, name: str) -> None:
        self.driver = driver
        self.name = name
        self.admin = self.connect_as_superuser()
        self.admin.cursor().execute("SET client_min_messages = warning")

    @property
    def url(self) -> str:
        """For the owner."""
        server = with_database(_server(), self.name)
        return f"postgresql://{self.name}:{self.name}@{server.rpartition('@')[2]}"

    def connect(self, **options: Any) -> Any:
        """The owner's connection in autocommit mode, or that of another user."""
        options = {"dbname": self.name, "user": self.name, "password": self.name, **options}
        connection = self.driver.connect(_server(), **options)
        connection.autocommit = True
        return connection

    def connect_as_superuser(self, **options: Any) -> Any:
        """A superuser's connection in autocommit mode."""
        connection = self.driver.connect(_server(), dbname=self.name, **options)
        connection.autocommit = True
        return connection

    def empty(self) -> None:
        """Drop whatever a test made, and whoever is still connected."""
        cursor = self.admin.cursor()
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        cursor.execute("SELECT format('%I', nspname) FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)'")
        for (schema,) in cursor.fetchall():
            cursor.execute(f"DROP SCHEMA {schema} CASCADE")
        cursor.execute(f"CREATE SCHEMA public AUTHORIZATION {self.name}; GRANT ALL ON SCHEMA public TO PUBLIC")


@contextmanager
def private_database() -> Iterator[PrivateDatabase]:
    driver = pytest.importorskip("psycopg2", reason="psycopg2 is not installed")
    try:
        server = driver.connect(_server(), connect_timeout=3)
    except driver.OperationalError as error:
        pytest.skip(f"no PostgreSQL server: {str(error).splitlines()[0]}")
    server.autocommit = True
    name = f"testkit_journal_{uuid.uuid4().hex[:12]}"
    cursor = server.cursor()
    cursor.execute(f"CREATE ROLE {name} LOGIN NOSUPERUSER PASSWORD '{name}'")
    cursor.execute(f"CREATE DATABASE {name} OWNER {name} TEMPLATE template0")
    try:
        database = PrivateDatabase(driver, name)
        yield database
        database.empty()
        database.admin.close()
    finally:
        cursor.execute(f"DROP DATABASE {name}")
        cursor.execute(f"DROP ROLE {name}")
        server.close()


class PostgresqlBench:
    """One private database, the kit's journal on it, and any number of application connections."""

    def __init__(self, database: PrivateDatabase, *, wait: float = WAIT) -> None:
        self.database = database
        self._open: list[Any] = []
        self.app = self.connect()
        self.journal = Journal(Connection.to_journal(database.url, lock_wait=wait))

    def connect(self, **options: Any) -> Any:
        """An application's connection."""
        connection = self.database.connect(application_name="the application", **options)
        self._open.append(connection)
        return connection

    def start(self, schema: str) -> None:
        """Create the application's tables and install the journal."""
        self.run(schema)
        self.journal.install()

    def run(self, statement: str, on: Any = None) -> None:
        with (on or self.app).cursor() as cursor:
            cursor.execute(statement)

    def rows(self, query: str, on: Any = None) -> list[tuple[Any, ...]]:
        with (on or self.app).cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def undone(self, *statements: str, on: Any = None) -> str:
        """Run statements after a mark, undo, and check that the fingerprint is the mark's again.

        Returns which way the undo took.
        """
        mark, before = self.journal.mark(), self.journal.fingerprint()
        for statement in statements:
            self.run(statement, on)
        report = self.journal.undo(mark)
        assert self.journal.fingerprint() == before
        assert not self.journal.moved(mark)
        return report.method

    def close(self) -> None:
        self.journal.close()
        for connection in self._open:
            connection.close()


class Stage:
    """One database for many tests that all leave it as they found it; made anew where one did not."""

    def __init__(self, database: PrivateDatabase, schema: str, *, wait: float = WAIT) -> None:
        self._database, self._schema, self._wait = database, schema, wait
        self._bench: PostgresqlBench | None = None
        self._beginning = ""

    def set_up(self) -> PostgresqlBench:
        if self._bench is None or self._bench.journal.fingerprint() != self._beginning:
            self.take_down()
            self._database.empty()
            self._bench = PostgresqlBench(self._database, wait=self._wait)
            self._bench.start(self._schema)
            self._beginning = self._bench.journal.fingerprint()
        return self._bench

    def take_down(self) -> None:
        if self._bench is not None:
            self._bench.close()
            self._bench = None
