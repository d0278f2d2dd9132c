"""Refuses writes to a SQLite database, by a trigger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kailash_testkit.databases.failpoints import MESSAGE, Failpoint, Way
from kailash_testkit.databases.sqlite.naming import FAILPOINT_TABLE, quoted

WAYS: Final[tuple[Way, ...]] = ("refuse",)


def statements(failpoint: Failpoint) -> Sequence[str]:
    """The statements that begin to refuse."""
    return (
        f"CREATE TABLE {FAILPOINT_TABLE} AS SELECT 0 AS passed",
        f"CREATE TRIGGER {FAILPOINT_TABLE} AFTER {failpoint.event} ON {quoted(failpoint.table)} BEGIN "
        f"SELECT RAISE(ABORT, '{MESSAGE}') FROM {FAILPOINT_TABLE} WHERE passed = {failpoint.number}; "
        f"UPDATE {FAILPOINT_TABLE} SET passed = passed + 1; END",
    )


END: Final = (f"DROP TRIGGER IF EXISTS {FAILPOINT_TABLE}", f"DROP TABLE IF EXISTS {FAILPOINT_TABLE}")
"""The statements that end it."""
