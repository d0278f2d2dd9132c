"""PyMySQL, and the numbers of the errors that servers report through it."""

from __future__ import annotations

from typing import Any, Final

from kailash_testkit.databases.drivers import driver

LOCK_WAIT_OVER: Final = 1205
DEADLOCK: Final = 1213
NO_SUCH_TABLE: Final = 1146
NO_SUCH_SESSION: Final = 1094
TABLE_DEFINITION_CHANGED: Final = 1412
NO_SUCH_ROW: Final = 1032
TRUSTS_NO_CREATOR: Final = 1419
"""MySQL with a binary log, to whoever makes triggers and is not an administrator."""
ACCESS_DENIED: Final = (1044, 1045, 1142, 1227, 1370)
UNREADABLE: Final = (*ACCESS_DENIED, LOCK_WAIT_OVER, NO_SUCH_TABLE, 1049, 1054, 1100, 1143, 1932)
"""Also: no such database, no such column, a column without the right, a table that lost its file."""
CONNECTION_LOST: Final = (0, 1927, 2006, 2013)


def pymysql() -> Any:
    """The driver's module. Raises `UnsupportedDatabase` when it is not installed."""
    return driver("pymysql", "MariaDB or MySQL", "mysql")


def error_number(error: BaseException) -> object:
    """The server's number of an error; None for an error without one."""
    return error.args[0] if error.args else None
