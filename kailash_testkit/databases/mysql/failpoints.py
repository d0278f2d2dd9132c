"""Refuses writes to a MariaDB or MySQL database, by a trigger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kailash_testkit.databases.failpoints import MESSAGE, Failpoint, Way
from kailash_testkit.databases.mysql.connection import quoted_with_parameters
from kailash_testkit.databases.mysql.naming import FAILPOINT_TABLE

WAYS: Final[tuple[Way, ...]] = ("refuse", "lose the connection")

_REFUSE: Final = f"SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1452, MESSAGE_TEXT = '{MESSAGE}'"
_LOSE: Final = "KILL CONNECTION_ID()"


def statements(failpoint: Failpoint) -> Sequence[str]:
    """The statements that begin to refuse."""
    act = _LOSE if failpoint.way == "lose the connection" else _REFUSE
    table = quoted_with_parameters(failpoint.table)
    return (
        f"CREATE TABLE {FAILPOINT_TABLE} AS SELECT 0 AS passed",
        f"CREATE TRIGGER {FAILPOINT_TABLE} AFTER {failpoint.event.upper()} ON {table} FOR EACH ROW "
        f"BEGIN IF (SELECT passed FROM {FAILPOINT_TABLE}) = {failpoint.number} THEN {act}; END IF; "
        f"UPDATE {FAILPOINT_TABLE} SET passed = passed + 1; END",
    )


END: Final = (f"DROP TRIGGER IF EXISTS {FAILPOINT_TABLE}", f"DROP TABLE IF EXISTS {FAILPOINT_TABLE}")
"""The statements that end it."""
