"""Many rows of a model for the price of few: copies that the database makes, outside of DataFlow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kailash_testkit.databases.copying import Copies, Distinct
from kailash_testkit.errors import SeedingFailed, UnstorableField
from kailash_testkit.internals.dataflow_caches import empty_caches
from kailash_testkit.models import Model
from kailash_testkit.models.types import alternatives
from kailash_testkit.redaction import redact
from kailash_testkit.store.store import Store

ORIGINALS: Final = 50
"""Rows that are made by DataFlow's own nodes, and copied."""


async def copy_rows(store: Store, model: Model, ids: Sequence[object], number: int) -> None:
    """Makes so many copies of stored rows; columns that must be unique differ in each.

    Raises `UnstorableField` where a unique column can be no text and no number, `SeedingFailed` when the database
    refuses them.
    """
    row = store.database.row(model.table, ids[0])
    distinct = _distinct(model)
    columns = [name for name in row or () if name in distinct or name != "id"]
    async with store.writing():
        before = set(store.database.sample_ids(model.table, store.database.count(model.table)))
        try:
            store.database.copy_rows(model.table, ids, Copies(columns, distinct, number))
        except Exception as error:  # whatever the driver raises
            raise SeedingFailed(
                f"kit.grow({model.name}, ...): the database refused {number} copies of its rows",
                why=redact(str(error)).splitlines()[0],
                do="make the rows with a factory's create_many, which can give each its own values",
            ) from None
        made = set(store.database.sample_ids(model.table, len(before) + number)) - before
    store.own_writes.note("insert", model.table, made)
    empty_caches(store.dataflow)


def _distinct(model: Model) -> dict[str, Distinct]:
    """A column of each unique index, by how it can differ; an id that the database gives needs none."""
    chosen: dict[str, Distinct] = {}
    for names in model.unique:
        if ([*names] == ["id"] and model.id_is_automatic) or not names.isdisjoint(chosen):
            continue
        found: tuple[str, Distinct] | None = None
        for name in sorted(names, key=lambda name: (not name.endswith("_id"), name)):  # best no other row's id
            kind = _kind(model, name)
            found = found if kind is None else (name, kind)
        if found is None:
            raise UnstorableField(
                f"kit.grow({model.name}, ...): {' and '.join(sorted(names))} must be unique",
                why="copies can differ in a text or a number only",
                do="make the rows with a factory's create_many",
            )
        chosen[found[0]] = found[1]
    return chosen


def _kind(model: Model, name: str) -> Distinct | None:
    kinds = alternatives(model.columns[name])
    if any(kind is str for kind in kinds):
        return "text"
    return "number" if any(kind is int or kind is float for kind in kinds) else None
