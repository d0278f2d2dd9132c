"""MariaDB and MySQL servers: making and dropping databases, and running a private one."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from kailash_testkit.databases.mysql.connection import PORT, SCHEMES, Connection, quoted
from kailash_testkit.databases.mysql.driver import ACCESS_DENIED, CONNECTION_LOST, NO_SUCH_SESSION, error_number
from kailash_testkit.databases.naming import may_be_ours
from kailash_testkit.databases.servers import interface
from kailash_testkit.databases.servers.access import LOOPBACK
from kailash_testkit.databases.urls import server_url
from kailash_testkit.errors import ServerUnavailable

_USER: Final = "testkit"
_MADE: Final = "dataflow_testkit_made"
"""The table that says that the kit made the database; it has a row when the database is kept, with the reason."""
_DATABASES: Final = f"""
    SELECT s.schema_name, coalesce(sum(t.table_name = '{_MADE}'), 0)
    FROM information_schema.schemata s LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name
    WHERE s.schema_name LIKE '%%\\_kt%%' GROUP BY s.schema_name ORDER BY s.schema_name
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
        client = next((name for name in ("mariadb", "mysql") if shutil.which(name)), "mariadb")
        login = f"--defaults-extra-file={shlex.quote(str(secret))}" if secret else "-p"
        first, last = (login, "") if secret else ("", login)  # that option must come first
        words = [client, first, f"-h {place.host} -P {place.port} -u {shlex.quote(place.user)}", last, place.database]
        return " ".join(word for word in words if word)

    def secret_file(self, url: str, /) -> str:
        return f'[client]\npassword="{server_url(url, SCHEMES, PORT).password}"\n'


class Administration:
    """A connection to a server. See `Administration` for the methods.

    A database is in use while a session holds the named lock of its name; a table in it says that the kit made it.
    """

    def __init__(self, url: str, title: str) -> None:
        self._title = title
        self._connection = Connection.to_server(url, title)

    def create(self, name: str, /) -> None:
        self._run("SELECT get_lock(%s, 0)", _lock(name))
        try:
            self._run(f"CREATE DATABASE {quoted(name)}")
        except self._connection.Error as error:
            if error_number(error) not in ACCESS_DENIED:
                raise
            place = self._connection.place
            raise ServerUnavailable(
                f"{self._title} at {place.host}:{place.port} does not let {place.user} make a database",
                why="the kit tests on databases of its own, which it makes and drops",
                do=f"let it make them: GRANT ALL ON `%\\_kt%`.* TO {place.user!r}",
            ) from None
        self._run(f"CREATE TABLE {quoted(name)}.{_MADE} (reason varchar(255))")

    def is_empty(self, name: str, /) -> bool:
        made = "SELECT count(*) FROM information_schema.tables WHERE table_schema = %s AND table_name <> %s"
        return self._run(made, name, _MADE) == [(0,)]

    def drop(self, name: str, /) -> None:
        if self._run("SELECT get_lock(%s, 0)", _lock(name)) != [(1,)]:
            return  # another run removes it in this moment
        for (number,) in self._run("SELECT id FROM information_schema.processlist WHERE db = %s", name):
            self._end_session(number)
        self._run(f"DROP DATABASE IF EXISTS {quoted(name)}")
        self._run("SELECT release_lock(%s)", _lock(name))

    def _end_session(self, number: int) -> None:
        """Ends a session, whose open transaction would keep the database from being dropped."""
        try:
            self._run(f"KILL {number}")
        except self._connection.Error as error:
            if error_number(error) != NO_SUCH_SESSION:  # it has ended meanwhile
                raise

    def keep(self, name: str, reason: str, /) -> None:
        self._run(f"INSERT INTO {quoted(name)}.{_MADE} VALUES (%s)", reason[:255])

    def found(self) -> Sequence[interface.Found]:
        found: list[interface.Found] = []
        for name, made in self._run(_DATABASES):
            # A run that was killed while it made a database could not say so: nothing is in it then.
            if may_be_ours(name) and (made or self.is_empty(name)):
                in_use = self._run("SELECT is_used_lock(%s) IS NOT NULL", _lock(name)) == [(1,)]
                reasons = self._run(f"SELECT reason FROM {quoted(name)}.{_MADE}") if made else []
                found.append(interface.Found(name, in_use, str(reasons[0][0]) if reasons else None))
        return found

    def close(self) -> None:
        self._connection.close()

    def _run(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        try:
            return self._connection.run(statement, parameters)
        except self._connection.Error as error:
            if error_number(error) not in CONNECTION_LOST:
                raise
        self._connection.reconnect()  # the server was started again, or somebody ended the session
        return self._connection.run(statement, parameters)


def _lock(name: str) -> str:
    """The name of a database's lock, which may have 64 characters at most."""
    return f"kailash-testkit {hashlib.sha256(name.encode()).hexdigest()[:40]}"
