"""Loses writes to a SQLite database, by a trigger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kailash_testkit.databases.lost_writes import LostWrites, reverting
from kailash_testkit.databases.sqlite.naming import LOST_TABLE, quoted

COLUMNS: Final = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0"
"""The columns of a table that can be written."""


def statements(lost: LostWrites, names: Sequence[str]) -> Sequence[str]:
    """The statements that begin, with losing switched off. names: of the columns."""
    table = quoted(lost.table)
    numbered = () if "rowid" in names else ("rowid",)
    columns = [*numbered, *(quoted(name) for name in names)]
    # Switched off meanwhile: with PRAGMA recursive_triggers it would call itself.
    return (
        f"CREATE TABLE {LOST_TABLE} AS SELECT 0 AS is_on",
        f"CREATE TRIGGER {LOST_TABLE} AFTER {lost.event} ON {table} "
        f"WHEN (SELECT is_on FROM {LOST_TABLE}) = 1 AND {lost.condition} BEGIN "
        f"UPDATE {LOST_TABLE} SET is_on = 2; "
        f"{reverting(lost, table, 'rowid', columns)}; "
        f"UPDATE {LOST_TABLE} SET is_on = 1; END",
    )


SWITCH: Final = f"UPDATE {LOST_TABLE} SET is_on = ?"
END: Final = (f"DROP TRIGGER IF EXISTS {LOST_TABLE}", f"DROP TABLE IF EXISTS {LOST_TABLE}")
"""The statements that end it."""
