"""`Verbs`: what a factory does with the rows of its model, for any model: the verbs of a kit."""

from __future__ import annotations

from typing import Any

from kailash_testkit.concurrency import sync
from kailash_testkit.concurrency.pending import pending
from kailash_testkit.errors import FieldTypeError
from kailash_testkit.factories.definition import Definition
from kailash_testkit.factories.factory import Factory
from kailash_testkit.models.rows import Row
from kailash_testkit.open_kits import kit_for
from kailash_testkit.store.growing import ORIGINALS, copy_rows
from kailash_testkit.text import truncate_repr

Columns = str | list[str] | None


class Verbs:
    """The verbs of `Factory`, with the model, or its name, as the first argument."""

    dataflow: Any

    def __init__(self) -> None:
        self._factories: dict[type | str, Factory] = {}

    def factory(self, model: type | str, /, **defaults: object) -> Factory:
        """A factory of this kit's DataFlow for a model."""
        return Factory(model, dataflow=self.dataflow).using(**defaults)

    def _rows_of(self, model: type | str) -> Factory:
        """The handle on a model's rows, which can be read also where the kit could not store them."""
        return Factory.of(Definition(model, self.dataflow))

    @pending
    async def create(self, model: type | str, /, **fields: object) -> Row:
        """Stores one row; see `Factory.create`."""
        factory = self._factories.get(model)
        if factory is None:  # kept, for what a factory works out at its first row
            factory = self._factories[model] = self.factory(model)
        return await factory.create(**fields)

    @pending
    async def grow(self, model: type | str, number: int, /, **fields: object) -> None:
        """Makes so many further rows at bulk speed: ``await kit.grow(Order, 100_000)``.

        The first ones are made as by `create`, with these fields; the others are copies of them that the database
        makes, outside of DataFlow: no hook runs for them, and columns that must be unique get a number. They are
        taken back after the test. Raises `SeedingFailed`, `UnstorableField` for a unique column that can be no text
        and no number, and `FieldTypeError` for what is no number of rows.
        """
        _refuse_number(model, number)
        factory = self.factory(model)
        store = kit_for(model, self.dataflow).store
        named = store.model(model)
        rows = await factory.create_many(min(number, ORIGINALS), **fields)
        if number > len(rows):
            await copy_rows(store, named, [row["id"] for row in rows], number - len(rows))

    @pending
    async def get(self, model: type | str, row_id: object, /, *, include_deleted: bool = False) -> Row:
        """The row with that id; see `Factory.get`."""
        return await self._rows_of(model).get(row_id, include_deleted=include_deleted)

    @pending
    async def find(self, model: type | str, /, *, include_deleted: bool = False, **conditions: object) -> Row | None:
        """The one row that matches, or None; see `Factory.find`."""
        return await self._rows_of(model).find(include_deleted=include_deleted, **conditions)

    @pending
    async def rows(
        self,
        model: type | str,
        /,
        *,
        order_by: Columns = None,
        limit: int | None = None,
        offset: int = 0,
        include_deleted: bool = False,
        **conditions: object,
    ) -> list[Row]:
        """All rows that match; see `Factory.rows`."""
        return await self._rows_of(model).rows(
            order_by=order_by, limit=limit, offset=offset, include_deleted=include_deleted, **conditions
        )

    @pending
    async def first(
        self, model: type | str, /, *, order_by: Columns = None, include_deleted: bool = False, **conditions: object
    ) -> Row | None:
        """The first of the rows that match, or None; see `Factory.first`."""
        return await self._rows_of(model).first(order_by=order_by, include_deleted=include_deleted, **conditions)

    @pending
    async def last(
        self, model: type | str, /, *, order_by: Columns = None, include_deleted: bool = False, **conditions: object
    ) -> Row | None:
        """The last of the rows that match, or None; see `Factory.last`."""
        return await self._rows_of(model).last(order_by=order_by, include_deleted=include_deleted, **conditions)

    @pending
    async def count(self, model: type | str, /, *, include_deleted: bool = False, **conditions: object) -> int:
        """How many rows match."""
        return await self._rows_of(model).count(include_deleted=include_deleted, **conditions)

    @pending
    async def exists(self, model: type | str, /, *, include_deleted: bool = False, **conditions: object) -> bool:
        """Whether any row matches."""
        return await self._rows_of(model).exists(include_deleted=include_deleted, **conditions)

    @pending
    async def update(self, model: type | str, row_id: object, /, **fields: object) -> Row:
        """Changes fields of a row; see `Factory.update`."""
        return await self._rows_of(model).update(row_id, **fields)

    @pending
    async def delete(self, model: type | str, row_id: object, /) -> None:
        """Deletes a row; see `Factory.delete`."""
        await self._rows_of(model).delete(row_id)

    # --- twins for synchronous tests and fixtures ----------------------------------------------

    def create_sync(self, model: type | str, /, **fields: object) -> Row:
        """`create`, for synchronous code."""
        return sync.run(self.create(model, **fields))

    def grow_sync(self, model: type | str, number: int, /, **fields: object) -> None:
        """`grow`, for synchronous code."""
        sync.run(self.grow(model, number, **fields))

    def get_sync(self, model: type | str, row_id: object, /, *, include_deleted: bool = False) -> Row:
        """`get`, for synchronous code."""
        return sync.run(self.get(model, row_id, include_deleted=include_deleted))

    def find_sync(self, model: type | str, /, *, include_deleted: bool = False, **conditions: object) -> Row | None:
        """`find`, for synchronous code."""
        return sync.run(self.find(model, include_deleted=include_deleted, **conditions))

    def rows_sync(
        self,
        model: type | str,
        /,
        *,
        order_by: Columns = None,
        limit: int | None = None,
        offset: int = 0,
        include_deleted: bool = False,
        **conditions: object,
    ) -> list[Row]:
        """`rows`, for synchronous code."""
        rows = self._rows_of(model)
        return rows.rows_sync(
            order_by=order_by, limit=limit, offset=offset, include_deleted=include_deleted, **conditions
        )

    def first_sync(
        self, model: type | str, /, *, order_by: Columns = None, include_deleted: bool = False, **conditions: object
    ) -> Row | None:
        """`first`, for synchronous code."""
        return sync.run(self.first(model, order_by=order_by, include_deleted=include_deleted, **conditions))

    def last_sync(
        self, model: type | str, /, *, order_by: Columns = None, include_deleted: bool = False, **conditions: object
    ) -> Row | None:
        """`last`, for synchronous code."""
        return sync.run(self.last(model, order_by=order_by, include_deleted=include_deleted, **conditions))

    def count_sync(self, model: type | str, /, *, include_deleted: bool = False, **conditions: object) -> int:
        """`count`, for synchronous code."""
        return sync.run(self.count(model, include_deleted=include_deleted, **conditions))

    def exists_sync(self, model: type | str, /, *, include_deleted: bool = False, **conditions: object) -> bool:
        """`exists`, for synchronous code."""
        return sync.run(self.exists(model, include_deleted=include_deleted, **conditions))

    def update_sync(self, model: type | str, row_id: object, /, **fields: object) -> Row:
        """`update`, for synchronous code."""
        return sync.run(self.update(model, row_id, **fields))

    def delete_sync(self, model: type | str, row_id: object, /) -> None:
        """`delete`, for synchronous code."""
        sync.run(self.delete(model, row_id))


def _refuse_number(model: object, number: object) -> None:
    """Raises `FieldTypeError` for what is no number of rows."""
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        name = model.__name__ if isinstance(model, type) else model
        raise FieldTypeError(f"kit.grow({name}, {truncate_repr(number)}): expected a number of rows, 0 or more")
