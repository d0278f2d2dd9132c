"""A role of the test's own on a server, and what others may do to its databases."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from database_servers import POSTGRESQL, rows_of
from server_runs import GivenUrl, kill, other_process

from kailash_testkit.databases.naming import database_name, new_run
from kailash_testkit.databases.postgresql.server import ServerKind
from kailash_testkit.databases.urls import with_database

RUN = """
import sys
from kailash_testkit.databases.servers import Choice, open_server
from kailash_testkit.databases.storage import RunFolder

server = open_server(Choice("postgresql", sys.argv[1]), RunFolder(), None)
name = server.name("killed", None)
server.create(name)
print(name, flush=True)
sys.stdin.read()
"""
"""A run in a process of its own, which prints its database's name and waits."""


@dataclass(frozen=True)
class Role:
    """An ordinary role that may make databases, with its view of the server."""

    name: str
    given: GivenUrl

    def sql(self, *statements: str, database: str = "postgres") -> list[Any]:
        """Runs statements as the role, each by itself; returns the rows of the last."""
        url = with_database(self.given.url, database)
        with contextlib.closing(POSTGRESQL.connect(POSTGRESQL.parts(url))) as connection:
            return [rows_of(connection, statement) for statement in statements][-1]

    def databases(self) -> dict[str, tuple[object, ...]]:
        """All that the server says of the role's databases, by name."""
        rows = self.sql(
            "SELECT datname, oid, shobj_description(oid, 'pg_database'), datistemplate, datallowconn, datconnlimit "
            "FROM pg_database WHERE pg_get_userbyid(datdba) = current_user"
        )
        return {name: tuple(rest) for name, *rest in rows}

    def comment(self, name: str) -> str | None:
        found = self.databases()[name][1]
        return None if found is None else str(found)

    def new_name(self, stem: str = "shop") -> str:
        """A name of the form that the kit gives."""
        return database_name(stem, new_run(), None)

    def left_by_a_killed_run(self) -> str:
        """The name of a database that a run made which was killed then."""
        with other_process(RUN, self.given.url) as (process, name):
            kill(process)
        self.wait_until_nobody_is_connected()
        return name

    def wait_until_nobody_is_connected(self) -> None:
        """The server notices a little later that a client was killed."""
        while self.sql(f"SELECT FROM pg_stat_activity WHERE usename = '{self.name}' AND pid <> pg_backend_pid()"):
            time.sleep(0.01)

    def end_sessions(self) -> None:
        """What an administrator, an idle timeout or a lost network does to all of the role's connections."""
        POSTGRESQL.run(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '{self.name}'")

    def run_beside(self) -> None:
        """Another run on the server, from its begin to its end."""
        server = self.given.run()
        server.create(server.name("beside", None))
        server.close()


@contextlib.contextmanager
def new_role() -> Iterator[Role]:
    """A role for a block; its databases go with it."""
    name = f"ktk_r_{secrets.token_hex(6)}"
    POSTGRESQL.run(f"CREATE ROLE {name} LOGIN CREATEDB PASSWORD 'x'")
    place = POSTGRESQL.url.rpartition("@")[2]
    url = with_database(f"postgresql://{name}:x@{place}", "postgres")
    role = Role(name, GivenUrl(ServerKind("PostgreSQL"), url))
    try:
        yield role
    finally:
        for database in role.databases():
            quoted = '"' + database.replace('"', '""') + '"'
            POSTGRESQL.run(f"ALTER DATABASE {quoted} IS_TEMPLATE false")
            POSTGRESQL.run(f"DROP DATABASE {quoted} WITH (FORCE)")
        POSTGRESQL.run(f"DROP ROLE {name}")
