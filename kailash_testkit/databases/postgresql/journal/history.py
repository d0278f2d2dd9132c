"""Reads recorded changes, as values of Python and exactly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, cast

from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.databases.postgresql.connection import FIRST_OBJECT, Connection, literal
from kailash_testkit.databases.postgresql.journal.catalog import Column, Table
from kailash_testkit.databases.postgresql.journal.trigger_functions import JOURNAL
from kailash_testkit.databases.postgresql.journal.triggers import HAS_ROW, after

_FIELD: Final = re.compile(r'(?:"((?:[^"]|"")*)"|([^,]*)),')


@dataclass(frozen=True, slots=True)
class ExactChange(RecordedChange):
    """A change with the rows as the journal holds them; values of Python cannot tell ``1.0`` from ``1.00`` in json.

    source: the number of the table. old, new: the row before and after as text of the table's row type.
    """

    source: int
    old: str | None
    new: str | None

    def inverse(self) -> ExactChange:
        turned = RecordedChange.inverse(self)
        return ExactChange(
            *(turned.seq, turned.table, turned.kind, turned.key, turned.new_key, turned.before, turned.after),
            *(self.source, self.new, self.old),
        )


def recorded_rows(connection: Connection, snapshot: str) -> list[tuple[Any, ...]]:
    """What was committed since the snapshot, in its order, for `as_changes`."""
    since = after(literal(snapshot))
    return connection.run(
        f"SELECT at, ctid::text, source, old, new FROM {JOURNAL} AS j WHERE {since} AND {HAS_ROW} ORDER BY at, j.ctid"
    )


def present_rows(connection: Connection, sources: Mapping[int, Table]) -> list[tuple[Any, ...]]:
    """The rows of the tables, as if they were inserted now, for `as_changes`."""
    parts = [
        f"SELECT 0, '(0,0)', {number}, NULL, (t.*)::text FROM ONLY {table.sql} t" for number, table in sources.items()
    ]
    return connection.run(" UNION ALL ".join(parts)) if parts else []


def as_changes(
    connection: Connection, sources: Mapping[int, Table], rows: Iterable[tuple[Any, ...]]
) -> list[RecordedChange]:
    """What rows of the journal tell. sources: what their numbers mean."""
    decoder = _Decoder(connection)
    return [
        _change(decoder, sources[source], position(at, ctid), source, old, new) for at, ctid, source, old, new in rows
    ]


def replaying(
    current: Mapping[Table, int], sources: Mapping[int, Table], changes: Iterable[RecordedChange]
) -> list[tuple[int, str, int]]:
    """What makes the changes again: rows ``(source, image, n)``, to add n copies of.

    current: the numbers of the tables now. sources: what all numbers have ever meant.
    """
    numbers = {_shape(table): number for table, number in current.items()}
    rows: list[tuple[int, str, int]] = []
    for change in changes:
        if not isinstance(change, ExactChange):
            raise TypeError(f"not a change that this journal recorded: {change!r}")
        source = numbers.get(_shape(sources[change.source]))
        if source is None:
            raise ValueError(f"table {change.table} is not what it was when the change was recorded")
        rows += [(source, image, n) for image, n in ((change.old, -1), (change.new, 1)) if image is not None]
    return rows


def _shape(table: Table) -> tuple[object, ...]:
    """What a row as text needs of its table; a type of the application that is made again has another number."""
    return table.sql, *((each.name, min(each.type, FIRST_OBJECT), each.writable, each.always) for each in table.columns)


def position(at: int, ctid: str) -> int:
    """A journal row's position as one number: its place in the log, and which row where two wrote at the same place."""
    block, line = map(int, ctid.strip("()").split(","))
    return at << 48 | block << 16 | line


def _change(decoder: _Decoder, table: Table, seq: int, source: int, old: str | None, new: str | None) -> ExactChange:
    before, after_ = decoder.row(table, old), decoder.row(table, new)
    first = after_ if before is None else before
    last = first if after_ is None else after_
    return ExactChange(
        seq=seq,
        table=table.name,
        kind="insert" if before is None else "delete" if after_ is None else "update",
        key=_key(table, first, old or new),
        new_key=_key(table, last, new or old),
        before=before,
        after=after_,
        source=source,
        old=old,
        new=new,
    )


def _key(table: Table, row: Mapping[str, object] | None, image: str | None) -> tuple[object, ...]:
    """The declared key's values; the whole row's text where there is no key."""
    assert row is not None
    return tuple(row[table.columns[place].name] for place in table.declared_key) or (image,)


class _Decoder:
    """Turns the text of rows into what psycopg2 gives for their columns."""

    def __init__(self, connection: Connection) -> None:
        extensions: Any = import_module("psycopg2.extensions")
        self._casters = {**extensions.string_types, **connection.raw.string_types}
        self._text = extensions.UNICODE
        self._cursor = connection.raw.cursor()

    def row(self, table: Table, image: str | None) -> dict[str, object] | None:
        if image is None:
            return None
        fields = _fields(image) if table.columns else []
        return {column.name: self._value(column, field) for column, field in zip(table.columns, fields, strict=True)}

    def _value(self, column: Column, field: str | None) -> object:
        caster = self._casters.get(column.type, self._text)
        try:
            value = caster(field, self._cursor)
        except (ValueError, OverflowError):  # a date that Python does not have: infinity, before Christ
            return field
        return bytes(cast(memoryview, value)) if isinstance(value, memoryview) else value


def _fields(image: str) -> list[str | None]:
    """The fields of a row written as text: ``(1,,"a ""b"" \\\\ c")`` has three, the second NULL."""
    return [
        match[2] or None if match[1] is None else match[1].replace('""', '"').replace("\\\\", "\\")
        for match in _FIELD.finditer(image[1:-1] + ",")
    ]
