"""What happened from mark to mark, told from what the triggers recorded and from the rows before and after.

The triggers say what became of each row, step by step, but not what it was before, and not which rows REPLACE
removed. Both follows from the rows that were there at the start: each step is put behind the last one of
the same row. What the steps leave unexplained at the end is told as a change of its own, so that the history
leads from the rows before to the rows after in any case; going back never depends on an inference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, NamedTuple

from kailash_testkit.databases.journal import RecordedChange

if TYPE_CHECKING:
    from kailash_testkit.databases.sqlite.journal.catalog import UniqueKey
    from kailash_testkit.databases.sqlite.journal.image import Image
    from kailash_testkit.databases.sqlite.journal.triggers import Source

Row = tuple[object, ...]

#: Far more than a table has unique keys.
_AT_ONE_POSITION = 100


class Log(NamedTuple):
    """One row of the journal: its position, then what the triggers wrote (see `sqlite_triggers`)."""

    position: int
    values: list[object]


class Touched(NamedTuple):
    """The touched rows of one table: what was recorded of them, and as they were before and after.

    Among them may be some that nothing happened to. after: None when it is not known.
    """

    source: Source
    log: list[Log]
    before: list[Row]
    after: list[Row] | None


@dataclass(frozen=True, slots=True)
class Step:
    """What one change made of one row. before, after: all recorded columns."""

    source: Source
    position: int
    before: Row | None
    after: Row | None


@dataclass(frozen=True, slots=True)
class _Entry:
    """A step in the history. at: how far the image had come when it had taken the step.

    image: which image took it; None if none did.
    """

    step: Step
    seq: int
    at: int
    image: Image | None


def numbered(position: int) -> int:
    """The greatest number of a change at a journal position.

    One row of the journal may tell of several changes: those of the rows that REPLACE removed come first.
    """
    return position * _AT_ONE_POSITION


@dataclass
class History:
    """All steps since the oldest mark, in their order."""

    _entries: list[_Entry] = field(default_factory=list["_Entry"])

    def add(self, touched: Iterable[Touched], image: Image | None, at: int) -> None:
        """What happened to the rows until position ``at``."""
        by_position = attrgetter("position")
        steps = sorted((step for each in touched for step in retraced(each)), key=by_position)
        for position, together in groupby(steps, by_position):
            several = list(together)
            for place, step in enumerate(several, start=1):
                self._entries.append(_Entry(step, numbered(position) - len(several) + place, at, image))

    def cut(self, position: int) -> None:
        """Forget what happened after ``position``."""
        self._entries = [entry for entry in self._entries if entry.at <= position]

    def forget(self, position: int) -> None:
        """Forget what happened until ``position``: no mark is older."""
        self._entries = [entry for entry in self._entries if entry.at > position]

    def changes(self, position: int) -> list[RecordedChange]:
        """What happened after ``position``."""
        return [_change(entry) for entry in self._entries if entry.at > position]

    def rows_at(self, position: int, image: Image) -> dict[Source, dict[Row, Row | None]]:
        """The rows, by key, that the image's steps after ``position`` changed: as they were then."""
        found: dict[Source, dict[Row, Row | None]] = {}
        folded: dict[tuple[Source, Row], Row] = {}
        for entry in self._entries:
            if entry.at > position and entry.image is image:
                source = entry.step.source
                for row, was in ((entry.step.before, entry.step.before), (entry.step.after, None)):
                    if row is not None:
                        key = key_of(source, row)
                        if folded.setdefault((source, identity(source, key)), key) is key:
                            found.setdefault(source, {}).setdefault(key, was)
        return found


def key_of(source: Source, row: Row) -> Row:
    """The values of the table's key."""
    if source.table.key == (0,):  # nearly always
        return row[:1]
    return tuple(row[i] for i in source.table.key)


def identity(source: Source, key: Row) -> Row:
    """Equal for keys that are equal to SQLite."""
    if source.table.key_collations == ("BINARY",):
        return key
    return tuple(_folded(value, by) for value, by in zip(key, source.table.key_collations, strict=True))


_TO_LOWER = str.maketrans({chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})


def _folded(value: object, collation: str) -> object:
    if isinstance(value, str):
        if collation.upper() == "NOCASE":
            return value.translate(_TO_LOWER)
        if collation.upper() == "RTRIM":
            return value.rstrip(" ")
    return value


def exact_text(text: bytes) -> str:
    """A text factory that reads text that is not valid UTF-8 as well, keeping its bytes as surrogate escapes."""
    return text.decode("utf-8", "surrogateescape")


def retraced(touched: Touched) -> Iterator[Step]:
    """The steps that led from the rows before to the rows after."""
    return iter(_Retracing(touched).steps())


class _Retracing:
    """Follows each row of one table through the journal.

    there: the rows that exist at the point in time that was reached, by the identity of their key.
    holders: for each unique key, who has which values of it.
    """

    def __init__(self, touched: Touched) -> None:
        self._source, self._log = touched.source, touched.log
        self._unique = touched.source.table.unique
        self._there: dict[Row, Row] = {}
        self._holders: list[dict[Row, dict[Row, None]]] = [{} for _ in self._unique]
        self._steps: list[Step] = []
        for row in touched.before:
            self._come(row)
        self._after = None if touched.after is None else {self._identity(row): row for row in touched.after}

    def _identity(self, row: Row) -> Row:
        return identity(self._source, key_of(self._source, row))

    def steps(self) -> list[Step]:
        for log in self._log:
            self._follow(log)
        if self._after is not None:
            self._settle(self._after)
        return self._steps

    def _follow(self, log: Log) -> None:
        width, key = self._source.width, self._source.table.key
        old = tuple(log.values[width : width + len(key)])
        row = None if log.values[key[0]] is None else tuple(log.values[:width])
        before = None if old[0] is None else self._go(identity(self._source, old))
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
            self._steps.append(Step(self._source, position, before, after))


def _values(unique: UniqueKey, row: Row) -> Row:
    return tuple(_folded(row[i], by) for i, by in zip(unique.columns, unique.collations, strict=True))


def exactly(row: Row) -> str:
    """Equal for rows that are equal to the last bit, types included."""
    return repr(row)


def _change(entry: _Entry) -> RecordedChange:
    step = entry.step
    table = step.source.table
    kind: Literal["insert", "update", "delete"] = "update"
    if step.before is None or step.after is None:
        kind = "insert" if step.before is None else "delete"
    first, last = step.before or step.after or (), step.after or step.before or ()
    return RecordedChange(
        seq=entry.seq,
        table=table.name,
        kind=kind,
        key=tuple(first[i] for i in table.declared_key),
        new_key=tuple(last[i] for i in table.declared_key),
        before=_by_name(step.source, step.before),
        after=_by_name(step.source, step.after),
    )


def _by_name(source: Source, row: Row | None) -> Mapping[str, object] | None:
    if row is None:
        return None
    hidden = int(source.table.has_hidden_rowid)
    return {column.name: value for column, value in zip(source.table.columns[hidden:], row[hidden:], strict=True)}
