"""MariaDB and MySQL servers: making and dropping databases, and running a private one."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from kailash_testkit.databases.claiming import maker
from kailash_testkit.databases.liveness import is_running, process_stamp
from kailash_testkit.databases.mysql.connection import PORT, SCHEMES, Connection, quoted
from kailash_testkit.databases.mysql.connection import quoted_with_parameters as _sql
from kailash_testkit.databases.mysql.driver import (
    ACCESS_DENIED,
    CONNECTION_LOST,
    NO_SUCH_SESSION,
    UNREADABLE,
    error_number,
)
from kailash_testkit.databases.mysql.marker import LONGEST, TABLE, Listed, Marker, comment
from kailash_testkit.databases.naming import run_of
from kailash_testkit.databases.servers import interface
from kailash_testkit.databases.servers.access import LOOPBACK
from kailash_testkit.databases.urls import server_url
from kailash_testkit.errors import ServerUnavailable, UnsafeDatabase

_USER: Final = "testkit"
_MARKER_WAIT: Final = 2  # seconds that somebody may keep a marker locked
_LONGEST_REASON: Final = 1000  # characters
_DATABASES: Final = f"""
    SELECT s.schema_name, t.table_type, CAST(unix_timestamp(t.create_time) AS SIGNED)
    FROM information_schema.schemata s
    LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name AND t.table_name = '{TABLE}'
    ORDER BY s.schema_name
"""
_HAS_CONTENT: Final = """
    SELECT EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name <> %s)
      OR EXISTS (SELECT 1 FROM information_schema.routines WHERE routine_schema = %s)
      OR EXISTS (SELECT 1 FROM information_schema.events WHERE event_schema = %s)
      OR EXISTS (SELECT 1 FROM information_schema.triggers WHERE trigger_schema = %s)
"""
_HAS_COMMENTS: Final = """
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = 'information_schema' AND table_name = 'SCHEMATA' AND column_name = 'SCHEMA_COMMENT'
"""  # MariaDB since 10.5
_IN_USE: Final = """
    SELECT coalesce(is_used_lock(%s) <> connection_id(), FALSE)
      OR EXISTS (SELECT 1 FROM information_schema.processlist WHERE db = %s)
"""


class ServerKind:
    """MariaDB, or MySQL, as a kind of server. See `Kind` for the methods."""

    stop_signal = int(signal.SIGTERM)

    def __init__(self, title: str) -> None:
        self._title = title

    @property
    def title(self) -> str:
        return self._title

    def administration(self, url: str, /) -> interface.Administration:
        return Administration(url, self._title)

    def private_url(self, port: int, password: str, /) -> str:
        return f"mysql://{_USER}:{quote(password, safe='')}@{LOOPBACK}:{port}/mysql"

    def programs(self) -> interface.Programs:
        from kailash_testkit.databases.mysql.programs import find_programs

        return find_programs(self._title, _USER)

    def command(self, url: str, secret: Path | None, /) -> str:
        place = server_url(url, SCHEMES, PORT)
        login = f"--defaults-extra-file={shlex.quote(str(secret))}" if secret else "-p"
        first, last = (login, "") if secret else ("", login)  # that option must come first
        words = [
            _client(),
            first,
            f"-h {place.host} -P {place.port} -u {shlex.quote(place.user)}",
            last,
            place.database,
        ]
        return " ".join(word for word in words if word)

    def secret_file(self, url: str, /) -> str:
        return f'[client]\npassword="{server_url(url, SCHEMES, PORT).password}"\n'


class Administration:
    """A connection to a server. See the protocol `Administration` for the methods.

    A database is in use while a session holds the named lock of its name, somebody is connected to it, or the process
    that made it runs: whoever ends one session does not give the database away. What the kit made is told by its
    `Marker`; a run that is killed between making a database and marking it leaves one that nobody drops.
    """

    def __init__(self, url: str, title: str) -> None:
        self._title = title
        self._connection = Connection.to_server(url, title)
        self._made: dict[str, Marker] = {}  # those that this connection made, by name
        ((self._user,),) = self._run("SELECT current_user()")
        self._has_comments = bool(self._run(_HAS_COMMENTS))

    def create(self, name: str, /) -> None:
        self._run("SELECT get_lock(%s, 0)", _lock(name))
        try:
            self._run(f"CREATE DATABASE {_sql(name)}" + (f" COMMENT '{comment(name)}'" if self._has_comments else ""))
        except self._connection.Error as error:
            self._run("SELECT release_lock(%s)", _lock(name))
            if error_number(error) not in ACCESS_DENIED:
                raise
            place = self._connection.place
            raise ServerUnavailable(
                f"{self._title} at {place.host}:{place.port} does not let {place.user} make a database",
                why="the kit tests on databases of its own, which it makes and drops",
                do=f"let it make them: GRANT ALL ON `%\\_kt%`.* TO {place.user!r}",
            ) from None
        self._run(f"CREATE TABLE {_sql(name)}.{TABLE} (one INT PRIMARY KEY, marker TEXT NOT NULL)")
        created = next(each.created for each in self._listed() if each.name == name) or 0
        server = self._connection.server_identity
        marker = Marker(name, server, self._user, created, run_of(name) or "", maker(), process_stamp())
        self._run(f"INSERT INTO {_sql(name)}.{TABLE} VALUES (1, %s)", marker.as_text())
        self._made[name] = marker

    def is_empty(self, name: str, /) -> bool:
        return self._run(_HAS_CONTENT, name, TABLE, name, name, name) == [(0,)]

    def drop(self, name: str, /) -> None:
        if self._run("SELECT get_lock(%s, 0)", _lock(name)) != [(1,)]:
            return  # another run removes it in this moment
        try:
            listed = next((each for each in self._listed() if each.name == name), None)
            if listed is not None and self._is_as_made(listed):
                self._end_sessions(name)
                self._run(f"DROP DATABASE IF EXISTS {_sql(name)}")
                self._run("SELECT release_lock(%s)", _lock(name))
                del self._made[name]
            elif listed is not None:
                self._drop_orphan(listed)
        finally:
            self._run("SELECT release_lock(%s)", _lock(name))

    def _is_as_made(self, listed: Listed) -> bool:
        """Whether this connection made it.

        A test may have dropped the marker with all other tables. MariaDB tells also then, by the database's comment.
        """
        made = self._made.get(listed.name)
        if made is None:
            return False
        if listed.kind is None:
            said = "SELECT schema_comment FROM information_schema.schemata WHERE schema_name = %s"
            return self._has_comments and self._run(said, listed.name) == [(comment(listed.name),)]
        return self._refused(listed) is None and listed.created == made.created

    def _drop_orphan(self, listed: Listed) -> None:
        why = self._refused(listed) or ("it is in use" if self._is_in_use(listed) else None)
        if why is not None:
            place = self._connection.place
            raise UnsafeDatabase(
                f"the database {listed.name} of {self._title} at {place.host}:{place.port} is not dropped",
                why=why,
                do=f"if it is not needed, drop it yourself: {self._command(listed.name)}",
            )
        self._run(f"DROP DATABASE {_sql(listed.name)}")

    def _end_sessions(self, name: str) -> None:
        """Ends those whose open transactions would keep the database from being dropped."""
        for (number,) in self._run("SELECT id FROM information_schema.processlist WHERE db = %s", name):
            try:
                self._run(f"KILL {number}")
            except self._connection.Error as error:
                if error_number(error) != NO_SUCH_SESSION:  # it has ended meanwhile
                    raise

    def keep(self, name: str, reason: str, /) -> None:
        for listed in self._listed():
            marker = listed.marker
            if listed.name == name and marker is not None and self._refused(listed) is None:
                text = replace(marker, kept=reason[:_LONGEST_REASON]).as_text()
                self._run(f"UPDATE {_sql(name)}.{TABLE} SET marker = %s", text)

    def found(self) -> Sequence[interface.Found]:
        found: list[interface.Found] = []
        for listed in self._listed():
            marker, refused = listed.marker, self._refused(listed)
            in_use = listed.name in self._made or self._is_in_use(listed)
            others = marker is not None and marker.user != self._user and marker.name == listed.name
            if others or (in_use and not listed.rows):
                continue  # another user's, or one that is made in this moment
            command = None if refused is None else self._command(listed.name)
            found.append(interface.Found(listed.name, in_use, marker.kept if marker else None, refused, command))
        return found

    def _refused(self, listed: Listed) -> str | None:
        return listed.refused(self._connection.server_identity, self._user)

    def _listed(self) -> list[Listed]:
        """The databases that look like the kit's."""
        listed = [Listed(name, kind, created, None) for name, kind, created in self._run(_DATABASES)]
        return [
            replace(each, rows=self._marker_rows(each.name)) if each.kind == "BASE TABLE" else each
            for each in listed
            if each.looks_ours
        ]

    def _marker_rows(self, name: str) -> tuple[str, ...] | None:
        """None where they cannot be read: somebody keeps the table locked, made another one, or drops it just now."""
        self._run(f"SET SESSION lock_wait_timeout = {_MARKER_WAIT}")
        try:
            rows = self._run(f"SELECT left(marker, {LONGEST}) FROM {_sql(name)}.{TABLE} LIMIT 2")
        except self._connection.Error as error:
            if error_number(error) not in UNREADABLE:
                raise
            return None
        finally:
            self._run("SET SESSION lock_wait_timeout = DEFAULT")
        return tuple(str(text) for (text,) in rows)

    def _is_in_use(self, listed: Listed) -> bool:
        """Whether anybody else needs it."""
        marker = listed.marker
        if marker is not None and marker.kept is None and is_running(marker.process):
            return True
        return self._run(_IN_USE, _lock(listed.name), listed.name) != [(0,)]

    def _command(self, name: str) -> str:
        """What a person may run to drop a database."""
        place = self._connection.place
        login = f"-h {shlex.quote(place.host)} -P {place.port} -u {shlex.quote(place.user)} -p"
        return f"{_client()} {login} -e {shlex.quote(f'DROP DATABASE {quoted(name)}')}"

    def close(self) -> None:
        self._connection.close()

    def _run(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        try:
            return self._connection.run(statement, parameters)
        except self._connection.Error as error:
            if error_number(error) not in CONNECTION_LOST:
                raise
        self._connection.reconnect()  # the server was started again, or somebody ended the session
        for name in self._made:
            self._connection.run("SELECT get_lock(%s, 0)", [_lock(name)])
        return self._connection.run(statement, parameters)


def _client() -> str:
    """The client's program that is installed, MariaDB's where none is."""
    return next((name for name in ("mariadb", "mysql") if shutil.which(name)), "mariadb")


def _lock(name: str) -> str:
    """The name of a database's lock, which may have 64 characters at most."""
    return f"kailash-testkit {hashlib.sha256(name.encode()).hexdigest()[:40]}"
