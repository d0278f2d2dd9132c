"""A database file with a journal on it, and connections like an application's."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from kailash_testkit.databases.sqlite.connection import Connection
from kailash_testkit.databases.sqlite.journal.journal import Journal


class Bench:
    """One database file, the kit's journal on it, and any number of application connections."""

    def __init__(self, folder: Path, *, wait: float = 0.05, journal_mode: str = "WAL") -> None:
        self._wait = wait
        self._journal_mode = journal_mode
        self.path = str(folder / "application.db")
        self._open: list[sqlite3.Connection] = []
        self.app = self.connect()
        connection = Connection.open_for_journal(self.path, lock_wait=wait)
        self.kit = connection.raw
        self.journal = Journal(connection)

    def connect(self, *, recursive_triggers: bool = False) -> sqlite3.Connection:
        """An application's connection, with the settings that DataFlow's have."""
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=self._wait, check_same_thread=False)
        connection.execute(f"PRAGMA journal_mode = {self._journal_mode}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA recursive_triggers = {int(recursive_triggers)}")
        self._open.append(connection)
        return connection

    def start(self, schema: str) -> None:
        """Create the application's tables and install the journal."""
        self.app.executescript(schema)
        self.journal.install()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self.app.execute(query).fetchall()

    def close(self) -> None:
        self.journal.close()
        for connection in self._open:
            connection.close()
