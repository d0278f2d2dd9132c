"""PyMySQL, connections through it, and the numbers of the errors that servers report."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from kailash_testkit.databases.drivers import driver
from kailash_testkit.databases.urls import ServerUrl

LOCK_WAIT_OVER: Final = 1205
DEADLOCK: Final = 1213
NO_SUCH_TABLE: Final = 1146
NO_SUCH_COLUMN: Final = 1054
READS_ONLY: Final = 1792
"""A statement that writes, in a transaction that may only read."""
NO_SUCH_SESSION: Final = 1094
TABLE_DEFINITION_CHANGED: Final = 1412
NO_SUCH_ROW: Final = 1032
TRUSTS_NO_CREATOR: Final = 1419
"""MySQL with a binary log, to whoever makes triggers and is not an administrator."""
ACCESS_DENIED: Final = (1044, 1045, 1142, 1227, 1370)
UNREADABLE: Final = (*ACCESS_DENIED, LOCK_WAIT_OVER, NO_SUCH_TABLE, 1049, 1054, 1100, 1143, 1932)
"""Also: no such database, no such column, a column without the right, a table that lost its file."""
CONNECTION_LOST: Final = (0, 1927, 2006, 2013)

_THIS_MACHINE: Final = ("127.0.0.1", "::1", "localhost")
_CONNECT_WAIT: Final = 10  # seconds


def pymysql() -> Any:
    """The driver's module. Raises `UnsupportedDatabase` when it is not installed."""
    return driver("pymysql", "MariaDB or MySQL", "mysql")


def error_number(error: BaseException) -> object:
    """The server's number of an error; None for an error without one."""
    return error.args[0] if error.args else None


def connect(place: ServerUrl, **options: Any) -> Any:
    """A new connection. To a server on this machine without TLS, unless it wants that.

    For TLS PyMySQL reads every certificate authority that the machine knows, at each connection: forty times as
    long as the rest.
    """
    if place.host in _THIS_MACHINE:
        with suppress(pymysql().Error, RuntimeError):  # RuntimeError: a way to log in that needs TLS here
            return _connect(place, ssl_disabled=True, **options)
    return _connect(place, **options)


def _connect(place: ServerUrl, **options: Any) -> Any:
    return pymysql().connect(
        host=place.host,
        port=place.port,
        user=place.user,
        password=place.password,
        database=place.database,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=_CONNECT_WAIT,
        program_name="kailash-testkit",
        **options,
    )
