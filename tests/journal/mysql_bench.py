"""A private MariaDB or MySQL database with a journal on it, and connections like an application's.

The user who works on the database is an ordinary one, made for it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from server_runs import url_for_tests

from kailash_testkit.journal.mysql import MysqlJournal

WAIT = 0.05


class PrivateMysql:
    """A database, and an ordinary user of that name who may do everything in it and nothing elsewhere."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.name = f"testkit_{uuid.uuid4().hex[:12]}"
        place = urlsplit(url_for_tests("mariadb", "KAILASH_TESTKIT_MYSQL_URL"))
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
    """One private database, the kit's journal on it, and any number of application connections."""

    def __init__(self, database: PrivateMysql) -> None:
        self.database = database
        self.app = database.connect()
        self._open = [self.app]
        self.journal = MysqlJournal(database.connect(), lock_wait=WAIT)

    def connect(self, **options: Any) -> Any:
        """A further connection of the application's."""
        connection = self.database.connect(**options)
        self._open.append(connection)
        return connection

    def start(self, schema: str) -> None:
        """Create the application's tables and install the journal."""
        self.script(schema)
        self.journal.install()

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

    def close(self) -> None:
        self.journal.close()
        for connection in self._open:
            connection.close()
