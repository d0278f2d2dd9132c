"""PostgreSQL servers: making and dropping databases, and running a private one."""

from __future__ import annotations

import shlex
import signal
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from kailash_testkit.databases.claiming import maker
from kailash_testkit.databases.liveness import is_running, process_stamp
from kailash_testkit.databases.naming import run_of
from kailash_testkit.databases.postgresql.connection import FIRST_OBJECT, PORT, SCHEMES, Connection, literal, quoted
from kailash_testkit.databases.postgresql.marker import Listed, Marker
from kailash_testkit.databases.servers.access import LOOPBACK
from kailash_testkit.databases.servers.interface import Found, Programs
from kailash_testkit.databases.urls import server_url, with_database
from kailash_testkit.errors import ServerUnavailable, UnsafeDatabase

_USER: Final = "testkit"
_LOCKS: Final = 0x4B544B32  # the class of the kit's advisory locks: the letters KTK2
_CREATEDB: Final = "let its role make databases: ALTER ROLE {} CREATEDB"
_DATABASES: Final = """
    SELECT d.oid::int8, d.datname::text, coalesce(shobj_description(d.oid, 'pg_database'), ''),
      d.datallowconn AND NOT d.datistemplate, (SELECT count(*) FROM pg_stat_activity a WHERE a.datid = d.oid)
    FROM pg_database d
    WHERE pg_get_userbyid(d.datdba) = current_user
    ORDER BY d.datname
"""
# In whichever database the session that holds the lock is connected to.
_HELD: Final = """
    SELECT objid::int8 FROM pg_locks
    WHERE locktype = 'advisory' AND classid::int8 = %s AND objsubid = 2 AND granted AND pid <> pg_backend_pid()
"""
_CATALOGUES: Final = (
    *("pg_class", "pg_proc", "pg_type", "pg_operator", "pg_collation", "pg_extension", "pg_event_trigger"),
    *("pg_foreign_data_wrapper", "pg_foreign_server", "pg_publication", "pg_statistic_ext", "pg_ts_config", "pg_cast"),
)
_HAS_CONTENT: Final = "SELECT EXISTS (SELECT FROM pg_largeobject_metadata) OR {} OR {}".format(
    f"EXISTS (SELECT FROM pg_namespace WHERE oid >= {FIRST_OBJECT} AND nspname !~ '^pg_')",
    " OR ".join(f"EXISTS (SELECT FROM {catalogue} WHERE oid >= {FIRST_OBJECT})" for catalogue in _CATALOGUES),
)


class ServerKind:
    """PostgreSQL as a kind of server. See `Kind` for the methods."""

    stop_signal = int(signal.SIGQUIT)  # "immediate": nothing needs to be saved

    def __init__(self, title: str) -> None:
        self.title = title

    def administration(self, url: str, /) -> Administration:
        return Administration(url)

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


class Administration:
    """A connection to a maintenance database. See the protocol `Administration` for the methods.

    A database is in use while a session holds an advisory lock of its name, somebody is connected to it, or the
    process that made it runs: whoever ends one session does not give the database away. What the kit made is told by
    its `Marker`; a run that is killed between making a database and marking it leaves one that nobody drops.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._place = server_url(url, SCHEMES, PORT)
        self._connection = Connection.to_server(url)
        self._made: dict[str, int] = {}  # by name, the numbers of the databases that this connection made

    def create(self, name: str, /) -> None:
        self._run("SELECT pg_advisory_lock(%s, %s)", _LOCKS, _signed(name))
        try:
            self._run(f"CREATE DATABASE {quoted(name)}")
        except self._connection.errors.InsufficientPrivilege:
            raise ServerUnavailable(
                f"PostgreSQL at {self._place.host}:{self._place.port} does not let {self._place.user} make a database",
                why="the kit tests on databases of its own, which it makes and drops",
                do=_CREATEDB.format(self._place.user),
            ) from None
        ((oid,),) = self._run("SELECT oid::int8 FROM pg_database WHERE datname = %s", name)
        self._made[name] = oid
        server = self._connection.server_identity
        self._mark(Marker(name, oid, server, run_of(name) or "", maker(), process_stamp()))

    def is_empty(self, name: str, /) -> bool:
        connection = Connection.to_server(with_database(self._url, name))
        try:
            return connection.run(_HAS_CONTENT) == [(False,)]
        finally:
            connection.close()

    def drop(self, name: str, /) -> None:
        if self._run("SELECT pg_try_advisory_lock(%s, %s)", _LOCKS, _signed(name)) == [(False,)]:
            return  # another run removes it in this moment
        try:
            listed = next((each for each in self._listed() if each.name == name), None)
            if listed is None:
                return
            if self._made.get(name) == listed.oid:
                self._run(f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")
                del self._made[name]
            else:
                self._drop_orphan(listed)
        except self._connection.errors.InvalidCatalogName:
            pass  # another run removed it, which is connected to another database
        finally:
            self._run("SELECT pg_advisory_unlock(%s, %s)", _LOCKS, _signed(name))

    def _drop_orphan(self, listed: Listed) -> None:
        why = listed.refused(self._connection.server_identity)
        if why is None and self._is_in_use(listed, self._held()):
            why = "it is in use"
        if why is None:
            try:  # without FORCE: whoever connected since then keeps it
                self._run(f"DROP DATABASE {quoted(listed.name)}")
            except self._connection.errors.ObjectInUse:
                why = "somebody is connected to it"
        if why is not None:
            raise UnsafeDatabase(
                f"the PostgreSQL database {self._place.host}:{self._place.port}/{listed.name} is not dropped",
                why=why,
                do=f"if it is not needed, drop it yourself: {self._command(listed.name)}",
            )

    def keep(self, name: str, reason: str, /) -> None:
        for listed in self._listed():
            marker = listed.marker
            if listed.name == name and marker and listed.refused(self._connection.server_identity) is None:
                self._mark(replace(marker, kept=reason))

    def _mark(self, marker: Marker) -> None:
        self._run(f"COMMENT ON DATABASE {quoted(marker.name)} IS {literal(marker.as_text())}")

    def found(self) -> Sequence[Found]:
        held, server = self._held(), self._connection.server_identity
        found: list[Found] = []
        for listed in self._listed():
            if listed.looks_ours:
                refused, marker = listed.refused(server), listed.marker
                in_use = listed.name in self._made or self._is_in_use(listed, held)
                if refused is None or not (in_use and not listed.comment):  # else it is made in this moment
                    found.append(
                        Found(
                            listed.name,
                            in_use,
                            marker.kept if marker else None,
                            refused,
                            None if refused is None else self._command(listed.name),
                        )
                    )
        return found

    def _listed(self) -> list[Listed]:
        """The databases of this role."""
        return [Listed(*row) for row in self._run(_DATABASES)]

    def _held(self) -> set[int]:
        return {number for (number,) in self._run(_HELD, _LOCKS)}

    def _is_in_use(self, listed: Listed, held: set[int]) -> bool:
        """Whether anybody else needs it."""
        marker = listed.marker
        runs = marker is not None and marker.kept is None and is_running(marker.process)
        return _key(listed.name) in held or listed.connections > 0 or runs

    def _command(self, name: str) -> str:
        """What a person may run to drop a database."""
        place = self._place
        return (
            f"psql -h {shlex.quote(place.host)} -p {place.port} -U {shlex.quote(place.user)} "
            f"-d {shlex.quote(place.database)} -c {shlex.quote(f'DROP DATABASE {quoted(name)}')}"
        )

    def close(self) -> None:
        self._connection.close()

    def _run(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        try:
            return self._connection.run(statement, *parameters)
        except self._connection.Error:
            if not self._connection.is_closed:
                raise
        self._connection = Connection.to_server(self._url)  # the server was restarted, or somebody ended the session
        for name in self._made:
            self._connection.run("SELECT pg_try_advisory_lock(%s, %s)", _LOCKS, _signed(name))
        return self._connection.run(statement, *parameters)


def _key(name: str) -> int:
    """The number by which a database's name is locked; should two names share it, one is removed later."""
    return zlib.crc32(name.encode())


def _signed(name: str) -> int:
    key = _key(name)
    return key - 2**32 if key >= 2**31 else key
