"""Where the application's sequences stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.databases.postgresql.connection import Connection, literal

_OWNED: Final = """
    SELECT attname, pg_get_serial_sequence(%s, attname) FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
      AND pg_get_serial_sequence(%s, attname) IS NOT NULL
"""
_ADVANCE: Final = """
    SELECT setval(seqrelid, %s) FROM pg_sequence
    WHERE seqrelid = %s::regclass AND %s <= seqmax
      AND %s > coalesce(pg_sequence_last_value(seqrelid), seqmin - 1)
"""


def counters_query(sequences: Iterable[str]) -> str:
    """An SQL expression: the state of each sequence, as ``last value:whether it was given out``, in their order."""
    counters = " UNION ALL ".join(
        f"SELECT {number} AS number, last_value || ':' || is_called AS counter FROM {sequence}"
        for number, sequence in enumerate(sequences)
    )
    return f"ARRAY(SELECT counter FROM ({counters}) AS counters ORDER BY number)" if counters else "'{}'::text[]"


def restore_counters(sequences: Iterable[str], present: Iterable[str], wanted: Iterable[str]) -> str | None:
    """The statement that puts sequences back, None where they stand as wanted. It cannot be rolled back."""
    calls: list[str] = []
    for sequence, before, after in zip(sequences, present, wanted, strict=True):
        if before != after:
            last, called = after.split(":")
            calls.append(f"setval({literal(sequence)}, {last}, {called})")
    return f"SELECT {', '.join(calls)}" if calls else None


def advance_counters(connection: Connection, tables: Mapping[str, str], changes: Iterable[RecordedChange]) -> None:
    """Rows were written with the numbers that they had: later ones are to be numbered above them.

    tables: each table in SQL, by the name that changes call it.
    """
    written: dict[str, list[Mapping[str, object]]] = {}
    for change in changes:
        if change.after is not None:
            written.setdefault(change.table, []).append(change.after)
    for name, rows in written.items():
        for column, sequence in connection.run(_OWNED, tables[name], tables[name], tables[name]):
            numbers = [number for row in rows if isinstance(number := row[column], int)]
            if numbers:
                connection.run(_ADVANCE, max(numbers), sequence, max(numbers), max(numbers))
