"""Stores the rows of a plan, batch after batch: all of them or none."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping

from kailash_testkit.errors import StoredRowMismatch
from kailash_testkit.factories.ages import moments_of
from kailash_testkit.factories.hooks import called, run_hooks
from kailash_testkit.factories.planning import Plan, PlannedRow
from kailash_testkit.factories.uniqueness import note_stored, refuse_duplicates
from kailash_testkit.models.rows import Row
from kailash_testkit.store import times
from kailash_testkit.store.bulk import BulkStore, remove


async def persist(plan: Plan, wanted: Iterable[PlannedRow]) -> list[Row]:
    """Stores all rows of the plan, runs the hooks, and returns the wanted ones.

    A row that is alone in its batch is made by its CreateNode, others by one BulkCreateNode for each chunk. When one
    fails, those that are stored are deleted again.
    """
    stored: list[list[PlannedRow]] = []
    try:
        for batch in plan.batches():
            stored.append(batch)
            await _store(batch, alone=len(plan.rows) == 1)
            note_stored(batch)
    except BaseException:
        for batch in reversed(stored):
            first = batch[0]
            remove(first.store, first.model, [row.stored["id"] for row in batch if row.stored is not None])
        raise
    for batch in stored:
        for row in batch:
            if row.definition.hooks and row.definition.hooks_of("after_create"):
                await _run_hooks(row)
    return [row.definition.typed(_row(row)) for row in wanted]


async def _store(batch: list[PlannedRow], *, alone: bool) -> None:
    store, model = batch[0].store, batch[0].model
    parted = [times.split(model, _known(row) or await _values(row)) for row in batch]
    refuse_duplicates(batch, [values for values, _ in parted])
    await _create(batch, [values for values, _ in parted], alone=alone)
    stored = [_row(row) for row in batch]
    moments = [
        moments_of(row, planned.definition.age, given)
        for planned, row, (_, given) in zip(batch, stored, parted, strict=True)
    ]
    if any(moments):
        written = times.write(store, model, list(zip(stored, moments, strict=True)))
        for row, later in zip(batch, written, strict=True):
            row.stored = later


async def _create(batch: list[PlannedRow], values: list[Mapping[str, object]], *, alone: bool) -> None:
    store, model = batch[0].store, batch[0].model
    if len(batch) > 1:
        for row, stored in zip(batch, await BulkStore(store, model).create(values), strict=True):
            row.stored = stored
        return
    try:
        batch[0].stored = await store.create(model, values[0])
    except StoredRowMismatch as mismatch:
        if not alone:  # the rows that it needs will go, and so must it
            remove(store, model, [mismatch.row_id])
        raise


def _known(row: PlannedRow) -> dict[str, object] | None:
    """The values of a row that waits for nothing, and that no hook changes."""
    return None if row.parents or row.definition.hooks else row.draft.known()


async def _values(row: PlannedRow) -> dict[str, object]:
    values = await row.values()
    if not row.definition.hooks:
        return values
    await row.draft.settle_parameters()  # a hook cannot await one that no field has asked for
    return await run_hooks(row.definition, row.model, values, row.draft)


async def _run_hooks(planned: PlannedRow) -> None:
    definition = planned.definition
    for hook in definition.hooks_of("after_create"):
        result = called(hook, definition.typed(_row(planned)), planned.draft.view)
        if inspect.isawaitable(result):
            await result
    # A hook may have changed the row, or deleted it.
    planned.stored = planned.store.stored(planned.model, _row(planned)["id"]) or planned.stored


def _row(planned: PlannedRow) -> Row:
    assert planned.stored is not None, "hooks run, and rows are returned, after all rows are stored"
    return planned.stored
