"""`FactoryBase`: what factories are whatever the fields of their model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from kailash_testkit import active
from kailash_testkit.factories.building import build_values
from kailash_testkit.factories.numbering import next_number
from kailash_testkit.models import Model
from kailash_testkit.rows import Row
from kailash_testkit.store import Store


class FactoryBase:
    """Base of `Factory` and of the generated factories. It declares nothing that takes a model's fields.

    A subclass whose methods take known fields only could not narrow methods that take any.
    """

    _row_class: type[Row] = Row

    def __init__(self, model: type | str, /, *, dataflow: Any | None = None, **defaults: object) -> None:
        self._model = model
        self._dataflow = dataflow
        self._defaults = defaults

    def __repr__(self) -> str:
        defaults = "".join(f", {name}={value!r}" for name, value in self._defaults.items())
        return f"{type(self).__name__}({self._model_name}{defaults})"

    def _with(self, defaults: Mapping[str, object]) -> Self:
        clone = object.__new__(type(self))
        clone.__dict__.update(self.__dict__, _defaults=dict(defaults))
        return clone

    def _built(self, store: Store, model: Model, overrides: Mapping[str, object]) -> dict[str, object]:
        def kept(values: Mapping[str, object]) -> Mapping[str, object]:
            return store.database.as_kept(model.table, values)

        return build_values(model, {**self._defaults, **overrides}, next_number(model.name), kept)

    def _resolved(self) -> tuple[Store, Model]:
        store = active.kit_for(self._model, self._dataflow).store
        return store, store.model(self._model)

    def _typed(self, row: Row) -> Row:
        """The row as an instance of the factory's own class of rows."""
        return row if self._row_class is Row else self._row_class(self._model_name, row.as_dict())

    @property
    def _model_name(self) -> str:
        return self._model if isinstance(self._model, str) else self._model.__name__

    def _expected(self, fields: Mapping[str, object]) -> Mapping[str, object]:
        _, model = self._resolved()
        for name in fields:
            model.column(name)  # refuses a misspelt one, which could never be met
        return fields
