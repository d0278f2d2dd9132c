"""All that is on a MariaDB or MySQL server, and what others may do to the databases of a killed run."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import Any

import pymysql
from database_servers import MYSQL, rows_of
from server_runs import GivenUrl, kill, other_process

from kailash_testkit.databases.mysql.connection import quoted
from kailash_testkit.databases.mysql.marker import TABLE
from kailash_testkit.databases.naming import database_name, new_run

KILLED_RUN = """
import sys
from kailash_testkit.databases.servers import Choice, open_server
from kailash_testkit.databases.storage import RunFolder

server = open_server(Choice("mysql", sys.argv[1]), RunFolder(), None)
name = server.name("killed", None)
server.create(name)
print(name, flush=True)
sys.stdin.read()
"""
SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")


@dataclass(frozen=True)
class OwnServer:
    """A server with the user that runs work as."""

    given: GivenUrl

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Runs statements one after the other; returns the rows of the last."""
        with self._connected() as connection:
            return [rows_of(connection, statement) for statement in statements][-1]

    def _connected(self) -> contextlib.closing[Any]:
        return contextlib.closing(MYSQL.connect(MYSQL.parts(self.given.url)))

    def databases(self) -> set[str]:
        return {name for (name,) in self.sql("SHOW DATABASES")} - set(SYSTEM)

    def everything(self) -> dict[str, object]:
        """What each database is and holds, by name."""
        with self._connected() as connection:
            return {name: _content(connection, name) for name in self.databases()}

    def end_sessions(self) -> None:
        """What an administrator, an idle timeout or a lost network does to all connections."""
        for (number,) in self.sql("SELECT id FROM information_schema.processlist WHERE id <> connection_id()"):
            with contextlib.suppress(pymysql.Error):  # it has ended, or is the server's own
                self.sql(f"KILL {number}")

    def run_beside(self) -> None:
        """Another run on the server, from its begin to its end."""
        server = self.given.run()
        server.create(server.name("beside", None))
        server.close()

    def killed_run(self) -> str:
        """The database that a killed run left behind."""
        with other_process(KILLED_RUN, self.given.url) as (process, name):
            kill(process)
        deadline = time.monotonic() + 30
        while self.given.found()[name].in_use:  # the server notices a little later that a client was killed
            assert time.monotonic() < deadline
        return name

    def new_name(self, stem: str = "shop") -> str:
        """A name of the form that the kit gives."""
        return database_name(stem, new_run(), None)

    def drop(self, *names: str) -> None:
        if names:
            self.sql(*[f"DROP DATABASE IF EXISTS {quoted(name)}" for name in names])

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
