"""A role of the test's own on a PostgreSQL server."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from database_servers import POSTGRESQL, rows_of
from own_server import OwnServer
from server_runs import GivenUrl

from kailash_testkit.databases.postgresql import server
from kailash_testkit.databases.postgresql.connection import quoted
from kailash_testkit.databases.postgresql.server import ServerKind
from kailash_testkit.databases.urls import with_database


@dataclass(frozen=True)
class Role(OwnServer):
    """An ordinary role that may make databases, with its view of the server."""

    name: str
    kind = "postgresql"

    def sql(self, *statements: str, database: str = "postgres") -> list[Any]:
        with self.connected_to(database) as connection:
            return [rows_of(connection, statement) for statement in statements][-1]

    def quoted(self, name: str) -> str:
        return quoted(name)

    def connected_to(self, name: str) -> contextlib.closing[Any]:
        return contextlib.closing(POSTGRESQL.connect(POSTGRESQL.parts(with_database(self.given.url, name))))

    @contextlib.contextmanager
    def being_removed(self, name: str) -> Iterator[None]:
        with self.connected_to("postgres") as other:
            rows_of(other, f"SELECT pg_advisory_lock({server._LOCKS}, {server._signed(name)})")
            yield

    def everything(self) -> dict[str, tuple[object, ...]]:
        rows = self.sql(
            "SELECT datname, oid, shobj_description(oid, 'pg_database'), datistemplate, datallowconn, datconnlimit "
            "FROM pg_database WHERE pg_get_userbyid(datdba) = current_user"
        )
        return {name: tuple(rest) for name, *rest in rows}

    def comment(self, name: str) -> str | None:
        found = self.everything()[name][1]
        return None if found is None else str(found)

    def wait_until_nobody_is_connected(self) -> None:
        """The server notices a little later that a client was killed."""
        while self.sql(f"SELECT FROM pg_stat_activity WHERE usename = '{self.name}' AND pid <> pg_backend_pid()"):
            time.sleep(0.01)

    def end_sessions(self) -> None:
        POSTGRESQL.run(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '{self.name}'")


@contextlib.contextmanager
def new_role() -> Iterator[Role]:
    """A role for a block; its databases go with it."""
    name = f"ktk_r_{secrets.token_hex(6)}"
    POSTGRESQL.run(f"CREATE ROLE {name} LOGIN CREATEDB PASSWORD 'x'")
    place = POSTGRESQL.url.rpartition("@")[2]
    url = with_database(f"postgresql://{name}:x@{place}", "postgres")
    role = Role(GivenUrl(ServerKind("PostgreSQL"), url), name)
    try:
        yield role
    finally:
        for database in role.databases():
            POSTGRESQL.run(f"ALTER DATABASE {quoted(database)} IS_TEMPLATE false")
            POSTGRESQL.run(f"DROP DATABASE {quoted(database)} WITH (FORCE)")
        POSTGRESQL.run(f"DROP ROLE {name}")
