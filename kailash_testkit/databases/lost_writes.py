"""Writes that get lost: the statement succeeds, as far as anybody is told, and the row is as it was before.

Each kind has a trigger for it that runs after the row was written, and takes the write back within the same statement:
so also a row count, and what ``RETURNING`` gives, are those of a write. The journal records both, which is no change.
MariaDB lets no trigger write to the table that it is of, and one that runs before a write cannot drop it silently.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kailash_testkit.databases.failpoints import Event

TOMBSTONE = "deleted_at"


@dataclass(frozen=True, slots=True)
class LostWrites:
    """The writes of one kind to one table.

    soft: of updates, only those that delete a row softly, or only the others; None where there is no difference.
    """

    table: str
    event: Event
    soft: bool | None = None

    @property
    def condition(self) -> str:
        """In SQL, for which rows; true for all."""
        if self.soft is None:
            return "1 = 1"
        deletes = f"(OLD.{TOMBSTONE} IS NULL AND NEW.{TOMBSTONE} IS NOT NULL)"
        return deletes if self.soft else f"NOT {deletes}"


def reverting(lost: LostWrites, table: str, key: str, columns: Sequence[str], overriding: str = "") -> str:
    """The statement that takes the write of a row back. table, key, columns: in SQL. overriding: of an INSERT."""
    match = f"WHERE {key} = NEW.{key}"
    if lost.event == "insert":
        return f"DELETE FROM {table} {match}"
    if lost.event == "update":
        old = ", ".join(f"{column} = OLD.{column}" for column in columns)
        return f"UPDATE {table} SET {old} {match}"
    old = ", ".join(f"OLD.{column}" for column in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) {overriding} VALUES ({old})"
