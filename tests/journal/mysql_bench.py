"""A private MariaDB or MySQL database with a journal on it, and connections like an application's.

The user who works on the database is an ordinary one, made for it.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from kailash_testkit.databases.journal import Mark
from kailash_testkit.databases.mysql.journal.journal import Journal
from kailash_testkit.errors import KitError

SERVER = os.environ.get("KAILASH_TESTKIT_MYSQL_URL", "mysql://root:@127.0.0.1:3306/")
WAIT = 0.05


class PrivateMysql:
    """A database, and an ordinary user of that name who may do everything in it and nothing elsewhere."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.name = f"testkit_{uuid.uuid4().hex[:12]}"
        place = urlsplit(SERVER)
        self._server = {"host": place.hostname, "port": place.port or 3306}
        self.admin = self.connect(
            user=unquote(place.username or "root"), password=unquote(place.password or ""), database=None
        )
        for statement in (
            f"CREATE DATABASE {self.name} CHARACTER SET utf8mb4",
            f"CREATE USER {self.name} IDENTIFIED BY '{self.name}'",
            f"GRANT ALL ON {self.name}.* TO {self.name}",
            f"USE {self.name}",
        ):
            self.run(statement)

    @property
    def is_mariadb(self) -> bool:
        return "MariaDB" in self.run("SELECT version()")[0][0]

    def url(self, user: str | None = None, password: str | None = None) -> str:
        """For the kit; as the ordinary user if no other is given."""
        user, password = (self.name, self.name) if user is None else (user, password or "")
        return f"mysql://{user}:{password}@{self._server['host']}:{self._server['port']}/{self.name}"

    def connect(self, **options: Any) -> Any:
        """A connection in autocommit mode; as the ordinary user if no other is given."""
        usual = {"user": self.name, "password": self.name, "database": self.name, "charset": "utf8mb4"}
        return self.driver.connect(**{**self._server, **usual, "autocommit": True, "connect_timeout": 3, **options})

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        with self.admin.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def empty(self) -> None:
        """Make the database anew, and end whoever is still connected to it."""
        found = self.run(f"SELECT id FROM information_schema.processlist WHERE user = '{self.name}'")
        for (number,) in found:
            with suppress(self.driver.Error):  # it has ended just now
                self.run(f"KILL {number}")
        for statement in (f"DROP DATABASE {self.name}", f"CREATE DATABASE {self.name} CHARACTER SET utf8mb4"):
            self.run(statement)
        self.run(f"USE {self.name}")

    def drop(self) -> None:
        self.run(f"DROP DATABASE {self.name}")
        self.run(f"DROP USER {self.name}")
        self.admin.close()


@contextmanager
def private_mysql() -> Iterator[PrivateMysql]:
    driver = pytest.importorskip("pymysql", reason="PyMySQL is not installed")
    try:
        database = PrivateMysql(driver)
    except driver.err.OperationalError as error:
        pytest.skip(f"no MariaDB or MySQL server: {error.args[-1]} (set KAILASH_TESTKIT_MYSQL_URL)")
    try:
        yield database
    finally:
        database.drop()


class MysqlBench:
    """One private database, the kit's journal on it, and any number of application connections.

    Tests that start from the same schema use one database and one journal: making tables takes long. What a test
    left is undone first, and a fingerprint tells whether that was exact; if not, all is made anew.
    """

    journal: Journal

    def __init__(self, database: PrivateMysql) -> None:
        self.database = database
        self._open: list[Any] = []
        self._app: Any = None
        self._started: tuple[str, Mark, str] | None = None

    @property
    def app(self) -> Any:
        """An application's connection."""
        if self._app is None:
            self._app = self.connect()
        return self._app

    def connect(self, **options: Any) -> Any:
        """A further connection of the application's."""
        connection = self.database.connect(**options)
        self._open.append(connection)
        return connection

    def start(self, schema: str) -> None:
        """Create the application's tables and install the journal."""
        if not self._is_as_started(schema):
            self.close()
            self.database.empty()
            self.script(schema)
            self.journal = Journal(self.database.url(), lock_wait=WAIT)
            self.journal.install()
            self._started = schema, self.journal.mark(), self.journal.fingerprint()

    def _is_as_started(self, schema: str) -> bool:
        if self._started is None or self._started[0] != schema:
            return False
        _, mark, fingerprint = self._started
        try:
            self.journal.undo(mark)
        except (
            KitError,
            ValueError,
            self.database.driver.Error,
        ):  # the last test's doing: a lock, a procedure, a mark that it ended
            return False
        return self.journal.fingerprint() == fingerprint

    def script(self, statements: str) -> None:
        for statement in statements.split(";\n"):
            if statement.strip():
                self.run(statement)

    def run(self, statement: str, *parameters: Any, on: Any = None) -> list[tuple[Any, ...]]:
        with (on or self.app).cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return list(cursor.fetchall())

    def undone(self, *statements: str, on: Any = None) -> str:
        """Run statements after a mark, undo, and check that the fingerprint is the mark's again.

        Returns which way the undo took.
        """
        mark, before = self.journal.mark(), self.journal.fingerprint()
        for statement in statements:
            self.run(statement, on=on)
        report = self.journal.undo(mark)
        assert self.journal.fingerprint() == before
        assert not self.journal.moved(mark)
        return report.method

    def leave(self) -> None:
        """Close the application's connections."""
        for connection in self._open:
            if connection.open:
                connection.close()
        self._open.clear()
        self._app = None

    def close(self) -> None:
        self.leave()
        if self._started is not None:
            self._started = None
            self.journal.close()
