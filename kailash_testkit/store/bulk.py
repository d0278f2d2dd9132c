"""`BulkStore`: many rows of one model, through its BulkCreateNode, each of them verified; all of them or none.

BulkCreateNode says less than is needed: it takes its columns from the first row, leaves
defaults to the database (which has ``Status.open`` for a str Enum), and returns counts. So rows are given with
every default, in chunks with the same columns, and are read back through the kit's own connection. Earlier releases
do not quote names: rows of a model with a keyword among them are created one by one there.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final
from weakref import WeakKeyDictionary

from kailash_testkit.concurrency import loops
from kailash_testkit.errors import KitError, NodeFailed
from kailash_testkit.internals.dataflow_caches import empty_caches
from kailash_testkit.internals.releases import QUOTED_BATCHES
from kailash_testkit.models import Model
from kailash_testkit.models.enums import enum_to_value
from kailash_testkit.models.model import MANAGED, MISSING
from kailash_testkit.models.rows import Row
from kailash_testkit.store import failures
from kailash_testkit.store.failures import differences
from kailash_testkit.store.store import Store
from kailash_testkit.store.tenancy import with_tenant

CHUNK: Final = 250
"""Rows of one node, at most."""

_MOST_VALUES: Final = 600
"""Values of one node, at most. With more, its cost per row grows: on PostgreSQL it looks for each placeholder in the
whole statement. Far below what a statement may have."""

Values = Mapping[str, object]

_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Lock]] = WeakKeyDictionary()


class _NamesNotQuoted(Exception):
    """A batch of a model whose table or column has the name of a keyword, which its CreateNode quotes."""


class BulkStore:
    """Creates rows of one model in one call of `create`; `remove` takes them all back."""

    def __init__(self, store: Store, model: Model) -> None:
        self._store = store
        self._model = model
        self._stored: list[Row] = []
        self._total = 0

    async def create(self, rows: Sequence[Values]) -> list[Row]:
        """Creates rows of checked values and returns them as they are stored, in the same order.

        Raises `SeedingFailed` or `StoredRowMismatch`, which name the row; none of the rows is there then.
        """
        self._total = len(rows)
        complete = self._with_defaults(rows)
        try:
            for chunk in _chunks(complete):
                try:
                    self._stored += await self._create_chunk(chunk, first=len(self._stored))
                except _NamesNotQuoted:
                    await self._create_singly(chunk)
        except BaseException:
            self.remove()
            raise
        return self._stored

    def remove(self) -> None:
        """Deletes what was created."""
        remove(self._store, self._model, [row["id"] for row in self._stored])
        self._stored = []

    def _with_defaults(self, rows: Sequence[Values]) -> list[dict[str, object]]:
        model, tenant = self._model, self._store.require_tenant(self._model)
        defaults = {
            name: field.default
            for name, field in model.fields.items()
            if name not in MANAGED and name not in ("id", "tenant_id") and _is_plain(field.default)
        }
        named = defaults.keys()
        complete = [dict(row) if named <= row.keys() else {**row, **_without(defaults, row)} for row in rows]
        return complete if tenant is None else [with_tenant(model, row, tenant) for row in complete]

    async def _create_chunk(self, rows: Sequence[dict[str, object]], first: int) -> list[Row]:
        model, database = self._model, self._store.database
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._store.writing())
            numbered = "id" not in rows[0]
            if numbered:  # by the database: two batches at a time could not tell whose rows are whose
                await stack.enter_async_context(_lock(model.table))
            last = database.last_generated_id(model.table) if numbered else 0
            there = [] if numbered else [row["id"] for row in database.rows(model.table, _ids(rows))]
            try:
                failure = await self._failure(rows)
                if failure is not None:
                    if not QUOTED_BATCHES.holds() and "syntax" in (failure.why or ""):
                        raise _NamesNotQuoted from None
                    raise await self._explained(rows, first, failure)
                verified = self._verified(rows, self._found(rows, last), first)
                self._store.own_writes.note("insert", model.table, [row["id"] for row in verified])
                if not numbered and model.id_is_automatic:
                    database.advance_sequence_past(model.table, max(row["id"] for row in verified))
                return verified
            except BaseException:
                self._take_back(rows, last, there)
                raise

    async def _create_singly(self, rows: Sequence[dict[str, object]]) -> None:
        for row in rows:
            try:
                self._stored.append(await self._store.create(self._model, row))
            except KitError as error:
                raise failures.in_batch(error, len(self._stored), self._total) from None

    def _take_back(self, rows: Sequence[Values], last: int, there: Collection[object]) -> None:
        """Deletes what is left of a chunk that failed."""
        model, database = self._model, self._store.database
        if "id" in rows[0]:
            ids = [row["id"] for row in database.rows(model.table, _ids(rows)) if row["id"] not in there]
        else:
            later = [Row.decoded(model, row) for row in database.rows_after(model.table, last)]
            others = len(later) > len(rows)  # somebody else wrote rows meanwhile
            ids = [row["id"] for row in later if not others or any(not differences(one, row) for one in rows)]
        remove(self._store, model, ids)

    async def _failure(self, rows: Sequence[dict[str, object]]) -> NodeFailed | None:
        """Runs the node; returns its failure."""
        data = [dict(row) for row in rows]  # the node writes into them
        try:
            await self._store.workflows.run(self._model, "BulkCreate", {"data": data, "batch_size": len(data)})
        except NodeFailed as failure:
            return failure
        return None

    def _found(self, rows: Sequence[Values], last: int) -> list[Row | None]:
        """The stored row of each: by its id, else the later rows with the requested values, in order."""
        model, database = self._model, self._store.database
        if "id" in rows[0]:
            known = {row["id"]: row for row in database.rows(model.table, _ids(rows))}
            stored = [known.get(key) for key in _ids(rows)]
            return [None if row is None else Row.decoded(model, row) for row in stored]
        later = [Row.decoded(model, row) for row in database.rows_after(model.table, last)]
        if len(later) == len(rows):
            return list(later)
        candidates = iter(later)  # somebody else wrote rows meanwhile
        return [next((row for row in candidates if not differences(values, row)), None) for values in rows]

    def _verified(self, rows: Sequence[Values], found: Sequence[Row | None], first: int) -> list[Row]:
        verified: list[Row] = []
        for values, row in zip(rows, found, strict=True):
            try:
                if row is None:
                    explanation = self._store.explained(self._model, values.get("id"))
                    raise failures.row_vanished(self._model, values, explanation)
                failures.compare(self._model, values, row, "created")
            except KitError as error:
                raise failures.in_batch(error, first + len(verified), self._total) from None
            verified.append(row)
        return verified

    async def _explained(self, rows: Sequence[dict[str, object]], first: int, failure: NodeFailed) -> KitError:
        """The error of the first row that cannot be stored: halves are tried until it stands alone."""
        rest = rows
        while len(rest) > 1:
            half = rest[: len(rest) // 2]
            failed = await self._failure(half)
            if failed is not None:
                rest, failure = half, failed
            else:
                rest = rest[len(half) :]
                first += len(half)
        seeding_failed = failures.seeding_failed(self._model, rest[0], failure, None, self._store.database)
        return failures.in_batch(seeding_failed, first, self._total)


def remove(store: Store, model: Model, ids: Sequence[object]) -> None:
    """Deletes rows through the kit's own connection, and what DataFlow may have cached of them."""
    if ids:
        store.database.remove(model.table, [enum_to_value(row_id) for row_id in ids])
        empty_caches(store.dataflow)


def _lock(table: str) -> asyncio.Lock:
    return _locks.setdefault(loops.running_loop(), {}).setdefault(table, asyncio.Lock())


def _chunks(rows: Sequence[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    """Rows in order, as many at a time as a node takes, all with the same columns."""
    for _, alike in itertools.groupby(rows, key=lambda row: frozenset(row)):
        some = list(alike)
        size = chunk_size(len(some[0]))
        for start in range(0, len(some), size):
            yield some[start : start + size]


def chunk_size(columns: int) -> int:
    """How many rows with so many columns one node gets."""
    return max(1, min(CHUNK, _MOST_VALUES // max(1, columns)))


def _ids(rows: Sequence[Values]) -> list[object]:
    return [enum_to_value(row["id"]) for row in rows]


def _without(defaults: Values, row: Values) -> Values:
    return {name: value for name, value in defaults.items() if name not in row}


def _is_plain(default: Any) -> bool:
    return default is not MISSING and not callable(default)
