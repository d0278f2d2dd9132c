"""Statements that the server reads and checks once, not each time they run."""

from __future__ import annotations

from typing import Final

from kailash_testkit.databases.mysql.connection import Connection

_MOST: Final = 50  # statements that are kept


class PreparedStatements:
    """Those of one session. connection: is not connected again."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._names: dict[str, str] = {}

    def execute(self, statement: str) -> str:
        """A short statement that runs this one."""
        name = self._names.get(statement)
        if name is None:
            if len(self._names) >= _MOST:
                self._connection.batch(f"DEALLOCATE PREPARE {old}" for old in self._names.values())
                self._names.clear()
            name = f"p{len(self._names)}"
            text = statement.replace("\\", "\\\\").replace("'", "''")
            self._connection.run(f"PREPARE {name} FROM '{text}'")
            self._names[statement] = name
        return f"EXECUTE {name}"
