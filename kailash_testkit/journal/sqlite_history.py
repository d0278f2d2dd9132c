"""Reading the journal: recorded changes, and what became of rows that were merely seen.

A row `SEEN` before a write was either replaced by it or, if the write was ignored, failed or turned into
an update (upsert), was not. What the journal says next about the same key decides; if it says nothing
more, whether the row still exists does. That question can only be asked before the schema changes, so
`History.settle` is called at every mark.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, NamedTuple

from kailash_testkit.journal.interface import RecordedChange
from kailash_testkit.journal.sqlite_catalog import JOURNAL_TABLE, plain_cursor
from kailash_testkit.journal.sqlite_triggers import DELETE, INSERT, SEEN, UPDATE, Source

_Kind = Literal["insert", "update", "delete"]
_KINDS: dict[int, _Kind] = {INSERT: "insert", UPDATE: "update", DELETE: "delete", SEEN: "delete"}
_Identity = tuple[int, tuple[object, ...]]


class _Entry(NamedTuple):
    seq: int
    source: Source
    kind: int
    values: tuple[object, ...]

    @property
    def key_before(self) -> _Identity | None:
        return None if self.kind == INSERT else self._key(0)

    @property
    def key_after(self) -> _Identity | None:
        return self._key(self.source.width) if self.kind in (INSERT, UPDATE) else None

    def _key(self, first: int) -> _Identity:
        return self.source.number, tuple(self.values[first + i] for i in self.source.table.key)


class History:
    """The journal's rows, read through the kit's connection.

    removed: positions of rows seen that were in fact removed, as far as settled.
    """

    def __init__(self, connection: sqlite3.Connection, sources: Mapping[int, Source]) -> None:
        self._connection = connection
        self._sources = sources
        self._settled = 0
        self.removed: set[int] = set()

    def cut(self, seq: int) -> None:
        """Forget what lies after ``seq``."""
        self._settled = min(self._settled, seq)
        self.removed = {position for position in self.removed if position <= seq}

    def changes(self, low: int, high: int) -> list[RecordedChange]:
        """The changes at positions in (low, high]; settle up to ``high`` first."""
        return [_change(entry) for entry in self._entries(low, high) if entry.kind != SEEN or entry.seq in self.removed]

    def settle(self, high: int) -> bool:
        """Decide what became of the rows seen up to ``high``, the journal's present end.

        Returns whether the journal explains the rows that exist now. It does not where an application's
        trigger changed a row just before REPLACE removed it.
        """
        low, self._settled = self._settled, high
        (first,) = (
            plain_cursor(self._connection)
            .execute(
                f"SELECT min(seq) FROM {JOURNAL_TABLE} WHERE kind = {SEEN} AND seq > ? AND seq <= ?",
                (low, high),
            )
            .fetchone()
        )
        if first is None:
            return True
        open_: dict[_Identity, int] = {}
        exists: dict[_Identity, bool] = {}
        seen: dict[_Identity, _Entry] = {}
        for entry in self._entries(first - 1, high):
            before, after = entry.key_before, entry.key_after
            if before is not None:
                open_.pop(before, None)
                exists[before] = False
                if entry.kind == SEEN:
                    open_[before] = entry.seq
                    seen[before] = entry
            if after is not None:
                if after in open_:
                    self.removed.add(open_.pop(after))
                exists[after] = True
        return self._compare(seen, open_, exists)

    def _compare(
        self, seen: dict[_Identity, _Entry], open_: dict[_Identity, int], exists: dict[_Identity, bool]
    ) -> bool:
        explained = True
        for identity, entry in seen.items():
            there = self._is_there(entry)
            if identity not in open_:
                explained = explained and there == exists[identity]
            elif not there:
                self.removed.add(entry.seq)
        return explained

    def _is_there(self, entry: _Entry) -> bool:
        try:
            return bool(plain_cursor(self._connection).execute(entry.source.still_there, (entry.seq,)).fetchone()[0])
        except sqlite3.OperationalError:  # the table is gone, and the row with it
            return False

    def _entries(self, low: int, high: int) -> Iterator[_Entry]:
        with exact_text(self._connection):
            rows = (
                plain_cursor(self._connection)
                .execute(f"SELECT * FROM {JOURNAL_TABLE} WHERE seq > ? AND seq <= ? ORDER BY seq", (low, high))
                .fetchall()
            )
        for seq, source, kind, *values in rows:
            yield _Entry(seq, self._sources[source], kind, tuple(values))


@contextmanager
def exact_text(connection: sqlite3.Connection) -> Generator[None, None, None]:
    """Read text that is not valid UTF-8 as well, keeping its bytes as surrogate escapes."""
    usual = connection.text_factory
    connection.text_factory = _decoded
    try:
        yield
    finally:
        connection.text_factory = usual


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


def _change(entry: _Entry) -> RecordedChange:
    table, width = entry.source.table, entry.source.width
    before = None if entry.kind == INSERT else entry.values[:width]
    after = entry.values[width : 2 * width] if entry.kind in (INSERT, UPDATE) else None
    row = after if before is None else before
    assert row is not None
    return RecordedChange(
        seq=entry.seq,
        table=table.name,
        kind=_KINDS[entry.kind],
        key=tuple(row[i] for i in table.declared_key),
        new_key=tuple((row if after is None else after)[i] for i in table.declared_key),
        before=_by_name(entry.source, before),
        after=_by_name(entry.source, after),
    )


def _by_name(source: Source, row: tuple[object, ...] | None) -> Mapping[str, object] | None:
    if row is None:
        return None
    hidden = int(source.table.has_hidden_rowid)
    return {column.name: value for column, value in zip(source.table.columns[hidden:], row[hidden:], strict=False)}
