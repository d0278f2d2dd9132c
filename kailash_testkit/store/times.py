"""Moments that DataFlow sets itself, and whose given values it discards: the kit writes them, and verifies.

They are written on the kit's own connection, after DataFlow has stored the row. The journal records that like any other
change: it is undone with the row, and a ledger shows one created row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from kailash_testkit.errors import StoredRowMismatch
from kailash_testkit.internals.dataflow_caches import empty_caches
from kailash_testkit.models import Model
from kailash_testkit.models.checking import checked_values
from kailash_testkit.models.enums import enum_to_value
from kailash_testkit.models.moments import declared_moment, moment_of
from kailash_testkit.models.rows import Row
from kailash_testkit.store.failures import compare
from kailash_testkit.store.store import Store

Moments = Mapping[str, datetime]
_NONE: Final[Moments] = {}


def split(model: Model, values: Mapping[str, object]) -> tuple[Mapping[str, object], Moments]:
    """The values that DataFlow stores, and the moments that are left to the kit."""
    if model.times.isdisjoint(values):
        return values, _NONE
    moments = {name: moment_of(value) for name, value in values.items() if name in model.times and value is not None}
    return {name: value for name, value in values.items() if name not in model.times}, moments


async def update(store: Store, model: Model, row_id: object, fields: Mapping[str, object]) -> Row:
    """Changes the given fields of one row, its moments included, and returns the row as it is stored then."""
    rest, moments = split(model, checked_values(model, fields))
    row = store.require_visible(model, row_id) if moments and not rest else await store.update(model, row_id, rest)
    return write(store, model, [(row, moments)], "updated")[0] if moments else row


def write(store: Store, model: Model, rows: Sequence[tuple[Row, Moments]], verb: str = "created") -> list[Row]:
    """Sets the moments of stored rows, and returns the rows as they are then.

    One with a time zone is turned into the time by the clock that DataFlow writes by, and cut to what the column keeps.
    Raises `StoredRowMismatch`. verb: what was done to the rows, for its message.
    """
    wanted = [(row, _in_columns(store, model, moments)) for row, moments in rows]
    alike: defaultdict[tuple[tuple[str, object], ...], list[object]] = defaultdict(list)
    for row, moments in wanted:
        if moments and moments.keys() <= row.as_dict().keys():
            alike[tuple(sorted(moments.items()))].append(enum_to_value(row["id"]))
    for values, ids in alike.items():
        store.database.set_values(model.table, ids, dict(values))
        store.own_writes.note("update", model.table, ids)
    empty_caches(store.dataflow)
    return [_verified(store, model, row, moments, verb) for row, moments in wanted]


def _in_columns(store: Store, model: Model, moments: Moments) -> Mapping[str, object]:
    plain = {name: declared_moment(moment) for name, moment in moments.items()}
    local = {
        name: moment if moment.tzinfo is None else store.database.local_moment(moment) for name, moment in plain.items()
    }
    return store.database.at_column_precision(model.table, local)


def _verified(store: Store, model: Model, row: Row, moments: Mapping[str, object], verb: str) -> Row:
    stored = store.stored(model, row["id"]) or row
    try:
        compare(
            model,
            {name: _as_read(moment, stored.as_dict().get(name)) for name, moment in moments.items()},
            stored,
            verb,
        )
    except StoredRowMismatch as mismatch:
        failure = StoredRowMismatch(
            mismatch.what,
            details=mismatch.details,
            why="the kit has written it itself, and the database keeps something else",
            do=f"look for a trigger on table {model.table}, or give a moment that its column can hold",
        )
        failure.row_id = mismatch.row_id
        raise failure from None
    return stored


def _as_read(moment: object, stored: object) -> object:
    """The moment in the form in which the column is read."""
    if isinstance(stored, str):
        return str(moment)
    if isinstance(stored, datetime) and isinstance(moment, datetime) and stored.tzinfo is not None:
        return moment.replace(tzinfo=stored.tzinfo)
    return moment
