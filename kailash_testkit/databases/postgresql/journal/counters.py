"""Where the application's sequences stand."""

from __future__ import annotations

from collections.abc import Iterable

from kailash_testkit.databases.postgresql.connection import literal


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
