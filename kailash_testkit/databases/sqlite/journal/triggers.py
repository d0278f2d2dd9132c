"""The triggers that record changes, and the statements that take recorded changes back.

DataFlow opens a connection for each operation, and each new connection reads the text of all triggers
before it does anything else. So there are only three per table, and they say as little as will do: an
insert records the row, an update the row after it and the key before it, a delete the key. What a row was
before is known from the image of the last mark (`image`).

A journal row is ``(source, c0, c1, ...)``: for a table of k recorded columns, c0 to c(k-1) are the row
after the change, NULL for a delete; then comes the key before it, NULL for an insert. The columns have no
type, so SQLite keeps every value as it is: bits, storage class and all.

REPLACE and UPDATE OR REPLACE remove rows without firing a delete trigger (unless the connection has
recursive_triggers on). Such a row shares a unique key with one that was written. If the journal does not
name it otherwise, it is still as it was at the last mark, so it is looked for in the image.

SQLite fires the newest trigger first. The journal's must be newer than the application's, so that a
change is recorded before the application's own triggers change the same row again, or end the statement;
hence `Journal.refresh` makes them again when it finds a table with other triggers. A test pins the order.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from functools import cached_property

from kailash_testkit.databases.sqlite.journal.catalog import Table, UniqueKey
from kailash_testkit.databases.sqlite.naming import JOURNAL_TABLE, OWN_PREFIX, quoted, quoted_column

#: The names under which a connection to an image has the database, and the image.
LIVE, IMAGE = "live", "main"
#: Holds keys of one table for the length of a transaction, on a connection to an image.
TOUCHED = "temp.touched"
_SUFFIXES = ("insert", "update", "delete")


class RecordedTable:
    """A table as recorded from one moment on: its triggers write ``number`` into the journal."""

    def __init__(self, number: int, table: Table) -> None:
        self.number = number
        self.table = table
        self.width = len(table.columns)
        self.trigger_names = [f"{OWN_PREFIX}{number}_{suffix}" for suffix in _SUFFIXES]
        self._table = quoted(table.name)
        self._names = [quoted_column(column.name) for column in table.columns]
        self._key = [self._names[i] for i in table.key]
        self._written = [name for name, column in zip(self._names, table.columns, strict=True) if column.writable]

    # What the triggers write

    def _triggers(self) -> Iterator[str]:
        """The statements that create the table's triggers."""
        row, old = self._slots(0, self.width), self._slots(self.width, len(self._key))
        old_key = [f"old.{name}" for name in self._key]
        yield self._trigger("insert", row, self._row_after([]))
        yield self._trigger("update", row + old, self._row_after(old_key))
        yield self._trigger("delete", old, f"VALUES ({self.number}, {', '.join(old_key)})")

    def _trigger(self, event: str, slots: list[str], values: str) -> str:
        return (
            f"CREATE TRIGGER {OWN_PREFIX}{self.number}_{event} AFTER {event} ON {self._table} "
            f"BEGIN INSERT INTO {JOURNAL_TABLE} (source, {', '.join(slots)}) {values}; END"
        )

    def _row_after(self, more: list[str]) -> str:
        """The row as it is now. Reading it takes SQLite less than half the time to parse that ``new.`` takes."""
        if self.table.may_vanish:
            return f"VALUES ({self.number}, {', '.join([*(f'new.{name}' for name in self._names), *more])})"
        same = " AND ".join(f"{name} = new.{name}" for name in self._key)
        return f"SELECT {self.number}, {', '.join(self._names + more)} FROM {self._table} WHERE {same}"

    @staticmethod
    def _slots(first: int, count: int) -> list[str]:
        return [f"c{i}" for i in range(first, first + count)]

    # What is done with it

    @cached_property
    def undo(self) -> tuple[str, str]:
        """Make the rows touched in (:after, :last] in the database what they are in the image."""
        return self._undo(LIVE, IMAGE)

    def _undo(self, live: str, image: str) -> tuple[str, str]:
        """Removing all before inserting any means that no order can violate a unique constraint on the way."""
        touched = self._touched(live, image)
        return self._delete(live, touched), self._copy(image, live, touched)

    @cached_property
    def keep_touched(self) -> str | None:
        """Put the keys touched in (:after, :last] into `TOUCHED`, where a changed image would not have them."""
        if not self.table.unique:
            return None
        return f"INSERT INTO {TOUCHED} ({', '.join(self._kept_keys)}) {self._touched(LIVE, IMAGE)}"

    @cached_property
    def follow(self) -> tuple[str, str]:
        """Make the touched rows in the image what they are in the database."""
        return self._delete(IMAGE, self._kept), self._copy(LIVE, IMAGE, self._kept)

    @cached_property
    def rows(self) -> tuple[str, str]:
        """The touched rows, all columns: those in the image, and those in the database."""
        return self._rows(IMAGE), self._rows(LIVE)

    def _rows(self, schema: str) -> str:
        return f"SELECT {', '.join(self._names)} FROM {schema}.{self._table} WHERE {self._in(self._kept)}"

    def delete_one(self, schema: str) -> str:
        """Delete the row with the given key."""
        return f"DELETE FROM {schema}.{self._table} WHERE {' AND '.join(f'{name} = ?' for name in self._key)}"

    def insert_one(self, schema: str, placeholders: Iterable[str]) -> str:
        """Insert a row, given what stands for the value of each column that can be written."""
        columns, values = ", ".join(self._written), ", ".join(placeholders)
        return f"INSERT OR ABORT INTO {schema}.{self._table} ({columns}) VALUES ({values})"

    def written(self, row: tuple[object, ...]) -> list[object]:
        """The values of the columns that can be written."""
        return [value for value, column in zip(row, self.table.columns, strict=True) if column.writable]

    def _touched(self, live: str, image: str) -> str:
        span = f"FROM {live}.{JOURNAL_TABLE} WHERE rowid > :after AND rowid <= :last AND source = {self.number}"
        new = [f"c{i}" for i in self.table.key]
        old = self._slots(self.width, len(new))
        parts = [f"SELECT {', '.join(slots)} {span} AND {slots[0]} IS NOT NULL" for slots in (old, new)]
        written = f"{span} AND {new[0]} IS NOT NULL"
        parts += [self._colliding(unique, image, written) for unique in self.table.unique]
        return " UNION ALL ".join(parts)

    def _colliding(self, unique: UniqueKey, image: str, written: str) -> str:
        """The keys of the image's rows that share a unique key with a row that was written."""
        columns = [
            f"{self._names[i]} COLLATE {quoted(collation)}"
            for i, collation in zip(unique.columns, unique.collations, strict=True)
        ]
        slots = ", ".join(f"c{i}" for i in unique.columns)
        condition = f" AND ({unique.condition}\n)" if unique.condition else ""  # the line end closes a comment
        return (
            f"SELECT {', '.join(self._key)} FROM {image}.{self._table} "
            f"WHERE ({', '.join(columns)}) IN (SELECT {slots} {written}){condition}"
        )

    @property
    def _kept_keys(self) -> list[str]:
        return [f"k{i}" for i in range(len(self._key))]

    @cached_property
    def _kept(self) -> str:
        """The touched keys: from `TOUCHED`, else those touched in (:after, :last]."""
        if self.keep_touched is None:
            return self._touched(LIVE, IMAGE)
        return f"SELECT {', '.join(self._kept_keys)} FROM {TOUCHED}"

    def _in(self, keys: str) -> str:
        return f"({', '.join(self._key)}) IN ({keys})"

    def _delete(self, schema: str, keys: str) -> str:
        return f"DELETE FROM {schema}.{self._table} WHERE {self._in(keys)}"

    def _copy(self, source: str, target: str, keys: str) -> str:
        columns = ", ".join(self._written)
        return (
            f"INSERT OR ABORT INTO {target}.{self._table} ({columns}) "
            f"SELECT {columns} FROM {source}.{self._table} WHERE {self._in(keys)}"
        )

    def install(self, cursor: sqlite3.Cursor) -> str | None:
        """Create the triggers, or say why the table cannot be recorded and create none.

        The cursor's connection must be able to run what undo needs: an application's own function or
        collation, used in an index or a trigger, is unknown to it.
        """
        for trigger in self._triggers():
            cursor.execute(trigger)
        try:
            for statement in self._undo("main", "main"):  # run on nothing; SQLite 3.40 crashes on repeated EXPLAINs
                cursor.execute(statement, {"after": 0, "last": 0})
            cursor.execute(f"UPDATE {self._table} SET {self._written[0]} = {self._written[0]} WHERE 0")
            cursor.execute(f"SELECT {', '.join(self._names)} FROM {self._table} WHERE 0")
        except sqlite3.Error as error:
            for name in self.trigger_names:
                cursor.execute(f"DROP TRIGGER {name}")
            return f"cannot be written by the kit: {error}"
        return None
