"""The triggers that record changes, and the statements that take recorded changes back or repeat them.

A journal row is ``(seq, source, kind, v0, v1, ...)``: for a table of k recorded columns, v0 to v(k-1)
are the row before the change and vk to v(2k-1) the row after it. The columns have no type, so SQLite
keeps every value as it is: bits, storage class and all.

REPLACE and UPDATE OR REPLACE remove rows without firing a delete trigger (unless the connection has
recursive_triggers on). So before every insert, and every update of unique columns, the rows that it
collides with are recorded as `SEEN`. That is a fact, not yet a change: whether the row was removed
follows from what comes after (see `sqlite_history`); for going back the fact alone is enough.

SQLite fires the newest trigger first. The journal's must be newer than the application's, so that a
change is recorded before the application's own triggers change the same row again; hence
`SqliteJournal.refresh` makes them anew when it finds a table with other triggers. A test pins the order.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property

from kailash_testkit.journal.sqlite_catalog import JOURNAL_TABLE, OWN_PREFIX, Table, UniqueKey, quoted

INSERT, UPDATE, DELETE, SEEN = 1, 2, 3, 4
_SUFFIXES = ("before_insert", "before_update", "insert", "update", "delete")


class Source:
    """One table as recorded from one moment on: its triggers write ``number`` into the journal."""

    def __init__(self, number: int, table: Table) -> None:
        self.number = number
        self.table = table
        self.width = len(table.columns)
        self.trigger_names = [f"{OWN_PREFIX}{number}_{suffix}" for suffix in _SUFFIXES]

    def _triggers(self) -> Iterator[str]:
        """The statements that create the table's triggers."""
        seen_by_insert = [self._record_seen(unique) for unique in self.table.unique]
        yield self._trigger("before_insert", "BEFORE INSERT", seen_by_insert)
        yield self._trigger("before_update", "BEFORE UPDATE", seen_by_insert, when=self._key_changes())
        yield self._trigger("insert", "AFTER INSERT", [self._record(INSERT, after=True)])
        yield self._trigger("update", "AFTER UPDATE", [self._record(UPDATE, before=True, after=True)])
        yield self._trigger("delete", "AFTER DELETE", [self._record(DELETE, before=True)])

    def _trigger(self, suffix: str, event: str, body: Iterable[str], when: str = "1") -> str:
        name = f"{OWN_PREFIX}{self.number}_{suffix}"
        condition = "" if when == "1" else f" WHEN {when}"
        steps = " ".join(f"{step};" for step in body)
        return f"CREATE TRIGGER {name} {event} ON {quoted(self.table.name)}{condition} BEGIN {steps} END"

    def _record(self, kind: int, *, before: bool = False, after: bool = False) -> str:
        names = [quoted(column.name) for column in self.table.columns]
        values = [f"old.{name}" for name in names] * before + [f"new.{name}" for name in names] * after
        into = self._slots(0) * before + self._slots(self.width) * after
        return (
            f"INSERT INTO {JOURNAL_TABLE} (source, kind, {', '.join(into)}) "
            f"VALUES ({self.number}, {kind}, {', '.join(values)})"
        )

    def _slots(self, first: int) -> list[str]:
        return [f"v{first + i}" for i in range(self.width)]

    def _record_seen(self, unique: UniqueKey) -> str:
        """Record the rows that share a unique key with the row about to be written."""
        table = quoted(self.table.name)
        same = [
            f"{table}.{quoted(self.table.columns[i].name)} = {self._written(i)} COLLATE {quoted(collation)}"
            for i, collation in zip(unique.columns, unique.collations, strict=True)
        ]
        if unique.condition:
            same.append(f"({unique.condition}\n)")  # the line end closes a comment
        values = ", ".join(f"{table}.{quoted(column.name)}" for column in self.table.columns)
        return (
            f"INSERT INTO {JOURNAL_TABLE} (source, kind, {', '.join(self._slots(0))}) "
            f"SELECT {self.number}, {SEEN}, {values} FROM {table} WHERE {' AND '.join(same)}"
        )

    def _written(self, index: int) -> str:
        """The new value; OR REPLACE puts a NOT NULL column's default in place of NULL."""
        column = self.table.columns[index]
        new = f"new.{quoted(column.name)}"
        return new if column.default is None else f"coalesce({new}, ({column.default}))"

    def _key_changes(self) -> str:
        names = {quoted(self.table.columns[i].name) for unique in self.table.unique for i in unique.columns}
        return " OR ".join(f"new.{name} COLLATE BINARY IS NOT old.{name}" for name in sorted(names))

    @cached_property
    def backward(self) -> tuple[str, str]:
        """Put back the touched rows as they were before position ?1, going by the journal up to ?2."""
        return self._restoring("min", first=0, parity=0)

    @cached_property
    def forward(self) -> tuple[str, str]:
        """Make the touched rows what they were at position ?2, starting from those at ?1."""
        return self._restoring("max", first=self.width, parity=1)

    def _restoring(self, choose: str, *, first: int, parity: int) -> tuple[str, str]:
        """Remove every row touched in (?1, ?2], then insert those that were there.

        Each journal row speaks of a key before it (at 2 * seq) and after it (at 2 * seq + 1). What the
        first of these says of a key is the truth at ?1, what the last says is the truth at ?2. Removing
        all first means that no order of inserts can violate a unique constraint on the way.
        """
        table = quoted(self.table.name)
        key = [f"k{i}" for i in range(len(self.table.key))]
        span = f"FROM {JOURNAL_TABLE} WHERE seq > ?1 AND seq <= ?2 AND source = {self.number}"
        old = ", ".join(f"v{i} AS k{n}" for n, i in enumerate(self.table.key))
        new = ", ".join(f"v{self.width + i}" for i in self.table.key)
        touched = (
            f"SELECT {old}, 2 * seq AS at {span} AND kind <> {INSERT} "
            f"UNION ALL SELECT {new}, 2 * seq + 1 {span} AND kind <= {UPDATE}"
        )
        names = ", ".join(quoted(self.table.columns[i].name) for i in self.table.key)
        delete = f"DELETE FROM {table} WHERE ({names}) IN (SELECT {', '.join(key)} FROM ({touched}))"
        written = [i for i, column in enumerate(self.table.columns) if column.writable]
        columns = ", ".join(quoted(self.table.columns[i].name) for i in written)
        insert = (
            f"INSERT OR ABORT INTO {table} ({columns}) "
            f"SELECT {', '.join(f'v{first + i}' for i in written)} "
            f"FROM (SELECT {choose}(at) AS at FROM ({touched}) GROUP BY {', '.join(key)}) AS chosen "
            f"CROSS JOIN {JOURNAL_TABLE} AS j ON j.seq = chosen.at / 2 WHERE chosen.at % 2 = {parity}"
        )
        return delete, insert

    @cached_property
    def still_there(self) -> str:
        """Whether the row that journal row ?1 saw exists now, under exactly that key."""
        keys = [(quoted(self.table.columns[i].name), f"j.v{i}") for i in self.table.key]
        same = " AND ".join(f"t.{name} = {slot} AND t.{name} = {slot} COLLATE BINARY" for name, slot in keys)
        return (
            f"SELECT EXISTS (SELECT 1 FROM {JOURNAL_TABLE} AS j CROSS JOIN {quoted(self.table.name)} AS t "
            f"ON {same} WHERE j.seq = ?1)"
        )

    def install(self, cursor: sqlite3.Cursor) -> str | None:
        """Create the triggers, or say why the table cannot be recorded and create none.

        The cursor's connection must be able to run what undo needs: an application's own function or
        collation, used in an index or a trigger, is unknown to it.
        """
        for trigger in self._triggers():
            cursor.execute(trigger)
        table = quoted(self.table.name)
        column = quoted(next(column.name for column in self.table.columns if column.writable))
        try:
            for statement in self.backward:  # run on nothing; SQLite 3.40 crashes on repeated EXPLAINs
                cursor.execute(statement, (0, 0))
            cursor.execute(f"UPDATE {table} SET {column} = {column} WHERE 0")
        except sqlite3.Error as error:
            for name in self.trigger_names:
                cursor.execute(f"DROP TRIGGER {name}")
            return f"cannot be written by the kit: {error}"
        return None


def triggers_of(cursor: sqlite3.Cursor, table: str) -> list[tuple[str, str]]:
    """Name and statement of all triggers of the table, in the order in which they were made."""
    return cursor.execute(
        "SELECT name, sql FROM main.sqlite_master "
        "WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE ORDER BY rowid",
        (table,),
    ).fetchall()


@contextmanager
def triggers_set_aside(cursor: sqlite3.Cursor, tables: Iterable[str]) -> Generator[None, None, None]:
    """Drop all triggers of the tables for the length of the block, inside the open transaction.

    They are made again in their old order, because the order decides which fires first.
    """
    found: list[tuple[str, str]] = []
    for table in tables:
        found += triggers_of(cursor, table)
    for name, _ in found:
        cursor.execute(f"DROP TRIGGER {quoted(name)}")
    yield
    for _, sql in found:
        cursor.execute(sql)
