"""The slow and always exact way back: a saved state of the whole database, brought up to a mark.

Some changes cannot be taken back row by row: schema changes, tables that fire no triggers. By the time
they are noticed it is too late to save what was there before, so a copy must exist beforehand. It is made
in memory at the first mark and again at the first mark after every schema change, never otherwise: at a
later mark the state is that copy plus the changes recorded between, repeated on a copy of the copy. So a
mark costs nothing but reads, in the usual case of a schema that stands still. (The other way round,
undoing the journal on a copy of the present file, cannot get behind a schema change. Saving at each mark
would cost the size of the database per test.) Databases with tables that fire no triggers are the
exception: they are saved at every mark that finds them changed.

DataFlow's bookkeeping tables are not recorded; the copy holds them as they were when its schema was
first seen, and so they come back with it, in agreement with the tables.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from kailash_testkit.journal.sqlite_catalog import JOURNAL_TABLE, Catalog
from kailash_testkit.journal.sqlite_counters import Counters, write_counters
from kailash_testkit.journal.sqlite_locks import raise_if_locked
from kailash_testkit.journal.sqlite_triggers import DELETE, SEEN, Source, triggers_set_aside


class SavedState:
    """A copy of the database at journal position ``seq``.

    Made inside a read transaction of ``connection``, so that it is of the same moment as the caller's
    other reads. sources: what the triggers in the copy write, by table.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        seq: int,
        catalog: Catalog,
        sources: Mapping[str, Source],
    ) -> None:
        self.seq = seq
        self.catalog = catalog
        self.sources = dict(sources)
        self._image = _memory()
        connection.backup(self._image)

    def close(self) -> None:
        """Free the memory."""
        self._image.close()

    def put_back(
        self,
        live: sqlite3.Connection,
        path: str,
        *,
        seq: int,
        counters: Counters,
        removed: set[int],
        wait: float,
    ) -> None:
        """Make the database what it was at position ``seq``, in one transaction of its own.

        removed: the positions, among the rows seen up to ``seq``, of those that were removed.
        """
        work = _memory(wait)
        try:
            self._image.backup(work)
            cursor = work.cursor()
            if seq > self.seq:
                self._fetch_journal(cursor, path, seq)
            cursor.execute("BEGIN")
            if seq > self.seq:
                self._repeat(cursor, seq, removed)
            write_counters(cursor, counters, has_sequences=self.catalog.has_sequences)
            cursor.execute("COMMIT")
            work.backup(live, progress=raise_if_locked)
        finally:
            work.close()

    def _fetch_journal(self, cursor: sqlite3.Cursor, path: str, seq: int) -> None:
        names = cursor.execute("SELECT name FROM pragma_table_info(?)", (JOURNAL_TABLE,)).fetchall()
        columns = ", ".join(name for (name,) in names)
        cursor.execute("ATTACH ? AS live", (path,))
        cursor.execute(
            f"INSERT INTO main.{JOURNAL_TABLE} ({columns}) "
            f"SELECT {columns} FROM live.{JOURNAL_TABLE} WHERE seq > ? AND seq <= ?",
            (self.seq, seq),
        )
        cursor.execute("DETACH live")

    def _repeat(self, cursor: sqlite3.Cursor, seq: int, removed: set[int]) -> None:
        cursor.executemany(
            f"UPDATE {JOURNAL_TABLE} SET kind = {DELETE} WHERE seq = ?",
            [(position,) for position in removed if position > self.seq],
        )
        cursor.execute(f"DELETE FROM {JOURNAL_TABLE} WHERE kind = {SEEN} AND seq > ?", (self.seq,))
        changed = {
            number
            for (number,) in cursor.execute(f"SELECT DISTINCT source FROM {JOURNAL_TABLE} WHERE seq > ?", (self.seq,))
        }
        sources = [source for source in self.sources.values() if source.number in changed]
        with triggers_set_aside(cursor, [source.table.name for source in sources]):
            for source in sources:
                for statement in source.forward:
                    cursor.execute(statement, (self.seq, seq))


def _memory(wait: float = 0.0) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", timeout=wait, isolation_level=None, check_same_thread=False)
    configure(connection)
    return connection


def configure(connection: sqlite3.Connection) -> None:
    """Let rows be put back that constraints would refuse or act upon: they were there before."""
    for pragma in ("foreign_keys = OFF", "ignore_check_constraints = ON"):
        connection.execute(f"PRAGMA {pragma}")
