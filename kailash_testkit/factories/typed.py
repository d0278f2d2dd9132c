"""`TypedFactory`: base of the factories that ``kailash-testkit generate`` writes.

A generated factory declares, for type checkers only, the methods that take its model's fields. When
the program runs it is a `Factory` in every respect: behaviour lives here, types in the generated module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from kailash_testkit.changes import Expectation
from kailash_testkit.concurrency.pending import Pending
from kailash_testkit.factories.base import FactoryBase
from kailash_testkit.factories.conditions import (
    BoolOperators,
    DatetimeOperators,
    FloatOperators,
    IntOperators,
    Options,
    OrderBy,
    StrOperators,
)
from kailash_testkit.factories.definition import Definition
from kailash_testkit.factories.factory import Factory
from kailash_testkit.factories.schemas.invalid import InvalidPayload
from kailash_testkit.models.rows import TypedRow

if TYPE_CHECKING:
    _Factory = FactoryBase  # whose methods take any field; a subclass could not narrow them
else:
    _Factory = Factory

__all__ = [
    "BoolOperators", "DatetimeOperators", "FloatOperators", "IntOperators", "InvalidPayload", "Options", "OrderBy",
    "StrOperators", "Expectation", "Pending", "TypedFactory", "TypedRow",
]  # fmt: skip

RowT = TypeVar("RowT", bound=TypedRow)
IdT = TypeVar("IdT")


class TypedFactory(_Factory, Generic[RowT, IdT]):
    """Base of a generated factory of one model, whose rows have the class ``row`` and ids of type ``IdT``.

    Declared as ``class OrderFactory(TypedFactory[OrderRow, int], model=Order, row=OrderRow)``. The generated
    class, and a subclass of it with methods of its own, is made with defaults: ``OrderFactory(status="paid")``,
    and for another DataFlow than that of the active kit: ``OrderFactory(db, status="paid")``.
    """

    _of: type | str
    _row_class: type[Any]

    def __init_subclass__(cls, *, model: type | str | None = None, row: type[RowT] | None = None) -> None:
        super().__init_subclass__()
        if model is not None:
            cls._of = model
        if row is not None:
            cls._row_class = row

    def __init__(self, dataflow: Any | None = None, /, **defaults: object) -> None:
        self._definition = Definition(self._of, dataflow, row_class=self._row_class).using(defaults)
        self._definition.check()

    if TYPE_CHECKING:

        def after_create(self, hook: Callable[[RowT], object] | Callable[[RowT, Any], object], /) -> Self:
            """A factory that calls ``hook(row)`` for each row that it created; see `FactoryBase.after_create`."""
            ...

        def infer_relations(self, *factories: FactoryBase) -> Self:
            """A factory that relates required fields by their names; see `Factory.infer_relations`."""
            ...

        def with_parents(self) -> Pending[Self]:
            """A factory whose relations are stored, the same for all rows; see `Factory.with_parents`."""
            ...

        def with_parents_sync(self) -> Self:
            """`with_parents`, for synchronous code."""
            ...

        def get(self, row_id: IdT, /, *, include_deleted: bool = False) -> Pending[RowT]:
            """The row with that id, as DataFlow shows it. Raises `RowNotFound`, with what is there instead."""
            ...

        def get_sync(self, row_id: IdT, /, *, include_deleted: bool = False) -> RowT:
            """`get`, for synchronous code."""
            ...

        def delete(self, row_id: IdT, /) -> Pending[None]:
            """Deletes a row, softly where the model says so. Raises `RowNotFound`."""
            ...

        def delete_sync(self, row_id: IdT, /) -> None:
            """`delete`, for synchronous code."""
            ...

        def deleted(self, row_id: IdT, /) -> Expectation:
            """The row was deleted, softly or not."""
            ...
