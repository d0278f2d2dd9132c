"""The database as it was at the last mark: a copy in memory that follows the journal from mark to mark.

The triggers record what a row became. What it was before stands in the image, so the image is brought up
to date whenever a mark is taken, by the rows that were touched. It is a copy of the whole database, made at
the first mark and again at the first mark after every schema change, never otherwise; a mark costs what
was changed before it. (Databases with tables that fire no triggers are the exception: they are copied at every
mark that finds them changed.)

DataFlow's bookkeeping tables are not recorded; the image holds them as they were when its schema was
first seen, and so they come back with it, in agreement with the tables.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Final

from kailash_testkit.databases.sqlite.connection import Connection
from kailash_testkit.databases.sqlite.journal.catalog import Catalog
from kailash_testkit.databases.sqlite.journal.history import History
from kailash_testkit.databases.sqlite.journal.retracing import Log, Touched
from kailash_testkit.databases.sqlite.journal.triggers import LIVE, TOUCHED, RecordedTable
from kailash_testkit.databases.sqlite.journal.values import Row, exact_text
from kailash_testkit.databases.sqlite.naming import JOURNAL_TABLE, quoted

_WIDEST_KEY: Final = 30


class Image:
    """A copy of the database as of journal position ``position``.

    Made inside a read transaction of ``original``, so that it is of the same moment as the caller's other reads.
    connection: to the copy, with the database attached as `LIVE`. recorded: what the triggers write, by table.
    triggers: the statements that make all triggers again, in their order: the copy has none.
    with_blobs: the tables that hold, or held, values of the storage class BLOB.
    """

    def __init__(
        self,
        original: Connection,
        position: int,
        catalog: Catalog,
        recorded: Mapping[str, RecordedTable],
    ) -> None:
        self.position = position
        self.catalog = catalog
        self.recorded = dict(recorded)
        self.by_number = {table.number: table for table in recorded.values()}
        self.connection = original.copy_to_memory()
        self.connection.raw.text_factory = exact_text
        cursor = self.connection.cursor()
        self.triggers = _drop_triggers(cursor)
        cursor.execute(f"DELETE FROM {JOURNAL_TABLE}")
        cursor.execute(f"CREATE TEMP TABLE {TOUCHED.removeprefix('temp.')} ({_columns(_WIDEST_KEY)})")
        self.with_blobs = {name for name, table in recorded.items() if _has_blobs(cursor, table)}
        self.attach(original.path)

    def attach(self, path: str) -> None:
        """Attach the database."""
        self.connection.run(f"ATTACH ? AS {LIVE}", (path,))

    def detach(self) -> None:
        """Let go of the database, if it was not let go of before: its file is about to be removed."""
        if self.connection.run("SELECT 1 FROM pragma_database_list WHERE name = ?", (LIVE,)):
            self.connection.run(f"DETACH {LIVE}")

    def close(self) -> None:
        """Free the memory."""
        self.connection.close()

    def follow(self, history: History) -> None:
        """Bring the image to the database's present state, and add what happened to the history."""
        with self.connection.transaction("DEFERRED") as cursor:
            head = live_head(cursor)
            if head == self.position:
                return
            touched = self._read_touched(cursor, head, stays=False)
        history.add(touched, self, head)
        self.with_blobs.update(each.recorded.table.name for each in touched if _holds_blob(each.after or ()))
        self.position = head

    def look_ahead(self, history: History) -> None:
        """Add to the history what is known to have happened since, and leave the image as it is.

        For a database whose schema was changed meanwhile: tables may be gone or look otherwise.
        """
        with self.connection.transaction("DEFERRED") as cursor:
            head = live_head(cursor)
            if head > self.position:
                history.add(self._read_touched(cursor, head, stays=True), None, head)

    def _read_touched(self, cursor: sqlite3.Cursor, head: int, *, stays: bool) -> list[Touched]:
        span = {"after": self.position, "last": head}
        logs: dict[int, list[Log]] = {}
        for position, number, *values in cursor.execute(
            f"SELECT rowid, * FROM {LIVE}.{JOURNAL_TABLE} WHERE rowid > :after AND rowid <= :last ORDER BY rowid", span
        ):
            logs.setdefault(number, []).append(Log(position, values))
        return [self._read_table(cursor, self.by_number[number], log, span, stays) for number, log in logs.items()]

    def _read_table(
        self, cursor: sqlite3.Cursor, recorded: RecordedTable, log: list[Log], span: dict[str, int], stays: bool
    ) -> Touched:
        if recorded.keep_touched is not None:
            cursor.execute(recorded.keep_touched, span)
        in_image, in_database = recorded.rows
        before: list[Row] = cursor.execute(in_image, span).fetchall()
        after: list[Row] | None
        try:
            after = cursor.execute(in_database, span).fetchall()
        except sqlite3.OperationalError:  # the table is gone or looks otherwise
            if not stays:
                raise
            after = None
        if not stays:
            for statement in recorded.follow:
                cursor.execute(statement, span)
        if recorded.keep_touched is not None:
            cursor.execute(f"DELETE FROM {TOUCHED}")
        return Touched(recorded, log, before, after)


def live_head(cursor: sqlite3.Cursor) -> int:
    """The position of the last recorded change, on a connection to an image."""
    (head,) = cursor.execute(f"SELECT max(rowid) FROM {LIVE}.{JOURNAL_TABLE}").fetchone()
    return int(head or 0)


def _drop_triggers(cursor: sqlite3.Cursor) -> list[str]:
    """Drop all triggers; returns the statements that make them again, in their order."""
    found = cursor.execute("SELECT name, sql FROM main.sqlite_master WHERE type = 'trigger' ORDER BY rowid").fetchall()
    for name, _ in found:
        cursor.execute(f"DROP TRIGGER main.{quoted(name)}")
    return [statement for _, statement in found]


def _has_blobs(cursor: sqlite3.Cursor, recorded: RecordedTable) -> bool:
    """Whether a value of the table can be written in place, past its triggers."""
    table = recorded.table
    any_blob = " OR ".join(f"typeof({quoted(column.name)}) = 'blob'" for column in table.columns if column.writable)
    return cursor.execute(f"SELECT 1 FROM main.{quoted(table.name)} WHERE {any_blob} LIMIT 1").fetchone() is not None


def _holds_blob(rows: Iterable[Row]) -> bool:
    return any(isinstance(value, bytes) for row in rows for value in row)


def _columns(count: int) -> str:
    return ", ".join(f"k{i}" for i in range(count))
