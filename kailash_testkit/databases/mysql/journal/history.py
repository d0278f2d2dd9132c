"""Reading the journal of a MariaDB or MySQL database: which changes a moment sees, and what they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.databases.mysql.connection import Connection, quoted
from kailash_testkit.databases.mysql.journal.triggers import (
    AFTER,
    BASE,
    BEFORE,
    UNSEEN,
    RecordedTable,
    all_digits,
)

_RADIX: Final = UNSEEN + 1  # of two marks in one number
_AT_ONCE: Final = 1000  # changes in one statement
_SETS_ITSELF: Final = ("timestamp", "datetime")


def marks_query(recorded_tables: Iterable[RecordedTable]) -> str:
    """A statement whose only row `is_whole` and `touched` read: the least and the greatest mark of each journal.

    The server takes both from the ends of the primary key. It names no table twice: where a statement does, the
    server (MariaDB 10.11) later refuses writes of the triggers to it, with error 1442.
    """
    parts = [f"(SELECT min(mark) * {_RADIX} + max(mark) FROM {recorded.journal})" for recorded in recorded_tables]
    return f"SELECT {', '.join(parts) or 'NULL'}"


def is_whole(recorded_tables: Iterable[RecordedTable], rows: Sequence[tuple[Any, ...]]) -> bool:
    """Whether nobody emptied a table of the journal: each began with a row of mark 0, and no other ever gets one."""
    return all(marks is not None and marks // _RADIX == 0 for _, marks in zip(recorded_tables, rows[0], strict=False))


def touched(
    recorded_tables: Iterable[RecordedTable], rows: Sequence[tuple[Any, ...]], mark: int
) -> list[RecordedTable]:
    """The tables with changes after ``mark``, and those whose journal is empty."""
    return [
        recorded
        for recorded, marks in zip(recorded_tables, rows[0], strict=False)
        if marks is None or marks % _RADIX > mark
    ]


def newly_seen(connection: Connection, recorded_tables: Sequence[RecordedTable]) -> list[list[int]]:
    """For each of them the changes that no mark saw yet, as far as the present transaction sees them."""
    if not recorded_tables:
        return []
    found = connection.batch(
        f"SELECT DISTINCT seq FROM {recorded.journal} WHERE mark = {UNSEEN} AND side < {BASE} ORDER BY seq"
        for recorded in recorded_tables
    )
    return [[seq for (seq,) in rows] for rows in found]


def stamp_statements(recorded: RecordedTable, seqs: list[int], mark: int) -> list[str]:
    """The statements that write down that a mark saw these changes."""
    # ON UPDATE CURRENT_TIMESTAMP comes with the columns' types, and changes none that is set.
    kept = "".join(
        f", {slot} = {slot}"
        for slot, column in zip(recorded.slots, recorded.table.columns, strict=True)
        if column.kind in _SETS_ITSELF
    )
    return [
        f"UPDATE {recorded.journal} SET mark = {mark}{kept} WHERE mark = {UNSEEN} "
        f"AND seq IN ({', '.join(map(str, seqs[first : first + _AT_ONCE]))})"
        for first in range(0, len(seqs), _AT_ONCE)
    ]


def last_recorded(connection: Connection, recorded_tables: Iterable[RecordedTable]) -> int:
    """The position of the last change that no mark saw yet; 0 where there is none."""
    parts = [f"(SELECT max(seq) FROM {recorded.journal} WHERE mark = {UNSEEN})" for recorded in recorded_tables]
    if not parts:
        return 0
    (found,) = connection.run(f"SELECT {', '.join(parts)}")
    return max((seq for seq in found if seq is not None), default=0)


def changes(connection: Connection, recorded_tables: Iterable[RecordedTable], mark: int) -> list[RecordedChange]:
    """The changes after ``mark``, in their order."""
    return as_changes((recorded, recorded_rows(connection, recorded, mark)) for recorded in recorded_tables)


def as_changes(found: Iterable[tuple[RecordedTable, Iterable[tuple[Any, ...]]]]) -> list[RecordedChange]:
    """What rows of the journals tell, in its order. found: the rows of each table."""
    changes = [change for recorded, rows in found for change in _changes_of(recorded, rows)]
    return sorted(changes, key=lambda change: change.seq)


def recorded_rows(connection: Connection, recorded: RecordedTable, mark: int) -> list[tuple[Any, ...]]:
    """What was recorded of a table after ``mark``, for `as_changes`."""
    columns = ", ".join(
        all_digits(slot, column.kind) for slot, column in zip(recorded.slots, recorded.table.columns, strict=True)
    )
    return connection.run(f"SELECT seq, side, {columns} FROM {recorded.journal} WHERE mark > {mark} AND side < {BASE}")


def present_rows(connection: Connection, recorded: RecordedTable) -> list[tuple[Any, ...]]:
    """The rows of a table, as if they were inserted now, for `as_changes`."""
    columns = ", ".join(all_digits(quoted(column.name), column.kind) for column in recorded.table.columns)
    rows = connection.run(f"SELECT {columns} FROM {recorded.name}")
    return [(number, AFTER, *row) for number, row in enumerate(rows)]


def _changes_of(recorded: RecordedTable, rows: Iterable[tuple[Any, ...]]) -> list[RecordedChange]:
    images: dict[int, dict[int, tuple[Any, ...]]] = {}
    for seq, side, *row in rows:
        images.setdefault(seq, {})[side] = tuple(row)
    return [_change(recorded, seq, sides.get(BEFORE), sides.get(AFTER)) for seq, sides in images.items()]


def _change(
    recorded: RecordedTable, seq: int, before: tuple[Any, ...] | None, after: tuple[Any, ...] | None
) -> RecordedChange:
    row = after if before is None else before
    assert row is not None
    key = recorded.table.key or range(len(recorded.table.columns))
    return RecordedChange(
        seq=seq,
        table=recorded.table.name,
        kind="insert" if before is None else "delete" if after is None else "update",
        key=tuple(row[place] for place in key),
        new_key=tuple((row if after is None else after)[place] for place in key),
        before=_by_name(recorded, before),
        after=_by_name(recorded, after),
    )


def _by_name(recorded: RecordedTable, row: tuple[Any, ...] | None) -> Mapping[str, object] | None:
    if row is None:
        return None
    return {column.name: value for column, value in zip(recorded.table.columns, row, strict=True)}
