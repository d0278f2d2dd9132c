"""What happened to the rows of one table between two looks at it, step by step.

The triggers say what became of each row, but not what it was before, and not which rows REPLACE removed. Both
follows from the rows that were there at the start: each step is put behind the last one of the same row. What
the steps leave unexplained at the end is a step of its own, so that the steps lead from the rows before
to the rows after in any case; going back never depends on an inference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kailash_testkit.databases.sqlite.journal.catalog import UniqueKey
from kailash_testkit.databases.sqlite.journal.triggers import RecordedTable
from kailash_testkit.databases.sqlite.journal.values import Row


class Log(NamedTuple):
    """One row of the journal: its position, then what the triggers wrote (see `triggers`)."""

    position: int
    values: list[object]


class Touched(NamedTuple):
    """The touched rows of one table: what was recorded of them, and as they were before and after.

    Among them may be some that nothing happened to. after: None when it is not known.
    """

    recorded: RecordedTable
    log: list[Log]
    before: list[Row]
    after: list[Row] | None


@dataclass(frozen=True, slots=True)
class Step:
    """What one change made of one row. before, after: all recorded columns."""

    recorded: RecordedTable
    position: int
    before: Row | None
    after: Row | None


def key_of(recorded: RecordedTable, row: Row) -> Row:
    """The values of the table's key."""
    if recorded.table.key == (0,):  # nearly always
        return row[:1]
    return tuple(row[i] for i in recorded.table.key)


def identity(recorded: RecordedTable, key: Row) -> Row:
    """Equal for keys that are equal to SQLite."""
    if recorded.table.key_collations == ("BINARY",):
        return key
    return tuple(_folded(value, by) for value, by in zip(key, recorded.table.key_collations, strict=True))


_TO_LOWER = str.maketrans({chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})


def _folded(value: object, collation: str) -> object:
    if isinstance(value, str):
        if collation.upper() == "NOCASE":
            return value.translate(_TO_LOWER)
        if collation.upper() == "RTRIM":
            return value.rstrip(" ")
    return value


def retraced(touched: Touched) -> Iterator[Step]:
    """The steps that led from the rows before to the rows after."""
    return iter(_Retracing(touched).steps())


class _Retracing:
    """Follows each row of one table through the journal.

    there: the rows that exist at the point in time that was reached, by the identity of their key.
    holders: for each unique key, who has which values of it.
    """

    def __init__(self, touched: Touched) -> None:
        self._recorded, self._log = touched.recorded, touched.log
        self._unique = touched.recorded.table.unique
        self._there: dict[Row, Row] = {}
        self._holders: list[dict[Row, dict[Row, None]]] = [{} for _ in self._unique]
        self._steps: list[Step] = []
        for row in touched.before:
            self._come(row)
        self._after = None if touched.after is None else {self._identity(row): row for row in touched.after}

    def _identity(self, row: Row) -> Row:
        return identity(self._recorded, key_of(self._recorded, row))

    def steps(self) -> list[Step]:
        for log in self._log:
            self._follow(log)
        if self._after is not None:
            self._settle(self._after)
        return self._steps

    def _follow(self, log: Log) -> None:
        width, key = self._recorded.width, self._recorded.table.key
        old = tuple(log.values[width : width + len(key)])
        row = None if log.values[key[0]] is None else tuple(log.values[:width])
        before = None if old[0] is None else self._go(identity(self._recorded, old))
        if row is not None:
            for each in self._replaced_by(row):
                self._step(log.position, self._go(each), None)
            self._come(row)
        self._step(log.position, before, row)

    def _replaced_by(self, row: Row) -> list[Row]:
        """The identities of the rows that are gone now because they share a unique key with this one."""
        own = self._identity(row)
        found = {own: None} if own in self._there else {}
        for unique, holders in zip(self._unique, self._holders, strict=True):
            for each in holders.get(_values(unique, row), ()):
                gone = unique.condition is None if self._after is None else each not in self._after
                if gone:
                    found[each] = None
        return list(found)

    def _come(self, row: Row) -> None:
        own = self._identity(row)
        self._there[own] = row
        for unique, holders in zip(self._unique, self._holders, strict=True):
            if all(row[i] is not None for i in unique.columns):
                holders.setdefault(_values(unique, row), {})[own] = None

    def _go(self, own: Row) -> Row | None:
        row = self._there.pop(own, None)
        if row is not None:
            for unique, holders in zip(self._unique, self._holders, strict=True):
                holders.get(_values(unique, row), {}).pop(own, None)
        return row

    def _settle(self, after: Mapping[Row, Row]) -> None:
        """What the journal did not explain."""
        last = self._log[-1].position
        for each in [each for each in self._there if each not in after]:
            self._step(last, self._go(each), None)
        for each, row in after.items():
            there = self._there.get(each)
            if there is None or exactly(there) != exactly(row):
                self._step(last, there, row)

    def _step(self, position: int, before: Row | None, after: Row | None) -> None:
        if before is not None or after is not None:
            self._steps.append(Step(self._recorded, position, before, after))


def _values(unique: UniqueKey, row: Row) -> Row:
    return tuple(_folded(row[i], by) for i, by in zip(unique.columns, unique.collations, strict=True))


def exactly(row: Row) -> str:
    """Equal for rows that are equal to the last bit, types included."""
    return repr(row)
