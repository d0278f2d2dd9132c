"""Noticing that a table was emptied or replaced behind the triggers' back.

TRUNCATE fires no trigger, and what information_schema tells of a table has whole seconds. But InnoDB refuses to
read a table through a snapshot that is older than the table, and TRUNCATE makes it anew. So a second connection of
the kit's keeps a snapshot open; reading one row of a table through it tells. Between looks it holds no lock: going
back to a savepoint gives up what a look has locked, and keeps the snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kailash_testkit.databases.mysql.connection import Connection
from kailash_testkit.databases.mysql.database import quoted

_DEFINITION_CHANGED: Final = 1412
_NO_SUCH_TABLE: Final = 1146
_TORN: Final = (_DEFINITION_CHANGED, _NO_SUCH_TABLE)
_BEGINNING: Final = ("ROLLBACK", "START TRANSACTION WITH CONSISTENT SNAPSHOT", "SAVEPOINT looking")
_GIVING_UP_LOCKS: Final = "ROLLBACK TO SAVEPOINT looking"


class Watch:
    """connection: used for nothing else."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        connection.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")

    def begin(self) -> None:
        """From now on; the caller keeps others from truncating just now."""
        self.connection.batch(_BEGINNING)

    def begins_again(self, tables: Iterable[str]) -> bool:
        """As `begin`, in one round trip. False, and it goes on, if one of the tables was truncated or made anew."""
        names = list(tables)
        try:
            self.connection.batch([touching(names), *_BEGINNING] if names else _BEGINNING)
        except self.connection.Error as error:
            self.connection.run(_GIVING_UP_LOCKS)
            if error.args[0] not in _TORN:
                raise
            return False
        return True

    def torn(self, tables: Iterable[str]) -> set[str]:
        """Which of the tables were truncated, dropped or made anew since `begin`."""
        names = list(tables)
        if not names:
            return set()
        try:
            self.connection.batch([touching(names), _GIVING_UP_LOCKS])
            return set()
        except self.connection.Error as error:
            try:
                if error.args[0] not in _TORN:
                    raise
                return self._torn(names)
            finally:
                self.connection.run(_GIVING_UP_LOCKS)

    def _torn(self, names: list[str]) -> set[str]:
        try:
            self.connection.run(touching(names))
            return set()
        except self.connection.Error as error:
            if error.args[0] not in _TORN:
                raise
        if len(names) == 1:
            return set(names)
        half = len(names) // 2
        return self._torn(names[:half]) | self._torn(names[half:])


def touching(names: Iterable[str]) -> str:
    """A statement that reads at most one row of each of the tables."""
    return " UNION ALL ".join(f"(SELECT 1 FROM {quoted(name)} LIMIT 1)" for name in names)
