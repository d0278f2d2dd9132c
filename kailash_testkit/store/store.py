"""`Store`: rows of one DataFlow instance, written and read through its nodes, and never believed.

Takes complete, checked values; the making of values is the factories'. Every write is read back
through the kit's own connection and compared with what was asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any
from weakref import WeakKeyDictionary

from kailash_testkit.concurrency import loops
from kailash_testkit.databases import Database
from kailash_testkit.errors import NodeFailed, RowNotFound
from kailash_testkit.explanation import Explanation
from kailash_testkit.models import Model, read_model
from kailash_testkit.models.checking import checked_id, checked_values
from kailash_testkit.models.enums import enum_to_value
from kailash_testkit.models.rows import Row
from kailash_testkit.store import failures
from kailash_testkit.store.filters import checked_filter
from kailash_testkit.store.pages import ALL, ALL_ROWS, Page
from kailash_testkit.store.refused_names import refuse_without_table
from kailash_testkit.store.tenancy import active_tenant, refuse_moving, with_tenant, without_tenant
from kailash_testkit.store.workflows import Workflows
from kailash_testkit.store.write_log import WriteLog


class Store:
    """Reads and writes the rows of one DataFlow instance in one database."""

    def __init__(
        self,
        dataflow: Any,
        database: Database,
        add_models: Callable[[], None],
        explained: Callable[[Model, object], Explanation],
    ) -> None:
        self.dataflow = dataflow
        self.database = database
        self.workflows = Workflows(dataflow)
        self.own_writes = WriteLog()
        self._add_models = add_models
        self.explained = explained
        self._models: dict[str, Model] = {}
        self._by_table: tuple[list[str], dict[str, Model]] = ([], {})
        self._references: dict[str, Mapping[str, str]] = {}
        self._write_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    def model(self, model: type | str, /) -> Model:
        """The model; one that was registered late gets its table here. Raises `UnknownModel`."""
        name = model if isinstance(model, str) else model.__name__
        known = self._models.get(name)
        if known is None:
            if name not in self.dataflow.get_models() or not self._has_table(name):
                self._add_models()
            known = read_model(self.dataflow, name)
            if not self._has_table(name):
                refuse_without_table(self.dataflow, known)
            self._models[name] = known
        return known

    def _has_table(self, name: str) -> bool:
        return read_model(self.dataflow, name).table in self.database.tables()

    def models_by_table(self) -> dict[str, Model]:
        """All models registered by now, by the name of their table. A registered model does not change."""
        registered = list(self.dataflow.get_models())
        if registered != self._by_table[0]:
            models = [read_model(self.dataflow, name) for name in registered]
            self._by_table = registered, {model.table: model for model in models}
        return self._by_table[1]

    def references(self, model: Model) -> Mapping[str, str]:
        """The foreign keys that the database has for the model's table: the other table, by column."""
        if model.table not in self._references:
            self._references[model.table] = self.database.references(model.table)
        return self._references[model.table]

    # --- writing -------------------------------------------------------------------------------

    async def create(self, model: Model, values: Mapping[str, object]) -> Row:
        """Creates one row of checked values and returns it as it is stored.

        Raises `SeedingFailed` when it was not stored, `StoredRowMismatch` when something else was.
        """
        requested = inputs = values
        tenant = self.require_tenant(model) if model.tenant else None
        if tenant is not None:
            requested = with_tenant(model, values, tenant)
            inputs = without_tenant(model, requested)
        given = requested.get("id")
        async with self.writing():
            last = self.database.last_generated_id(model.table) if given is None else 0
            there = given is not None and self.stored(model, given) is not None
            try:
                result = await self.workflows.run(model, "Create", inputs)
            except NodeFailed as failure:
                stored = None if there else self._created(model, requested, given, last)
                raise failures.seeding_failed(model, requested, failure, stored, self.database) from None
            stored = self._created(model, requested, result.get("id") if given is None else given, last)
            if stored is None:
                stored = self._first_after(model, last)
        if stored is None:
            raise failures.row_vanished(model, requested, self.explained(model, result.get("id", given)))
        self.own_writes.note("insert", model.table, [stored["id"]])
        failures.compare(model, requested, stored, "created")
        if isinstance(given, int):
            self.database.advance_sequence_past(model.table, given)
        return stored

    def _created(self, model: Model, requested: Mapping[str, object], row_id: object, last: int) -> Row | None:
        """The row that a CreateNode made: by its id, else the first later one that has the requested values."""
        if row_id is not None:
            return self.stored(model, row_id)
        for candidate in self.database.rows_after(model.table, last):
            row = Row.decoded(model, candidate)
            if not failures.differences(requested, row):
                return row
        return None

    def _first_after(self, model: Model, last: int) -> Row | None:
        later = self.database.rows_after(model.table, last)
        return Row.decoded(model, later[0]) if later else None

    async def update(self, model: Model, row_id: object, values: Mapping[str, object]) -> Row:
        """Changes the given fields of one row and returns the row as it is stored then."""
        row_id = checked_id(model, row_id)
        requested = checked_values(model, values)
        refuse_moving(model, requested)
        self.require_tenant(model)
        async with self.writing():
            self.require_visible(model, row_id)
            # UpdateNode does not turn an Enum member into text as CreateNode does, and fails.
            fields = {name: enum_to_value(value) for name, value in requested.items()}
            inputs = {"filter": {"id": row_id}, "fields": fields}
            try:
                await self.workflows.run(model, "Update", inputs)
            except NodeFailed as failure:
                raise failures.operation_failed(model, "update", row_id, failure) from None
            stored = self._require_stored(model, row_id)
        self.own_writes.note("update", model.table, [row_id])
        failures.compare(model, requested, stored, "updated")
        return stored

    async def delete(self, model: Model, row_id: object) -> None:
        """Deletes one row; a row of a soft-delete model keeps its place with ``deleted_at`` set."""
        row_id = checked_id(model, row_id)
        self.require_tenant(model)
        async with self.writing():
            self.require_visible(model, row_id)
            try:
                await self.workflows.run(model, "Delete", {"filter": {"id": row_id}})
            except NodeFailed as failure:
                raise failures.operation_failed(model, "delete", row_id, failure) from None
            left = self.stored(model, row_id)
        self.own_writes.note("delete" if left is None else "update", model.table, [row_id])
        if left is not None and not _tombstone(left):
            raise failures.not_deleted(model, left)

    async def execute(self, model: Model, operation: str, inputs: Mapping[str, object]) -> dict[str, Any]:
        """Runs any generated node of the model and returns its checked result."""
        self.require_tenant(model)
        async with self.writing():
            return await self.workflows.run(model, operation, inputs)

    # --- reading -------------------------------------------------------------------------------

    async def get(self, model: Model, row_id: object, *, include_deleted: bool = False) -> Row:
        """The row with that id, as DataFlow shows it. Raises `RowNotFound`.

        Columns that DataFlow adds and ReadNode leaves out come from the table.
        """
        row_id = checked_id(model, row_id)
        self.require_tenant(model)
        if include_deleted and model.soft_delete:  # ReadNode finds none that is
            row = await self.find(model, {"id": row_id}, include_deleted=True)
            if row is None:
                raise self._not_found(model, row_id, self.stored(model, row_id))
            return row
        inputs = {"id": row_id, "raise_on_not_found": False}
        try:
            result = await self.workflows.run(model, "Read", inputs)
        except NodeFailed:
            if self.stored(model, row_id) is not None:
                raise
            result = {}  # an id that no row can have, such as 2**40 in a column of four bytes
        if not result.pop("found", False):
            raise self._not_found(model, row_id, self.stored(model, row_id))
        if not model.columns.keys() <= result.keys():
            result = {**(self._record(model, row_id) or {}), **result}
        return self._shown(model, result)

    async def find(
        self, model: Model, conditions: Mapping[str, object], *, include_deleted: bool = False
    ) -> Row | None:
        """The one row that matches, or None. Raises `MultipleRowsFound`."""
        rows = await self.rows(model, conditions, Page(include_deleted=include_deleted))
        if len(rows) > 1:
            raise failures.multiple_rows(model, conditions, rows)
        return rows[0] if rows else None

    async def rows(self, model: Model, conditions: Mapping[str, object], page: Page = ALL) -> list[Row]:
        """The rows of a page of all that match."""
        wanted, inputs = checked_filter(model, conditions), page.inputs(model)
        self.require_tenant(model)
        if wanted.nothing or page.limit == 0:
            return []
        if wanted.in_python:
            inputs |= {"limit": ALL_ROWS, "offset": 0}
        result = await self.workflows.run(model, "List", {"filter": wanted.node, **inputs})
        rows = [self._shown(model, record) for record in result["records"]]
        return page.of([row for row in rows if wanted.passes(row)]) if wanted.in_python else rows

    async def count(self, model: Model, conditions: Mapping[str, object], *, include_deleted: bool = False) -> int:
        """How many rows match."""
        wanted = checked_filter(model, conditions)
        self.require_tenant(model)
        if wanted.nothing:
            return 0
        if wanted.in_python or model.hidden_rows or (include_deleted and model.soft_delete):
            return len(await self.rows(model, conditions, Page(include_deleted=include_deleted)))
        result = await self.workflows.run(model, "Count", {"filter": wanted.node})
        return int(result["count"])

    # --- shared --------------------------------------------------------------------------------

    def _shown(self, model: Model, record: Mapping[str, object]) -> Row:
        """The row for what a node returned, in the values that the kit's own connection would read."""
        return Row.decoded(model, self.database.at_column_precision(model.table, record))

    def stored(self, model: Model, row_id: object) -> Row | None:
        """The row with that id as it is in the table, or None."""
        stored = self._record(model, row_id)
        return None if stored is None else Row.decoded(model, stored)

    def _record(self, model: Model, row_id: object) -> Mapping[str, object] | None:
        key = enum_to_value(row_id)
        return self.database.row(model.table, key if isinstance(key, (int, str)) else str(key))

    def _require_stored(self, model: Model, row_id: object) -> Row:
        stored = self.stored(model, row_id)
        if stored is None:
            raise self._not_found(model, row_id, None)
        return stored

    def require_visible(self, model: Model, row_id: object) -> Row:
        """The stored row with that id, which is the active tenant's and not softly deleted. Raises `RowNotFound`."""
        row_id = checked_id(model, row_id)
        stored = self.stored(model, row_id)
        tenant = self.require_tenant(model)
        if stored is None or _tombstone(stored) or (tenant is not None and stored["tenant_id"] != tenant):
            raise self._not_found(model, row_id, stored)
        return stored

    def _not_found(self, model: Model, row_id: object, stored: Row | None) -> RowNotFound:
        explanation = self.explained(model, row_id)
        return failures.not_found(model, row_id, stored, self.database, self.require_tenant(model), explanation)

    def require_tenant(self, model: Model) -> str | None:
        """The tenant that is active, for a model whose rows belong to one."""
        return active_tenant(self.dataflow, model)

    def writing(self) -> AbstractAsyncContextManager[None]:
        """Around a write, where the database takes them one after the other only."""
        if not self.database.serial_writes:
            return contextlib.nullcontext()
        loop = loops.running_loop()
        lock = self._write_locks.get(loop)
        if lock is None:
            lock = self._write_locks[loop] = asyncio.Lock()
        return lock


def _tombstone(row: Row) -> bool:
    return "deleted_at" in row and row["deleted_at"] is not None
