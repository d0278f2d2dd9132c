"""`Handle`: the part of a factory that reads and changes the rows which its model has."""

from __future__ import annotations

from collections.abc import Mapping

from kailash_testkit import looks
from kailash_testkit.concurrency import sync
from kailash_testkit.concurrency.pending import pending
from kailash_testkit.factories.base import FactoryBase
from kailash_testkit.models import Model
from kailash_testkit.models.rows import Row
from kailash_testkit.store import times
from kailash_testkit.store.pages import Page
from kailash_testkit.store.store import Store


class Handle(FactoryBase):
    """The handle on a model's rows: what DataFlow shows of them, without caches.

    Conditions are ANDed: ``status="open"``, ``total={"$gt": 3}``, ``note={"$icontains": "tea"}``. The id decides the
    order of rows that are equal in ``order_by``, and that of all without one. include_deleted: the softly deleted, too.
    """

    @pending
    async def get(self, row_id: object, /, *, include_deleted: bool = False) -> Row:
        """The row with that id, as DataFlow shows it. Raises `RowNotFound`, with what is there instead."""
        store, model = self._asked({"id": row_id})
        return self._definition.typed(await store.get(model, row_id, include_deleted=include_deleted))

    @pending
    async def find(self, /, *, include_deleted: bool = False, **conditions: object) -> Row | None:
        """The one row that matches, or None. Raises `MultipleRowsFound`."""
        store, model = self._asked(conditions)
        row = await store.find(model, conditions, include_deleted=include_deleted)
        return None if row is None else self._definition.typed(row)

    @pending
    async def rows(
        self,
        /,
        *,
        order_by: str | list[str] | None = None,
        limit: int | None = None,
        offset: int = 0,
        include_deleted: bool = False,
        **conditions: object,
    ) -> list[Row]:
        """All rows that match, never just the first ten; ``order_by="-total"`` sorts descending.

        limit, offset: of a page of them. Where the model has a column of that name, it is a condition on that.
        """
        columns = self._definition.resolved()[1].columns
        if "limit" in columns and limit is not None:
            conditions, limit = {**conditions, "limit": limit}, None
        if "offset" in columns and offset != 0:
            conditions, offset = {**conditions, "offset": offset}, 0
        return await self._page(Page(order_by, limit, offset, include_deleted), conditions)

    @pending
    async def first(
        self, /, *, order_by: str | list[str] | None = None, include_deleted: bool = False, **conditions: object
    ) -> Row | None:
        """The first of the rows that match, or None: ``orders.first(order_by="-total")`` has the greatest total."""
        found = await self._page(Page(order_by, 1, 0, include_deleted), conditions)
        return found[0] if found else None

    @pending
    async def last(
        self, /, *, order_by: str | list[str] | None = None, include_deleted: bool = False, **conditions: object
    ) -> Row | None:
        """The last of the rows that match, or None; by id unless told otherwise."""
        found = await self._page(Page(order_by, 1, 0, include_deleted).reversed(), conditions)
        return found[0] if found else None

    def _asked(self, conditions: Mapping[str, object]) -> tuple[Store, Model]:
        """Where to read, for a test that asks for the rows which meet conditions."""
        store, model = self._definition.resolved()
        if looks.observer is not None:
            looks.observer.queried(model.name, conditions)
        return store, model

    async def _page(self, page: Page, conditions: Mapping[str, object]) -> list[Row]:
        store, model = self._asked(conditions)
        return [self._definition.typed(row) for row in await store.rows(model, conditions, page)]

    @pending
    async def count(self, /, *, include_deleted: bool = False, **conditions: object) -> int:
        """How many rows match."""
        store, model = self._asked(conditions)
        return await store.count(model, conditions, include_deleted=include_deleted)

    @pending
    async def exists(self, /, *, include_deleted: bool = False, **conditions: object) -> bool:
        """Whether any row matches."""
        store, model = self._asked(conditions)
        return await store.count(model, conditions, include_deleted=include_deleted) > 0

    @pending
    async def update(self, row_id: object, /, **fields: object) -> Row:
        """Changes fields of a row and returns it as it is stored then. Raises `RowNotFound`."""
        store, model = self._definition.resolved()
        return self._definition.typed(await times.update(store, model, row_id, fields))

    @pending
    async def delete(self, row_id: object, /) -> None:
        """Deletes a row, softly where the model says so. Raises `RowNotFound`."""
        store, model = self._definition.resolved()
        await store.delete(model, row_id)

    # --- twins for synchronous tests and fixtures ----------------------------------------------

    def get_sync(self, row_id: object, /, *, include_deleted: bool = False) -> Row:
        """`get`, for synchronous code."""
        return sync.run(self.get(row_id, include_deleted=include_deleted))

    def find_sync(self, /, *, include_deleted: bool = False, **conditions: object) -> Row | None:
        """`find`, for synchronous code."""
        return sync.run(self.find(include_deleted=include_deleted, **conditions))

    def rows_sync(
        self,
        /,
        *,
        order_by: str | list[str] | None = None,
        limit: int | None = None,
        offset: int = 0,
        include_deleted: bool = False,
        **conditions: object,
    ) -> list[Row]:
        """`rows`, for synchronous code."""
        rows = self.rows(order_by=order_by, limit=limit, offset=offset, include_deleted=include_deleted, **conditions)
        return sync.run(rows)

    def first_sync(
        self, /, *, order_by: str | list[str] | None = None, include_deleted: bool = False, **conditions: object
    ) -> Row | None:
        """`first`, for synchronous code."""
        return sync.run(self.first(order_by=order_by, include_deleted=include_deleted, **conditions))

    def last_sync(
        self, /, *, order_by: str | list[str] | None = None, include_deleted: bool = False, **conditions: object
    ) -> Row | None:
        """`last`, for synchronous code."""
        return sync.run(self.last(order_by=order_by, include_deleted=include_deleted, **conditions))

    def count_sync(self, /, *, include_deleted: bool = False, **conditions: object) -> int:
        """`count`, for synchronous code."""
        return sync.run(self.count(include_deleted=include_deleted, **conditions))

    def exists_sync(self, /, *, include_deleted: bool = False, **conditions: object) -> bool:
        """`exists`, for synchronous code."""
        return sync.run(self.exists(include_deleted=include_deleted, **conditions))

    def update_sync(self, row_id: object, /, **fields: object) -> Row:
        """`update`, for synchronous code."""
        return sync.run(self.update(row_id, **fields))

    def delete_sync(self, row_id: object, /) -> None:
        """`delete`, for synchronous code."""
        sync.run(self.delete(row_id))
