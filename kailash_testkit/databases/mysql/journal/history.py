"""Reading the journal of a MariaDB or MySQL database: which changes a moment sees, and what they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.databases.mysql.connection import Connection
from kailash_testkit.databases.mysql.journal.triggers import AFTER, BASE, BEFORE, HOT, Source, all_digits

_AT_ONCE = 1000


def looking(sources: Iterable[Source], era: int) -> str:
    """A statement whose only row `touched` reads."""
    looks = [f"EXISTS (SELECT 1 FROM {source.journal} WHERE era > {era})" for source in sources]
    return f"SELECT {', '.join(looks) or 'NULL'}"


def touched(sources: Iterable[Source], rows: Sequence[tuple[Any, ...]]) -> list[Source]:
    """The sources with changes after the ``era`` that was asked for."""
    return [source for source, flag in zip(sources, rows[0], strict=False) if flag]


def seen_first(connection: Connection, sources: Sequence[Source]) -> list[list[int]]:
    """For each of them the changes that no mark saw yet, as far as the present transaction sees them."""
    if not sources:
        return []
    found = connection.batch(
        f"SELECT DISTINCT seq FROM {source.journal} WHERE era = {HOT} AND side < {BASE} ORDER BY seq"
        for source in sources
    )
    return [[seq for (seq,) in rows] for rows in found]


def stamping(source: Source, seqs: list[int], era: int) -> list[str]:
    """The statements that write down that mark ``era`` saw these changes."""
    return [
        f"UPDATE {source.journal} SET era = {era} WHERE era = {HOT} "
        f"AND seq IN ({', '.join(map(str, seqs[first : first + _AT_ONCE]))})"
        for first in range(0, len(seqs), _AT_ONCE)
    ]


def last_recorded(connection: Connection, sources: Iterable[Source]) -> int:
    """The position of the last change that no mark saw yet; 0 where there is none."""
    looks = [f"(SELECT max(seq) FROM {source.journal} WHERE era = {HOT})" for source in sources]
    if not looks:
        return 0
    (found,) = connection.run(f"SELECT {', '.join(looks)}")
    return max((seq for seq in found if seq is not None), default=0)


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
