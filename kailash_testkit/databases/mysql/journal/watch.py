"""Noticing that a table was emptied or replaced behind the triggers' back.

TRUNCATE fires no trigger, and what information_schema tells of a table has whole seconds. But InnoDB refuses to
read a table through a snapshot that is older than the table, and TRUNCATE makes it again. So a second connection of
the kit keeps a snapshot open; reading one row of a table through it tells. Between looks it holds no lock: going
back to a savepoint gives up what a look has locked, and keeps the snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kailash_testkit.databases.mysql.connection import Connection, quoted
from kailash_testkit.databases.mysql.driver import NO_SUCH_TABLE, TABLE_DEFINITION_CHANGED, error_number

_TRUNCATED_OR_RECREATED: Final = (TABLE_DEFINITION_CHANGED, NO_SUCH_TABLE)
_BEGIN: Final = ("ROLLBACK", "START TRANSACTION WITH CONSISTENT SNAPSHOT", "SAVEPOINT looking")
_GIVE_UP_LOCKS: Final = "ROLLBACK TO SAVEPOINT looking"


class Watch:
    """connection: used for nothing else."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        connection.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")

    def begin(self) -> None:
        """From now on; the caller keeps others from truncating just now."""
        self.connection.batch(_BEGIN)

    def restart(self, tables: Iterable[str]) -> bool:
        """As `begin`, in one round trip. False, and it goes on, if one of the tables was truncated or made again."""
        names = list(tables)
        try:
            self.connection.batch([probe_query(names), *_BEGIN] if names else _BEGIN)
        except self.connection.Error as error:
            self.connection.run(_GIVE_UP_LOCKS)
            if error_number(error) not in _TRUNCATED_OR_RECREATED:
                raise
            return False
        return True

    def truncated_or_recreated(self, tables: Iterable[str]) -> set[str]:
        """Which of the tables were truncated, dropped or made again since `begin`."""
        names = list(tables)
        if not names:
            return set()
        try:
            self.connection.batch([probe_query(names), _GIVE_UP_LOCKS])
            return set()
        except self.connection.Error as error:
            try:
                if error_number(error) not in _TRUNCATED_OR_RECREATED:
                    raise
                return self._truncated_or_recreated(names)
            finally:
                self.connection.run(_GIVE_UP_LOCKS)

    def _truncated_or_recreated(self, names: list[str]) -> set[str]:
        try:
            self.connection.run(probe_query(names))
            return set()
        except self.connection.Error as error:
            if error_number(error) not in _TRUNCATED_OR_RECREATED:
                raise
        if len(names) == 1:
            return set(names)
        half = len(names) // 2
        return self._truncated_or_recreated(names[:half]) | self._truncated_or_recreated(names[half:])


def probe_query(names: Iterable[str]) -> str:
    """A statement that reads at most one row of each of the tables."""
    return " UNION ALL ".join(f"(SELECT 1 FROM {quoted(name)} LIMIT 1)" for name in names)
