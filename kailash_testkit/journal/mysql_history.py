"""Reading the journal of a MariaDB or MySQL database: which changes a moment sees, and what they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kailash_testkit.journal.interface import RecordedChange
from kailash_testkit.journal.mysql_connection import Connection
from kailash_testkit.journal.mysql_triggers import AFTER, BASE, BEFORE, HOT, Source, all_digits

_AT_ONCE = 1000


def touched(connection: Connection, sources: Iterable[Source], era: int) -> list[Source]:
    """The sources with changes after ``era``."""
    found = list(sources)
    if not found:
        return []
    looks = ", ".join(f"EXISTS (SELECT 1 FROM {source.journal} WHERE era > {era})" for source in found)
    (flags,) = connection.run(f"SELECT {looks}")
    return [source for source, flag in zip(found, flags, strict=True) if flag]


def seen_first(connection: Connection, source: Source) -> list[int]:
    """The changes that no mark saw yet, as far as the present transaction sees them."""
    return [
        seq
        for (seq,) in connection.run(f"SELECT DISTINCT seq FROM {source.journal} WHERE era = {HOT} AND side < {BASE}")
    ]


def stamp(connection: Connection, source: Source, seqs: list[int], era: int) -> None:
    """Write down that mark ``era`` saw these changes."""
    for first in range(0, len(seqs), _AT_ONCE):
        chosen = ", ".join(map(str, seqs[first : first + _AT_ONCE]))
        connection.run(f"UPDATE {source.journal} SET era = {era} WHERE era = {HOT} AND seq IN ({chosen})")


def changes(connection: Connection, sources: Iterable[Source], era: int) -> list[RecordedChange]:
    """The changes after ``era``, in their order."""
    found = [change for source in sources for change in _changes_of(connection, source, era)]
    return sorted(found, key=lambda change: change.seq)


def _changes_of(connection: Connection, source: Source, era: int) -> list[RecordedChange]:
    columns = ", ".join(
        all_digits(slot, column.kind) for slot, column in zip(source.slots, source.table.columns, strict=True)
    )
    images: dict[int, dict[int, tuple[Any, ...]]] = {}
    for seq, side, *row in connection.run(
        f"SELECT seq, side, {columns} FROM {source.journal} WHERE era > {era} AND side < {BASE}"
    ):
        images.setdefault(seq, {})[side] = tuple(row)
    return [_change(source, seq, sides.get(BEFORE), sides.get(AFTER)) for seq, sides in images.items()]


def _change(source: Source, seq: int, before: tuple[Any, ...] | None, after: tuple[Any, ...] | None) -> RecordedChange:
    row = after if before is None else before
    assert row is not None
    key = source.table.key or range(len(source.table.columns))
    return RecordedChange(
        seq=seq,
        table=source.table.name,
        kind="insert" if before is None else "delete" if after is None else "update",
        key=tuple(row[place] for place in key),
        new_key=tuple((row if after is None else after)[place] for place in key),
        before=_by_name(source, before),
        after=_by_name(source, after),
    )


def _by_name(source: Source, row: tuple[Any, ...] | None) -> Mapping[str, object] | None:
    if row is None:
        return None
    return {column.name: value for column, value in zip(source.table.columns, row, strict=True)}
