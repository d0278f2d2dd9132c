"""Noticing that a table was emptied or replaced behind the triggers' back.

TRUNCATE fires no trigger, and what information_schema tells of a table has whole seconds. But InnoDB refuses to
read a table through a snapshot that is older than the table, and TRUNCATE makes it anew. So a second connection of
the kit's keeps a snapshot open; reading one row of a table through it tells. Between looks it holds no lock: going
back to a savepoint gives up what a look has locked, and keeps the snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kailash_testkit.journal.mysql_connection import Connection, is_busy, quoted

_DEFINITION_CHANGED: Final = 1412
_NO_SUCH_TABLE: Final = 1146
_TORN: Final = (_DEFINITION_CHANGED, _NO_SUCH_TABLE)


class Watch:
    """connection: used for nothing else."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        connection.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")

    def begin(self) -> None:
        """From now on; the caller keeps others from truncating just now."""
        self.connection.run("ROLLBACK")
        self.connection.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        self.connection.run("SAVEPOINT looking")

    def torn(self, tables: Iterable[str], *, keep_locks: bool = False) -> set[str]:
        """Which of the tables were truncated, dropped or made anew since `begin`.

        keep_locks: nobody can truncate a table until `begin` is called.
        """
        names = list(tables)
        if not names:
            return set()
        try:
            return self._torn(names)
        finally:
            if not keep_locks:
                self.connection.run("ROLLBACK TO SAVEPOINT looking")

    def _torn(self, names: list[str]) -> set[str]:
        try:
            self.connection.run(touching(names))
            return set()
        except self.connection.Error as error:
            if is_busy(error) or (len(names) == 1 and error.args[0] not in _TORN):
                raise
        if len(names) == 1:
            return set(names)
        half = len(names) // 2
        return self._torn(names[:half]) | self._torn(names[half:])


def touching(names: Iterable[str]) -> str:
    """A statement that reads at most one row of each of the tables."""
    return " UNION ALL ".join(f"(SELECT 1 FROM {quoted(name)} LIMIT 1)" for name in names)
