"""`Factory`: makes rows of one model, and is the handle on that model's rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self, cast

from kailash_testkit.changes import Expectation, expectations
from kailash_testkit.concurrency import sync
from kailash_testkit.concurrency.pending import pending
from kailash_testkit.factories.base import FactoryBase, each_of
from kailash_testkit.factories.built import built, with_stored_parents
from kailash_testkit.factories.existing import candidates
from kailash_testkit.factories.handle import Handle
from kailash_testkit.factories.inferring import with_inferred_relations
from kailash_testkit.factories.looking_up import looked_up_by, one_at_a_time
from kailash_testkit.factories.numbering import next_number
from kailash_testkit.factories.persisting import persist
from kailash_testkit.factories.planning import Plan
from kailash_testkit.factories.schemas.bodies import Body
from kailash_testkit.factories.schemas.invalid import InvalidPayload, invalid_payloads
from kailash_testkit.factories.schemas.kinds import schema_of
from kailash_testkit.models.model import SERVER_SET
from kailash_testkit.models.rows import Row, jsonable


class Factory(Handle):
    """Makes rows of one model. Immutable: every modifier returns a new factory.

    model: the class, or its name. dataflow: the instance to write to; by default that of the active
    kit, or the one that registered the class; looked up at each call. defaults: values, or
    declarations such as ``sequence("item-{}")``, for the fields that a call does not give.

    Required fields without any value get one that is readable and unique. Raises `UnstorableField` when one
    has a type that DataFlow cannot store.
    """

    def using(self, /, **defaults: object) -> Self:
        """A factory with these defaults on top of this one's."""
        return self._with(self._definition.using(defaults))

    def trait(self, name: str, change: Callable[[Self], FactoryBase] | None = None, /, **values: object) -> Self:
        """A factory that knows a trait: ``orders.trait("paid", status="paid")``.

        It is asked for by `with_traits`, or by keyword where no field has its name: ``orders.create(paid=True)``; a
        trait may switch on others so. What is given beside it wins. change: gives the trait children, hooks or other
        traits: ``orders.trait("full", lambda orders: orders.with_children(lines, 3))``.
        """
        return self._with_trait(name, change, values)

    def infer_relations(self, *factories: FactoryBase) -> Self:
        """A factory that relates required fields by themselves: ``organization_id`` to a row of Organization.

        By the database's foreign keys, else by the names of fields; only fields without a default, for which nothing
        is declared; the parents' relations are inferred, too. factories: to be used for their models.
        ``kailash-testkit lint --relations`` lists what will be inferred.
        """
        return self._with(with_inferred_relations(self._definition, factories))

    # --- making --------------------------------------------------------------------------------

    def build(self, /, **overrides: object) -> dict[str, Any]:
        """The values that `create` would store for a row; nothing is stored."""
        (values,) = self.build_many(1, **overrides)
        return values

    def build_many(self, rows: int | Iterable[Mapping[str, object]], /, **overrides: object) -> list[dict[str, Any]]:
        """The values that `create_many` would store; nothing is stored."""
        return built(self._definition, _given(rows, overrides))

    def payload(self, /, *, schema: type[Any] | None = None, **overrides: object) -> dict[str, Any]:
        """A JSON-ready body for an API call: the values, without the fields that a server sets itself.

        schema: what the API takes, a pydantic model, dataclass, TypedDict or msgspec struct; the body then has its
        fields by its aliases, values for those that the model does not have, and is valid: no value that you
        give is judged, so that it may be wrong. Needs no kit. Raises `DeclarationError` where no value can be made.
        """
        if schema is not None:
            if isinstance(cast("object", schema), type) or not self._definition.has_field("schema"):
                number = next_number(self._definition.model_name)
                return Body(self._definition, schema_of(schema), overrides, number).valid()
            overrides = {**overrides, "schema": schema}
        definition, rest = self._definition.switched(overrides)
        given = {**definition.defaults, **rest}
        values = self.build(**overrides)
        return {name: jsonable(value) for name, value in values.items() if name not in SERVER_SET or name in given}

    def invalid_payloads(self, /, *, schema: type[Any], **overrides: object) -> list[InvalidPayload]:
        """Bodies that the schema refuses, one for each of its rules that can be broken alone; for parametrising a test.

        Found are the rules that the schema's JSON Schema tells: missing and unknown fields, types, formats, bounds,
        lengths, patterns, options, in nested ones, too. Needs no kit, and makes the same bodies in every run.
        """
        return invalid_payloads(self._definition, schema_of(schema), overrides)

    @pending
    async def with_parents(self) -> Self:
        """A factory whose relations are stored: all rows that it makes, builds or gives as a payload have the same.

        ``body = (await orders.with_parents()).payload()`` is one that an API takes. For ids of rows that are not
        stored see `with_placeholders`.
        """
        return self._with(await with_stored_parents(self._definition))

    def with_parents_sync(self) -> Self:
        """`with_parents`, for synchronous code."""
        return sync.run(self.with_parents())

    @pending
    async def get_or_create(self, /, *by: str, **values: object) -> Row:
        """The row that matches, or a new one: ``roles.get_or_create("name", name="admin", level=3)``.

        by: the fields that are compared; by default all that are given. A field that is not given has the value that
        the factory declares. Other fields matter only when a row is created; what is found is returned as it is.
        Calls at a time, by ``asyncio.gather``, make one row. Raises `MultipleRowsFound` when more than one matches.
        """
        store, model, conditions = looked_up_by(self._definition, by, values)
        async with one_at_a_time(store, model):
            found = await store.find(model, conditions)
            return await self.create(**values) if found is None else self._definition.typed(found)

    def get_or_create_sync(self, /, *by: str, **values: object) -> Row:
        """`get_or_create`, for synchronous code."""
        return sync.run(self.get_or_create(*by, **values))

    @pending
    async def create(self, /, **overrides: object) -> Row:
        """Stores one row through DataFlow's CreateNode and returns it as it is stored.

        Rows that it needs (``related``) and has (`with_children`) are stored with it. Raises `UnknownField`,
        `FieldTypeError`, `ManagedField`, `MissingField` or `CircularValues` before anything runs,
        `SeedingFailed` when DataFlow stored nothing, `StoredRowMismatch` when it stored something else.
        """
        (row,) = await self._persisted([overrides])
        return row

    @pending
    async def create_many(self, rows: int | Iterable[Mapping[str, object]], /, **overrides: object) -> list[Row]:
        """Stores several rows: ``create_many(3)``, or one set of values per row: ``create_many([{...}, {...}])``.

        All values are checked before the first row is stored. One BulkCreateNode stores all rows of a model;
        each is read back and compared. When one cannot be stored, the error names it, and none is.
        """
        return await self._persisted(_given(rows, overrides))

    async def _persisted(self, given: Iterable[Mapping[str, object]]) -> list[Row]:
        given = [*given]
        plan = Plan(await candidates(self._definition, given))
        try:
            wanted = [plan.add(self._definition, values) for values in given]
            await plan.settle()
            return await persist(plan, wanted)
        finally:
            plan.close()

    # --- expectations for `Changes.assert_only` --------------------------------------------------

    def created(self, /, **fields: object) -> Expectation:
        """A row was created with these values."""
        return expectations.created(self._definition.model, **self._expected(fields))

    def updated(self, row_id: object, /, **fields: object) -> Expectation:
        """The row was changed to these values and in no other column."""
        return expectations.updated(self._definition.model, row_id, **self._expected(fields))

    def deleted(self, row_id: object, /) -> Expectation:
        """The row was deleted, softly or not."""
        return expectations.deleted(self._definition.model, row_id)

    # --- twins for synchronous tests and fixtures ----------------------------------------------

    def create_sync(self, /, **overrides: object) -> Row:
        """`create`, for synchronous code."""
        return sync.run(self.create(**overrides))

    def create_many_sync(self, rows: int | Iterable[Mapping[str, object]], /, **overrides: object) -> list[Row]:
        """`create_many`, for synchronous code."""
        return sync.run(self.create_many(rows, **overrides))


def _given(rows: int | Iterable[Mapping[str, object]], overrides: Mapping[str, object]) -> list[Mapping[str, object]]:
    """What each row is given; the very same for all where it does not differ."""
    return [{**overrides, **values} if values else overrides for values in each_of(rows)]
