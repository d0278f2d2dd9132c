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

from kailash_testkit.databases.drivers import driver
from kailash_testkit.databases.mysql.database import quoted
from kailash_testkit.databases.naming import may_be_ours
from kailash_testkit.databases.servers.access import LOOPBACK
from kailash_testkit.databases.servers.interface import Administration, Found, Programs
from kailash_testkit.databases.urls import server_url
from kailash_testkit.errors import ServerUnavailable
from kailash_testkit.redaction import redact

SCHEMES: Final = ("mysql", "mysql+pymysql", "mysql+aiomysql")
PORT: Final = 3306

_USER: Final = "testkit"
_MADE: Final = "dataflow_testkit_made"
"""The table that says that the kit made the database; it has a row when the database is kept, with the reason."""
_CONNECT_WAIT: Final = 10  # seconds
_ANSWER_WAIT: Final = 60  # seconds
_IDLE: Final = 31_000_000  # seconds that the connection may be idle, with its locks
_ACCESS_DENIED: Final = (1044, 1045, 1142, 1227)
_CONNECTION_LOST: Final = (0, 1927, 2006, 2013)
_DATABASES: Final = f"""
    SELECT s.schema_name, coalesce(sum(t.table_name = '{_MADE}'), 0)
    FROM information_schema.schemata s LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name
    WHERE s.schema_name LIKE '%%\\_kt%%' GROUP BY s.schema_name ORDER BY s.schema_name
"""


class Mysql:
    """MariaDB, or MySQL, as a kind of server. See `Kind` for the methods."""

    stop_signal = int(signal.SIGTERM)

    def __init__(self, title: str) -> None:
        self._title = title

    @property
    def title(self) -> str:
        return self._title

    def administration(self, url: str, /) -> Administration:
        return _MysqlAdministration(url, self._title)

    def private_url(self, port: int, password: str, /) -> str:
        return f"mysql://{_USER}:{quote(password, safe='')}@{LOOPBACK}:{port}/mysql"

    def programs(self) -> Programs:
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


class _MysqlAdministration:
    """A connection to a server. See `Administration` for the methods.

    A database is in use while a session holds the named lock of its name; a table in it says that the kit made it.
    """

    def __init__(self, url: str, title: str) -> None:
        self._place = server_url(url, SCHEMES, PORT)
        self._title = title
        self._driver = driver("pymysql", title, "mysql")
        try:
            self._connection: Any = self._driver.connect(
                host=self._place.host,
                port=self._place.port,
                user=self._place.user,
                password=self._place.password,
                database=self._place.database,
                charset="utf8mb4",
                autocommit=True,
                connect_timeout=_CONNECT_WAIT,
                read_timeout=_ANSWER_WAIT,
                program_name="kailash-testkit",
                init_command=f"SET SESSION wait_timeout = {_IDLE}",
            )
        except self._driver.Error as error:
            raise ServerUnavailable(
                f"no connection to {title} at {self._place.host}:{self._place.port}, database {self._place.database}",
                why=redact(str(error.args[-1])),
                do="start the server, or correct the URL of --testkit-database",
            ) from None

    def create(self, name: str, /) -> None:
        self._run("SELECT get_lock(%s, 0)", _lock(name))
        try:
            self._run(f"CREATE DATABASE {quoted(name)}")
        except self._driver.Error as error:
            if error.args[0] not in _ACCESS_DENIED:
                raise
            where = f"{self._title} at {self._place.host}:{self._place.port}"
            raise ServerUnavailable(
                f"{where} does not let {self._place.user} make a database",
                why="the kit tests on databases of its own, which it makes and drops",
                do=f"let it make them: GRANT ALL ON `%\\_kt%`.* TO {self._place.user!r}",
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
        except self._driver.Error as error:
            if error.args[0] != 1094:  # it has ended meanwhile
                raise

    def keep(self, name: str, reason: str, /) -> None:
        self._run(f"INSERT INTO {quoted(name)}.{_MADE} VALUES (%s)", reason[:255])

    def found(self) -> Sequence[Found]:
        found: list[Found] = []
        for name, made in self._run(_DATABASES):
            # A run that was killed while it made a database could not say so: nothing is in it then.
            if may_be_ours(name) and (made or self.is_empty(name)):
                in_use = self._run("SELECT is_used_lock(%s) IS NOT NULL", _lock(name)) == [(1,)]
                reasons = self._run(f"SELECT reason FROM {quoted(name)}.{_MADE}") if made else []
                found.append(Found(name, in_use, str(reasons[0][0]) if reasons else None))
        return found

    def close(self) -> None:
        self._connection.close()

    def _run(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        try:
            return self._fetched(statement, parameters)
        except (self._driver.OperationalError, self._driver.InterfaceError) as error:
            if error.args[0] not in _CONNECTION_LOST:
                raise
        self._connection.connect()  # the server was started anew, or somebody ended the session
        return self._fetched(statement, parameters)

    def _fetched(self, statement: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())


def _lock(name: str) -> str:
    """The name of a database's lock, which may have 64 characters at most."""
    return f"kailash-testkit {hashlib.sha256(name.encode()).hexdigest()[:40]}"
