"""PostgreSQL servers: making and dropping databases, and running a private one."""

from __future__ import annotations

import signal
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from kailash_testkit.databases.drivers import driver
from kailash_testkit.databases.naming import may_be_ours
from kailash_testkit.databases.postgresql.database import quoted
from kailash_testkit.databases.servers.access import LOOPBACK
from kailash_testkit.databases.servers.interface import Administration, Found, Programs
from kailash_testkit.databases.urls import server_url, with_database
from kailash_testkit.errors import ServerUnavailable
from kailash_testkit.redaction import redact

SCHEMES: Final = ("postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg2")
PORT: Final = 5432

_USER: Final = "testkit"
_LOCKS: Final = 0x4B544B32  # the class of the kit's advisory locks: the letters KTK2
_MADE: Final = "made by kailash-testkit"
_KEPT: Final = f"{_MADE}, kept: "
_CONNECT_WAIT: Final = 10  # seconds
_CREATEDB: Final = "let its role make databases: ALTER ROLE {} CREATEDB"
_OWN_DATABASES: Final = """
    SELECT datname, shobj_description(oid, 'pg_database')
    FROM pg_database
    WHERE pg_get_userbyid(datdba) = current_user AND NOT datistemplate
    ORDER BY datname
"""
_HELD: Final = """
    SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = %s AND objsubid = 2 AND granted
"""
_HAS_TABLES: Final = """
    SELECT EXISTS (
      SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_')
"""


class Postgresql:
    """PostgreSQL as a kind of server. See `Kind` for the methods."""

    title = "PostgreSQL"
    stop_signal = int(signal.SIGQUIT)  # "immediate": nothing needs to be saved

    def administration(self, url: str, /) -> Administration:
        return _PostgresqlAdministration(url)

    def private_url(self, port: int, password: str, /) -> str:
        return f"postgresql://{_USER}:{quote(password, safe='')}@{LOOPBACK}:{port}/postgres"

    def programs(self) -> Programs:
        from kailash_testkit.databases.postgresql.programs import find_programs

        return find_programs()

    def command(self, url: str, secret: Path | None, /) -> str:
        place = server_url(url, SCHEMES, PORT)
        target = f"postgresql://{quote(place.user)}@{place.host}:{place.port}/{quote(place.database)}"
        return f"psql '{target}?passfile={secret}'" if secret else f"psql {target}"

    def secret_file(self, url: str, /) -> str:
        place = server_url(url, SCHEMES, PORT)
        return f"{place.host}:{place.port}:*:{place.user}:{place.password}\n"


class _PostgresqlAdministration:
    """A connection to a maintenance database. See `Administration` for the methods.

    A database is in use while a session holds an advisory lock of its name, in whichever database that is
    connected to; a comment says that the kit made it, and why it is kept.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._place = server_url(url, SCHEMES, PORT)
        self._driver = driver("psycopg2", "PostgreSQL", "postgresql")
        self._connection = self._connect(url)

    def _connect(self, url: str) -> Any:
        place = server_url(url, SCHEMES, PORT)
        secure = {name: value for name, value in place.options.items() if name.startswith("ssl")}
        try:
            connection = self._driver.connect(
                host=place.host,
                port=place.port,
                user=place.user,
                password=place.password or None,  # then libpq looks at PGPASSWORD and ~/.pgpass
                dbname=place.database,
                application_name="kailash-testkit",
                connect_timeout=_CONNECT_WAIT,
                keepalives_idle=60,  # the connection is idle for most of a run, and its locks must live
                **secure,
            )
        except self._driver.OperationalError as error:
            raise ServerUnavailable(
                f"no connection to PostgreSQL at {place.host}:{place.port}, database {place.database}",
                why=redact(str(error)).splitlines()[0],
                do="start the server, or correct the URL of --testkit-database",
            ) from None
        connection.autocommit = True
        return connection

    def create(self, name: str, /) -> None:
        self._run("SELECT pg_advisory_lock(%s, %s)", _LOCKS, _signed(name))
        try:
            self._run(f"CREATE DATABASE {quoted(name)}")
        except self._driver.errors.InsufficientPrivilege:
            raise ServerUnavailable(
                f"PostgreSQL at {self._place.host}:{self._place.port} does not let {self._place.user} make a database",
                why="the kit tests on databases of its own, which it makes and drops",
                do=_CREATEDB.format(self._place.user),
            ) from None
        self._comment(name, _MADE)

    def is_empty(self, name: str, /) -> bool:
        connection = self._connect(with_database(self._url, name))
        try:
            with connection.cursor() as cursor:
                cursor.execute(_HAS_TABLES)
                return bool(cursor.fetchone() == (False,))
        finally:
            connection.close()

    def drop(self, name: str, /) -> None:
        if self._run("SELECT pg_try_advisory_lock(%s, %s)", _LOCKS, _signed(name)) == [(False,)]:
            return  # another run removes it in this moment
        try:
            self._run(f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")
        except self._driver.errors.InvalidCatalogName:
            pass  # another run removed it, which is connected to another database
        finally:
            self._run("SELECT pg_advisory_unlock(%s, %s)", _LOCKS, _signed(name))

    def keep(self, name: str, reason: str, /) -> None:
        self._comment(name, _KEPT + reason)

    def _comment(self, name: str, text: str) -> None:
        self._run(f"COMMENT ON DATABASE {quoted(name)} IS %s", text)

    def found(self) -> Sequence[Found]:
        held = {number for (number,) in self._run(_HELD, _LOCKS)}
        found: list[Found] = []
        for name, comment in self._run(_OWN_DATABASES):
            in_use = _key(name) in held
            text = str(comment or "")
            # A run that was killed while it made a database could not say so: nothing is in it then.
            if text.startswith(_MADE) or (not in_use and may_be_ours(name) and self.is_empty(name)):
                reason = text.removeprefix(_KEPT) if text.startswith(_KEPT) else None
                found.append(Found(name, in_use, reason))
        return found

    def close(self) -> None:
        self._connection.close()

    def _run(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        try:
            return self._fetched(statement, parameters)
        except (self._driver.OperationalError, self._driver.InterfaceError):
            if not self._connection.closed:
                raise
        self._connection = self._connect(self._url)  # the server was started anew, or somebody ended the session
        return self._fetched(statement, parameters)

    def _fetched(self, statement: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []


def _key(name: str) -> int:
    """The number by which a database's name is locked; should two names share it, one is removed later."""
    return zlib.crc32(name.encode())


def _signed(name: str) -> int:
    key = _key(name)
    return key - 2**32 if key >= 2**31 else key
