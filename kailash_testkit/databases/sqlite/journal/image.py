"""The database as it was at the last mark: a copy in memory that follows the journal from mark to mark.

The triggers record what a row became. What it was before stands in the image, so the image is brought up
to date whenever a mark is taken, by the rows that were touched. It is a copy of the whole database, made at
the first mark and again at the first mark after every schema change, never otherwise; a mark costs what
was changed before it. (Databases with tables that fire no triggers are the exception: they are copied at every
mark that finds them changed.)

An undo puts back the touched rows from the image. Where that is not possible (schema changes, tables that
fire no triggers) the image as a whole is written over the database: slow, and always exact.

DataFlow's bookkeeping tables are not recorded; the image holds them as they were when its schema was
first seen, and so they come back with it, in agreement with the tables.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing

from kailash_testkit.databases.sqlite.connection import bound, configure, transaction
from kailash_testkit.databases.sqlite.database import quoted
from kailash_testkit.databases.sqlite.journal.catalog import JOURNAL_TABLE, Catalog
from kailash_testkit.databases.sqlite.journal.counters import Counters, write_counters
from kailash_testkit.databases.sqlite.journal.history import History, Log, Row, Touched, exact_text
from kailash_testkit.databases.sqlite.journal.triggers import (
    IMAGE,
    LIVE,
    TOUCHED,
    Source,
    in_schema,
    triggers_set_aside,
)
from kailash_testkit.databases.sqlite.sessions import raise_if_locked

_MOST_STATEMENTS = 1000
_WIDEST_KEY = 30


class Image:
    """A copy of the database as of journal position ``position``.

    Made inside a read transaction of ``connection``, so that it is of the same moment as the caller's
    other reads. sources: what the triggers write, by table. wait: for a lock, in seconds.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: str,
        position: int,
        catalog: Catalog,
        sources: Mapping[str, Source],
        *,
        wait: float,
    ) -> None:
        self.position = position
        self.catalog = catalog
        self.sources = dict(sources)
        self._wait = wait
        self._numbered = {source.number: source for source in sources.values()}
        self._connection = _memory(wait)
        connection.backup(self._connection)
        self._connection.text_factory = exact_text
        cursor = self._connection.cursor()
        self._triggers = _drop_triggers(cursor)
        cursor.execute(f"DELETE FROM {JOURNAL_TABLE}")
        cursor.execute(f"CREATE TEMP TABLE {TOUCHED.removeprefix('temp.')} ({_columns(_WIDEST_KEY)})")
        cursor.execute(f"ATTACH ? AS {LIVE}", (path,))

    def close(self) -> None:
        """Free the memory."""
        self._connection.close()

    # Following the database

    def follow(self, history: History) -> None:
        """Bring the image to the database's present state, and add what happened to the history."""
        with transaction(self._connection, "DEFERRED") as cursor:
            head = self._head(cursor)
            if head == self.position:
                return
            touched = self._read_touched(cursor, head, stays=False)
        history.add(touched, self, head)
        self.position = head

    def look_ahead(self, history: History) -> None:
        """Add to the history what is known to have happened since, and leave the image as it is.

        For a database whose schema was changed meanwhile: tables may be gone or look otherwise.
        """
        with transaction(self._connection, "DEFERRED") as cursor:
            head = self._head(cursor)
            if head > self.position:
                history.add(self._read_touched(cursor, head, stays=True), None, head)

    def _head(self, cursor: sqlite3.Cursor) -> int:
        (head,) = cursor.execute(f"SELECT max(rowid) FROM {LIVE}.{JOURNAL_TABLE}").fetchone()
        return int(head or 0)

    def _read_touched(self, cursor: sqlite3.Cursor, head: int, *, stays: bool) -> list[Touched]:
        span = (self.position, head)
        logs: dict[int, list[Log]] = {}
        for position, number, *values in cursor.execute(
            f"SELECT rowid, * FROM {LIVE}.{JOURNAL_TABLE} WHERE rowid > ? AND rowid <= ? ORDER BY rowid", span
        ):
            logs.setdefault(number, []).append(Log(position, values))
        return [self._read_source(cursor, self._numbered[number], log, span, stays) for number, log in logs.items()]

    def _read_source(
        self, cursor: sqlite3.Cursor, source: Source, log: list[Log], span: tuple[int, int], stays: bool
    ) -> Touched:
        given: tuple[int, ...] = span
        if source.keep_touched is not None:
            cursor.execute(source.keep_touched, span)
            given = ()
        in_image, in_database = source.rows
        before: list[Row] = cursor.execute(in_image, given).fetchall()
        after: list[Row] | None
        try:
            after = cursor.execute(in_database, given).fetchall()
        except sqlite3.OperationalError:  # the table is gone or looks otherwise
            if not stays:
                raise
            after = None
        if not stays:
            for statement in source.follow:
                cursor.execute(statement, given)
        if source.keep_touched is not None:
            cursor.execute(f"DELETE FROM {TOUCHED}")
        return Touched(source, log, before, after)

    # Going back

    def locked(self) -> AbstractContextManager[sqlite3.Cursor]:
        """A transaction on the database and the image that keeps all others from writing."""
        return transaction(self._connection, "IMMEDIATE")

    def restore(self, cursor: sqlite3.Cursor, position: int, history: History, counters: Counters) -> bool:
        """Put the touched rows back as they were at ``position``, inside `locked`; whether anything differed."""
        head = self._head(cursor)
        if head > position:
            self._restore_rows(cursor, position, head, history)
        counted = write_counters(cursor, counters, LIVE, has_sequences=self.catalog.has_sequences)
        return counted or head > position

    def _restore_rows(self, cursor: sqlite3.Cursor, position: int, head: int, history: History) -> None:
        span = (self.position, head)
        numbers = cursor.execute(
            f"SELECT DISTINCT source FROM {LIVE}.{JOURNAL_TABLE} WHERE rowid > ? AND rowid <= ?", span
        ).fetchall()
        earlier = history.rows_at(position, self)
        touched = [self._numbered[number] for (number,) in numbers]
        firing = {source.table.name for source in [*touched, *earlier] if source.table.has_user_triggers}
        with triggers_set_aside(cursor, sorted(firing), LIVE):
            for source in touched:
                for statement in source.undo:
                    cursor.execute(statement, span)
            for schema in (LIVE, IMAGE):
                put_rows(cursor, schema, earlier)
        cursor.execute(f"DELETE FROM {LIVE}.{JOURNAL_TABLE} WHERE rowid > ?", (position,))  # the undo's own as well
        _end_journal(cursor, LIVE, position)

    def put_back(self, live: sqlite3.Connection, position: int, history: History, counters: Counters) -> None:
        """Make the whole database what it was at ``position``, in one transaction of its own."""
        earlier = history.rows_at(position, self)
        with closing(_memory(self._wait)) as work:
            self._connection.backup(work)
            with transaction(work, "DEFERRED") as cursor:
                put_rows(cursor, IMAGE, earlier)
                write_counters(cursor, counters, IMAGE, has_sequences=self.catalog.has_sequences)
                _end_journal(cursor, IMAGE, position)
                for statement in self._triggers:
                    cursor.execute(in_schema(statement, IMAGE))
            work.backup(live, progress=raise_if_locked)
        put_rows(self._connection.cursor(), IMAGE, earlier)
        self.position = position


def _end_journal(cursor: sqlite3.Cursor, schema: str, position: int) -> None:
    """Let the journal end at ``position``, so that later changes have greater ones.

    Its row there may be gone: an image that was put back brought an empty journal.
    """
    if position:
        cursor.execute(f"INSERT OR IGNORE INTO {schema}.{JOURNAL_TABLE} (rowid, source) VALUES (?, 0)", (position,))


def put_rows(cursor: sqlite3.Cursor, schema: str, rows: Mapping[Source, Mapping[Row, Row | None]]) -> None:
    """Make each row, given by its key, what is given; None for no row."""
    for source, by_key in rows.items():
        delete = source.delete_one(schema)
        for key in by_key:
            places, values = bound(key)
            cursor.execute(_with_places(delete, places), values)
        for row in by_key.values():
            if row is not None:
                places, values = bound(source.written(row))
                cursor.execute(source.insert_one(schema, places), values)


def _with_places(statement: str, places: list[str]) -> str:
    """The statement with other placeholders; as it is, usually."""
    if "CAST(? AS TEXT)" not in places:
        return statement
    head, *rest = statement.split(" = ?")
    return head + "".join(f" = {place}{more}" for place, more in zip(places, rest, strict=True))


def _drop_triggers(cursor: sqlite3.Cursor) -> list[str]:
    """Drop all triggers; returns the statements that make them again, in their order."""
    found = cursor.execute("SELECT name, sql FROM main.sqlite_master WHERE type = 'trigger' ORDER BY rowid").fetchall()
    for name, _ in found:
        cursor.execute(f"DROP TRIGGER main.{quoted(name)}")
    return [statement for _, statement in found]


def _columns(count: int) -> str:
    return ", ".join(f"k{i}" for i in range(count))


def _memory(wait: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        ":memory:", timeout=wait, isolation_level=None, check_same_thread=False, cached_statements=_MOST_STATEMENTS
    )
    configure(connection)
    return connection
