"""A MariaDB or MySQL server of the test's own, and all that is on it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pymysql
from database_servers import MYSQL, rows_of
from own_server import OwnServer

from kailash_testkit.databases.mysql import server
from kailash_testkit.databases.mysql.connection import quoted
from kailash_testkit.databases.mysql.marker import TABLE
from kailash_testkit.databases.urls import with_database

SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")


@dataclass(frozen=True)
class MysqlServer(OwnServer):
    """A server with nothing but what these tests make."""

    kind = "mysql"

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        with self._connected() as connection:
            return [rows_of(connection, statement) for statement in statements][-1]

    def _connected(self) -> contextlib.closing[Any]:
        return contextlib.closing(MYSQL.connect(MYSQL.parts(self.given.url)))

    def quoted(self, name: str) -> str:
        return quoted(name)

    def connected_to(self, name: str) -> contextlib.closing[Any]:
        return contextlib.closing(MYSQL.connect(MYSQL.parts(with_database(self.given.url, name))))

    def databases(self) -> set[str]:
        return {name for (name,) in self.sql("SHOW DATABASES")} - set(SYSTEM)

    def everything(self) -> dict[str, object]:
        with self._connected() as connection:
            return {name: _content(connection, name) for name in self.databases()}

    def end_sessions(self) -> None:
        for (number,) in self.sql("SELECT id FROM information_schema.processlist WHERE id <> connection_id()"):
            with contextlib.suppress(pymysql.Error):  # it has ended, or is the server's own
                self.sql(f"KILL {number}")

    @contextlib.contextmanager
    def being_removed(self, name: str) -> Iterator[None]:
        with self._connected() as other:
            assert rows_of(other, f"SELECT get_lock('{server._lock(name)}', 0)") == [(1,)]
            yield

    def marker(self, name: str) -> str:
        ((text,),) = self.sql(f"SELECT marker FROM {quoted(name)}.{TABLE}")
        return str(text)

    def restore(self, name: str, marker: str) -> None:
        """As loading a dump does it."""
        self.sql(
            f"CREATE DATABASE IF NOT EXISTS {quoted(name)}",
            f"CREATE TABLE {quoted(name)}.{TABLE} (one INT PRIMARY KEY, marker TEXT NOT NULL)",
            f"INSERT INTO {quoted(name)}.{TABLE} VALUES (1, {literal(marker)})",
        )


def _content(connection: Any, name: str) -> object:
    def run(statement: str) -> list[tuple[Any, ...]]:
        return rows_of(connection, statement)

    rows = [
        (table, kind, run(f"SELECT * FROM {quoted(name)}.{quoted(table)}") if kind == "BASE TABLE" else None)
        for table, kind in run(f"SHOW FULL TABLES FROM {quoted(name)}")
    ]
    text = literal(name)
    routines = run(
        f"SELECT routine_name, routine_definition FROM information_schema.routines WHERE routine_schema = {text}"
        f" UNION SELECT event_name, event_definition FROM information_schema.events WHERE event_schema = {text}"
        f" UNION SELECT trigger_name, action_statement FROM information_schema.triggers WHERE trigger_schema = {text}"
    )
    return run(f"SHOW CREATE DATABASE {quoted(name)}"), rows, sorted(routines)


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
